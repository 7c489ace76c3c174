"""GB 3838-2002, transcribed a second time (CSV beside this file), against the YAML."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ecomon.model.standard import ClassLimits, SingleLimit
from ecomon.registry import Registry, read_registry

HERE = Path(__file__).parent
DAY = date(2021, 1, 1)
JUDGED_APART = {"粪大肠菌群", "总氮"}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


def rows_of(table: str) -> list[dict[str, str]]:
    with (HERE / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def key_of(registry: Registry, code: str) -> str:
    (key,) = (key for key, one in registry.determinands.items() if one.code == code)
    return key


@pytest.mark.parametrize("water", ["river", "lake"])
def test_table_1(registry: Registry, water: str) -> None:
    printed = [row for row in rows_of("table1.csv") if row["applies_to"] in ("both", water)]
    standard = registry.standard("GB 3838-2002", "1", water, DAY)
    assert [limit.determinand for limit in standard.class_limits] == [
        key_of(registry, row["code"]) for row in printed
    ]
    for row in printed:
        limit = standard.of(key_of(registry, row["code"]))
        assert isinstance(limit, ClassLimits)
        assert limit.direction == row["direction"]
        assert limit.is_classed == (row["item_zh"] not in JUDGED_APART)
        values = [row[name] for name in ("I", "II", "III", "IV", "V")]
        if row["direction"] == "range":
            assert {f"{limit.low}-{limit.high}"} == set(values)
        else:
            assert [str(one) for one in limit.classes] == values


def test_the_names_are_the_printed_ones(registry: Registry) -> None:
    for table in ("table1.csv", "table2.csv", "table3.csv"):
        for row in rows_of(table):
            one = registry.determinands[key_of(registry, row["code"])]
            assert row["item_zh"] in (one.name_zh, *one.aliases)
            assert one.unit == {"PH": "1", "FC": "count/L"}.get(one.key, "mg/L")


@pytest.mark.parametrize("number", ["2", "3"])
def test_tables_of_drinking_water_sources(registry: Registry, number: str) -> None:
    printed = rows_of(f"table{number}.csv")
    standard = registry.standard("GB 3838-2002", number, "intake", DAY)
    assert len(standard.single_limits) == len(printed)
    for row in printed:
        limit = standard.of(key_of(registry, row["code"]))
        assert isinstance(limit, SingleLimit)
        assert (limit.limit, limit.direction) == (Decimal(row["limit"]), "le")
        assert limit.printed_number == (int(row["number"]) if "number" in row else None)


def test_a_river_has_no_limit_of_total_nitrogen(registry: Registry) -> None:
    river = registry.standard("GB 3838", "1", "river", DAY)
    assert river.of("TN") is None
    assert river.of("WT") is None
    assert len([one for one in river.class_limits if one.is_classed]) == 21  # 环办〔2011〕22号


def test_the_standard_holds_from_june_2002(registry: Registry) -> None:
    editions = [one for one in registry.standards.values() if one.code == "GB 3838-2002"]
    assert len(editions) == 4
    for one in editions:
        assert one.effective_from == date(2002, 6, 1)
        assert one.confidence == "verified"
