"""The daily series that stands beside a load: concentration, discharge, load, band, what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.estimate.case import LoadCase, middles_of
from ecomon.load.estimate.daily_discharge import mean_daily_discharge
from ecomon.load.estimate.model_run import ModelRun
from ecomon.load.flux import FilledDays, LoadEstimate, seconds_from
from ecomon.load.flux_series import MEASURED, DischargeSeries, SampleSeries

Values = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

DAY_MEASURED, DAY_INTERPOLATED, DAY_BRIDGED, DAY_MODELLED, DAY_DISCHARGE_FILLED, DAY_MISSING = range(6)  # fmt: skip
DAY_MEANINGS = (
    "measured",
    "concentration_interpolated",
    "concentration_bridged",
    "concentration_modelled",
    "discharge_filled",
    "missing",
)
"""What a day rests on, by code: in the order of how much of it is not measured."""
_G_PER_T = 1e6
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class DailyLoads:
    """Days of a period.

    Attributes
    ----------
    day : ndarray of datetime64[us], shape (N,)
        Every day the period touches.
    concentration_mg_l, discharge_m3_s, load_t_d, lower, upper : ndarray of float64, shape (N,)
        Discharge-weighted concentration; load t/d with its 95 % band. NaN: not known. The load of
        a day that a bound of the period cuts is that of its part inside.
    status : ndarray of int8, shape (N,)
        Place in ``DAY_MEANINGS``.
    """

    day: Days
    concentration_mg_l: Values
    discharge_m3_s: Values
    load_t_d: Values
    lower: Values
    upper: Values
    status: npt.NDArray[np.int8]


def days_of_case(case: LoadCase, estimate: LoadEstimate, model: ModelRun | None) -> DailyLoads:
    """The daily series of the best estimate.

    Of a model: its own days. Of a method that speaks of the whole period alone: concentration by
    straight lines between the samples, and in the gaps of a dense record what filled them, scaled so
    that the days sum to the estimate; the band is the estimate's own relative error, at the least.

    Parameters
    ----------
    case : LoadCase
    estimate : LoadEstimate
        The best one; without a number the loads of the days are those of the lines, unscaled.
    model : ModelRun or None
        Where the best estimate is a model's.

    Source
    ------
    Project rule: every filled step is flagged and the days add up to what the table says.
    """
    if model is not None and len(model.day):
        return _of_model(case, model)
    return _of_lines(case, estimate)


def _days(case: LoadCase) -> Days:
    first = np.datetime64(case.period.start, "D")
    last = np.datetime64(case.period.end, "us") - np.timedelta64(1, "us")
    return np.arange(first, last.astype("datetime64[D]") + 1)


def _of_model(case: LoadCase, model: ModelRun) -> DailyLoads:
    days = _days(case)
    n = len(days)
    place = (model.day - days[0]).astype(np.int64)

    def scatter(values: Values) -> Values:
        filled = np.full(n, np.nan)
        filled[place] = values
        return filled

    discharge = mean_daily_discharge(case.discharge)
    q = discharge.at(days)
    load = scatter(model.day_load_t)
    status = np.where(np.isnan(load), DAY_MISSING, DAY_MODELLED).astype(np.int8)
    status[place[model.is_sampled]] = DAY_MEASURED
    dry = q == 0
    status[dry] = DAY_MEASURED
    lower, upper = scatter(model.lower_t), scatter(model.upper_t)
    for values in (load, lower, upper):
        values[dry] = 0.0
    return DailyLoads(
        days.astype("datetime64[us]"), scatter(model.concentration_mg_l), q, load, lower, upper, status
    )  # fmt: skip


def _of_lines(case: LoadCase, estimate: LoadEstimate) -> DailyLoads:
    days = _days(case)
    n = len(days)
    number, weight_s, q, c, is_far, is_near = _steps(case, days[0])
    is_bridged = np.zeros(len(c), dtype=bool)
    if estimate.filled is not None:
        c, is_bridged, is_far = _with_filled(case, estimate.filled, c)
    known = ~np.isnan(q) & (weight_s > 0)
    water = np.bincount(number[known], weights=(q * weight_s)[known], minlength=n)
    seconds = np.bincount(number[known], weights=weight_s[known], minlength=n)
    both = known & ~np.isnan(c)
    mass = np.bincount(number[both], weights=(c * q * weight_s)[both], minlength=n)
    has_load = np.bincount(number[both], minlength=n) > 0
    load = np.where(has_load, mass / _G_PER_T, np.nan)
    discharge = np.divide(water, seconds, out=np.full(n, np.nan), where=seconds > 0)
    concentration = np.divide(mass, water, out=np.full(n, np.nan), where=has_load & (water > 0))
    total = float(np.nansum(load))
    scale = estimate.load_t / total if np.isfinite(estimate.load_t) and total > 0 else 1.0
    relative = estimate.standard_error_t / estimate.load_t if estimate.load_t > 0 else float("nan")
    width = 1.96 * (relative if np.isfinite(relative) else 0.0)
    load = load * scale
    filled = known & (case.discharge.fill != MEASURED)
    status = np.full(n, DAY_MISSING, dtype=np.int8)
    status[has_load] = DAY_MEASURED
    codes = (
        (~is_near, DAY_INTERPOLATED),
        (is_bridged, DAY_BRIDGED),
        (is_far, DAY_MODELLED),
        (filled, DAY_DISCHARGE_FILLED),
    )
    for mask, code in codes:
        is_such = np.bincount(number[both & mask], minlength=n) > 0
        status[is_such & has_load] = np.maximum(status[is_such & has_load], code)
    has_band = np.isfinite(relative)
    lower = np.maximum(0.0, load * (1 - width)) if has_band else np.full(n, np.nan)
    upper = load * (1 + width) if has_band else np.full(n, np.nan)
    return DailyLoads(
        days.astype("datetime64[us]"), concentration, discharge, load, lower, upper, status
    )


def _with_filled(
    case: LoadCase, filled: FilledDays, c: Values
) -> tuple[Values, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Concentrations with those of the gaps put in, and which steps are bridged, and modelled alone."""
    at = middles_of(case.discharge)
    limit = np.timedelta64(round(case.rules.model.max_linear_gap_h * 3600), "s")
    readings = case.record.time
    after = np.searchsorted(readings, at)
    before, last = np.maximum(after - 1, 0), np.minimum(after, len(readings) - 1)
    # Beyond the readings a value is held for half of what two readings are joined over.
    reach = 2 * np.maximum(readings[last] - at, at - readings[before])
    is_between = (after > 0) & (after < len(readings))
    in_gap = np.where(is_between, readings[last] - readings[before], reach) > limit
    days, place = np.unique(filled.day, return_index=True)
    of_day = at.astype("datetime64[D]")
    found = np.minimum(np.searchsorted(days, of_day), len(days) - 1)
    in_gap &= days[found] == of_day
    of_step = place[found]
    c = np.where(in_gap, filled.concentration_mg_l[of_step], c)
    is_bridged = in_gap & filled.is_bridged[of_step]
    return c, is_bridged, in_gap & ~is_bridged


def _steps(
    case: LoadCase, first_day: np.datetime64
) -> tuple[npt.NDArray[np.int64], Values, Values, Values, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:  # fmt: skip
    """Of each step: day number, seconds in the period, discharge, concentration, far from and near a sample."""
    discharge: DischargeSeries = case.discharge
    record: SampleSeries = case.record.with_censored(case.rules.model.censored_share_of_limit)
    weight_s = discharge.weights_s(case.period)
    number = np.maximum((discharge.time.astype("datetime64[D]") - first_day).astype(np.int64), 0)
    number = np.where(weight_s > 0, number, 0)
    at_s = seconds_from(case.period.start, middles_of(discharge))
    if not len(record.time):
        none = np.full(len(at_s), np.nan)
        no = np.zeros(len(at_s), dtype=bool)
        return number, weight_s, discharge.discharge_m3_s, none, no, no
    sample_s = seconds_from(case.period.start, record.time)
    c = np.interp(at_s, sample_s, record.concentration_mg_l)
    after = np.clip(np.searchsorted(sample_s, at_s), 0, len(sample_s) - 1)
    before = np.clip(after - 1, 0, len(sample_s) - 1)
    apart = np.minimum(np.abs(sample_s[after] - at_s), np.abs(at_s - sample_s[before]))
    near = apart <= case.rules.model.valid_step_h * 3600 / 2 + discharge.step_s / 2
    far = apart > case.rules.model.max_linear_gap_h * 3600
    return number, weight_s, discharge.discharge_m3_s, c, far, near
