"""Decimal years of naive Beijing times.

Source: Hirsch & De Cicco 2015, USGS TM4-A10 (decimal time of daily values); ``rloadest`` 0.4.5 for
its own convention, which is kept for comparison only.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
# ``ecomon``: what is right. ``loadest``: as ``rloadest`` 0.4.5 does it, faults of time, limits and
# far tails included, so that the two can be laid side by side.
Convention = Literal["ecomon", "loadest"]

_DAY = np.timedelta64(1, "D")
_HALF_DAY = np.timedelta64(12, "h")


def decimal_years(time: Times, *, shift: np.timedelta64 | None = None) -> Values:
    """Year + elapsed share of that year, on the true calendar.

    Parameters
    ----------
    time : ndarray of datetime64, shape (n,)
        Instants.
    shift : timedelta64, optional
        Added first; half a day turns the start of a day into its middle.

    Returns
    -------
    ndarray of float64, shape (n,)
        Years.

    Source
    ------
    The calendar: year + (day of year - 0.5)/length of year for the middle of a day.
    """
    moment = time.astype("datetime64[us]")
    if shift is not None:
        moment = moment + shift
    year = moment.astype("datetime64[Y]")
    start = year.astype("datetime64[us]")
    length = (year + 1).astype("datetime64[us]") - start
    return year.astype(np.int64) + 1970.0 + (moment - start) / length


def shift_times(time: Times, shift_s: float) -> Times:
    """Times moved by some seconds.

    Source
    ------
    The calendar.
    """
    moved = time.astype("datetime64[us]").astype(np.int64) + round(shift_s * 1e6)
    return moved.astype("datetime64[us]")


def midday_years(time: Times) -> Values:
    """Decimal years where a stamp at midnight stands for its whole day and is taken at noon.

    Parameters, Returns and Source as :func:`decimal_years`.
    """
    is_midnight = time.astype("datetime64[us]") == time.astype("datetime64[D]").astype(
        "datetime64[us]"
    )
    return np.where(is_midnight, decimal_years(time, shift=_HALF_DAY), decimal_years(time))


def loadest_years(time: Times) -> Values:
    """Decimal years as ``rloadest`` 0.4.5 takes them: a day counts at the midnight that ends it.

    Parameters, Returns as :func:`decimal_years`. Only the pair sine and cosine tells the
    difference; loads do not.

    Source
    ------
    ``rloadest`` 0.4.5, whose noon is added twice.
    """
    return decimal_years(time.astype("datetime64[D]"), shift=_DAY)
