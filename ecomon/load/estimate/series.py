"""All estimates of one series: the best with its reasons, the agreed one, the checks, the spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ecomon.load.beale_estimate import AutomaticStrata, estimate_by_beale
from ecomon.load.choice.choose import Candidate, find_candidates, refuse_estimate
from ecomon.load.choice.density import Density, coverage_at, measure_density
from ecomon.load.choice.guards import find_tripped, find_warnings
from ecomon.load.choice.rules import METHOD_NAMES, Method
from ecomon.load.estimate.averages import LETTERS, estimate_averages
from ecomon.load.estimate.case import LoadCase
from ecomon.load.estimate.daily_series import DailyLoads, days_of_case
from ecomon.load.estimate.model_run import ModelRun
from ecomon.load.estimate.models import MODELS, estimate_of_run, run_model
from ecomon.load.estimate.rows import Role, Shape, row_of, rows_as_table, spread_row
from ecomon.load.estimate.settlement import estimate_settlement
from ecomon.load.estimate.wrtds_run import with_model_error
from ecomon.load.flux import LoadEstimate, Status, no_load
from ecomon.load.flux_outcomes import NO_DISCHARGE, REVERSED_DISCHARGE, measure_volume
from ecomon.load.interpolation_estimate import estimate_by_interpolation

NAN = float("nan")
STRATA = AutomaticStrata(min_samples=4, max_strata=3, least_gain=0.1)


@dataclass(frozen=True, slots=True)
class SeriesLoads:
    """What was found of one series.

    Attributes
    ----------
    rows : tuple of dict
        Rows of LOAD_ERRORS, of role ``best``, ``settlement``, ``cross_check``, ``spread``.
    days : DailyLoads
        Of the best estimate.
    model : ModelRun or None
        The model behind the best estimate, else the one a figure may show beside it.
    density : Density
    """

    rows: tuple[dict[str, Any], ...]
    days: DailyLoads
    model: ModelRun | None
    density: Density

    @property
    def table(self) -> pd.DataFrame:
        """The rows as LOAD_ERRORS."""
        return rows_as_table(self.rows)


def estimate_series(
    case: LoadCase,
    *,
    integrated: LoadEstimate | None = None,
    settlement: LoadEstimate | None = None,
) -> SeriesLoads:
    """Loads of one determinand at one section in one period, by every method the rules ask for.

    The best estimate is that of the first row of the rules' table whose conditions hold and whose
    guards do not trip; every row tried before it is told with the guard that stopped it. The
    agreement's method is always computed beside, and the least and greatest of A to E.

    Parameters
    ----------
    case : LoadCase
    integrated : LoadEstimate, optional
        The direct integral of the case, where it was computed for a whole section at once.
    settlement : LoadEstimate, optional
        The load a settlement takes, in place of the rules' own settlement method.

    Returns
    -------
    SeriesLoads

    Source
    ------
    loads.md 7 (defaults, guards, fallbacks, cross-checks); compensation.md 4.1 (settlement beside
    the best estimate, spread of A to E).
    """
    work = _Work(case, integrated)
    best = _find_best(work)
    agreed = settlement or estimate_settlement(
        case.record, case.discharge, case.period, how=case.rules.settlement
    )
    rows = [
        row_of(best.estimate, case, "best", shape=best.shape, reasons=best.reasons),
        row_of(agreed, case, "settlement", reasons=_difference(agreed, best.estimate)),
    ]
    for method in best.checks:
        if method != best.estimate.method:
            found = work.run(method)
            rows.append(_row_of_run(found, case, "cross_check"))
    rows.append(spread_row(work.averages, case, case.rules.spread))
    model = best.model or work.any_model
    if model is not None and model.wrtds is not None:
        model = replace(model, wrtds=None)
    return SeriesLoads(
        tuple(rows), days_of_case(case, best.estimate, best.model), model, work.density
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """An estimate by one method with, of a model, what is behind it."""

    estimate: LoadEstimate
    model: ModelRun | None = None

    @property
    def shape(self) -> Shape:
        return "lognormal" if self.model is not None else "t"


@dataclass(frozen=True, slots=True)
class _Best:
    estimate: LoadEstimate
    reasons: tuple[str, ...]
    checks: tuple[Method, ...] = ()
    model: ModelRun | None = None

    @property
    def shape(self) -> Shape:
        return "lognormal" if self.model is not None else "t"


class _Work:
    """The estimates of a case, each computed once, when it is first asked for."""

    def __init__(self, case: LoadCase, integrated: LoadEstimate | None) -> None:
        self.case, self._integrated = case, integrated
        self.density = measure_density(case.record, case.discharge, case.period)
        self.rules = case.rules_at(case.rules.model.valid_step_h)
        self.averages = estimate_averages(
            case.record.within(case.period), case.discharge, case.period, rules=self.rules
        )
        self._found: dict[Method, _Run] = {}

    def coverage(self, max_step_h: float) -> float:
        case = self.case
        return coverage_at(case.record, case.discharge, case.period, max_step_h=max_step_h)

    @property
    def any_model(self) -> ModelRun | None:
        runs = (one.model for one in self._found.values())
        return next((one for one in runs if one is not None and not one.lack), None)

    def run(self, method: Method) -> _Run:
        if method not in self._found:
            self._found[method] = self._compute(method)
        return self._found[method]

    def finish(self, method: Method) -> _Run:
        """The run with what is reckoned for the chosen method alone: it takes its time."""
        found = self.run(method)
        if found.model is not None:
            model = with_model_error(found.model, self.case)
            if model is not found.model:
                found = _Run(estimate_of_run(model, self.case, self.averages["E"]), model)
                self._found[method] = found
        return found

    def _compute(self, method: Method) -> _Run:
        case = self.case
        given = (case.record, case.discharge, case.period)
        if method in LETTERS:
            return _Run(self.averages[method])
        if method in MODELS:
            model = run_model(method, case)
            return _Run(estimate_of_run(model, case, self.averages["E"]), model)
        if method == "integration" and self._integrated is not None:
            return _Run(self._integrated)
        if method == "integration":
            from ecomon.load.estimate.section import integrate_case

            return _Run(integrate_case(case))
        if method == "linear":
            return _Run(estimate_by_interpolation(*given, rules=self.rules))
        found = estimate_by_beale(*given, rules=self.rules, discharges_m3_s=STRATA)
        return _Run(found)


def _find_best(work: _Work) -> _Best:
    case, density = work.case, work.density
    told = [density.in_words()]
    refused = _refuse_discharge(case)
    if refused:
        return _Best(_without_number(work, "insufficient", refused), tuple(told))
    dry = work.averages["B"]
    if dry.load_t == 0 and measure_volume(case.discharge, case.period).mean_m3_s == 0:
        return _Best(replace(dry, method="B"), tuple(told))
    refused = refuse_estimate(density, case.rules.guards)
    if refused:
        return _Best(_without_number(work, "bracket_only", refused), tuple(told))
    for candidate in find_candidates(density, work.coverage, case.rules):
        found = work.run(candidate.method)
        stopped = _stopped_by(found, case)
        if not stopped:
            found = work.finish(candidate.method)
            told[:0] = [candidate.reason, *_warnings(found, case)]
            checks = candidate.rung.cross_checks
            estimate = found.estimate
            if candidate.rung.adds_jackknife:
                estimate = _with_jackknife(estimate, work.averages["E"])
            return _Best(estimate, tuple(told), checks, found.model)
        told.append(_fallback(candidate, stopped))
    lack = work.averages["B"].reason or "数据不足任何方法 / no method bears these data"
    return _Best(_without_number(work, "bracket_only", lack), tuple(told))


def _with_jackknife(estimate: LoadEstimate, average: LoadEstimate) -> LoadEstimate:
    """The estimate with the jackknife of E beside its own error, as a share of the load."""
    jackknife = average.parts_t.get("sampling", NAN)
    if not (average.load_t > 0 and np.isfinite(jackknife)):
        return estimate
    part = estimate.load_t * jackknife / average.load_t
    return replace(
        estimate,
        standard_error_t=float(np.hypot(estimate.standard_error_t, part)),
        parts_t={**estimate.parts_t, "jackknife": part},
    )


def _stopped_by(found: _Run, case: LoadCase) -> tuple[str, ...]:
    if not np.isfinite(found.estimate.load_t):
        return (found.estimate.reason,)
    if found.model is None:
        return ()
    return find_tripped(found.model.checks, case.rules.guards)


def _warnings(found: _Run, case: LoadCase) -> tuple[str, ...]:
    if found.model is None or found.model.lack:
        return ()
    return find_warnings(found.model.checks, case.rules.guards)


def _fallback(candidate: Candidate, stopped: tuple[str, ...]) -> str:
    name = METHOD_NAMES[candidate.method]
    return f"不用{name}：{'、'.join(stopped)}，改用下一级 / not taken, next row down"


def _refuse_discharge(case: LoadCase) -> str:
    """Why the discharge bears no estimate; empty where it does."""
    volume = measure_volume(case.discharge, case.period)
    inside = case.discharge.discharge_m3_s[case.discharge.weights_s(case.period) > 0]
    if not volume.n_steps:
        return NO_DISCHARGE
    if (inside < 0).any():
        return REVERSED_DISCHARGE
    least = case.rules.model.min_discharge_share
    if 1 - volume.share_missing >= least:
        return ""
    share = f"{1 - volume.share_missing:.0%}"
    return (
        f"流量仅覆盖时段的 {share}，需 {least:.0%}"
        f" / discharge for {share} of the period, {least:.0%} needed"
    )


def _without_number(work: _Work, status: Status, reason: str) -> LoadEstimate:
    """What is known where there is no load: counts, coverage and, with samples, the bracket."""
    known = work.averages["E"]
    zero, limit = known.load_censored_zero_t, known.load_censored_limit_t
    if status == "bracket_only" and not np.isfinite(limit):
        # Nothing was measured between which to put a bracket, and the reason is the method's own.
        status, reason = "insufficient", known.reason or reason
    return replace(
        no_load("none", reason, status=status),
        coverage_time=known.coverage_time,
        coverage_volume=known.coverage_volume,
        share_estimated=known.share_estimated,
        censored_share=known.censored_share,
        n_samples=known.n_samples,
        n_censored=known.n_censored,
        load_censored_zero_t=zero,
        load_censored_limit_t=limit,
    )


def _row_of_run(found: _Run, case: LoadCase, role: Role) -> dict[str, Any]:
    reasons: list[str] = []
    if found.model is not None:
        reasons = [*find_tripped(found.model.checks, case.rules.guards), *_warnings(found, case)]
    return row_of(found.estimate, case, role, shape=found.shape, reasons=reasons)


def _difference(agreed: LoadEstimate, best: LoadEstimate) -> list[str]:
    """How far the agreement's load lies from the best estimate, in words."""
    if not (np.isfinite(agreed.load_t) and np.isfinite(best.load_t)):
        return []
    apart = agreed.load_t - best.load_t
    share = f"（{100 * apart / best.load_t:+.1f}%）" if best.load_t else ""
    return [f"与最佳估计相差 {apart:+.4g} t{share} / differs from the best estimate"]


def methods_known() -> Mapping[Method, str]:
    """Keys of the methods and their names, Chinese first.

    Source
    ------
    ``ecomon.load.choice.rules.METHOD_NAMES``.
    """
    return METHOD_NAMES
