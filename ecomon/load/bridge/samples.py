"""Standardised residuals at sampled times: known, or known to lie between bounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr, ndtri

from ecomon.errors import ContractError
from ecomon.load.tobit.likelihood import log_interval_probability

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BridgeSamples:
    """n residuals x = (ln C - ln C_hat)/sd at their times, grouped where times coincide.

    Parameters
    ----------
    time_d : ndarray of float64, shape (n,)
        Days, ascending; equal times are one group, of which one at random is the truth.
    lower, upper : ndarray of float64, shape (n,)
        Equal where known; -inf or +inf where open.
    centre, scale : ndarray of float64, shape (n,)
        What is thought of a censored x before its bounds: normal with this mean and sd. Zero and
        one unless the model that made the bounds saw the day differently (leave-one-out).

    Raises
    ------
    ContractError
        where times descend, a bound is NaN or crossed, or a scale is not positive.
    """

    time_d: Values
    lower: Values
    upper: Values
    centre: Values
    scale: Values

    def __post_init__(self) -> None:
        shapes = {a.shape for a in (self.time_d, self.lower, self.upper, self.centre, self.scale)}
        if len(shapes) != 1 or self.time_d.ndim != 1:
            raise ContractError("times, bounds, centres and scales of samples are of one length")
        if not (np.diff(self.time_d) >= 0).all() or not np.isfinite(self.time_d).all():
            raise ContractError("sample times must be finite and ascend")
        if not (self.lower <= self.upper).all():
            raise ContractError("a sample's bounds are NaN or crossed")
        if not (self.scale > 0).all() or not np.isfinite(self.centre).all():
            raise ContractError("a sample's centre must be finite and its scale positive")

    @classmethod
    def of(cls, time_d: Values, lower: Values, upper: Values) -> BridgeSamples:
        """Samples whose censored residuals are standard normal before their bounds."""
        return cls(time_d, lower, upper, np.zeros_like(time_d), np.ones_like(time_d))

    @cached_property
    def is_exact(self) -> Mask:
        return self.lower == self.upper

    def take(self, is_used: Mask) -> BridgeSamples:
        """The samples of a mask."""
        return BridgeSamples(
            self.time_d[is_used],
            self.lower[is_used],
            self.upper[is_used],
            self.centre[is_used],
            self.scale[is_used],
        )

    @cached_property
    def groups(self) -> tuple[Values, Indices, Indices]:
        """Distinct times (g,), the first sample of each and how many there are."""
        times, first, count = np.unique(self.time_d, return_index=True, return_counts=True)
        return times, first, count

    @cached_property
    def is_spread(self) -> Mask:
        """Groups whose residual is not one known number, shape (g,)."""
        _, first, count = self.groups
        return (count > 1) | ~self.is_exact[first]


def expected_exponential(samples: BridgeSamples, group: Indices, loading: Values) -> Values:
    """E exp(s x) of the groups' residuals, for a loading s each.

    Known: exp(s x). Censored, x = m + k u with u cut to (l, h): exp(s m + s^2 k^2/2) [Phi(h - s k) -
    Phi(l - s k)]/[Phi(h) - Phi(l)]. Several samples at one time: their mean.

    Parameters
    ----------
    samples : BridgeSamples
    group : ndarray of int64, shape (k,)
        Index of a distinct time.
    loading : ndarray of float64, shape (k,)

    Returns
    -------
    ndarray of float64, shape (k,)

    Source
    ------
    loads.md 6.6; moment generating function of a truncated normal variable.
    """
    _, first, count = samples.groups
    total = np.zeros(len(group))
    for rank in range(int(count.max(initial=0))):
        has_one = np.flatnonzero(count[group] > rank)
        total[has_one] += _single(samples, first[group[has_one]] + rank, loading[has_one])
    return total / count[group]


def _single(samples: BridgeSamples, row: Indices, loading: Values) -> Values:
    is_exact = samples.is_exact[row]
    value = np.empty(len(row))
    value[is_exact] = np.exp(loading[is_exact] * samples.upper[row[is_exact]])
    row, s = row[~is_exact], loading[~is_exact]
    if len(row):
        m, k = samples.centre[row], samples.scale[row]
        low, high = (samples.lower[row] - m) / k, (samples.upper[row] - m) / k
        shift = s * k
        moved = log_probability(low - shift, high - shift)
        value[~is_exact] = np.exp(s * m + shift**2 / 2 + moved - log_probability(low, high))
    return value


def log_probability(low: Values, high: Values) -> Values:
    """log of the standard normal probability between two bounds, either of which may be infinite.

    Parameters
    ----------
    low, high : ndarray of float64, one shape, low < high

    Returns
    -------
    ndarray of float64 of that shape

    Source
    ------
    Abramowitz and Stegun 26.2; stable in both tails.
    """
    is_left, is_right = np.isneginf(low), np.isposinf(high)
    one_sided = np.where(is_left, high, -low)
    between = ~(is_left | is_right)
    value = np.where(is_left & is_right, 0.0, log_ndtr(np.where(between, 0.0, one_sided)))
    if between.any():
        value[between] = log_interval_probability(low[between], high[between])[0]
    return value


def draw_residuals(samples: BridgeSamples, generator: np.random.Generator, n_draws: int) -> Values:
    """Draws of each group's residual, shape (n_draws, g).

    Parameters
    ----------
    samples : BridgeSamples
    generator : numpy.random.Generator
    n_draws : int

    Returns
    -------
    ndarray of float64, shape (n_draws, g)

    Source
    ------
    Inverse of the distribution function within the bounds, taken in the lower tail
    (loads.md 6.6; Zhang and Hirsch 2019, Water Resources Research 55, draw the same way).
    """
    _, first, count = samples.groups
    chosen = first + (generator.random((n_draws, len(first))) * count).astype(np.int64)
    m, k = samples.centre[chosen], samples.scale[chosen]
    low, high = (samples.lower[chosen] - m) / k, (samples.upper[chosen] - m) / k
    # Mirrored so that the interval lies in the lower tail, where ndtr keeps its digits.
    is_mirrored = low > -high
    a, b = np.where(is_mirrored, -high, low), np.where(is_mirrored, -low, high)
    share = generator.random(chosen.shape)
    with np.errstate(invalid="ignore"):
        u = ndtri(ndtr(a) + share * (ndtr(b) - ndtr(a)))
    u = np.clip(np.where(np.isfinite(u), u, b), a, b)
    x = m + k * np.where(is_mirrored, -u, u)
    return np.where(samples.is_exact[chosen], samples.upper[chosen], x)
