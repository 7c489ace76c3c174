"""Runs of doubt: suspect readings in a row, which a person judges as one case."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

_CURRENT = text("superseded_seq IS NULL")

doubt = Table(
    "doubt",
    METADATA,
    Column("doubt_id", SURROGATE, primary_key=True),
    Column("site_id", ForeignKey("site.site_id"), nullable=False),
    Column("determinand_id", ForeignKey("determinand.determinand_id")),  # NULL: see below
    Column("source_id", ForeignKey("source.source_id"), nullable=False),
    Column("programme", Text, nullable=False),
    Column("first_s", BigInteger, nullable=False),  # starts of its first and last reading
    Column("last_s", BigInteger, nullable=False),
    Column("n_readings", BigInteger, nullable=False),
    Column("tests", Text, nullable=False),  # all that doubt one of them: rate:3,spike:3
    Column("last_revision", BigInteger, nullable=False),  # the newest among its readings
    Column("opened_seq", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("superseded_seq", BigInteger),
    Column("ending", Text),  # changed | over | decided; NULL while it is open
    Index(
        "ix_doubt_site", "site_id", "first_s", sqlite_where=_CURRENT, postgresql_where=_CURRENT
    ),
)  # fmt: skip
"""One row per state a case was in: a case that grows is another row, under another number, so that
whoever judges a number judges what he saw. Its readings are the current ones that are suspect, by
nobody decided, and start in its span; without a determinand, those of all the station's instruments
whose own word (``source_flag``) makes them suspect, else those that other tests doubt.
"""
