"""``ecomon decode FEED FILE``: the exact keys, and every row of the file accounted for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ecomon = Callable[..., Any]

HEAD = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),电导率(μS/cm),浊度(NTU),"
    "高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L),叶绿素α(mg/L),藻密度(cells/L),站点情况"
)
ROWS = (
    "四川省,长江流域,姚渡,04-03 04:00,Ⅳ,14.0,8.09,10.75,413.7,171.8,1.63,0.040,0.190,2.62,*,*,正常",
    "四川省,长江流域,姚渡,04-03 08:00,劣Ⅴ,13.9,8.19,11.43,416.2,99.0,1.08,2.880,0.090,1.94,*,*,正常",
    "四川省,长江流域,姚渡,04-03 08:00,劣Ⅴ,13.9,8.19,11.43,416.2,99.0,1.08,2.880,0.090,1.94,*,*,正常",
    "四川省,长江流域,姚渡,,,--,--,--,--,--,--,--,--,--,*,*,维护",
    "陕西省,长江流域,黄牛铺,04-03 08:00,Ⅰ,9.1,8.00,10.2,220.0,12.0,--,<0.025,0.014,1.50,*,*,正常",
)
OBSERVATION = [
    "kind", "site", "determinand", "statistic", "start", "duration_s", "value", "unit", "censor",
    "source_flag",
]  # fmt: skip
REJECTED = ["kind", "row", "reason", "raw", "column"]
DETERMINANDS = ["WT", "PH", "DO", "EC", "TURB", "CODMN", "NH3N", "TP", "TN"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "water.csv"
    path.write_bytes("\r\n".join([HEAD, *ROWS, ""]).encode())
    return path


def test_json_has_these_keys_and_no_others(ecomon: Ecomon, file: Path) -> None:
    said = ecomon("decode", "cnemc-water", file, "--year", 2021, "--json")
    assert said.code == 0
    for record in said.records:
        expected = OBSERVATION if record["kind"] == "observation" else REJECTED
        assert list(record) == expected
    assert {record["kind"] for record in said.records} == {"observation", "rejected"}


def test_every_row_is_an_observation_or_a_reject(ecomon: Ecomon, file: Path) -> None:
    records = ecomon("decode", "cnemc-water", file, "--year", 2021, "--json").records
    found = [one for one in records if one["kind"] == "observation"]
    rejected = [one for one in records if one["kind"] == "rejected"]
    rows = [
        ("四川省/姚渡", "2021-04-03T04:00:00+08:00"),
        ("四川省/姚渡", "2021-04-03T08:00:00+08:00"),
        ("陕西省/黄牛铺", "2021-04-03T08:00:00+08:00"),
    ]
    assert sorted((one["site"], one["start"], one["determinand"]) for one in found) == sorted(
        (*row, determinand) for row in rows for determinand in DETERMINANDS
    )
    assert [one["row"] for one in rejected] == [2, 4]  # the last complete repeat is the one kept
    assert rejected[0]["reason"] == "repeat of row 3"
    assert all(one["reason"] and one["raw"] for one in rejected)


def test_values_are_the_printed_ones_and_a_missing_one_is_null(ecomon: Ecomon, file: Path) -> None:
    records = ecomon("decode", "cnemc-water", file, "--year", 2021, "--json").records
    by_key = {
        (one["site"], one["start"][:16], one["determinand"]): one
        for one in records if one["kind"] == "observation"
    }  # fmt: skip
    spike = by_key["四川省/姚渡", "2021-04-03T08:00", "NH3N"]
    assert (spike["value"], spike["unit"], spike["censor"]) == (2.88, "mg/L", "none")
    assert (spike["statistic"], spike["duration_s"], spike["source_flag"]) == ("value", 0, "正常")
    below = by_key["陕西省/黄牛铺", "2021-04-03T08:00", "NH3N"]
    assert (below["value"], below["censor"]) == (0.025, "left")
    assert by_key["陕西省/黄牛铺", "2021-04-03T08:00", "CODMN"]["value"] is None


def test_text_ends_with_the_counts(ecomon: Ecomon, file: Path) -> None:
    text = ecomon("decode", "cnemc-water", file, "--year", 2021)
    assert text.lines[-1] == "监测值 observations 27  未采纳 rejected 2"
    assert len(text.lines) == 27 + 2 + 1


def test_without_a_year_none_is_guessed(ecomon: Ecomon, file: Path) -> None:
    said = ecomon("decode", "cnemc-water", file, "--json")
    assert (said.code, said.out) == (2, "")
    (line,) = said.err.splitlines()
    assert line.startswith("错误 error: the times have no year ('04-03 04:00')")


def test_the_year_can_come_of_when_it_was_fetched(ecomon: Ecomon, file: Path) -> None:
    words = ("decode", "cnemc-water", file, "--fetched-at", "2021-04-03T09:00:00", "--json")
    found = [one for one in ecomon(*words).records if one["kind"] == "observation"]
    assert {one["start"][:4] for one in found} == {"2021"}


def test_the_other_feeds(ecomon: Ecomon, tmp_path: Path) -> None:
    river, table = tmp_path / "river.csv", tmp_path / "table.csv"
    river.write_text("STCD,TM,Z,Q\nEXBIKOU,2025-01-01 08:00:00,606.12,250.5\n")
    table.write_text("site,start,TL[ug/L]\nxiwan-intake,2025-01-01T08:00,<0.02\n")
    stage, discharge = ecomon("decode", "st-river-r", river, "--json").records
    assert {stage["determinand"], discharge["determinand"]} == {"STAGE", "DISCHARGE"}
    (thallium,) = ecomon("decode", "tabulated", table, "--json").records
    assert (thallium["value"], thallium["unit"], thallium["censor"]) == (2e-05, "mg/L", "left")
