"""Delete-one jackknife: how far an estimate would move had one day not been measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from ecomon.errors import ContractError

Values = npt.NDArray[np.float64]


def delete_one_means(values: Values) -> Values:
    """Means of all but one value, each value left out in turn.

    Parameters
    ----------
    values : ndarray of float64, shape (..., n), no NaN, n >= 2

    Returns
    -------
    ndarray of float64, shape (..., n)
        Entry i is the mean without value i.

    Raises
    ------
    ContractError
        of fewer than two values: nothing is left when the only one goes.

    Source
    ------
    Quenouille 1956; Tukey 1958.
    """
    n = values.shape[-1]
    if n < 2:
        raise ContractError("a jackknife takes two values or more")
    return (values.sum(axis=-1, keepdims=True) - values) / (n - 1)


def jackknife_standard_error(estimates: Values) -> Values:
    """Standard error from the n delete-one estimates of one quantity.

    SE^2 = (n - 1)/n x sum (L_(i) - mean L)^2. For a mean this is s/sqrt(n) exactly.

    Parameters
    ----------
    estimates : ndarray of float64, shape (..., n)

    Returns
    -------
    ndarray of float64, shape (...)
        In the unit of the estimates.

    Source
    ------
    Tukey 1958; as used for loads by FLUX (US Army Corps of Engineers).
    """
    n = estimates.shape[-1]
    spread = estimates - estimates.mean(axis=-1, keepdims=True)
    return np.sqrt((n - 1) / n * (spread**2).sum(axis=-1))


def t_interval(
    estimate: float, standard_error: float, n: int, *, level: float = 0.95
) -> tuple[float, float]:
    """Two-sided interval ``estimate -/+ t(n - 1) x standard error``, cut off below at zero.

    Parameters
    ----------
    estimate, standard_error : float
        Of a quantity that cannot be negative (a load); in one unit.
    n : int
        Values the estimate rests on; below 2 there is no interval and both ends are NaN.
    level : float
        Confidence, 0..1.

    Source
    ------
    Student's t with n - 1 degrees of freedom (Tukey 1958).
    """
    if n < 2:
        return float("nan"), float("nan")
    half = float(stdtrit(n - 1, (1 + level) / 2)) * standard_error
    return max(0.0, estimate - half), estimate + half
