"""Sample: emergency samples that wait in their inbox are stored, flagged and judged at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from ecomon.model.sample import FEED
from ecomon.settings import read_settings
from ecomon.store import Store
from flows.alert import alert
from flows.due import spans_touched
from flows.inbox import REACH_DAYS
from flows.ingest import ingest
from flows.timetable import today


@flow(name="sample", timeout_seconds=3600)
def sample(home: str) -> dict[str, Any]:
    """Ingest ``inbox/samples/``, then advance the alerts over the days that it touches.

    Nothing else that waits is read before: an archive of a year in another inbox delays no sample.
    The mark up to which the inbox flow has judged stays where it is, so that its next run judges
    what else has come; it finds these samples judged, which changes nothing.
    """
    store_url = read_settings(Path(home)).store_url
    with Store.open(store_url) as store:
        since_seq = store.now_seq()
    ingested = ingest(home, feed=FEED)
    with Store.open(store_url) as store:
        changes = [change.period for change in store.read_changes(since_seq=since_seq)]
    spans, n_beyond = spans_touched(changes, today(), reach_days=REACH_DAYS)
    alerts = {span.label: alert(home, span.label) for span in spans}
    return {"ingest": ingested, "alert": alerts, "days_beyond": n_beyond}
