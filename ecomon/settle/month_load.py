"""What a settlement takes of a month: concentration and volume, exact, or the reason there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.agreement import Agreement
from ecomon.model.tables import LOADS

NO_LOAD = "无负荷数据 / no load for this month"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much of a month was measured; beside the money on every line. None: not known."""

    n_days: int | None = None
    coverage_volume: float | None = None
    share_estimated: float | None = None
    censored_share: float | None = None


@dataclass(frozen=True, slots=True)
class MonthLoad:
    """One determinand in one month at the agreement's section.

    ``concentration_mg_l`` and ``volume_m3`` are both exact, or the month is insufficient and both
    are None: half a figure is no figure to settle.
    """

    determinand: str
    month: str
    concentration_mg_l: Fraction | None
    volume_m3: Fraction | None
    reason: str
    evidence: Evidence


def month_loads(
    loads: pd.DataFrame, agreement: Agreement, months: Sequence[str]
) -> list[MonthLoad]:
    """The factor-months of an agreement, in the order of month and of its factors.

    Every factor of every month is there: a month without a row is insufficient, with that reason.

    Parameters
    ----------
    loads : LOADS
        May hold other sections, determinands and months, in any order.
    agreement : Agreement
    months : sequence of str
        Labels, ``2021-04``.

    Raises
    ------
    ContractError
        if a factor-month stands twice, or was not formed as the agreement says (method, censored
        rule, days, coverage), or calls itself measured without exact figures or water.

    Source
    ------
    Contract ``tables.LOADS``; the data rules of ``model.agreement.Agreement``.
    """
    LOADS.check(loads)
    factors = [factor.determinand for factor in agreement.factors]
    wanted = (
        (loads["section"] == agreement.section)
        & loads["determinand"].isin(factors)
        & loads["period"].isin(list(months))
    )
    found: dict[tuple[str, str], MonthLoad] = {}
    for row in loads[wanted].to_dict(orient="records"):
        load = _month_load(row, agreement)
        key = (load.month, load.determinand)
        if key in found:
            raise ContractError(f"loads: {key[1]} {key[0]} at {agreement.section} stands twice")
        found[key] = load
    return [
        found.get((month, factor), MonthLoad(factor, month, None, None, NO_LOAD, Evidence()))
        for month in months
        for factor in factors
    ]


def _month_load(row: dict[Any, Any], agreement: Agreement) -> MonthLoad:
    is_measured = row["status"] == "measured"
    if is_measured:
        _check_agreed(row, agreement)
    return MonthLoad(
        determinand=str(row["determinand"]),
        month=str(row["period"]),
        concentration_mg_l=row["concentration_exact"] if is_measured else None,
        volume_m3=row["volume_exact"] if is_measured else None,
        reason=str(row["reason"]),
        evidence=Evidence(
            n_days=int(row["n_days"]),
            coverage_volume=_number(row["coverage_volume"]),
            share_estimated=_number(row["share_estimated"]),
            censored_share=_number(row["censored_share"]),
        ),
    )


def _check_agreed(row: dict[Any, Any], agreement: Agreement) -> None:
    """A measured load that was not formed by the agreement's own rules stops the run."""
    faults: list[str] = []
    if row["method"] != agreement.load_method:
        faults.append(f"method {row['method']}, not {agreement.load_method}")
    if row["censored_rule"] != agreement.censored_in_load:
        faults.append(f"censored as {row['censored_rule']}, not {agreement.censored_in_load}")
    if row["n_days"] < agreement.min_days_per_month:
        faults.append(f"{row['n_days']} days, {agreement.min_days_per_month} agreed")
    if row["coverage_volume"] < agreement.min_coverage_discharge:
        faults.append(
            f"coverage {row['coverage_volume']}, {agreement.min_coverage_discharge} agreed"
        )
    concentration, volume = row["concentration_exact"], row["volume_exact"]
    if not isinstance(concentration, Fraction) or concentration < 0:
        faults.append("measured without an exact concentration")
    if not isinstance(volume, Fraction) or volume <= 0:
        faults.append("measured without an exact volume of water")
    if faults:
        what = f"loads: {row['determinand']} {row['period']} at {row['section']}"
        raise ContractError(f"{what}: " + "; ".join(faults))


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
