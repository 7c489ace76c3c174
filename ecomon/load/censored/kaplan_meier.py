"""The distribution of values some of which are only known to lie below a limit.

Source: Kaplan & Meier 1958, J. Am. Stat. Assoc. 53; Helsel 2012, Statistics for Censored
Environmental Data, 2nd ed., ch. 6.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def kaplan_meier_weights(values: Values, is_censored: Mask) -> Values:
    """Probability of each value where some are only known to lie below it.

    Left-censored data, by the flip M - x; what probability is left below the lowest value seen is
    placed at the lowest limit (an upper bound of where it lies).

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The value, or the limit it lies below.
    is_censored : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
        Sum to one; 0 for a censored one, but for the lowest.

    Raises
    ------
    ContractError
        of no values.

    Source
    ------
    Kaplan & Meier 1958; Helsel 2012, Statistics for Censored Environmental Data, ch. 6 (flip). A
    value that equals a limit counts as above it.
    """
    n = len(values)
    if n == 0:
        raise ContractError("no values: a Kaplan-Meier estimate takes one or more")
    # From the top down; among equals the seen come first: "<x" lies below x.
    order = np.lexsort((is_censored, -values))
    weights = np.zeros(n)
    left, at_risk = 1.0, float(n)
    for i in order:
        if not is_censored[i]:
            weights[i] = left / at_risk
            left -= weights[i]
        at_risk -= 1
    # Whatever is left belongs to the censored below every value seen.
    last = order[-1]
    if is_censored[last]:
        weights[last] += left
    return weights
