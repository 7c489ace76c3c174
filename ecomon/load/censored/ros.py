"""Robust regression on order statistics: values below limits filled from a line, then averaged.

Source: Helsel & Cohn 1988, Water Resour. Res. 24 (plotting positions for several limits); Hirsch &
Stedinger 1987, Water Resour. Res. 23; Helsel 2012, ch. 6.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from ecomon.errors import ContractError

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def plotting_positions(values: Values, is_censored: Mask) -> Values:
    """Probability of not exceeding each value, several detection limits allowed.

    With limits d_1 < d_2 < ..., A_j values seen in [d_j, d_j+1) and B_j values known to lie below
    d_j: pe_j = pe_j+1 + (1 - pe_j+1) A_j/(A_j + B_j) is the probability of reaching d_j. Values
    seen between two limits share pe_j - pe_j+1 evenly (Weibull), censored ones 1 - pe_j.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The value, or the limit it lies below.
    is_censored : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
        Between 0 and 1, in the order given.

    Source
    ------
    Helsel & Cohn 1988, eqs. 8 to 11; section 6.7 of the project's load reference.
    """
    limits = np.unique(values[is_censored])
    # Whatever is seen below the lowest limit has a class of its own, reached for certain.
    edges = np.concatenate([[-np.inf], limits, [np.inf]])
    reached = np.zeros(len(edges))
    for j in range(len(edges) - 2, -1, -1):
        seen = (~is_censored & (values >= edges[j]) & (values < edges[j + 1])).sum()
        below = (is_censored & (values <= edges[j])).sum() + (
            ~is_censored & (values < edges[j])
        ).sum()
        share = seen / (seen + below) if seen + below else 0.0
        reached[j] = reached[j + 1] + (1 - reached[j + 1]) * share
    reached[0] = 1.0
    positions = np.empty(len(values))
    for j in range(len(edges) - 1):
        inside = ~is_censored & (values >= edges[j]) & (values < edges[j + 1])
        width = reached[j] - reached[j + 1]
        positions[inside] = 1 - reached[j] + width * _weibull(values[inside])
        under = is_censored & (values == edges[j])
        positions[under] = (1 - reached[j]) * _weibull(values[under])
    return positions


def fill_by_ros(values: Values, is_censored: Mask) -> Values:
    """The values seen, and for each censored one what the line through the seen ones says.

    The line is ln value on the normal quantile of the plotting position, by least squares.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Positive.
    is_censored : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
        For a mean or a quantile of the whole; a single filled value means nothing.

    Raises
    ------
    ContractError
        of fewer than two different values seen: no line.

    Source
    ------
    Helsel & Cohn 1988.
    """
    z = ndtri(plotting_positions(values, is_censored))
    seen = ~is_censored
    if len(np.unique(values[seen])) < 2:
        raise ContractError("a line through order statistics takes two different values seen")
    log_seen = np.log(values[seen])
    centred = z[seen] - z[seen].mean()
    slope = float(centred @ log_seen / (centred @ centred))
    line = np.exp(log_seen.mean() + slope * (z - z[seen].mean()))
    return np.where(is_censored, line, values)


def _weibull(values: Values) -> Values:
    """i/(n + 1) of each value by rank, ties in the order given."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks / (len(values) + 1)
