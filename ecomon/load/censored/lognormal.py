"""A lognormal distribution fitted to values some of which lie below limits.

Source: Cohen 1959, Technometrics 1; Helsel 2012, Statistics for Censored Environmental Data, ch. 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri

from ecomon.load.tobit import Responses, fit_tobit

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lognormal:
    """ln X ~ N(mu, sigma^2); NaN where ``status`` is not ``fitted``."""

    mu: float
    sigma: float
    status: str

    @property
    def mean(self) -> float:
        return float(np.exp(self.mu + self.sigma**2 / 2))

    @property
    def sd(self) -> float:
        return self.mean * float(np.sqrt(np.expm1(self.sigma**2)))

    def quantile(self, probability: float) -> float:
        return float(np.exp(self.mu + self.sigma * ndtri(probability)))


def fit_lognormal(values: Values, is_censored: Mask) -> Lognormal:
    """Maximum-likelihood lognormal of values and limits.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Positive: the value, or the limit it lies below.
    is_censored : ndarray of bool, shape (n,)

    Returns
    -------
    Lognormal
        ``status`` as the Tobit engine gives it.

    Source
    ------
    Cohen 1959; Helsel 2012.
    """
    logs = np.log(values)
    responses = Responses(np.where(is_censored, -np.inf, logs), logs)
    fits = fit_tobit(np.ones((len(values), 1)), responses)
    return Lognormal(float(fits.coefficients[0, 0]), float(fits.sigma[0]), str(fits.status[0]))


def expected_below(mu: Values | float, sigma: float, limit: Values) -> Values:
    """E[C | C < limit] where ln C ~ N(mu, sigma^2): what an averaging method may insert.

    Parameters
    ----------
    mu : float, or ndarray of float64, shape (n,)
        Mean of ln C: one for all, or as a regression predicts it for each sample.
    sigma : float
    limit : ndarray of float64, shape (n,)
        Positive, in the unit of C.

    Returns
    -------
    ndarray of float64, shape (n,)
        Between 0 and the limit.

    Source
    ------
    Mean of a truncated lognormal, exp(mu + s^2/2) Phi(z - s)/Phi(z), z = (ln limit - mu)/s;
    section 6.7 of the project's load reference. The share of a load that rests on it is flagged.
    """
    z = (np.log(limit) - mu) / sigma
    return np.exp(mu + sigma**2 / 2 + log_ndtr(z - sigma) - log_ndtr(z))
