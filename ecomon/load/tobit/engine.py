"""The two doors of the engine: from a design and responses, and from weighted sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.tobit.cholesky import solve_symmetric
from ecomon.load.tobit.fits import (
    FITTED,
    NO_SCATTER,
    NOT_CONVERGED,
    RANK_DEFICIENT,
    TobitFits,
    name_unfittable,
)
from ecomon.load.tobit.likelihood import CensoredTerms
from ecomon.load.tobit.moments import Moments, from_triangle, pair_products
from ecomon.load.tobit.newton import climb
from ecomon.load.tobit.precondition import precondition
from ecomon.load.tobit.responses import CensoredPoints, Responses
from ecomon.load.tobit.threads import one_blas_thread

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# Numbers one temporary array of a chunk may hold: 1 MiB of them stays in the processor's cache.
CHUNK_NUMBERS = 1 << 17
_LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)
# Residual sums of squares below this share of the total are round-off of a perfect fit.
_SCATTER_TOLERANCE = 1e-13


def fit_tobit(design: Values, responses: Responses, *, weights: Values | None = None) -> TobitFits:
    """Maximum-likelihood linear regression of responses that may be censored.

    y = x'beta + sigma e, e standard normal; every node has its own weights over the same n
    responses. Where nothing is censored the fit is in closed form; otherwise damped Newton in
    Olsen's parameters, in which the likelihood is concave.

    Parameters
    ----------
    design : ndarray of float64, shape (n, p)
        Finite; an intercept is a column of ones.
    responses : Responses of length n
        Natural logarithms.
    weights : ndarray of float64, shape (m, n), optional
        Not negative; one node of weight one when absent.

    Returns
    -------
    TobitFits of m nodes
        A node that cannot be fitted has NaN and its status; nothing is raised for it.

    Raises
    ------
    ContractError
        where shapes differ, the design is not finite or a weight is negative or NaN.

    Source
    ------
    Olsen 1978, Econometrica 46, 1211-1215; checked against survival::survreg through the EGRET
    and rloadest results (loads.md 4, 5).
    """
    n = len(design)
    weights = np.ones((1, n)) if weights is None else weights
    if len(responses.lower) != n or weights.shape[1:] != (n,):
        raise ContractError(
            f"design {design.shape}, responses ({len(responses.lower)},), weights {weights.shape}: "
            "rows of the design, responses and columns of the weights must agree"
        )
    if not np.isfinite(design).all() or not (weights >= 0).all():
        raise ContractError("the design must be finite and the weights neither negative nor NaN")
    with one_blas_thread():
        ready = precondition(design, responses)
        points = CensoredPoints.of(ready.design, ready.responses)
        moments = _sum_moments(ready.design, ready.responses, weights, points)
        if not ready.is_full_rank:
            return _all_rank_deficient(moments)
        fits = fit_moments(moments, points, weights[:, points.order])
        exact_weight = weights[:, responses.is_exact].sum(axis=1)
    sigma = fits.sigma * ready.scale
    return TobitFits(
        ready.restore(fits.coefficients),
        sigma,
        fits.log_likelihood - exact_weight * np.log(ready.scale),
        fits.n_iterations,
        fits.is_converged,
        fits.status,
    )


def _all_rank_deficient(moments: Moments) -> TobitFits:
    fits = TobitFits.empty(moments.n_nodes, moments.n_parameters)
    status = name_unfittable(moments)
    fits.status[:] = np.where(status == FITTED, RANK_DEFICIENT, status)
    return fits


def _sum_moments(
    design: Values, responses: Responses, weights: Values, points: CensoredPoints
) -> Moments:
    """Weighted sums of the exact responses and counts of the censored, by matrix products."""
    is_exact = responses.is_exact
    rows = np.column_stack([design[is_exact], responses.lower[is_exact]])
    exact_weights = weights[:, is_exact]
    is_used = weights[:, points.order] > 0
    return Moments(
        gram=from_triangle(exact_weights @ pair_products(rows), rows.shape[1]),
        weight=exact_weights.sum(axis=1),
        n_exact=(exact_weights > 0).sum(axis=1),
        n_censored=is_used.sum(axis=1),
        n_between=is_used[:, points.n_one_sided :].sum(axis=1),
    )


def fit_moments(moments: Moments, points: CensoredPoints, weights: Values) -> TobitFits:
    """The same fit from weighted sums of the exact responses.

    For callers whose weights factorise, so that the sums of many nodes are one matrix product.
    Design and responses should be preconditioned (:func:`precondition`); coefficients and sigma
    come back in those coordinates.

    Parameters
    ----------
    moments : Moments of m nodes
    points : CensoredPoints, c of them
    weights : ndarray of float64, shape (m, c)
        In the order of ``points.order``.

    Returns
    -------
    TobitFits of m nodes

    Source
    ------
    loads.md 5.2: exact part through fixed Gram matrices, censored points re-evaluated.
    """
    fits = TobitFits.empty(moments.n_nodes, moments.n_parameters)
    fits.status[:] = name_unfittable(moments)
    with one_blas_thread():
        is_plain = (fits.status == FITTED) & (moments.n_censored == 0)
        _fit_closed(moments, np.flatnonzero(is_plain), fits)
        rows = np.flatnonzero((fits.status == FITTED) & (moments.n_censored > 0))
        size = max(1, CHUNK_NUMBERS // max(1, points.n_points))
        for first in range(0, len(rows), size):
            _fit_censored(moments, points, weights, rows[first : first + size], fits)
    return fits


def _fit_closed(moments: Moments, rows: Indices, fits: TobitFits) -> None:
    """Weighted least squares with sigma^2 = residual sum / sum of weights."""
    p = moments.n_parameters
    gram, weight = moments.gram[rows], moments.weight[rows]
    beta, is_definite, explained = solve_symmetric(gram[:, :p, :p], gram[:, :p, p])
    total = gram[:, p, p]
    residual = total - explained
    has_scatter = residual > _SCATTER_TOLERANCE * total
    status = np.where(is_definite, np.where(has_scatter, FITTED, NO_SCATTER), RANK_DEFICIENT)
    is_good = status == FITTED
    good = rows[is_good]
    fits.status[rows] = status
    fits.coefficients[good] = beta[is_good]
    fits.sigma[good] = sigma = np.sqrt(residual[is_good] / weight[is_good])
    fits.log_likelihood[good] = -weight[is_good] * (np.log(sigma) + _LOG_ROOT_TWO_PI + 0.5)
    fits.is_converged[good] = True


def _fit_censored(
    moments: Moments, points: CensoredPoints, weights: Values, rows: Indices, fits: TobitFits
) -> None:
    """Newton for one chunk of nodes; points that weigh nothing in all of it are left out."""
    w = weights[rows]
    is_used: npt.NDArray[np.bool_] = np.any(w > 0, axis=0)
    w, used = np.ascontiguousarray(w[:, is_used]), points.take(is_used)
    k = moments.n_parameters + 1
    signed = moments.gram[rows]
    start, is_definite = _start(signed, moments.weight[rows], used, w)
    signed[:, -1, :-1] *= -1
    signed[:, :-1, -1] *= -1
    fits.status[rows[~is_definite]] = RANK_DEFICIENT
    rows, w, signed, start = (
        rows[is_definite],
        w[is_definite],
        signed[is_definite],
        start[is_definite],
    )
    weight = moments.weight[rows]
    ends = climb(start, signed, weight, CensoredTerms.of(used), w)
    theta = ends.phi[:, -1]
    is_good = ends.is_converged & (theta > 0)
    good = rows[is_good]
    fits.n_iterations[rows] = ends.n_iterations
    fits.status[rows[~is_good]] = NOT_CONVERGED
    fits.coefficients[good] = ends.phi[is_good, : k - 1] / theta[is_good, None]
    fits.sigma[good] = 1 / theta[is_good]
    fits.log_likelihood[good] = (ends.log_likelihood - weight * _LOG_ROOT_TWO_PI)[is_good]
    fits.is_converged[good] = True


def _start(
    gram: Values, weight: Values, points: CensoredPoints, weights: Values
) -> tuple[Values, npt.NDArray[np.bool_]]:
    """Least squares with each censored response at its stand-in: where the climb begins."""
    k = gram.shape[1]
    full = gram + from_triangle(weights @ pair_products(points.stand_ins), k)
    beta, is_definite, explained = solve_symmetric(full[:, :-1, :-1], full[:, :-1, -1])
    total = full[:, -1, -1]
    residual = np.maximum(total - explained, 1e-8 * total)
    theta = np.sqrt((weight + weights.sum(axis=1)) / np.maximum(residual, np.finfo(float).tiny))
    return np.column_stack([beta * theta[:, None], theta]), is_definite
