"""One table of another office's database into the inbox, file by file, and how far it was read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.period import BEIJING, from_epoch_s
from ecomon.model.poll import PollState
from ecomon.model.pull import Pull
from ecomon.settings import read_secret
from ecomon.sources.database import open_source
from ecomon.sources.delivery import lay_into_inbox
from ecomon.sources.pulling import Part, find_columns, read_parts
from flows.installation import Run

LEASE_S = 3600
"""How long a pull stays in the hands of a process that died with it; each file renews it."""


@dataclass(slots=True)
class Pulled:
    """What became of one pull: how far it came, and what it laid into the inbox."""

    state: PollState
    n_rows: int = 0
    files: list[str] = field(default_factory=list[str])


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
        name = f"{one.id}-{fetched_at:%Y%m%dT%H%M%S}-{number}-{digest[:8]}.csv"
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
