"""The first schema: every table of the store, and the views for readers with a query tool.

Revision ID: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INT, INT32, INT16 = sa.BigInteger(), sa.Integer(), sa.SmallInteger()
TEXT, DOUBLE, OCTETS, BOOL = sa.Text(), sa.Double(), sa.LargeBinary(), sa.Boolean()
SURROGATE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOT_SUPERSEDED = sa.text("superseded_seq IS NULL")
CURRENT: dict[str, Any] = {"sqlite_where": _NOT_SUPERSEDED, "postgresql_where": _NOT_SUPERSEDED}


def column(name: str, kind: Any, *, null: bool = False, auto: bool = True) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, autoincrement="auto" if auto else False)


def upgrade() -> None:
    _create_knowledge()
    _create_dictionaries()
    _create_observations()
    _create_origins()
    _create_judgements()
    _create_runs()
    _create_means_and_grades()
    _create_exceedances_and_loads()
    _create_statements()
    _create_alerts()
    _create_views()


def _create_knowledge() -> None:
    op.create_table(
        "meta",
        column("key", TEXT), column("value", TEXT),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )  # fmt: skip
    op.create_table(
        "counter",
        column("name", TEXT), column("value", INT),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )  # fmt: skip
    op.create_table(
        "knowledge",
        column("seq", INT, auto=False), column("at_s", INT), column("what", TEXT),
        sa.PrimaryKeyConstraint("seq", name="pk_knowledge"),
    )  # fmt: skip


def _create_dictionaries() -> None:
    op.create_table(
        "site",
        column("site_id", SURROGATE), column("site", TEXT),
        sa.PrimaryKeyConstraint("site_id", name="pk_site"),
        sa.UniqueConstraint("site", name="uq_site_site"),
    )  # fmt: skip
    op.create_table(
        "determinand",
        column("determinand_id", SURROGATE), column("determinand", TEXT), column("unit", TEXT),
        sa.PrimaryKeyConstraint("determinand_id", name="pk_determinand"),
        sa.UniqueConstraint("determinand", name="uq_determinand_determinand"),
    )  # fmt: skip
    op.create_table(
        "source",
        column("source_id", SURROGATE), column("source", TEXT),
        sa.PrimaryKeyConstraint("source_id", name="pk_source"),
        sa.UniqueConstraint("source", name="uq_source_source"),
    )  # fmt: skip
    op.create_table(
        "series",
        column("series_id", SURROGATE), column("site_id", SURROGATE),
        column("determinand_id", SURROGATE), column("statistic", TEXT),
        column("duration_s", INT), column("programme", TEXT), column("source_id", SURROGATE),
        column("replicate", INT32),
        sa.ForeignKeyConstraint(["determinand_id"], ["determinand.determinand_id"], name="fk_series_determinand_id"),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name="fk_series_site_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.source_id"], name="fk_series_source_id"),
        sa.PrimaryKeyConstraint("series_id", name="pk_series"),
        sa.UniqueConstraint("site_id", "determinand_id", "statistic", "duration_s", "programme", "source_id", "replicate", name="uq_series_key"),
    )  # fmt: skip


def _create_observations() -> None:
    op.create_table(
        "observation",
        column("series_id", INT, auto=False), column("start_s", INT, auto=False),
        column("revision", INT), column("value", DOUBLE, null=True), column("censor", INT16),
        column("source_flag", TEXT, null=True), column("reported_at_s", INT, null=True),
        column("batch_id", INT), column("row", INT), column("seq", INT),
        sa.PrimaryKeyConstraint("series_id", "start_s", name="pk_observation"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("uq_observation_revision", "observation", ["revision"], unique=True)
    op.create_table(
        "observation_history",
        column("series_id", INT, auto=False), column("start_s", INT, auto=False),
        column("revision", INT, auto=False), column("value", DOUBLE, null=True),
        column("censor", INT16), column("source_flag", TEXT, null=True),
        column("reported_at_s", INT, null=True), column("batch_id", INT), column("row", INT),
        column("seq", INT), column("superseded_seq", INT), column("reason", TEXT),
        sa.PrimaryKeyConstraint("series_id", "start_s", "revision", name="pk_observation_history"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index(
        "uq_observation_history_revision", "observation_history", ["revision"], unique=True
    )


def _create_origins() -> None:
    op.create_table(
        "blob",
        column("sha256", TEXT), column("size", INT), column("octets", OCTETS),
        column("first_seq", INT),
        sa.PrimaryKeyConstraint("sha256", name="pk_blob"),
    )  # fmt: skip
    op.create_table(
        "batch",
        column("batch_id", SURROGATE), column("seq", INT), column("sha256", TEXT),
        column("file_name", TEXT), column("source", TEXT), column("decoder", TEXT),
        column("decoder_version", TEXT), column("options", TEXT), column("received_at_s", INT),
        column("n_rows", INT), column("n_new", INT), column("n_revised", INT),
        column("n_unchanged", INT), column("n_withdrawn", INT), column("n_rejected", INT),
        column("quirks", TEXT), column("first_s", INT, null=True),
        column("last_s", INT, null=True), column("sites", TEXT), column("supersedes", SURROGATE, null=True),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name="fk_batch_sha256"),
        sa.ForeignKeyConstraint(["supersedes"], ["batch.batch_id"], name="fk_batch_supersedes"),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batch"),
    )  # fmt: skip
    op.create_index("ix_batch_sha256", "batch", ["sha256"])
    op.create_table(
        "dead_letter",
        column("dead_letter_id", SURROGATE), column("batch_id", SURROGATE), column("row", INT),
        column("column_name", TEXT, null=True), column("reason", TEXT), column("raw", TEXT),
        column("state", TEXT),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name="fk_dead_letter_batch_id"),
        sa.PrimaryKeyConstraint("dead_letter_id", name="pk_dead_letter"),
    )  # fmt: skip
    op.create_index("ix_dead_letter_batch_id", "dead_letter", ["batch_id"])


def _create_judgements() -> None:
    op.create_table(
        "flag",
        column("revision", SURROGATE, auto=False), column("flag", INT16), column("tests", TEXT),
        column("ruleset", TEXT), column("seq", INT),
        sa.PrimaryKeyConstraint("revision", name="pk_flag"),
    )  # fmt: skip
    op.create_table(
        "flag_history",
        column("revision", INT, auto=False), column("superseded_seq", INT, auto=False),
        column("flag", INT16), column("tests", TEXT), column("ruleset", TEXT),
        column("seq", INT),
        sa.PrimaryKeyConstraint("revision", "superseded_seq", name="pk_flag_history"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "decision",
        column("decision_id", SURROGATE), column("revision", INT), column("verdict", TEXT),
        column("value", DOUBLE, null=True), column("actor", TEXT),
        column("role", TEXT, null=True), column("reason", TEXT),
        column("evidence", TEXT, null=True), column("seq", INT),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decision"),
    )  # fmt: skip
    op.create_index("ix_decision_revision", "decision", ["revision"])
    op.create_table(
        "review",
        column("review_id", SURROGATE), column("revision", INT), column("reason", TEXT),
        column("opened_seq", INT), column("state", TEXT),
        column("decision_id", SURROGATE, null=True), column("context", TEXT),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.decision_id"], name="fk_review_decision_id"),
        sa.PrimaryKeyConstraint("review_id", name="pk_review"),
        sa.UniqueConstraint("revision", name="uq_review_revision"),
    )  # fmt: skip
    op.create_index("ix_review_state", "review", ["state"])


def _create_runs() -> None:
    op.create_table(
        "ruleset",
        column("hash", TEXT), column("octets", OCTETS), column("seq", INT),
        sa.PrimaryKeyConstraint("hash", name="pk_ruleset"),
    )  # fmt: skip
    op.create_table(
        "run",
        column("run_id", SURROGATE), column("flow", TEXT), column("arguments", TEXT),
        column("code_version", TEXT), column("ruleset", TEXT, null=True),
        column("input_seq", INT), column("started_at_s", INT),
        column("ended_at_s", INT, null=True), column("counts", TEXT, null=True),
        column("outcome", TEXT, null=True), column("is_success", BOOL),
        sa.PrimaryKeyConstraint("run_id", name="pk_run"),
    )  # fmt: skip
    op.create_index("ix_run_flow", "run", ["flow"])
    op.create_table(
        "document",
        column("document_id", SURROGATE), column("path", TEXT), column("sha256", TEXT),
        column("kind", TEXT), column("run_id", INT), column("seq", INT),
        sa.PrimaryKeyConstraint("document_id", name="pk_document"),
    )  # fmt: skip
    op.create_index("ix_document_path", "document", ["path"])


def _create_means_and_grades() -> None:
    op.create_table(
        "result_mean",
        column("result_id", SURROGATE), column("site", TEXT), column("determinand", TEXT),
        column("period", TEXT), column("period_kind", TEXT), column("start_s", INT, null=True),
        column("value", DOUBLE, null=True), column("exact", TEXT, null=True),
        column("unit", TEXT, null=True), column("n_valid", INT, null=True),
        column("n_expected", INT, null=True), column("n_excluded", INT, null=True),
        column("n_censored", INT, null=True), column("coverage", DOUBLE, null=True),
        column("status", TEXT, null=True), column("run_id", INT), column("seq", INT),
        column("superseded_seq", INT, null=True), column("superseded_by", INT, null=True),
        sa.PrimaryKeyConstraint("result_id", name="pk_result_mean"),
    )  # fmt: skip
    op.create_index("ix_result_mean_start_s", "result_mean", ["start_s", "site"])
    op.create_index(
        "uq_result_mean",
        "result_mean",
        ["site", "determinand", "period_kind", "period"],
        unique=True,
        **CURRENT,
    )
    op.create_table(
        "result_grade",
        column("result_id", SURROGATE), column("site", TEXT), column("period", TEXT),
        column("period_kind", TEXT), column("start_s", INT, null=True),
        column("grade", INT, null=True), column("status", TEXT, null=True),
        column("worst", TEXT, null=True), column("target_grade", INT, null=True),
        column("verdict", TEXT, null=True), column("n_items", INT, null=True),
        column("missing_items", TEXT, null=True), column("standard", TEXT, null=True),
        column("run_id", INT), column("seq", INT), column("superseded_seq", INT, null=True),
        column("superseded_by", INT, null=True),
        sa.PrimaryKeyConstraint("result_id", name="pk_result_grade"),
    )  # fmt: skip
    op.create_index("ix_result_grade_start_s", "result_grade", ["start_s", "site"])
    op.create_index(
        "uq_result_grade", "result_grade", ["site", "period_kind", "period"], unique=True, **CURRENT
    )
    op.create_table(
        "result_class",
        column("result_id", SURROGATE), column("site", TEXT), column("start_s", INT),
        column("grade", INT, null=True), column("worst", TEXT, null=True),
        column("n_items", INT, null=True), column("standard", TEXT, null=True),
        column("run_id", INT), column("seq", INT), column("superseded_seq", INT, null=True),
        column("superseded_by", INT, null=True),
        sa.PrimaryKeyConstraint("result_id", name="pk_result_class"),
    )  # fmt: skip
    op.create_index("ix_result_class_start_s", "result_class", ["start_s", "site"])
    op.create_index("uq_result_class", "result_class", ["site", "start_s"], unique=True, **CURRENT)


def _create_exceedances_and_loads() -> None:
    op.create_table(
        "exceedance",
        column("result_id", SURROGATE), column("site", TEXT), column("determinand", TEXT),
        column("start_s", INT), column("duration_s", INT), column("value", DOUBLE, null=True),
        column("unit", TEXT, null=True), column("limit", DOUBLE, null=True),
        column("factor", DOUBLE, null=True), column("basis", TEXT),
        column("standard", TEXT, null=True), column("revision", INT, null=True),
        column("flag", INT, null=True), column("run_id", INT), column("seq", INT),
        column("superseded_seq", INT, null=True), column("superseded_by", INT, null=True),
        sa.PrimaryKeyConstraint("result_id", name="pk_exceedance"),
    )  # fmt: skip
    op.create_index("ix_exceedance_start_s", "exceedance", ["start_s", "site"])
    op.create_index(
        "uq_exceedance",
        "exceedance",
        ["site", "determinand", "start_s", "duration_s", "basis"],
        unique=True,
        **CURRENT,
    )
    op.create_table(
        "result_load",
        column("result_id", SURROGATE), column("section", TEXT), column("determinand", TEXT),
        column("period", TEXT), column("start_s", INT, null=True), column("method", TEXT),
        column("concentration_mg_l", DOUBLE, null=True),
        column("concentration_exact", TEXT, null=True), column("volume_m3", DOUBLE, null=True),
        column("volume_exact", TEXT, null=True), column("load_t", DOUBLE, null=True),
        column("lower_t", DOUBLE, null=True), column("upper_t", DOUBLE, null=True),
        column("standard_error_t", DOUBLE, null=True), column("n_days", INT, null=True),
        column("coverage_time", DOUBLE, null=True), column("coverage_volume", DOUBLE, null=True),
        column("censored_rule", TEXT, null=True), column("censored_share", DOUBLE, null=True),
        column("share_estimated", DOUBLE, null=True), column("status", TEXT, null=True),
        column("reason", TEXT, null=True), column("run_id", INT), column("seq", INT),
        column("superseded_seq", INT, null=True), column("superseded_by", INT, null=True),
        sa.PrimaryKeyConstraint("result_id", name="pk_result_load"),
    )  # fmt: skip
    op.create_index("ix_result_load_start_s", "result_load", ["start_s", "section"])
    op.create_index(
        "uq_result_load",
        "result_load",
        ["section", "determinand", "period", "method"],
        unique=True,
        **CURRENT,
    )


def _create_statements() -> None:
    op.create_table(
        "statement",
        column("statement_id", SURROGATE), column("agreement", TEXT), column("period", TEXT),
        column("run_type", TEXT), column("mode", TEXT), column("document", TEXT),
        column("sha256", TEXT), column("content_sha256", TEXT), column("run_id", INT),
        column("seq", INT), column("superseded_seq", INT, null=True),
        column("superseded_by", INT, null=True),
        sa.PrimaryKeyConstraint("statement_id", name="pk_statement"),
    )  # fmt: skip
    op.create_index(
        "uq_statement",
        "statement",
        ["agreement", "period", "run_type", "mode"],
        unique=True,
        **CURRENT,
    )
    op.create_table(
        "posting",
        column("statement_id", SURROGATE), column("number", INT32, auto=False),
        column("line", TEXT), column("party", TEXT), column("amount_cny", TEXT),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.statement_id"], name="fk_posting_statement_id"),
        sa.PrimaryKeyConstraint("statement_id", "number", name="pk_posting"),
    )  # fmt: skip


def _create_alerts() -> None:
    op.create_table(
        "alert",
        column("alert_row", SURROGATE), column("alert_id", TEXT), column("fingerprint", TEXT),
        column("state", TEXT), column("opened_at_s", INT), column("context", TEXT),
        column("seq", INT), column("superseded_seq", INT, null=True),
        sa.PrimaryKeyConstraint("alert_row", name="pk_alert"),
    )  # fmt: skip
    op.create_index("ix_alert_fingerprint", "alert", ["fingerprint"])
    op.create_index("uq_alert", "alert", ["alert_id"], unique=True, **CURRENT)
    op.create_table(
        "outbox",
        column("notice_id", SURROGATE), column("idempotency_key", TEXT),
        column("fingerprint", TEXT), column("office", TEXT), column("content", TEXT),
        column("created_seq", INT),
        sa.PrimaryKeyConstraint("notice_id", name="pk_outbox"),
        sa.UniqueConstraint("idempotency_key", name="uq_outbox_idempotency_key"),
    )  # fmt: skip
    op.create_index("ix_outbox_fingerprint", "outbox", ["fingerprint"])
    op.create_table(
        "delivery",
        column("delivery_id", SURROGATE), column("notice_id", SURROGATE),
        column("channel", TEXT), column("at_s", INT), column("outcome", TEXT),
        column("receipt", TEXT, null=True),
        sa.ForeignKeyConstraint(["notice_id"], ["outbox.notice_id"], name="fk_delivery_notice_id"),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_delivery"),
    )  # fmt: skip
    op.create_index("ix_delivery_notice_id", "delivery", ["notice_id"])


def _create_views() -> None:
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
    # Known at s: seq <= s AND (superseded_seq IS NULL OR superseded_seq > s).
    op.execute(f"CREATE VIEW observation_known AS {current} UNION ALL {past}")
