"""Whether a regression may be believed: bias, fit, and how far it is stretched.

Source: section 6.11 of the project's load reference; Runkel, Crawford & Cohn 2004, USGS TM4-A5;
Hirsch 2014, J. Am. Water Resour. Assoc. 50.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.regression.fit import RegressionFit
from ecomon.load.regression.predict import expected_response
from ecomon.load.regression.sample import DischargeSteps
from ecomon.load.tobit import Responses, fit_tobit

Values = npt.NDArray[np.float64]

# Fewest seen samples on either side of the median discharge for a variance worth comparing.
_LEAST_HALF = 5


@dataclass(frozen=True, slots=True)
class RegressionDiagnostics:
    """NaN where there is no fit, or too few samples for the figure.

    Parameters
    ----------
    bp_percent, plr : float
        100 (PLR - 1) and PLR = sum of estimates / sum of observations at the samples, a censored
        one at half its limit, as LOADEST prints them.
    nash_sutcliffe : float
        1 - squared errors / squared deviations of the observed loads, same rule.
    flux_bias, flux_bias_low, flux_bias_high : float
        (estimated - observed)/estimated, censored ones at 0 and at their limit, and the mean of
        both.
    r_squared_ln_c_ln_q : float
        Of ln C on ln Q, from the likelihood.
    residual_variance_ratio : float
        Mean squared residual above the median discharge over that below; values seen only.
    share_extrapolated_discharge : float
        Share of the volume of the record at discharge outside the range sampled.
    n_samples_outside : int
        Samples at discharge outside the range of the record.
    """

    bp_percent: float = np.nan
    plr: float = np.nan
    nash_sutcliffe: float = np.nan
    flux_bias: float = np.nan
    flux_bias_low: float = np.nan
    flux_bias_high: float = np.nan
    r_squared_ln_c_ln_q: float = np.nan
    residual_variance_ratio: float = np.nan
    share_extrapolated_discharge: float = np.nan
    n_samples_outside: int = 0


def diagnose_regression(
    fit: RegressionFit, steps: DischargeSteps | None = None
) -> RegressionDiagnostics:
    """Diagnostics of a fit at its samples, and of the record it is to be used on.

    Parameters
    ----------
    fit : RegressionFit
    steps : DischargeSteps, optional
        The record; the last two figures rest on it.

    Returns
    -------
    RegressionDiagnostics

    Source
    ------
    Runkel, Crawford & Cohn 2004 (Bp, PLR, E); Hirsch 2014 (flux bias); the variance ratio and the
    shares are the guards of section 7 of the project's load reference.
    """
    if not fit.is_fitted:
        return RegressionDiagnostics()
    samples = fit.samples
    rows = fit.design.of_samples(samples)
    estimated = expected_response(fit, rows)
    scale = samples.discharge_m3_s if fit.response == "load" else np.ones(len(rows))
    high = np.where(np.isinf(samples.upper_mg_l), samples.lower_mg_l, samples.upper_mg_l) * scale
    low = np.where(np.isnan(samples.lower_mg_l), 0.0, samples.lower_mg_l) * scale
    is_seen = low == high
    observed = np.where(is_seen, high, np.where(low > 0, (low + high) / 2, high / 2))
    ratio = float(estimated.sum() / observed.sum())
    deviation = float(((observed - observed.mean()) ** 2).sum())
    total = float(estimated.sum())
    below, above = (total - float(one.sum()) for one in (high, low))
    beyond, n_outside = _stretch(fit, steps)
    return RegressionDiagnostics(
        bp_percent=100 * (ratio - 1),
        plr=ratio,
        nash_sutcliffe=1 - float(((observed - estimated) ** 2).sum()) / deviation
        if deviation > 0
        else np.nan,
        flux_bias=(below + above) / 2 / total,
        flux_bias_low=below / total,
        flux_bias_high=above / total,
        r_squared_ln_c_ln_q=_concentration_r_squared(fit),
        residual_variance_ratio=_variance_ratio(fit, rows, is_seen),
        share_extrapolated_discharge=beyond,
        n_samples_outside=n_outside,
    )


def _concentration_r_squared(fit: RegressionFit) -> float:
    """1 - exp(-2 (l - l0)/n) of ln C on ln Q."""
    samples = fit.samples
    n = len(samples.time)
    with np.errstate(divide="ignore"):
        lower = np.log(np.where(np.isnan(samples.lower_mg_l), 0.0, samples.lower_mg_l))
    responses = Responses(lower, np.log(samples.upper_mg_l))
    ones = np.ones((n, 1))
    with_q = fit_tobit(np.column_stack([ones, np.log(samples.discharge_m3_s)]), responses)
    without = fit_tobit(ones, responses)
    gain = float(with_q.log_likelihood[0] - without.log_likelihood[0])
    return float(-np.expm1(-2 * gain / n))


def _variance_ratio(fit: RegressionFit, rows: Values, is_seen: npt.NDArray[np.bool_]) -> float:
    q = fit.samples.discharge_m3_s
    value = np.log(fit.samples.upper_mg_l, where=is_seen, out=np.zeros(len(q)))
    shift = np.log(q) if fit.response == "load" else 0.0
    residual = value + shift - rows @ fit.mean_coefficients
    is_high = q > np.median(q)
    high, low = residual[is_seen & is_high], residual[is_seen & ~is_high]
    if min(len(high), len(low)) < _LEAST_HALF:
        return np.nan
    return float((high**2).mean() / (low**2).mean())


def _stretch(fit: RegressionFit, steps: DischargeSteps | None) -> tuple[float, int]:
    """Share of volume outside the discharge sampled; samples outside the record's discharge."""
    if steps is None:
        return np.nan, 0
    q = steps.discharge_m3_s[steps.discharge_m3_s > 0]
    if not len(q):
        return np.nan, 0
    least, largest = fit.discharge_range_m3_s
    sampled = fit.samples.discharge_m3_s
    n_outside = int(((sampled < q.min()) | (sampled > q.max())).sum())
    return float(q[(q < least) | (q > largest)].sum() / q.sum()), n_outside
