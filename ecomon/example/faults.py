"""What stations make of the truth: noise, rounding, censoring, and faults that are written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.example.air import AIR_BEHAVIOURS
from ecomon.example.course import Array, Times, stream
from ecomon.example.profile import BEHAVIOURS, DETERMINANDS, SECTION_PROFILES
from ecomon.example.scenario import AMMONIA

Mask = npt.NDArray[np.bool_]
READINGS_PER_YEAR = 6 * 365.25


@dataclass(frozen=True, slots=True)
class FaultRate:
    """How often a fault begins (per year and series or station) and how many readings it lasts."""

    per_year: float
    shortest: int
    longest: int


SERIES_FAULTS = {
    "drift": FaultRate(0.12, 30, 60),
    "flat_line": FaultRate(0.6, 10, 30),
    "spike": FaultRate(3.0, 1, 1),
    "negative": FaultRate(0.4, 1, 1),
}
"""Faults of one instrument, in the order in which they are placed; none overlaps another."""

STATION_FAULTS = {"maintenance": FaultRate(6.0, 1, 9), "outage": FaultRate(1.5, 3, 18)}
"""Faults of a whole station: rows that say 维护 and hold no value, and rows that never came."""

REPEAT_SHARE = 0.06
"""Share of rows that stand more than once in the files (stations.md 6.1: 132 of 1,120)."""

DIGIT_NOISE = 0.8
"""Standard deviation of the last digit that an instrument reports: clean water never reads quite
the same for half a day."""

GAP_COPY_SHARE = 0.2
"""Share of the repeated rows that came first as 维护 with a gap."""

SPIKE_FACTOR = {"STAGE": 2.5, "WT": 1.9, "PH": 1.35, "DO": 2.2, "EC": 3.0}
DRIFT_FACTOR = {"STAGE": 1.8, "WT": 3.0, "PH": 1.9, "DO": 4.0, "EC": 8.0}
DECIMALS = {name: one.decimals for name, one in (BEHAVIOURS | AIR_BEHAVIOURS).items()} | {
    "STAGE": 2
}
OFFSET_FACTOR = {"STAGE": 0.3, "WT": 0.25, "PH": 0.12, "DO": 0.5, "EC": 0.5}
OUT_OF_RANGE = {"WT": 85.0, "PH": 15.2, "DO": 50.0, "EC": 65535.0}
"""What an instrument prints that has lost its sensor: the end of its scale, or of sixteen bits."""

MAY_BE_NEGATIVE = ("TURB", "CODMN", "NH3N", "TP", "TN")
FAULT_COLUMNS = ("site", "determinand", "start", "end", "kind", "n_readings")


@dataclass(slots=True)
class StationReadings:
    """Readings of the automatic stations every four hours; shapes (section, time).

    ``values`` by determinand in canonical units, rounded as reported, the detection limit where
    ``is_censored``; NaN where nothing was reported. ``is_reported`` is False where the whole row
    never came, ``is_maintained`` where it came as 维护 without values. ``repeats`` counts further
    copies of a row, ``has_gap_copy`` an earlier copy as 维护 without NH3N. ``faults`` lists what
    was done to the truth, one row per fault, with columns site, determinand (empty: the whole
    station), start, end (half-open), kind, n_readings.
    """

    times: Times
    values: dict[str, Array]
    is_censored: dict[str, Mask]
    is_reported: Mask
    is_maintained: Mask
    repeats: npt.NDArray[np.int64]
    has_gap_copy: Mask
    faults: pd.DataFrame


def report_readings(times: Times, truth: dict[str, Array], seed: int) -> StationReadings:
    """Readings of the stations from true values at the hours of sampling.

    Parameters
    ----------
    times : ndarray of datetime64, shape (time,)
        every four hours, naive Beijing
    truth : dict of ndarray, shape (section, time)
        by determinand, canonical units
    seed : int

    Returns
    -------
    StationReadings
        with labels of every fault; the ammonia release at 姚渡 is left whole so that it is told
        from a fault by its course alone

    Notes
    -----
    The kinds of fault are those seen in the public feed (stations.md 6.1: 维护, 停站, repeats,
    a jump of CODMn at 清风峡); their rates are assumptions.
    """
    shape = (len(SECTION_PROFILES), times.size)
    years = times.size / READINGS_PER_YEAR
    values = {
        name: measured(name, truth[name], stream(seed, f"noise {name}").standard_normal(shape))
        for name in DETERMINANDS
    }
    labels: list[tuple[str, str, int, int, str]] = []
    silent, maintained = _station_faults(times, labels, seed)
    absent = silent | maintained
    is_censored = {
        name: np.zeros(shape, dtype=bool)
        for name in DETERMINANDS
        if BEHAVIOURS[name].detection_limit is not None
    }
    for determinand in DETERMINANDS:
        free = ~(absent | _protected(times, determinand))
        for row, site in enumerate(SECTION_PROFILES):
            rng = stream(seed, f"faults {site} {determinand}")
            for kind, first, last in place_faults(
                free[row], determinand, years, rng, SERIES_FAULTS
            ):
                spoil(values[determinand][row], determinand, kind, first, last)
                labels.append((site, determinand, first, last, kind))
        values[determinand][absent] = np.nan
    for determinand, mask in is_censored.items():
        censor(determinand, values[determinand], mask)
    repeats, gap_copy = _repeats(shape, ~absent, seed)
    return StationReadings(
        times, values, is_censored, ~silent, maintained, repeats, gap_copy,
        _fault_table(labels, times),
    )  # fmt: skip


def measured(determinand: str, truth: Array, noise: Array) -> Array:
    """Truth with the instrument's noise, relative and of its last digit, rounded as reported."""
    behaviour = BEHAVIOURS[determinand]
    spread = np.hypot(behaviour.noise * truth, DIGIT_NOISE * 10.0**-behaviour.decimals)
    measured = np.maximum(truth + spread * noise, 0.0)
    return np.asarray(np.round(measured, behaviour.decimals), dtype=np.float64)


def _protected(times: Times, determinand: str) -> Mask:
    """Readings that no fault may touch, shape (section, time)."""
    mask = np.zeros((len(SECTION_PROFILES), times.size), dtype=bool)
    if determinand == AMMONIA.determinand:
        end = AMMONIA.start + timedelta(hours=AMMONIA.hours + 36)
        event = (times >= np.datetime64(AMMONIA.start)) & (times < np.datetime64(end))
        for row, site in enumerate(SECTION_PROFILES):
            mask[row] = event & (site in AMMONIA.distances_km)
    return mask


def place_faults(
    free: Mask,
    determinand: str,
    years: float,
    rng: np.random.Generator,
    rates: Mapping[str, FaultRate],
) -> list[tuple[str, int, int]]:
    """Places of faults in one series: (kind, first, last + 1), none overlapping or touching."""
    placed: list[tuple[str, int, int]] = []
    free = free.copy()
    for kind, rate in rates.items():
        count = int(rng.poisson(rate.per_year * years))
        if kind == "negative" and determinand not in MAY_BE_NEGATIVE:
            continue
        for first in rng.integers(1, max(free.size - rate.longest, 2), count):
            last = int(first + rng.integers(rate.shortest, rate.longest + 1))
            if last < free.size and free[first - 1 : last + 1].all():
                free[first - 1 : last + 1] = False
                placed.append((kind, int(first), last))
    return placed


def spoil(
    series: Array,
    determinand: str,
    kind: str,
    first: int,
    last: int,
    *,
    rng: np.random.Generator | None = None,
) -> None:
    """Apply one fault to a series in place, rounded as the instrument reports.

    ``rng`` is needed by ``noise`` and ``offset`` alone.
    """
    decimals = DECIMALS[determinand]
    part = series[first:last]
    match kind:
        case "spike":
            part *= SPIKE_FACTOR.get(determinand, 9.0)
        case "flat_line":
            part[:] = part[0]
        case "drift":
            part *= np.linspace(1.0, DRIFT_FACTOR.get(determinand, 25.0), part.size)
        case "offset" | "noise" if rng is not None:
            level = OFFSET_FACTOR.get(determinand, 1.2) * max(
                float(np.median(part)), 10.0**-decimals
            )
            size = rng.choice([-0.6, 1.0]) if kind == "offset" else rng.standard_normal(part.size)
            part[:] = np.maximum(part + level * size, 0.0)
        case "out_of_range":
            part[:] = OUT_OF_RANGE.get(determinand, 9999.0)
        case "unit_error":
            part *= 1000.0
        case _:
            part *= -0.3
    # A value that would round to zero still shows its fault in the last digit.
    smallest = 10.0**-decimals
    series[first:last] = np.round(part, decimals)
    if kind == "negative":
        series[first:last] = np.minimum(series[first:last], -smallest)


def censor(determinand: str, values: Array, is_censored: Mask) -> None:
    limit = BEHAVIOURS[determinand].detection_limit
    if limit is not None:
        is_censored |= (values >= 0.0) & (values < limit)  # false for NaN
        values[is_censored] = limit


def _station_faults(
    times: Times, labels: list[tuple[str, str, int, int, str]], seed: int
) -> tuple[Mask, Mask]:
    """Rows that never came and rows in maintenance, shape (section, time); adds their labels."""
    masks = {
        kind: np.zeros((len(SECTION_PROFILES), times.size), dtype=bool) for kind in STATION_FAULTS
    }
    whole = _protected(times, AMMONIA.determinand)
    for row, site in enumerate(SECTION_PROFILES):
        rng = stream(seed, f"faults {site}")
        free = ~whole[row]
        for kind, rate in STATION_FAULTS.items():
            count = int(rng.poisson(rate.per_year * times.size / READINGS_PER_YEAR))
            for first in rng.integers(0, times.size, count):
                last = int(min(first + rng.integers(rate.shortest, rate.longest + 1), times.size))
                if free[first:last].all():
                    free[first:last] = False
                    masks[kind][row, first:last] = True
                    labels.append((site, "", int(first), last, kind))
    return masks["outage"], masks["maintenance"]


def _repeats(
    shape: tuple[int, int], present: Mask, seed: int
) -> tuple[npt.NDArray[np.int64], Mask]:
    rng = stream(seed, "repeats")
    repeated = present & (rng.random(shape) < REPEAT_SHARE)
    copies = np.where(repeated, np.minimum(rng.geometric(0.7, shape), 4), 0)
    gap_copy = repeated & (rng.random(shape) < GAP_COPY_SHARE)
    return copies.astype(np.int64), gap_copy


def _fault_table(labels: list[tuple[str, str, int, int, str]], times: Times) -> pd.DataFrame:
    step = np.timedelta64(4, "h")
    first = np.array([label[2] for label in labels], dtype=np.int64)
    last = np.array([label[3] for label in labels], dtype=np.int64)
    table = pd.DataFrame(
        {
            "site": pd.Series([label[0] for label in labels], dtype="str"),
            "determinand": pd.Series([label[1] for label in labels], dtype="str"),
            "start": times[first],
            "end": times[last - 1] + step,
            "kind": pd.Series([label[4] for label in labels], dtype="str"),
            "n_readings": last - first,
        }
    )
    order = ["site", "determinand", "start", "kind"]
    return table.sort_values(order, ignore_index=True)[list(FAULT_COLUMNS)]
