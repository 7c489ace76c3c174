"""Every sample predicted by a regression that has not seen it: one batch of the Tobit engine.

Source: leave-one-out as in EGRET's ``estCrossVal`` (Hirsch & De Cicco 2015, USGS TM4-A10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.regression.fit import RegressionFit, log_bounds
from ecomon.load.tobit import Responses, fit_tobit

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """``y_hat``: ln response of each sample without it; ``s``: that fit's standard error, freed of
    bias in the proportion of the whole fit; NaN where ``status`` is not ``fitted``."""

    y_hat: Values
    s: Values
    status: npt.NDArray[np.str_]


def leave_one_out(fit: RegressionFit) -> LeftOut:
    """Leave-one-out predictions of the samples a fit rests on.

    Parameters
    ----------
    fit : RegressionFit
        Least squares or likelihood; the model and its centres stay as they are.

    Returns
    -------
    LeftOut of n samples

    Source
    ------
    Hirsch & De Cicco 2015; Allen 1974 (PRESS).
    """
    n = fit.n_samples
    if not fit.is_fitted:
        nothing = np.full(n, np.nan)
        return LeftOut(nothing, nothing, np.full(n, fit.status))
    matrix = fit.design.of_samples(fit.samples)
    lower, upper = log_bounds(fit.samples, fit.response)
    fits = fit_tobit(matrix, Responses(lower, upper), weights=1.0 - np.eye(n))
    inflation = np.sqrt(fit.variance / fit.variance_likelihood)
    y_hat = np.einsum("ij,ij->i", matrix, fits.coefficients)
    return LeftOut(y_hat, fits.sigma * inflation, fits.status)
