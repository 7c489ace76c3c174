"""Value, gradient and Hessian of the weighted Tobit likelihood, in Olsen's parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import erfc, erfcx

from ecomon.load.tobit.moments import Values, from_triangle, pair_products
from ecomon.load.tobit.responses import CensoredPoints

_LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)
_ROOT_HALF = np.sqrt(0.5)
_ROOT_TWO_OVER_PI = np.sqrt(2 / np.pi)
# Phi(37) is one to the last bit, and erfcx beyond it overflows.
_ARGUMENT_MAX = 37.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Log-likelihood (m,), gradient (m, k) and the negative Hessian (m, k, k), k = p + 1."""

    log_likelihood: Values
    gradient: Values
    curvature: Values


@dataclass(frozen=True, slots=True)
class CensoredTerms:
    """Censored points ready to be evaluated: directions and their products, formed once."""

    points: CensoredPoints
    one_sided_pairs: Values
    upper_pairs: Values
    lower_pairs: Values
    crossed_pairs: Values

    @classmethod
    def of(cls, points: CensoredPoints) -> CensoredTerms:
        i, j = np.triu_indices(points.upper.shape[1])
        upper, lower = points.upper, points.lower
        return cls(
            points,
            pair_products(points.one_sided),
            pair_products(upper),
            pair_products(lower),
            upper[:, i] * lower[:, j] + lower[:, i] * upper[:, j],
        )


def log_normal_cdf(z: Values) -> tuple[Values, Values]:
    """log Phi(z) and the inverse Mills ratio phi(z)/Phi(z), without loss in either tail.

    Parameters
    ----------
    z : ndarray of float64, any shape

    Returns
    -------
    log Phi(z), phi(z)/Phi(z) : ndarrays of the shape of z

    Source
    ------
    Phi(z) = erfcx(-z/sqrt 2) exp(-z^2/2)/2 (Abramowitz and Stegun 7.1, 26.2).
    """
    z = np.minimum(z, _ARGUMENT_MAX)
    scaled = erfcx(-_ROOT_HALF * z)
    mills = _ROOT_TWO_OVER_PI / scaled
    # The square, the logarithm and their difference, in place: this is where the time goes.
    np.multiply(scaled, 0.5, out=scaled)
    np.log(scaled, out=scaled)
    scaled -= 0.5 * z * z
    return scaled, mills


def log_interval_probability(low: Values, high: Values) -> tuple[Values, Values, Values]:
    """log[Phi(high) - Phi(low)] and its two derivatives, stable in both tails.

    Parameters
    ----------
    low, high : ndarray of float64, one shape, low < high, finite

    Returns
    -------
    log_p, by_high, by_low : ndarrays of that shape
        ``by_high`` = phi(high)/p, ``by_low`` = -phi(low)/p. Where low >= high, log_p is -inf and
        the derivatives are zero.

    Source
    ------
    The interval is mirrored into the lower tail, where erfcx keeps every digit
    (Abramowitz and Stegun 7.1).
    """
    is_upper_tail = low > -high
    a = np.where(is_upper_tail, -high, low)
    b = np.where(is_upper_tail, -low, high)
    # exp(-a^2/2 + b^2/2) <= 1 after mirroring when b <= 0; for b > 0 the plain difference is safe.
    ratio = np.exp(np.minimum((b - a) * (b + a) / 2, 0.0))
    tail = 0.5 * (
        erfcx(-_ROOT_HALF * np.minimum(b, 0)) - erfcx(-_ROOT_HALF * np.minimum(a, 0)) * ratio
    )
    plain = 0.5 * (erfc(-_ROOT_HALF * b) - erfc(-_ROOT_HALF * a))
    is_tail = b < 0
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = np.where(is_tail, np.log(tail) - b * b / 2, np.log(plain))
    is_valid = (low < high) & np.isfinite(log_p)
    log_p = np.where(is_valid, log_p, -np.inf)
    reference = np.where(is_valid, log_p, 0.0)
    by_high = np.where(is_valid, np.exp(-high * high / 2 - _LOG_ROOT_TWO_PI - reference), 0.0)
    by_low = np.where(is_valid, -np.exp(-low * low / 2 - _LOG_ROOT_TWO_PI - reference), 0.0)
    return log_p, by_high, by_low


def evaluate(
    phi: Values, gram: Values, weight: Values, terms: CensoredTerms, weights: Values
) -> Evaluation:
    """The likelihood of m nodes at phi = (beta/sigma, 1/sigma), concave in it.

    l = sum over exact w [ln theta - (theta y - x'gamma)^2/2] + sum over censored w ln P, theta =
    1/sigma, gamma = beta/sigma. The exact part needs the fixed Gram matrix only.

    Parameters
    ----------
    phi : ndarray of float64, shape (m, k)
    gram : ndarray of float64, shape (m, k, k)
        Of rows (-x, y), exact responses.
    weight : ndarray of float64, shape (m,)
        Total weight of the exact responses.
    terms : CensoredTerms of c points
    weights : ndarray of float64, shape (m, c)
        One-sided points first.

    Returns
    -------
    Evaluation
        Without the constant -w ln sqrt(2 pi) of the exact responses. -inf where theta <= 0 and
        an exact response is there.

    Source
    ------
    Olsen 1978, Econometrica 46, 1211-1215; loads.md 5.2.
    """
    k = phi.shape[1]
    theta = phi[:, -1]
    pull = np.einsum("mij,mj->mi", gram, phi)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_theta = np.where(theta > 0, np.log(theta), -np.inf)
    exact = np.where(weight > 0, weight * log_theta, 0.0)
    value = exact - 0.5 * np.einsum("mi,mi->m", phi, pull)
    gradient = -pull
    gradient[:, -1] += weight / theta
    curvature = gram.copy()
    curvature[:, -1, -1] += weight / theta**2
    pairs = np.zeros((len(phi), k * (k + 1) // 2))
    _add_one_sided(phi, terms, weights, (value, gradient, pairs))
    _add_between(phi, terms, weights, (value, gradient, pairs))
    curvature += from_triangle(pairs, k)
    return Evaluation(np.where(theta > 0, value, -np.inf), gradient, curvature)


_Sums = tuple[Values, Values, npt.NDArray[np.float64]]


def _add_one_sided(phi: Values, terms: CensoredTerms, weights: Values, sums: _Sums) -> None:
    """Add log Phi(v'phi) of the points known to lie on one side."""
    n = terms.points.n_one_sided
    if not n:
        return
    value, gradient, pairs = sums
    w = weights[:, :n]
    z = phi @ terms.points.one_sided.T
    log_p, mills = log_normal_cdf(z)
    value += np.einsum("mc,mc->m", w, log_p)
    pull = w * mills
    gradient += pull @ terms.points.one_sided
    z += mills
    pull *= z
    pairs += pull @ terms.one_sided_pairs


def _add_between(phi: Values, terms: CensoredTerms, weights: Values, sums: _Sums) -> None:
    """Add log[Phi(v_u'phi) - Phi(v_l'phi)] of the points known to lie between two bounds."""
    n = terms.points.n_one_sided
    if n == terms.points.n_points:
        return
    value, gradient, pairs = sums
    w = weights[:, n:]
    high, low = phi @ terms.points.upper.T, phi @ terms.points.lower.T
    log_p, by_high, by_low = log_interval_probability(low, high)
    # A point without weight must not make -inf x 0 out of a bound that has crossed.
    value += np.einsum("mc,mc->m", w, np.where(w > 0, log_p, 0.0))
    gradient += (w * by_high) @ terms.points.upper + (w * by_low) @ terms.points.lower
    pairs += (w * by_high * (high + by_high)) @ terms.upper_pairs
    pairs += (w * by_low * (low + by_low)) @ terms.lower_pairs
    pairs += (w * by_high * by_low) @ terms.crossed_pairs
