"""Alerts about the running of the system, with every state they were in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, or_, select, update

from ecomon.errors import StoreError
from ecomon.store.alerts import enqueue_notices
from ecomon.store.canonical import canonical_json, instant_s, read_json
from ecomon.store.knowledge import Commit
from ecomon.store.schema import operations_alert

_NEEDED = ("fingerprint", "state", "opened_at")


def commit_operations_alerts(
    commit: Commit, alerts: Iterable[Mapping[str, Any]], notices: Iterable[Mapping[str, Any]] = ()
) -> dict[str, int]:
    """Write the alerts that are new or changed and queue the notices, in one transaction.

    Parameters
    ----------
    alerts : iterable of mapping
        ``fingerprint``, ``state`` (open or over), ``opened_at`` and, once it is over, ``over_at``
        (naive Beijing or aware time, or ISO text). Fingerprint and opening name the alert; the
        whole mapping is kept as canonical JSON, and the state it leaves stays as history.
    notices : iterable of mapping
        As :func:`ecomon.store.alerts.enqueue_notices` takes them; a known key changes nothing.

    Returns
    -------
    dict
        How many ``alerts`` were written and ``notices`` are new.
    """
    n_written = sum(_write(commit, given) for given in alerts)
    if n_written:
        commit.keep("operations_alert")
    return {"alerts": n_written, "notices": enqueue_notices(commit, notices)}


def _write(commit: Commit, given: Mapping[str, Any]) -> bool:
    """Make one alert's row the current one; False where it is already."""
    for name in _NEEDED:
        if given.get(name) in (None, ""):
            raise StoreError(f"an operations alert has no {name!r}: {dict(given)}")
    opened_at_s = instant_s(given["opened_at"])
    context = canonical_json(given)
    is_current = and_(
        operations_alert.c.fingerprint == given["fingerprint"],
        operations_alert.c.opened_at_s == opened_at_s,
        operations_alert.c.superseded_seq.is_(None),
    )
    found = commit.conn.execute(select(operations_alert.c.context).where(is_current))
    if found.scalar() == context:
        return False
    commit.conn.execute(
        update(operations_alert).where(is_current).values(superseded_seq=commit.seq)
    )
    over_at = given.get("over_at")
    commit.conn.execute(
        insert(operations_alert).values(
            fingerprint=given["fingerprint"], state=given["state"], opened_at_s=opened_at_s,
            over_at_s=None if over_at is None else instant_s(over_at), context=context,
            seq=commit.seq,
        )
    )  # fmt: skip
    return True


def read_operations_alerts(
    conn: Connection, state: str | None = None, *, as_known_at: int | None = None
) -> list[dict[str, Any]]:
    """Operations alerts (of one state) as they were given, in the order they opened, with ``seq``.

    Parameters
    ----------
    state : {"open", "over"}, optional
    as_known_at : int, optional
        A sequence number: the states they were in then.
    """
    is_known = operations_alert.c.superseded_seq.is_(None)
    if as_known_at is not None:
        is_known = and_(
            operations_alert.c.seq <= as_known_at,
            or_(is_known, operations_alert.c.superseded_seq > as_known_at),
        )
    query = (
        select(operations_alert.c.context, operations_alert.c.seq)
        .where(is_known)
        .order_by(operations_alert.c.opened_at_s, operations_alert.c.fingerprint)
    )
    if state is not None:
        query = query.where(operations_alert.c.state == state)
    return _as_given(conn, query)


def read_operations_history(conn: Connection, fingerprint: str) -> list[dict[str, Any]]:
    """Every state that the alerts of one fingerprint were in, in the order they were written."""
    query = (
        select(operations_alert.c.context, operations_alert.c.seq)
        .where(operations_alert.c.fingerprint == fingerprint)
        .order_by(operations_alert.c.row_id)
    )
    return _as_given(conn, query)


def _as_given(conn: Connection, query: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [{**read_json(context), "seq": seq} for context, seq in conn.execute(query)]
