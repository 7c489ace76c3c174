"""Alerts with every state they were in, the outbox of notices, and deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from ecomon.errors import StoreError
from ecomon.store.canonical import canonical_json, instant_s, read_json
from ecomon.store.dialect import upsert
from ecomon.store.knowledge import Commit
from ecomon.store.reviews import open_reviews
from ecomon.store.schema import alert, delivery, outbox

DELIVERED = "delivered"


def upsert_alerts(commit: Commit, alerts: Iterable[Mapping[str, Any]]) -> int:
    """Write the alerts that are new or changed; the state they leave stays as history.

    Parameters
    ----------
    alerts : iterable of mapping
        ``fingerprint``, ``state`` (text) and ``opened_at`` (naive Beijing or aware time, or its
        ISO text); fingerprint and opening name the alert. The whole mapping is kept as canonical
        JSON.

    Returns
    -------
    int
        How many were written.
    """
    conn, n_written = commit.conn, 0
    for given in alerts:
        fingerprint, opened_at_s = (
            _needed(given, "fingerprint"),
            instant_s(_needed(given, "opened_at")),
        )
        alert_id, context = f"{fingerprint}@{opened_at_s}", canonical_json(given)
        is_current = and_(alert.c.alert_id == alert_id, alert.c.superseded_seq.is_(None))
        if conn.execute(select(alert.c.context).where(is_current)).scalar() == context:
            continue
        conn.execute(update(alert).where(is_current).values(superseded_seq=commit.seq))
        conn.execute(
            insert(alert).values(
                alert_id=alert_id, fingerprint=fingerprint, opened_at_s=opened_at_s,
                state=_needed(given, "state"), context=context, seq=commit.seq,
            )
        )  # fmt: skip
        n_written += 1
    if n_written:
        commit.keep("alert")
    return n_written


def read_alerts(
    conn: Connection, state: str | None = None, *, as_known_at: int | None = None
) -> list[dict[str, Any]]:
    """Alerts (of one state) as they were given, in the order they opened, with ``alert_id`` and ``seq``.

    Times inside are ISO text with ``+08:00``; ``datetime.fromisoformat`` reads them.
    """
    is_known = alert.c.superseded_seq.is_(None)
    if as_known_at is not None:
        is_known = and_(
            alert.c.seq <= as_known_at, or_(is_known, alert.c.superseded_seq > as_known_at)
        )
    query = (
        select(alert.c.context, alert.c.alert_id, alert.c.seq)
        .where(is_known)
        .order_by(alert.c.opened_at_s, alert.c.alert_id)
    )
    if state is not None:
        query = query.where(alert.c.state == state)
    return [
        {**read_json(row.context), "alert_id": row.alert_id, "seq": row.seq}
        for row in conn.execute(query)
    ]


def enqueue_notices(commit: Commit, notices: Iterable[Mapping[str, Any]]) -> int:
    """Put notices into the outbox; one whose idempotency key is there already changes nothing.

    Parameters
    ----------
    notices : iterable of mapping
        ``idempotency_key``, ``fingerprint``, ``office`` (text); the rest (subject and body in
        Chinese and English) is kept as canonical JSON.

    Returns
    -------
    int
        How many are new.
    """
    n_new = 0
    for notice in notices:
        head = {
            name: str(_needed(notice, name))
            for name in ("idempotency_key", "fingerprint", "office")
        }
        content = {name: item for name, item in notice.items() if name not in head}
        n_new += commit.conn.execute(
            upsert(commit.conn, outbox)
            .values(**head, content=canonical_json(content), created_seq=commit.seq)
            .on_conflict_do_nothing(index_elements=["idempotency_key"])
        ).rowcount
    if n_new:
        commit.keep("notice")
    return n_new


def pending_notices(conn: Connection, channel: str) -> list[dict[str, Any]]:
    """Notices not yet delivered on a channel, oldest first: as given, with ``notice_id``."""
    is_delivered = (
        select(delivery.c.delivery_id)
        .where(
            delivery.c.notice_id == outbox.c.notice_id,
            delivery.c.channel == channel,
            delivery.c.outcome == DELIVERED,
        )
        .exists()
    )
    query = select(outbox).where(~is_delivered).order_by(outbox.c.notice_id)
    return [
        {
            **read_json(row.content),
            "notice_id": row.notice_id,
            "idempotency_key": row.idempotency_key,
            "fingerprint": row.fingerprint,
            "office": row.office,
        }
        for row in conn.execute(query)
    ]


def record_delivery(
    commit: Commit,
    notice_id: int,
    *,
    channel: str,
    outcome: str = DELIVERED,
    receipt: str | None = None,
    at: datetime | None = None,
) -> int:
    """Write what became of a notice on a channel (``delivered`` or ``failed``); returns its id."""
    result = commit.conn.execute(
        insert(delivery).values(
            notice_id=notice_id, channel=channel, outcome=outcome, receipt=receipt,
            at_s=commit.at_s if at is None else instant_s(at),
        )
    )  # fmt: skip
    assert result.inserted_primary_key is not None
    commit.keep("delivery")
    return result.inserted_primary_key[0]


def commit_alerts(
    commit: Commit,
    alerts: Iterable[Mapping[str, Any]],
    notices: Iterable[Mapping[str, Any]] = (),
    reviews: Iterable[Mapping[str, Any]] = (),
) -> dict[str, int]:
    """Alerts, the notices and the review cases that came of them, in one transaction.

    Returns
    -------
    dict
        How many ``alerts`` were written, ``notices`` and ``reviews`` are new.
    """
    return {
        "alerts": upsert_alerts(commit, alerts),
        "notices": enqueue_notices(commit, notices),
        "reviews": open_reviews(commit, reviews),
    }


def _needed(given: Mapping[str, Any], name: str) -> Any:
    if given.get(name) in (None, ""):
        raise StoreError(f"an alert or notice has no {name!r}: {dict(given)}")
    return given[name]
