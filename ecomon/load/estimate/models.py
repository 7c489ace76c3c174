"""The models of concentration a load may rest on, each as a run over the days of a period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecomon.load.choice.guards import ModelChecks, check_model
from ecomon.load.choice.rules import Method
from ecomon.load.estimate.case import LoadCase
from ecomon.load.estimate.daily_discharge import DailyDischarge, mean_daily_discharge
from ecomon.load.estimate.model_run import ModelRun
from ecomon.load.estimate.regression_run import (
    run_bridge,
    run_composite,
    run_regression,
    run_smearing,
)
from ecomon.load.estimate.wrtds_run import run_wrtds
from ecomon.load.flux import LoadEstimate, no_load
from ecomon.load.flux_outcomes import measure_volume

MODELS: dict[Method, Callable[[LoadCase, DailyDischarge], ModelRun]] = {
    "bridge": run_bridge,
    "composite": run_composite,
    "regression_7": run_regression,
    "smearing_7": run_smearing,
    "wrtds_k": run_wrtds,
}


def run_model(method: Method, case: LoadCase) -> ModelRun:
    """A model fitted to the case's record and read off on the days of its period.

    Parameters
    ----------
    method : {"bridge", "composite", "regression_7", "smearing_7", "wrtds_k"}
    case : LoadCase

    Returns
    -------
    ModelRun
        With ``lack`` where the data bear no fit, and the checks the guards judge by.

    Source
    ------
    loads.md 6.3, 6.5, 6.6.
    """
    run = MODELS[method](case, mean_daily_discharge(case.discharge))
    return run if run.lack else replace(run, checks=_checks(run))


def estimate_of_run(run: ModelRun, case: LoadCase, average: LoadEstimate) -> LoadEstimate:
    """The load of a model's run as an estimate, with the errors of the discharge.

    Parameters
    ----------
    run : ModelRun
    case : LoadCase
    average : LoadEstimate
        Of method E on the same case: counts, coverage, and how wide the bracket is. A regression
        substitutes nothing, so its bracket is its load in the proportions of that one's.

    Source
    ------
    loads.md 6.5 to 6.8.
    """
    known = {
        "coverage_time": average.coverage_time,
        "coverage_volume": average.coverage_volume,
        "censored_share": average.censored_share,
        "n_samples": average.n_samples,
        "n_censored": average.n_censored,
    }
    if run.lack:
        return no_load(run.method, run.lack, **known)
    volume = measure_volume(case.discharge, case.period)
    gaps = volume.standard_error_m3 / volume.volume_m3 if volume.volume_m3 > 0 else 0.0
    parts = {
        "sampling": run.standard_error_t,
        "model": run.model_error_t,
        "extrapolation": _extrapolation_t(run, case),
        "discharge_gaps": abs(run.load_t) * gaps,
        "discharge_common": abs(run.load_t) * case.discharge.relative_error,
    }
    total = float(np.nansum(run.day_load_t))
    on_samples = float(np.nansum(run.day_load_t[run.is_sampled])) / total if total > 0 else 0.0
    zero, limit = _bracket(run, case, average)
    notes = [run.note, case.discharge.caveat]
    if volume.share_missing > 1e-9:
        share = f"{volume.share_missing:.1%}"
        notes.append(f"流量缺测 {share}，按水量比例放大 / {share} of the discharge missing, scaled")
    return LoadEstimate(
        run.method,
        run.load_t,
        float(np.sqrt(sum(part**2 for part in parts.values()))),
        float("inf"),
        share_estimated=1 - on_samples * (1 - volume.share_missing),
        load_censored_zero_t=zero,
        load_censored_limit_t=limit,
        parts_t=parts,
        status="estimated",
        reason="；".join(one for one in notes if one),
        **known,
    )


def _extrapolation_t(run: ModelRun, case: LoadCase) -> float:
    """What is not known of the load at discharges never sampled, where the guard let it stand."""
    guards, share = case.rules.guards, run.checks.extrapolated_share
    if guards.extrapolation == "fall_back" or not share > guards.max_extrapolated_share:
        return 0.0
    return abs(run.load_t) * share * guards.extrapolation_error


def _bracket(run: ModelRun, case: LoadCase, average: LoadEstimate) -> tuple[float, float]:
    zero, limit = average.load_censored_zero_t, average.load_censored_limit_t
    if not average.n_censored or not np.isfinite(limit):
        return run.load_t, run.load_t
    middle = zero + case.rules.model.censored_share_of_limit * (limit - zero)
    if not middle > 0:
        return 0.0, max(limit, run.load_t)
    return run.load_t * zero / middle, run.load_t * limit / middle


@dataclass(frozen=True, slots=True)
class _Seen:
    """Uncensored samples of a run: fitted, observed, discharge."""

    fitted: npt.NDArray[np.float64]
    observed: npt.NDArray[np.float64]
    discharge: npt.NDArray[np.float64]


def _checks(run: ModelRun) -> ModelChecks:
    seen = np.isfinite(run.residual)
    fitted = run.fitted_mg_l[seen]
    pairs = _Seen(fitted, fitted * np.exp(run.residual[seen]), run.sampled_m3_s[seen])
    found = check_model(
        pairs.fitted,
        pairs.observed,
        pairs.discharge,
        step_m3_s=run.discharge_m3_s,
        step_load=run.day_load_t,
    )
    # What was sampled counts, censored or not: a value below detection was taken at its discharge.
    sampled = run.sampled_m3_s
    beyond = (run.discharge_m3_s > sampled.max()) | (run.discharge_m3_s < sampled.min())
    total = float(np.nansum(run.day_load_t))
    share = float(np.nansum(run.day_load_t[beyond])) / total if total > 0 else float("nan")
    return replace(found, extrapolated_share=share)
