"""Which rows a pull reads, on both engines: all of them, each page after the other, none lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ecomon.decode.hydrology import decode_st_river_r
from ecomon.errors import SourceRefused
from ecomon.model.observation import Batch
from ecomon.registry import read_registry
from ecomon.sources.database import open_source
from ecomon.sources.pulling import find_columns, read_sample

Rows = Callable[..., list[dict[str, str]]]


def test_a_row_of_the_database_is_decoded_as_a_row_of_a_file(hydrology: Any) -> None:
    hydrology.insert(
        ("60701234", "2026-08-01 08:00:00", 212.345, 1520, "2026-08-01 08:05:00"),
        ("60701234", "2026-08-01 09:00:00", 212.401, None, "2026-08-01 09:05:00"),
        ("00701235", "2026-08-01 08:00:00", -9999, -9999, "2026-08-01 08:05:00"),
        ("60701234", "2026-08-01 11:00:00", 212.512, -35, "2026-08-01 11:05:00"),
    )
    hydrology.execute(f"UPDATE {hydrology.table} SET FLWCHRSCD = '<', WPTN = '4' WHERE Q = -35")
    (part,) = hydrology.parts(hydrology.pull())
    assert part.octets.startswith(b"STCD,TM,Z,Q,FLWCHRSCD,WPTN,MODITIME\r\n")
    assert part.watermark == datetime(2026, 8, 1, 11, 5)
    (batch,) = [
        item
        for item in decode_st_river_r([part.octets], read_registry().determinands)
        if isinstance(item, Batch)
    ]
    table = batch.observations.sort_values(["site", "start"])
    assert set(table["site"]) == {"60701234", "00701235"}
    q = table[(table["determinand"] == "DISCHARGE") & (table["site"] == "60701234")]
    assert np.array_equal(q["value"], [1520.0, np.nan, -35.0], equal_nan=True)
    assert q["source_flag"].iloc[2] == "FLWCHRCD=<;WPTN=4"


@pytest.mark.parametrize("increment", ["modified", "time"])
@pytest.mark.parametrize("page_rows", [1, 7, 1000])
def test_every_row_comes_however_pages_are_cut(
    hydrology: Any, read_rows: Rows, increment: str, page_rows: int
) -> None:
    dice = np.random.default_rng(7)
    start = datetime(2026, 8, 1)
    rows = [
        (
            f"{60700000 + station}",
            f"{start + timedelta(hours=hour)}",
            200 + station,
            hour,
            # Many rows bear one second, some a part of it.
            f"{start + timedelta(hours=hour // 3, milliseconds=int(dice.integers(0, 4)) * 250)}",
        )
        for station in range(9)
        for hour in range(8)
    ]
    hydrology.insert(*rows)
    pull = hydrology.pull(increment=increment, page_rows=page_rows, file_rows=20)
    parts = hydrology.parts(pull)
    found = read_rows(*parts)
    assert sorted((row["STCD"], row["TM"]) for row in found) == sorted(row[:2] for row in rows)
    column = "MODITIME" if increment == "modified" else "TM"
    reached = [part.watermark for part in parts if part.watermark]
    assert reached == sorted(reached)
    assert len(parts) >= 72 / (20 + page_rows)
    for number, part in enumerate(parts):
        if part.watermark is not None:  # nothing up to it comes later
            later = read_rows(*parts[number + 1 :])
            assert all(f"{part.watermark}" < row[column] for row in later)


def test_what_is_mended_or_late_is_found_by_its_moditime(hydrology: Any, read_rows: Rows) -> None:
    hydrology.insert(("A", "2026-08-01 08:00:00", 1, 10, "2026-08-01 08:05:00"))
    pull = hydrology.pull()
    (first,) = hydrology.parts(pull)
    hydrology.insert(("A", "2026-07-01 08:00:00", 1, 11, "2026-08-03 08:00:00"))
    hydrology.execute(
        f"UPDATE {hydrology.table} SET Q = 12, MODITIME = '2026-08-03 09:00:00' WHERE Q = 10"
    )
    (second,) = hydrology.parts(pull, first.watermark)
    assert sorted(row["Q"] for row in read_rows(second)) == ["11.000", "12.000"]
    assert second.watermark == datetime(2026, 8, 3, 9)


def test_the_overlap_brings_rows_that_were_committed_late(hydrology: Any, read_rows: Rows) -> None:
    hydrology.insert(("A", "2026-08-01 12:00:00", 1, 10, None))
    pull = hydrology.pull(increment="time", overlap_h=6)
    (first,) = hydrology.parts(pull)
    hydrology.insert(
        ("B", "2026-08-01 06:00:00", 1, 20, None), ("B", "2026-08-01 05:59:59", 1, 30, None)
    )
    (second,) = hydrology.parts(pull, first.watermark)
    assert sorted(row["Q"] for row in read_rows(second)) == ["10.000", "20.000"]


def test_rows_without_a_moditime_are_read_by_their_time(hydrology: Any, read_rows: Rows) -> None:
    hydrology.insert(
        ("A", "2026-08-01 08:00:00", 1, 10, "2026-08-01 08:05:00"),
        ("A", "2026-08-01 09:00:00", 1, 20, None),
        ("A", "2025-08-01 09:00:00", 1, 30, None),  # older than since
    )
    pull = hydrology.pull(page_rows=1)
    parts = hydrology.parts(pull)
    assert sorted(row["Q"] for row in read_rows(*parts)) == ["10.000", "20.000"]


def test_one_clock_set_wrong_hides_no_later_row(hydrology: Any, read_rows: Rows) -> None:
    hydrology.insert(("A", "2026-08-01 08:00:00", 1, 10, "2099-01-01 00:00:00"))
    pull = hydrology.pull()
    now = datetime(2026, 8, 2)
    (first,) = hydrology.parts(pull, now=now)
    assert first.watermark == now
    hydrology.insert(("A", "2026-08-02 01:00:00", 1, 20, "2026-08-02 01:05:00"))
    (second,) = hydrology.parts(pull, first.watermark, now=now)
    assert "20.000" in {row["Q"] for row in read_rows(second)}


def test_nothing_new_is_no_file(hydrology: Any) -> None:
    assert hydrology.parts(hydrology.pull()) == []


def test_only_the_stations_that_are_named(hydrology: Any, read_rows: Rows) -> None:
    hydrology.insert(
        ("A", "2026-08-01 08:00:00", 1, 10, "2026-08-01 08:05:00"),
        ("B", "2026-08-01 08:00:00", 1, 20, "2026-08-01 08:05:00"),
    )
    pull = hydrology.pull(stations=["B"])
    assert [row["STCD"] for row in read_rows(*hydrology.parts(pull))] == ["B"]


def test_columns_may_have_other_names_and_a_missing_one_is_named(
    hydrology: Any, read_rows: Rows
) -> None:
    hydrology.insert(("A", "2026-08-01 08:00:00", 1, 10, "2026-08-01 08:05:00"))
    hydrology.execute(f"ALTER TABLE {hydrology.table} RENAME COLUMN Z TO STAGE_M")
    with pytest.raises(SourceRefused, match=r"no column Z; it has .*(?i:stage_m)"):
        hydrology.parts(hydrology.pull())
    pull = hydrology.pull(columns={"Z": "STAGE_M"})
    (row,) = read_rows(*hydrology.parts(pull))
    assert row["Z"] == "1.000"
    with open_source(hydrology.url, statement_timeout_s=5) as source:
        found = find_columns(source, pull)
        assert [name.upper() for name in found.others] == ["NOTE"]
        assert len(read_sample(source, pull, found, watermark=None)) == 1


def test_ratings_are_read_whole_in_one_order(hydrology: Any, read_rows: Rows) -> None:
    table = f"rating_{hydrology.table}"
    time = "TIMESTAMP" if hydrology.engine == "postgresql" else "DATETIME"
    hydrology.execute(
        f"CREATE TABLE {table} (STCD CHAR(8), LNNM VARCHAR(30), BGTM {time}, PTNO INT,"
        " Z DECIMAL(7,3), Q DECIMAL(9,3))",
        f"INSERT INTO {table} VALUES ('A', '一线', '2026-01-01', 2, 3, 30),"
        " ('A', '一线', '2026-01-01', 1, 2, 20)",
    )
    pull = hydrology.pull(feed="st-zqrl-b", table=table, increment="whole", since=None)
    (part,) = hydrology.parts(pull)
    assert part.watermark is None
    assert [row["PTNO"] for row in read_rows(part)] == ["1", "2"]
    assert part.octets == hydrology.parts(pull)[0].octets


def test_utc_is_written_as_beijing_time(hydrology: Any, read_rows: Rows) -> None:
    hydrology.insert(("A", "2026-08-01 00:00:00", 1, 10, "2026-08-01 00:05:00"))
    (part,) = hydrology.parts(hydrology.pull(times_are="utc"))
    assert read_rows(part)[0]["TM"] == "2026-08-01 08:00:00"
    assert part.watermark == datetime(2026, 8, 1, 0, 5)  # in the database's own time


def test_a_column_with_a_zone_is_read_in_the_stated_time(hydrology: Any, read_rows: Rows) -> None:
    kind = "TIMESTAMPTZ" if hydrology.engine == "postgresql" else "TIMESTAMP NULL"
    change = (
        f"ALTER COLUMN MODITIME TYPE {kind}"
        if hydrology.engine == "postgresql"
        else f"MODIFY MODITIME {kind}"
    )
    zone = "TIME ZONE 'UTC'" if hydrology.engine == "postgresql" else "time_zone = '+00:00'"
    hydrology.execute(
        f"ALTER TABLE {hydrology.table} {change}",
        f"SET {zone}",
        f"INSERT INTO {hydrology.table} (STCD, TM, Z, MODITIME)"
        " VALUES ('A', '2026-08-01 08:00:00', 1, '2026-08-01 00:05:00')",
    )
    (part,) = hydrology.parts(hydrology.pull())
    assert part.watermark == datetime(2026, 8, 1, 8, 5)
    assert read_rows(part)[0]["MODITIME"] == "2026-08-01 08:05:00"
