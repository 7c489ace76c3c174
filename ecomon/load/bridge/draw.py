"""Paths of C under the bridge, drawn with a seed: for sums, differences and money."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.load.bridge.path import Bridge
from ecomon.load.bridge.samples import draw_residuals

Values = npt.NDArray[np.float64]


def draw_concentrations(bridge: Bridge, *, n_draws: int, seed: int) -> Values:
    """Draws of C at every step, given the samples.

    An unconditional path is drawn over steps and samples together, and bent to pass through the
    residuals of the samples, which are drawn within their bounds where they are censored.

    Parameters
    ----------
    bridge : Bridge of K steps
    n_draws : int
    seed : int
        Not negative.

    Returns
    -------
    ndarray of float64, shape (n_draws, K), mg/L
        Steps of one draw belong together; draws are independent.

    Source
    ------
    Conditioning by kriging: x + w1 (x_a - z_a) + w2 (x_b - z_b) (Journel and Huijbregts 1978); the
    model is that of loads.md 6.6.
    """
    generator = np.random.default_rng(seed)
    times, _, _ = bridge.samples.groups
    known = draw_residuals(bridge.samples, generator, n_draws)
    path, at_samples = _free_path(bridge, times, generator, n_draws)
    n_forgotten = int(bridge.is_forgotten.sum())
    path[:, bridge.is_forgotten] = generator.standard_normal((n_draws, n_forgotten))
    missing = known - at_samples
    # A column of zeros stands for the sample that is not there, at -1 and at g.
    missing = np.concatenate([missing, np.zeros((n_draws, 1))], axis=1)
    log_c = bridge.log_mean + bridge.log_sd * path
    log_c += bridge.loading_before * missing[:, bridge.before]
    log_c += bridge.loading_after * missing[:, bridge.after]
    return np.exp(log_c)


def _free_path(
    bridge: Bridge, times: Values, generator: np.random.Generator, n_draws: int
) -> tuple[Values, Values]:
    """A stationary AR(1) path at the steps (n_draws, K) and at the sampled times (n_draws, g)."""
    everything, place = np.unique(np.concatenate([bridge.time_d, times]), return_inverse=True)
    apart = np.diff(everything)
    memory = np.exp(-bridge.decay_per_day * apart)
    spread = np.sqrt(-np.expm1(-2 * bridge.decay_per_day * apart))
    path = generator.standard_normal((len(everything), n_draws))
    for step in range(1, len(everything)):
        path[step] *= spread[step - 1]
        path[step] += memory[step - 1] * path[step - 1]
    n_steps = len(bridge.time_d)
    return path[place[:n_steps]].T, path[place[n_steps:]].T
