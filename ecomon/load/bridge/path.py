"""The bridge itself: where each step stands between its samples, and the mean of C there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.bridge.samples import BridgeSamples, expected_exponential

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Ends = Literal["decaying", "forgotten"]


@dataclass(frozen=True, slots=True)
class Bridge:
    """K steps between g sampled times, given the samples.

    ln C = log_mean + log_sd x, x a stationary Gaussian process of unit variance whose correlation
    over d days is rho^d; at sampled times x is known or bounded.

    Parameters
    ----------
    time_d, log_mean, log_sd : ndarray of float64, shape (K,)
        Days, ascending; ln(mg/L).
    samples : BridgeSamples
    rho : float
        Correlation over one day.
    before, after : ndarray of int64, shape (K,)
        Sampled time at or before each step, and the next one; -1 and g where there is none.
    loading_before, loading_after : ndarray of float64, shape (K,)
        Weight of the bounding residuals in ln C (ln units): log_sd x w1, log_sd x w2.
    variance : ndarray of float64, shape (K,)
        Of x given its bounding residuals, 0..1.
    is_forgotten : ndarray of bool, shape (K,)
        Steps outside the samples whose residual is uncorrelated noise (``ends="forgotten"``).
    conc_mg_l : ndarray of float64, shape (K,)
        Conditional mean of C.
    """

    time_d: Values
    log_mean: Values
    log_sd: Values
    samples: BridgeSamples
    rho: float
    before: Indices
    after: Indices
    loading_before: Values
    loading_after: Values
    variance: Values
    is_forgotten: npt.NDArray[np.bool_]
    conc_mg_l: Values

    @property
    def decay_per_day(self) -> float:
        """-ln rho."""
        return float(-np.log(self.rho))

    def days_to_samples(self) -> tuple[Values, Values]:
        """Days from the sampled time before and to the one after; inf where there is none."""
        times, _, _ = self.samples.groups
        return _days_to(self.time_d, times, self.before)


def _days_to(time_d: Values, times: Values, before: Indices) -> tuple[Values, Values]:
    padded = np.concatenate([[-np.inf], times, [np.inf]])
    return time_d - padded[before + 1], padded[before + 2] - time_d


def bridge_residuals(
    time_d: Values,
    log_mean: Values,
    log_sd: Values,
    samples: BridgeSamples,
    *,
    rho: float,
    ends: Ends = "decaying",
) -> Bridge:
    """Condition an AR(1) error on the samples around each step, without simulation.

    With d1, d2 the days to the samples before and after and D their sum, w1 = rho^d1
    (1 - rho^2d2)/(1 - rho^2D), w2 likewise, v = (1 - rho^2d1)(1 - rho^2d2)/(1 - rho^2D), and
    E C = exp(ln C_hat + sd^2 v/2) M_a(sd w1) M_b(sd w2), M the expected exponential of a sample. Before
    the first and after the last sample one side is infinitely far.

    Parameters
    ----------
    time_d, log_mean, log_sd : ndarray of float64, shape (K,)
        Days, ascending; the regression's mean and standard error of ln C. All finite.
    samples : BridgeSamples
        Any times; at least one sample is not required.
    rho : float
        0 < rho < 1.
    ends : {"decaying", "forgotten"}
        Before the first and after the last sample the residual decays as everywhere, or is
        uncorrelated noise of full variance, as EGRET has it.

    Returns
    -------
    Bridge

    Raises
    ------
    ContractError
        where rho is outside (0, 1), times descend, or a mean or sd is not finite.

    Source
    ------
    loads.md 6.6; Zhang and Hirsch 2019, Water Resources Research 55 (WRTDS-K, by Monte Carlo).
    """
    if not 0 < rho < 1:
        raise ContractError(f"rho is a correlation over one day between 0 and 1, not {rho}")
    if not (np.isfinite(log_mean).all() and np.isfinite(log_sd).all() and (log_sd >= 0).all()):
        raise ContractError("means and standard errors of ln C must be finite, errors not negative")
    if not (np.diff(time_d) >= 0).all():
        raise ContractError("steps must ascend in time")
    times, _, _ = samples.groups
    before = np.searchsorted(times, time_d, side="right") - 1
    d1, d2 = _days_to(time_d, times, before)
    loading1, loading2, variance = bridge_weights(d1, d2, decay_per_day=float(-np.log(rho)))
    is_forgotten = np.isinf(d1 + d2) & (d1 > 0) & (ends == "forgotten")
    loading1, loading2 = (np.where(is_forgotten, 0.0, w * log_sd) for w in (loading1, loading2))
    variance = np.where(is_forgotten, 1.0, variance)
    conc = np.exp(log_mean + log_sd**2 * variance / 2)
    for group, loading in ((before, loading1), (before + 1, loading2)):
        is_there = (group >= 0) & (group < len(times)) & (loading != 0)
        conc[is_there] *= expected_exponential(samples, group[is_there], loading[is_there])
    return Bridge(
        time_d, log_mean, log_sd, samples, rho, before, before + 1,
        loading1, loading2, variance, is_forgotten, conc,
    )  # fmt: skip


def bridge_weights(
    d1: Values, d2: Values, *, decay_per_day: float
) -> tuple[Values, Values, Values]:
    """Weights of the two bounding residuals, and the variance that is left.

    Parameters
    ----------
    d1, d2 : ndarray of float64, one shape
        Days to the sample before and after; inf where there is none.
    decay_per_day : float
        -ln rho.

    Returns
    -------
    w1, w2, v : ndarrays of that shape

    Source
    ------
    loads.md 6.6, written with expm1 so that rho near one loses no digits.
    """
    gone1, gone2 = -np.expm1(-2 * decay_per_day * d1), -np.expm1(-2 * decay_per_day * d2)
    whole = -np.expm1(-2 * decay_per_day * (d1 + d2))
    w1 = np.exp(-decay_per_day * d1) * gone2 / whole
    w2 = np.exp(-decay_per_day * d2) * gone1 / whole
    return w1, w2, gone1 * gone2 / whole
