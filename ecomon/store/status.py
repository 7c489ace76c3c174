"""What the store holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, desc, func, select

from ecomon.model.observation import isoformat
from ecomon.model.period import from_epoch_s
from ecomon.store.alerts import pending_notices
from ecomon.store.dialect import size_bytes
from ecomon.store.knowledge import read_meta, read_seq
from ecomon.store.results import count_current
from ecomon.store.schema import (
    RESULTS,
    SCHEMA,
    alert,
    batch,
    dead_letter,
    doubt,
    flag,
    observation,
    observation_history,
    review,
    run,
    statement,
)


def read_status(conn: Connection) -> dict[str, Any]:
    """Counts and last doings, as JSON values."""
    last_batch = conn.execute(select(batch).order_by(desc(batch.c.batch_id)).limit(1)).mappings()
    return {
        "kind": read_meta(conn, "kind"),
        "created_at": read_meta(conn, "created_at"),
        "schema": SCHEMA,
        "seq": read_seq(conn),
        "size_bytes": size_bytes(conn),
        "observations": _count(conn, observation),
        "observations_superseded": _count(conn, observation_history),
        "flags": _count(conn, flag),
        "batches": _count(conn, batch),
        "dead_letters": _count(conn, dead_letter, dead_letter.c.state == "open"),
        "reviews": _count(conn, review, review.c.state == "open")
        + _count(conn, doubt, doubt.c.superseded_seq.is_(None)),
        **{name: count_current(conn, table) for name, table in RESULTS.items()},
        "statements": count_current(conn, statement),
        "alerts": _alerts_by_state(conn),
        "notices_pending": len(pending_notices(conn, "folder")),
        "last_batch": next(
            (
                {"file_name": row["file_name"], "received_at": _text(row["received_at_s"])}
                for row in last_batch
            ),
            None,
        ),
        "last_runs": _last_runs(conn),
    }


def _count(conn: Connection, table: Any, *conditions: Any) -> int:
    return conn.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def _alerts_by_state(conn: Connection) -> dict[str, int]:
    query = (
        select(alert.c.state, func.count())
        .where(alert.c.superseded_seq.is_(None))
        .group_by(alert.c.state)
        .order_by(alert.c.state)
    )
    return dict(conn.execute(query).all())


def _last_runs(conn: Connection) -> dict[str, dict[str, Any]]:
    last = select(func.max(run.c.run_id)).group_by(run.c.flow)
    rows = conn.execute(select(run).where(run.c.run_id.in_(last)).order_by(run.c.flow)).mappings()
    return {
        row["flow"]: {
            "run_id": row["run_id"],
            "started_at": _text(row["started_at_s"]),
            "outcome": row["outcome"],
            "is_success": row["is_success"],
        }
        for row in rows
    }


def _text(epoch_s: int) -> str:
    return isoformat(from_epoch_s(epoch_s))
