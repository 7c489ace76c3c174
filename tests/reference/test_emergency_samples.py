"""The antimony samples of December 2015, as a laboratory would report them."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from ecomon.journey.report_samples import report_samples
from ecomon.registry import read_registry

SAMPLES = "data/cnemc/emergency_sb_2015_guangyuan.csv"
NOW = datetime(2016, 1, 1)
HEAD = "地点,指标,采样时间,测定值,单位"


def test_real_rows_become_samples_of_our_sections(shared: Path) -> None:
    registry = read_registry()
    with (shared / SAMPLES).open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["sb_mg_L"]]
    lines = [
        f"{row['section']},锑,{row['time_beijing']},{float(row['sb_mg_L']) * 1000:.4g},ug/L"
        for row in rows
    ]
    found = report_samples("\n".join([HEAD, *lines]).encode(), registry, NOW)
    lost = {one.row for one in found.rejected if one.column == "地点"}
    assert len(found.table) + len(lost) == len(rows)
    assert len(found.table) >= len(rows) // 2  # the others are places of no section of ours
    for one in found.table.itertuples():
        row = rows[one.row - 2]
        assert one.value == pytest.approx(float(row["sb_mg_L"]), rel=1e-12)
        assert one.start == datetime.fromisoformat(row["time_beijing"])
        assert registry.section(one.site).name_zh
