"""AMLE: loads from a censored log-linear regression, freed of the bias of going back from logs.

The estimates (b, s) are taken as b = w + g s + Gaussian, independent of s, and s^2 as Gamma; then
an unbiased estimator of exp(x'b + s^2/2) is exp(x'w) M(A, B) with a power series M in s
(section 6.3 of the project's load reference). For uncensored samples it nears the minimum
variance unbiased estimator of Bradu & Mundlak as n grows (3e-5 at n = 12, 1e-7 at 600).

Source: Cohn 1988, USGS Open-File Report 88-350; Cohn et al. 1992, Water Resour. Res. 28; Runkel,
Crawford & Cohn 2004, USGS TM4-A5. Held to ``rloadest`` 0.4.5 in tests/reference/test_rloadest.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from ecomon.load.regression.bias import LikelihoodBias, quadratic_forms

Values = npt.NDArray[np.float64]

_TOLERANCE = 1e-15
_MAX_TERMS = 1000
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class AmleMoments:
    """What prediction needs of a fit: names as in section 6.3 of the project's load reference.

    ``alpha``, ``kappa``: s^2 ~ Gamma(alpha, kappa sigma^2). ``omega = b - gamma s``; ``slope`` is B
    and ``spread`` is C of that section; ``variance`` the adjusted s^2, ``mean`` the estimates b.
    """

    alpha: float
    kappa: float
    omega: Values
    slope: Values
    spread: Values
    mean: Values
    likelihood_variance: float
    variance: float


def amle_moments(coefficients: Values, variance: float, bias: LikelihoodBias) -> AmleMoments:
    """Moments of the AMLE from maximum-likelihood estimates and their bias.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (p,)
    variance : float
        s^2 of maximum likelihood (divisor n where nothing is censored).
    bias : LikelihoodBias

    Source
    ------
    Cohn 1988; Cohn et al. 1992.
    """
    ratio = 1 + bias.variance_bias
    gamma = bias.covariance[:-1, -1] / bias.covariance[-1, -1]
    return AmleMoments(
        alpha=ratio**2 / bias.variance_variance,
        kappa=bias.variance_variance / ratio,
        omega=coefficients - gamma * np.sqrt(variance),
        slope=bias.bias[:-1] - gamma * (1 + bias.bias[-1]),
        spread=bias.covariance[:-1, :-1] - bias.covariance[-1, -1] * np.outer(gamma, gamma),
        mean=coefficients,
        likelihood_variance=variance,
        variance=variance / ratio,
    )


def amle_exponential(moments: AmleMoments, design: Values) -> Values:
    """Nearly unbiased estimate of exp(x'b + s^2/2) for every row x.

    Parameters
    ----------
    moments : AmleMoments
    design : ndarray of float64, shape (m, p)

    Returns
    -------
    ndarray of float64, shape (m,)
        NaN where a row holds NaN, or lies so far outside the samples that the series does not
        settle or is not positive.

    Source
    ------
    Cohn et al. 1992. Convergence is asked of two successive terms: the odd ones vanish where the
    coefficient of s passes zero, and a test on one of them alone drops the bias factor (the fault
    of LOADEST's ``EXPON``).
    """
    a1, b1 = _exponents(moments, design)
    with np.errstate(over="ignore", invalid="ignore"):
        factor = _unbiased_series(a1, b1, moments)
        value = np.exp(design @ moments.omega) * factor
    return np.where(np.isfinite(value) & (value > 0), value, np.nan)


def amle_variance(moments: AmleMoments, design: Values) -> Values:
    """Variance of :func:`amle_exponential` of each row, parameters alone; exact under the model.

    Parameters, Returns
    -------------------
    As :func:`amle_exponential`; the square of its unit.

    Source
    ------
    Cohn et al. 1992; section 6.5 of the project's load reference.
    """
    terms, weight = _pair_factors(moments, design)
    second = quadratic_forms(terms, weight)
    root = np.exp(_pair_scale(moments, design))
    leverage = quadratic_forms(design, moments.spread)
    mean = np.exp(design @ moments.mean + moments.variance / 2)
    variance = root**2 * np.exp(leverage * moments.variance) * second - mean**2
    return np.maximum(variance, 0.0)


def amle_sum_variance(moments: AmleMoments, design: Values, weights: Values) -> float:
    """Variance of sum_k w_k exp(x_k'b + s^2/2) as estimated, over all pairs; parameters alone.

    Parameters
    ----------
    design : ndarray of float64, shape (m, p), finite
    weights : ndarray of float64, shape (m,)

    Returns
    -------
    float
        Grows with m^2 in time: 11 688 days are some seconds. The delta method of
        ``period_sum`` costs nothing and stays within a percent where loads are well determined.

    Source
    ------
    Gilroy, Hirsch & Cohn 1990, Water Resour. Res. 26 (exact variance of a sum).
    """
    terms, weight = _pair_factors(moments, design)
    root = np.exp(_pair_scale(moments, design)) * weights
    mean = np.exp(design @ moments.mean + moments.variance / 2) * weights
    half = (terms @ weight) * root[:, None]
    terms = terms * root[:, None]
    spread = (design @ moments.spread) * moments.variance
    total = 0.0
    for start in range(0, len(design), _BLOCK):
        block = slice(start, start + _BLOCK)
        # Both triangles are alike: blocks to the right of the diagonal count twice.
        pairs = np.exp(spread[block] @ design[start:].T)
        pairs *= half[block] @ terms[start:].T
        pairs -= mean[block, None] * mean[None, start:]
        width = pairs.shape[0]
        total += pairs[:, :width].sum() + 2 * pairs[:, width:].sum()
    return max(float(total), 0.0)


def _exponents(moments: AmleMoments, design: Values) -> tuple[Values, Values]:
    """Coefficients of s and of s^2 in the exponent, for each row."""
    leverage = quadratic_forms(design, moments.spread)
    return -(design @ moments.slope), (1 - leverage) / 2


def _unbiased_series(a1: Values, b1: Values, moments: AmleMoments) -> Values:
    """sum_k c_k S_k, c_k of exp(a1 s + b1 s^2), S_k unbiased for s^k."""
    step = moments.likelihood_variance / moments.kappa
    root = np.sqrt(step) * np.exp(gammaln(moments.alpha) - gammaln(moments.alpha + 0.5))
    powers = [1.0, float(root)]
    before, now = np.ones_like(a1), a1.copy()
    last = now * root
    total = 1.0 + last
    small = np.zeros(a1.shape, dtype=np.bool_)
    for k in range(2, _MAX_TERMS):
        powers.append(powers[k - 2] * step / (moments.alpha + (k - 2) / 2))
        before, now = now, (a1 * now + 2 * b1 * before) / k
        term = now * powers[k]
        total = total + term
        small = np.maximum(np.abs(term), np.abs(last)) <= _TOLERANCE * np.abs(total)
        if np.all(small | ~np.isfinite(total)):
            return total
        last = term
    return np.where(small, total, np.nan)


def _pair_scale(moments: AmleMoments, design: Values) -> Values:
    """x'(b + s B) + x'Cx s^2/2: what one row brings to the mean of a product of two."""
    leverage = quadratic_forms(design, moments.spread)
    shift = moments.mean + np.sqrt(moments.variance) * moments.slope
    return design @ shift + leverage * moments.variance / 2


def _pair_factors(moments: AmleMoments, design: Values) -> tuple[Values, Values]:
    """Rows u (m, K) and H (K, K) with E[M_i M_k] = u_i' H u_k under the fitted model."""
    a1, b1 = _exponents(moments, design)
    sigma = np.sqrt(moments.variance)
    terms = [np.ones_like(a1), a1 * sigma]
    for k in range(2, _MAX_TERMS):
        terms.append((a1 * terms[-1] + 2 * b1 * sigma * terms[-2]) * sigma / k)
        largest = max(float(np.nanmax(np.abs(term), initial=0.0)) for term in terms[-2:])
        if not largest > _TOLERANCE:
            break
    order = np.arange(2 * len(terms) - 1)
    rising = gammaln(moments.alpha + order / 2) - gammaln(moments.alpha)
    count = len(terms)
    index = np.arange(count)
    weight = np.exp(rising[index[:, None] + index] - rising[:count, None] - rising[None, :count])
    return np.column_stack(terms), weight
