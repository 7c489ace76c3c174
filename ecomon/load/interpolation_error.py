"""How far an interpolated load may be off, from how concentrations differ with the time between them.

A load by interpolation is a weighted sum of samples; what it stands for is a weighted sum of all
concentrations of the period. Under a covariance that falls exponentially with time apart, the
variance of the difference of the two is a quadratic form, and its cost is linear in the number of
steps. A longer gap, being farther from any sample, has more variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecomon.errors import ContractError
from ecomon.load.flux import Floats

_MAX_LAGS = 40
_N_RANGES = 24


@dataclass(frozen=True, slots=True)
class Variogram:
    """Exponential variogram with a nugget: gamma(h) = nugget + sill (1 - exp(-h/range)).

    ``nugget`` and ``sill`` in (mg/L)^2, ``range_s`` in s. The nugget is error of the sample, not of
    the river.
    """

    nugget: float
    sill: float
    range_s: float


def fit_variogram(time_s: Floats, values: Floats) -> Variogram:
    """Variogram of a series of samples, by weighted least squares over the first lags.

    Parameters
    ----------
    time_s : ndarray of float64, shape (n,)
        Rising.
    values : ndarray of float64, shape (n,)

    Returns
    -------
    Variogram
        Of fewer than four samples: no nugget, the sample variance, and a range of the mean spacing
        (neighbours nearly unrelated), which is the cautious end.

    Source
    ------
    Matheron 1963; weights of Cressie 1985 (number of pairs), each lag of the sequence a class; the
    range from a fixed grid so that the same data give the same figure everywhere. Use for loads:
    reference/loads.md 6.1.
    """
    n = len(values)
    variance = float(values.var(ddof=1)) if n > 1 else 0.0
    spacing = float(np.median(np.diff(time_s))) if n > 1 else 1.0
    if n < 4 or variance == 0:
        return Variogram(0.0, variance, max(spacing, 1.0))
    lags = range(1, min(_MAX_LAGS, n - 2) + 1)
    apart = np.array([(time_s[lag:] - time_s[:-lag]).mean() for lag in lags])
    half = np.array([((values[lag:] - values[:-lag]) ** 2).mean() / 2 for lag in lags])
    weight = np.array([n - lag for lag in lags]) / apart
    ranges = np.geomspace(spacing / 4, (time_s[-1] - time_s[0]) / 2, _N_RANGES)
    rise = 1 - np.exp(-apart[None, :] / ranges[:, None])
    nugget, sill = _fit_non_negative(rise, half, weight)
    misfit = (weight * (nugget[:, None] + sill[:, None] * rise - half) ** 2).sum(axis=1)
    best = int(np.argmin(misfit))
    return Variogram(float(nugget[best]), float(sill[best]), float(ranges[best]))


def _fit_non_negative(rise: Floats, half: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weighted least squares of ``half`` on (1, rise), neither coefficient below zero, by row."""
    total = weight.sum()
    mean_rise, mean_half = (rise * weight).sum(axis=1) / total, (half * weight).sum() / total
    centred = rise - mean_rise[:, None]
    slope = (weight * centred * (half - mean_half)).sum(axis=1)
    slope = slope / np.maximum((weight * centred**2).sum(axis=1), 1e-300)
    only_sill = (weight * rise * half).sum(axis=1) / (weight * rise**2).sum(axis=1)
    sill = np.maximum(slope, 0.0)
    nugget = mean_half - sill * mean_rise
    return np.maximum(nugget, 0.0), np.where(nugget < 0, only_sill, sill)


def sum_variance(
    sample_s: Floats, sample_weight: Floats, step_s: Floats, step_weight: Floats, of: Variogram
) -> float:
    """Variance of (weighted samples - weighted true concentrations).

    Parameters
    ----------
    sample_s, sample_weight : ndarray of float64, shape (n,)
        Times and what each sample weighs in the estimate.
    step_s, step_weight : ndarray of float64, shape (N,)
        Times and what the concentration of each step weighs in the truth. Where both weights are
        volumes (m3) the variance is in g^2. The weights of both sum to the same.
    of : Variogram

    Returns
    -------
    float
        In (weight x mg/L)^2.

    Source
    ------
    Block estimation variance (Matheron 1963; Journel & Huijbregts 1978).
    """
    times = np.concatenate([sample_s, step_s])
    weights = np.concatenate([sample_weight, -step_weight])
    order = np.argsort(times, kind="stable")
    river = sum_exponential(times[order], weights[order], of.range_s)
    return max(0.0, of.sill * river) + of.nugget * float((sample_weight**2).sum())


def sum_exponential(time_s: Floats, weight: Floats, range_s: float) -> float:
    """Sum over all pairs of weight x weight x exp(-|time apart| / range), in one pass.

    Parameters
    ----------
    time_s, weight : ndarray of float64, shape (N,)
        Times not falling.
    range_s : float

    Raises
    ------
    ContractError
        if the range is not above zero.

    Source
    ------
    The exponential covariance is Markov: the sum over earlier terms is carried along; in chunks
    whose exponents float64 holds.
    """
    if not range_s > 0:
        raise ContractError(f"a range of {range_s} s")
    total = float((weight**2).sum())
    carried = 0.0  # sum of earlier weights, each decayed to the start of the chunk
    chunk_of = np.floor((time_s - time_s[0]) / (50 * range_s)).astype(np.int64)
    starts = np.flatnonzero(np.diff(chunk_of, prepend=chunk_of[0] - 1))
    ends = np.append(starts[1:], len(time_s))
    for first, last in zip(starts, ends, strict=True):
        since = (time_s[first:last] - time_s[first]) / range_s
        own = weight[first:last]
        grown = np.concatenate([[0.0], np.cumsum(own * np.exp(since))])
        before = (carried + grown[:-1]) * np.exp(-since)
        total += 2 * float((own * before).sum())
        if last < len(time_s):
            away = (time_s[last] - time_s[first]) / range_s
            carried = (carried + grown[-1]) * float(np.exp(-away))
    return total
