"""Regression of concentration on discharge, time and season, with and without the AR(1) bridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from ecomon.load.bridge import Bridge, sum_variance
from ecomon.load.bridge.composite import correct_by_interpolation
from ecomon.load.bridge.memory import Memory
from ecomon.load.estimate.case import LoadCase
from ecomon.load.estimate.daily_discharge import DailyDischarge
from ecomon.load.estimate.model_run import ModelRun
from ecomon.load.estimate.regression_bridge import (
    bridge_of,
    memory_of,
    residuals_of,
    sensitivity_of,
)
from ecomon.load.regression.fit import Method, RegressionFit, fit_regression
from ecomon.load.regression.period_sum import PeriodRules, period_load
from ecomon.load.regression.predict import lognormal_limits, predict_loads
from ecomon.load.regression.sample import DischargeSteps, LoadSamples

Values = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
_TO_T_D = 0.0864
"""t/d of one g/s."""
_FIVE, _SEVEN = 7, 9
"""LOADEST's numbers of the models with five and with seven parameters."""
_CURVE_POINTS = 60


@dataclass(frozen=True, slots=True)
class PeriodDays:
    """Days of a period with water, and the share of each that lies in the period.

    ``scale`` takes the sum over known days to the period, where days have no discharge.
    """

    day: Days
    discharge_m3_s: Values
    share: Values
    scale: float

    @classmethod
    def of(cls, case: LoadCase, daily: DailyDischarge) -> PeriodDays:
        start, end = np.datetime64(case.period.start, "us"), np.datetime64(case.period.end, "us")
        last = (end - np.timedelta64(1, "us")).astype("datetime64[D]")
        day = np.arange(start.astype("datetime64[D]"), last + 1)
        begins = day.astype("datetime64[us]")
        inside = np.minimum(begins + np.timedelta64(86_400_000_000, "us"), end)
        share = (inside - np.maximum(begins, start)).astype(np.int64) / 86_400e6
        q = daily.at(day)
        known = np.isfinite(q)
        scale = float(share.sum() / share[known].sum()) if known.any() else float("nan")
        wet = q > 0
        return cls(day[wet], q[wet], share[wet], scale)

    @property
    def steps(self) -> DischargeSteps:
        """The days as the regression takes them."""
        return DischargeSteps(self.day.astype("datetime64[us]"), self.discharge_m3_s)


def run_bridge(case: LoadCase, daily: DailyDischarge) -> ModelRun:
    """Five-parameter regression (seven where AIC is lower), its residuals carried between samples.

    Parameters
    ----------
    case : LoadCase
    daily : DailyDischarge

    Returns
    -------
    ModelRun
        The error holds the bridge's own variance and, by the delta method, that of the
        coefficients: what a sample pins down no longer depends on them.

    Source
    ------
    loads.md 6.6 and 7; Cohn et al. 1992 (model); Zhang & Hirsch 2019 (AR(1) of residuals).
    """
    return _run_bent(case, daily, is_composite=False)


def run_composite(case: LoadCase, daily: DailyDischarge) -> ModelRun:
    """The same regression, its residuals drawn as straight lines between the samples.

    A residual below detection counts with its mean below the limit. The error is the bridge's: a
    line states none of its own.

    Source
    ------
    Aulenbach & Hooper 2006, Hydrol. Process. 20; Appling, Leon & McDowell 2015, Ecosphere 6(12).
    """
    return _run_bent(case, daily, is_composite=True)


def _run_bent(case: LoadCase, daily: DailyDischarge, *, is_composite: bool) -> ModelRun:
    name = "composite" if is_composite else "bridge"
    days = PeriodDays.of(case, daily)
    samples = _samples(case, daily)
    fits = [fit_regression(samples, model, response="concentration") for model in (_FIVE, _SEVEN)]
    fitted = [one for one in fits if one.is_fitted]
    if not fitted or not len(days.day):
        lack = fits[0].reason or "时段内无流量 / no discharge in the period"
        return ModelRun(name, lack=lack)
    fit = min(fitted, key=lambda one: one.aic)
    knots = residuals_of(fit, _noon(fit.samples.time))
    memory = memory_of(knots, case.rules.model.ar1_per_day)
    bridge = bridge_of(fit, days.steps, _noon(days.day), knots, rho=memory.rho)
    conc = _composite(fit, bridge) if is_composite else bridge.conc_mg_l
    to_t = days.discharge_m3_s * days.share * _TO_T_D * days.scale
    own = float(sum_variance(bridge, to_t, np.zeros(len(to_t), dtype=np.int64))[0])
    gradient = sensitivity_of(fit, bridge, days.steps, bridge.conc_mg_l * to_t)
    p = fit.n_parameters
    parameters = float(gradient @ fit.covariance[:p, :p] @ gradient)
    day_load = conc * days.discharge_m3_s * days.share * _TO_T_D
    spread = np.sqrt(np.expm1(bridge.log_sd**2 * bridge.variance))
    lower, upper = lognormal_limits(day_load, day_load * spread, None)
    return ModelRun(
        name,
        load_t=float(day_load.sum()) * days.scale,
        standard_error_t=float(np.sqrt(own + parameters)),
        day=days.day,
        discharge_m3_s=days.discharge_m3_s,
        concentration_mg_l=conc,
        day_load_t=day_load,
        lower_t=lower,
        upper_t=upper,
        is_sampled=np.isin(days.day, fit.samples.time.astype("datetime64[D]")),
        note=_note(fit, memory),
        **_at_samples(fit),
        **_curve(fit, days),
    )


def _note(fit: RegressionFit, memory: Memory) -> str:
    n = "七" if len(fit.design.terms) > 4 else "五"
    origin = "由样品估计 estimated" if memory.is_estimated else "规则给定 by rule"
    return (
        f"{n}参数（AIC），ρ={memory.rho:.2g}/d（{origin}） / {fit.n_parameters} coefficients by AIC"
    )


def _composite(fit: RegressionFit, bridge: Bridge) -> Values:
    """Means of the regression x the residuals on straight lines through the samples."""
    knots = bridge.samples
    centre = knots.upper.copy()
    open_below = ~knots.is_exact & np.isneginf(knots.lower)
    bound = knots.upper[open_below]
    # Mean of a standard normal below a bound: -phi/Phi.
    centre[open_below] = -np.exp(-(bound**2) / 2 - log_ndtr(bound)) / np.sqrt(2 * np.pi)
    mean = np.exp(bridge.log_mean + fit.variance / 2)
    residual = centre * np.sqrt(fit.variance) - fit.variance / 2
    return correct_by_interpolation(bridge.time_d, mean, (knots.time_d, residual))


def run_regression(case: LoadCase, daily: DailyDischarge) -> ModelRun:
    """Seven-parameter regression of load, free of the bias of going back from logarithms (AMLE).

    Source
    ------
    Cohn et al. 1992; Runkel, Crawford & Cohn 2004; error of the sum with AR(1) residuals loads.md 6.5.
    """
    return _run_rating(case, daily, "amle", "regression_7")


def run_smearing(case: LoadCase, daily: DailyDischarge) -> ModelRun:
    """The same by the likelihood, brought back from logarithms by the mean of its residuals.

    Source
    ------
    Duan 1983, J. Am. Stat. Assoc. 78: serves where residuals are not normal (loads.md 6.11).
    """
    return _run_rating(case, daily, "duan", "smearing_7")


def _run_rating(case: LoadCase, daily: DailyDischarge, how: Method, name: str) -> ModelRun:
    days = PeriodDays.of(case, daily)
    fit = fit_regression(_samples(case, daily), _SEVEN, method=how)
    if not fit.is_fitted or not len(days.day):
        return ModelRun(name, lack=fit.reason or "时段内无流量 / no discharge")
    loads = predict_loads(fit, days.steps)
    rules = PeriodRules(rho_per_day=case.rules.model.ar1_per_day)
    (row,) = period_load(fit, loads, [case.period], rules=rules).to_dict("records")
    day_load = loads.load_t * days.share
    total = float(np.nansum(day_load))
    if not total > 0:
        return ModelRun(name, lack=str(row["reason"]))
    return ModelRun(
        name,
        load_t=total * days.scale,
        standard_error_t=float(row["standard_error_of_prediction_t"]) * days.scale,
        day=days.day,
        discharge_m3_s=days.discharge_m3_s,
        concentration_mg_l=loads.mean / days.discharge_m3_s,
        day_load_t=day_load,
        lower_t=loads.lower * _TO_T_D * days.share,
        upper_t=loads.upper * _TO_T_D * days.share,
        is_sampled=np.isin(days.day, fit.samples.time.astype("datetime64[D]")),
        **_at_samples(fit),
        **_curve(fit, days),
    )


def _samples(case: LoadCase, daily: DailyDischarge) -> LoadSamples:
    """Samples with the mean discharge of their day, as the days predicted have."""
    record = case.record
    return LoadSamples.of_values(
        record.time, daily.at(record.time), record.concentration_mg_l, record.is_censored
    )


def _log_scale(fit: RegressionFit, discharge: Values) -> Values:
    """What is taken off ln of a prediction to have ln concentration."""
    return np.log(discharge) if fit.response == "load" else np.zeros(len(discharge))


def _noon(day: Days) -> Values:
    return day.astype("datetime64[D]").astype(np.float64) + 0.5


def _at_samples(fit: RegressionFit) -> dict[str, Any]:
    kept = fit.samples
    log_mean = fit.design.of_samples(kept) @ fit.coefficients
    log_mean = log_mean - _log_scale(fit, kept.discharge_m3_s) + fit.variance / 2
    exact = kept.lower_mg_l == kept.upper_mg_l
    residual = np.full(len(log_mean), np.nan)
    residual[exact] = np.log(kept.upper_mg_l[exact]) - log_mean[exact]
    return {
        "sample_time": kept.time.astype("datetime64[us]"),
        "sampled_m3_s": kept.discharge_m3_s,
        "fitted_mg_l": np.exp(log_mean),
        "residual": residual,
    }


def _curve(fit: RegressionFit, days: PeriodDays) -> dict[str, Any]:
    """The rating over the range of discharge, averaged over the year around the period's middle."""
    sampled = fit.samples.discharge_m3_s
    low = min(float(sampled.min()), float(days.discharge_m3_s.min()))
    high = max(float(sampled.max()), float(days.discharge_m3_s.max()))
    q = np.geomspace(low, high, _CURVE_POINTS) if high > low else np.array([low])
    months = days.day[len(days.day) // 2] + np.arange(-6, 6) * 30
    total = np.zeros(len(q))
    for month in months:
        time = month.astype("datetime64[us]") + np.arange(len(q)) * np.timedelta64(1, "s")
        rows = fit.design.of_steps(DischargeSteps(time, q, 1.0))
        total += np.exp(rows @ fit.coefficients - _log_scale(fit, q) + fit.variance / 2)
    return {"curve_m3_s": q, "curve_mg_l": total / len(months)}
