"""The tables of the store, one module per family. Importing this module fills ``METADATA``."""

from __future__ import annotations

from ecomon.store.schema.alert import alert, delivery, outbox
from ecomon.store.schema.judgement import decision, flag, flag_history, review
from ecomon.store.schema.knowledge import METADATA, counter, knowledge, meta
from ecomon.store.schema.observation import (
    batch,
    blob,
    dead_letter,
    determinand,
    observation,
    observation_history,
    series,
    site,
    source,
)
from ecomon.store.schema.result import (
    RESULTS,
    exceedance,
    result_class,
    result_grade,
    result_load,
    result_mean,
)
from ecomon.store.schema.run import document, ruleset, run
from ecomon.store.schema.statement import posting, statement

SCHEMA = "0001"
"""The revision of the migrations that these tables are."""

__all__ = [
    "METADATA", "RESULTS", "SCHEMA",
    "alert", "batch", "blob", "counter", "dead_letter", "decision", "delivery", "determinand",
    "document", "exceedance", "flag", "flag_history", "knowledge", "meta", "observation",
    "observation_history", "outbox", "posting", "result_class", "result_grade", "result_load",
    "result_mean", "review", "ruleset", "run", "series", "site", "source", "statement",
]  # fmt: skip
