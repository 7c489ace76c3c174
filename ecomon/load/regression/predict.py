"""Loads (or concentrations) of every step of a discharge record, from a fitted regression.

Source: Cohn et al. 1992, Water Resour. Res. 28; Runkel, Crawford & Cohn 2004, USGS TM4-A5;
sections 6.3 to 6.5 of the project's load reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from ecomon.load.regression.amle import amle_exponential, amle_variance
from ecomon.load.regression.bias import quadratic_forms
from ecomon.load.regression.fit import RegressionFit
from ecomon.load.regression.retransform import mvue_factor
from ecomon.load.regression.sample import DischargeSteps
from ecomon.load.tobit.threads import one_blas_thread

Values = npt.NDArray[np.float64]

_G_PER_T = 1e6
STEP_STATUSES = {
    "estimated": "",
    "extrapolated": "流量超出采样范围 discharge beyond that sampled",
    "dry": "断流,负荷为零 no discharge: no load",
    "reversed": "倒流,不作估算 reversed discharge: not estimated",
    "no_discharge": "缺流量 discharge missing",
    "no_variable": "缺解释变量 an explanatory variable is missing",
    "no_estimate": "离样品太远,级数不收敛 too far from the samples for an estimate",
    "no_fit": "回归不成立 there is no regression",
}


@dataclass(frozen=True, slots=True)
class StepLoads:
    """Estimates of every step.

    Parameters
    ----------
    mean : ndarray of float64, shape (m,)
        Expected flux, g/s (or concentration, mg/L, of a fit to concentration). NaN where
        ``status`` is neither ``estimated``, ``extrapolated`` nor ``dry``.
    standard_error, standard_error_of_prediction : ndarray of float64, shape (m,)
        Of the parameters alone, and with the scatter of a single step; same unit.
    lower, upper : ndarray of float64, shape (m,)
        95 % limits of the flux of the step itself.
    status : ndarray of str, shape (m,)
        A key of ``STEP_STATUSES``.
    gradient : ndarray of float64, shape (m, q)
        Of the mean by the parameters of ``fit.covariance``; 0 where there is no estimate.
    """

    steps: DischargeSteps
    mean: Values
    standard_error: Values
    standard_error_of_prediction: Values
    lower: Values
    upper: Values
    status: npt.NDArray[np.str_]
    gradient: Values
    design: Values
    reason: str = ""

    @property
    def has_estimate(self) -> npt.NDArray[np.bool_]:
        return np.isin(self.status, ("estimated", "extrapolated"))

    @property
    def load_t(self) -> Values:
        """Load of each step, t; of a fit to load only."""
        return self.mean * self.steps.step_s / _G_PER_T

    def frame(self) -> pd.DataFrame:
        """Columns time, discharge_m3_s, mean, standard_error, standard_error_of_prediction,
        lower, upper, status, reason."""
        return pd.DataFrame(
            {
                "time": self.steps.time,
                "discharge_m3_s": self.steps.discharge_m3_s,
                "mean": self.mean,
                "standard_error": self.standard_error,
                "standard_error_of_prediction": self.standard_error_of_prediction,
                "lower": self.lower,
                "upper": self.upper,
                "status": self.status,
                "reason": [STEP_STATUSES[str(one)] for one in self.status],
            }
        )


def predict_loads(fit: RegressionFit, steps: DischargeSteps) -> StepLoads:
    """Expected flux of every step with its standard error, SEP and 95 % limits.

    Parameters
    ----------
    fit : RegressionFit
        Without a fit every step has the status ``no_fit``.
    steps : DischargeSteps

    Returns
    -------
    StepLoads

    Raises
    ------
    ContractError
        where the record lacks a column the model names.

    Source
    ------
    Cohn et al. 1992 (AMLE and its exact variance); else the delta method. SEP^2 = Var +
    L^2 (exp s^2 - 1); limits exp(ln L - B^2/2 -/+ t B), B^2 = ln(1 + (SEP/L)^2), t with n - p
    degrees of freedom (Runkel, Crawford & Cohn 2004).
    """
    m = len(steps.time)
    if not fit.is_fitted:
        nothing = np.full(m, np.nan)
        status = np.full(m, "no_fit", dtype="<U12")
        empty = np.zeros((m, 0))
        return StepLoads(
            steps, nothing, nothing, nothing, nothing, nothing, status, empty, empty, fit.reason
        )
    with one_blas_thread():
        return _predict_steps(fit, steps)


def _predict_steps(fit: RegressionFit, steps: DischargeSteps) -> StepLoads:
    """Estimates of a fit that is one."""
    m = len(steps.time)
    matrix = fit.design.of_steps(steps)
    has_row = np.isfinite(matrix).all(axis=1)
    mean, variance = np.full(m, np.nan), np.full(m, np.nan)
    gradient = np.zeros((m, len(fit.covariance)))
    rows = matrix[has_row]
    mean[has_row] = expected_response(fit, rows)
    has_row &= np.isfinite(mean)
    rows = matrix[has_row]
    gradient[has_row] = mean[has_row, None] * _log_gradient(fit, rows)
    if fit.moments is not None:
        variance[has_row] = amle_variance(fit.moments, rows)
    else:
        g = gradient[has_row]
        variance[has_row] = quadratic_forms(g, fit.covariance)
    status = _name_steps(fit, steps, matrix, mean)
    is_dry = status == "dry"
    mean[is_dry] = variance[is_dry] = 0.0
    prediction = np.sqrt(variance + mean**2 * np.expm1(fit.variance))
    lower, upper = lognormal_limits(mean, prediction, fit.degrees_of_freedom)
    return StepLoads(
        steps, mean, np.sqrt(variance), prediction, lower, upper, status, gradient, matrix
    )


def lognormal_limits(
    mean: Values, standard_error: Values, degrees_of_freedom: int | None
) -> tuple[Values, Values]:
    """95 % limits of a lognormal quantity of this mean and standard error.

    Parameters
    ----------
    mean, standard_error : ndarray of float64, shape (m,)
    degrees_of_freedom : int, optional
        Of Student's t; the normal's 1.96 when absent, as LOADEST has it for sums.

    Returns
    -------
    lower, upper : ndarray of float64, shape (m,)
        Both 0 where the mean is 0.

    Source
    ------
    Runkel, Crawford & Cohn 2004, USGS TM4-A5.
    """
    quantile = 1.96 if degrees_of_freedom is None else float(stdtrit(degrees_of_freedom, 0.975))
    positive = np.where(mean > 0, mean, np.nan)
    width = np.sqrt(np.log1p((standard_error / positive) ** 2))
    middle = np.log(positive) - width**2 / 2
    lower, upper = np.exp(middle - quantile * width), np.exp(middle + quantile * width)
    return np.where(mean == 0, 0.0, lower), np.where(mean == 0, 0.0, upper)


def expected_response(fit: RegressionFit, rows: Values) -> Values:
    """Expected load (g/s) or concentration (mg/L) of rows of the design; NaN where none settles.

    Source
    ------
    The method of the fit: Cohn et al. 1992 (AMLE), Bradu & Mundlak 1970 (MVUE), Duan 1983.
    """
    if fit.moments is not None:
        return amle_exponential(fit.moments, rows)
    with np.errstate(over="ignore"):
        median = np.exp(rows @ fit.coefficients)
    if fit.method != "mvue":
        value = median * fit.factor
    else:
        inverse = fit.covariance[:-1, :-1] / fit.variance
        leverage = quadratic_forms(rows, inverse)
        value = median * mvue_factor(fit.variance, fit.degrees_of_freedom, leverage)
    return np.where(np.isfinite(value) & (value > 0), value, np.nan)


def _log_gradient(fit: RegressionFit, rows: Values) -> Values:
    """Gradient of ln(mean): (x, 1/2) by (b, s^2), or (x - centre, 1) by (b, ln factor)."""
    last = np.full((len(rows), 1), 0.5)
    if len(fit.factor_centre):
        return np.hstack([rows - fit.factor_centre, 2 * last])
    return np.hstack([rows, last])


def _name_steps(
    fit: RegressionFit, steps: DischargeSteps, matrix: Values, mean: Values
) -> npt.NDArray[np.str_]:
    q = steps.discharge_m3_s
    least, largest = fit.discharge_range_m3_s
    status = np.full(len(q), "estimated", dtype="<U12")
    status[(q < least) | (q > largest)] = "extrapolated"
    status[~np.isfinite(mean)] = "no_estimate"
    status[~np.isfinite(matrix).all(axis=1)] = "no_variable"
    status[q == 0] = "dry"
    status[q < 0] = "reversed"
    status[~np.isfinite(q)] = "no_discharge"
    return status
