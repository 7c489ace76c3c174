"""Methods A to E of one series in one pass, with their delete-one jackknife in closed form.

The jackknife of a mean, a product of means and a ratio needs the sums alone; that of D moves the
limits between a sample's neighbours. So a year of four-hourly readings costs what its length does,
not its square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.flux import G_PER_T, LoadEstimate, seconds_from
from ecomon.load.flux_outcomes import EstimateRules, Pairs, finish_estimate, pair_samples
from ecomon.load.flux_outcomes import settle_outcome as _settle
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.load.jackknife import jackknife_standard_error
from ecomon.model.period import Period

Values = npt.NDArray[np.float64]
LETTERS = ("A", "B", "C", "D", "E")


def estimate_averages(
    samples: SampleSeries, discharge: DischargeSeries, period: Period, *, rules: EstimateRules
) -> dict[str, LoadEstimate]:
    """Loads of a period by methods A to E; D with the middles between samples as limits.

    Parameters
    ----------
    samples : SampleSeries
    discharge : DischargeSeries
        The whole record of the period, gaps filled or not.
    period : Period
    rules : EstimateRules

    Returns
    -------
    dict of letter to LoadEstimate
        As :func:`ecomon.load.averaging_estimate.estimate_by_averaging` with the error by jackknife.

    Source
    ------
    富国, 环境科学研究 2003, 16(1); Walling & Webb 1981, 1985; jackknife Tukey 1958.
    """
    pairs = pair_samples(samples, discharge, period, rules)
    n = len(pairs.samples.time)
    has_both = bool(n and pairs.volume.n_steps)
    water = _Water.of(pairs, discharge, period) if has_both else None
    share = rules.censored_share_of_limit
    values = {one: pairs.concentration_mg_l(one) for one in {0.0, 1.0, share}}
    found: dict[str, LoadEstimate] = {}
    for letter in LETTERS:
        bracket = None
        if water is not None:
            low, high = (_load(letter, values[one], pairs, water) for one in (0.0, 1.0))
            bracket = (low, high)
        settled = _settle(pairs, letter, bracket)
        if settled is not None:
            found[letter] = settled
            continue
        assert water is not None and bracket is not None
        left_out = _delete_one(letter, values[share], pairs, water) if n > 1 else None
        found[letter] = finish_estimate(
            pairs,
            letter,
            _load(letter, values[share], pairs, water),
            sampling_t=float("nan")
            if left_out is None
            else float(jackknife_standard_error(left_out)),
            degrees_of_freedom=float(n - 1),
            bracket_t=bracket,
            uses_volume=letter not in "AC",
        )
    return found


@dataclass(frozen=True, slots=True)
class _Water:
    """Water until each sample's limits: m3 from the start of the period.

    ``limits`` (n + 1): start, the middles between samples, end. ``skipping`` (n): the middle
    between the neighbours of each sample, for where it is left out.
    """

    limits: Values
    skipping: Values

    @classmethod
    def of(cls, pairs: Pairs, discharge: DischargeSeries, period: Period) -> _Water:
        begins = seconds_from(period.start, discharge.time)
        known = ~np.isnan(discharge.discharge_m3_s) & (discharge.weights_s(period) > 0)
        left = np.clip(begins[known], 0, None)
        right = np.minimum(begins[known] + discharge.step_s, pairs.duration_s)
        # A missing step carries the mean of the known ones, as in the volume of the period.
        excess = (discharge.discharge_m3_s[known] - pairs.volume.mean_m3_s) * (right - left)
        bounds = np.column_stack([left, right]).ravel()
        until = np.cumsum(np.column_stack([np.zeros(len(left)), excess]).ravel())

        def water(at: Values) -> Values:
            return np.interp(at, bounds, until) + pairs.volume.mean_m3_s * at

        t = pairs.time_s
        ends = np.array([0.0]), np.array([pairs.duration_s])
        limits = np.concatenate([ends[0], (t[1:] + t[:-1]) / 2, ends[1]])
        skipping = np.concatenate([ends[0], (t[2:] + t[:-2]) / 2, ends[1]])[: len(t)]
        if len(t) > 1:
            skipping[-1] = pairs.duration_s
        return cls(water(limits), water(skipping))


def _load(letter: str, c: Values, pairs: Pairs, water: _Water) -> float:
    """Load of all samples, t."""
    q, mean, duration = pairs.discharge_m3_s, pairs.volume.mean_m3_s, pairs.duration_s
    match letter:
        case "A":
            return float(c.mean() * q.mean()) * duration / G_PER_T
        case "B":
            return float(c.mean()) * mean * duration / G_PER_T
        case "C":
            return float((c * q).mean()) * duration / G_PER_T
        case "D":
            return float(c @ np.diff(water.limits)) / G_PER_T
        case _:
            weight = float(q.sum())
            ratio = float(c @ q) / weight if weight > 0 else float("nan")
            return ratio * mean * duration / G_PER_T


def _delete_one(letter: str, c: Values, pairs: Pairs, water: _Water) -> Values:
    """Loads without each sample in turn, t, shape (n,)."""
    q, mean, duration = pairs.discharge_m3_s, pairs.volume.mean_m3_s, pairs.duration_s
    n = len(c)
    mean_c, mean_q = (c.sum() - c) / (n - 1), (q.sum() - q) / (n - 1)
    match letter:
        case "A":
            return mean_c * mean_q * duration / G_PER_T
        case "B":
            return mean_c * mean * duration / G_PER_T
        case "C":
            return (float(c @ q) - c * q) / (n - 1) * duration / G_PER_T
        case "D":
            return _delete_one_sub_period(c, water) / G_PER_T
        case _:
            weight = q.sum() - q
            ratio = np.divide(
                float(c @ q) - c * q, weight, out=np.full(n, np.nan), where=weight > 0
            )
            return ratio * mean * duration / G_PER_T


def _delete_one_sub_period(c: Values, water: _Water) -> Values:
    """D without each sample: its neighbours share its water at the middle between them, g."""
    limits, middle = water.limits, water.skipping
    before, after = np.append(c[0], c[:-1]), np.append(c[1:], c[-1])
    # The first sample has no neighbour before it, the last none after: all goes to the other.
    gained = before * (middle - limits[:-1]) + after * (limits[1:] - middle)
    return float(c @ np.diff(limits)) - c * np.diff(limits) + gained
