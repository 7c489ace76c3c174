"""Alerts, the notices they give rise to, and what became of each notice on each channel."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

_CURRENT = text("superseded_seq IS NULL")

alert = Table(
    "alert",
    METADATA,
    Column("alert_row", SURROGATE, primary_key=True),
    Column("alert_id", Text, nullable=False),  # fingerprint@opened_at_s: one event
    Column("fingerprint", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("opened_at_s", BigInteger, nullable=False),
    Column("context", Text, nullable=False),  # canonical JSON: the alert as it was given
    Column("seq", BigInteger, nullable=False),
    Column("superseded_seq", BigInteger),
    Index("uq_alert", "alert_id", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
)
"""One row per state an alert was in; the current one has ``superseded_seq`` NULL."""

outbox = Table(
    "outbox",
    METADATA,
    Column("notice_id", SURROGATE, primary_key=True),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("fingerprint", Text, nullable=False, index=True),
    Column("office", Text, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON: subject and body, zh and en
    Column("created_seq", BigInteger, nullable=False),
)

delivery = Table(
    "delivery",
    METADATA,
    Column("delivery_id", SURROGATE, primary_key=True),
    Column("notice_id", ForeignKey("outbox.notice_id"), nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),  # delivered | failed
    Column("receipt", Text),
)
