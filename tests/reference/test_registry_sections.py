"""The sections of the registry against the section table of the reference data, field by field."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ecomon.model.place import Alias, Section
from ecomon.registry import Registry, read_registry
from ecomon.registry.references import without_brackets

DAY = date(2021, 4, 3)
CLASS = {"": None, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
LISTS = {
    "in_feed_2020_05": date(2020, 5, 8),
    "in_feed_2021_04": date(2021, 4, 1),
    "in_feed_2026_02": date(2026, 2, 4),
}
RENAMED = {"川陕界": "八庙沟", "升钟水库铁炉寺": "升钟水库铁炉寺"}
NO_LEVEL = ("unknown", "见备注")
SHORT = {"北川县": "北川羌族自治县", "阿坝州": "阿坝藏族羌族自治州"}
OFFICIAL = ("hbj.cngy.gov.cn", "nanchong.gov.cn", "sthjj.dazhou.gov.cn")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def listed(shared: Path) -> list[dict[str, str]]:
    return rows_of(shared / "data/registry/water_sections.csv")


Pair = tuple[dict[str, str], Section]


@pytest.fixture(scope="module")
def pairs(registry: Registry, listed: list[dict[str, str]]) -> list[Pair]:
    """Each row with its section; 川陕界 of the incidents stands as 八庙沟."""
    by_name: dict[str, Section] = {}
    for one in registry.sections.values():
        assert by_name.setdefault(one.name_zh, one) is one
    names = [row["name_zh"].removesuffix("(应急)") for row in listed]
    return [
        (row, by_name[RENAMED.get(name, name)]) for row, name in zip(listed, names, strict=True)
    ]


@pytest.fixture(scope="module")
def own(pairs: list[Pair]) -> list[Pair]:
    """Without the row of 川陕界, which has its own words for the same place."""
    return [(row, one) for row, one in pairs if row["section_id"] != "WQ007"]


def test_every_listed_section_is_here_once(registry: Registry, pairs: list[Pair]) -> None:
    assert len(pairs) == len(registry.sections) == 90
    # 川陕界 is the same place as 八庙沟, and 金子(老) stands in the feed but not in the list.
    assert registry.sections.keys() - {one.id for _, one in pairs} == {"jinzi-lao"}
    (border,) = (one for row, one in pairs if row["section_id"] == "WQ007")
    assert "四川省/川陕界" in {alias.key for alias in border.aliases}


def test_rivers(registry: Registry, own: list[Pair]) -> None:
    for row, section in own:
        if not row["river_zh"]:
            assert section.river is None
            continue
        assert section.river is not None
        printed = row["river_zh"]
        assert registry.rivers[section.river].name_zh in printed, section.id
        is_guess = "推定" in printed or printed.endswith("水系") or printed == "恩阳河/巴河"
        assert is_guess <= ("river" in section.unverified_fields), section.id


def test_levels_and_border_roles(own: list[Pair]) -> None:
    for row, section in own:
        level = row["control_level"].partition("(")[0].partition("/")[0]
        expected = None if level in NO_LEVEL else level.removesuffix("自动站")
        assert section.control_level == expected, section.id
        printed = row["boundary_type"].removesuffix("(推定)")
        assert (section.boundary_type or "") == printed, section.id
        assert (section.kind == "border") == (printed[:2] in ("省界", "市界", "县界")), section.id
        assert (section.kind == "headwater") == (printed == "源头")
        if "推定" in row["boundary_type"]:
            assert "boundary_type" in section.unverified_fields


def test_where_they_lie_and_for_whom(registry: Registry, own: list[Pair]) -> None:
    for row, section in own:
        assert section.located_in == (row["adcode_county"] or row["adcode_city"]), section.id
        lineage = "".join(one.name_zh for one in registry.lineage(section.located_in))
        county = row["county_zh"].removesuffix("(推定)")
        assert SHORT.get(county, county) in lineage, section.id
        if "(考核)" in row["city_zh"] or "20210730105554991" in row["sources"]:
            assert section.assessed_for == "510800", section.id
        elif section.id not in ("bamiaogou", "yaodu"):
            assert section.assessed_for is None, section.id


def test_the_two_sides_of_a_border(registry: Registry, own: list[Pair]) -> None:
    for row, section in own:
        for printed, adcode in (
            (row["upstream_jurisdiction"], section.upstream_jurisdiction),
            (row["downstream_jurisdiction"], section.downstream_jurisdiction),
        ):
            if section.kind != "border" and adcode is None:
                continue  # 黄牛铺 at the source names the county it lies in
            name = "".join(one.name_zh for one in registry.lineage(adcode)) if adcode else ""
            wanted = printed.partition("(")[0].partition("/")[0].replace("阿坝州", SHORT["阿坝州"])
            assert name == wanted, section.id


def test_positions_and_chainage(own: list[Pair]) -> None:
    for row, section in own:
        km = row["river_km_above_mouth"]
        assert section.km_above_mouth == (float(km) if km else None), section.id
        if not row["lon"]:
            assert (section.longitude, section.latitude) == (None, None)
            assert section.position_error_km is None
            continue
        assert (section.longitude, section.latitude) == (float(row["lon"]), float(row["lat"]))
        assert section.position_error_km == float(row["coord_error_km"]), section.id
        is_doubtful = row["coord_quality"] != "sourced"
        told = {"longitude", "latitude"} <= {*section.unverified_fields} or section.is_unverified
        assert told >= is_doubtful, section.id
        if row["river_km_note"].startswith("estimated"):
            is_told = "km_above_mouth" in section.unverified_fields
            assert is_told or section.is_unverified, section.id


def test_targets(registry: Registry, own: list[Pair]) -> None:
    for row, section in own:
        target = registry.target(section.id, DAY)
        assert (target.grade if target else None) == CLASS[row["target_class"]], section.id
    assert sum(bool(one.targets) for one in registry.sections.values()) == 10


def test_codes_that_nobody_publishes(own: list[Pair]) -> None:
    for row, section in own:
        assert row["national_code"] == "" and section.national_code is None


def _of_feed(section: Section) -> Iterator[Alias]:
    return (one for one in section.aliases if one.feed == "cnemc-water" and one.seen_on)


def test_presence_in_the_feed(own: list[Pair]) -> None:
    for row, section in own:
        aliases = list(_of_feed(section))
        assert section.has_station == (row["auto_station"] == "Y"), section.id
        for column, day in LISTS.items():
            is_seen = any(day in one.seen_on for one in aliases)
            assert is_seen == (row[column] == "Y"), (section.id, column)
            if aliases and row[column] == "N":
                assert all(day in one.absent_on for one in aliases), (section.id, column)
            if row[column].startswith("unknown"):
                assert not any(day in one.absent_on for one in aliases)


def test_nothing_is_surer_than_its_source(pairs: list[Pair]) -> None:
    for row, section in pairs:
        if row["confidence"] == "low":
            assert section.confidence == "unverified", section.id
        if row["confidence"] != "high" or not any(one in row["sources"] for one in OFFICIAL):
            assert section.confidence != "verified", section.id
        if row["confidence"] == "high" and row["section_id"] != "WQ007":
            assert section.confidence != "unverified", section.id
        if "inferred" in row["notes"] and section.kind == "border":
            assert "upstream_jurisdiction" in section.unverified_fields, section.id


def test_every_basin_name_of_the_feed_resolves(registry: Registry, shared: Path) -> None:
    path = shared / "data/cnemc"
    for name, day in (
        ("cnemc_water_4h_2021-04-01_03_basin", date(2021, 4, 2)),
        ("cnemc_water_snapshot_2026-02-04_basin", date(2026, 2, 4)),
    ):
        rows = rows_of(path / f"{name}.csv")
        printed = {(row["省份"], without_brackets(row["断面名称"])) for row in rows}
        assert len(printed) > 25
        for province, section in sorted(printed):
            assert registry.resolve("cnemc-water", f"{province}/{section}", day), section
