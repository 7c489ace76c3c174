"""How much of a period is known: share of its time, and share of the water that passed in it.

A sample speaks for the time around it, up to half the *maximum valid step* on either side and never
beyond the middle to its neighbour. So samples no farther apart than that step cover all between
them, and a longer gap is covered at its ends only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecomon.load.flux import Floats, seconds_from
from ecomon.load.flux_series import MEASURED, DischargeSeries, SampleSeries
from ecomon.model.period import Period


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of a period, 0..1.

    Attributes
    ----------
    time : float
        Of its time: with a valid concentration and a measured discharge.
    volume : float
        Of its volume; NaN where no discharge is known. What missing steps carried is taken to be
        what the known ones did on average.
    concentration_time : float
        Of its time: with a valid concentration, whatever the discharge.
    discharge_time, discharge_filled : float
        Of its time: with a measured, and with a filled discharge.
    """

    time: float
    volume: float
    concentration_time: float
    discharge_time: float
    discharge_filled: float


def measure_coverage(
    samples: SampleSeries, discharge: DischargeSeries, period: Period, *, max_step_s: float
) -> Coverage:
    """Coverage of a period by samples and discharges, of any step: hours or days.

    Parameters
    ----------
    samples : SampleSeries
        Those just outside the period count for the part of it they reach.
    discharge : DischargeSeries
        Filled or not; filled steps weigh in the volume and count as not covered.
    period : Period
    max_step_s : float
        Longest time between two samples over which a concentration is held to be known, s.

    Source
    ------
    reference/loads.md 6.8: report per cent of time and of *volume* with valid C.
    """
    sample_s = seconds_from(period.start, samples.time)
    step_s = seconds_from(period.start, discharge.time)
    begins, ends = np.clip(step_s, 0, None), np.clip(step_s + discharge.step_s, 0, period.seconds)
    weight_s = np.clip(ends - begins, 0, None)
    ends = np.maximum(begins, ends)
    covered_s = covered_seconds(sample_s, begins, ends, max_step_s=max_step_s)
    known = ~np.isnan(discharge.discharge_m3_s) & (weight_s > 0)
    measured = known & (discharge.fill == MEASURED)
    water = np.abs(np.where(known, discharge.discharge_m3_s, 0.0))
    volume_m3 = float((water * weight_s).sum())
    total_s = float(period.seconds)
    if known.any():
        volume_m3 *= total_s / float(weight_s[known].sum())
    covered_m3 = float((water * covered_s)[measured].sum())
    alone = covered_seconds(sample_s, np.zeros(1), np.array([total_s]), max_step_s=max_step_s)
    return Coverage(
        time=float(covered_s[measured].sum()) / total_s,
        volume=covered_m3 / volume_m3 if volume_m3 > 0 else float("nan"),
        concentration_time=float(alone[0]) / total_s,
        discharge_time=float(weight_s[measured].sum()) / total_s,
        discharge_filled=float(weight_s[known & ~measured].sum()) / total_s,
    )


def covered_seconds(
    sample_s: Floats, begins_s: Floats, ends_s: Floats, *, max_step_s: float
) -> Floats:
    """Seconds of each interval for which some sample speaks.

    Parameters
    ----------
    sample_s : ndarray of float64, shape (n,)
        Times of the samples, rising, s from any origin.
    begins_s, ends_s : ndarray of float64, shape (N,)
        The intervals, from the same origin.
    max_step_s : float

    Returns
    -------
    ndarray of float64, shape (N,)

    Source
    ------
    Project rule (module's text); half the step on either side.
    """
    if not sample_s.size:
        return np.zeros(len(begins_s))
    half = max_step_s / 2
    middle = (sample_s[1:] + sample_s[:-1]) / 2
    left = np.maximum(sample_s - half, np.concatenate([[-np.inf], middle]))
    right = np.minimum(sample_s + half, np.concatenate([middle, [np.inf]]))
    bounds = np.column_stack([left, right]).ravel()
    until = np.column_stack([np.zeros(len(left)), right - left]).ravel()
    until = np.cumsum(until)
    return np.interp(ends_s, bounds, until) - np.interp(begins_s, bounds, until)
