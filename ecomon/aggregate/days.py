"""Flagged readings -> daily means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.aggregate.means import Counts, Floats, Ints, frame_means
from ecomon.aggregate.readings import DayReadings, read_days
from ecomon.aggregate.rules import AggregationRules
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand
from ecomon.model.period import Period
from ecomon.model.quantity import SCALE_DECIMALS, exact, scaled_integers
from ecomon.model.tables import FLAGGED

Objects = npt.NDArray[np.object_]

_EXACT_IN_FLOAT = 2.0**53
_SHARE_OF_LIMIT = {"half_limit": 0.5, "zero": 0.0}
_PH_DECIMALS = 9  # of a mean that went through logarithms; far beyond what is reported


def daily_means(
    flagged: pd.DataFrame,
    determinands: Mapping[str, Determinand],
    rules: AggregationRules,
    period: Period,
) -> pd.DataFrame:
    """Means of usable values by site, determinand and Beijing day.

    A reading belongs to the day in which its interval starts. Statistics other than ``value`` and
    ``mean`` and intervals longer than a day are left aside. All usable values of a day weigh
    alike, discharge read at instants included.

    Parameters
    ----------
    flagged : table FLAGGED
        Readings in any order, in the determinands' units.
    determinands : mapping of str to Determinand
    rules : AggregationRules
        ``censored`` says what a value below its limit counts (the agreement's own rule in loads).
    period : Period
        Every day it touches gets a row for every series of the table.

    Returns
    -------
    table MEANS
        In the order of site, determinand, day. ``value`` and ``exact`` are the unrounded mean:
        on scaled integers, for pH by hydrogen-ion concentration (``exact`` is the decimal of nine
        places then). ``n_valid`` counts usable values, ``n_excluded`` values flagged out or over
        range, ``n_censored`` usable ones below their limit; ``coverage`` is at most 1. Status is
        ``missing`` with no usable value and ``insufficient`` below ``min_share_per_day``; then
        ``value`` is NaN and ``exact`` None. Of two readings of one series at one time counts the
        usable one, then the one that precedence of programme and source, the lowest replicate and
        the latest revision pick. A day whose usable readings are of several programmes is of the
        best one alone.

    Raises
    ------
    ContractError
        where the table breaks its contract or names an unknown determinand.
    UnitMismatch
        where a reading is not in its determinand's unit.

    Source
    ------
    环办监测函〔2020〕82号: half the limit (point 7), automatic before manual; mean of the valid
    readings, 十四五 scheme; pH by hydrogen ion, practice (all secondary sources).
    """
    judged = _judge_days(flagged, determinands, rules, period)
    readings, group, counts = judged.readings, judged.group, judged.counts
    is_measured = judged.is_measured
    kinds = np.array([determinands[key].mean for _, key in readings.pairs], dtype="str")
    is_ion = np.repeat(kinds == "hydrogen_ion", len(judged.parts))
    value, fractions = _arithmetic(readings, group, counts, is_measured & ~is_ion, rules.censored)
    wanted = is_measured & is_ion
    value[wanted], fractions[wanted] = _by_ion(readings, group, counts, wanted)
    return frame_means(
        readings.pairs, judged.parts, "day", determinands,
        counts=counts, value=value, exact=fractions, is_measured=is_measured,
    )  # fmt: skip


def readings_used(
    flagged: pd.DataFrame,
    determinands: Mapping[str, Determinand],
    rules: AggregationRules,
    period: Period,
) -> pd.DataFrame:
    """Which readings entered the means that :func:`daily_means` gives of the same arguments.

    Returns
    -------
    DataFrame
        One row per row of ``flagged``, with its index. ``day`` (time): the Beijing day in which
        the reading starts. ``is_used`` (bool): it entered the mean of a measured day; a reading
        flagged out, over range, outranked by another of its time, or of a day with too few is not.
        ``counted`` (float): what it counts in an arithmetic mean, which for a value below its limit
        is the rules' substitute; NaN where it is not used. The mean of the days' ``counted`` is
        their daily mean, but for pH.

    Raises
    ------
    ContractError, UnitMismatch
        as :func:`daily_means`.

    Source
    ------
    The sources of :func:`daily_means`: both stand on one selection.
    """
    judged = _judge_days(flagged, determinands, rules, period)
    readings = judged.readings
    used = readings.is_usable & judged.is_measured[judged.group]
    counted = readings.value[used]
    counted[readings.is_left[used]] *= _SHARE_OF_LIMIT[rules.censored]
    table = pd.DataFrame(
        {"day": flagged["start"].dt.floor("D"), "is_used": False, "counted": np.nan},
        index=flagged.index,
    )
    table.iloc[readings.place[used], 1] = True
    table.iloc[readings.place[used], 2] = counted
    return table


@dataclass(frozen=True, slots=True)
class _JudgedDays:
    """The readings that may enter, the mean each belongs to, and which means are measured."""

    parts: list[Period]
    readings: DayReadings
    group: Ints
    counts: Counts
    is_measured: npt.NDArray[np.bool_]


def _judge_days(
    flagged: pd.DataFrame,
    determinands: Mapping[str, Determinand],
    rules: AggregationRules,
    period: Period,
) -> _JudgedDays:
    FLAGGED.check(flagged)
    parts = period.split("day")
    bounds = np.array([*(part.start for part in parts), parts[-1].end], dtype="datetime64[us]")
    readings = read_days(flagged, determinands, rules, bounds)
    group = readings.series * len(parts) + readings.day
    counts = _count(readings, group, len(parts))
    return _JudgedDays(parts, readings, group, counts, counts.is_measured(rules.min_share_per_day))


def mean_of_ph(ion_mean: Floats) -> tuple[Floats, list[Fraction]]:
    """pH of mean hydrogen-ion concentrations (mol/L), and its decimals as exact fractions.

    The mean of pH 7 and 9 is 7.30, not 8 (practice of surface-water assessment, secondary source).
    """
    value = np.asarray(np.round(-np.log10(ion_mean), _PH_DECIMALS), dtype=np.float64)
    return value, [Fraction(exact(one)) for one in value.tolist()]


def _count(readings: DayReadings, group: Ints, n_days: int) -> Counts:
    n_rows = len(readings.pairs) * n_days
    usable = readings.is_usable
    is_out = ~usable & np.isfinite(readings.value)
    most = np.ones(len(readings.pairs), dtype=np.int64)
    np.maximum.at(most, readings.series, readings.n_expected)
    n_expected = np.repeat(most, n_days)
    for number in np.flatnonzero(np.bincount(readings.n_expected[usable])).tolist():
        n_expected[group[usable & (readings.n_expected == number)]] = number
    return Counts(
        n_valid=np.bincount(group[usable], minlength=n_rows),
        n_expected=n_expected,
        n_excluded=np.bincount(group[is_out], minlength=n_rows),
        n_censored=np.bincount(group[usable & readings.is_left], minlength=n_rows),
    )


def _arithmetic(
    readings: DayReadings,
    group: Ints,
    counts: Counts,
    wanted: npt.NDArray[np.bool_],
    censored: Literal["half_limit", "zero"],
) -> tuple[Floats, Objects]:
    """Means on integers: every value is doubled and scaled, so that half a limit is whole too.

    The scale of a series leaves room for its largest sum, so float64 adds them without error.
    """
    usable = readings.is_usable & wanted[group]
    series, value, left = (
        readings.series[usable],
        readings.value[usable],
        readings.is_left[usable],
    )
    decimals = _decimals(readings.pairs, series, value, counts)
    twice = np.zeros(len(value))
    for places in np.unique(decimals).tolist():
        here = decimals[series] == places
        twice[here] = 2 * scaled_integers(value[here], places)
    twice[left] *= _SHARE_OF_LIMIT[censored]
    total = np.bincount(group[usable], weights=twice, minlength=len(wanted)).astype(np.int64)
    n_days = len(wanted) // max(len(readings.pairs), 1)
    parts = 2 * counts.n_valid * np.repeat(10**decimals, n_days)
    mean = np.full(len(wanted), np.nan)
    mean[wanted] = total[wanted] / parts[wanted]
    fractions = np.full(len(wanted), None, dtype=object)
    fractions[wanted] = list(map(Fraction, total[wanted].tolist(), parts[wanted].tolist()))
    return mean, fractions


def _decimals(
    pairs: list[tuple[str, str]], series: Ints, value: Floats, counts: Counts
) -> npt.NDArray[np.int64]:
    """Decimals of the scaled integers of each series, nine but for very large values."""
    largest = np.zeros(len(pairs))
    np.maximum.at(largest, series, np.abs(value))
    room = _EXACT_IN_FLOAT / (2 * counts.n_valid.max(initial=1))
    if np.any(largest > room):
        site, key = pairs[int(np.argmax(largest))]
        raise ContractError(
            f"{key} at {site}: a value of {largest.max():g} is too large to average"
        )
    fitting = np.floor(np.log10(room / np.maximum(largest, 1e-9)))
    return np.minimum(fitting, SCALE_DECIMALS).astype(np.int64)


def _by_ion(
    readings: DayReadings, group: Ints, counts: Counts, wanted: npt.NDArray[np.bool_]
) -> tuple[Floats, list[Fraction]]:
    usable = readings.is_usable & wanted[group]
    ions = np.power(10.0, -readings.value[usable])
    total = np.bincount(group[usable], weights=ions, minlength=len(wanted))
    return mean_of_ph(total[wanted] / counts.n_valid[wanted])
