"""Loads by the averaging methods A to E with coverage, bracket and uncertainty.

The arithmetic is that of :mod:`ecomon.load.averaging`; here it meets real samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.averaging import (
    load_by_mean_flux,
    load_by_period_discharge,
    load_by_sampled_means,
    load_by_sub_periods,
    load_by_weighted_concentration,
)
from ecomon.load.flux import Floats, LoadEstimate, seconds_from
from ecomon.load.flux_outcomes import (
    EstimateRules,
    Pairs,
    finish_estimate,
    pair_samples,
    settle_outcome,
    tonnes,
)
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.load.jackknife import (
    delete_one_places,
    draw_block_places,
    jackknife_standard_error,
)
from ecomon.model.period import Period

Letter = Literal["A", "B", "C", "D", "E"]
ErrorKind = Literal["analytic", "jackknife", "bootstrap"]
SubPeriods = Literal["midpoint", "previous"]
Places = npt.NDArray[np.intp]

NUMBERS: dict[Letter, int] = {"A": 1, "B": 4, "C": 2, "D": 3, "E": 5}
"""RiverLoad's number of each letter (``method1`` is A, ``method4`` is B ...)."""
LETTERS: dict[int, Letter] = {number: letter for letter, number in NUMBERS.items()}


def estimate_by_averaging(
    samples: SampleSeries,
    discharge: DischargeSeries,
    period: Period,
    *,
    method: Letter | int,
    rules: EstimateRules,
    error: ErrorKind = "jackknife",
    sub_periods: SubPeriods = "midpoint",
    block_s: float | None = None,
    n_replicates: int = 400,
    seed: int = 0,
) -> LoadEstimate:
    """Load of a period by one of the averaging methods.

    Parameters
    ----------
    samples : SampleSeries
    discharge : DischargeSeries
        The whole record of the period (gaps filled or not).
    period : Period
    method : {"A", "B", "C", "D", "E"} or RiverLoad's number 1 to 5
    rules : EstimateRules
    error : {"analytic", "jackknife", "bootstrap"}
        How the sampling error is found. ``analytic`` exists for A, B and C.
    sub_periods : {"midpoint", "previous"}
        Limits of D's sub-periods: the middles between samples, each with the water that passed in
        it, or from the previous sample to this one, with equal weights as RiverLoad has it.
    block_s : float, optional
        Length of the bootstrap's blocks; needed there.
    n_replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    LoadEstimate
        ``method`` is the letter; parts ``sampling``, ``discharge_gaps``, ``discharge_common``.

    Raises
    ------
    ContractError
        of an unknown method, an analytic error of D or E, a bootstrap without its block.

    Source
    ------
    富国, 环境科学研究 2003, 16(1); Walling & Webb 1981, 1985; variances reference/loads.md 6.1.
    """
    letter = letter_of(method)
    if error == "analytic" and letter not in "ABC":
        raise ContractError(f"method {letter} has no analytic variance; jackknife or bootstrap")
    pairs = pair_samples(samples, discharge, period, rules)
    cut = _sub_period_cutter(pairs, discharge, period, sub_periods) if letter == "D" else None

    def load_t(share: float, places: Places | None = None) -> Floats:
        return _loads(letter, pairs, pairs.concentration_mg_l(share), places, cut)

    n = len(pairs.samples.time)
    bracket = (float(load_t(0.0)), float(load_t(1.0))) if n and pairs.volume.n_steps else None
    if (settled := settle_outcome(pairs, letter, bracket)) is not None:
        return settled
    share = rules.censored_share_of_limit
    if n < 2:
        sampling_t = float("nan")
    elif error == "analytic":
        sampling_t = _analytic(letter, pairs, pairs.concentration_mg_l(share))
    elif error == "jackknife":
        sampling_t = float(jackknife_standard_error(load_t(share, delete_one_places(n))))
    else:
        if block_s is None:
            raise ContractError("a bootstrap needs block_s, the length of its blocks")
        drawn = draw_block_places(
            pairs.time_s, pairs.duration_s, block_s, n_replicates=n_replicates, seed=seed
        )
        sampling_t = float(np.nanstd(load_t(share, drawn), ddof=1))
    assert bracket is not None
    return finish_estimate(
        pairs,
        letter,
        float(load_t(share)),
        sampling_t=sampling_t,
        degrees_of_freedom=float(n - 1),
        bracket_t=bracket,
        uses_volume=letter not in "AC",
    )


def letter_of(method: Letter | int) -> Letter:
    """The letter of a method named by letter or by RiverLoad's number.

    Source
    ------
    RiverLoad 1.0.3 ``method1`` .. ``method5``; reference/loads.md 6.1.
    """
    found = LETTERS.get(method) if isinstance(method, int) else method
    if found not in NUMBERS:
        raise ContractError(f"no averaging method {method!r}: A to E, or 1 to 5")
    return found


def _loads(
    letter: Letter,
    pairs: Pairs,
    concentration: Floats,
    places: Places | None,
    cut: Callable[[Places], Floats] | None,
) -> Floats:
    """Loads of the samples at ``places`` (replicates, m), or of all; shape (replicates,) or ()."""
    chosen = np.arange(len(concentration)) if places is None else places
    c, q = concentration[chosen], pairs.discharge_m3_s[chosen]
    mean, duration_s = pairs.volume.mean_m3_s, pairs.duration_s
    match letter:
        case "A":
            return load_by_sampled_means(c, q, duration_s=duration_s)
        case "B":
            return load_by_period_discharge(c, mean, duration_s=duration_s)
        case "C":
            return load_by_mean_flux(c, q, duration_s=duration_s)
        case "D":
            assert cut is not None
            return load_by_sub_periods(c, cut(chosen), sub_period_s=1.0)
        case "E":
            return load_by_weighted_concentration(c, q, mean, duration_s=duration_s)


def _analytic(letter: Letter, pairs: Pairs, c: Floats) -> float:
    """Standard error of A, B or C, t, with the correction for a finite population of steps."""
    n, q = len(c), pairs.discharge_m3_s
    finite = max(0.0, 1 - n / pairs.volume.n_steps)
    if letter == "B":
        flux_variance = pairs.volume.mean_m3_s**2 * c.var(ddof=1) / n
    elif letter == "C":
        flux_variance = (c * q).var(ddof=1) / n
    else:
        both = np.cov(c, q)
        gradient = np.array([q.mean(), c.mean()])
        flux_variance = float(gradient @ both @ gradient) / n
    return float(tonnes(np.sqrt(flux_variance * finite), pairs.duration_s))


def _sub_period_cutter(
    pairs: Pairs, discharge: DischargeSeries, period: Period, kind: SubPeriods
) -> Callable[[Places], Floats]:
    """Water of each sample's sub-period, m3, as a function of which samples there are."""
    begins = seconds_from(period.start, discharge.time)
    known = ~np.isnan(discharge.discharge_m3_s) & (discharge.weights_s(period) > 0)
    if kind == "previous":
        return _water_since_previous(
            begins[known], discharge.discharge_m3_s[known], pairs.time_s, pairs.duration_s
        )
    # A missing step carries the mean of the known ones, as in the volume of the period.
    duration = pairs.duration_s
    left = np.clip(begins[known], 0, None)
    right = np.minimum(begins[known] + discharge.step_s, duration)
    excess = (discharge.discharge_m3_s[known] - pairs.volume.mean_m3_s) * (right - left)
    bounds = np.column_stack([left, right]).ravel()
    until = np.cumsum(np.column_stack([np.zeros(len(left)), excess]).ravel())

    def water(places: Places) -> Floats:
        at = pairs.time_s[places]
        middle = (at[..., 1:] + at[..., :-1]) / 2
        ends = np.concatenate([middle, np.full((*at.shape[:-1], 1), duration)], axis=-1)
        starts = np.concatenate([np.zeros((*at.shape[:-1], 1)), middle], axis=-1)
        over = np.interp(ends, bounds, until) - np.interp(starts, bounds, until)
        return over + pairs.volume.mean_m3_s * (ends - starts)

    return water


def _water_since_previous(
    begins_s: Floats, discharge_m3_s: Floats, sample_s: Floats, duration_s: float
) -> Callable[[Places], Floats]:
    """Mean discharge from the previous sample's step to this one's, both included, x equal times."""
    summed = np.concatenate([[0.0], np.cumsum(discharge_m3_s)])
    step = np.searchsorted(begins_s, sample_s, side="right") - 1

    def water(places: Places) -> Floats:
        last = step[places]
        first = np.concatenate([np.zeros((*last.shape[:-1], 1), dtype=np.intp), last[..., :-1]], -1)
        mean = (summed[last + 1] - summed[first]) / (last + 1 - first)
        return mean * duration_s / places.shape[-1]

    return water
