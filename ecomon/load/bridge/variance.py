"""Variance of a period's sum under the bridge: the covariance of every two steps of a gap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.bridge.path import Bridge
from ecomon.load.bridge.samples import expected_exponential

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
# Steps further apart than this in correlation add nothing that could be printed.
CORRELATION_MIN = 1e-10


def sum_variance(bridge: Bridge, factor: Values, period: Indices) -> Values:
    """Variance of sum factor_k C_k over the steps of each period.

    Two steps of one gap covary through the path between the samples; through a sample that is not one
    known number (censored, or several on a day) the steps of the gap before and of the gap after it
    covary too. All other steps are independent given the samples.

    Parameters
    ----------
    bridge : Bridge of K steps
    factor : ndarray of float64, shape (K,)
        What a step's concentration is multiplied by: for kg, 86.4 Q of a day.
    period : ndarray of int64, shape (K,)
        Which period a step belongs to, 0..P-1; -1 for none.

    Returns
    -------
    ndarray of float64, shape (P,)
        In the unit of (factor x mg/L)^2; zero where every step is sampled and known.

    Raises
    ------
    ContractError
        where the lengths differ.

    Source
    ------
    loads.md 6.6: sum over gaps of L_j L_k (exp(SE_j SE_k c_jk) - 1), c the conditional covariance;
    extended by the spread of censored ends.
    """
    if factor.shape != bridge.time_d.shape or period.shape != bridge.time_d.shape:
        raise ContractError("factors and periods are one for each step of the bridge")
    n_periods = int(period.max(initial=-1)) + 1
    total = np.zeros(n_periods)
    shared = np.concatenate([bridge.samples.is_spread, [False]])
    steps = np.flatnonzero(period >= 0)
    for lag in range(len(steps)):
        first, second = steps[: len(steps) - lag], steps[lag:]
        step = bridge.before[second] - bridge.before[first]
        near = bridge.rho ** (bridge.time_d[second] - bridge.time_d[first]) > CORRELATION_MIN
        is_linked = near & ((step == 0) | ((step == 1) & shared[bridge.after[first]]))
        if not is_linked.any():
            break
        is_linked &= period[first] == period[second]
        j, k = first[is_linked], second[is_linked]
        covariance = covary(bridge, j, k) * factor[j] * factor[k] * (1 if lag == 0 else 2)
        total += np.bincount(period[j], covariance, minlength=n_periods)
    return np.maximum(total, 0.0)


def covary(bridge: Bridge, j: Indices, k: Indices) -> Values:
    """Covariance of C_j and C_k, steps of one gap or of two gaps with a sample between, j <= k.

    Parameters
    ----------
    bridge : Bridge
    j, k : ndarray of int64, one shape

    Returns
    -------
    ndarray of float64 of that shape, (mg/L)^2

    Source
    ------
    loads.md 6.6. c_jk = (1 - rho^2a) rho^(k-j) (1 - rho^2b)/(1 - rho^2D), a days from the sample
    before to j, b from k to the sample after.
    """
    d1, d2 = bridge.days_to_samples()
    is_same = bridge.before[j] == bridge.before[k]
    decay = bridge.decay_per_day
    gone1, gone2 = -np.expm1(-2 * decay * d1[j]), -np.expm1(-2 * decay * d2[k])
    whole = -np.expm1(-2 * decay * (d1[j] + d2[j]))
    apart = np.exp(-decay * (bridge.time_d[k] - bridge.time_d[j]))
    c = np.where(is_same, gone1 * apart * gone2 / whole, 0.0)
    c = np.where(bridge.is_forgotten[j], j == k, c)
    path = bridge.log_sd[j] * bridge.log_sd[k] * c
    return bridge.conc_mg_l[j] * bridge.conc_mg_l[k] * np.expm1(path + _spread(bridge, j, k))


def _spread(bridge: Bridge, j: Indices, k: Indices) -> Values:
    """log of E[exp(s_j x) exp(s_k x)]/(E exp(s_j x) E exp(s_k x)) over the samples that two steps share."""
    log_ratio = np.zeros(len(j))
    spread = np.concatenate([bridge.samples.is_spread, [False]])  # -1 and g: no sample there
    is_same = bridge.before[j] == bridge.before[k]
    shares = (
        (is_same, bridge.before, bridge.loading_before, bridge.loading_before),
        (is_same, bridge.after, bridge.loading_after, bridge.loading_after),
        (~is_same, bridge.after, bridge.loading_after, bridge.loading_before),
    )
    for applies, sample, of_j, of_k in shares:
        pair = np.flatnonzero(applies & spread[sample[j]])
        group, s, t = sample[j[pair]], of_j[j[pair]], of_k[k[pair]]
        both = expected_exponential(bridge.samples, group, s + t)
        apart = expected_exponential(bridge.samples, group, s)
        apart *= expected_exponential(bridge.samples, group, t)
        log_ratio[pair] += np.log(both / apart)
    return log_ratio
