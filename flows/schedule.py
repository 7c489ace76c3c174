"""Flows that a schedule starts: each says which period is due now and runs the flows of it in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from ecomon.model.period import Period
from flows.alert import alert
from flows.assess import assess
from flows.deployments import day_before, month_before, today
from flows.ingest import feeds_waiting, ingest
from flows.load import load
from flows.publish import publish
from flows.settle import settle


@flow(name="water-every-4h", timeout_seconds=3 * 3600)
def water_every_4h(home: str) -> dict[str, Any]:
    """Ingest what waits in the inboxes, then judge the last two days for alerts."""
    ingested = {feed: ingest(home, feed=feed) for feed in feeds_waiting(Path(home))}
    now = today()
    return {"ingest": ingested, "alert": alert(home, f"{day_before(now)}/{now:%Y-%m-%d}")}


@flow(name="daily-assessment", timeout_seconds=3 * 3600)
def daily_assessment(home: str) -> dict[str, Any]:
    """Assess and publish the month that yesterday belongs to."""
    day = day_before(today()).start
    month = Period.month(day.year, day.month).label
    return {"assess": assess(home, month), "publish": publish(home, month)}


@flow(name="monthly-close", timeout_seconds=6 * 3600)
def monthly_close(home: str) -> dict[str, Any]:
    """Close the last whole month: assess, loads, statements, documents."""
    month = month_before(today()).label
    return {flow.name: flow(home, month) for flow in (assess, load, settle, publish)}
