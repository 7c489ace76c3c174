"""The tables of the store, one module per family. Importing this module fills ``METADATA``."""

from __future__ import annotations

from ecomon.store.schema.alert import alert, delivery, outbox
from ecomon.store.schema.doubt import doubt
from ecomon.store.schema.instrument import instrument, instrument_check, instrument_quirk
from ecomon.store.schema.judgement import decision, flag, flag_history, review
from ecomon.store.schema.knowledge import METADATA, counter, knowledge, meta
from ecomon.store.schema.observation import (
    batch,
    blob,
    blob_piece,
    day_root,
    dead_letter,
    determinand,
    observation,
    observation_history,
    series,
    site,
    source,
)
from ecomon.store.schema.operation import operations_alert, poll, poll_host
from ecomon.store.schema.people import act, actor, approval, token
from ecomon.store.schema.result import (
    RESULTS,
    exceedance,
    result_class,
    result_grade,
    result_load,
    result_load_estimate,
    result_mean,
    result_receipt,
)
from ecomon.store.schema.run import document, ruleset, run
from ecomon.store.schema.sample import sample
from ecomon.store.schema.statement import posting, statement

SCHEMA = "0005"
"""The revision of the migrations that these tables are."""

__all__ = [
    "METADATA", "RESULTS", "SCHEMA",
    "act", "actor", "alert", "approval", "batch", "blob", "blob_piece", "counter", "day_root",
    "dead_letter", "decision", "delivery", "determinand", "document", "doubt", "exceedance", "flag",
    "flag_history", "instrument", "instrument_check", "instrument_quirk", "knowledge", "meta", "observation", "observation_history",
    "operations_alert", "outbox", "poll", "poll_host", "posting", "result_class", "result_grade",
    "result_load", "result_load_estimate", "result_mean", "result_receipt", "review", "ruleset",
    "run", "sample", "series", "site", "source", "statement", "token",
]  # fmt: skip
