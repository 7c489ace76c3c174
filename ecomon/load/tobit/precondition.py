"""A design and its responses brought to a scale at which Gram matrices lose no digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.tobit.responses import Responses

Values = npt.NDArray[np.float64]
# Below this share of the largest pivot a column of the design says nothing of its own.
RANK_TOLERANCE = 1e-10
# Residuals below this share of the responses are round-off of a perfect fit.
SCATTER_TOLERANCE = 1e-13


@dataclass(frozen=True, slots=True)
class Preconditioned:
    """Orthonormal columns Q sqrt(n) of a design X = Q R, and residuals of one common fit.

    Coefficients found for (design, responses) go back with :meth:`restore`, and new rows of the
    original design come here with :meth:`rotate`.
    """

    design: Values
    responses: Responses
    is_full_rank: bool
    _triangle: Values
    _offset: Values
    _scale: float

    def rotate(self, rows: Values) -> Values:
        """Rows of the original design, shape (k, p), in this one's columns."""
        return np.asarray(np.linalg.solve(self._triangle.T, rows.T).T, dtype=np.float64)

    def restore(self, coefficients: Values) -> Values:
        """Coefficients, shape (m, p), of the original design and responses."""
        return np.linalg.solve(self._triangle, self._scale * coefficients.T).T + self._offset

    @property
    def scale(self) -> float:
        """Sigma of the original responses = scale x sigma of these."""
        return self._scale


def precondition(design: Values, responses: Responses) -> Preconditioned:
    """Replace columns by an orthonormal basis and responses by what one plain fit leaves of them.

    The likelihood is the same function in other coordinates, so the fit does not depend on
    the units of the design or of the response, and a Gram matrix in float64 is ample.

    Parameters
    ----------
    design : ndarray of float64, shape (n, p)
    responses : Responses of length n

    Returns
    -------
    Preconditioned
        ``is_full_rank`` is False where a column depends on the others (or n < p).

    Source
    ------
    QR factorisation; Golub and Van Loan, Matrix Computations, ch. 5.
    """
    n, p = design.shape
    spread = np.sqrt(np.mean(design**2, axis=0)) if n else np.zeros(p)
    spread = np.where(spread > 0, spread, 1.0)
    q, r = np.linalg.qr(design / spread)
    pivots = np.abs(np.diagonal(r))
    if n < p or pivots.min() <= RANK_TOLERANCE * pivots.max():
        eye = np.eye(p)
        return Preconditioned(design, responses, False, eye, np.zeros(p), 1.0)
    triangle = (r * spread) / np.sqrt(n)
    rows = q * np.sqrt(n)
    plain = rows.T @ responses.stand_ins / n
    common = rows @ plain
    residual = responses.stand_ins - common
    size = float(np.sqrt(np.mean(responses.stand_ins**2)))
    scale = float(np.sqrt(np.mean(residual**2)))
    if scale <= SCATTER_TOLERANCE * size:
        # Nothing is left but round-off, which must not be blown up into scatter.
        plain, common, scale = np.zeros(p), np.zeros(n), size or 1.0
    shifted = Responses((responses.lower - common) / scale, (responses.upper - common) / scale)
    offset = np.linalg.solve(triangle, plain)
    return Preconditioned(rows, shifted, True, triangle, offset, scale)
