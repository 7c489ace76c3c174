"""A Parquet export says exactly what its table says."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from flagged_tables import SMALL, TABLES, export_facts, flagged_table
from hypothesis import given, settings

from ecomon.store.export_files import parquet_octets, read_parquet

ORIGINS: dict[str, Any] = {
    "batch_id": 3, "file_name": "四月.csv", "sha256": "a" * 64, "decoder": "d", "decoder_version": "1",
}  # fmt: skip


@given(TABLES)
@settings(max_examples=50, deadline=None)
def test_nothing_is_lost(table: pd.DataFrame) -> None:
    back = read_parquet(parquet_octets(table, {}))
    pd.testing.assert_frame_equal(back, table, check_exact=True)


def test_origins_come_back_too() -> None:
    table = flagged_table(SMALL).assign(**ORIGINS)
    pd.testing.assert_frame_equal(read_parquet(parquet_octets(table, {})), table)


def test_the_schema_says_units_and_provenance() -> None:
    table = flagged_table(SMALL)
    octets = parquet_octets(table, export_facts("example").stated(table))
    told = pq.read_schema(pa.BufferReader(octets)).metadata
    assert json.loads(told[b"ecomon.units"]) == {"TP": "mg/L", "TURB": "NTU", "WT": "degC"}
    assert (told[b"ecomon.kind"], told[b"ecomon.known_at"]) == (b"example", b"7")
    assert parquet_octets(table, export_facts("example").stated(table)) == octets
