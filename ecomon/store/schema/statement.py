"""Statements of agreements and their postings."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

_CURRENT = text("superseded_seq IS NULL")

statement = Table(
    "statement",
    METADATA,
    Column("statement_id", SURROGATE, primary_key=True),
    Column("agreement", Text, nullable=False),  # id@version
    Column("period", Text, nullable=False),
    Column("run_type", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("document", Text, nullable=False),  # canonical JSON
    Column("sha256", Text, nullable=False),  # of the document's octets
    Column("content_sha256", Text, nullable=False),  # the same without provenance.known_at
    Column("run_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("superseded_seq", BigInteger),
    Column("superseded_by", BigInteger),
    Index(
        "uq_statement", "agreement", "period", "run_type", "mode",
        unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT,
    ),
)  # fmt: skip

posting = Table(
    "posting",
    METADATA,
    Column("statement_id", ForeignKey("statement.statement_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("amount_cny", Text, nullable=False),  # exact decimal
)
