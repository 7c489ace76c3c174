"""People and their acts, approvals, polls, receipts; octets in pieces; partitions on PostgreSQL.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INT, INT32, INT16 = sa.BigInteger(), sa.Integer(), sa.SmallInteger()
TEXT, DOUBLE, OCTETS = sa.Text(), sa.Double(), sa.LargeBinary()
SURROGATE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOT_SUPERSEDED = sa.text("superseded_seq IS NULL")
CURRENT: dict[str, Any] = {"sqlite_where": _NOT_SUPERSEDED, "postgresql_where": _NOT_SUPERSEDED}


def column(name: str, kind: Any, *, null: bool = False, auto: bool = True) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, autoincrement="auto" if auto else False)


def upgrade() -> None:
    _name_store()
    _cut_blobs()
    _create_roots()
    _create_people()
    _create_operation()
    _create_receipts()
    op.execute("DROP VIEW observation_known")
    if op.get_bind().dialect.name == "postgresql":
        _partition_observations()
    else:
        op.drop_index("uq_observation_revision", "observation")
    op.create_index("ix_observation_revision", "observation", ["revision"])
    _create_views()


def _name_store() -> None:
    """What tells this store from every other, whatever its URL or folder."""
    meta = sa.table("meta", sa.column("key"), sa.column("value"))
    op.execute(meta.insert().values(key="id", value=uuid4().hex))


def _cut_blobs() -> None:
    op.create_table(
        "blob_piece",
        column("sha256", TEXT), column("number", INT32, auto=False), column("octets", OCTETS),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name="fk_blob_piece_sha256"),
        sa.PrimaryKeyConstraint("sha256", "number", name="pk_blob_piece"),
    )  # fmt: skip
    op.execute("INSERT INTO blob_piece (sha256, number, octets) SELECT sha256, 0, octets FROM blob")
    op.drop_column("blob", "octets")
    op.add_column("blob", column("pruned_at_s", INT, null=True))


def _create_roots() -> None:
    op.create_table(
        "day_root",
        column("number", INT, auto=False), column("day", TEXT), column("closed_at_s", INT),
        column("first_batch", INT), column("last_batch", INT), column("n_batches", INT),
        column("previous", TEXT), column("root", TEXT), column("seq", INT),
        sa.PrimaryKeyConstraint("number", name="pk_day_root"),
    )  # fmt: skip


def _create_people() -> None:
    op.create_table(
        "actor",
        column("actor_id", SURROGATE), column("name", TEXT), column("role", TEXT),
        column("created_at_s", INT), column("disabled_at_s", INT, null=True),
        sa.PrimaryKeyConstraint("actor_id", name="pk_actor"),
        sa.UniqueConstraint("name", name="uq_actor_name"),
    )  # fmt: skip
    op.create_table(
        "token",
        column("token_id", SURROGATE), column("actor_id", SURROGATE), column("selector", TEXT),
        column("hash", TEXT), column("created_at_s", INT), column("expires_at_s", INT, null=True),
        column("revoked_at_s", INT, null=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.actor_id"], name="fk_token_actor_id"),
        sa.PrimaryKeyConstraint("token_id", name="pk_token"),
        sa.UniqueConstraint("selector", name="uq_token_selector"),
    )  # fmt: skip
    op.create_index("ix_token_actor_id", "token", ["actor_id"])
    op.create_table(
        "act",
        column("number", INT, auto=False), column("at_s", INT), column("actor", TEXT),
        column("role", TEXT), column("what", TEXT), column("subject", TEXT),
        column("detail", TEXT), column("seq", INT, null=True), column("previous", TEXT),
        column("hash", TEXT),
        sa.PrimaryKeyConstraint("number", name="pk_act"),
    )  # fmt: skip
    _refuse_changes("act")
    op.create_table(
        "approval",
        column("approval_id", SURROGATE), column("site", TEXT),
        column("determinand", TEXT, null=True), column("start_s", INT), column("end_s", INT),
        column("state", TEXT), column("actor", TEXT), column("role", TEXT),
        column("reason", TEXT), column("seq", INT), column("last_revision", INT),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approval"),
    )  # fmt: skip
    op.create_index("ix_approval_site", "approval", ["site", "start_s"])


def _refuse_changes(table: str) -> None:
    """Triggers that refuse to change or delete a row."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _create_operation() -> None:
    op.create_table(
        "poll",
        column("url", TEXT), column("source", TEXT), column("etag", TEXT, null=True),
        column("last_modified", TEXT, null=True), column("sha256", TEXT, null=True),
        column("checked_at_s", INT, null=True), column("changed_at_s", INT, null=True),
        column("not_before_s", INT), column("n_failures", INT32),
        column("last_error", TEXT, null=True),
        sa.PrimaryKeyConstraint("url", name="pk_poll"),
    )  # fmt: skip
    op.create_table(
        "poll_host",
        column("host", TEXT), column("not_before_s", INT), column("claimed_at_s", INT),
        column("day", TEXT), column("n_requests", INT32),
        sa.PrimaryKeyConstraint("host", name="pk_poll_host"),
    )  # fmt: skip
    op.create_table(
        "operations_alert",
        column("row_id", SURROGATE), column("fingerprint", TEXT), column("state", TEXT),
        column("opened_at_s", INT), column("over_at_s", INT, null=True),
        column("context", TEXT), column("seq", INT), column("superseded_seq", INT, null=True),
        sa.PrimaryKeyConstraint("row_id", name="pk_operations_alert"),
    )  # fmt: skip
    op.create_index(
        "uq_operations_alert", "operations_alert", ["fingerprint", "opened_at_s"],
        unique=True, **CURRENT,
    )  # fmt: skip


def _create_receipts() -> None:
    op.create_table(
        "result_receipt",
        column("result_id", SURROGATE), column("source", TEXT), column("site", TEXT),
        column("period", TEXT), column("start_s", INT, null=True),
        column("n_expected", INT, null=True), column("n_received", INT, null=True),
        column("share", DOUBLE, null=True), column("last_at_s", INT, null=True),
        column("status", TEXT, null=True), column("run_id", INT), column("seq", INT),
        column("superseded_seq", INT, null=True), column("superseded_by", INT, null=True),
        sa.PrimaryKeyConstraint("result_id", name="pk_result_receipt"),
    )  # fmt: skip
    op.create_index(
        "uq_result_receipt", "result_receipt", ["source", "site", "period"], unique=True, **CURRENT
    )
    op.create_index("ix_result_receipt_start_s", "result_receipt", ["start_s", "source"])


def _partition_observations() -> None:
    """Move the readings into one partition a Beijing month."""
    op.execute("ALTER TABLE observation RENAME TO observation_whole")
    op.execute("ALTER TABLE observation_whole RENAME CONSTRAINT pk_observation TO pk_whole")
    op.execute(
        "CREATE TABLE observation (LIKE observation_whole,"
        " CONSTRAINT pk_observation PRIMARY KEY (series_id, start_s)) PARTITION BY RANGE (start_s)"
    )
    months = op.get_bind().execute(
        sa.text(
            "SELECT DISTINCT to_char(to_timestamp(start_s) AT TIME ZONE 'UTC' + interval '8 hours',"
            " 'YYYYMM') FROM observation_whole"
        )
    )
    for (month,) in months.all():
        first = datetime(int(month[:4]), int(month[4:]), 1)
        after = (first + timedelta(days=32)).replace(day=1)
        ends = [
            int((one - timedelta(hours=8) - datetime(1970, 1, 1)).total_seconds())
            for one in (first, after)
        ]
        op.execute(
            f"CREATE TABLE observation_{month} PARTITION OF observation"
            f" FOR VALUES FROM ({ends[0]}) TO ({ends[1]})"
        )
    op.execute("INSERT INTO observation SELECT * FROM observation_whole")
    op.execute("DROP TABLE observation_whole")


def _create_views() -> None:
    # Known at s: seq <= s AND (superseded_seq IS NULL OR superseded_seq > s).
    known = """
        SELECT {t}.revision, site.site, determinand.determinand, determinand.unit,
               series.statistic, series.duration_s, series.programme, source.source,
               series.replicate, {t}.start_s, {t}.value,
               CASE {t}.censor WHEN 0 THEN 'none' WHEN 1 THEN 'left' ELSE 'right' END AS censor,
               {t}.source_flag, {t}.batch_id, {t}."row", {t}.seq, {end} AS superseded_seq
        FROM {t}
        JOIN series ON series.series_id = {t}.series_id
        JOIN site ON site.site_id = series.site_id
        JOIN determinand ON determinand.determinand_id = series.determinand_id
        JOIN source ON source.source_id = series.source_id
    """
    current = known.format(t="observation", end="NULL")
    past = known.format(t="observation_history", end="observation_history.superseded_seq")
    op.execute(f"CREATE VIEW observation_known AS {current} UNION ALL {past}")
    op.execute(
        "CREATE VIEW flag_known AS"
        " SELECT revision, flag, tests, ruleset, seq, NULL AS superseded_seq FROM flag UNION ALL"
        " SELECT revision, flag, tests, ruleset, seq, superseded_seq FROM flag_history"
    )
    # A decision holds until the next one on the same revision.
    op.execute(
        "CREATE VIEW decision_known AS SELECT d.decision_id, d.revision, d.verdict, d.value,"
        " d.actor, d.role, d.reason, d.evidence, d.seq, (SELECT MIN(n.seq) FROM decision AS n"
        " WHERE n.revision = d.revision AND n.decision_id > d.decision_id) AS superseded_seq"
        " FROM decision AS d"
    )
    _create_approval_view()


def _create_approval_view() -> None:
    # An approval of a revision holds until the next that covers it, or a decision on it. Written
    # without windows and for each table by itself, so that a filter reaches the indexes.
    covers = """{a}.site = site.site
        AND ({a}.determinand IS NULL OR {a}.determinand = determinand.determinand)
        AND {a}.start_s <= o.start_s AND {a}.end_s > o.start_s"""
    known = f"""
        SELECT site.site, determinand.determinand, o.start_s, o.revision, a.state, a.actor, a.role,
               a.reason, a.seq,
               (SELECT MIN(later.seq) FROM (
                    SELECT n.seq FROM approval AS n WHERE {covers.format(a="n")} AND n.seq > a.seq
                    UNION ALL
                    SELECT d.seq FROM decision AS d WHERE d.revision = o.revision AND d.seq > a.seq
                ) AS later) AS superseded_seq
        FROM {{t}} AS o
        JOIN series ON series.series_id = o.series_id
        JOIN site ON site.site_id = series.site_id
        JOIN determinand ON determinand.determinand_id = series.determinand_id
        JOIN approval AS a ON {covers.format(a="a")} AND a.seq >= o.seq
    """
    arms = (known.format(t=table) for table in ("observation", "observation_history"))
    op.execute(f"CREATE VIEW approval_known AS {' UNION ALL '.join(arms)}")
