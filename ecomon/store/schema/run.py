"""Runs of flows, the rule sets they used and the documents they wrote."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, Table, Text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

ruleset = Table(
    "ruleset",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("octets", LargeBinary, nullable=False),  # zlib
    Column("seq", BigInteger, nullable=False),
)

run = Table(
    "run",
    METADATA,
    Column("run_id", SURROGATE, primary_key=True),
    Column("flow", Text, nullable=False, index=True),
    Column("arguments", Text, nullable=False),  # canonical JSON
    Column("code_version", Text, nullable=False),
    Column("ruleset", Text),
    Column("input_seq", BigInteger, nullable=False),
    Column("started_at_s", BigInteger, nullable=False),
    Column("ended_at_s", BigInteger),
    Column("counts", Text),  # canonical JSON
    Column("outcome", Text),
    Column("is_success", Boolean, nullable=False),  # false until the run has said so, last of all
)

document = Table(
    "document",
    METADATA,
    Column("document_id", SURROGATE, primary_key=True),
    Column("path", Text, nullable=False, index=True),
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""A path may be written again: its last row says which octets stand there now."""
