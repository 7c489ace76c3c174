"""What gateways hear of instruments beside their readings: checks of them, and how each behaves."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Table, Text, text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

_CURRENT = text("superseded_seq IS NULL")

instrument_check = Table(
    "instrument_check",
    METADATA,
    Column("check_id", SURROGATE, primary_key=True),
    Column("mn", Text, nullable=False),  # the equipment's identity (MN)
    Column("site", Text, nullable=False),
    Column("code", Text, nullable=False),  # as sent: w21003
    Column("kind", Text, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("determinand", Text),  # NULL where the code means none of ours
    Column("value", Double),
    Column("expected", Double),
    Column("unit", Text),
    Column("letter", Text),
    Column("detail", Text, nullable=False),  # canonical JSON of every field as sent
    Column("batch_id", ForeignKey("batch.batch_id"), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("superseded_seq", BigInteger),
    Index(
        "uq_instrument_check", "mn", "code", "kind", "at_s", unique=True,
        sqlite_where=_CURRENT, postgresql_where=_CURRENT,
    ),
    Index("ix_instrument_check_at_s", "at_s", "site"),
)  # fmt: skip
"""Checks of instruments with standards, blanks and spikes (质控核查): never observations."""

instrument = Table(
    "instrument",
    METADATA,
    Column("mn", Text, primary_key=True),
    Column("site", Text),  # NULL of one that is not registered
    Column("n_frames", BigInteger, nullable=False),
    Column("n_rejected", BigInteger, nullable=False),
    Column("n_backfilled", BigInteger, nullable=False),
    Column("first_seen_s", BigInteger, nullable=False),
    Column("last_seen_s", BigInteger, nullable=False),
    Column("last_data_s", BigInteger),  # the latest DataTime
    Column("drift_s", Double),  # QN - DataTime of the last message, by the rule of its label
    Column("drift_least_s", Double),
    Column("drift_most_s", Double),
)
"""How each instrument that speaks to a gateway behaves: counters, and when it was last heard."""

instrument_quirk = Table(
    "instrument_quirk",
    METADATA,
    Column("mn", Text, primary_key=True),
    Column("quirk", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("first_seen_s", BigInteger, nullable=False),
    Column("last_seen_s", BigInteger, nullable=False),
)
"""Accepted deviations by instrument; a new one is a sign that something changed there."""
