"""Inbox: what waits in the inboxes is ingested, and what the new readings touch is judged at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from ecomon.settings import read_settings
from ecomon.store import Store
from flows.alert import alert
from flows.due import spans_touched
from flows.ingest import feeds_waiting, ingest
from flows.installation import recorded_run
from flows.timetable import today

REACH_DAYS = 31
"""Readings of older days call nobody; ``ecomon run alert --period`` judges them."""


@flow(name="inbox", timeout_seconds=6 * 3600)
def inbox(home: str) -> dict[str, Any]:
    """Ingest what waits in every inbox, then advance the alerts over the days that it touches.

    Also readings that came another way since the last time (a poll, a file named on the command
    line) are judged. A run that is interrupted leaves its mark where it was, so the next one goes
    on from there.
    """
    since_seq = judged_to(home)
    ingested = {feed: ingest(home, feed=feed) for feed in feeds_waiting(Path(home))}
    return {"ingest": ingested, **judge_new(home, since_seq)}


def judged_to(home: str) -> int:
    """The sequence number up to which new readings have been judged; now, where none ever were."""
    with Store.open(read_settings(Path(home)).store_url) as store:
        for run in store.read_runs(flow="inbox", limit=100):
            if run["is_success"]:
                return int(run["counts"]["judged_to"])
        return store.now_seq()


def judge_new(home: str, since_seq: int) -> dict[str, Any]:
    """Advance the alerts over the days that readings after a sequence number touch."""
    with Store.open(read_settings(Path(home)).store_url) as store:
        to_seq = store.now_seq()
        changes = [change.period for change in store.read_changes(since_seq=since_seq)]
    spans, n_beyond = spans_touched(changes, today(), reach_days=REACH_DAYS)
    alerts = {span.label: alert(home, span.label) for span in spans}
    with recorded_run(home, "inbox", {}) as run:
        run.counts = {"judged_to": to_seq, "spans": len(spans), "days_beyond": n_beyond}
    return {"alert": alerts, "days_beyond": n_beyond}
