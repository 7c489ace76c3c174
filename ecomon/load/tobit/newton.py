"""Damped Newton steps of many nodes at once; a node that has arrived leaves the batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.tobit.cholesky import solve_symmetric
from ecomon.load.tobit.likelihood import CensoredTerms, Evaluation, evaluate

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

ITERATIONS_MAX = 80
# The squared Newton decrement g'H^-1 g after which one more full step leaves nothing to gain:
# Newton converges quadratically, so the error left is of the order of this number.
DECREMENT_TOLERANCE = 1e-11
# Where a step raises l by less than its round-off, it is taken as it is.
_ROUND_OFF = 1e-12
_SMALLEST_STEP = 1e-8


@dataclass(slots=True)
class _State:
    """Where each node stands: its last accepted point, value and direction, and its step."""

    phi: Values
    value: Values
    direction: Values
    step: Values

    def take(self, rows: npt.NDArray[np.bool_]) -> _State:
        return _State(self.phi[rows], self.value[rows], self.direction[rows], self.step[rows])


@dataclass(frozen=True, slots=True)
class NewtonEnds:
    """Points (m, k), log-likelihoods (m,) and evaluations (m,) of m nodes, and which arrived."""

    phi: Values
    log_likelihood: Values
    n_iterations: Indices
    is_converged: npt.NDArray[np.bool_]


def climb(
    start: Values, gram: Values, weight: Values, terms: CensoredTerms, weights: Values
) -> NewtonEnds:
    """Climb the concave likelihood from ``start`` to its maximum, all nodes together.

    Parameters
    ----------
    start : ndarray of float64, shape (m, k)
        phi = (beta/sigma, 1/sigma) with a positive last entry.
    gram, weight, terms, weights
        As :func:`ecomon.load.tobit.likelihood.evaluate` takes them.

    Returns
    -------
    NewtonEnds
        ``is_converged`` is False where the curvature is singular, the step vanished, or
        ``ITERATIONS_MAX`` evaluations were not enough.

    Source
    ------
    Olsen 1978 (concavity in these parameters); Boyd and Vandenberghe, Convex Optimization, 9.5.
    """
    m = len(start)
    ends = NewtonEnds(
        start.copy(),
        np.full(m, np.nan),
        np.zeros(m, dtype=np.int64),
        np.zeros(m, dtype=np.bool_),
    )
    rows = np.arange(m)
    state = _State(start, np.full(m, -np.inf), np.zeros_like(start), np.zeros(m))
    for _ in range(ITERATIONS_MAX):
        if not len(rows):
            break
        ends.n_iterations[rows] += 1
        trial = state.phi + state.step[:, None] * state.direction
        at = evaluate(trial, gram[rows], weight[rows], terms, weights[rows])
        is_going_on = _advance(state, trial, at, (ends, rows))
        rows, state = rows[is_going_on], state.take(is_going_on)
    return ends


def _advance(
    state: _State, trial: Values, at: Evaluation, record: tuple[NewtonEnds, Indices]
) -> npt.NDArray[np.bool_]:
    """Take the trial where it climbed, halve the step where not; True where the node goes on."""
    ends, rows = record
    slack = _ROUND_OFF * (1 + np.abs(state.value))
    with np.errstate(invalid="ignore"):
        is_taken = at.log_likelihood >= state.value - np.where(np.isfinite(slack), slack, 0.0)
    is_taken &= np.isfinite(at.log_likelihood)
    direction, is_definite, decrement = solve_symmetric(at.curvature, at.gradient)
    is_lost = is_taken & ~is_definite
    is_there = is_taken & is_definite & (decrement <= DECREMENT_TOLERANCE)
    goes_up = is_taken & is_definite & ~is_there
    state.phi[is_taken] = trial[is_taken]
    state.value[is_taken] = at.log_likelihood[is_taken]
    state.direction[goes_up] = direction[goes_up]
    state.step[goes_up] = 1.0
    state.step[~is_taken] *= 0.5
    done = rows[is_there]
    ends.phi[done] = trial[is_there] + direction[is_there]
    ends.log_likelihood[done] = at.log_likelihood[is_there] + decrement[is_there] / 2
    ends.is_converged[done] = True
    return ~is_there & ~is_lost & (state.step > _SMALLEST_STEP)
