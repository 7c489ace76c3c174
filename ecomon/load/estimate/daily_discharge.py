"""A record of discharge by days, as the models of concentration take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.flux_series import DischargeSeries

Values = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
_DAY_S = 86_400.0
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class DailyDischarge:
    """Daily mean discharge.

    Attributes
    ----------
    day : ndarray of datetime64[D], shape (N,)
        Every day from the first to the last.
    discharge_m3_s : ndarray of float64, shape (N,)
        NaN where less than half of the day is known.
    """

    day: Days
    discharge_m3_s: Values

    def at(self, time: Days) -> Values:
        """Discharge of the day of each time, shape (n,); NaN where there is none."""
        if not len(self.day):
            return np.full(len(time), np.nan)
        place = (time.astype("datetime64[D]") - self.day[0]).astype(np.int64)
        inside = (place >= 0) & (place < len(self.day))
        return np.where(inside, self.discharge_m3_s[np.clip(place, 0, len(self.day) - 1)], np.nan)


def mean_daily_discharge(discharge: DischargeSeries) -> DailyDischarge:
    """Mean of the known steps of each day, by their starts.

    Parameters
    ----------
    discharge : DischargeSeries
        Steps of a day or shorter.

    Source
    ------
    Models of concentration take daily means (EGRET, LOADEST); half a day is a project rule.
    """
    known = ~np.isnan(discharge.discharge_m3_s)
    if not known.any():
        return DailyDischarge(np.empty(0, "datetime64[D]"), np.empty(0))
    number = discharge.time.astype("datetime64[D]").astype(np.int64)
    first, last = int(number[0]), int(number[-1])
    place, n_days = number[known] - first, last - first + 1
    count = np.bincount(place, minlength=n_days)
    total = np.bincount(place, weights=discharge.discharge_m3_s[known], minlength=n_days)
    is_known = count * discharge.step_s >= _LEAST_SHARE * _DAY_S
    mean = np.divide(total, count, out=np.full(n_days, np.nan), where=is_known)
    return DailyDischarge(np.datetime64(first, "D") + np.arange(n_days), mean)
