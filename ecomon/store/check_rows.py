"""The checks that ask about rows: revisions, their intervals, and what refers to what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    func,
    null,
    or_,
    select,
)

from ecomon.store.knowledge import read_seq
from ecomon.store.schema import (
    METADATA,
    batch,
    blob,
    blob_piece,
    counter,
    decision,
    flag,
    flag_history,
    observation,
    observation_history,
    posting,
    review,
    ruleset,
    run,
    series,
    statement,
)

Told = Iterator[tuple[str, str]]
SHOWN = 5
_SEQ_COLUMNS = ("seq", "first_seq", "opened_seq", "created_seq")
_REFERENCES: tuple[tuple[Column[Any], Column[Any]], ...] = (
    (observation.c.series_id, series.c.series_id),
    (observation.c.batch_id, batch.c.batch_id),
    (observation_history.c.series_id, series.c.series_id),
    (observation_history.c.batch_id, batch.c.batch_id),
    (blob.c.sha256, batch.c.sha256),
    (batch.c.sha256, blob.c.sha256),
    (blob_piece.c.sha256, blob.c.sha256),
    (posting.c.statement_id, statement.c.statement_id),
    (statement.c.run_id, run.c.run_id),
    (run.c.ruleset, ruleset.c.hash),
    (flag.c.ruleset, ruleset.c.hash),
)
"""What no foreign key watches, or what somebody may have switched it off for: child, parent."""


def _tell(conn: Connection, place: str, said: str, query: Select[*tuple[Any, ...]]) -> Told:
    """The first rows that a query finds, and that there are more."""
    found = conn.execute(query.limit(SHOWN + 1)).all()
    for row in found[:SHOWN]:
        yield place, f"{said}: " + ", ".join(f"{n} {v}" for n, v in row._mapping.items())
    if len(found) > SHOWN:
        yield place, f"{said}: and more"


def _check_revisions(conn: Connection) -> Told:
    """Each revision is one row, and none is above the counter that hands them out."""
    twice = (
        select(observation.c.revision)
        .group_by(observation.c.revision)
        .having(func.count() > 1)
        .order_by(observation.c.revision)
    )
    yield from _tell(conn, "observation", "a revision stands twice", twice)
    both = select(observation.c.revision).join(
        observation_history, observation_history.c.revision == observation.c.revision
    )
    yield from _tell(conn, "observation_history", "a revision is current and former", both)
    last = select(counter.c.value).where(counter.c.name == "revision").scalar_subquery()
    for table in (observation, observation_history):
        beyond = select(table.c.revision).where(table.c.revision > last)
        yield from _tell(conn, table.name, "a revision that was never handed out", beyond)


def _check_sequences(conn: Connection) -> Told:
    """Nothing was written after the last known commit, and nothing ended before it began."""
    last = read_seq(conn)
    for table in METADATA.sorted_tables:
        key = list(table.primary_key.columns)
        for name in _SEQ_COLUMNS:
            if name in table.c and table.name != "knowledge":
                query = select(*key, table.c[name]).where(
                    or_(table.c[name] > last, table.c[name] < 1)
                )
                yield from _tell(conn, table.name, "a sequence that was never committed", query)
        if "superseded_seq" in table.c:
            ended = table.c.superseded_seq
            query = select(*key, table.c.seq, ended).where(or_(ended <= table.c.seq, ended > last))
            yield from _tell(conn, table.name, "superseded out of order", query)


def _check_intervals(conn: Connection) -> Told:
    """At each moment one revision of a key was known, and one flag of a revision."""
    past, now = observation_history, observation
    other = past.alias("later")
    same = and_(other.c.series_id == past.c.series_id, other.c.start_s == past.c.start_s)
    overlap = (
        select(past.c.series_id, past.c.start_s, past.c.revision, other.c.revision.label("and"))
        .join(other, and_(same, other.c.revision > past.c.revision))
        .where(past.c.superseded_seq > other.c.seq, other.c.superseded_seq > past.c.seq)
    )
    yield from _tell(conn, past.name, "two revisions were known at once", overlap)
    same = and_(now.c.series_id == past.c.series_id, now.c.start_s == past.c.start_s)
    overlap = (
        select(past.c.series_id, past.c.start_s, past.c.revision, now.c.revision.label("and"))
        .join(now, same)
        .where(past.c.superseded_seq > now.c.seq)
    )
    yield from _tell(conn, now.name, "two revisions are known at once", overlap)
    query = (
        select(flag.c.revision, flag_history.c.superseded_seq, flag.c.seq)
        .join(flag_history, flag_history.c.revision == flag.c.revision)
        .where(flag_history.c.superseded_seq > flag.c.seq)
    )
    yield from _tell(conn, flag.name, "two flags are known at once", query)


def _check_references(conn: Connection) -> Told:
    for child, parent in _REFERENCES:
        query = select(child).outerjoin_from(child.table, parent.table, child == parent)
        query = query.where(parent.is_(null()), child.is_not(null())).distinct()
        said = f"nothing in {parent.table.name} has this {parent.name}"
        yield from _tell(conn, child.table.name, said, query)


def _check_judgements(conn: Connection) -> Told:
    """Flags, decisions and reviews are of a revision that there is."""
    for table in (flag, flag_history, decision, review):
        source: FromClause = table
        missing: list[ColumnElement[bool]] = []
        for readings in (observation, observation_history):
            source = source.outerjoin(readings, readings.c.revision == table.c.revision)
            missing.append(readings.c.revision.is_(None))
        query = select(table.c.revision).select_from(source).where(*missing)
        yield from _tell(conn, table.name, "is of no revision", query)


def _check_blobs(conn: Connection) -> Told:
    """Octets are here unless retention let them go, in pieces 0, 1, 2 ..."""
    pieces = (
        select(
            blob_piece.c.sha256,
            func.count().label("n_pieces"),
            func.max(blob_piece.c.number).label("last"),
        )
        .group_by(blob_piece.c.sha256)
        .subquery()
    )
    source = blob.outerjoin(pieces, pieces.c.sha256 == blob.c.sha256)
    is_here = blob.c.pruned_at_s.is_(None)
    n_pieces = func.coalesce(pieces.c.n_pieces, 0)
    for said, is_wrong in (
        ("its octets are missing", and_(is_here, blob.c.size > 0, n_pieces == 0)),
        ("a piece of its octets is missing", and_(is_here, n_pieces != pieces.c.last + 1)),
        ("was let go, and octets of it are here", and_(~is_here, n_pieces > 0)),
    ):
        query = select(blob.c.sha256).select_from(source).where(is_wrong).order_by(blob.c.sha256)
        yield from _tell(conn, blob.name, said, query)


ROW_CHECKS: dict[str, Callable[[Connection], Told]] = {
    "revisions": _check_revisions,
    "sequences": _check_sequences,
    "intervals": _check_intervals,
    "references": _check_references,
    "judgements": _check_judgements,
    "blobs": _check_blobs,
}
