"""``ecomon rating import | list | apply`` and ``ecomon decode st-zqrl-b``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ecomon.registry import read_registry

Ecomon = Callable[..., Any]
TABLE = """\
STCD,LNNM,BGTM,PTNO,Z,Q
EXBIKOU ,一线,2025-01-01 00:00:00,1,500.000,100
EXBIKOU ,一线,2025-01-01 00:00:00,2,502.000,140.25
EXBIKOU ,二线,2025-07-01 08:00:00,1,500.000,90
EXBIKOU ,二线,2025-07-01 08:00:00,2,502.000,130
60701234,一线,2025-01-01 00:00:00,1,1.000,1
60701234,一线,2025-01-01 00:00:00,2,2.000,2
"""
STATED = ("--gauge", "bikou", "--source", "碧口站 2025 整编", "--datum", "黄海 Yellow Sea")


@pytest.fixture
def home(ecomon: Ecomon, tmp_path: Path) -> Path:
    made = tmp_path / "home"
    ecomon("store", "init", "--home", made)
    return made


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "ratings.csv"
    file.write_text(TABLE, "utf-8")
    return file


def test_curves_become_facts_of_the_site(ecomon: Ecomon, home: Path, table: Path) -> None:
    shown = ecomon("rating", "import", table, *STATED, "--dry-run", "--home", home, "--json")
    assert [one["rating"] for one in shown.records] == [
        "bikou-202501010000@1",
        "bikou-202507010800@1",
    ]
    assert not (home / "site").exists()
    done = ecomon("rating", "import", table, *STATED, "--home", home)
    assert (done.code, "written" in done.err) == (0, True)
    first, second = read_registry(overlay=home / "site").ratings_of("bikou")
    assert first.points == ((500.0, 100.0), (502.0, 140.25))
    assert (first.ends_at, second.begins_at, second.ends_at) == (
        datetime(2025, 7, 1, 8), datetime(2025, 7, 1, 8), None,
    )  # fmt: skip
    assert (second.curve, second.confidence, second.source) == ("二线", "unverified", STATED[3])
    again = (home / "site/stations/ratings/bikou.yaml").read_bytes()
    ecomon("rating", "import", table, *STATED, "--home", home)
    assert (home / "site/stations/ratings/bikou.yaml").read_bytes() == again
    listed = ecomon("rating", "list", "--gauge", "bikou", "--home", home, "--json").records
    assert [one["curve"] for one in listed] == ["一线", "二线"]
    (applied,) = ecomon(
        "rating", "apply", "bikou", "501", "--at", "2025-08-01 00:00:00", "--home", home, "--json"
    ).records
    assert (applied["discharge_m3_s"], applied["rating"]) == (110.0, "bikou-202507010800@1")
    (beyond,) = ecomon(
        "rating", "apply", "bikou", "600", "--at", "2025-08-01 00:00:00", "--home", home, "--json"
    ).records
    assert (beyond["discharge_m3_s"], "above" in beyond["reason"]) == (None, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("EXBIKOU ,一线", "OTHER,一线", 1), None),
        (("EXBIKOU", "OTHER", 9), "no curve of these"),
        (("502.000,140.25", "502.000,x", 1), "row 2"),
        (("502.000,140.25", "502.000,99", 1), "discharge falls"),
        (("二线,2025-07-01 08", "二线,2025-01-01 00", 2), "begins when curve"),
    ],
)  # fmt: skip
def test_a_curve_in_doubt_is_never_written(
    ecomon: Ecomon, home: Path, table: Path, change: tuple[str, str, int], said: str | None
) -> None:
    table.write_text(TABLE.replace(*change), "utf-8")
    done = ecomon("rating", "import", table, *STATED, "--home", home)
    if said is None:
        said = "at least 2"
    assert done.code == 2
    assert said in done.err
    assert not (home / "site/stations/ratings").exists()


def test_one_of_two_curves_may_be_chosen_and_a_station_be_named(
    ecomon: Ecomon, home: Path, table: Path
) -> None:
    table.write_text(TABLE.replace("2025-07-01 08", "2025-01-01 00"), "utf-8")
    done = ecomon("rating", "import", table, *STATED, "--curve", "二线", "--home", home, "--json")
    assert [one["curve"] for one in done.records] == ["二线"]
    words = ("--gauge", "wusheng", "--station", "60701234", *STATED[2:])
    done = ecomon("rating", "import", table, *words, "--home", home, "--json")
    assert [one["n_points"] for one in done.records] == [2]
    assert (
        ecomon("rating", "import", table, "--gauge", "nix", *STATED[2:], "--home", home).code == 2
    )


def test_what_other_facts_forbid_is_taken_back(ecomon: Ecomon, home: Path, table: Path) -> None:
    own = home / "site/stations/ratings/own.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(
        "ratings:\n  - {id: old, gauge: bikou, version: '1', datum: test,"
        " begins_at: '2020-01-01T00:00:00', points: [[1, 1], [2, 2]], source: t,"
        " confidence: verified}\n",
        "utf-8",
    )
    done = ecomon("rating", "import", table, *STATED, "--home", home)
    assert "in force at the same time" in done.err
    assert [one.name for one in own.parent.iterdir()] == ["own.yaml"]


def test_a_table_is_decoded_row_by_row(ecomon: Ecomon, home: Path, table: Path) -> None:
    records = ecomon("decode", "st-zqrl-b", table, "--home", home, "--json").records
    assert len(records) == 6
    assert records[1] == {
        "kind": "rating_point", "row": 2, "station": "EXBIKOU", "curve": "一线",
        "begins_at": "2025-01-01T00:00:00+08:00", "number": "2", "stage_m": 502.0,
        "discharge_m3_s": 140.25,
    }  # fmt: skip
