"""Small symmetric systems, many at once, that say where they are singular instead of raising."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
# A pivot below this share of its own diagonal entry is round-off of a dependent column.
PIVOT_TOLERANCE = 1e-12


def solve_symmetric(
    matrices: Values, right: Values
) -> tuple[Values, npt.NDArray[np.bool_], Values]:
    """Solve A x = b for m positive definite matrices, unpivoted L D L'.

    Parameters
    ----------
    matrices : ndarray of float64, shape (m, k, k)
    right : ndarray of float64, shape (m, k)

    Returns
    -------
    solution : ndarray of float64, shape (m, k)
        Arbitrary where the second is False.
    is_definite : ndarray of bool, shape (m,)
    reduction : ndarray of float64, shape (m,)
        b'A^-1 b.

    Source
    ------
    Golub and Van Loan, Matrix Computations, 4.1.
    """
    m, k = right.shape
    work = np.concatenate([matrices, right[:, :, None]], axis=2)
    diagonal = np.diagonal(matrices, axis1=1, axis2=2).copy()
    is_definite = np.ones(m, dtype=np.bool_)
    pivots = np.empty((m, k))
    for j in range(k):
        pivot = work[:, j, j]
        is_sound = pivot > PIVOT_TOLERANCE * np.maximum(diagonal[:, j], 0.0)
        is_definite &= is_sound
        pivots[:, j] = np.where(is_sound, pivot, 1.0)
        factor = work[:, j + 1 : k, j] / pivots[:, j, None]
        work[:, j + 1 : k, j + 1 :] -= factor[:, :, None] * work[:, None, j, j + 1 :]
    forward = work[:, :, k]
    solution = forward / pivots
    reduction = np.einsum("mj,mj->m", forward, solution)
    for j in range(k - 1, -1, -1):
        upper = work[:, j, j + 1 : k] / pivots[:, j, None]
        solution[:, j] -= np.einsum("mi,mi->m", upper, solution[:, j + 1 :])
    return solution, is_definite, reduction
