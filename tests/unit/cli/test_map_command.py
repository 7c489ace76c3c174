"""``ecomon map propose | check``: proposed by the tool, reviewed by a person, tried before it is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecomon.registry import read_registry

Ecomon = Callable[..., Any]
LINES = (
    "2026年8月监测数据",
    "序号,断面名称,采样时间,氨氮(mg/L),总磷,我的列,备注",
    "1,姚渡,2026-08-03 10:20,0.025L,0.02,x,",
    "2,姚渡,2026-08-04 10:20,约0.3,0.02,x,",
    "3,不知何处,2026-08-04 10:20,0.2,0.02,x,",
)
ALIAS = """sections:
  - id: yaodu
    aliases: [{feed: caice, key: 姚渡, source: 本站, confidence: verified}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "monthly.csv"
    path.write_text("\n".join(LINES), encoding="gb18030")
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation whose own folder says what the feed ``caice`` calls a section."""
    made = tmp_path / "home"
    (made / "site" / "stations").mkdir(parents=True)
    (made / "site" / "stations" / "sections.yaml").write_text(ALIAS, "utf-8")
    return made


@pytest.fixture
def mapping(ecomon: Ecomon, file: Path, home: Path) -> Path:
    """The proposal, where the site keeps its mappings."""
    out = home / "site" / "stations" / "mappings" / "monthly.yaml"
    said = ecomon("map", "propose", file, "--id", "monthly", "--feed", "caice", "--out", out)
    assert said.code == 0, said.err
    return out


def test_a_proposal_leaves_open_what_the_heading_does_not_say(ecomon: Ecomon, file: Path) -> None:
    said = ecomon("map", "propose", file, "--id", "monthly", "--feed", "caice")
    assert said.code == 0
    assert "determinand: NH3N" in said.out and "determinand: TP" not in said.out
    opened = [line for line in said.err.splitlines() if line.startswith("待确认 open")]
    assert len(opened) == 2
    assert "总磷" in opened[0] and "its unit is not given" in opened[0]
    assert "我的列" in opened[1]
    assert "reviewed_by" in said.out


def test_what_is_no_table_of_readings_is_said(ecomon: Ecomon, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("甲,乙\n1,2\n", "utf-8")
    said = ecomon("map", "propose", other, "--id", "m", "--feed", "caice")
    assert (said.code, said.out) == (2, "")
    assert "no sheet has a heading of readings" in said.err


def test_a_dry_run_names_every_doubtful_cell_and_unknown_site(
    ecomon: Ecomon, file: Path, home: Path, mapping: Path
) -> None:
    records = ecomon("map", "check", file, "--mapping", mapping, "--home", home, "--json").records
    summary = records[-1]
    assert summary == {"kind": "summary", "observations": {"NH3N": 1}, "rejected": 3}
    told = [(one["row"], one["column"], one["raw"]) for one in records if one["kind"] == "rejected"]
    assert (4, "氨氮(mg/L)", "约0.3") in told
    assert any(row == 4 and column is None for row, column, _ in told)
    assert any(row == 5 for row, _, _ in told)


def test_a_mapping_nobody_reviewed_is_a_gap_and_reads_nothing(
    ecomon: Ecomon, file: Path, home: Path, mapping: Path
) -> None:
    gaps = [
        one for one in ecomon("registry", "check", "--home", home, "--json").records
        if one["kind"] == "mapping"
    ]  # fmt: skip
    assert {one["field"] for one in gaps} == {"reviewed_by", "ignored"}
    assert "总磷" in next(one["text_zh"] for one in gaps if one["field"] == "ignored")
    text = ecomon("map", "check", file, "--mapping", "monthly", "--home", home)
    assert "未审核，不可入库 not reviewed" in text.lines[-1]
    assert "not been reviewed" in ecomon("decode", "caice", file, "--home", home).err

    reviewed = mapping.read_text("utf-8").replace("reviewed_by:\n", "reviewed_by: 王芳\n")
    reviewed = reviewed.replace("reviewed_on:\n", "reviewed_on: '2026-09-01'\n")
    mapping.write_text(reviewed, "utf-8")
    assert read_registry(overlay=home / "site").mappings["monthly"].is_reviewed
    assert (
        "已审核 reviewed"
        in ecomon("map", "check", file, "--mapping", "monthly", "--home", home).lines[-1]
    )
    assert ecomon("decode", "caice", file, "--home", home).code == 0


def test_a_wrong_mapping_is_named_field_by_field(
    ecomon: Ecomon, file: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        "id: a b\nfeed: f\nsheets: [{columns: [{heading: x, role: nothing}]}]\n", "utf-8"
    )
    said = ecomon("map", "check", file, "--mapping", wrong)
    assert said.code == 2
    for field in ("id", "title_zh", "sheets.0.columns.0.role", "source"):
        assert f": {field}: " in said.err
    said = ecomon("map", "check", file, "--mapping", tmp_path / "none.yaml")
    assert (said.code, "there is no mapping" in said.err) == (2, True)
    broken = tmp_path / "broken.yaml"
    broken.write_text("id: [", "utf-8")
    assert ecomon("map", "check", file, "--mapping", broken).code == 2
