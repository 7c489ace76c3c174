"""Covariance of maximum-likelihood estimates from the observed information, any censoring.

Source: the normal log-likelihood of Tobin 1958, Econometrica 26, with bounds on either side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

Values = npt.NDArray[np.float64]


def likelihood_covariance(design: Values, lower: Values, upper: Values) -> Values:
    """Covariance of (b, s), in units of s, at the estimates.

    Parameters
    ----------
    design : ndarray of float64, shape (n, p)
    lower, upper : ndarray of float64, shape (n,)
        Standardised bounds (y - x'b)/s; equal where the value is known, -inf or inf where open.

    Returns
    -------
    ndarray of float64, shape (p + 1, p + 1)
        NaN throughout where the information cannot be inverted.

    Source
    ------
    Observed Fisher information; Efron & Hinkley 1978, Biometrika 65.
    """
    bb, bs, ss = _curvatures(lower, upper)
    p = design.shape[1]
    information = np.empty((p + 1, p + 1))
    information[:p, :p] = -(design.T * bb) @ design
    information[:p, p] = information[p, :p] = -design.T @ bs
    information[p, p] = -ss.sum()
    try:
        return np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)


def _curvatures(lower: Values, upper: Values) -> tuple[Values, Values, Values]:
    """Second derivatives of each log-likelihood by mean and s, at s = 1."""
    is_exact = lower == upper
    e = np.where(is_exact, lower, 0.0)
    # Densities at the two ends over the probability between them; 0 at an open end.
    low, high = np.where(is_exact, -1.0, lower), np.where(is_exact, 1.0, upper)
    log_mass = _log_mass(low, high)
    f, g = _relative_density(high, log_mass), _relative_density(low, log_mass)
    u, v = np.where(np.isfinite(high), high, 0.0), np.where(np.isfinite(low), low, 0.0)
    first_b, first_s = -(f - g), -(f * u - g * v)
    bb = -(f * u - g * v) - first_b**2
    bs = (f - g) - (f * u**2 - g * v**2) - first_b * first_s
    ss = 2 * (f * u - g * v) - (f * u**3 - g * v**3) - first_s**2
    return (
        np.where(is_exact, -1.0, bb),
        np.where(is_exact, -2 * e, bs),
        np.where(is_exact, 1 - 3 * e**2, ss),
    )


def _log_mass(low: Values, high: Values) -> Values:
    """ln[Phi(high) - Phi(low)], in the tail where it is small."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    upper, lower = log_ndtr(b), log_ndtr(a)
    return upper + np.log1p(-np.exp(lower - upper))


def _relative_density(at: Values, log_mass: Values) -> Values:
    return np.where(np.isfinite(at), np.exp(-(at**2) / 2 - 0.5 * np.log(2 * np.pi) - log_mass), 0.0)
