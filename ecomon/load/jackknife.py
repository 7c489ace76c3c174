"""Resampling: how far an estimate would move had a day, or a block of days, not been measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError

Values = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


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
    # Here, for the registry knows this room, and a command that never computes a load waits for it.
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, (1 + level) / 2)) * standard_error
    return max(0.0, estimate - half), estimate + half


def delete_one_places(n: int) -> Places:
    """Places of the samples that stay when each is left out in turn, shape (n, n - 1).

    Raises
    ------
    ContractError
        of fewer than two.

    Source
    ------
    Quenouille 1956; Tukey 1958.
    """
    if n < 2:
        raise ContractError("a jackknife takes two values or more")
    row, column = np.arange(n)[:, None], np.arange(n - 1)[None, :]
    return column + (column >= row)


def draw_block_places(
    time_s: Values, duration_s: float, block_s: float, *, n_replicates: int, seed: int
) -> Places:
    """Places of samples drawn by blocks of time, so that neighbours stay together.

    A block begins at an instant drawn evenly over the period (it wraps around the end); blocks are
    taken until n samples are there, the rest of the last one is dropped. Places of a replicate
    stand in the order of time.

    Parameters
    ----------
    time_s : ndarray of float64, shape (n,)
        Times of the samples from the start of the period, rising, in 0..duration_s.
    block_s : float
        About 30 to 60 days for loads; longer than the memory of the river.

    Returns
    -------
    ndarray of intp, shape (n_replicates, n)

    Raises
    ------
    ContractError
        of no samples or a block without length.

    Source
    ------
    Künsch 1989; circular: Politis & Romano 1992; block lengths reference/loads.md 6.1.
    """
    n = len(time_s)
    if not n or not block_s > 0:
        raise ContractError("a block bootstrap takes samples and a block of some length")
    generator = np.random.default_rng(seed)
    around = np.concatenate([time_s, time_s + duration_s])
    share = min(block_s, duration_s) / duration_s
    drawn = np.empty((n_replicates, n), dtype=np.intp)
    for row in range(n_replicates):
        places: list[Places] = []
        count = 0
        while count < n:
            starts = generator.uniform(0, duration_s, max(1, round(1 / share)))
            first = np.searchsorted(around, starts)
            last = np.searchsorted(around, starts + share * duration_s)
            blocks = [np.arange(a, b) % n for a, b in zip(first, last, strict=True)]
            places += blocks
            count += sum(map(len, blocks))
        drawn[row] = np.sort(np.concatenate(places)[:n])
    return drawn
