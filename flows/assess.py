"""Assess: flagged readings -> means, classes, grades, exceedances."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.journey.assess_period import Assessment, assess_month
from ecomon.model.period import Period
from flows.installation import Run, recorded_run


@flow(name="assess", timeout_seconds=6 * 3600)
def assess(home: str, period: str) -> dict[str, Any]:
    """Assess every calendar month the period touches; supersedes its own results of those months."""
    with recorded_run(home, "assess", {"period": period}) as run:
        counts = {"months": 0, "means": 0, "classes": 0, "grades": 0, "exceedances": 0}
        counts |= dict.fromkeys(("compliant", "exceeding", "no_target", "insufficient"), 0)
        for month in Period.parse(period).split("month"):
            observations = run.store.read_observations(month, as_known_at=run.known_at)
            assessment = assess_month(observations, run.registry, month)
            write_assessment(run, assessment, month)
            counts["months"] += 1
            counts["means"] += len(assessment.daily) + len(assessment.monthly)
            counts["classes"] += len(assessment.classes)
            counts["grades"] += len(assessment.grades)
            for verdict, count in assessment.grades["verdict"].value_counts().items():
                counts[str(verdict)] += int(count)
            counts["exceedances"] += len(assessment.exceedances)
        run.counts = counts
        return counts


@task(timeout_seconds=3600, cache_policy=NO_CACHE)
def write_assessment(run: Run, assessment: Assessment, month: Period) -> None:
    """Store one month's tables."""
    run.store.write_means(run.run_id, assessment.daily, month, "day")
    run.store.write_means(run.run_id, assessment.monthly, month, "month")
    run.store.write_classes(run.run_id, assessment.classes, month)
    run.store.write_grades(run.run_id, assessment.grades, month)
    run.store.write_exceedances(run.run_id, assessment.exceedances, month)
