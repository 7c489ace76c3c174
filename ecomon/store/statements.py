"""Statements and their postings: superseded by a later settlement, never deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update

from ecomon.errors import LedgerError, StoreError
from ecomon.model.canonical import canonical_octets
from ecomon.store.canonical import canonical_json, read_json
from ecomon.store.knowledge import Commit
from ecomon.store.schema import posting, statement


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement as it is kept; ``document`` is JSON, ``sha256`` that of its octets."""

    statement_id: int
    agreement: str
    period: str
    run_type: str
    mode: str
    document: dict[str, Any]
    sha256: str
    run_id: int
    seq: int
    superseded_seq: int | None
    postings: tuple[dict[str, Any], ...]


def write_statement(commit: Commit, run_id: int, document: Mapping[str, Any]) -> int:
    """Make a statement the current one of its agreement, period, run type and mode.

    A statement that says the same as the current one (but for ``provenance.known_at``, which moves
    with every commit) is not written again.

    Parameters
    ----------
    document : mapping
        JSON values with ``agreement`` (a text, or a mapping with ``id`` and ``version``),
        ``period``, ``run_type``, ``mode`` and ``postings`` (each ``party``, ``amount_cny`` as
        decimal text, ``line``).

    Returns
    -------
    int
        The id of the current statement.

    Raises
    ------
    LedgerError
        if the postings do not sum to zero.
    StoreError
        if the document lacks one of these.
    """
    key = _key_of(document)
    postings = _postings_of(document)
    content = hashlib.sha256(canonical_octets(_without_known_at(document))).hexdigest()
    is_current = and_(
        statement.c.superseded_seq.is_(None), *(statement.c[name] == key[name] for name in key)
    )
    current = commit.conn.execute(
        select(statement.c.statement_id, statement.c.content_sha256).where(is_current)
    ).one_or_none()
    if current is not None and current.content_sha256 == content:
        return current.statement_id
    commit.conn.execute(
        update(statement).where(is_current).values(superseded_seq=commit.seq, superseded_by=run_id)
    )
    result = commit.conn.execute(
        insert(statement).values(
            **key, document=canonical_json(document), content_sha256=content, run_id=run_id,
            sha256=hashlib.sha256(canonical_octets(document)).hexdigest(), seq=commit.seq,
        )
    )  # fmt: skip
    assert result.inserted_primary_key is not None
    statement_id: int = result.inserted_primary_key[0]
    if postings:
        commit.conn.execute(
            insert(posting),
            [
                {"statement_id": statement_id, "number": number, **one}
                for number, one in enumerate(postings, start=1)
            ],
        )
    commit.keep("statement")
    return statement_id


def _key_of(document: Mapping[str, Any]) -> dict[str, str]:
    try:
        agreement = document["agreement"]
        if isinstance(agreement, Mapping):
            agreement = f"{agreement['id']}@{agreement['version']}"
        return {"agreement": agreement} | {
            name: document[name] for name in ("period", "run_type", "mode")
        }
    except KeyError as missing:
        raise StoreError(f"a statement's document has no {missing.args[0]!r}") from None


def _without_known_at(document: Mapping[str, Any]) -> dict[str, Any]:
    provenance = document.get("provenance") or {}
    return {
        **document,
        "provenance": {name: item for name, item in provenance.items() if name != "known_at"},
    }


def _postings_of(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The postings as texts; LedgerError unless they sum to zero."""
    try:
        postings = [
            {name: str(one[name]) for name in ("line", "party", "amount_cny")}
            for one in document["postings"]
        ]
    except KeyError as missing:
        raise StoreError(f"a statement's document has no {missing.args[0]!r}") from None
    with localcontext() as context:
        context.prec = 60
        total = sum((Decimal(one["amount_cny"]) for one in postings), Decimal(0))
    if total != 0:
        raise LedgerError(f"postings sum to {total} CNY, not to zero; nothing was written")
    return postings


def read_statements(
    conn: Connection, period: str | None = None, *, as_known_at: int | None = None
) -> list[StoredStatement]:
    """The statements in force (of one period's label), or those that were, as known at."""
    is_known = statement.c.superseded_seq.is_(None)
    if as_known_at is not None:
        is_known = and_(
            statement.c.seq <= as_known_at, or_(is_known, statement.c.superseded_seq > as_known_at)
        )
    query = select(statement).where(is_known).order_by(
        statement.c.agreement, statement.c.period, statement.c.run_type, statement.c.mode
    )  # fmt: skip
    if period is not None:
        query = query.where(statement.c.period == period)
    return [_read_one(conn, row) for row in conn.execute(query).mappings().all()]


def _read_one(conn: Connection, row: RowMapping) -> StoredStatement:
    query = (
        select(posting.c.party, posting.c.amount_cny, posting.c.line)
        .where(posting.c.statement_id == row["statement_id"])
        .order_by(posting.c.number)
    )
    postings = tuple(
        {**one, "amount_cny": Decimal(one["amount_cny"])} for one in conn.execute(query).mappings()
    )
    kept = {
        name: row[name]
        for name in (
            "statement_id", "agreement", "period", "run_type", "mode", "sha256", "run_id", "seq",
            "superseded_seq",
        )
    }  # fmt: skip
    return StoredStatement(**kept, document=read_json(row["document"]), postings=postings)
