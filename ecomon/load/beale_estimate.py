"""Loads by Beale's ratio with strata: of the whole period, by date, or by discharge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.beale import BealeTotal, Theta, beale_mean_flux, sum_strata
from ecomon.load.flux import G_PER_T, Floats, LoadEstimate
from ecomon.load.flux_outcomes import (
    EstimateRules,
    Pairs,
    finish_estimate,
    pair_samples,
    settle_outcome,
)
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period

Marks = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticStrata:
    """How strata by discharge are found.

    Attributes
    ----------
    min_samples : int
        Least samples of a stratum (4: reference/loads.md section 7).
    max_strata : int
    least_gain : float
        A split is made where it lowers the mean square error by at least this share, 0..1; the
        error of the best of many splits flatters itself.
    """

    min_samples: int
    max_strata: int
    least_gain: float


def estimate_by_beale(
    samples: SampleSeries,
    discharge: DischargeSeries,
    period: Period,
    *,
    rules: EstimateRules,
    theta: Theta = "1/n",
    dates: Sequence[datetime] = (),
    discharges_m3_s: Sequence[float] | AutomaticStrata = (),
) -> LoadEstimate:
    """Load of a period by Beale's ratio estimator.

    Parameters
    ----------
    samples : SampleSeries
    discharge : DischargeSeries
        The whole record of the period; a stratum without a sample is an error of the call.
    period : Period
    rules : EstimateRules
    theta : {"1/n", "1/n-1/N"}
    dates : sequence of datetime
        Where a stratum by date ends and the next begins, rising, inside the period.
    discharges_m3_s : sequence of float, or AutomaticStrata
        Limits of strata by discharge (a step belongs to the stratum above a limit it meets), or
        how to find them. Not together with ``dates``.

    Returns
    -------
    LoadEstimate
        ``reason`` names the strata where there are several. The degrees of freedom are
        Satterthwaite's.

    Raises
    ------
    ContractError
        if both kinds of strata are asked for, or a stratum of the call has no sample.

    Source
    ------
    Beale 1962; Tin 1965; AutoBeale (Richards); reference/loads.md 6.2.
    """
    if len(dates) and discharges_m3_s != ():
        raise ContractError("strata are by date or by discharge, not both")
    pairs = pair_samples(samples, discharge, period, rules)
    n = len(pairs.samples.time)
    has_bracket = n > 0 and pairs.volume.n_steps > 0
    strata = (
        _divide(pairs, discharge, period, dates, discharges_m3_s, rules) if has_bracket else None
    )

    def total(share: float) -> BealeTotal:
        assert strata is not None
        return _total(pairs, pairs.concentration_mg_l(share), strata, theta)

    bracket = (total(0.0).load_t, total(1.0).load_t) if has_bracket else None
    if (settled := settle_outcome(pairs, "beale", bracket)) is not None:
        return settled
    assert bracket is not None and strata is not None
    found = total(rules.censored_share_of_limit)
    n_strata = len(strata.counts)
    return finish_estimate(
        pairs,
        "beale",
        found.load_t,
        sampling_t=found.standard_error_t,
        degrees_of_freedom=found.degrees_of_freedom,
        bracket_t=bracket,
        note=f"{strata.name}，{n_strata} 层 / {n_strata} strata" if n_strata > 1 else "",
    )


@dataclass(frozen=True, slots=True)
class _Strata:
    """Stratum of each sample; mean discharge, steps and time of each stratum."""

    name: str
    of_sample: Marks
    mean_m3_s: Floats
    counts: Floats
    duration_s: Floats


def _divide(
    pairs: Pairs,
    discharge: DischargeSeries,
    period: Period,
    dates: Sequence[datetime],
    limits: Sequence[float] | AutomaticStrata,
    rules: EstimateRules,
) -> _Strata:
    weight_s = discharge.weights_s(period)
    known = ~np.isnan(discharge.discharge_m3_s) & (weight_s > 0)
    value, weight_s = discharge.discharge_m3_s[known], weight_s[known]
    if len(dates):
        edges = np.array([np.datetime64(one, "us") for one in dates])
        of_step = np.searchsorted(edges, discharge.time[known], side="right")
        of_sample = np.searchsorted(edges, pairs.samples.time, side="right")
        return _Strata(
            "按日期分层", of_sample, *_measure(of_step, value, weight_s, pairs, len(dates) + 1)
        )
    if isinstance(limits, AutomaticStrata):
        c = pairs.concentration_mg_l(rules.censored_share_of_limit)
        limits = find_discharge_strata(c, pairs.discharge_m3_s, value, weight_s, how=limits)
    edges = np.asarray(limits, dtype=float)
    of_step = np.searchsorted(edges, value, side="right")
    of_sample = np.searchsorted(edges, pairs.discharge_m3_s, side="right")
    measured = _measure(of_step, value, weight_s, pairs, len(edges) + 1)
    return _Strata("按流量分层", of_sample, *measured)


def _measure(
    of_step: Marks, value: Floats, weight_s: Floats, pairs: Pairs, n_strata: int
) -> tuple[Floats, Floats, Floats]:
    """Mean discharge, steps and time of each stratum; missing time is shared out in proportion."""
    time_s = np.bincount(of_step, weights=weight_s, minlength=n_strata)
    volume = np.bincount(of_step, weights=weight_s * value, minlength=n_strata)
    counts = np.bincount(of_step, minlength=n_strata).astype(float)
    mean = volume / np.where(time_s > 0, time_s, 1.0)
    return mean, counts, time_s * (pairs.duration_s / weight_s.sum())


def _total(pairs: Pairs, c: Floats, strata: _Strata, theta: Theta) -> BealeTotal:
    loads: list[float] = []
    variances: list[float] = []
    numbers: list[float] = []
    for stratum in range(len(strata.counts)):
        if not strata.counts[stratum]:
            continue
        inside = strata.of_sample == stratum
        if not inside.any():
            raise ContractError(f"stratum {stratum + 1} of {len(strata.counts)} has no sample")
        mean = beale_mean_flux(
            c[inside],
            pairs.discharge_m3_s[inside],
            strata.mean_m3_s[stratum],
            n_steps=int(strata.counts[stratum]),
            theta=theta,
        )
        to_t = strata.duration_s[stratum] / G_PER_T
        loads.append(float(mean.flux_g_s) * to_t)
        variances.append(float(mean.mse) * to_t**2)
        numbers.append(mean.n_samples)
    return sum_strata(np.array(loads), np.array(variances), np.array(numbers, dtype=float))


def find_discharge_strata(
    concentration_mg_l: Floats,
    discharge_m3_s: Floats,
    record_m3_s: Floats,
    weight_s: Floats,
    *,
    how: AutomaticStrata,
) -> list[float]:
    """Limits between strata by discharge, each split the one that lowers the error most.

    Parameters
    ----------
    concentration_mg_l, discharge_m3_s : ndarray of float64, shape (n,)
        Samples.
    record_m3_s, weight_s : ndarray of float64, shape (N,)
        The record's known steps and the seconds each counts.
    how : AutomaticStrata

    Returns
    -------
    list of float
        m3/s, rising; empty where no split is worth it.

    Source
    ------
    AutoBeale splits by date to the least mean square error (Richards); by discharge with n >= 4
    reference/loads.md section 7; the least gain is a project rule.
    """
    limits: list[float] = []

    def error(edges: list[float]) -> float:
        of_sample = np.searchsorted(edges, discharge_m3_s, side="right")
        of_step = np.searchsorted(edges, record_m3_s, side="right")
        total = 0.0
        for stratum in range(len(edges) + 1):
            inside, steps = of_sample == stratum, of_step == stratum
            if inside.sum() < how.min_samples or not steps.any():
                return np.inf
            mean = float((record_m3_s * weight_s)[steps].sum() / weight_s[steps].sum())
            found = beale_mean_flux(
                concentration_mg_l[inside], discharge_m3_s[inside], mean, n_steps=int(steps.sum())
            )
            total += float(found.mse) * float(weight_s[steps].sum()) ** 2
        return total

    order = np.unique(discharge_m3_s)
    candidates = [float(one) for one in (order[1:] + order[:-1]) / 2]
    best = error([])
    while len(limits) + 1 < how.max_strata:
        trials = [sorted([*limits, one]) for one in candidates if one not in limits]
        errors = [error(trial) for trial in trials]
        if not errors or not min(errors) < best * (1 - how.least_gain):
            break
        best = min(errors)
        limits = trials[int(np.argmin(errors))]
    return limits
