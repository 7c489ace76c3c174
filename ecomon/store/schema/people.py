"""People: who they are, what they may do, what they did, and what they have approved."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from ecomon.store.schema.knowledge import METADATA, SURROGATE

actor = Table(
    "actor",
    METADATA,
    Column("actor_id", SURROGATE, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("disabled_at_s", BigInteger),
)

token = Table(
    "token",
    METADATA,
    Column("token_id", SURROGATE, primary_key=True),
    Column("actor_id", ForeignKey("actor.actor_id"), nullable=False, index=True),
    Column("selector", Text, nullable=False, unique=True),  # the public part: finds the row
    Column("hash", Text, nullable=False),  # argon2id of the secret part
    Column("created_at_s", BigInteger, nullable=False),
    Column("expires_at_s", BigInteger),
    Column("revoked_at_s", BigInteger),
)

act = Table(
    "act",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 ...
    Column("at_s", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("what", Text, nullable=False),  # decision, approval, withdrawal, actor, token ...
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON
    Column("seq", BigInteger),  # the knowledge it made, if any
    Column("previous", Text, nullable=False),  # hash of the act before it; "" for the first
    Column("hash", Text, nullable=False),  # SHA-256 over previous and all columns before it
)
"""What people did, append-only: triggers refuse a change, and the chain shows one made around them."""

approval = Table(
    "approval",
    METADATA,
    Column("approval_id", SURROGATE, primary_key=True),
    Column("site", Text, nullable=False),
    Column("determinand", Text),  # NULL: all of the site
    Column("start_s", BigInteger, nullable=False),
    Column("end_s", BigInteger, nullable=False),  # half-open
    Column("state", Text, nullable=False),  # provisional | reviewed | approved
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("last_revision", BigInteger, nullable=False),  # the last there was at ``seq``
    Index("ix_approval_site", "site", "start_s"),
)
"""Never changed and never deleted: of those that cover a revision known at their ``seq`` the last holds.

A revision, or a decision on one, that came later is provisional until somebody looks at it.
"""
