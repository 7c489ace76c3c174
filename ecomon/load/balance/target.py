"""A load against what it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ecomon.errors import ContractError
from ecomon.load.choice.rules import ReductionTarget
from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ERRORS

if TYPE_CHECKING:
    import xarray as xr

NAN = float("nan")
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """What is known of a load and its target in a period.

    ``excess_t`` is load minus target; ``verdict`` is ``met`` or ``exceeded`` where 95 % of the draws
    say so, ``undecided`` where the load is too uncertain for either, ``insufficient`` where it is
    not known.
    """

    section: str
    determinand: str
    period: str
    target_t: float
    load_t: float
    lower: float
    upper: float
    excess_t: float
    probability_met: float
    verdict: Literal["met", "exceeded", "undecided", "insufficient"]
    reason: str


def weigh_against_target(
    estimates: pd.DataFrame, draws: xr.DataArray, target: ReductionTarget, period: Period
) -> TargetOutcome:
    """The load of a section in a period, and how probably it keeps its target.

    Parameters
    ----------
    estimates : LOAD_ERRORS
        Rows of role ``best`` of the target's section and determinand that lie in the period; they
        tile it (twelve months, or the one year).
    draws : DataArray (section, determinand, time, draw), t
        Of the same rows.
    target : ReductionTarget
        Of a year; a period that is no whole year has the share of its days, and the reason says so.
    period : Period

    Returns
    -------
    TargetOutcome

    Raises
    ------
    ContractError
        if rows overlap or lie across a bound of the period.

    Source
    ------
    Probability by the share of draws at or below the target (project rule); the target itself is
    a fact of ``thresholds/loads`` with its own source.
    """
    LOAD_ERRORS.check(estimates)
    mine = estimates[
        (estimates["role"] == "best")
        & (estimates["section"] == target.section)
        & (estimates["determinand"] == target.determinand)
        & (estimates["start"] < period.end)
        & (estimates["end"] > period.start)
    ].sort_values("start")
    year = Period.year(period.start.year)
    target_t = target.target_t * period.seconds / year.seconds
    reasons = [] if period == year else ["目标按天数折算 / target by share of days"]
    if target.is_unverified:
        reasons.append(f"目标{CONFIDENCE_ZH['unverified']} / target unverified")
    lack = _lack(mine, period)
    if lack:
        return TargetOutcome(
            target.section, target.determinand, period.label, target_t, NAN, NAN, NAN, NAN, NAN,
            "insufficient", "；".join([lack, *reasons]),
        )  # fmt: skip
    cells = draws.sel(
        section=target.section, determinand=target.determinand, time=mine["start"].to_numpy()
    )
    drawn = cells.sum("time", skipna=False).to_numpy()
    load_t = float(mine["load_t"].sum())
    known = bool(np.isfinite(drawn).all())
    lower, upper = np.quantile(drawn, [0.025, 0.975]) if known else (NAN, NAN)
    probability = float(np.mean(drawn <= target_t)) if known else NAN
    if not known:
        reasons.insert(0, "通量无不确定度，达标概率未知 / a load without an error: no probability")
    verdict: Literal["met", "exceeded", "undecided"] = "undecided"
    if probability >= _SURE:
        verdict = "met"
    elif probability <= 1 - _SURE:
        verdict = "exceeded"
    return TargetOutcome(
        target.section, target.determinand, period.label, target_t, load_t, float(lower),
        float(upper), load_t - target_t, probability, verdict, "；".join(reasons),
    )  # fmt: skip


def _lack(rows: pd.DataFrame, period: Period) -> str:
    """Why the loads do not make up the period; empty where they do."""
    if rows.empty:
        return "无通量 / no loads"
    starts, ends = list(rows["start"]), list(rows["end"])
    if starts[0] < period.start or ends[-1] > period.end:
        raise ContractError(f"loads of {starts[0]} .. {ends[-1]} lie across a bound of {period}")
    if any(after < before for before, after in zip(ends, starts[1:], strict=False)):
        raise ContractError(f"loads of {period} overlap")
    missing = rows.loc[rows["load_t"].isna(), "period"]
    if len(missing):
        return f"缺通量：{'、'.join(missing)} / no load in {', '.join(missing)}"
    bounds = [period.start, *ends], [*starts, period.end]
    if any(before != after for before, after in zip(*bounds, strict=True)):
        return "通量未覆盖整个时段 / loads do not cover the whole period"
    return ""
