"""One reading that leaves its neighbours and comes back at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ecomon.model.codes import run_starts
from ecomon.model.flag import Flag
from ecomon.quality.limits import untested
from ecomon.quality.rules import Checks, SpikeStep, SpikeTest
from ecomon.quality.series import (
    HOUR_US,
    Floats,
    Levels,
    Links,
    Places,
    Readings,
    cut,
    running_clock,
)

_CELLS = 2_000_000  # readings around candidates that are held at once


def find_spikes(readings: Readings, links: Links) -> Levels | None:
    """Two-sided step test (project rule R7; QARTOD spike test, but only the spike is flagged).

    Parameters
    ----------
    readings : Readings, shape (reading,)
        finite values, one per time of a series
    links : Links
        a spike is judged only where both neighbours are linked to it

    Returns
    -------
    ndarray of int8, shape (reading,), or None where no reading has a spike test
        NOT_EVALUATED where a neighbour is missing: the newest reading of a series waits for its
        successor.
    """
    levels = untested(readings, lambda found: found.spike)
    if levels is None:
        return None
    levels[:1] = levels[-1:] = Flag.NOT_EVALUATED
    has_neighbours = links.is_linked[:-1] & links.is_linked[1:]
    levels[1:-1][~has_neighbours] = Flag.NOT_EVALUATED
    found = _candidates(readings, has_neighbours)
    if not len(found):
        return levels
    step = _smaller_step(readings.value, found)
    middle, spread = _surroundings(readings, links, found)
    for level, of in ((Flag.SUSPECT, _suspect), (Flag.FAIL, _fail)):
        is_over = step > _threshold(readings, found, of, middle, spread)
        levels[found[is_over]] = level
    return levels


def _suspect(test: SpikeTest) -> SpikeStep | None:
    return test.suspect


def _fail(test: SpikeTest) -> SpikeStep | None:
    return test.fail


def _of(pick: Callable[[SpikeTest], float | None]) -> Callable[[Checks], float | None]:
    return lambda found: None if found.spike is None else pick(found.spike)


def _candidates(readings: Readings, has_neighbours: np.ndarray) -> Places:
    """Readings beyond the floor of the threshold on both sides, between calm neighbours."""
    floor = readings.param(_of(lambda test: test.suspect.absolute))
    calm = readings.param(_of(lambda test: test.calm_share))
    step = np.diff(readings.value)
    size = np.abs(step)
    smaller = np.minimum(size[:-1], size[1:])
    found = np.flatnonzero(has_neighbours & (smaller > cut(floor, slice(1, -1))))
    out, back = step[found], step[found + 1]
    is_calm = np.abs(out + back) <= cut(calm, found + 1) * smaller[found]
    return found[is_calm & (out * back < 0)] + 1


def _smaller_step(value: Floats, found: Places) -> Floats:
    before, after = value[found] - value[found - 1], value[found] - value[found + 1]
    return np.minimum(np.abs(before), np.abs(after))


def _threshold(
    readings: Readings,
    found: Places,
    of: Callable[[SpikeTest], SpikeStep | None],
    middle: Floats,
    spread: Floats,
) -> Floats:
    """What the step must exceed; NaN (never exceeded) where the rules have no such level."""

    def named(name: str) -> Callable[[Checks], float | None]:
        return _of(lambda test: getattr(of(test), name, None))

    def at(name: str) -> Floats | float:
        return cut(readings.param(named(name)), found)

    around = np.fmin(at("k_mad") * spread, at("ratio_to_median") * middle)
    floor = at("absolute")
    return np.where(np.isnan(around), floor, np.maximum(floor, around))


def _surroundings(readings: Readings, links: Links, found: Places) -> tuple[Floats, Floats]:
    """Median and median absolute deviation of the readings around each candidate, without it."""
    middle, spread = np.full(len(found), np.nan), np.full(len(found), np.nan)
    if not any(test and _looks_around(test.spike) for test in readings.checks):
        return middle, spread
    first, last = _window(readings, links, found)
    width = int((last - first).max()) + 1
    rows = max(1, _CELLS // width)
    for start in range(0, len(found), rows):
        part = slice(start, start + rows)
        places = first[part, None] + np.arange(width)
        is_around = (places <= last[part, None]) & (places != found[part, None])
        around = readings.value[np.minimum(places, len(readings.value) - 1)]
        around[~is_around] = np.inf
        count = is_around.sum(axis=1)
        middle[part] = _median(around, count)
        deviation = np.abs(around - middle[part, None])
        spread[part] = _median(deviation, count)
    return middle, spread


def _looks_around(test: SpikeTest | None) -> bool:
    steps = (test.suspect, test.fail) if test else ()
    return any(step and (step.k_mad or step.ratio_to_median) for step in steps)


def _window(readings: Readings, links: Links, found: Places) -> tuple[Places, Places]:
    """First and last reading around each candidate: near enough, no gap between, and never fewer
    than its two neighbours.
    """
    half_us = cut(readings.param(_of(lambda test: test.window_h * HOUR_US / 2)), found)
    starts = run_starts(~links.is_linked)
    ends = np.append(starts[1:], len(readings.value)) - 1
    stretch = np.searchsorted(starts, found, side="right") - 1
    near = np.floor(half_us).astype(np.int64) if np.ndim(half_us) else int(half_us)
    clock = running_clock(readings)
    first = np.searchsorted(clock, clock[found] - near, side="left")
    last = np.searchsorted(clock, clock[found] + near, side="right") - 1
    first = np.minimum(np.maximum(first, starts[stretch]), found - 1)
    last = np.maximum(np.minimum(last, ends[stretch]), found + 1)
    return first, last


def _median(rows: Floats, count: Places) -> Floats:
    """Median of the ``count`` smallest of each row; the rest of the row is infinite.

    Most windows hold nearly equally many readings, so only the middle columns are put in order.
    """
    lower, upper = (count - 1) // 2, count // 2
    first, last = int(lower.min()), int(upper.max())
    middles = np.sort(np.partition(rows, [first, last], axis=1)[:, first : last + 1], axis=1)
    here = np.arange(len(rows))
    return (middles[here, lower - first] + middles[here, upper - first]) / 2
