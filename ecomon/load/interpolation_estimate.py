"""Loads by interpolating concentration between samples, with their uncertainty."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from ecomon.load.coverage import covered_seconds
from ecomon.load.flux import G_PER_T, Floats, LoadEstimate, seconds_from
from ecomon.load.flux_outcomes import (
    EstimateRules,
    finish_estimate,
    pair_samples,
    settle_outcome,
)
from ecomon.load.flux_series import MEASURED, DischargeSeries, SampleSeries
from ecomon.load.interpolation import InterpolationKind, weigh_samples
from ecomon.load.interpolation_error import fit_variogram, sum_variance
from ecomon.load.jackknife import delete_one_places, jackknife_standard_error
from ecomon.model.period import Period


def estimate_by_interpolation(
    samples: SampleSeries,
    discharge: DischargeSeries,
    period: Period,
    *,
    rules: EstimateRules,
    kind: InterpolationKind = "linear",
    error: Literal["variogram", "jackknife"] = "variogram",
) -> LoadEstimate:
    """Load of a period: each step's discharge x the concentration interpolated to its middle.

    Additive: over a record without missing steps the loads of a partition sum to the load of the
    whole, because samples outside the period are used on either side.

    Parameters
    ----------
    samples : SampleSeries
        Give those before and after the period too.
    discharge : DischargeSeries
    period : Period
    rules : EstimateRules
        ``min_samples`` and censoring are judged on the samples of the period.
    kind : {"linear", "rectangular"}
    error : {"variogram", "jackknife"}
        Of the whole series of samples: how concentrations differ with time apart, or how the load
        moves when each sample is left out.

    Returns
    -------
    LoadEstimate
        ``share_estimated`` is the share of load on filled or missing discharge, or farther from a
        sample than half of ``max_step_s``.

    Source
    ------
    RiverLoad 1.0.3 ``method6``; loadflex 1.9.2; reference/loads.md 6.1.
    """
    pairs = pair_samples(samples, discharge, period, rules)
    usable = len(samples.time) and pairs.volume.n_steps
    sample_s = seconds_from(period.start, samples.time)
    volume, at_s = _step_volumes(discharge, period)
    scale = pairs.volume.volume_m3 / volume.sum() if usable and volume.sum() > 0 else 1.0
    weights = weigh_samples(sample_s, at_s, kind=kind) if usable else None
    sample_m3 = weights.gather(volume) * scale if weights else np.zeros(len(sample_s))

    def load_t(share: float) -> float:
        return float(sample_m3 @ samples.with_censored(share).concentration_mg_l) / G_PER_T

    bracket = (load_t(0.0), load_t(1.0)) if usable else None
    if (settled := settle_outcome(pairs, kind, bracket)) is not None:
        return settled
    assert bracket is not None and weights is not None
    c = samples.with_censored(rules.censored_share_of_limit).concentration_mg_l
    found = load_t(rules.censored_share_of_limit)
    if error == "variogram":
        of = fit_variogram(sample_s, c)
        variance = sum_variance(sample_s, sample_m3, at_s, volume * scale, of)
        sampling_t = float(np.sqrt(variance)) / G_PER_T if len(c) > 1 else float("nan")
    else:
        sampling_t = _jackknife(sample_s, c, at_s, volume * scale, kind)
    half = discharge.step_s / 2
    covered = covered_seconds(sample_s, at_s - half, at_s + half, max_step_s=rules.max_step_s)
    sound = covered / discharge.step_s * _measured_steps(discharge, period)
    flux = weights.apply(c) * volume
    rested = float((flux * sound).sum()) / float(flux.sum()) if flux.sum() > 0 else 0.0
    share_estimated = 1 - rested * (1 - pairs.volume.share_missing)
    pairs.known["share_estimated"] = float(np.clip(share_estimated, 0.0, 1.0))
    return finish_estimate(
        pairs,
        kind,
        found,
        sampling_t=sampling_t,
        degrees_of_freedom=float(max(1, len(pairs.samples.time) - 1)),
        bracket_t=bracket,
    )


def interpolate_steps(
    samples: SampleSeries, discharge: DischargeSeries, *, kind: InterpolationKind = "linear"
) -> Floats:
    """Concentration at the middle of every step of the record, mg/L, shape (N,).

    Source
    ------
    As :func:`estimate_by_interpolation`; for the daily series a figure shows.
    """
    origin = discharge.time[0]
    at_s = seconds_from(origin, discharge.time) + discharge.step_s / 2
    sample_s = seconds_from(origin, samples.time)
    return weigh_samples(sample_s, at_s, kind=kind).apply(samples.concentration_mg_l)


def _step_volumes(discharge: DischargeSeries, period: Period) -> tuple[Floats, Floats]:
    """Water of each known step inside the period, m3, and the middle of the whole step, s."""
    weight_s = discharge.weights_s(period)
    known = ~np.isnan(discharge.discharge_m3_s) & (weight_s > 0)
    at_s = seconds_from(period.start, discharge.time[known]) + discharge.step_s / 2
    return discharge.discharge_m3_s[known] * weight_s[known], at_s


def _jackknife(
    sample_s: Floats, c: Floats, at_s: Floats, volume: Floats, kind: InterpolationKind
) -> float:
    if len(c) < 2:
        return float("nan")
    loads = [
        weigh_samples(sample_s[kept], at_s, kind=kind).apply(c[kept]) @ volume
        for kept in delete_one_places(len(c))
    ]
    return float(jackknife_standard_error(np.array(loads))) / G_PER_T


def _measured_steps(discharge: DischargeSeries, period: Period) -> npt.NDArray[np.bool_]:
    """Which of the known steps of the period are measured and not filled."""
    known = ~np.isnan(discharge.discharge_m3_s) & (discharge.weights_s(period) > 0)
    return discharge.fill[known] == MEASURED
