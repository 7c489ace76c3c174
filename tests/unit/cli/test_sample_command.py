"""``ecomon sample`` as far as it needs no flow: checking, refusing, the template."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ecomon = Callable[..., Any]
SHEET = (
    "地点,指标,采样时间,测定值,单位,判定\n"
    "西湾水厂,锑,2015-12-05 08:00,20.8,ug/L,疑似\n"
    "西湾水厂,锑,2015-12-05 10:00,20.8,,\n"
    "不知何处,锑,2015-12-05 08:00,20.8,ug/L,\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "samples.csv"
    path.write_text(SHEET, encoding="gb18030")
    return path


def test_a_sheet_is_checked_row_by_row_and_nothing_is_stored(ecomon: Ecomon, file: Path) -> None:
    said = ecomon("sample", "read", file, "--dry-run")
    assert said.code == 1  # something has to be mended
    assert said.lines[0] == "西湾水厂取水口 锑 0.0208 mg/L 2015-12-05 08:00 疑似"
    assert "第 3 行 row 3\t单位\t\texpected a unit of SB: mg/L" in said.out
    assert "第 4 行 row 4\t地点\t不知何处\texpected a section or an intake" in said.out
    assert said.lines[-1] == "样品 samples 1  未采纳行 rows rejected 2"
    assert not (file.parent / "ecomon-home").exists()


def test_a_machine_may_read_the_check(ecomon: Ecomon, file: Path) -> None:
    records = ecomon("sample", "read", file, "--dry-run", "--json").records
    assert [one["kind"] for one in records] == ["observation", *["rejected"] * 4]
    assert (records[0]["site"], records[0]["source_flag"]) == ("xiwan-intake", "疑似")


def test_method_and_note_of_a_sample_are_shown(ecomon: Ecomon, file: Path) -> None:
    file.write_text(
        "地点,指标,采样时间,测定值,单位,方法,备注\n"
        "西湾水厂,锑,2015-12-05 08:00,20.8,ug/L,HJ 700-2014,左岸\n",
        "utf-8",
    )
    words = ("sample", "read", file, "--dry-run")
    assert ecomon(*words).lines[0].endswith("  方法 method: HJ 700-2014  备注 note: 左岸")
    (record,) = ecomon(*words, "--json").records
    assert (record["method"], record["note"]) == ("HJ 700-2014", "左岸")


def test_a_sampling_in_the_future_is_refused(ecomon: Ecomon, file: Path) -> None:
    file.write_text(SHEET.replace("2015", "2115"), encoding="utf-8")
    said = ecomon("sample", "read", file, "--dry-run")
    assert said.code == 2
    assert "采样时间在将来" in said.err


def test_without_a_store_nothing_is_handed_in(ecomon: Ecomon, file: Path) -> None:
    words = ("西湾水厂", "锑", "20.8", "--unit", "ug/L", "--sampled-at", "2015-12-05 08:00")
    for said in (ecomon("sample", "add", *words), ecomon("sample", "read", file)):
        assert said.code == 2
        assert "holds no store" in said.err


def test_the_template_names_the_places_of_the_site(ecomon: Ecomon, tmp_path: Path) -> None:
    out = tmp_path / "sheet.xlsx"
    said = ecomon("sample", "template", "--out", out)
    assert said.code == 0
    assert out.read_bytes().startswith(b"PK")
    checked = ecomon("sample", "read", out, "--dry-run")
    assert (checked.code, checked.lines) == (0, ["样品 samples 0  未采纳行 rows rejected 0"])
    assert ecomon("sample", "template", "--out", tmp_path / "no" / "sheet.xlsx").code == 2


def test_forecasts_are_decoded_and_not_stored(ecomon: Ecomon, tmp_path: Path) -> None:
    file = tmp_path / "forecast.csv"
    file.write_text(
        "发布时间,预报日期,地区,项目,预报值,单位\n2026-01-05 17:00,2026-01-06,510800,AQI,70~100,\n",
        encoding="utf-8",
    )
    (record,) = ecomon("decode", "air-forecast", file, "--json").records
    assert (record["kind"], record["low"], record["high"]) == ("forecast", 70.0, 100.0)
    assert ecomon("run", "ingest", "--feed", "air-forecast", "--file", file).code == 2
