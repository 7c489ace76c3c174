"""What a store says of itself and of the work that waits in it.

The cost does not grow with the readings: the records of batches and runs are asked, and of the
readings one seek in the key for each series.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, desc, func, select

from ecomon.model.operation import FlowFacts, SourceFacts, StoreFacts
from ecomon.model.period import to_epoch_s
from ecomon.store.alerts import DELIVERED
from ecomon.store.backup import last_backup
from ecomon.store.canonical import instant_s
from ecomon.store.dialect import size_bytes
from ecomon.store.knowledge import read_meta, read_seq
from ecomon.store.receipts import read_last_starts
from ecomon.store.schema import (
    SCHEMA,
    actor,
    batch,
    counter,
    day_root,
    dead_letter,
    delivery,
    doubt,
    knowledge,
    operations_alert,
    outbox,
    result_receipt,
    review,
    run,
)

_END_OF_TIME = datetime(9999, 1, 1)
RECENT_S = 30 * 86_400
"""The growth of a store is told by its last thirty days."""


def read_health(conn: Connection) -> StoreFacts:
    """The facts of a store that ``doctor`` judges and the metrics show.

    "Recent" counts back from the store's own last commit, not from a clock that may be wrong.
    """
    last_commit_s = conn.execute(
        select(knowledge.c.at_s).order_by(desc(knowledge.c.seq)).limit(1)
    ).scalar()
    n_recent, recent_s = _growth(conn, last_commit_s)
    n_reviews, first_review_s = _counted(
        conn, review, knowledge.c.seq == review.c.opened_seq, review.c.state == "open"
    )
    n_doubts, first_doubt_s = _counted(
        conn, doubt, knowledge.c.seq == doubt.c.opened_seq, doubt.c.superseded_seq.is_(None)
    )
    oldest = [at_s for at_s in (first_review_s, first_doubt_s) if at_s is not None]
    n_notices, first_notice_s = _counted(
        conn, outbox, knowledge.c.seq == outbox.c.created_seq, ~_is_delivered()
    )
    root = conn.execute(select(day_root).order_by(desc(day_root.c.number)).limit(1)).mappings()
    last_root = next(iter(root), None)
    n_unchained, first_unchained_s = _counted(
        conn,
        batch,
        knowledge.c.seq == batch.c.seq,
        batch.c.batch_id > (last_root["last_batch"] if last_root else 0),
    )
    return StoreFacts(
        engine=conn.dialect.name,
        engine_version=_engine_version(conn),
        schema=SCHEMA,
        kind=read_meta(conn, "kind"),
        seq=read_seq(conn),
        last_commit_s=last_commit_s,
        size_bytes=size_bytes(conn),
        n_revisions=conn.execute(
            select(counter.c.value).where(counter.c.name == "revision")
        ).scalar_one(),
        n_recent_revisions=n_recent,
        recent_s=recent_s,
        flows=_flows(conn),
        sources=_sources(conn),
        n_dead_letters=conn.execute(
            select(func.count()).select_from(dead_letter).where(dead_letter.c.state == "open")
        ).scalar_one(),
        n_reviews=n_reviews + n_doubts,
        first_review_s=min(oldest, default=None),
        n_notices=n_notices,
        first_notice_s=first_notice_s,
        operations_alerts=_operations_alerts(conn),
        actors=_actors(conn),
        last_root_day=last_root["day"] if last_root else None,
        n_unchained=n_unchained,
        first_unchained_s=first_unchained_s,
        last_backup_s=_last_backup_s(conn),
    )


def _engine_version(conn: Connection) -> str:
    if conn.dialect.name == "sqlite":
        return sqlite3.sqlite_version
    return ".".join(str(part) for part in conn.dialect.server_version_info or ())


def _counted(
    conn: Connection, table: Any, is_commit: Any, *conditions: Any
) -> tuple[int, int | None]:
    """How many rows, and when the commit of the first of them was."""
    n_rows, first_s = conn.execute(
        select(func.count(), func.min(knowledge.c.at_s))
        .select_from(table)
        .outerjoin(knowledge, is_commit)
        .where(*conditions)
    ).one()
    return n_rows, first_s


def _is_delivered() -> Any:
    return (
        select(delivery.c.delivery_id)
        .where(delivery.c.notice_id == outbox.c.notice_id, delivery.c.outcome == DELIVERED)
        .exists()
    )


def _growth(conn: Connection, last_commit_s: int | None) -> tuple[int, int]:
    """Revisions of the last thirty days (or since the first batch), and how many seconds they are."""
    if last_commit_s is None:
        return 0, 0
    at_s = knowledge.c.at_s
    batches = batch.join(knowledge, knowledge.c.seq == batch.c.seq)
    first_s = conn.execute(select(func.min(at_s)).select_from(batches)).scalar()
    since_s = max(last_commit_s - RECENT_S, first_s or last_commit_s)
    n_recent = conn.execute(
        select(func.coalesce(func.sum(batch.c.n_new + batch.c.n_revised), 0))
        .select_from(batches)
        .where(at_s >= since_s)
    ).scalar_one()
    return int(n_recent), last_commit_s - since_s


def _flows(conn: Connection) -> tuple[FlowFacts, ...]:
    has_ended = run.c.ended_at_s.is_not(None)
    is_failure = and_(has_ended, ~run.c.is_success)
    rows = conn.execute(
        select(
            run.c.flow,
            _count_where(run.c.is_success).label("n_succeeded"),
            _count_where(is_failure).label("n_failed"),
            _count_where(~has_ended).label("n_unended"),
            func.max(case((run.c.is_success, run.c.ended_at_s))).label("last_success_s"),
            func.max(run.c.started_at_s).label("last_start_s"),
            func.max(case((is_failure, run.c.ended_at_s))).label("last_failure_s"),
            func.min(case((~has_ended, run.c.started_at_s))).label("first_unended_s"),
        )
        .group_by(run.c.flow)
        .order_by(run.c.flow)
    ).mappings()
    return tuple(FlowFacts(**row) for row in rows)


def _count_where(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _sources(conn: Connection) -> tuple[SourceFacts, ...]:
    sums = ("n_new", "n_revised", "n_unchanged", "n_withdrawn", "n_rejected")
    rows = conn.execute(
        select(
            batch.c.source,
            func.count().label("n_batches"),
            *(func.sum(batch.c[name]).label(name) for name in sums),
            func.max(knowledge.c.at_s).label("last_batch_s"),
        )
        .select_from(batch.outerjoin(knowledge, knowledge.c.seq == batch.c.seq))
        .group_by(batch.c.source)
        .order_by(batch.c.source)
    ).mappings()
    latest = _latest(conn)
    receipts = _receipts(conn)
    return tuple(
        SourceFacts(
            source=row["source"],
            n_batches=row["n_batches"],
            last_batch_s=row["last_batch_s"],
            last_reading_s=latest.get(row["source"]),
            n_expected=receipts.get(row["source"], (0, 0))[0],
            n_received=receipts.get(row["source"], (0, 0))[1],
            **{name: int(row[name]) for name in sums},
        )
        for row in rows
    )


def _latest(conn: Connection) -> dict[str, int]:
    """The start of the latest reading of each source, one in the future too."""
    latest: dict[str, int] = {}
    for (source, _), start in read_last_starts(conn, _END_OF_TIME).items():
        latest[source] = max(to_epoch_s(start), latest.get(source, 0))
    return latest


def _receipts(conn: Connection) -> dict[str, tuple[int, int]]:
    """Expected and received (应到, 实到) of each source on the last day there is of it."""
    current = result_receipt.c.superseded_seq.is_(None)
    last = (
        select(result_receipt.c.source, func.max(result_receipt.c.start_s).label("start_s"))
        .where(current)
        .group_by(result_receipt.c.source)
        .subquery()
    )
    rows = conn.execute(
        select(
            result_receipt.c.source,
            func.sum(result_receipt.c.n_expected),
            func.sum(result_receipt.c.n_received),
        )
        .join(
            last,
            and_(
                last.c.source == result_receipt.c.source,
                last.c.start_s == result_receipt.c.start_s,
            ),
        )
        .where(current)
        .group_by(result_receipt.c.source)
    )
    return {source: (int(expected), int(received)) for source, expected, received in rows}


def _operations_alerts(conn: Connection) -> dict[str, int]:
    """Open ones by the first word of their fingerprint: it says what is wrong, the rest where."""
    fingerprints = conn.execute(
        select(operations_alert.c.fingerprint)
        .where(operations_alert.c.superseded_seq.is_(None))
        .where(operations_alert.c.state == "open")
    ).scalars()
    return dict(sorted(Counter(text.partition("/")[0] for text in fingerprints).items()))


def _actors(conn: Connection) -> dict[str, int]:
    rows = conn.execute(
        select(actor.c.role, func.count())
        .where(actor.c.disabled_at_s.is_(None))
        .group_by(actor.c.role)
        .order_by(actor.c.role)
    )
    return {row.role: row[1] for row in rows}


def _last_backup_s(conn: Connection) -> int | None:
    told = last_backup(conn)
    return None if told is None else instant_s(told["at"])
