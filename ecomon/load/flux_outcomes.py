"""What samples and discharge of a period allow: pairs to reckon with, or a named outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ecomon.load.coverage import Coverage, measure_coverage
from ecomon.load.flux import G_PER_T, Floats, LoadEstimate, Status, no_load, seconds_from
from ecomon.load.flux_series import MEASURED, DischargeSeries, SampleSeries
from ecomon.model.period import Period

NO_SAMPLES = "无浓度数据 / no concentration data"
NO_DISCHARGE = "无流量数据 / no discharge data"
ZERO_DISCHARGE = "断流（全期零流量），通量为零 / no water passed in the period: load 0"
REVERSED_DISCHARGE = "倒流（流量为负），不作估算 / reversed: discharge below zero, no estimate"
NO_PAIRS = "采样时刻无流量 / no discharge at the times of the samples"
ALL_CENSORED = "全部低于检出限，仅给区间 / all values below detection: bracket only"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRules:
    """Under which conditions a load is given; an installation's own, from its facts.

    Attributes
    ----------
    min_samples : int
        Fewer pairs give a bracket and no estimate.
    max_censored_share : float
        A larger share of censored samples gives a bracket and no estimate, 0..1.
    max_step_s : float
        Longest time between samples over which a concentration is held to be known, s.
    censored_share_of_limit : float
        What stands for a censored value in methods that need a number, as a share of its limit.
    max_discharge_ratio : float
        A discharge of the period above this many times the largest sampled one is said.
    """

    min_samples: int
    max_censored_share: float
    max_step_s: float
    censored_share_of_limit: float
    max_discharge_ratio: float


@dataclass(frozen=True, slots=True)
class PeriodVolume:
    """Water of a period.

    Attributes
    ----------
    mean_m3_s : float
        Mean discharge of the known steps; stands for the missing ones too.
    volume_m3, standard_error_m3 : float
        Of the whole period; the error is that of filled and of missing steps.
    share_missing, share_filled : float
        Of the time, 0..1.
    n_steps : int
        Known steps.
    """

    mean_m3_s: float
    volume_m3: float
    standard_error_m3: float
    share_missing: float
    share_filled: float
    n_steps: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Samples of a period with the discharge at their times, and the period's water.

    Attributes
    ----------
    samples : SampleSeries
        Of the period, with a discharge; censored values as sampled.
    time_s, discharge_m3_s : ndarray of float64, shape (n,)
        Seconds from the start of the period; discharge of the step that holds the sample.
    duration_s : float
    volume : PeriodVolume
    relative_error : float
        Of the discharge, common to all steps.
    known : dict
        Fields of LoadEstimate that are known whatever the method.
    lack : str
        Why there is no estimate; empty where there can be one.
    status : {"measured", "estimated", "bracket_only", "insufficient"}
    notes : tuple of str
        What a reader is told beside an estimate.
    """

    samples: SampleSeries
    time_s: Floats
    discharge_m3_s: Floats
    duration_s: float
    volume: PeriodVolume
    relative_error: float
    known: dict[str, Any]
    lack: str
    status: Status
    notes: tuple[str, ...]

    def concentration_mg_l(self, share_of_limit: float) -> Floats:
        """Values with each censored one at a share of its limit, shape (n,)."""
        return self.samples.with_censored(share_of_limit).concentration_mg_l


def pair_samples(
    samples: SampleSeries, discharge: DischargeSeries, period: Period, rules: EstimateRules
) -> Pairs:
    """The samples of a period with their discharges, checked; every lack is named.

    Parameters
    ----------
    samples : SampleSeries
    discharge : DischargeSeries
        After filling, where gaps are to be filled.
    period : Period
    rules : EstimateRules

    Source
    ------
    Named outcomes: fewer than six samples or more than 80 % censored give a bracket only
    (reference/loads.md section 7); zero and reversed discharge 6.10.
    """
    inside = samples.within(period)
    volume = measure_volume(discharge, period)
    coverage = measure_coverage(samples, discharge, period, max_step_s=rules.max_step_s)
    at_sample = discharge.at(inside.time)
    has_discharge = ~np.isnan(at_sample)
    paired = SampleSeries(
        inside.time[has_discharge],
        inside.concentration_mg_l[has_discharge],
        inside.is_censored[has_discharge],
    )
    steps = discharge.discharge_m3_s[discharge.weights_s(period) > 0]
    status, lack = _find_lack(inside, paired, steps, volume, rules)
    notes = _notes(inside, at_sample[has_discharge], steps, volume, rules)
    return Pairs(
        samples=paired,
        time_s=seconds_from(period.start, paired.time),
        discharge_m3_s=at_sample[has_discharge],
        duration_s=float(period.seconds),
        volume=volume,
        relative_error=discharge.relative_error,
        known=_known(paired, coverage, volume),
        lack=lack,
        status=status,
        notes=(*notes, discharge.caveat) if discharge.caveat else notes,
    )


def measure_volume(discharge: DischargeSeries, period: Period) -> PeriodVolume:
    """Water of a period: known steps summed, missing ones at the mean of the known.

    The error of a filled step is its own variance, taken as common to its gap. That of m missing
    seconds is m times the spread of the known discharges, over the root of how many independent
    values m holds: it grows with the gap.

    Source
    ------
    Scaling by volume share with stated variance: reference/loads.md 6.10; effective number
    n (1 - r)/(1 + r) of a series with lag-1 correlation r (Bayley & Hammersley 1946).
    """
    weight_s = discharge.weights_s(period)
    value = discharge.discharge_m3_s
    known = ~np.isnan(value) & (weight_s > 0)
    known_s = float(weight_s[known].sum())
    if not known_s:
        return PeriodVolume(np.nan, np.nan, np.nan, 1.0, 0.0, 0)
    mean = float((value * weight_s)[known].sum()) / known_s
    missing_s = max(0.0, period.seconds - known_s)
    filled_sd = np.where(known, np.sqrt(discharge.variance), 0.0) * weight_s
    is_filled = known & (discharge.fill != MEASURED)
    gap = np.cumsum(np.diff(is_filled.astype(int), prepend=0) == 1)
    per_gap = np.bincount(gap[is_filled], weights=filled_sd[is_filled]) if is_filled.any() else 0.0
    scaled = _missing_variance(value[known], missing_s, discharge.step_s)
    return PeriodVolume(
        mean_m3_s=mean,
        volume_m3=mean * period.seconds,
        standard_error_m3=float(np.sqrt(np.sum(np.square(per_gap)) + scaled)),
        share_missing=missing_s / period.seconds,
        share_filled=float(weight_s[is_filled].sum()) / period.seconds,
        n_steps=int(known.sum()),
    )


def _missing_variance(known: Floats, missing_s: float, step_s: float) -> float:
    """Variance of the water of the missing time, taken at the mean of the known steps, m6."""
    if missing_s <= 0 or len(known) < 3:
        return 0.0 if missing_s <= 0 else float("nan")
    spread = known - known.mean()
    variance = float((spread**2).sum()) / (len(known) - 1)
    if variance == 0:
        return 0.0
    r = float(np.clip((spread[1:] * spread[:-1]).sum() / (spread**2).sum(), 0.0, 0.999))
    thin = (1 - r) / (1 + r)
    n_missing = max(1.0, missing_s / step_s * thin)
    n_known = max(1.0, len(known) * thin)
    return missing_s**2 * variance * (1 / n_missing + 1 / n_known)


def _find_lack(
    inside: SampleSeries,
    paired: SampleSeries,
    steps: Floats,
    volume: PeriodVolume,
    rules: EstimateRules,
) -> tuple[Status, str]:
    """The first reason against an estimate, and the status it leaves."""
    n = len(paired.time)
    if not volume.n_steps:
        return "insufficient", NO_DISCHARGE
    if (steps < 0).any():
        return "insufficient", REVERSED_DISCHARGE
    if volume.mean_m3_s == 0:
        return "measured", ""
    if not len(inside.time):
        return "insufficient", NO_SAMPLES
    if not n:
        return "insufficient", NO_PAIRS
    if paired.is_censored.all():
        return "bracket_only", ALL_CENSORED
    if paired.censored_share > rules.max_censored_share:
        share = f"{paired.censored_share:.0%}"
        return (
            "bracket_only",
            f"低于检出限占 {share}，仅给区间 / {share} below detection: bracket only",
        )
    if n < rules.min_samples:
        least = rules.min_samples
        return "bracket_only", f"样品 {n} 个，少于 {least} 个，仅给区间 / {n} samples, {least} needed: bracket only"  # fmt: skip
    is_whole = volume.share_filled == 0 and volume.share_missing < 1e-9
    return ("measured" if is_whole else "estimated"), ""


def _notes(
    inside: SampleSeries,
    sampled: Floats,
    steps: Floats,
    volume: PeriodVolume,
    rules: EstimateRules,
) -> tuple[str, ...]:
    """What is said beside an estimate: filled and missing steps, unpaired samples, flows unsampled."""
    notes: list[str] = []
    if volume.share_filled > 0:
        share = f"{volume.share_filled:.1%}"
        notes.append(f"流量插补 {share} / {share} of the discharge filled")
    if volume.share_missing > 1e-9:
        share = f"{volume.share_missing:.1%}"
        notes.append(f"流量缺测 {share}，按水量比例放大 / {share} of the discharge missing, scaled")
    n_left = len(inside.time) - len(sampled)
    if n_left:
        notes.append(f"{n_left} 个样品无流量 / {n_left} samples without discharge")
    if volume.n_steps and sampled.size and sampled.max() > 0:
        ratio = float(np.nanmax(steps)) / float(sampled.max())
        if ratio > rules.max_discharge_ratio:
            notes.append(
                f"最大流量为采样最大流量的 {ratio:.1f} 倍 / largest discharge {ratio:.1f} x the largest sampled"
            )
    return tuple(notes)


def _known(paired: SampleSeries, coverage: Coverage, volume: PeriodVolume) -> dict[str, Any]:
    return {
        "coverage_time": coverage.time,
        "coverage_volume": coverage.volume,
        "censored_share": paired.censored_share,
        "n_samples": len(paired.time),
        "n_censored": int(paired.is_censored.sum()),
        "share_estimated": min(1.0, volume.share_missing + volume.share_filled),
    }


def settle_outcome(
    pairs: Pairs, method: str, bracket_t: tuple[float, float] | None = None
) -> LoadEstimate | None:
    """The estimate that needs no method: none at all, or the load 0 of a dry river; else None.

    Parameters
    ----------
    bracket_t : (float, float), optional
        Load with every censored value at zero and at its limit, where the method gives them.

    Source
    ------
    Zero discharge: load 0 (reference/loads.md 6.10); bracket section 6.7.
    """
    known = dict(pairs.known)
    if pairs.lack:
        if pairs.status == "bracket_only" and bracket_t is not None:
            known["load_censored_zero_t"], known["load_censored_limit_t"] = bracket_t
        reason = "；".join([pairs.lack, *pairs.notes])
        return no_load(method, reason, status=pairs.status, **known)
    if pairs.volume.mean_m3_s != 0:
        return None
    known |= {"load_censored_zero_t": 0.0, "load_censored_limit_t": 0.0}
    reason = "；".join([ZERO_DISCHARGE, *pairs.notes])
    is_whole = pairs.volume.share_missing < 1e-9
    return LoadEstimate(
        method,
        0.0,
        0.0 if is_whole else float("nan"),
        float("inf"),
        status="measured" if is_whole else "estimated",
        reason=reason,
        **known,
    )


def finish_estimate(
    pairs: Pairs,
    method: str,
    load_t: float,
    *,
    sampling_t: float,
    degrees_of_freedom: float,
    bracket_t: tuple[float, float],
    uses_volume: bool = True,
    note: str = "",
) -> LoadEstimate:
    """An estimate with its error put together: sampling, gaps of discharge, transfer or rating.

    Parameters
    ----------
    sampling_t : float
        Standard error from the samples alone, t; NaN: unknown.
    uses_volume : bool
        Whether the method takes the water of the period, gaps and all, or that at samples alone.

    Source
    ------
    Independent parts add in quadrature, those common to all steps do not shrink (reference/loads.md
    6.8).
    """
    relative_gap = pairs.volume.standard_error_m3 / pairs.volume.volume_m3
    parts = {
        "sampling": sampling_t,
        "discharge_gaps": abs(load_t) * relative_gap if uses_volume else 0.0,
        "discharge_common": abs(load_t) * pairs.relative_error,
    }
    total = float(np.sqrt(sum(part**2 for part in parts.values())))
    estimate = LoadEstimate(
        method,
        load_t,
        total,
        degrees_of_freedom,
        load_censored_zero_t=bracket_t[0],
        load_censored_limit_t=bracket_t[1],
        parts_t=parts,
        status=pairs.status,
        reason="；".join([*([note] if note else []), *pairs.notes]),
        **pairs.known,
    )
    return estimate if np.isfinite(load_t) else _not_finite(estimate)


def _not_finite(estimate: LoadEstimate) -> LoadEstimate:
    reason = "样品流量之和为零 / the sampled discharges sum to zero"
    return replace(estimate, load_t=float("nan"), status="insufficient", reason=reason)


def tonnes(flux_g_s: Floats | float, duration_s: float) -> Floats:
    """Mean flux over a period as a mass, t.

    Source
    ------
    SI.
    """
    return np.asarray(flux_g_s) * duration_s / G_PER_T
