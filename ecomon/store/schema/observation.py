"""Observations, what they came from, and what did not become one.

The key (site, determinand, statistic, duration, programme, source, replicate) is one integer, the
series; with the start it makes the key of an observation. SQLite keeps the rows in the order of
that key (WITHOUT ROWID), so that a section-year is read from neighbouring pages.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from ecomon.store.schema.knowledge import METADATA, SURROGATE

site = Table(
    "site",
    METADATA,
    Column("site_id", SURROGATE, primary_key=True),
    Column("site", Text, nullable=False, unique=True),
)

determinand = Table(
    "determinand",
    METADATA,
    Column("determinand_id", SURROGATE, primary_key=True),
    Column("determinand", Text, nullable=False, unique=True),
    Column("unit", Text, nullable=False),
)

source = Table(
    "source",
    METADATA,
    Column("source_id", SURROGATE, primary_key=True),
    Column("source", Text, nullable=False, unique=True),
)

series = Table(
    "series",
    METADATA,
    Column("series_id", SURROGATE, primary_key=True),
    Column("site_id", ForeignKey("site.site_id"), nullable=False),
    Column("determinand_id", ForeignKey("determinand.determinand_id"), nullable=False),
    Column("statistic", Text, nullable=False),
    Column("duration_s", BigInteger, nullable=False),
    Column("programme", Text, nullable=False),
    Column("source_id", ForeignKey("source.source_id"), nullable=False),
    Column("replicate", Integer, nullable=False),
    UniqueConstraint(
        "site_id", "determinand_id", "statistic", "duration_s", "programme", "source_id",
        "replicate", name="uq_series_key",
    ),
)  # fmt: skip


def _reading_columns() -> list[Column]:
    # No foreign key on the two large tables: series and batch are written in the same transaction.
    return [
        Column("series_id", BigInteger, primary_key=True, autoincrement=False),
        Column("start_s", BigInteger, primary_key=True, autoincrement=False),
        Column("revision", BigInteger, nullable=False),
        Column("value", Double),  # NULL: the source gave none
        Column("censor", SmallInteger, nullable=False),  # 0 none, 1 left, 2 right
        Column("source_flag", Text),
        Column("reported_at_s", BigInteger),
        Column("batch_id", BigInteger, nullable=False),
        Column("row", BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
    ]


observation = Table(
    "observation",
    METADATA,
    *_reading_columns(),
    # Not unique: PostgreSQL's partitions allow that only with their own key. ``check`` looks.
    Index("ix_observation_revision", "revision"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (start_s)",
)
"""The current revision of each observation; on PostgreSQL one partition a Beijing month."""

_history = _reading_columns()
_history[2] = Column("revision", BigInteger, primary_key=True, autoincrement=False)

observation_history = Table(
    "observation_history",
    METADATA,
    *_history,
    Column("superseded_seq", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),  # revised | withdrawn
    Index("uq_observation_history_revision", "revision", unique=True),
    sqlite_with_rowid=False,
)
"""Revisions that were current once: known from ``seq`` until before ``superseded_seq``."""

blob = Table(
    "blob",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("pruned_at_s", BigInteger),  # when retention let its octets go; the hash stays
)
"""An ingested file by the SHA-256 of its octets."""

blob_piece = Table(
    "blob_piece",
    METADATA,
    Column("sha256", ForeignKey("blob.sha256"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 0, 1, 2 ...
    Column("octets", LargeBinary, nullable=False),  # zlib, of each piece by itself
)
"""The octets of a blob, cut so that none is ever held in memory whole."""

batch = Table(
    "batch",
    METADATA,
    Column("batch_id", SURROGATE, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("sha256", ForeignKey("blob.sha256"), nullable=False, index=True),
    Column("file_name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("decoder", Text, nullable=False),
    Column("decoder_version", Text, nullable=False),
    Column("options", Text, nullable=False),  # canonical JSON
    Column("received_at_s", BigInteger, nullable=False),
    Column("n_rows", BigInteger, nullable=False),
    Column("n_new", BigInteger, nullable=False),
    Column("n_revised", BigInteger, nullable=False),
    Column("n_unchanged", BigInteger, nullable=False),
    Column("n_withdrawn", BigInteger, nullable=False),
    Column("n_rejected", BigInteger, nullable=False),
    Column("quirks", Text, nullable=False),  # canonical JSON
    Column("first_s", BigInteger),  # starts of what it changed; NULL where it changed nothing
    Column("last_s", BigInteger),
    Column("sites", Text, nullable=False),  # where it changed something: canonical JSON
    Column("supersedes", ForeignKey("batch.batch_id")),
)

day_root = Table(
    "day_root",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 ...
    Column("day", Text, nullable=False),  # the Beijing day it was closed on
    Column("closed_at_s", BigInteger, nullable=False),
    Column("first_batch", BigInteger, nullable=False),  # batches from here
    Column("last_batch", BigInteger, nullable=False),  # to here, in the order of their ids
    Column("n_batches", BigInteger, nullable=False),
    Column("previous", Text, nullable=False),  # the root before it; "" for the first
    Column("root", Text, nullable=False),  # SHA-256 over previous and one line a batch
    Column("seq", BigInteger, nullable=False),
)
"""The chain of what was ingested: whoever keeps one root can prove all batches up to it."""

dead_letter = Table(
    "dead_letter",
    METADATA,
    Column("dead_letter_id", SURROGATE, primary_key=True),
    Column("batch_id", ForeignKey("batch.batch_id"), nullable=False, index=True),
    Column("row", BigInteger, nullable=False),
    Column("column_name", Text),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("state", Text, nullable=False),  # open | superseded
)
