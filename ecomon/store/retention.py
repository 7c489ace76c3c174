"""Retention: how long the octets of ingested files are kept, and letting them go afterwards.

Only octets go. Their hash and size, the batches that name them, every observation and the chain of
daily roots stay, so that a file somebody kept can still be shown to be the one that was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from ecomon.errors import ContractError, StoreError
from ecomon.model.observation import isoformat
from ecomon.model.period import Period, to_beijing, to_epoch_s
from ecomon.model.role import Actor
from ecomon.store.actors import require
from ecomon.store.acts import write_act
from ecomon.store.knowledge import Commit
from ecomon.store.schema import batch, blob, blob_piece, knowledge, statement

EVIDENCE_MARGIN = timedelta(days=31)
"""A statement rests on readings around its period too (water travels, days are completed), never
further off than this."""


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What was let go, or would be: files and their octets; ``n_spared`` are evidence."""

    n_blobs: int
    size_bytes: int
    n_spared: int


def prunable_blobs(
    conn: Connection, before: datetime, *, is_evidence_spared: bool = True
) -> PruneReport:
    """What :func:`prune_blobs` would let go."""
    is_old, is_evidence = _is_old(before), _is_evidence(conn)
    is_doomed = and_(is_old, ~is_evidence) if is_evidence_spared else is_old
    n_blobs, size = conn.execute(
        select(func.count(), func.coalesce(func.sum(blob.c.size), 0)).where(is_doomed)
    ).one()
    n_old = conn.execute(select(func.count()).select_from(blob).where(is_old)).scalar_one()
    return PruneReport(n_blobs, int(size), n_old - n_blobs)


def prune_blobs(
    commit: Commit, before: datetime, *, by: Actor | None, is_evidence_spared: bool = True
) -> PruneReport:
    """Let the octets go of files that were last ingested before a time, and write the act.

    Parameters
    ----------
    before : datetime
        Aware or naive Beijing time, compared with the wall time of the last batch of a file.
    by : Actor or None
        Who may ``retain``; None where the installation's own settings say so (then what current
        statements rest on is never let go).
    is_evidence_spared : bool
        Spare files whose readings may stand in a current statement: those that wrote a reading in
        its period or within ``EVIDENCE_MARGIN`` of it.

    Raises
    ------
    AccessDenied
        if ``by`` may not let octets go.
    StoreError
        if nobody answers for letting evidence go.
    """
    if by is not None:
        require(commit, by, "retain")
    elif not is_evidence_spared:
        raise StoreError("octets that statements rest on are let go by a person only, not by rule")
    conn = commit.conn
    report = prunable_blobs(conn, before, is_evidence_spared=is_evidence_spared)
    if not report.n_blobs:
        return report
    is_doomed = _is_old(before)
    if is_evidence_spared:
        is_doomed = and_(is_doomed, ~_is_evidence(conn))
    conn.execute(update(blob).where(is_doomed).values(pruned_at_s=commit.at_s))
    gone = select(blob.c.sha256).where(blob.c.pruned_at_s.is_not(None))
    conn.execute(delete(blob_piece).where(blob_piece.c.sha256.in_(gone)))
    write_act(
        commit, by, "octets_pruned", "blob",
        detail={
            "before": isoformat(to_beijing(before)), "n_blobs": report.n_blobs,
            "size_bytes": report.size_bytes, "is_evidence_spared": is_evidence_spared,
        },
    )  # fmt: skip
    return report


def _is_old(before: datetime) -> ColumnElement[bool]:
    """The octets are here and no batch of them is as young as that."""
    is_younger = (
        select(batch.c.batch_id)
        .join(knowledge, knowledge.c.seq == batch.c.seq)
        .where(batch.c.sha256 == blob.c.sha256, knowledge.c.at_s >= to_epoch_s(before))
    )
    return and_(blob.c.pruned_at_s.is_(None), ~is_younger.exists())


def _is_evidence(conn: Connection) -> ColumnElement[bool]:
    """A batch of the octets wrote a reading near the period of a current statement."""
    labels = conn.execute(
        select(statement.c.period).where(statement.c.superseded_seq.is_(None)).distinct()
    ).scalars()
    is_near = or_(false(), *(_is_near(label) for label in labels.all()))
    wrote = select(batch.c.batch_id).where(batch.c.sha256 == blob.c.sha256, is_near)
    return wrote.exists()


def _is_near(label: str) -> ColumnElement[bool]:
    try:
        period = Period.parse(label)
    except ContractError:
        return true()  # nobody knows what it rests on: everything may be its evidence
    return and_(
        batch.c.first_s < to_epoch_s(period.end + EVIDENCE_MARGIN),
        batch.c.last_s >= to_epoch_s(period.start - EVIDENCE_MARGIN),
    )
