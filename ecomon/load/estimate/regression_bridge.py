"""A fitted regression of concentration, bent to its samples: the bridge, its memory, what it rests on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.load.bridge import Bridge, BridgeSamples, bridge_residuals
from ecomon.load.bridge.memory import Memory, estimate_memory
from ecomon.load.regression.fit import RegressionFit
from ecomon.load.regression.sample import DischargeSteps

Values = npt.NDArray[np.float64]
_DAY_US = 86_400e6


def days_since_epoch(time: npt.NDArray[np.datetime64]) -> Values:
    """Times as days with their fraction.

    Source
    ------
    The bridge counts in days (loads.md 6.6).
    """
    return time.astype("datetime64[us]").astype(np.int64) / _DAY_US


def residuals_of(fit: RegressionFit, sample_d: Values) -> BridgeSamples:
    """The samples of a fit to concentration as residuals in units of its scatter.

    Parameters
    ----------
    fit : RegressionFit
        Fitted, of response ``concentration``.
    sample_d : ndarray of float64, shape (n,)
        When each sample counts as taken, days, ascending.

    Source
    ------
    loads.md 6.6; Zhang & Hirsch 2019, WRR 55.
    """
    sigma = float(np.sqrt(fit.variance))
    at_samples = fit.design.of_samples(fit.samples) @ fit.coefficients
    with np.errstate(divide="ignore"):
        lower = (np.log(fit.samples.lower_mg_l) - at_samples) / sigma
        upper = (np.log(fit.samples.upper_mg_l) - at_samples) / sigma
    return BridgeSamples.of(sample_d, lower, upper)


def memory_of(residuals: BridgeSamples, default: float) -> Memory:
    """How long a residual lasts: by the residuals where they are dense, else the rules' figure.

    Source
    ------
    loads.md 6.6: estimated where samples are denser than weekly.
    """
    return estimate_memory(residuals, default=default)


def bridge_of(
    fit: RegressionFit, steps: DischargeSteps, step_d: Values, knots: BridgeSamples, *, rho: float
) -> Bridge:
    """Concentration at each step of a discharge record, given the knots.

    Parameters
    ----------
    fit : RegressionFit
        Fitted, of response ``concentration``.
    steps : DischargeSteps of K steps
    step_d : ndarray of float64, shape (K,)
        When each step counts, days, ascending.
    knots : BridgeSamples
        Of :func:`residuals_of`; without any it is the regression alone.
    rho : float
        Correlation over one day.

    Source
    ------
    loads.md 6.6; Zhang & Hirsch 2019, WRR 55.
    """
    mean = fit.design.of_steps(steps) @ fit.coefficients
    sigma = np.full(len(mean), float(np.sqrt(fit.variance)))
    return bridge_residuals(step_d, mean, sigma, knots, rho=rho)


def sensitivity_of(
    fit: RegressionFit, bridge: Bridge, steps: DischargeSteps, load: Values
) -> Values:
    """Gradient of a sum of loads by the coefficients: sum of L (x - w1 x_a - w2 x_b), shape (p,).

    What a sample pins down no longer depends on them.

    Parameters
    ----------
    fit : RegressionFit
    bridge : Bridge
        Of :func:`bridge_of` with all samples of the fit, or without any, and the same steps.
    steps : DischargeSteps of K steps
    load : ndarray of float64, shape (K,)
        In whatever unit the gradient is to have.

    Source
    ------
    Delta method (loads.md 6.5) on the mean of the bridge (6.6).
    """
    x = fit.design.of_steps(steps).copy()
    _, first, _ = bridge.samples.groups
    if not len(first):
        return load @ x
    at_samples = fit.design.of_samples(fit.samples)
    sides = ((bridge.before, bridge.loading_before), (bridge.after, bridge.loading_after))
    for group, loading in sides:
        there = (group >= 0) & (group < len(first))
        weight = (loading / bridge.log_sd)[there, None]
        x[there] -= weight * at_samples[first[group[there]]]
    return load @ x
