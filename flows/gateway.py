"""Gateway: what stations sent is stored, flagged and judged within minutes, whoever stored it."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.store import IngestReport
from flows.gateway_commit import commit_spooled, read_station_facts
from flows.gateway_facts import KnownStations
from flows.inbox import judge_new, judged_to
from flows.ingest import flag_changes, flagged_to, is_store_away, totals
from flows.installation import Run, recorded_run


@task(
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=is_store_away,
    timeout_seconds=3600,
    cache_policy=NO_CACHE,
)
def store_spooled(run: Run) -> list[IngestReport]:
    """Store what the spool of this home holds; nothing where the committer was faster, or no gateway is."""
    reports: list[IngestReport] = []
    if run.settings.spool.is_dir():
        stations = KnownStations.of(run.settings, read_station_facts)
        commit_spooled(run.settings, run.store, stations, said=reports.append)
    return reports


@flow(name="gateway", timeout_seconds=2 * 3600)
def gateway(home: str) -> dict[str, Any]:
    """Store what the spool holds, flag what is new, advance the alerts over the days it touches.

    Beside a running committer it finds little to store, and flags and judges what that has stored.
    A run that is interrupted leaves its marks where they were, so the next one goes on from there.
    """
    since_seq = judged_to(home)
    with recorded_run(home, "gateway", {}) as run:
        reports = store_spooled(run)
        to_seq = run.store.now_seq()
        n_flags = flag_changes(run, flagged_to(run))
        run.counts = {**totals(reports), "flags": n_flags, "flagged_to": to_seq}
    return {"gateway": run.counts, **judge_new(home, since_seq)}
