"""Runs of doubt as cases for a person, and what laboratories say of emergency samples.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INT, TEXT = sa.BigInteger(), sa.Text()
SURROGATE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOT_SUPERSEDED = sa.text("superseded_seq IS NULL")


def column(name: str, kind: Any, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null)


def refers(table: str, name: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{parent}.{name}"], name=f"fk_{table}_{name}")


def upgrade() -> None:
    op.create_table(
        "doubt",
        column("doubt_id", SURROGATE), column("site_id", SURROGATE),
        column("determinand_id", SURROGATE, null=True), column("source_id", SURROGATE),
        column("programme", TEXT), column("first_s", INT), column("last_s", INT),
        column("n_readings", INT), column("tests", TEXT), column("last_revision", INT),
        column("opened_seq", INT), column("seq", INT), column("superseded_seq", INT, null=True),
        column("ending", TEXT, null=True),
        refers("doubt", "site_id", "site"), refers("doubt", "determinand_id", "determinand"),
        refers("doubt", "source_id", "source"),
        sa.PrimaryKeyConstraint("doubt_id", name="pk_doubt"),
    )  # fmt: skip
    op.create_index(
        "ix_doubt_site", "doubt", ["site_id", "first_s"],
        sqlite_where=_NOT_SUPERSEDED, postgresql_where=_NOT_SUPERSEDED,
    )  # fmt: skip
    op.create_table(
        "sample",
        column("batch_id", SURROGATE), sa.Column("row", INT, autoincrement=False, nullable=False),
        column("site", TEXT), column("determinand", TEXT), column("start_s", INT),
        column("replicate", sa.Integer()), column("place", TEXT), column("method", TEXT, null=True),
        column("status", TEXT, null=True), column("reported_at_s", INT, null=True),
        column("note", TEXT, null=True), column("seq", INT),
        column("superseded_seq", INT, null=True),
        refers("sample", "batch_id", "batch"),
        sa.PrimaryKeyConstraint("batch_id", "row", name="pk_sample"),
    )  # fmt: skip
    op.create_index("ix_sample_start_s", "sample", ["start_s", "site"])
