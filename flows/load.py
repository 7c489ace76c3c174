"""Load: flagged readings and discharges -> the loads agreements settle by, and the best estimates.

What settlements take (``result_load``) is formed first and here; the estimates by several methods
(``result_load_estimate``) are mapped over the sections, in threads or on a Dask cluster.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner

from ecomon.errors import ContractError
from ecomon.journey.compute_loads import (
    LoadRule,
    agreements_in_force,
    compute_loads,
    count_derived,
    determinands_needed,
    sites_needed,
    span_for_loads,
)
from ecomon.journey.load_jobs import (
    LoadFacts,
    LoadJob,
    carried_determinands,
    determinands_to_read,
    estimates_of_job,
    span_to_read,
)
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ESTIMATES, LOADS
from ecomon.registry import Registry
from ecomon.store import Store
from flows.installation import Run, recorded_run
from flows.runners import task_runner_of

SECTIONS_AT_ONCE = 3
"""Sections of one task run: thirty task runs for all ninety of the basin."""
TASKS_AHEAD = 8
"""Task runs that are handed out before the first of them is awaited: so much is held in memory."""


@flow(name="load", timeout_seconds=6 * 3600)
def load(home: str, period: str) -> dict[str, Any]:
    """Monthly loads of whole months: of agreements, and estimates; supersedes its own results."""
    span = whole_months(period)
    with recorded_run(home, "load", {"period": period}) as run:
        agreements = agreements_in_force(run.registry, span)
        derived: Counter[str] = Counter()
        tables = [loads_of(run, agreement, span, derived) for agreement in agreements]
        loads = pd.concat(tables, ignore_index=True) if tables else LOADS.empty()
        run.store.write_loads(run.run_id, loads, span)
        estimates = estimate_all(run, span, loads)
        run.store.write_load_estimates(run.run_id, estimates, span)
        best = estimates[estimates["role"] == "best"]
        run.counts = {
            "agreements": len(agreements),
            "measured": int((loads["status"] == "measured").sum()),
            "insufficient": int((loads["status"] == "insufficient").sum()),
            # Discharges out of stages, and stages that no rating table reaches; none is no word.
            **{name: count for name, count in derived.items() if count},
            "estimates": len(best),
            "estimates_without_load": int(best["load_t"].isna().sum()),
        }
        return run.counts


def whole_months(text: str) -> Period:
    """The period of that text; ContractError unless it is whole months, as loads and money are."""
    period = Period.parse(text)
    months = period.split("month")
    if (months[0].start, months[-1].end) != (period.start, period.end):
        raise ContractError(f"loads and statements are of whole months, not of {text}")
    return period


def loads_of(run: Run, agreement: Agreement, period: Period, derived: Counter[str]) -> pd.DataFrame:
    """Loads at the section of one agreement, read month by month so that memory stays bounded.

    ``derived`` counts the discharges that were derived on the way.
    """
    rule = LoadRule.of(agreement)
    months: list[pd.DataFrame] = []
    for month in period.split("month"):
        flagged = read_for_loads(run.store, run.registry, agreement, month, run.known_at)
        given = (flagged, run.registry, agreement.section, rule, month)
        months.append(compute_loads(*given))
        derived.update(count_derived(*given))
    return pd.concat(months, ignore_index=True)


def read_for_loads(
    store: Store, registry: Registry, agreement: Agreement, month: Period, known_at: int
) -> pd.DataFrame:
    """The readings of one month for one agreement, as known at a sequence (table FLAGGED)."""
    sections = [agreement.section]
    return store.read_observations(
        span_for_loads(registry, sections, month),
        sites=sites_needed(registry, sections, month),
        determinands=determinands_needed(registry, sections, LoadRule.of(agreement), month),
        as_known_at=known_at,
    )


def estimate_all(run: Run, period: Period, settlements: pd.DataFrame) -> pd.DataFrame:
    """Estimates (table LOAD_ESTIMATES) of every section whose discharge is known by a link.

    Whatever runs them, the table is the same and in the same order.
    """
    with task_runner_of(run.settings.dask) as runner:
        tables = list(map_jobs(runner, read_jobs(run, period, settlements)))
    return pd.concat(tables, ignore_index=True) if tables else LOAD_ESTIMATES.empty()


def map_jobs(runner: TaskRunner[Any], jobs: Iterable[list[LoadJob]]) -> Iterator[pd.DataFrame]:
    """The tables of the jobs, in their order; only so many are read ahead."""
    waiting: deque[PrefectFuture[pd.DataFrame]] = deque()
    for batch in jobs:
        waiting.append(runner.submit(estimate_sections, {"jobs": batch}))
        if len(waiting) >= TASKS_AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@task(name="estimate-sections", cache_policy=NO_CACHE, persist_result=False)
def estimate_sections(jobs: list[LoadJob]) -> pd.DataFrame:
    """Estimates of a few sections; reads nothing, so it can be done anywhere."""
    return pd.concat([estimates_of_job(job) for job in jobs], ignore_index=True)


def read_jobs(run: Run, period: Period, settlements: pd.DataFrame) -> Iterator[list[LoadJob]]:
    """The sections with readings in the period, a few at a time, each with what it needs."""
    months, batch = period.split("month"), list[LoadJob]()
    for section in sorted(run.registry.sections):
        facts = LoadFacts.of(run.registry, section, months)
        if not any(facts.links.values()):
            continue
        job = read_job(run, facts, period, settlements)
        if job is not None:
            batch.append(job)
        if len(batch) == SECTIONS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def read_job(
    run: Run, facts: LoadFacts, period: Period, settlements: pd.DataFrame
) -> LoadJob | None:
    """The readings of a section and its gauges; None where nothing was measured there in the period.

    The years before the period are read only for what was measured in it.
    """
    carried = carried_determinands(run.registry)
    agreed = settlements[settlements["section"] == facts.section]
    inside = run.store.read_observations(
        period, sites=[facts.section], determinands=carried, as_known_at=run.known_at
    )
    measured = set(inside["determinand"]) | set(agreed["determinand"])
    if not measured:
        return None
    wanted = [one for one in carried if one in measured]
    flagged = run.store.read_observations(
        span_to_read(run.registry, facts.section, period),
        sites=facts.sites,
        determinands=determinands_to_read(facts, wanted),
        as_known_at=run.known_at,
    )
    return LoadJob(facts, flagged, tuple(wanted), agreed if len(agreed) else None)
