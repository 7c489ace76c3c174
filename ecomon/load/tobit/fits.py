"""What a batch of Tobit fits gives back, and the words for a node without a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.tobit.moments import Moments

Values = npt.NDArray[np.float64]
Statuses = npt.NDArray[np.str_]

FITTED = "fitted"
TOO_FEW = "too_few"
ALL_CENSORED = "all_censored"
RANK_DEFICIENT = "rank_deficient"
NO_SCATTER = "no_scatter"
NOT_CONVERGED = "not_converged"
STATUSES = (FITTED, TOO_FEW, ALL_CENSORED, RANK_DEFICIENT, NO_SCATTER, NOT_CONVERGED)
_WIDTH = max(map(len, STATUSES))


@dataclass(frozen=True, slots=True)
class TobitFits:
    """Maximum-likelihood fits of m nodes; NaN where ``status`` is not ``fitted``, which says why.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (m, p)
        In the units of the design given.
    sigma : ndarray of float64, shape (m,)
        The maximum-likelihood estimate, not corrected for degrees of freedom.
    log_likelihood : ndarray of float64, shape (m,)
        Of the logarithms, weights included, constants included.
    n_iterations : ndarray of int64, shape (m,)
        Newton evaluations; 0 in closed form.
    is_converged : ndarray of bool, shape (m,)
    status : ndarray of str, shape (m,)
        ``fitted``; ``too_few`` responses (fewer than p + 2); ``all_censored`` (none exact and none
        between two bounds); ``rank_deficient`` design; ``no_scatter`` (the line passes through
        every response, sigma is zero); ``not_converged``.
    """

    coefficients: Values
    sigma: Values
    log_likelihood: Values
    n_iterations: npt.NDArray[np.int64]
    is_converged: npt.NDArray[np.bool_]
    status: Statuses

    @classmethod
    def empty(cls, n_nodes: int, n_parameters: int) -> TobitFits:
        """Room for m nodes, none of them fitted yet."""
        return cls(
            coefficients=np.full((n_nodes, n_parameters), np.nan),
            sigma=np.full(n_nodes, np.nan),
            log_likelihood=np.full(n_nodes, np.nan),
            n_iterations=np.zeros(n_nodes, dtype=np.int64),
            is_converged=np.zeros(n_nodes, dtype=np.bool_),
            status=np.full(n_nodes, NOT_CONVERGED, dtype=f"<U{_WIDTH}"),
        )


def name_unfittable(moments: Moments) -> Statuses:
    """The status a node has before any fit: ``fitted`` where its counts allow one.

    Parameters
    ----------
    moments : Moments of m nodes

    Returns
    -------
    ndarray of str, shape (m,)

    Source
    ------
    Project rule: p coefficients and sigma take p + 2 responses or more. Left- or right-censored
    ones alone have no maximum of the likelihood (Olsen 1978 asks for one exact response).
    """
    n_used = moments.n_exact + moments.n_censored
    status = np.full(moments.n_nodes, FITTED, dtype=f"<U{_WIDTH}")
    status[(moments.n_exact == 0) & (moments.n_between == 0) & (n_used > 0)] = ALL_CENSORED
    status[n_used < moments.n_parameters + 2] = TOO_FEW
    return status
