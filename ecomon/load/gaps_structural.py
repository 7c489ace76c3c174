"""A structural model of ln Q: a level that wanders, round a season that repeats each year."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from ecomon.load.flux import Floats

_N_HARMONICS = 2
_SAFE_RATIO = (-8.0, 8.0)


def smooth_levels(values: Floats, years: Floats | None) -> tuple[Floats, Floats]:
    """Expected value of every step, and its variance, from all values before and after it.

    The season (two harmonics, least squares) is taken out; what is left is a local level model
    y = m + e, m' = m + w, whose two variances are those of greatest likelihood, smoothed both ways.

    Parameters
    ----------
    values : ndarray of float64, shape (N,)
        NaN: missing. At least one value.
    years : ndarray of float64, shape (N,), or None
        Time in years; None takes no season.

    Returns
    -------
    mean, variance : ndarray of float64, shape (N,)
        Of the value itself (level and noise); the variance of the season's coefficients is left
        out. NaN all through where no step has a value.

    Source
    ------
    Harvey 1989; Durbin & Koopman 2012, chapter 2 (local level model: filter, smoother, concentrated
    likelihood). As ``StructTS`` in fillMiss (Ryberg & Vecchia): reference/loads.md 6.10.
    """
    known = ~np.isnan(values)
    if not known.any():
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    season = np.zeros(len(values))
    if years is not None:
        waves = [
            wave(2 * np.pi * k * years)
            for k in range(1, _N_HARMONICS + 1)
            for wave in (np.sin, np.cos)
        ]
        design = np.column_stack([np.ones(len(values)), *waves])
        fitted, *_ = np.linalg.lstsq(design[known], values[known], rcond=None)
        season = design @ fitted
    rest = (values - season).tolist()
    found = minimize_scalar(
        lambda log_ratio: _concentrated_loss(rest, float(np.exp(log_ratio))),
        bounds=_SAFE_RATIO,
        method="bounded",
    )
    ratio = float(np.exp(found.x))
    level, spread, noise = smooth_local_level(rest, ratio)
    return np.asarray(level) + season, np.asarray(spread) + noise


def _filter(
    values: list[float], ratio: float
) -> tuple[list[float], list[float], float, float, int]:
    """Predicted levels, their variances (noise = 1), sum of v^2/F, sum of ln F, number of them."""
    first = next(value for value in values if value == value)
    level, variance = first, 1e7
    levels: list[float] = []
    variances: list[float] = []
    squares = logs = 0.0
    n = 0
    for value in values:
        levels.append(level)
        variances.append(variance)
        if value == value:
            total = variance + 1.0
            miss = value - level
            if n:  # the first value only sets the level
                squares += miss * miss / total
                logs += np.log(total)
            n += 1
            gain = variance / total
            level += gain * miss
            variance *= 1 - gain
        variance += ratio
    return levels, variances, squares, logs, n - 1


def _concentrated_loss(values: list[float], ratio: float) -> float:
    """-2 log-likelihood with the noise's variance concentrated out, up to a constant."""
    *_, squares, logs, n = _filter(values, ratio)
    return float(n * np.log(max(squares / max(n, 1), 1e-300)) + logs) if n else 0.0


def smooth_local_level(values: list[float], ratio: float) -> tuple[list[float], list[float], float]:
    """Levels and their variances from both sides, and the variance of the noise.

    Parameters
    ----------
    values : list of float
        NaN: missing.
    ratio : float
        Variance of the level's steps over that of the noise.

    Source
    ------
    Durbin & Koopman 2012, sections 2.2 to 2.4, with a diffuse first level.
    """
    levels, variances, squares, _, n = _filter(values, ratio)
    noise = squares / n if n else 0.0
    r = back = 0.0
    mean = levels.copy()
    spread = variances.copy()
    for place in range(len(values) - 1, -1, -1):
        p, value = variances[place], values[place]
        if value == value:
            total = p + 1.0
            keep = 1 - p / total
            r = (value - levels[place]) / total + keep * r
            back = 1 / total + keep * keep * back
        mean[place] = levels[place] + p * r
        spread[place] = max(0.0, p - p * p * back)
    return mean, [one * noise for one in spread], noise
