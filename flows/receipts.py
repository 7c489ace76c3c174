"""Receipts: what should have come and what came (应到/实到); a silent source tells the operators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from prefect import flow

from ecomon.journey.watch_sources import (
    Watched,
    advance_watch,
    quirks_are_new_since,
    receipts_of_day,
    span_of_arrivals,
)
from ecomon.model.period import Period
from ecomon.model.tables import RECEIPTS
from flows.alert import deliver
from flows.installation import Run, recorded_run
from flows.run import FLOW_NAMES
from flows.timetable import SCHEDULES, day_before, day_of, today

RUNS_LOOKED_AT = 20
"""Of each flow, the last ones."""


@flow(name="receipts", timeout_seconds=3600)
def receipts(home: str, period: str | None = None) -> dict[str, Any]:
    """Count the receipts of a period (yesterday and today without one), day by day.

    Where the period holds the running day, operations alerts are advanced and their notices
    delivered with whatever else waits in the outbox. A second run changes nothing.
    """
    now = today()
    whole = Period.parse(period) if period else Period(day_before(now).start, day_of(now).end)
    # In turn with the alert flow: both deliver what waits in the outbox.
    with recorded_run(home, "receipts", {"period": whole.label}, turns=["alert"]) as run:
        counts: dict[str, int] = dict.fromkeys(("days", "expected", "received"), 0)
        running = RECEIPTS.empty()
        for day in whole.split("day"):
            if day.start > now:
                break
            table = count_day(run, day, now)
            counts["days"] += 1
            counts["expected"] += int(table["n_expected"].sum())
            counts["received"] += int(table["n_received"].sum())
            if now in day:
                running = table
        run.counts = counts
        if now in whole:
            run.counts = counts | watch(run, running, now) | {"delivered": deliver(run)}
        return run.counts


def count_day(run: Run, day: Period, now: datetime) -> pd.DataFrame:
    """Receipts of one day, written in the place of those that stood there."""
    span = span_of_arrivals(run.registry, day)
    table = receipts_of_day(
        run.store.read_arrivals(span),
        run.store.read_last_starts(day.start),
        run.registry,
        day,
        as_of=now,
    )
    run.store.write_receipts(run.run_id, table, day)
    return table


def watch(run: Run, running: pd.DataFrame, now: datetime) -> dict[str, int]:
    """Advance the operations alerts and queue what is told of them."""
    flows = sorted({*FLOW_NAMES, *(slot.record for slot in SCHEDULES.values())})
    runs = [
        past
        for name in flows
        for past in run.store.read_runs(flow=name, limit=RUNS_LOOKED_AT)
        if past["run_id"] != run.run_id
    ]
    new_quirks = run.store.read_new_quirks(
        quirks_are_new_since(run.registry, now),
        known_for=timedelta(hours=run.registry.alerts.instruments.quirk_known_for_h),
    )
    outcome, notices = advance_watch(
        run.store.read_operations_alerts(),
        Watched(running, run.store.read_polls(), runs, run.store.read_instruments(), new_quirks),
        run.registry,
        as_of=now,
        kind=run.store.kind,
    )
    done = run.store.commit_operations_alerts(
        [one.as_document() for one in outcome.alerts], notices
    )
    return {
        "opened": outcome.count("opened"),
        "over": outcome.count("over") + outcome.count("dropped"),
        "open": outcome.n_open,
        "notices": done["notices"],
    }
