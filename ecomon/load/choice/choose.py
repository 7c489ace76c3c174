"""Which rows of the table of methods hold for the data that were found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ecomon.load.choice.density import Density
from ecomon.load.choice.rules import METHOD_NAMES, EstimationRules, Guards, Method, Rung

CoverageAt = Callable[[float], float]
"""Share of the volume covered at a longest step in hours."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of the table whose conditions hold, the method it gives and why, in words."""

    rung: Rung
    method: Method
    reason: str


def find_candidates(
    density: Density, coverage_at: CoverageAt, rules: EstimationRules
) -> Iterator[Candidate]:
    """The rows that hold, best first: the first is the default, the next its fallback.

    Parameters
    ----------
    density : Density
    coverage_at : callable
        From a longest step in hours to the share of volume covered, 0..1 or NaN.
    rules : EstimationRules

    Yields
    ------
    Candidate
        None at all where the data bear no estimate: there is only a bracket.

    Source
    ------
    Table of defaults by data density, loads.md 7 (``thresholds/loads`` as data).
    """
    for rung in rules.rungs:
        if not _holds(rung, density, coverage_at):
            continue
        method, why = rung.method, ""
        if rung.method_if_related is not None and density.r2 > rung.min_r2:
            method = rung.method_if_related
            why = f"，lnC–lnQ R²={density.r2:.2f}>{rung.min_r2:g} / R2 of ln C on ln Q {density.r2:.2f}"
        yield Candidate(
            rung,
            method,
            f"默认方法：{METHOD_NAMES[method]}（{rung.name_zh} / {rung.name_en}{why}）",
        )


def refuse_estimate(density: Density, guards: Guards) -> str:
    """Why there is no estimate at all and only a bracket; empty where there may be one.

    Source
    ------
    Fewer than six samples or more than 80 % below detection: loads.md 7, last rows.
    """
    if density.n_period and density.censored_share > guards.max_censored_share:
        share, most = f"{density.censored_share:.0%}", f"{guards.max_censored_share:.0%}"
        return (
            f"低于检出限占 {share}（上限 {most}），仅给区间"
            f" / {share} below detection ({most} at most): bracket only"
        )
    if max(density.n_period, density.n_record) < guards.min_samples:
        n, least = max(density.n_period, density.n_record), guards.min_samples
        return f"样品 {n} 个，少于 {least} 个，仅给区间 / {n} samples, {least} needed: bracket only"
    return ""


def _holds(rung: Rung, density: Density, coverage_at: CoverageAt) -> bool:
    if density.n_period < rung.min_period_samples or density.n_record < rung.min_record_samples:
        return False
    if density.record_years < rung.min_record_years:
        return False
    if density.n_record_uncensored < rung.min_uncensored:
        return False
    if rung.max_step_h is None:
        return True
    if not density.median_step_h <= rung.max_step_h:
        return False
    share = coverage_at(rung.max_step_h)
    return not rung.min_coverage_volume or bool(
        np.isfinite(share) and share >= rung.min_coverage_volume
    )
