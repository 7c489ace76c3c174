"""Concentration between samples: linear, or that of the nearest sample (rectangular)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.flux import Floats

InterpolationKind = Literal["linear", "rectangular"]


@dataclass(frozen=True, slots=True)
class InterpolationWeights:
    """Concentration at N times as a weighted mean of two samples each.

    Attributes
    ----------
    left, right : ndarray of intp, shape (N,)
        Places of the two samples; equal beyond the first and the last.
    share_right : ndarray of float64, shape (N,)
        Weight of the right one, 0..1.
    distance_s : ndarray of float64, shape (N,)
        Time to the farther of the samples that carry weight, s.
    n_samples : int
    """

    left: npt.NDArray[np.intp]
    right: npt.NDArray[np.intp]
    share_right: Floats
    distance_s: Floats
    n_samples: int

    def apply(self, concentration_mg_l: Floats) -> Floats:
        """Concentration at the N times, shape (..., N), of samples of shape (..., n)."""
        low, high = concentration_mg_l[..., self.left], concentration_mg_l[..., self.right]
        return low * (1 - self.share_right) + high * self.share_right

    def gather(self, weight: Floats) -> Floats:
        """What each sample weighs, shape (n,), where time k weighs ``weight[k]``."""
        n = self.n_samples
        gathered = np.zeros(n)
        np.add.at(gathered, self.left, weight * (1 - self.share_right))
        np.add.at(gathered, self.right, weight * self.share_right)
        return gathered


def weigh_samples(
    sample_s: Floats, at_s: Floats, *, kind: InterpolationKind = "linear"
) -> InterpolationWeights:
    """How each time is made of the samples around it.

    Parameters
    ----------
    sample_s : ndarray of float64, shape (n,)
        Times of the samples, strictly rising, s from any origin.
    at_s : ndarray of float64, shape (N,)
        Times wanted, from the same origin. Before the first and after the last sample its value
        is held.
    kind : {"linear", "rectangular"}
        Rectangular: the nearest sample; halfway the later one.

    Raises
    ------
    ContractError
        if there is no sample.

    Source
    ------
    Linear: RiverLoad 1.0.3 ``method6``, loadflex 1.9.2 ``linearInterpolation``; rectangular:
    loadflex ``rectangularInterpolation`` (Appling et al. 2015), which ramps over half a step at the
    middle between samples where this does not.
    """
    n = len(sample_s)
    if not n:
        raise ContractError("nothing to interpolate between: no sample")
    right = np.clip(np.searchsorted(sample_s, at_s, side="left"), 0, n - 1)
    left = np.clip(np.searchsorted(sample_s, at_s, side="right") - 1, 0, n - 1)
    apart = sample_s[right] - sample_s[left]
    share = np.where(apart > 0, (at_s - sample_s[left]) / np.where(apart > 0, apart, 1.0), 0.0)
    share = np.where(right > left, share, 0.0)
    if kind == "rectangular":
        share = (share >= 0.5).astype(float)
    to_left, to_right = np.abs(at_s - sample_s[left]), np.abs(sample_s[right] - at_s)
    distance = np.maximum(np.where(share < 1, to_left, 0.0), np.where(share > 0, to_right, 0.0))
    return InterpolationWeights(left, right, share, distance, n)
