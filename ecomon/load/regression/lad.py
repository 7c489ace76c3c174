"""Least absolute deviations: a regression that a few wild samples do not pull about.

Source: Koenker & Bassett 1978, Econometrica 46; LOADEST offers it (USGS TM4-A5), ``rloadest`` not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

Values = npt.NDArray[np.float64]


def fit_lad(design: Values, responses: Values) -> Values:
    """Coefficients that minimise sum |y - x'b|, by linear programming; exact.

    Parameters
    ----------
    design : ndarray of float64, shape (n, p), full rank
    responses : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (p,)
        NaN where the programme was not solved.

    Source
    ------
    Koenker & Bassett 1978, eq. 2.4: y = Xb + u - v with u, v >= 0, minimise 1'(u + v).
    """
    n, p = design.shape
    # Directions of one scale keep the solver's tolerances meaningful.
    orthogonal, triangle = np.linalg.qr(design)
    orthogonal = orthogonal * np.sqrt(n)
    solved = linprog(
        np.concatenate([np.zeros(p), np.ones(2 * n)]),
        A_eq=np.hstack([orthogonal, np.eye(n), -np.eye(n)]),
        b_eq=responses,
        bounds=[(None, None)] * p + [(0, None)] * (2 * n),
        method="highs",
    )
    if not solved.success:
        return np.full(p, np.nan)
    return np.linalg.solve(triangle, solved.x[:p] * np.sqrt(n))


def lad_covariance(design: Values, residuals: Values) -> Values:
    """Covariance of the coefficients: (X'X)^-1 / (4 f(0)^2), f the density of the residuals.

    f(0) is estimated by the slope of the quantiles between the probabilities 1/2 -/+ h with the
    bandwidth h of Hall & Sheather.

    Parameters
    ----------
    design : ndarray of float64, shape (n, p)
    residuals : ndarray of float64, shape (n,)

    Source
    ------
    Koenker & Bassett 1978; Siddiqui 1960; Hall & Sheather 1988, J. R. Stat. Soc. B 50 (at the
    median of a normal: h = n^(-1/3) 1.96^(2/3) (1.5/(2 pi))^(1/3)).
    """
    n = len(residuals)
    h = min(0.45, n ** (-1 / 3) * 1.96 ** (2 / 3) * (1.5 / (2 * np.pi)) ** (1 / 3))
    high, low = np.quantile(residuals, [0.5 + h, 0.5 - h])
    sparsity = (high - low) / (2 * h)
    return np.linalg.inv(design.T @ design) * (sparsity / 2) ** 2
