"""A regression of load on discharge, time and season, fitted in one of the ways known.

Source: Cohn et al. 1992, Water Resour. Res. 28; Runkel, Crawford & Cohn 2004, USGS TM4-A5;
sections 6.3 and 6.4 of the project's load reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.censored.kaplan_meier import kaplan_meier_weights
from ecomon.load.regression.amle import AmleMoments, amle_moments
from ecomon.load.regression.bias import bias_of_likelihood
from ecomon.load.regression.decimal_time import Convention
from ecomon.load.regression.design import Design, build_design
from ecomon.load.regression.information import likelihood_covariance
from ecomon.load.regression.lad import fit_lad, lad_covariance
from ecomon.load.regression.limits import limits_in_force, solve_loadest_tail
from ecomon.load.regression.retransform import smearing_factor
from ecomon.load.regression.sample import LoadSamples
from ecomon.load.regression.screening import REASONS, screen_samples
from ecomon.load.tobit import Responses, fit_tobit
from ecomon.load.tobit.threads import one_blas_thread

Values = npt.NDArray[np.float64]
Method = Literal["amle", "mle", "mvue", "duan", "lad"]
Response = Literal["load", "concentration"]


@dataclass(frozen=True, slots=True)
class RegressionFit:
    """A fitted regression, or the reason why there is none.

    Parameters
    ----------
    status, reason : str
        ``fitted``; else a word and a sentence, Chinese first, and every number is NaN.
    method : {"amle", "mle", "mvue", "duan", "lad"}
        As fitted; ``notes`` says where it differs from what was asked.
    response : {"load", "concentration"}
        ln of g/s, or of mg/L.
    coefficients, coefficient_standard_errors : ndarray of float64, shape (p,)
        In the order of ``design.names``; of AMLE freed of bias. ``mean_coefficients`` are those
        of the likelihood itself (or of least absolute deviations).
    factor : float
        What exp(x'b) is multiplied with, where that is one number; ``factor_centre``: the row its
        error is measured from (Duan's smearing of values all seen).
    variance_likelihood, variance : float
        s^2 with divisor n (or as the likelihood gives it), and freed of bias.
    log_likelihood, null_log_likelihood, aic, spcc : float
        Of the logarithms, and of a model with an intercept only; NaN for LAD.
    covariance : ndarray, shape (q, q)
        Of the parameters whose gradient ``predict`` forms.
    discharge_range_m3_s : tuple of float
        Least and largest discharge sampled.
    """

    status: str
    reason: str
    model: int | tuple[str, ...]
    method: Method
    response: Response
    design: Design
    samples: LoadSamples
    notes: tuple[str, ...] = ()
    coefficients: Values = field(default_factory=lambda: np.array([]))
    coefficient_standard_errors: Values = field(default_factory=lambda: np.array([]))
    variance_likelihood: float = np.nan
    variance: float = np.nan
    log_likelihood: float = np.nan
    null_log_likelihood: float = np.nan
    covariance: Values = field(default_factory=lambda: np.empty((0, 0)))
    moments: AmleMoments | None = None
    mean_coefficients: Values = field(default_factory=lambda: np.array([]))
    factor: float = np.nan
    factor_centre: Values = field(default_factory=lambda: np.array([]))
    n_censored: int = 0

    @property
    def is_fitted(self) -> bool:
        return self.status == "fitted"

    @property
    def n_samples(self) -> int:
        return len(self.samples.time)

    @property
    def n_parameters(self) -> int:
        return len(self.design.names)

    @property
    def degrees_of_freedom(self) -> int:
        return self.n_samples - self.n_parameters

    @property
    def aic(self) -> float:
        """-2 l + 2 (p + 1): Akaike 1974."""
        return -2 * self.log_likelihood + 2 * (self.n_parameters + 1)

    @property
    def spcc(self) -> float:
        """-2 l + (p + 1) ln n: Schwarz 1978 (the SPCC of LOADEST, BIC elsewhere)."""
        return -2 * self.log_likelihood + (self.n_parameters + 1) * float(np.log(self.n_samples))

    @property
    def r_squared(self) -> float:
        """1 - exp(-2 (l - l0)/n): that of least squares where nothing is censored."""
        gain = self.log_likelihood - self.null_log_likelihood
        return float(-np.expm1(-2 * gain / max(self.n_samples, 1)))

    @property
    def discharge_range_m3_s(self) -> tuple[float, float]:
        q = self.samples.discharge_m3_s
        return (float(q.min()), float(q.max())) if len(q) else (np.nan, np.nan)


def fit_regression(
    samples: LoadSamples,
    model: int | Sequence[str] = 7,
    *,
    method: Method = "amle",
    response: Response = "load",
    convention: Convention = "ecomon",
) -> RegressionFit:
    """Fit ln load (or ln concentration) to the terms of a model.

    Parameters
    ----------
    samples : LoadSamples
        Samples without discharge, with discharge not above zero, without a value, or a second
        one at the same time are left aside, counted in ``notes``.
    model : int or sequence of str
        1 to 9, or terms (``design.Design``).
    method : {"amle", "mle", "mvue", "duan", "lad"}
        ``amle`` takes values and left-censored ones; with others it becomes ``mle``. ``mle``: any
        censoring, lognormal mean. ``mvue``: least squares and Bradu & Mundlak's factor, nothing
        censored. ``duan``: likelihood and smearing, values and left-censored. ``lad``: least
        absolute deviations and smearing, nothing censored.
    convention : {"ecomon", "loadest"}
        ``loadest`` repeats the conventions of ``rloadest`` 0.4.5, for comparison.

    Returns
    -------
    RegressionFit
        ``status`` ``fitted``, or ``too_few``, ``all_censored``, ``rank_deficient``,
        ``no_scatter``, ``not_converged``, ``censored_for_method``. Nothing is raised for data.

    Raises
    ------
    ContractError
        for an unknown model, term, column or method.

    Source
    ------
    Cohn et al. 1992; Runkel, Crawford & Cohn 2004; Duan 1983; Bradu & Mundlak 1970.
    """
    if method not in get_args(Method) or response not in get_args(Response):
        raise ContractError(f"no regression by {method!r} of {response!r}")
    kept, notes = screen_samples(samples)
    label = model if isinstance(model, int) else tuple(model)
    if not len(kept.time):
        design = Design((), 0.0, 0.0, convention)
        return RegressionFit(
            "too_few", REASONS["too_few"], label, method, response, design, kept, tuple(notes)
        )
    design = build_design(model, kept, convention=convention)
    matrix = design.of_samples(kept)
    has_row = np.asarray(np.isfinite(matrix).all(axis=1))
    if not has_row.all():
        notes.append(f"{(~has_row).sum()} 个样品缺解释变量 samples lack an explanatory variable")
        kept = kept.take(has_row)
        matrix = matrix[has_row]
    bare = RegressionFit("fitted", "", label, method, response, design, kept, tuple(notes))
    with one_blas_thread():
        return _fit_kept(bare, matrix)


def _fit_kept(bare: RegressionFit, matrix: Values) -> RegressionFit:
    """Fit screened samples by the method of ``bare``."""
    kept = bare.samples
    lower, upper = log_bounds(kept, bare.response)
    is_exact, is_left = lower == upper, np.isneginf(lower)
    bare = replace(bare, n_censored=int((~is_exact).sum()))
    method = bare.method
    if method in ("mvue", "lad") and not is_exact.all():
        return replace(bare, status="censored_for_method", reason=REASONS["censored_for_method"])
    if method in ("amle", "duan") and not (is_exact | is_left).all():
        note = f"{method} 不适用于区间或右删失 takes no interval or right censoring; mle"
        bare, method = replace(bare, method="mle", notes=(*bare.notes, note)), "mle"
    fits = fit_tobit(matrix, Responses(lower, upper))
    status = str(fits.status[0])
    if status != "fitted":
        return replace(bare, status=status, reason=REASONS[status])
    coefficients, sigma = fits.coefficients[0], float(fits.sigma[0])
    if bare.design.convention == "loadest" and method == "amle":
        coefficients, sigma = solve_loadest_tail(matrix, upper, is_left, coefficients, sigma)
    null = fit_tobit(np.ones((len(matrix), 1)), Responses(lower, upper))
    found = replace(
        bare,
        coefficients=coefficients,
        mean_coefficients=coefficients,
        variance_likelihood=sigma**2,
        variance=sigma**2,
        log_likelihood=float(fits.log_likelihood[0]),
        null_log_likelihood=float(null.log_likelihood[0]),
    )
    match method:
        case "amle":
            return _finish_amle(found, matrix, upper, is_left)
        case "mle":
            return _finish_mle(found, matrix, lower, upper)
        case "mvue":
            return _finish_mvue(found, matrix)
        case "duan":
            return _finish_duan(found, matrix, lower, upper)
        case "lad":
            return _finish_lad(found, matrix, upper)


def log_bounds(kept: LoadSamples, response: Response) -> tuple[Values, Values]:
    """Bounds of ln C (mg/L) or ln CQ (g/s) of samples; -inf and inf where open.

    Source
    ------
    mg/L x m3/s is g/s.
    """
    scale = kept.discharge_m3_s if response == "load" else np.ones(len(kept.time))
    low = np.where(np.isnan(kept.lower_mg_l), 0.0, kept.lower_mg_l)
    with np.errstate(divide="ignore"):
        # One expression for both ends: equal bounds stay equal to the last bit.
        return np.log(low) + np.log(scale), np.log(kept.upper_mg_l) + np.log(scale)


def _finish_amle(
    found: RegressionFit, matrix: Values, upper: Values, is_left: npt.NDArray[np.bool_]
) -> RegressionFit:
    sigma = float(np.sqrt(found.variance_likelihood))
    limits = limits_in_force(found.samples.upper_mg_l, is_left, convention=found.design.convention)
    with np.errstate(divide="ignore"):
        # The same factor takes a concentration to its response and its limit to the response's.
        log_limits = np.log(limits) + upper - np.log(found.samples.upper_mg_l)
    bias = bias_of_likelihood(matrix, (log_limits - matrix @ found.coefficients) / sigma)
    moments = amle_moments(found.coefficients, sigma**2, bias)
    return replace(
        found,
        coefficients=found.coefficients - sigma * bias.bias[:-1],
        coefficient_standard_errors=np.sqrt(moments.variance * np.diag(bias.covariance)[:-1]),
        variance=moments.variance,
        covariance=_with_variance(bias.covariance, sigma),
        moments=moments,
    )


def _finish_mle(
    found: RegressionFit, matrix: Values, lower: Values, upper: Values
) -> RegressionFit:
    sigma = float(np.sqrt(found.variance_likelihood))
    fitted = matrix @ found.coefficients
    relative = likelihood_covariance(matrix, (lower - fitted) / sigma, (upper - fitted) / sigma)
    covariance = _with_variance(relative, sigma)
    return replace(
        found,
        covariance=covariance,
        coefficient_standard_errors=np.sqrt(np.diag(covariance)[:-1]),
        factor=float(np.exp(found.variance_likelihood / 2)),
    )


def _finish_mvue(found: RegressionFit, matrix: Values) -> RegressionFit:
    n, p = matrix.shape
    variance = found.variance_likelihood * n / (n - p)
    covariance = np.zeros((p + 1, p + 1))
    covariance[:p, :p] = variance * np.linalg.inv(matrix.T @ matrix)
    covariance[p, p] = 2 * variance**2 / (n - p)
    return replace(
        found,
        variance=variance,
        covariance=covariance,
        coefficient_standard_errors=np.sqrt(np.diag(covariance)[:p]),
    )


def _finish_duan(
    found: RegressionFit, matrix: Values, lower: Values, upper: Values
) -> RegressionFit:
    as_mle = _finish_mle(found, matrix, lower, upper)
    residuals = upper - matrix @ found.coefficients
    is_left = np.isneginf(lower)
    weights = kaplan_meier_weights(residuals, is_left)
    if is_left.any():
        # How a factor from Kaplan-Meier weights varies with the coefficients has no closed form;
        # its error is taken to be that of the lognormal factor beside it.
        return replace(as_mle, factor=smearing_factor(residuals, weights))
    p = matrix.shape[1]
    return _with_smearing(as_mle, as_mle.covariance[:p, :p], matrix, (residuals, weights))


def _finish_lad(found: RegressionFit, matrix: Values, responses: Values) -> RegressionFit:
    coefficients = fit_lad(matrix, responses)
    if np.isnan(coefficients).any():
        return replace(found, status="not_converged", reason=REASONS["not_converged"])
    residuals = responses - matrix @ coefficients
    n, p = matrix.shape
    variance = float(residuals @ residuals) / (n - p)
    covariance = lad_covariance(matrix, residuals)
    found = replace(
        found,
        coefficients=coefficients,
        mean_coefficients=coefficients,
        coefficient_standard_errors=np.sqrt(np.diag(covariance)),
        variance_likelihood=variance * (n - p) / n,
        variance=variance,
        log_likelihood=np.nan,
        null_log_likelihood=np.nan,
    )
    return _with_smearing(found, covariance, matrix, (residuals, np.full(n, 1 / n)))


def _with_smearing(
    found: RegressionFit, covariance: Values, matrix: Values, smear: tuple[Values, Values]
) -> RegressionFit:
    """Add Duan's factor. A shift of the intercept shifts all residuals back, so that the load
    rests on x - centre, the centre weighted as the factor is."""
    residuals, weights = smear
    factor = smearing_factor(residuals, weights)
    share = np.exp(residuals) * weights / factor
    p = matrix.shape[1]
    whole = np.zeros((p + 1, p + 1))
    whole[:p, :p] = covariance
    spread = float(weights @ (np.exp(residuals) / factor - 1) ** 2)
    whole[p, p] = spread / len(residuals)
    return replace(found, covariance=whole, factor=factor, factor_centre=share @ matrix)


def _with_variance(relative: Values, sigma: float) -> Values:
    """Covariance of (b, s^2) from that of (b, s) in units of s."""
    scale = np.full(len(relative), sigma)
    scale[-1] = 2 * sigma**2
    return relative * np.outer(scale, scale)
