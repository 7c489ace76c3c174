"""Readings of a sensor set right by grab samples, before they are integrated.

The logarithm of grab over reading wanders: a drift that is remembered for some time, and the error
of each grab sample on top. The drift's expected course corrects the readings; what stays uncertain
of it is common to many readings and does not average away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize

from ecomon.errors import ContractError
from ecomon.load.flux import Floats, seconds_from
from ecomon.load.flux_series import SampleSeries
from ecomon.load.interpolation import weigh_samples
from ecomon.load.interpolation_error import sum_exponential


@dataclass(frozen=True, slots=True)
class Drift:
    """Drift of a sensor: ln(true / reading) as a mean and an AR(1) about it.

    Attributes
    ----------
    mean, mean_sd : float
        Of the log ratio over the whole record.
    drift_sd : float
        Standard deviation of the drift about its mean.
    memory_s : float
        Time over which its correlation falls to 1/e, s.
    grab_sd : float
        Standard deviation of one grab sample's own error, ln units.
    """

    mean: float
    mean_sd: float
    drift_sd: float
    memory_s: float
    grab_sd: float


@dataclass(frozen=True, slots=True)
class CalibratedReadings:
    """Readings set right.

    Attributes
    ----------
    samples : SampleSeries
        The readings x the expected correction.
    log_correction, log_sd : ndarray of float64, shape (n,)
        Of each reading, ln units.
    drift : Drift
    n_grabs : int
        Pairs the correction rests on.
    relative_error : float
        Standard error of the sum of the readings as a share, with the correlation of neighbouring
        corrections: what an error budget takes as the calibration's part.
    """

    samples: SampleSeries
    log_correction: Floats
    log_sd: Floats
    drift: Drift
    n_grabs: int
    relative_error: float


def calibrate_sensor(
    readings: SampleSeries,
    grabs: SampleSeries,
    *,
    max_apart_s: float,
    min_grabs: int,
    weight: Floats | None = None,
) -> CalibratedReadings:
    """Readings of a sensor x the drift its grab samples show.

    Parameters
    ----------
    readings : SampleSeries
        Of the sensor; above zero where a grab sample meets them. Censored ones stay so, their
        limits corrected alike.
    grabs : SampleSeries
        Laboratory samples of the same section; censored ones say nothing of a ratio and are left
        aside.
    max_apart_s : float
        A grab farther than this from a reading on either side makes no pair.
    min_grabs : int
        Fewer pairs are an error: leave the readings as they are, and say so.
    weight : ndarray of float64, shape (n,), optional
        Water each reading speaks for; equal where not given. For ``relative_error``.

    Raises
    ------
    ContractError
        if there are fewer than ``min_grabs`` pairs (at least 2).

    Source
    ------
    Log ratio with AR(1) drift: reference/loads.md 6.8; conditional mean and variance of a Gaussian
    process with constant mean (universal kriging; Rasmussen & Williams 2006, 2.7), its variances
    and memory of greatest likelihood.
    """
    time_s, ratio = _pair(readings, grabs, max_apart_s)
    if len(ratio) < max(2, min_grabs):
        raise ContractError(
            f"{len(ratio)} grab samples meet a reading, {max(2, min_grabs)} are needed to calibrate"
        )
    at_s = seconds_from(readings.time[0], readings.time)
    memory, drift_variance, grab_variance = _fit(time_s, ratio)
    known = drift_variance * _correlation(time_s, time_s, memory) + grab_variance * np.eye(
        len(ratio)
    )
    root = cholesky(known, lower=True)
    ones = cho_solve((root, True), np.ones(len(ratio)))
    mean_variance = 1 / float(ones.sum())
    mean = float(ones @ ratio) * mean_variance
    across = drift_variance * _correlation(at_s, time_s, memory)
    solved = cho_solve((root, True), across.T)
    correction = mean + solved.T @ (ratio - mean)
    left = 1 - solved.sum(axis=0)  # how far each correction rests on the mean
    variance = drift_variance - (across * solved.T).sum(axis=1) + left**2 * mean_variance
    values = readings.concentration_mg_l * np.exp(correction)
    mass = values * (1.0 if weight is None else weight)
    total = float(mass.sum())
    share = mass / total if total > 0 else np.full(len(mass), 1 / len(mass))
    pulled = across.T @ share
    common = drift_variance * sum_exponential(at_s, share, memory)
    common += (
        -float(pulled @ cho_solve((root, True), pulled)) + float(left @ share) ** 2 * mean_variance
    )
    return CalibratedReadings(
        SampleSeries(readings.time, values, readings.is_censored),
        correction,
        np.sqrt(np.maximum(variance, 0.0)),
        Drift(mean, float(np.sqrt(mean_variance)), drift_variance**0.5, memory, grab_variance**0.5),
        len(ratio),
        float(np.sqrt(max(common, 0.0))),
    )


def _pair(readings: SampleSeries, grabs: SampleSeries, max_apart_s: float) -> tuple[Floats, Floats]:
    """Times of usable grabs (s from the first reading) and ln(grab / reading there)."""
    if not len(readings.time) or not len(grabs.time):
        return np.zeros(0), np.zeros(0)
    origin = readings.time[0]
    at_s, grab_s = seconds_from(origin, readings.time), seconds_from(origin, grabs.time)
    weights = weigh_samples(at_s, grab_s)
    there = weights.apply(readings.concentration_mg_l)
    rests_on_limit = readings.is_censored[weights.left] | readings.is_censored[weights.right]
    usable = (weights.distance_s <= max_apart_s) & (there > 0) & (grabs.concentration_mg_l > 0)
    usable &= ~grabs.is_censored & ~rests_on_limit
    return grab_s[usable], np.log(grabs.concentration_mg_l[usable] / there[usable])


def _correlation(a_s: Floats, b_s: Floats, memory_s: float) -> Floats:
    return np.exp(-np.abs(a_s[:, None] - b_s[None, :]) / memory_s)


def _fit(time_s: Floats, ratio: Floats) -> tuple[float, float, float]:
    """Memory, variance of the drift and of the grabs, of greatest (restricted) likelihood."""
    spread = float(ratio.var(ddof=1))
    if spread < 1e-20:
        return float(max(np.median(np.diff(time_s)), 1.0)), 0.0, 1e-20
    spacing, span = float(np.median(np.diff(time_s))), float(time_s[-1] - time_s[0])

    def loss(one: Floats) -> float:
        return _profile(time_s, ratio, *_shape_of(one))[0]

    bounds = [(np.log(spacing), np.log(2 * span)), (-6.0, 6.0)]
    start = np.array([np.log(min(5 * spacing, span)), 0.0])
    memory, noise_share = _shape_of(minimize(loss, start, method="L-BFGS-B", bounds=bounds).x)
    total = _profile(time_s, ratio, memory, noise_share)[1]
    return memory, (1 - noise_share) * total, noise_share * total


def _shape_of(logs: Floats) -> tuple[float, float]:
    """Memory, and the share of the variance that is the grab samples' own."""
    return float(np.exp(logs[0])), float(1 / (1 + np.exp(-logs[1])))


def _profile(
    time_s: Floats, ratio: Floats, memory_s: float, noise_share: float
) -> tuple[float, float]:
    """-2 restricted log-likelihood, up to a constant, and the whole variance that goes with it."""
    n = len(ratio)
    shape = (1 - noise_share) * _correlation(time_s, time_s, memory_s) + noise_share * np.eye(n)
    root = cholesky(shape, lower=True)
    ones = cho_solve((root, True), np.ones(n))
    rest = ratio - float(ones @ ratio) / float(ones.sum())
    variance = float(rest @ cho_solve((root, True), rest)) / (n - 1)
    logs = 2 * float(np.log(np.diag(root)).sum()) + float(np.log(ones.sum()))
    return (n - 1) * float(np.log(variance)) + logs, variance
