"""The detection limit that was in force at a sample whose value was seen.

Source: sections 5.4 and 6.3 of the project's load reference; the rule "nearest in time" is the
project's own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from ecomon.load.regression.decimal_time import Convention

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# LOADEST takes lambda(xi) = -xi below this standardised limit.
_LOADEST_TAIL = -6.0


def limits_in_force(values: Values, is_censored: Mask, *, convention: Convention) -> Values:
    """Limit of every sample: its own where censored, else one borrowed; 0 where none was in force.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Values, or the limits they lie below, in the order of time.
    is_censored : ndarray of bool, shape (n,)
    convention : {"ecomon", "loadest"}
        ``ecomon``: the nearest censored sample in the order of sampling whose limit is not above
        the value (of two equally near, the earlier). ``loadest``: the last censored sample before
        (or the first after); 0 if the value lies below that.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the unit of the values.

    Source
    ------
    ``rloadest`` 0.4.5 for its rule, which depends on order and is kept for comparison only.
    """
    at = np.flatnonzero(is_censored)
    if not len(at):
        return np.zeros(len(values))
    places = np.arange(len(values))
    if convention == "loadest":
        before = np.searchsorted(at, places, side="right") - 1
        borrowed = values[at[np.maximum(before, 0)]]
        return np.where(is_censored | (values >= borrowed), borrowed, 0.0)
    distance = np.abs(places[:, None] - at).astype(np.float64)
    distance[values[:, None] < values[at]] = np.inf
    nearest = distance.argmin(axis=1)
    has_one = np.isfinite(distance[places, nearest])
    return np.where(is_censored, values, np.where(has_one, values[at[nearest]], 0.0))


def solve_loadest_tail(
    design: Values, upper: Values, is_censored: Mask, coefficients: Values, sigma: float
) -> tuple[Values, float]:
    """LOADEST's estimates where a censored sample lies more than six s below its prediction.

    There LOADEST replaces the score lambda(xi) by -xi. That makes such a sample count as if it had
    been seen at its limit, but for the term ln s: the estimates solve other equations than maximum
    likelihood. For comparison only.

    Parameters
    ----------
    design : ndarray of float64, shape (n, p)
    upper : ndarray of float64, shape (n,)
        Responses, or the limits they lie below; natural logarithms.
    is_censored : ndarray of bool, shape (n,)
    coefficients, sigma
        Maximum-likelihood estimates, where the search starts; they are returned where no sample
        is that far out.

    Source
    ------
    LOADEST (Runkel, Crawford & Cohn 2004, USGS TM4-A5) as in ``rloadest`` 0.4.5.
    """
    is_far = is_censored & ((upper - design @ coefficients) / sigma < _LOADEST_TAIL)
    if not is_far.any():
        return coefficients, sigma
    rows = np.column_stack([-design, upper])
    seen, near = ~is_censored | is_far, is_censored & ~is_far
    phi = np.append(coefficients, 1.0) / sigma
    gram = rows[seen].T @ rows[seen]
    n_log = int((~is_censored).sum())
    for _ in range(100):
        z = rows[near] @ phi
        mills = np.exp(-(z**2) / 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(z))
        gradient = rows[near].T @ mills - gram @ phi
        gradient[-1] += n_log / phi[-1]
        hessian = gram + (rows[near].T * (mills * (z + mills))) @ rows[near]
        hessian[-1, -1] += n_log / phi[-1] ** 2
        step = np.linalg.solve(hessian, gradient)
        while phi[-1] + step[-1] <= 0:
            step /= 2
        phi = phi + step
        if float(np.abs(step).max()) <= 1e-12 * float(np.abs(phi).max()):
            break
    return phi[:-1] / phi[-1], float(1 / phi[-1])
