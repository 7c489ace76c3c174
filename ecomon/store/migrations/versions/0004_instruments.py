"""Instruments that speak to a gateway: their counters, quirks and checks.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INT, TEXT, DOUBLE = sa.BigInteger(), sa.Text(), sa.Double()
SURROGATE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOT_SUPERSEDED = sa.text("superseded_seq IS NULL")


def column(name: str, kind: Any, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null)


def upgrade() -> None:
    op.create_table(
        "instrument_check",
        column("check_id", SURROGATE),
        column("mn", TEXT), column("site", TEXT), column("code", TEXT), column("kind", TEXT),
        column("at_s", INT), column("determinand", TEXT, null=True),
        column("value", DOUBLE, null=True), column("expected", DOUBLE, null=True),
        column("unit", TEXT, null=True), column("letter", TEXT, null=True),
        column("detail", TEXT), column("batch_id", SURROGATE), column("row", INT),
        column("seq", INT), column("superseded_seq", INT, null=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.batch_id"], name="fk_instrument_check_batch_id"
        ),
        sa.PrimaryKeyConstraint("check_id", name="pk_instrument_check"),
    )  # fmt: skip
    op.create_index(
        "uq_instrument_check", "instrument_check", ["mn", "code", "kind", "at_s"],
        unique=True, sqlite_where=_NOT_SUPERSEDED, postgresql_where=_NOT_SUPERSEDED,
    )  # fmt: skip
    op.create_index("ix_instrument_check_at_s", "instrument_check", ["at_s", "site"])
    op.create_table(
        "instrument",
        column("mn", TEXT), column("site", TEXT, null=True),
        column("n_frames", INT), column("n_rejected", INT), column("n_backfilled", INT),
        column("first_seen_s", INT), column("last_seen_s", INT), column("last_data_s", INT, null=True),
        column("drift_s", DOUBLE, null=True), column("drift_least_s", DOUBLE, null=True),
        column("drift_most_s", DOUBLE, null=True),
        sa.PrimaryKeyConstraint("mn", name="pk_instrument"),
    )  # fmt: skip
    op.create_table(
        "instrument_quirk",
        column("mn", TEXT), column("quirk", TEXT), column("n", INT),
        column("first_seen_s", INT), column("last_seen_s", INT),
        sa.PrimaryKeyConstraint("mn", "quirk", name="pk_instrument_quirk"),
    )  # fmt: skip
