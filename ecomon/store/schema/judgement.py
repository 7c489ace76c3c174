"""What machines (flags) and people (decisions) think of an observation, by its revision."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, SmallInteger, Table, Text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

flag = Table(
    "flag",
    METADATA,
    Column("revision", SURROGATE, primary_key=True, autoincrement=False),
    Column("flag", SmallInteger, nullable=False),  # QARTOD 1 2 3 4 9
    Column("tests", Text, nullable=False),
    Column("ruleset", Text, nullable=False),  # the one that first gave this outcome
    Column("seq", BigInteger, nullable=False),
)

flag_history = Table(
    "flag_history",
    METADATA,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("superseded_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("flag", SmallInteger, nullable=False),
    Column("tests", Text, nullable=False),
    Column("ruleset", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

decision = Table(
    "decision",
    METADATA,
    Column("decision_id", SURROGATE, primary_key=True),
    Column("revision", BigInteger, nullable=False, index=True),
    Column("verdict", Text, nullable=False),  # accept | reject | correct
    Column("value", Double),  # of a correction, canonical unit
    Column("actor", Text, nullable=False),
    Column("role", Text),
    Column("reason", Text, nullable=False),
    Column("evidence", Text),
    Column("seq", BigInteger, nullable=False),
)
"""Never changed and never deleted: the last one of a revision holds."""

review = Table(
    "review",
    METADATA,
    Column("review_id", SURROGATE, primary_key=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("reason", Text, nullable=False),
    Column("opened_seq", BigInteger, nullable=False),
    Column("state", Text, nullable=False, index=True),  # open | decided | withdrawn
    Column("decision_id", ForeignKey("decision.decision_id")),
    Column("context", Text, nullable=False),  # canonical JSON
)
