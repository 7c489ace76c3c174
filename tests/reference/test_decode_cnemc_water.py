"""The real files of the national water publication, decoded with the shipped determinands."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecomon.decode.cnemc_water import decode
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected
from ecomon.registry import read_registry

BASIN = "cnemc_water_4h_2021-04-01_03_basin.csv"
QINGFENGXIA = "cnemc_water_daily_qingfengxia_2020-05_2021-04.csv"
SNAPSHOT = "cnemc_water_snapshot_2026-02-04_basin.csv"
PAYLOAD_2020 = "cnemc_publish_ashx_2020-05-08_excerpt.json"
PAYLOAD_2021 = "cnemc_publish_ashx_2021-01-23_excerpt.json"

Result = tuple[pd.DataFrame, list[Rejected], Counter[str]]


@pytest.fixture(scope="module")
def determinands() -> dict[str, Determinand]:
    return dict(read_registry().determinands)


def read(path: Path, determinands: dict[str, Determinand], **options: object) -> Result:
    tables: list[pd.DataFrame] = []
    rejected: list[Rejected] = []
    quirks: Counter[str] = Counter()
    for item in decode([path.read_bytes()], determinands, **options):  # pyright: ignore[reportArgumentType]
        if isinstance(item, Batch):
            tables.append(item.observations)
            quirks.update(item.quirks)
        else:
            rejected.append(item)
    return pd.concat(tables, ignore_index=True), rejected, quirks


def account(table: pd.DataFrame, rejected: list[Rejected], n_rows: int) -> None:
    lost = [item.row for item in rejected]
    assert all(item.column is None for item in rejected)  # every cell of these files is read
    assert sorted({*table["row"].tolist(), *lost}) == list(range(1, n_rows + 1))
    assert len(lost) == len(set(lost)) == n_rows - table["row"].nunique()


def at(table: pd.DataFrame, site: str, determinand: str, start: str) -> pd.Series:
    keep = (table["site"] == site) & (table["determinand"] == determinand)
    found = table[keep & (table["start"] == pd.Timestamp(start))]
    assert len(found) == 1
    return found.iloc[0]


def test_three_days_of_the_basin(shared: Path, determinands: dict[str, Determinand]) -> None:
    path = shared / "data/cnemc" / BASIN
    with path.open(encoding="utf-8", newline="") as lines:
        printed = list(csv.DictReader(lines))
    table, rejected, quirks = read(path, determinands, year=2021)
    account(table, rejected, len(printed))
    keys = Counter((row["省份"], row["断面名称"], row["监测时间"]) for row in printed)
    assert len(rejected) == sum(keys.values()) - len(keys) == 102
    reasons = Counter(item.reason.split(" of row")[0].split(" by row")[0] for item in rejected)
    assert reasons == {"repeat": 92, "superseded": 10}
    assert quirks == {"annotation dropped from a section name": 16}
    nh3n = at(table, "四川省/姚渡", "NH3N", "2021-04-03 08:00")
    assert (nh3n["value"], nh3n["published_class"], nh3n["source_flag"]) == (2.880, 6, "正常")
    assert {"重庆市/金子", "四川省/金子"} <= set(table["site"])


def test_the_values_are_those_printed(shared: Path, determinands: dict[str, Determinand]) -> None:
    path = shared / "data/cnemc" / BASIN
    with path.open(encoding="utf-8", newline="") as lines:
        printed = list(csv.DictReader(lines))
    table, _, _ = read(path, determinands, year=2021)
    columns = {"WT": "水温(℃)", "PH": "pH(无量纲)", "NH3N": "氨氮(mg/L)", "TN": "总氮(mg/L)"}
    for determinand, heading in columns.items():
        of = table[table["determinand"] == determinand]
        for row, value in zip(of["row"], of["value"], strict=True):
            cell = printed[row - 1][heading]
            assert (cell == "--") if np.isnan(value) else (float(cell) == value)


def test_a_year_at_qingfengxia(shared: Path, determinands: dict[str, Determinand]) -> None:
    table, rejected, quirks = read(shared / "data/cnemc" / QINGFENGXIA, determinands)
    account(table, rejected, 330)
    assert len(rejected) == 73
    assert Counter(item.reason for item in rejected) == {
        "no time (status 停站)": 71,
        "no time (status 维护)": 2,
    }
    assert quirks == {"year inferred": 257}
    first, last = table["start"].min(), table["start"].max()
    assert (first, last) == (pd.Timestamp("2020-05-08 12:00"), pd.Timestamp("2021-04-05 08:00"))
    spike = at(table, "四川省/清风峡", "CODMN", "2021-01-22 08:00")
    assert (spike["value"], spike["source_flag"], spike["published_class"]) == (3.0, "正常", 2)
    filtered = at(table, "四川省/清风峡", "CODMN", "2021-01-23 08:00")
    assert np.isnan(filtered["value"])
    assert filtered["source_flag"] == "极值过滤"
    assert at(table, "四川省/清风峡", "PH", "2021-01-23 08:00")["source_flag"] == "维护"
    assert at(table, "四川省/清风峡", "CODMN", "2021-01-24 04:00")["value"] == 0.21
    assert (table["source_flag"] == "极值过滤").sum() == 10


def test_each_reading_lies_on_the_day_of_its_file(
    shared: Path, determinands: dict[str, Determinand]
) -> None:
    path = shared / "data/cnemc" / QINGFENGXIA
    with path.open(encoding="utf-8", newline="") as lines:
        days = [row["file_date"] for row in csv.DictReader(lines)]
    table, _, _ = read(path, determinands)
    behind = pd.to_datetime([days[row - 1] for row in table["row"]]) - table["start"].dt.normalize()
    assert set(behind.dt.days) == {0}


def test_the_snapshot_of_2026(shared: Path, determinands: dict[str, Determinand]) -> None:
    fetched = datetime(2026, 2, 4, 12)
    table, rejected, _ = read(shared / "data/cnemc" / SNAPSHOT, determinands, fetched_at=fetched)
    account(table, rejected, 29)
    assert not rejected
    assert table["source_flag"].isna().all()  # no 站点情况 in this table
    tp = at(table, "四川省/姚渡", "TP", "2026-02-04 10:30")
    assert (tp["value"], tp["published_class"]) == (0.227, 4)
    assert "四川省/清泉乡" in set(table["site"])


def test_the_payload_of_2020(shared: Path, determinands: dict[str, Determinand]) -> None:
    path = shared / "data/cnemc" / PAYLOAD_2020
    n_rows = len(json.loads(path.read_text(encoding="utf-8"))["tbody"])
    table, rejected, quirks = read(path, determinands, fetched_at=datetime(2020, 5, 8, 16))
    account(table, rejected, n_rows)
    assert quirks["rows short of records"] == 1903 - n_rows
    assert at(table, "重庆市/北温泉", "CODMN", "2020-05-08 15:00")["value"] == 2.265
    assert at(table, "甘肃省/两水桥", "TP", "2020-05-08 15:00")["published_class"] == 4
    assert table["start"].min() == pd.Timestamp("2020-04-29 13:00")  # a station at a standstill


def test_the_payload_of_2021(shared: Path, determinands: dict[str, Determinand]) -> None:
    path = shared / "data/cnemc" / PAYLOAD_2021
    table, rejected, _ = read(path, determinands, fetched_at=datetime(2021, 1, 23, 10))
    account(table, rejected, 6)
    assert [(item.row, item.reason) for item in rejected] == [(5, "no time (status 停站)")]
    filtered = at(table, "四川省/清风峡", "CODMN", "2021-01-23 08:00")
    assert (np.isnan(filtered["value"]), filtered["source_flag"]) == (True, "极值过滤")
    assert at(table, "四川省/龙洞", "PH", "2021-01-23 08:00")["value"] == 8.357687


def test_the_shape_replica_decodes_as_it_says(
    shared: Path, determinands: dict[str, Determinand]
) -> None:
    folder = shared / "data/formats/cnemc_water"
    expected = json.loads((folder / "getRealDatas_expected.json").read_text(encoding="utf-8"))
    one = expected["expected_decode"][0]
    fetched = datetime(2026, 1, 1, 0, 30)
    table, rejected, _ = read(folder / "getRealDatas_shape.json", determinands, fetched_at=fetched)
    account(table, rejected, 4)
    site, start = f"四川省/{one['station']}", "2025-11-23 16:00"
    assert at(table, site, "PH", start)["value"] == one["pH"]
    assert at(table, site, "NH3N", start)["value"] == one["NH3N"]
    assert at(table, site, "TP", start)["value"] == one["TP"]
    assert np.isnan(at(table, site, "CHLA", start)["value"])
    assert at(table, site, "PH", start)["source_flag"] == one["status"]
    assert at(table, site, "PH", start)["published_class"] == 2
    assert [(item.row, item.reason) for item in rejected] == [(2, "no reading (status 维护)")]
    nh3n = at(table, "重庆市/示例断面丙", "NH3N", "2025-12-31 20:00")
    assert (nh3n["value"], nh3n["censor"]) == (0.025, "left")
    assert np.isnan(at(table, "重庆市/示例断面丙", "CHLA", "2025-12-31 20:00")["value"])
    assert at(table, "陕西省/示例断面甲", "EC", start)["published_class"] == 1
