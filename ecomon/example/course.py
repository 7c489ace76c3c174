"""Time axes and random courses that the simulated subjects share."""

from __future__ import annotations

import zlib
from datetime import datetime

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_banded

from ecomon.errors import ContractError
from ecomon.model.period import Period

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

LEAD_H = 150 * 24
"""Hours simulated before the period, so that reservoirs and departures have forgotten their start."""


def hours_of(period: Period, *, lead_h: int = 0) -> Times:
    """Whole hours of a period as naive Beijing ``datetime64[us]``, with ``lead_h`` hours before it.

    Raises
    ------
    ContractError
        where the period does not run from midnight to midnight.
    """
    for bound in (period.start, period.end):
        if bound != datetime(bound.year, bound.month, bound.day):
            raise ContractError(f"the example basin is simulated by whole days, not from {bound}")
    start = np.datetime64(period.start, "h") - np.timedelta64(lead_h, "h")
    return np.arange(start, np.datetime64(period.end, "h")).astype("datetime64[us]")


def stream(seed: int, subject: str) -> np.random.Generator:
    """A random stream of its own for each subject: one subject's draws never move another's."""
    return np.random.default_rng([seed, zlib.crc32(subject.encode("utf-8"))])


def autoregression(white: Array, memory_h: float) -> Array:
    """AR(1) of unit variance from hourly white noise along the last axis; correlation falls to 1/e
    in ``memory_h``.
    """
    keep = float(np.exp(-1.0 / memory_h))
    return _recursion(float(np.sqrt(1.0 - keep * keep)), keep, white)


def reservoir(inflow: Array, residence_h: float, *, before: float = 0.0) -> Array:
    """Outflow of a linear reservoir of unit gain (hourly steps, last axis is time).

    ``before`` is the outflow of the hour before the first.
    Source: Nash (1957), The form of the instantaneous unit hydrograph; two in a row make a flood.
    """
    keep = float(np.exp(-1.0 / residence_h))
    return _recursion(1.0 - keep, keep, inflow, before)


def _recursion(gain: float, keep: float, series: Array, before: float = 0.0) -> Array:
    """y(t) = gain x(t) + keep y(t-1) along the last axis, as the banded system it is.

    scipy.signal would say it in a word, and costs 60 MB to import.
    """
    n_steps = series.shape[-1]
    bands = np.vstack([np.ones(n_steps), np.full(n_steps, -keep)])
    columns = gain * series.reshape(-1, n_steps).T
    columns[0] += keep * before
    return solve_banded((1, 0), bands, columns).T.reshape(series.shape)


def day_of_year(hours: Times) -> Array:
    """Days since the first of January, with the hour as a fraction."""
    return (hours - hours.astype("datetime64[Y]")).astype("timedelta64[h]").astype(float) / 24.0


def hour_of_day(hours: Times) -> Array:
    """Hours since midnight."""
    return (hours - hours.astype("datetime64[D]")).astype("timedelta64[h]").astype(float)


def yearly_wave(hours: Times, peak_day: float) -> Array:
    """Cosine of one year that is 1 on ``peak_day``."""
    return np.cos(2.0 * np.pi * (day_of_year(hours) - peak_day) / 365.25)


def daily_wave(hours: Times, peak_hour: float) -> Array:
    """Cosine of one day that is 1 at ``peak_hour``."""
    return np.cos(2.0 * np.pi * (hour_of_day(hours) - peak_hour) / 24.0)


def shifted(course: Array, steps: int) -> Array:
    """The course ``steps`` later (earlier where negative), the ends held; last axis is time."""
    index = np.clip(np.arange(course.shape[-1]) - steps, 0, course.shape[-1] - 1)
    return course[..., index]
