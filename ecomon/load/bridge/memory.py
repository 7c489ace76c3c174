"""How long a residual is remembered: rho per day, estimated where samples are dense enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from ecomon.load.bridge.samples import BridgeSamples

Values = npt.NDArray[np.float64]

DEFAULT_RHO = 0.90
DEFAULT_SOURCE = "Zhang & Hirsch 2019; EGRET 3.0.12 WRTDSKalman default; loads.md 6.6"
# Samples must be nearer than a week for their pairs to speak of days (loads.md 6.6).
GAP_MAX_D = 7.0
N_PAIRS_MIN = 30
_RHO_RANGE = (0.01, 0.999)


@dataclass(frozen=True, slots=True)
class Memory:
    """Correlation of residuals over one day, and where it comes from.

    ``standard_error`` is NaN for a default. ``confidence`` is ``estimated``, or the confidence of
    the default (``secondary``: taken from the literature); ``reason`` is in words, Chinese first.
    """

    rho: float
    standard_error: float
    n_pairs: int
    is_estimated: bool
    confidence: str
    reason: str


def estimate_memory(
    samples: BridgeSamples, *, default: float = DEFAULT_RHO, confidence: str = "secondary"
) -> Memory:
    """Maximum-likelihood rho from neighbouring exact residuals, or the default where they are sparse.

    x_i given x_(i-1) is normal with mean rho^d x_(i-1) and variance 1 - rho^2d. Pairs more than a week
    apart are not used, and fewer than 30 pairs decide nothing.

    Parameters
    ----------
    samples : BridgeSamples
        Residuals in units of their standard deviation.
    default, confidence
        Taken where no estimate is made.

    Returns
    -------
    Memory

    Source
    ------
    loads.md 6.6: default 0.90 per day, estimated where sampling is denser than weekly.
    """
    exact = np.flatnonzero(samples.is_exact)
    time_d, x = samples.time_d[exact], samples.upper[exact]
    apart = np.diff(time_d)
    is_pair = (apart > 0) & (apart <= GAP_MAX_D)
    first, second, gap = x[:-1][is_pair], x[1:][is_pair], apart[is_pair]
    n = len(gap)
    if n:  # the process has unit variance by definition; what the samples say of it is divided out
        size = np.sqrt(np.mean(np.concatenate([first, second]) ** 2)) or 1.0
        first, second = first / size, second / size
    if n < N_PAIRS_MIN:
        reason = (
            f"相距不超过 {GAP_MAX_D:g} 天的样品对只有 {n} 对，取默认 ρ = {default:g} "
            f"only {n} pairs within {GAP_MAX_D:g} days: default rho ({DEFAULT_SOURCE})"
        )
        return Memory(default, float("nan"), n, False, confidence, reason)

    def deviance(rho: float) -> float:
        return _deviance(rho, first, second, gap)

    best: Any = minimize_scalar(
        deviance, bounds=_RHO_RANGE, method="bounded", options={"xatol": 1e-8}
    )
    rho = float(best.x)  # scipy's result has no type of its own
    h = min(1e-4, (1 - rho) / 4, rho / 4)
    curvature = (deviance(rho + h) - 2 * deviance(rho) + deviance(rho - h)) / h**2
    error = float(np.sqrt(2 / curvature)) if curvature > 0 else float("nan")
    reason = f"由 {n} 对样品估计 estimated from {n} pairs within {GAP_MAX_D:g} days"
    return Memory(rho, error, n, True, "estimated", reason)


def _deviance(rho: float, first: Values, second: Values, gap: Values) -> float:
    """-2 log-likelihood of the second of each pair given the first, without constants."""
    memory = rho**gap
    variance = 1 - memory**2
    return float(np.sum((second - memory * first) ** 2 / variance + np.log(variance)))
