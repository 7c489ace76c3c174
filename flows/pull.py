"""Pull: read the tables an installation has turned on, and lay what is new into the inbox."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.period import BEIJING, from_epoch_s
from ecomon.model.poll import PollState
from ecomon.model.pull import Pull
from ecomon.settings import read_secret
from ecomon.sources.database import open_source
from ecomon.sources.delivery import lay_into_inbox
from ecomon.sources.pulling import Part, find_columns, read_parts
from flows.installation import Run, recorded_run

_log = structlog.get_logger()
LEASE_S = 3600
"""How long a pull stays in the hands of a process that died with it; each file renews it."""


@dataclass(slots=True)
class Pulled:
    """What became of one pull: how far it came, and what it laid into the inbox."""

    state: PollState
    n_rows: int = 0
    files: list[str] = field(default_factory=list[str])


@flow(name="pull", timeout_seconds=6 * 3600)
def pull(home: str) -> dict[str, Any]:
    """Read every pull that is turned on and due; its rows wait in ``inbox/<feed>/`` then.

    Nothing is read where no pull is turned on, as shipped. A database that refuses or is not there
    is remembered with the reason (``ecomon pull status``), and the others are read all the same.
    """
    with recorded_run(home, "pull", {}) as run:
        enabled = [one for one in run.registry.pulls.values() if one.is_enabled]
        if enabled and run.store.kind != "real":
            raise SourceRefused(f"pulls bring real data; this store holds {run.store.kind} data")
        counts: dict[str, Any] = {"pulls": len(enabled), "not_due": 0, "rows": 0, "files": 0}
        refused: dict[str, str] = {}
        unavailable: dict[str, str] = {}
        for one in enabled:
            state = run.store.begin_poll(one.key, source=one.id, lease_s=LEASE_S)
            if state is None:
                counts["not_due"] += 1
                continue
            try:
                pulled = read_table(run, one, state)
            except SourceRefused as wrong:
                refused[one.id] = str(wrong)
                _remember_failure(run, one, str(wrong))
                continue
            except (SourceUnavailable, TimeoutError) as missing:
                unavailable[one.id] = str(missing)
                _remember_failure(run, one, str(missing))
                continue
            counts["rows"] += pulled.n_rows
            counts["files"] += len(pulled.files)
            _log.info("database_read", pull=one.id, rows=pulled.n_rows, files=pulled.files)
        told = {"refused": refused, "unavailable": unavailable}
        run.counts = counts | {name: texts for name, texts in told.items() if texts}
        return run.counts


@task(timeout_seconds=6 * 3600, cache_policy=NO_CACHE)
def read_table(run: Run, one: Pull, state: PollState) -> Pulled:
    """Read one pull to its end and remember how far it came; see :func:`pull_rows`."""
    pulled = pull_rows(run, one, state)
    run.store.record_poll(pulled.state.answered(int(time.time()), one.interval_s))
    return pulled


def pull_rows(
    run: Run, one: Pull, state: PollState, clock: Callable[[], float] = time.time
) -> Pulled:
    """Lay the new rows of one table into the inbox, file by file.

    The watermark moves when a file is on the disk and not before: a process that dies reads its
    last file once more, and the ingest finds nothing new in it.

    Raises
    ------
    SourceUnavailable, SourceRefused
        as the database's edge says; also where no URL is set or the inbox cannot be written.
    """
    url = read_secret(run.settings, one.url_variable)
    if url is None:
        raise SourceRefused(
            f"{one.id}: 未设置数据库地址 set {one.url_variable} in the environment or in ecomon.env"
        )
    pulled = Pulled(state)
    offset_h = 8 if one.times_are == "beijing" else 0
    with open_source(
        url.get_secret_value(),
        statement_timeout_s=one.statement_timeout_s,
        utc_offset_h=offset_h,
    ) as source:
        now = from_epoch_s(int(clock())) + timedelta(hours=offset_h - 8)
        found = find_columns(source, one)
        parts = read_parts(source, one, found, watermark=watermark_of(state), now=now)
        for number, part in enumerate(parts, 1):
            _take(run, one, part, number=number, pulled=pulled, at_s=int(clock()))
    return pulled


def watermark_of(state: PollState) -> datetime | None:
    """How far a pull has come, in its database's own time; None before its first file."""
    return None if state.last_modified is None else datetime.fromisoformat(state.last_modified)


def _take(run: Run, one: Pull, part: Part, *, number: int, pulled: Pulled, at_s: int) -> None:
    """Lay one part into the inbox unless it is what came last, then move the watermark."""
    digest = hashlib.sha256(part.octets).hexdigest()
    state = pulled.state
    if digest != state.sha256:
        fetched_at = from_epoch_s(at_s).replace(tzinfo=BEIJING)
        name = f"{one.id}-{fetched_at:%Y%m%dT%H%M%S}-{number}.csv"
        inbox = run.settings.inbox(one.feed)
        try:
            lay_into_inbox(inbox, name, part.octets, fetched_at=fetched_at)
        except OSError as wrong:
            raise SourceUnavailable(f"{inbox / name}: {wrong}") from wrong
        pulled.files.append(name)
    pulled.n_rows += part.n_rows
    reached = state.last_modified if part.watermark is None else part.watermark.isoformat()
    changed = state.changed(at_s, digest, etag=None, last_modified=reached)
    pulled.state = replace(changed, checked_at_s=at_s, not_before_s=at_s + LEASE_S)
    run.store.record_poll(pulled.state)


def _remember_failure(run: Run, one: Pull, reason: str) -> None:
    """The watermark stays where the last file left it."""
    states = {state.key: state for state in run.store.read_polls(source=one.id)}
    _log.warning("database_not_read", pull=one.id, reason=reason)
    run.store.record_poll(states[one.key].failed(int(time.time()), reason, one.interval_s))
