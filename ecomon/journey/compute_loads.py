"""flagged readings -> daily means under an agreement's rules -> monthly loads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.aggregate import AggregationRules, daily_means
from ecomon.load import CensoredRule, compute_monthly_loads
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink

if TYPE_CHECKING:
    from ecomon.registry import Registry

DISCHARGE = "DISCHARGE"


@dataclass(frozen=True, slots=True)
class LoadRule:
    """By which data rules a load is formed; an agreement has its own."""

    factors: tuple[str, ...]
    censored: CensoredRule
    min_days: int
    min_coverage_discharge: float

    @classmethod
    def of(cls, agreement: Agreement) -> LoadRule:
        return cls(
            factors=tuple(factor.determinand for factor in agreement.factors),
            censored=agreement.censored_in_load,
            min_days=agreement.min_days_per_month,
            min_coverage_discharge=agreement.min_coverage_discharge,
        )


def agreements_in_force(registry: Registry, period: Period) -> list[Agreement]:
    """Agreements that hold in every month of the period, in the order of their ids."""
    months = [month.start.date() for month in period.split("month")]
    return [
        agreement
        for _, agreement in sorted(registry.agreements.items())
        if all(agreement.holds_on(day) for day in months)
    ]


def sites_needed(registry: Registry, sections: Sequence[str], period: Period) -> list[str]:
    """The sections and the gauges that give them their discharge."""
    links = [link_in_force(registry, section, period) for section in sections]
    return sorted({*sections, *(link.gauge for link in links if link)})


def link_in_force(registry: Registry, section: str, period: Period) -> DischargeLink | None:
    """The discharge link of a section at the start of a period; None where there is none."""
    return registry.discharge_link(section, period.start.date())


def span_for_loads(registry: Registry, sections: Sequence[str], period: Period) -> Period:
    """The period, widened by the longest travel between gauge and section in whole days."""
    links = [link_in_force(registry, section, period) for section in sections]
    shifts = [link.travel_days for link in links if link]
    earlier, later = max([0, *shifts]), max([0, *(-shift for shift in shifts)])
    return Period(period.start - timedelta(days=earlier), period.end + timedelta(days=later))


def compute_loads(
    flagged: pd.DataFrame, registry: Registry, section: str, rule: LoadRule, period: Period
) -> pd.DataFrame:
    """Monthly loads at one section.

    Parameters
    ----------
    flagged : table FLAGGED
        Readings of the section and of its gauge over ``span_for_loads``; others are left aside.

    Returns
    -------
    table LOADS
    """
    considered = readings_for_loads(flagged, registry, section, rule, period)
    daily = daily_means(
        considered,
        registry.determinands,
        aggregation_for_loads(registry, rule),
        span_for_loads(registry, [section], period),
    )
    return loads_of_means(daily, registry, section, rule, period)


def readings_for_loads(
    flagged: pd.DataFrame, registry: Registry, section: str, rule: LoadRule, period: Period
) -> pd.DataFrame:
    """The readings that can bear on the loads of a period, used or not: those and no others.

    The rule's factors at the section within the period, and the discharge of its gauge within the
    days whose water passes the section in the period.
    """
    link = link_in_force(registry, section, period)
    determinand, site = flagged["determinand"], flagged["site"]
    bears = (
        (site == section) & determinand.isin(rule.factors) & _starts_in(flagged["start"], period)
    )
    if link is not None:
        bears |= (
            (site == link.gauge)
            & (determinand == DISCHARGE)
            & _starts_in(flagged["start"], span_at_gauge(link, period))
        )
    return flagged[bears]


def span_at_gauge(link: DischargeLink, period: Period) -> Period:
    """When the water of a period passes the gauge, by whole days of travel."""
    travel = timedelta(days=link.travel_days)
    return Period(period.start - travel, period.end - travel)


def aggregation_for_loads(registry: Registry, rule: LoadRule) -> AggregationRules:
    """The registry's rules of means, with the agreement's own word on censored values."""
    return registry.aggregation.model_copy(update={"censored": rule.censored})


def loads_of_means(
    daily: pd.DataFrame, registry: Registry, section: str, rule: LoadRule, period: Period
) -> pd.DataFrame:
    """Monthly loads (table LOADS) of daily means that were formed for them (table MEANS)."""
    is_discharge = daily["determinand"] == DISCHARGE
    return compute_monthly_loads(
        daily[~is_discharge],
        daily[is_discharge],
        period,
        section=section,
        link=link_in_force(registry, section, period),
        factors=rule.factors,
        censored=rule.censored,
        min_days=rule.min_days,
        min_coverage_discharge=rule.min_coverage_discharge,
    )


def _starts_in(starts: pd.Series, period: Period) -> pd.Series:
    return (starts >= period.start) & (starts < period.end)
