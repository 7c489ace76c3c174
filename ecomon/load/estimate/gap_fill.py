"""Gaps of a dense record of concentration: a regression on the record's days, bent to the gap's ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.bridge import Bridge, BridgeSamples, sum_variance
from ecomon.load.estimate.case import LoadCase
from ecomon.load.estimate.daily_discharge import DailyDischarge
from ecomon.load.estimate.regression_bridge import (
    bridge_of,
    days_since_epoch,
    memory_of,
    residuals_of,
    sensitivity_of,
)
from ecomon.load.flux import FilledDays
from ecomon.load.flux_series import SampleSeries
from ecomon.load.integration_gaps import FilledGaps, Filler
from ecomon.load.regression.fit import RegressionFit, fit_regression
from ecomon.load.regression.sample import DischargeSteps, LoadSamples

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_LEVEL, _SEASON, _TREND = 1, 4, 7
"""LOADEST's numbers: ln Q alone, with the season, with season and trend."""
_LEAST_DAYS, _LEAST_DAYS_SEASON, _YEAR_D = 10, 30, 365.0


def gap_filler(case: LoadCase, daily: DailyDischarge) -> Filler:
    """How the gaps of a case are filled; nothing is fitted before one is asked for.

    Days with readings are the samples of the regression: readings a few hours apart say little that
    is new, and the residual of a day is what a gap begins and ends with. A gap is reckoned by days.

    Parameters
    ----------
    case : LoadCase
    daily : DailyDischarge
        Of the same discharge.

    Returns
    -------
    Filler
        With a note and no days where the record bears no regression.

    Source
    ------
    loads.md 6.8: up to 14 days regression and AR(1) bridge, longer the regression alone; the limits
    are those of ``thresholds/loads``. A season is taken from a year of record, a trend from two
    (project rule).
    """

    def fill(middle_s: Values, water_m3: Values) -> FilledGaps:
        samples = days_of_record(case.record, daily)
        fit = _fit(samples)
        if not fit.is_fitted:
            return FilledGaps.lacking(
                f"浓度缺测处按其余水量的加权平均：{fit.reason} / gaps at the weighted mean of the rest"
            )
        gaps = _Gaps.of(case, middle_s, water_m3)
        return _fill(case, fit, gaps)

    return fill


def days_of_record(record: SampleSeries, daily: DailyDischarge) -> LoadSamples:
    """Daily means of a record at the mean time of their readings, with the day's discharge.

    Values below detection make a mean that lies between those with zero and with the limit.

    Source
    ------
    Project rule; interval-censored means as in loads.md 6.3.
    """
    day = record.time.astype("datetime64[D]")
    days, place, count = np.unique(day, return_inverse=True, return_counts=True)
    value = record.concentration_mg_l
    upper = np.bincount(place, weights=value) / count
    below = np.bincount(place, weights=np.where(record.is_censored, value, 0.0)) / count
    has_censored = np.bincount(place, weights=record.is_censored) > 0
    since = (record.time - days[place]).astype("timedelta64[us]").astype(np.float64)
    middle = np.bincount(place, weights=since) / count
    time = days.astype("datetime64[us]") + middle.astype(np.int64).astype("timedelta64[us]")
    lower = np.where(has_censored, np.maximum(upper - below, 0.0), upper)
    all_censored = np.bincount(place, weights=~record.is_censored) == 0
    return LoadSamples(time, daily.at(days), np.where(all_censored, 0.0, lower), upper)


def _fit(samples: LoadSamples) -> RegressionFit:
    known = samples.take(samples.discharge_m3_s > 0)
    n = len(known.time)
    span_d = float((known.time[-1] - known.time[0]) / np.timedelta64(1, "D")) if n else 0.0
    model = _LEVEL
    if n >= _LEAST_DAYS_SEASON and span_d >= _YEAR_D - 1:
        model = _TREND if span_d >= 2 * _YEAR_D - 1 else _SEASON
    if n < _LEAST_DAYS:
        known = known.take(np.zeros(n, dtype=bool))
    return fit_regression(known, model, method="mle", response="concentration")


@dataclass(frozen=True, slots=True)
class _Gaps:
    """The days of the gaps, one for each gap that touches it, and to which each segment belongs."""

    of_segment: npt.NDArray[np.intp]
    time: npt.NDArray[np.datetime64]
    discharge_m3_s: Values
    water_m3: Values
    is_short: Mask

    @classmethod
    def of(cls, case: LoadCase, middle_s: Values, water_m3: Values) -> _Gaps:
        start = np.datetime64(case.period.start, "us")
        at = start + (middle_s * 1e6).astype(np.int64).astype("timedelta64[us]")
        # A bound of the period ends a gap that no reading ends.
        end = np.datetime64(case.period.end, "us")
        ends = np.concatenate([[start], case.record.time, [end]])
        after = np.searchsorted(case.record.time, at)
        length = np.maximum(ends[after + 1], at) - np.minimum(ends[after], at)
        short = length <= np.timedelta64(round(case.rules.model.max_bridged_gap_h * 3600), "s")
        day = at.astype("datetime64[D]").astype(np.int64)
        keys = np.column_stack([after, day])
        _, of_segment = np.unique(keys, axis=0, return_inverse=True)
        of_segment = of_segment.reshape(-1)
        n = np.bincount(of_segment)
        time = np.bincount(of_segment, weights=middle_s) / n
        discharge = case.discharge.at(at)
        known = np.where(discharge > 0, discharge, 0.0)
        q = np.bincount(of_segment, weights=known) / n
        return cls(
            of_segment,
            start + (time * 1e6).astype(np.int64).astype("timedelta64[us]"),
            q,
            np.bincount(of_segment, weights=water_m3).astype(np.float64),
            np.bincount(of_segment, weights=short) > 0,
        )

    def steps(self, chosen: Mask, least_m3_s: float) -> DischargeSteps:
        """Days as steps; one without water, which weighs nothing, has the least discharge sampled."""
        q = self.discharge_m3_s[chosen]
        return DischargeSteps(self.time[chosen], np.where(q > 0, q, least_m3_s))


def _fill(case: LoadCase, fit: RegressionFit, gaps: _Gaps) -> FilledGaps:
    knots = residuals_of(fit, days_since_epoch(fit.samples.time))
    rho = memory_of(knots, case.rules.model.ar1_per_day).rho
    none = knots.take(np.zeros(len(knots.time_d), dtype=bool))
    conc = np.full(len(gaps.time), np.nan)
    variance, gradient = 0.0, np.zeros(fit.n_parameters)
    for chosen, ends in ((gaps.is_short, knots), (~gaps.is_short, none)):
        if not chosen.any():
            continue
        bridge, own, slope = _bend(fit, gaps, chosen, ends, rho)
        conc[chosen] = bridge.conc_mg_l
        variance, gradient = variance + own, gradient + slope
    p = fit.n_parameters
    variance += float(gradient @ fit.covariance[:p, :p] @ gradient)
    days = FilledDays(gaps.time.astype("datetime64[D]"), conc, gaps.is_short)
    return FilledGaps(conc[gaps.of_segment], float(np.sqrt(variance)), days, _note(case, gaps))


def _bend(
    fit: RegressionFit, gaps: _Gaps, chosen: Mask, ends: BridgeSamples, rho: float
) -> tuple[Bridge, float, Values]:
    """The bridge over some days, its variance in g2, and the gradient of their load in g."""
    steps = gaps.steps(chosen, float(fit.samples.discharge_m3_s.min()))
    water = gaps.water_m3[chosen]
    bridge = bridge_of(fit, steps, days_since_epoch(steps.time), ends, rho=rho)
    own = float(sum_variance(bridge, water, np.zeros(len(water), dtype=np.int64))[0])
    return bridge, own, sensitivity_of(fit, bridge, steps, bridge.conc_mg_l * water)


def _note(case: LoadCase, gaps: _Gaps) -> str:
    line_h, bridge_h = case.rules.model.max_linear_gap_h, case.rules.model.max_bridged_gap_h
    notes = [
        f"浓度缺测超过 {line_h:g} h 的 {int(gaps.is_short.sum())} 天由回归＋AR(1)桥补"
        " / days in gaps of concentration filled by regression and bridge"
    ]
    if not gaps.is_short.any():
        notes = []
    n_long = int((~gaps.is_short).sum())
    if n_long:
        notes.append(
            f"缺测超过 {bridge_h / 24:g} d 的 {n_long} 天仅由回归补，存疑"
            " / days in longer gaps by the regression alone: doubtful"
        )
    return "；".join(notes)
