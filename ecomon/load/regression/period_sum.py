"""Loads of periods: sums over steps whose errors share parameters and run on from step to step.

Source: Gilroy, Hirsch & Cohn 1990, Water Resour. Res. 26; Runkel, Crawford & Cohn 2004, USGS
TM4-A5; section 6.5 of the project's load reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError
from ecomon.load.regression.amle import amle_sum_variance
from ecomon.load.regression.fit import RegressionFit
from ecomon.load.regression.predict import StepLoads, lognormal_limits, predict_loads
from ecomon.load.regression.sample import DischargeSteps
from ecomon.load.tobit.threads import one_blas_thread
from ecomon.model.period import Period

Values = npt.NDArray[np.float64]
SumError = Literal["delta", "exact"]

# Correlation below which two steps count as independent.
_LEAST_CORRELATION = 1e-4
_G_PER_T = 1e6


@dataclass(frozen=True, slots=True)
class PeriodRules:
    """How the error of a sum is reckoned.

    ``rho_per_day``: correlation of the residuals a day apart, 0 for LOADEST's independent days.
    ``sum_error``: ``delta`` (linear; any length at once) or ``exact`` (all pairs, AMLE only).
    ``is_student``: Student's t with n - p degrees of freedom, else LOADEST's 1.96.
    """

    rho_per_day: float = 0.9
    sum_error: SumError = "delta"
    is_student: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.rho_per_day < 1:
            raise ContractError(f"rho_per_day {self.rho_per_day} is outside 0 .. 1")


LOADEST_RULES = PeriodRules(rho_per_day=0.0, sum_error="exact", is_student=False)


def period_load(
    fit: RegressionFit,
    steps: DischargeSteps | StepLoads,
    periods: Sequence[Period],
    *,
    rules: PeriodRules | None = None,
) -> pd.DataFrame:
    """Load of every half-open period with its standard error, SEP and 95 % limits.

    Parameters
    ----------
    fit : RegressionFit
        Of load.
    steps : DischargeSteps, or StepLoads already predicted from this fit
    periods : sequence of Period
        A step belongs to the period its start lies in.
    rules : PeriodRules, optional

    Returns
    -------
    DataFrame
        One row a period: start, end, n_steps, n_expected, n_missing (steps of the period that are
        absent or have no estimate), load_t (of the steps estimated), standard_error_t (parameters
        alone), standard_error_of_prediction_t, lower_t, upper_t (95 %, of the load itself),
        share_extrapolated (share of the load at discharge beyond that sampled), status
        (``estimated``, ``incomplete``, ``insufficient``), reason. Numbers are NaN where
        ``insufficient``: no step of the period has an estimate.

    Raises
    ------
    ContractError
        for a fit of concentration.

    Source
    ------
    Delta: Var = g'Vg, g = sum_k L_k (x_k, 1/2). SEP^2 = Var + sum_jk L_j L_k (exp(s^2 rho^|j-k|)
    - 1), rho^lag cut at 1e-4. Against LOADEST's exact double sum over 32 years of the Choptank the
    delta standard error differs by 0.6 % (section 6.5; tests/reference/test_rloadest.py).
    """
    if fit.response != "load":
        raise ContractError("a period load takes a fit of load, not of concentration")
    rules = rules or PeriodRules()
    loads = steps if isinstance(steps, StepLoads) else predict_loads(fit, steps)
    start = loads.steps.time.astype("datetime64[us]")
    rows = []
    # Short products on several threads cost more in waking them than they save.
    with one_blas_thread():
        for period in periods:
            bounds = np.array([period.start, period.end], start.dtype)
            first, stop = np.searchsorted(start, bounds)
            rows.append(_sum_period(fit, loads, slice(int(first), int(stop)), (period, rules)))
    return pd.DataFrame(rows)


def months_of(steps: DischargeSteps) -> list[Period]:
    """Calendar months from the first step to the last.

    Source
    ------
    Half-open months of ``model.period``.
    """
    months = np.unique(steps.time.astype("datetime64[M]"))
    return [Period.month(one.year, one.month) for one in months.tolist()]


def water_years_of(steps: DischargeSteps) -> list[Period]:
    """Water years, October to September, named by the year they end in.

    Source
    ------
    USGS water year (Hirsch & De Cicco 2015, USGS TM4-A10).
    """
    years = np.unique((steps.time.astype("datetime64[M]") + 3).astype("datetime64[Y]"))
    return [Period(datetime(y.year - 1, 10, 1), datetime(y.year, 10, 1)) for y in years.tolist()]


def total_of(steps: DischargeSteps) -> list[Period]:
    """One period from the start of the first step to the end of the last.

    Source
    ------
    Half-open periods of ``model.period``.
    """
    ends = steps.time[[0, -1]].astype("datetime64[us]")
    length = np.timedelta64(int(steps.step_s * 1e6), "us")
    return [Period(ends[0].item(), (ends[1] + length).item())]


def residual_sum_variance(means: Values, variance: float, rho_per_step: float) -> float:
    """sum_jk L_j L_k (exp(s^2 rho^|j-k|) - 1): what scatter about the regression adds to a sum.

    Parameters
    ----------
    means : ndarray of float64, shape (m,)
        One per step of a regular record, 0 where there is none.
    variance : float
        s^2 of natural logarithms.
    rho_per_step : float
        Correlation of neighbouring residuals; 0 leaves j = k alone.

    Source
    ------
    Gilroy, Hirsch & Cohn 1990; the covariance of two lognormals with correlated logarithms.
    """
    total = float(means @ means) * np.expm1(variance)
    if rho_per_step <= 0:
        return total
    n_lags = min(int(np.log(_LEAST_CORRELATION) / np.log(rho_per_step)), len(means) - 1)
    lags = np.arange(1, n_lags + 1)
    kernel = np.expm1(variance * rho_per_step**lags)
    # A filter of some tens of lags over the record: quicker than a transform, and exact.
    for lag, weight in zip(lags, kernel, strict=True):
        total += 2 * weight * float(means[:-lag] @ means[lag:])
    return total


def _sum_period(
    fit: RegressionFit, loads: StepLoads, rows: slice, asked: tuple[Period, PeriodRules]
) -> dict[str, object]:
    period, rules = asked
    step_s = loads.steps.step_s
    to_t = step_s / _G_PER_T
    mean = loads.mean[rows] * to_t
    is_known = np.isfinite(mean)
    n_expected = round((period.end - period.start).total_seconds() / step_s)
    n_missing = n_expected - int(is_known.sum())
    row: dict[str, object] = {
        "start": period.start,
        "end": period.end,
        "n_steps": int(is_known.sum()),
        "n_expected": n_expected,
        "n_missing": n_missing,
    }
    if not is_known.any():
        reason = loads.reason or "时段内无可估算的步长 no step of the period can be estimated"
        return row | dict.fromkeys(_FIGURES, np.nan) | {"status": "insufficient", "reason": reason}
    load_t = float(mean[is_known].sum())
    variance = _parameter_variance(fit, loads, rows, rules.sum_error) * to_t**2
    rho = rules.rho_per_day ** (step_s / 86_400.0)
    scatter = residual_sum_variance(_on_grid(loads, rows, mean), fit.variance, rho)
    prediction = np.sqrt(variance + scatter)
    limits = lognormal_limits(
        np.array([load_t]),
        np.array([prediction]),
        fit.degrees_of_freedom if rules.is_student else None,
    )
    is_beyond = (loads.status[rows] == "extrapolated") & is_known
    figures = (
        load_t,
        float(np.sqrt(variance)),
        float(prediction),
        float(limits[0][0]),
        float(limits[1][0]),
        float(mean[is_beyond].sum() / load_t) if load_t > 0 else 0.0,
    )
    words = f"{n_missing} 步无估算值 steps without an estimate" if n_missing > 0 else ""
    return (
        row
        | dict(zip(_FIGURES, figures, strict=True))
        | {"status": "incomplete" if n_missing > 0 else "estimated", "reason": words}
    )


_FIGURES = (
    "load_t",
    "standard_error_t",
    "standard_error_of_prediction_t",
    "lower_t",
    "upper_t",
    "share_extrapolated",
)


def _parameter_variance(
    fit: RegressionFit, loads: StepLoads, rows: slice, sum_error: SumError
) -> float:
    """Variance of the sum of the means, (g/s)^2, by the parameters."""
    if sum_error == "exact" and fit.moments is not None:
        has = loads.has_estimate[rows]
        design = loads.design[rows][has]
        return amle_sum_variance(fit.moments, design, np.ones(len(design)))
    gradient = loads.gradient[rows].sum(axis=0)
    return float(gradient @ fit.covariance @ gradient)


def _on_grid(loads: StepLoads, rows: slice, mean: Values) -> Values:
    """Means at their places on a regular grid of steps, 0 where a step is absent."""
    time = loads.steps.time[rows].astype("datetime64[us]")
    place = np.rint((time - time[0]) / np.timedelta64(1, "us") / (loads.steps.step_s * 1e6))
    grid = np.zeros(int(place[-1]) + 1)
    grid[place.astype(np.int64)] = np.where(np.isfinite(mean), mean, 0.0)
    return grid
