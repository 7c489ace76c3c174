"""The same value for too long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ecomon.model.codes import run_starts
from ecomon.model.flag import Flag
from ecomon.quality.limits import untested
from ecomon.quality.rules import Checks, FlatRun
from ecomon.quality.series import (
    HOUR_US,
    Floats,
    Levels,
    Links,
    Mask,
    Places,
    Readings,
    cut,
    running_clock,
)


def find_flat_lines(readings: Readings, links: Links, is_censored: Mask | None) -> Levels | None:
    """Flat-line test over time (project rule R6; QARTOD flat line test, but both ways).

    Every reading of a stretch of time is flagged over which the values stay within the tolerance,
    from the lowest to the highest. Values at the detection limit and censored ones are never
    flat and end a stretch.

    Parameters
    ----------
    readings : Readings, shape (reading,)
        finite values, one per time of a series
    links : Links
        no stretch goes over a gap
    is_censored : ndarray of bool, shape (reading,), or None for none

    Returns
    -------
    ndarray of int8, shape (reading,), or None where no reading has a flat-line test
        NOT_EVALUATED where the readings between two gaps do not last as long as a flat line.
    """
    levels = untested(readings, lambda found: found.flat_line)
    if levels is None:
        return None
    starts, ends = _runs(links.is_linked, len(readings.value))
    is_long = _is_long(readings, starts, ends, _suspect)
    levels[np.repeat(~is_long, ends - starts + 1)] = Flag.NOT_EVALUATED
    is_same = _is_same(readings, links, is_censored)
    starts, ends = _runs_of(is_same)
    for level, of in ((Flag.SUSPECT, _suspect), (Flag.FAIL, _fail)):
        is_long = _is_long(readings, starts, ends, of)
        levels[_flat(readings, starts[is_long], ends[is_long], of)] = level
    return levels


Pick = Callable[[Checks], FlatRun | None]


def _suspect(found: Checks) -> FlatRun | None:
    return found.flat_line.suspect if found.flat_line else None


def _fail(found: Checks) -> FlatRun | None:
    return found.flat_line.fail if found.flat_line else None


def _span_us(readings: Readings, of: Pick, where: Places) -> Floats | float:
    def said(found: Checks) -> float | None:
        run = of(found)
        return None if run is None else run.span_h * HOUR_US

    return cut(readings.param(said), where)


def _least(readings: Readings, of: Pick, where: Places) -> Floats | float:
    def said(found: Checks) -> float | None:
        run = of(found)
        return None if run is None else run.n_readings

    return cut(readings.param(said), where)


def _tolerance(readings: Readings) -> Floats | float:
    return readings.param(lambda found: found.flat_line.tolerance if found.flat_line else None)


def _is_same(readings: Readings, links: Links, is_censored: Mask | None) -> Mask:
    """Reading i + 1 repeats reading i, and neither is at the limit of detection."""
    tolerance = cut(_tolerance(readings), slice(1, None))
    is_same = links.is_linked & (np.abs(np.diff(readings.value)) <= tolerance)
    lowest = readings.param(lambda found: found.detection_limit)
    is_out = readings.value <= lowest
    if is_censored is not None:
        is_out |= is_censored
    return is_same & ~(is_out[1:] | is_out[:-1])


def _runs(goes_on: Mask, count: int) -> tuple[Places, Places]:
    """First and last of the runs into which ``count`` readings fall, runs of one included."""
    starts = run_starts(~goes_on)[:count]
    return starts, np.append(starts[1:], count)[: len(starts)] - 1


def _runs_of(goes_on: Mask) -> tuple[Places, Places]:
    """First and last of the runs of two and more."""
    steps = np.flatnonzero(goes_on)
    heads = run_starts(np.diff(steps) > 1)[: len(steps)]
    return steps[heads], steps[np.append(heads[1:], len(steps))[: len(heads)] - 1] + 1


def _is_long(readings: Readings, starts: Places, ends: Places, of: Pick) -> Mask:
    lasts = readings.time_us[ends] - readings.time_us[starts]
    is_many = ends - starts + 1 >= _least(readings, of, starts)
    return is_many & (lasts >= _span_us(readings, of, starts))


def _flat(readings: Readings, starts: Places, ends: Places, of: Pick) -> Places:
    """Readings of flat stretches within runs whose neighbours are alike."""
    if not len(starts):
        return starts
    is_whole = _range(readings.value, starts, ends) <= cut(_tolerance(readings), starts)
    whole = _spread(starts[is_whole], ends[is_whole])
    if is_whole.all():
        return whole
    first, last = _windows(readings, starts[~is_whole], ends[~is_whole], of)
    is_flat = _range(readings.value, first, last) <= cut(_tolerance(readings), first)
    opened = np.bincount(first[is_flat], minlength=len(readings.value) + 1)
    closed = np.bincount(last[is_flat] + 1, minlength=len(readings.value) + 1)
    return np.append(whole, np.flatnonzero(np.cumsum(opened - closed) > 0))


def _windows(readings: Readings, starts: Places, ends: Places, of: Pick) -> tuple[Places, Places]:
    """The shortest stretches long enough to be flat that begin, and that end, at each reading.

    A slow drift is a run whose neighbours are alike and that is nowhere flat, so such a run is
    looked at piece by piece. Any flat stretch is covered by these shortest ones.
    """
    here = _spread(starts, ends)
    begin, end = (np.repeat(side, ends - starts + 1) for side in (starts, ends))
    clock = running_clock(readings)
    span = np.ceil(_span_us(readings, of, here)).astype(np.int64)
    least = np.asarray(_least(readings, of, here), dtype=np.int64) - 1
    after = np.searchsorted(clock, clock[here] + span, side="left")
    before = np.searchsorted(clock, clock[here] - span, side="right") - 1
    last, first = np.maximum(after, here + least), np.minimum(before, here - least)
    forward, backward = last <= end, first >= begin
    return (
        np.append(here[forward], first[backward]),
        np.append(last[forward], here[backward]),
    )


def _spread(starts: Places, ends: Places) -> Places:
    """All places from each start to its end."""
    lengths = ends - starts + 1
    offsets = starts - np.append(0, np.cumsum(lengths)[:-1])[: len(starts)]
    return np.repeat(offsets, lengths) + np.arange(lengths.sum())


def _range(value: Floats, first: Places, last: Places) -> Floats:
    """Highest less lowest value from each first to its last."""
    if not len(first):
        return np.empty(0)
    padded = np.append(value, 0.0)
    bounds = np.stack([first, last + 1], axis=1).ravel()
    return (np.maximum.reduceat(padded, bounds) - np.minimum.reduceat(padded, bounds))[::2]
