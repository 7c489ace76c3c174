"""What the store knows about itself, and the order in which it came to know everything else."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SURROGATE = BigInteger().with_variant(Integer, "sqlite")
"""A key that the database hands out (SQLite does so only for a column of type INTEGER)."""

meta = Table(
    "meta",
    METADATA,
    Column("key", Text, primary_key=True),  # kind, created_at, id
    Column("value", Text, nullable=False),
)

counter = Table(
    "counter",
    METADATA,
    Column("name", Text, primary_key=True),  # revision; turn NAME: how often taken
    Column("value", BigInteger, nullable=False),  # the last one handed out
)
"""Its row is locked by every writing transaction, so that the commit order is the sequence's order."""

knowledge = Table(
    "knowledge",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_s", BigInteger, nullable=False),  # wall time; informative, a clock can jump
    Column("what", Text, nullable=False),
)
