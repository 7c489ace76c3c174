"""flagged readings -> daily means under an agreement's rules -> monthly loads.

Where a gauge gives its stage alone, the discharge is derived here from the rating table in force,
each time anew (decision 0012): it is no observation, and its origin is that of the stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.aggregate import AggregationRules, daily_means, readings_used
from ecomon.load import CensoredRule, compute_monthly_loads
from ecomon.load.rating import DISCHARGE, RATING, STAGE, derive_discharges, find_ratable
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink

if TYPE_CHECKING:
    from ecomon.registry import Registry


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
    return sorted({*sections, *(gauge for link in links if link for gauge in link.gauges)})


def determinands_needed(
    registry: Registry, sections: Sequence[str], rule: LoadRule, period: Period
) -> list[str]:
    """The rule's factors and discharge; stage too where a gauge of the sections has a rating table."""
    links = [link_in_force(registry, section, period) for section in sections]
    gauges = [gauge for link in links if link for gauge in link.gauges]
    is_rated = any(registry.ratings_of(gauge) for gauge in gauges)
    return [*rule.factors, DISCHARGE, *([STAGE] if is_rated else [])]


def link_in_force(registry: Registry, section: str, period: Period) -> DischargeLink | None:
    """The discharge link of a section at the start of a period; None where there is none."""
    return registry.discharge_link(section, period.start.date())


def span_for_loads(registry: Registry, sections: Sequence[str], period: Period) -> Period:
    """The period, widened by the longest travel between gauge and section in whole days."""
    links = [link_in_force(registry, section, period) for section in sections]
    shifts = [term.travel_days for link in links if link for term in link.terms]
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
        with_derived_discharges(considered, registry),
        registry.determinands,
        aggregation_for_loads(registry, rule),
        span_for_loads(registry, [section], period),
    )
    return loads_of_means(daily, registry, section, rule, period)


def approvals_used(
    flagged: pd.DataFrame, registry: Registry, section: str, rule: LoadRule, period: Period
) -> set[str]:
    """The states of approval of the readings that entered the means :func:`compute_loads` forms.

    Parameters
    ----------
    flagged : table FLAGGED
        As for :func:`compute_loads`, with ``approval`` beside.
    """
    considered = readings_for_loads(flagged, registry, section, rule, period)
    used = readings_used(
        with_derived_discharges(considered, registry),
        registry.determinands,
        aggregation_for_loads(registry, rule),
        span_for_loads(registry, [section], period),
    )
    return set(considered.loc[used["is_used"].to_numpy(), "approval"])


def readings_for_loads(
    flagged: pd.DataFrame, registry: Registry, section: str, rule: LoadRule, period: Period
) -> pd.DataFrame:
    """The readings that can bear on the loads of a period, used or not: those and no others.

    The rule's factors at the section within the period, and the discharge of its gauge within the
    days whose water passes the section in the period; of a rated gauge also the stages of those
    days at whose times it gives no discharge.
    """
    link = link_in_force(registry, section, period)
    determinand, site = flagged["determinand"], flagged["site"]
    bears = (
        (site == section) & determinand.isin(rule.factors) & _starts_in(flagged["start"], period)
    )
    for gauge, span in spans_at_gauges(link, period).items():
        is_near = (site == gauge) & _starts_in(flagged["start"], span)
        bears |= is_near & (determinand == DISCHARGE)
        if registry.ratings_of(gauge):
            bears |= is_near & find_ratable(flagged, {gauge})
    return flagged[bears]


def with_derived_discharges(considered: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """What :func:`readings_for_loads` gave, every stage among it turned into the discharge it means.

    Returns
    -------
    table FLAGGED
        Same rows; ``rating`` names the curve of a derived discharge, or why there is none.
    """
    stages = considered.loc[considered["determinand"] == STAGE, "site"]
    return derive_discharges(
        considered, {gauge: registry.ratings_of(gauge) for gauge in stages.unique().tolist()}
    )


def count_derived(
    flagged: pd.DataFrame, registry: Registry, section: str, rule: LoadRule, period: Period
) -> dict[str, int]:
    """How many discharges of a load are derived from stages, and how many stages have none."""
    considered = readings_for_loads(flagged, registry, section, rule, period)
    derived = with_derived_discharges(considered, registry)
    is_derived = derived[RATING].notna()
    has_none = is_derived & derived["value"].isna()
    return {"derived": int((is_derived & ~has_none).sum()), "unrated": int(has_none.sum())}


def spans_at_gauges(link: DischargeLink | None, period: Period) -> dict[str, Period]:
    """When the water of a period passes each gauge of a link, by whole days of travel."""
    if link is None:
        return {}
    travels = {term.gauge: timedelta(days=term.travel_days) for term in link.terms}
    return {
        gauge: Period(period.start - travel, period.end - travel)
        for gauge, travel in travels.items()
    }


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
        link=with_rating_doubts(link_in_force(registry, section, period), registry, period),
        factors=rule.factors,
        censored=rule.censored,
        min_days=rule.min_days,
        min_coverage_discharge=rule.min_coverage_discharge,
    )


def with_rating_doubts(
    link: DischargeLink | None, registry: Registry, period: Period
) -> DischargeLink | None:
    """The link, unverified where its gauge's rating in those days is: a load then says 待核实."""
    if link is None:
        return None
    is_doubtful = any(
        one.is_unverified
        for gauge, span in spans_at_gauges(link, period).items()
        for one in registry.ratings_of(gauge)
        if one.begins_at < span.end and (one.ends_at is None or one.ends_at > span.start)
    )
    return link.model_copy(update={"confidence": "unverified"}) if is_doubtful else link


def _starts_in(starts: pd.Series, period: Period) -> pd.Series:
    return (starts >= period.start) & (starts < period.end)
