"""Gaps of a discharge record: filled where they are short, each filled step with its variance.

Short gaps are bridged in the logarithm; longer ones follow a neighbour gauge, or else the record's
own level and season; the longest stay missing, and the load of their water is scaled by share.
Discharge below or at zero has no logarithm: beside it a short gap is bridged as it stands, a longer
one stays missing. How long is short is the caller's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecomon.errors import ContractError
from ecomon.load.flux import Floats, Times
from ecomon.load.flux_series import (
    LOG_LINEAR,
    MISSING,
    NEIGHBOUR,
    STRUCTURAL,
    DischargeSeries,
)
from ecomon.load.gaps_structural import smooth_levels

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRules:
    """Up to what length a gap is filled in which way, s; 0 turns a way off.

    Attributes
    ----------
    max_log_linear_s : float
        By a straight line in ln Q.
    max_neighbour_s : float
        By the log ratio to a neighbour gauge.
    max_structural_s : float
        By level and season, where no neighbour serves.
    min_season_s : float
        Least length of a record from which a season is taken.
    """

    max_log_linear_s: float
    max_neighbour_s: float
    max_structural_s: float
    min_season_s: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Steps ``first`` .. ``last`` of a record without a value, last excluded."""

    first: int
    last: int

    @property
    def n_steps(self) -> int:
        return self.last - self.first


def fill_discharge(
    record: DischargeSeries, rules: GapRules, *, neighbour: DischargeSeries | None = None
) -> DischargeSeries:
    """The record with its gaps filled by the rules; absent steps become steps.

    Parameters
    ----------
    record : DischargeSeries
        Steps may be absent; those present begin on one clock.
    rules : GapRules
    neighbour : DischargeSeries, optional
        A gauge that rises and falls with this one, on steps of the same length and clock.

    Returns
    -------
    DischargeSeries
        All steps from the first to the last. ``fill`` names the way of each, ``variance`` is that of
        a filled step, (m3/s)^2: zero at neither end of a gap, largest in its middle, larger in a
        longer gap. Nothing is filled before the first or after the last value.

    Raises
    ------
    ContractError
        if steps do not lie on one clock.

    Source
    ------
    reference/loads.md 6.10: log-linear, log ratio to a neighbour, structural model as in ``fillMiss``
    (Ryberg & Vecchia, waterData), EGRET 3.0.12 ``fillMissing`` for the limit of 21 days.
    """
    whole = complete_steps(record)
    value, variance = whole.discharge_m3_s.copy(), whole.variance.copy()
    fill = whole.fill.copy()
    beside = None if neighbour is None else _align(neighbour, whole.time)
    levels: tuple[Floats, Floats] | None = None
    for gap in find_gaps(whole.discharge_m3_s):
        length_s = gap.n_steps * whole.step_s
        steps = slice(gap.first, gap.last)
        filled: tuple[Floats, Floats] | None = None
        way = MISSING
        if length_s <= rules.max_log_linear_s:
            filled, way = _bridge(whole.discharge_m3_s, gap), LOG_LINEAR
        if filled is None and beside is not None and length_s <= rules.max_neighbour_s:
            filled, way = _follow(whole.discharge_m3_s, beside, gap), NEIGHBOUR
        if filled is None and length_s <= rules.max_structural_s and _has_logs(whole, gap):
            levels = levels or _model_levels(whole, rules)
            filled, way = (levels[0][steps], levels[1][steps]), STRUCTURAL
        if filled is not None:
            value[steps], variance[steps] = filled
            fill[steps] = way
    return DischargeSeries(
        whole.time,
        value,
        whole.step_s,
        variance,
        fill,
        relative_error=whole.relative_error,
        link=whole.link,
        caveat=whole.caveat,
    )


def complete_steps(record: DischargeSeries) -> DischargeSeries:
    """The record with a step wherever its clock has one; those that were absent are ``MISSING``.

    Raises
    ------
    ContractError
        if a step does not begin on the clock of the first.

    Source
    ------
    A missing step is a value of its own (project rule).
    """
    if not len(record.time):
        return record
    step_us = round(record.step_s * 1e6)
    since = (record.time - record.time[0]).astype("timedelta64[us]").astype(np.int64)
    if (since % step_us).any():
        odd = record.time[np.flatnonzero(since % step_us)[0]]
        raise ContractError(
            f"{odd} is not a whole number of {record.step_s:g} s steps from the first"
        )
    place = since // step_us
    n = int(place[-1]) + 1
    value, variance = np.full(n, np.nan), np.zeros(n)
    fill = np.full(n, MISSING, dtype=np.int8)
    value[place], variance[place], fill[place] = record.discharge_m3_s, record.variance, record.fill
    return DischargeSeries(
        record.time[0] + (np.arange(n) * step_us).astype("timedelta64[us]"),
        value,
        record.step_s,
        variance,
        fill,
        relative_error=record.relative_error,
        link=record.link,
        caveat=record.caveat,
    )


def find_gaps(value: Floats) -> list[Gap]:
    """Runs of NaN with a value on either side, in order.

    Source
    ------
    Project rule: nothing is filled beyond the ends of a record.
    """
    missing = np.isnan(value).astype(int)
    turns = np.diff(missing, prepend=0, append=0)
    firsts, lasts = np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)
    return [
        Gap(int(first), int(last))
        for first, last in zip(firsts, lasts, strict=True)
        if first > 0 and last < len(value)
    ]


def _bridge(value: Floats, gap: Gap) -> tuple[Floats, Floats] | None:
    """A straight line in ln Q (in Q beside zero), with the variance of a Brownian bridge."""
    before, after = float(value[gap.first - 1]), float(value[gap.last])
    is_log = before > 0 and after > 0
    series = _logs(value) if is_log else value
    ends = (np.log(before), np.log(after)) if is_log else (before, after)
    line, shape = _line(ends, gap.n_steps)
    variance = _step_variance(series) * shape
    if not is_log:
        return line, variance
    filled = np.exp(line)
    return filled, filled**2 * np.expm1(variance)


def _follow(value: Floats, beside: Floats, gap: Gap) -> tuple[Floats, Floats] | None:
    """The neighbour x a ratio that runs straight (in its logarithm) from one end to the other."""
    ratio = _logs(value) - _logs(beside)
    ends = (float(ratio[gap.first - 1]), float(ratio[gap.last]))
    alongside = beside[gap.first : gap.last]
    if not np.isfinite(ends).all() or not (alongside > 0).all():
        return None
    line, shape = _line(ends, gap.n_steps)
    filled = alongside * np.exp(line)
    return filled, filled**2 * np.expm1(_step_variance(ratio) * shape)


def _line(ends: tuple[float, float], n_steps: int) -> tuple[Floats, Floats]:
    """The line between two ends and d1 d2 / (d1 + d2), the shape of a bridge's variance."""
    place = np.arange(1, n_steps + 1)
    share = place / (n_steps + 1)
    line = ends[0] + share * (ends[1] - ends[0])
    return line, place * (n_steps + 1 - place) / (n_steps + 1)


def _step_variance(series: Floats) -> float:
    """Mean square change from step to step, over steps that both have a value."""
    change = np.diff(series)
    change = change[np.isfinite(change)]
    return float(np.mean(change**2)) if change.size else float("nan")


def _logs(value: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.log(np.where(value > 0, value, np.nan))


def _has_logs(record: DischargeSeries, gap: Gap) -> bool:
    value = record.discharge_m3_s
    return bool(value[gap.first - 1] > 0 and value[gap.last] > 0)


def _model_levels(record: DischargeSeries, rules: GapRules) -> tuple[Floats, Floats]:
    """Discharge and variance of every step by level and season of ln Q."""
    year_s = 365.25 * _DAY_S
    since_s = np.arange(len(record.time), dtype=np.float64) * record.step_s
    has_season = since_s[-1] >= rules.min_season_s
    mean, variance = smooth_levels(
        _logs(record.discharge_m3_s),
        np.asarray(since_s / year_s, dtype=np.float64) if has_season else None,
    )
    level = np.exp(mean)
    return level, level**2 * np.expm1(variance)


def _align(neighbour: DischargeSeries, time: Times) -> Floats:
    """The neighbour's own values at the steps of this record; NaN where it has none."""
    place = np.searchsorted(neighbour.time, time)
    place = np.minimum(place, max(0, len(neighbour.time) - 1))
    if not len(neighbour.time):
        return np.full(len(time), np.nan)
    return np.where(neighbour.time[place] == time, neighbour.discharge_m3_s[place], np.nan)
