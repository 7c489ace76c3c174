"""The system's own affairs: what it polls, and what is wrong with its sources and itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

poll = Table(
    "poll",
    METADATA,
    Column("url", Text, primary_key=True),  # with what else tells one request from another
    Column("source", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Text),  # of the last octets that came
    Column("checked_at_s", BigInteger),
    Column("changed_at_s", BigInteger),
    Column("not_before_s", BigInteger, nullable=False),  # courtesy to the site: not asked earlier
    Column("n_failures", Integer, nullable=False),  # in a row
    Column("last_error", Text),
)

poll_host = Table(
    "poll_host",
    METADATA,
    Column("host", Text, primary_key=True),  # name:port
    Column("not_before_s", BigInteger, nullable=False),
    Column("claimed_at_s", BigInteger, nullable=False),
    Column("day", Text, nullable=False),  # Beijing day that n_requests counts
    Column("n_requests", Integer, nullable=False),
)
"""The courtesy that all processes keep together."""

_CURRENT = text("superseded_seq IS NULL")

operations_alert = Table(
    "operations_alert",
    METADATA,
    Column("row_id", SURROGATE, primary_key=True),
    Column("fingerprint", Text, nullable=False),  # e.g. silent_source/cnemc-water/bamiaogou
    Column("state", Text, nullable=False),  # open | over
    Column("opened_at_s", BigInteger, nullable=False),
    Column("over_at_s", BigInteger),
    Column("context", Text, nullable=False),  # canonical JSON
    Column("seq", BigInteger, nullable=False),
    Column("superseded_seq", BigInteger),
    Index(
        "uq_operations_alert", "fingerprint", "opened_at_s", unique=True,
        sqlite_where=_CURRENT, postgresql_where=_CURRENT,
    ),
)  # fmt: skip
"""One row per state an operations alert was in."""
