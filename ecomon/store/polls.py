"""Polls: what is remembered of each request, and when each host may be asked again.

Nothing here is knowledge of the river: it takes no sequence number and "as known at" does not ask
for it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from ecomon.model.period import from_epoch_s, to_epoch_s
from ecomon.model.poll import PollState
from ecomon.store.dialect import upsert
from ecomon.store.knowledge import Commit
from ecomon.store.schema import poll, poll_host


@dataclass(frozen=True, slots=True)
class HostState:
    """What is remembered of one host (``name:port``); ``day`` is the Beijing day of ``n_requests``."""

    host: str
    not_before_s: int
    claimed_at_s: int
    day: str
    n_requests: int


def read_polls(conn: Connection, *, source: str | None = None) -> list[PollState]:
    """All that is remembered of requests (of one poll), by poll and request."""
    query = select(poll).order_by(poll.c.source, poll.c.url)
    if source is not None:
        query = query.where(poll.c.source == source)
    return [
        PollState(**{"key" if name == "url" else name: value for name, value in row.items()})
        for row in conn.execute(query).mappings()
    ]


def begin_poll(commit: Commit, key: str, *, source: str, lease_s: int) -> PollState | None:
    """Take a request in hand: its state, or None where it is not due or another process has it.

    Nobody else is given it for ``lease_s``; :func:`record_poll` ends that, and a process that
    dies lets it run out.
    """
    row = commit.conn.execute(select(poll).where(poll.c.url == key)).mappings().one_or_none()
    if row is None:
        state = PollState(key, source)
        values = {"url": key, "source": source, "n_failures": 0}
        commit.conn.execute(insert(poll).values(not_before_s=commit.at_s + lease_s, **values))
        return state
    fields = {name: value for name, value in row.items() if name != "url"}
    state = PollState(key, **{**fields, "source": source})
    if not state.is_due(commit.at_s):
        return None
    commit.conn.execute(
        update(poll).where(poll.c.url == key).values(not_before_s=commit.at_s + lease_s)
    )
    return state


def record_poll(commit: Commit, *states: PollState) -> None:
    """Remember what came of requests, all at once."""
    for state in states:
        values = asdict(state)
        values["url"] = values.pop("key")
        statement = upsert(commit.conn, poll).values(**values)
        new = {name: statement.excluded[name] for name in values if name != "url"}
        commit.conn.execute(statement.on_conflict_do_update(index_elements=["url"], set_=new))


def claim_host(commit: Commit, host: str, *, lease_s: int, per_day: int) -> int:
    """Ask for the turn to make one request to a host; the seconds to wait, 0 where it is granted.

    A granted turn is counted and nobody else gets one until :func:`release_host`, at most for
    ``lease_s``. Above ``per_day`` requests the wait lasts until the next Beijing day. A host that
    was claimed in the future (a clock was set back) may be asked.
    """
    now_s, today = commit.at_s, from_epoch_s(commit.at_s)
    row = commit.conn.execute(select(poll_host).where(poll_host.c.host == host)).one_or_none()
    day, n_requests = f"{today:%Y-%m-%d}", 0
    if row is not None:
        n_requests = row.n_requests if row.day == day else 0
        if now_s < row.not_before_s and row.claimed_at_s <= now_s:
            return row.not_before_s - now_s
    if n_requests >= per_day:
        midnight = today.replace(hour=0, minute=0, second=0) + timedelta(days=1)
        return to_epoch_s(midnight) - now_s
    values = {
        "not_before_s": now_s + lease_s, "claimed_at_s": now_s, "day": day,
        "n_requests": n_requests + 1,
    }  # fmt: skip
    statement = upsert(commit.conn, poll_host).values(host=host, **values)
    commit.conn.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))
    return 0


def release_host(commit: Commit, host: str, *, wait_s: int) -> None:
    """Give the turn back: the host may be asked again after ``wait_s``."""
    commit.conn.execute(
        update(poll_host).where(poll_host.c.host == host).values(not_before_s=commit.at_s + wait_s)
    )


def read_hosts(conn: Connection) -> list[HostState]:
    """What is remembered of every host that was asked, by name."""
    query = select(poll_host).order_by(poll_host.c.host)
    return [HostState(**row) for row in conn.execute(query).mappings()]
