"""Estimates of loads by several methods, beside the loads that settlements take.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INT, TEXT, DOUBLE = sa.BigInteger(), sa.Text(), sa.Double()
SURROGATE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOT_SUPERSEDED = sa.text("superseded_seq IS NULL")
_KEY = ["section", "determinand", "period", "method", "role"]


def column(name: str, kind: Any, *, null: bool = True) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null)


def upgrade() -> None:
    op.create_table(
        "result_load_estimate",
        column("result_id", SURROGATE, null=False),
        column("section", TEXT, null=False), column("determinand", TEXT, null=False),
        column("period", TEXT, null=False), column("start_s", INT), column("end_s", INT),
        column("method", TEXT, null=False), column("role", TEXT, null=False),
        column("load_t", DOUBLE), column("lower", DOUBLE), column("upper", DOUBLE),
        column("standard_error_t", DOUBLE), column("load_censored_zero_t", DOUBLE),
        column("load_censored_limit_t", DOUBLE), column("coverage_time", DOUBLE),
        column("coverage_volume", DOUBLE), column("share_estimated", DOUBLE),
        column("censored_share", DOUBLE), column("n_samples", INT), column("n_censored", INT),
        column("status", TEXT), column("reason", TEXT),
        column("run_id", INT, null=False), column("seq", INT, null=False),
        column("superseded_seq", INT), column("superseded_by", INT),
        sa.PrimaryKeyConstraint("result_id", name="pk_result_load_estimate"),
    )  # fmt: skip
    op.create_index(
        "uq_result_load_estimate", "result_load_estimate", _KEY,
        unique=True, sqlite_where=_NOT_SUPERSEDED, postgresql_where=_NOT_SUPERSEDED,
    )  # fmt: skip
    op.create_index(
        "ix_result_load_estimate_start_s", "result_load_estimate", ["start_s", "section"]
    )
