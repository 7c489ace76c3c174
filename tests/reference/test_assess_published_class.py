"""The class we give each reading against the class the national feed published for it."""

from __future__ import annotations

import csv
import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ecomon.assess import classify_readings
from ecomon.model.standard import ClassLimits, Standard
from ecomon.model.tables import STORED

PUBLISHED = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5, "劣Ⅴ": 6}
COLUMN = {"PH": 6, "DO": 7, "CODMN": 10, "NH3N": 11, "TP": 12}
LAKE_SECTION = "四川省/鲁班岛"
LIMITS = {
    "DO": ("ge", "7.5 6 5 3 2"),
    "CODMN": ("le", "2 4 6 10 15"),
    "NH3N": ("le", "0.15 0.5 1.0 1.5 2.0"),
}


def table_1(applies_to: str, tp: str) -> Standard:
    classed = [
        ClassLimits(
            determinand=name, direction=direction, classes=tuple(map(Decimal, text.split()))
        )  # pyright: ignore[reportArgumentType]
        for name, (direction, text) in (LIMITS | {"TP": ("le", tp)}).items()
    ]
    ph = ClassLimits(determinand="PH", direction="range", low=Decimal(6), high=Decimal(9))
    return Standard(
        id=applies_to, code="GB 3838-2002", title_zh="-", title_en="-", table="1",
        applies_to=applies_to, effective_from=date(2002, 6, 1),  # pyright: ignore[reportArgumentType]
        class_limits=(ph, *classed), source="GB 3838-2002 Table 1", confidence="verified",
    )  # fmt: skip


RIVER = table_1("river", "0.02 0.1 0.2 0.3 0.4")
LAKE = table_1("lake", "0.01 0.025 0.05 0.1 0.2")


def classify(rows: list[list[str]], values: list[dict[str, float]], year: int) -> pd.DataFrame:
    """Rows of the feed with the class we give them, in ``grade``, and theirs, in ``published``.

    ``replicate`` is the row's number, so that repeated rows stay apart.
    """
    long: list[dict[str, Any]] = [
        {
            "site": f"{row[0]}/{row[2]}", "determinand": key, "value": value,
            "start": datetime.strptime(f"{year}-{row[3]}", "%Y-%m-%d %H:%M"),
            "unit": "1" if key == "PH" else "mg/L", "replicate": number,
        }
        for number, (row, measured) in enumerate(zip(rows, values, strict=True))
        for key, value in measured.items()
    ]  # fmt: skip
    count = len(long)
    table = STORED.frame(
        {name: [line[name] for line in long] for name in long[0]}
        | {
            "statistic": ["value"] * count, "duration_s": [0] * count, "source": ["x"] * count,
            "programme": ["automatic"] * count, "censor": ["none"] * count,
            "source_flag": [""] * count, "row": [0] * count, "revision": list(range(count)),
        }
    )  # fmt: skip
    standards = {site: LAKE if site == LAKE_SECTION else RIVER for site in table["site"]}
    classes = classify_readings(table, standards)
    return classes.assign(
        published=[PUBLISHED.get(rows[number][4], 0) for number in classes["replicate"]]
    )


def numbers(texts: dict[str, str | None]) -> dict[str, float]:
    return {
        key: float(text)
        for key, text in texts.items()
        if text and re.fullmatch(r"\d+(\.\d+)?", text)
    }


def test_the_archive_of_april_2021(shared: Path) -> None:
    """Shown values: the class differs only where TP shows 0.020 and was above it before rounding."""
    path = shared / "data/cnemc/cnemc_water_4h_2021-04-01_03_basin.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[1:]
    values = [numbers({key: row[column] for key, column in COLUMN.items()}) for row in rows]
    table = classify(rows, values, 2021)
    judged = table[table["published"] > 0]
    assert len(judged) == 636
    differs = judged[judged["grade"] != judged["published"]]
    assert len(differs) == 9
    for number, grade, published in zip(
        differs["replicate"], differs["grade"], differs["published"], strict=True
    ):
        assert (rows[number][COLUMN["TP"]], grade, published) == ("0.020", 1, 2)
    assert (judged["site"] == LAKE_SECTION).any()
    assert (judged["n_items"] == 4).any()  # 清风峡 without TP has a published class


def test_the_river_limits_do_not_fit_a_lake(shared: Path) -> None:
    path = shared / "data/cnemc/cnemc_water_4h_2021-04-01_03_basin.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[1:]
    rows = [[*row[:2], row[2] + "(河)", *row[3:]] for row in rows if row[2] == "鲁班岛"]
    values = [numbers({key: row[column] for key, column in COLUMN.items()}) for row in rows]
    table = classify(rows, values, 2021)
    assert (table["grade"] < table["published"]).sum() == 3


@pytest.mark.parametrize(
    ("name", "year", "count"),
    [
        ("cnemc_publish_ashx_2020-05-08_excerpt.json", 2020, 35),
        ("cnemc_publish_ashx_2021-01-23_excerpt.json", 2021, 3),
    ],
)
def test_the_raw_payload_agrees_without_exception(
    shared: Path, name: str, year: int, count: int
) -> None:
    """With the original values (原始值) every published class is met."""
    payload = json.loads((shared / "data/cnemc" / name).read_text(encoding="utf-8"))
    rows: list[list[str]] = []
    values: list[dict[str, float]] = []
    for cells in payload["tbody"]:
        row = [re.sub(r"<[^>]*>", "", cell or "").strip() for cell in cells]
        if not row[3] or row[4] not in PUBLISHED:
            continue
        titles = {
            key: re.search(r"title='原始值：([^']*)'", cells[column] or "")
            for key, column in COLUMN.items()
        }
        rows.append(row)
        values.append(numbers({key: found[1] if found else None for key, found in titles.items()}))
    table = classify(rows, values, year)
    assert len(table) == count
    differs = table[table["grade"] != table["published"]]
    assert differs[["site", "grade", "published"]].values.tolist() == []
