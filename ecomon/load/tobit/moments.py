"""Weighted sums over the exact responses: all that the likelihood needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the exact responses of m nodes, z = (x, y).

    Parameters
    ----------
    gram : ndarray of float64, shape (m, p + 1, p + 1)
        Sum of w z z'.
    weight : ndarray of float64, shape (m,)
        Sum of w.
    n_exact, n_censored, n_between : ndarray of int64, shape (m,)
        Exact responses with positive weight, censored ones, and those among the censored that
        lie between two finite bounds; a repeated response counts as often as it is repeated.

    Source
    ------
    Normal equations of weighted least squares; project rule: counts decide, weights do not.
    """

    gram: Values
    weight: Values
    n_exact: Counts
    n_censored: Counts
    n_between: Counts

    @property
    def n_nodes(self) -> int:
        return len(self.weight)

    @property
    def n_parameters(self) -> int:
        """Coefficients, sigma not counted."""
        return self.gram.shape[-1] - 1

    def take(self, rows: Counts) -> Moments:
        """The nodes ``rows``."""
        return Moments(
            self.gram[rows],
            self.weight[rows],
            self.n_exact[rows],
            self.n_censored[rows],
            self.n_between[rows],
        )


def pair_products(rows: Values) -> Values:
    """Products of every pair of columns, upper triangle: shape (n, k) -> (n, k (k + 1)/2).

    Source
    ------
    A weighted Gram matrix is then one matrix product, weights @ products (design: GEMM).
    """
    i, j = np.triu_indices(rows.shape[1])
    return rows[:, i] * rows[:, j]


def from_triangle(sums: Values, k: int) -> Values:
    """Symmetric matrices from their upper triangles: shape (m, k (k + 1)/2) -> (m, k, k).

    Source
    ------
    The inverse of :func:`pair_products` after summation (design: GEMM).
    """
    place = np.zeros((k, k), dtype=np.int64)
    i, j = np.triu_indices(k)
    place[i, j] = place[j, i] = np.arange(len(i))
    return sums[:, place]
