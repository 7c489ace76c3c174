"""Flows that a schedule starts: each finds out what is due now (``due.py``) and runs the flows of it.

None of them depends on the slot it was started in: a missed one is caught up by the next, one that
comes twice changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from ecomon.errors import EcomonError
from ecomon.model.period import Period
from ecomon.settings import Settings, read_settings
from ecomon.store import Store
from flows.alert import alert
from flows.assess import assess
from flows.due import closes_due, days_due, months_due
from flows.inbox import inbox
from flows.installation import read_site_registry, recorded_run
from flows.keeping import keeping
from flows.load import load
from flows.publish import publish
from flows.receipts import receipts
from flows.settle import settle
from flows.timetable import today

ALERT_REACH_DAYS = 7
ASSESS_REACH_MONTHS = 2
RUNS_LOOKED_AT = 500


@flow(name="water-every-4h", timeout_seconds=3 * 3600)
def water_every_4h(home: str) -> dict[str, Any]:
    """Ask the polls, ingest what waits, judge all days since the alerts were last advanced."""
    done = {"poll": ask_polls(home), "inbox": inbox(home)} | store_gateways(home)
    with open_store(home) as store:
        runs = store.read_runs(flow="alert", limit=RUNS_LOOKED_AT)
    days = days_due(runs, today(), reach_days=ALERT_REACH_DAYS)
    return done | {"alert": alert(home, days.label)}


@flow(name="air-hourly", timeout_seconds=3600)
def air_hourly(home: str) -> dict[str, Any]:
    """Ask the polls and ingest what waits; new readings of the water are judged with them."""
    return {"poll": ask_polls(home), "inbox": inbox(home)}


@flow(name="polls", timeout_seconds=3600)
def polls(home: str) -> dict[str, Any]:
    """Ask the polls that are due, and judge what they brought."""
    return {"poll": ask_polls(home), "inbox": inbox(home)}


@flow(name="pulls", timeout_seconds=6 * 3600)
def pulls(home: str) -> dict[str, Any]:
    """Read the databases that are due, and judge what they brought."""
    return {"pull": read_databases(home), "inbox": inbox(home)}


@flow(name="gateway-every-5min", timeout_seconds=2 * 3600)
def gateway_every_5min(home: str) -> dict[str, Any]:
    """Store, flag and judge what stations sent to the gateway."""
    return store_gateways(home)


@flow(name="inboxes", timeout_seconds=6 * 3600)
def inboxes(home: str) -> dict[str, Any]:
    """Ingest what waits, where nobody watches the folders or the watcher missed a file."""
    return inbox(home)


@flow(name="receipts-hourly", timeout_seconds=3600)
def receipts_hourly(home: str) -> dict[str, Any]:
    """Count what came; inboxes and spool are emptied before, so that nothing that waits counts as
    silence."""
    return {"inbox": inbox(home)} | store_gateways(home) | {"receipts": receipts(home)}


@flow(name="daily-assessment", timeout_seconds=3 * 3600)
def daily_assessment(home: str) -> dict[str, Any]:
    """Assess and publish the running month, and earlier ones that were missed or have changed."""
    with open_store(home) as store:
        months = months_due(
            store.read_runs(flow="assess", limit=RUNS_LOOKED_AT),
            today(),
            lambda seq: (one.period for one in store.read_changes(since_seq=seq)),
            reach_months=ASSESS_REACH_MONTHS,
        )
    return {
        month.label: {"assess": assess(home, month.label), "publish": publish(home, month.label)}
        for month in months
    }


@flow(name="daily-keeping", timeout_seconds=6 * 3600)
def daily_keeping(home: str) -> dict[str, Any]:
    """Add the day's root to the chain; back up where the site says so."""
    return keeping(home)


@flow(name="monthly-close", timeout_seconds=6 * 3600)
def monthly_close(home: str) -> dict[str, Any]:
    """Close each month that is due and not closed yet: assess, loads, statements, documents.

    Started every day; on most days there is nothing to do. A close that failed is due again the
    next day.
    """
    settings = site(home)
    calendar = read_site_registry(settings).calendar
    with open_store(home) as store:
        runs = store.read_runs(flow="monthly-close", limit=RUNS_LOOKED_AT)
    due = closes_due(runs, today(), calendar, working_day=settings.close_working_day)
    return {month.label: close_month(home, month) for month in due}


def close_month(home: str, month: Period) -> dict[str, Any]:
    """Run the flows of one close, then record that it is done."""
    done = {flow.name: flow(home, month.label) for flow in (assess, load, settle, publish)}
    with recorded_run(home, "monthly-close", {"period": month.label}) as run:
        run.counts = done
    return done


def ask_polls(home: str) -> dict[str, Any]:
    """Run the polls that are due; nothing where none is switched on.

    A poll that cannot be asked is on record as a failed run; what waits in the inboxes is read all
    the same.
    """
    if not has_polls(Path(home)):
        return {}
    from flows.poll import poll  # its client is not needed where nothing is asked

    try:
        return poll(home)
    except EcomonError as error:
        return {"failed": str(error)}


def has_polls(home: Path) -> bool:
    """Whether the site has switched a poll on."""
    registry = read_site_registry(read_settings(home))
    return any(one.is_enabled for one in registry.polls.values())


def read_databases(home: str) -> dict[str, Any]:
    """Run the pulls that are due; nothing where none is switched on."""
    if not has_pulls(Path(home)):
        return {}
    from flows.pull import pull  # its drivers are not needed where nothing is read

    return pull(home)


def has_pulls(home: Path) -> bool:
    """Whether the site has switched a pull on."""
    registry = read_site_registry(read_settings(home))
    return any(one.is_enabled for one in registry.pulls.values())


def store_gateways(home: str) -> dict[str, Any]:
    """Run the gateway's flow; nothing where no instrument is registered."""
    if not has_instruments(Path(home)):
        return {}
    from flows.gateway import gateway  # its decoder is not needed where nothing is sent

    return {"gateway": gateway(home)}


def has_instruments(home: Path) -> bool:
    """Whether the site has registered an instrument that speaks to a gateway."""
    return bool(read_site_registry(read_settings(home)).instruments)


def site(home: str) -> Settings:
    return read_settings(Path(home))


def open_store(home: str) -> Store:
    return Store.open(site(home).store_url)
