"""What a laboratory says of an emergency sample beside its value."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from ecomon.store.schema.knowledge import METADATA

sample = Table(
    "sample",
    METADATA,
    Column("batch_id", ForeignKey("batch.batch_id"), primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("site", Text, nullable=False),
    Column("determinand", Text, nullable=False),
    Column("start_s", BigInteger, nullable=False),  # when it was taken
    Column("replicate", Integer, nullable=False),
    Column("place", Text, nullable=False),  # as written
    Column("method", Text),
    Column("status", Text),  # 疑似 | 确认
    Column("reported_at_s", BigInteger),  # when the result was there
    Column("note", Text),
    Column("seq", BigInteger, nullable=False),
    Column("superseded_seq", BigInteger),
    Index("ix_sample_start_s", "start_s", "site"),
)
"""One row a reported result, superseded with its batch; of one sample the last report holds.

The value is the observation's; a report that differs in nothing but its method or note is a row
here and no revision there.
"""
