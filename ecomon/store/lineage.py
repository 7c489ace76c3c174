"""Where a value came from: revision -> batch -> octets, and what was thought of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, Table, literal, null, select, union_all

from ecomon.errors import StoreError
from ecomon.model.observation import isoformat
from ecomon.model.period import Period, from_epoch_s
from ecomon.store.canonical import read_json
from ecomon.store.revisions import CENSORS
from ecomon.store.schema import (
    batch,
    dead_letter,
    decision,
    flag,
    knowledge,
    observation,
    observation_history,
    series,
)
from ecomon.store.series import select_series

_ASKED_AT_ONCE = 5_000  # twice as many parameters stand in one statement; every database takes them
_READING_TABLES = (observation, observation_history)
_ORIGIN_DTYPES = {
    "revision": "int64", "file_name": "str", "sha256": "str", "row": "int64",
    "batch_id": "int64", "decoder": "str", "decoder_version": "str",
}  # fmt: skip


def trace_revision(conn: Connection, revision: int) -> dict[str, Any]:
    """One revision with its origin and all judgements on it, as JSON values.

    Returns
    -------
    dict
        Key and value of the observation; ``superseded_seq`` and ``reason`` (None while current);
        ``known_at`` (wall time of its commit), ``file_name, sha256, decoder, row`` it was read
        from; ``flag, tests`` (None where not judged); ``decisions``, oldest first.

    Raises
    ------
    StoreError
        if there is no such revision.
    """
    found = _read_revision(conn, revision)
    key = conn.execute(
        select_series().where(series.c.series_id == found["series_id"])
    ).mappings().one()  # fmt: skip
    origin = conn.execute(
        select(batch.c.file_name, batch.c.sha256, batch.c.decoder, knowledge.c.at_s)
        .join(knowledge, knowledge.c.seq == literal(found["seq"]))
        .where(batch.c.batch_id == found["batch_id"])
    ).one()
    judged = conn.execute(
        select(flag.c.flag, flag.c.tests).where(flag.c.revision == revision)
    ).one_or_none()
    decisions = conn.execute(
        select(decision).where(decision.c.revision == revision).order_by(decision.c.decision_id)
    ).mappings()
    return {
        **{name: item for name, item in key.items() if name != "series_id"},
        "revision": revision,
        "start": _moment(found["start_s"]),
        "value": found["value"],
        "censor": CENSORS[found["censor"]],
        "source_flag": found["source_flag"],
        "reported_at": _moment(found["reported_at_s"]),
        "row": found["row"],
        "seq": found["seq"],
        "superseded_seq": found["superseded_seq"],
        "reason": found["reason"],
        "known_at": _moment(origin.at_s),
        "batch_id": found["batch_id"],
        "file_name": origin.file_name,
        "sha256": origin.sha256,
        "decoder": origin.decoder,
        "flag": None if judged is None else judged.flag,
        "tests": None if judged is None else judged.tests,
        "decisions": [dict(row) for row in decisions],
    }


def _moment(epoch_s: int | None) -> str | None:
    return None if epoch_s is None else isoformat(from_epoch_s(epoch_s))


def _read_revision(conn: Connection, revision: int) -> dict[Any, Any]:
    past = observation_history
    query = union_all(
        select(*observation.columns, null().label("superseded_seq"), null().label("reason")).where(
            observation.c.revision == revision
        ),
        select(past).where(past.c.revision == revision),
    )
    found = conn.execute(query).mappings().one_or_none()
    if found is None:
        raise StoreError(f"there is no revision {revision}")
    return dict(found)


def read_origins(conn: Connection, revisions: Iterable[int]) -> pd.DataFrame:
    """The row of the file that each of many revisions was read from, current and former ones.

    Parameters
    ----------
    revisions : iterable of int
        In any order; one that stands twice is answered once.

    Returns
    -------
    DataFrame
        One row per revision, in the order of ``revision`` (int): ``file_name``, ``sha256`` of the
        file's octets (:func:`read_blob` gives them), ``row`` (int, from 1; 0 where the file has
        none), ``batch_id`` (int), ``decoder``, ``decoder_version``.

    Raises
    ------
    StoreError
        naming the first revision that there is not.
    """
    wanted = sorted({int(revision) for revision in revisions})
    found: list[Any] = []
    for first in range(0, len(wanted), _ASKED_AT_ONCE):
        part = wanted[first : first + _ASKED_AT_ONCE]
        query = union_all(*(_select_origins(table, part) for table in _READING_TABLES))
        found.extend(conn.execute(query))
    found.sort()
    known = {row[0] for row in found}
    lost = [revision for revision in wanted if revision not in known]
    if lost:
        raise StoreError(f"there is no revision {lost[0]}")
    return pd.DataFrame(found, columns=list(_ORIGIN_DTYPES)).astype(_ORIGIN_DTYPES)


def _select_origins(table: Table, revisions: list[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            table.c.revision, batch.c.file_name, batch.c.sha256, table.c.row,
            batch.c.batch_id, batch.c.decoder, batch.c.decoder_version,
        )
        .join_from(table, batch, batch.c.batch_id == table.c.batch_id)
        .where(table.c.revision.in_(revisions))
    )  # fmt: skip


def read_batches(conn: Connection, *, limit: int = 100) -> list[dict[str, Any]]:
    """The last batches, newest first, as records of the ``batch`` table."""
    query = select(batch).order_by(batch.c.batch_id.desc()).limit(limit)
    return [
        {**row, **{name: read_json(row[name]) for name in ("options", "quirks", "sites")}}
        for row in conn.execute(query).mappings()
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """Where a batch changed something: from the first observation to just after the last one."""

    period: Period
    sites: frozenset[str]


def read_changes(conn: Connection, *, since_seq: int = 0) -> list[Change]:
    """What each batch after a sequence number brought, changed or withdrew, in their order.

    A batch that changed nothing is not among them.
    """
    query = (
        select(batch.c.first_s, batch.c.last_s, batch.c.sites)
        .where(batch.c.seq > since_seq, batch.c.first_s.is_not(None))
        .order_by(batch.c.batch_id)
    )
    return [
        Change(Period(from_epoch_s(first_s), from_epoch_s(last_s + 1)), frozenset(read_json(sites)))
        for first_s, last_s, sites in conn.execute(query)
    ]


def read_dead_letters(conn: Connection, *, state: str | None = "open") -> list[dict[str, Any]]:
    """Rows that became no observation, with the name of their file, oldest first."""
    query = (
        select(dead_letter, batch.c.file_name)
        .join(batch, batch.c.batch_id == dead_letter.c.batch_id)
        .order_by(dead_letter.c.dead_letter_id)
    )
    if state is not None:
        query = query.where(dead_letter.c.state == state)
    return [dict(row) for row in conn.execute(query).mappings()]
