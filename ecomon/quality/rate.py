"""Change per hour from one reading to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.model.flag import Flag
from ecomon.quality.limits import untested
from ecomon.quality.rules import Checks
from ecomon.quality.series import HOUR_US, Levels, Links, Param, Places, Readings, cut


def find_fast_changes(readings: Readings, links: Links) -> Levels | None:
    """Rate-of-change test, rise and fall apart (QARTOD rate of change; Delft-FEWS rise and fall).

    The reading that the change arrives at is flagged, except where it only returns from a single
    reading that had left: then that one was flagged and the return is no fault.

    Parameters
    ----------
    readings : Readings, shape (reading,)
        finite values, one per time of a series
    links : Links
        no change is judged across a gap

    Returns
    -------
    ndarray of int8, shape (reading,), or None where no reading has a rate test
    """
    levels = untested(readings, lambda found: found.rate)
    if levels is None:
        return None
    levels[:1] = Flag.NOT_EVALUATED
    levels[1:][~links.is_linked] = Flag.NOT_EVALUATED
    for level, name in ((Flag.SUSPECT, "suspect"), (Flag.FAIL, "fail")):
        levels[_arrivals(readings, links, name)] = level
    return levels


def _arrivals(readings: Readings, links: Links, level: str) -> Places:
    """Readings that a change over the limit arrives at."""
    rise, fall = (readings.param(_limit(f"{level}_{way}_per_h")) for way in ("rise", "fall"))
    if np.all(np.isnan(rise)) and np.all(np.isnan(fall)):
        return np.empty(0, dtype=np.intp)
    limits = _Limits(rise, fall)
    sense = limits.sense(readings, slice(None, -1), slice(1, None))
    arrived = np.flatnonzero((sense != 0) & links.is_linked) + 1
    far = np.maximum(arrived - 2, 0)
    has_left = (arrived >= 2) & links.is_linked[far] & (sense[far] == -sense[arrived - 1])
    is_return = has_left & (limits.sense(readings, far, arrived) == 0)
    return arrived[~is_return]


@dataclass(frozen=True, slots=True)
class _Limits:
    """Largest rise and fall per hour of each reading."""

    rise: Param
    fall: Param

    def sense(
        self, readings: Readings, before: slice | Places, after: slice | Places
    ) -> npt.NDArray[np.int8]:
        """+1 where the rise from one reading to the other is over the limit, -1 where the fall is."""
        change = readings.value[after] - readings.value[before]
        hours = (readings.time_us[after] - readings.time_us[before]) / HOUR_US
        is_rise = change > cut(self.rise, after) * hours
        is_fall = -change > cut(self.fall, after) * hours
        return is_rise.astype(np.int8) - is_fall.astype(np.int8)


def _limit(name: str) -> Callable[[Checks], float | None]:
    return lambda found: None if found.rate is None else getattr(found.rate, name)
