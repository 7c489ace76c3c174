"""The registry against the tables of the reference data: names, places, targets, distances."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from ecomon.model.place import Section
from ecomon.registry import Registry, read_registry
from ecomon.registry.references import without_brackets

DAY = date(2021, 4, 3)
CLASS = {"": None, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
IN_SCOPE = {f"WQ{number:03d}" for number in (*range(1, 30), *range(32, 39))}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def listed(shared: Path) -> list[dict[str, str]]:
    rows = rows_of(shared / "data/registry/water_sections.csv")
    return [row for row in rows if row["section_id"] in IN_SCOPE]


def section_of(registry: Registry, row: dict[str, str]) -> Section:
    """The section of a row: by its name, or by the name a bulletin uses for the same place."""
    name = row["name_zh"].removesuffix("(应急)")
    found = [
        one
        for one in registry.sections.values()
        if one.name_zh == name
        or any(
            alias.key.rpartition("/")[2] == name
            for alias in one.aliases
            if alias.feed == "bulletin"
        )
    ]
    (section,) = found
    return section


def test_every_listed_section_is_here(registry: Registry, listed: list[dict[str, str]]) -> None:
    assert len(listed) == len(IN_SCOPE)
    sections = {section_of(registry, row).id for row in listed}
    # 川陕界 is the same place as 八庙沟, and 金子(老) stands in the feed but not in the list.
    assert len(sections) == len(listed) - 1
    assert registry.sections.keys() - sections == {"jinzi-lao"}


def test_places_agree(registry: Registry, listed: list[dict[str, str]]) -> None:
    for row in listed:
        section = section_of(registry, row)
        river = registry.rivers[section.river].name_zh
        assert river in row["river_zh"]
        assert section.located_in == (row["adcode_county"] or row["adcode_city"])
        assert section.has_station == (row["auto_station"] == "Y" or section.id == "bamiaogou")
        assert CLASS[row["target_class"]] in (_grade(registry, section), None)
        if row["river_km_above_mouth"]:
            assert section.km_above_mouth == float(row["river_km_above_mouth"])
        if row["lon"]:
            assert (section.longitude, section.latitude) == (float(row["lon"]), float(row["lat"]))


def _grade(registry: Registry, section: Section) -> int | None:
    target = registry.target(section.id, DAY)
    return target.grade if target else None


def test_no_target_stands_here_that_is_not_listed(
    registry: Registry, listed: list[dict[str, str]]
) -> None:
    with_target = {section_of(registry, row).id for row in listed if row["target_class"]}
    assert {one.id for one in registry.sections.values() if one.targets} == with_target


def test_nothing_is_surer_than_its_source(registry: Registry, listed: list[dict[str, str]]) -> None:
    for row in listed:
        section = section_of(registry, row)
        if row["confidence"] == "low":
            assert section.confidence == "unverified"
        if row["confidence"] != "high":
            assert section.confidence != "verified"
        if "unverified" in row["coord_source"]:
            is_told = {"longitude", "latitude"} <= set(section.unverified_fields)
            assert is_told or section.is_unverified


def test_codes_of_jurisdictions(registry: Registry, shared: Path) -> None:
    names = {row["adcode"]: row for row in rows_of(shared / "data/registry/admin_codes.csv")}
    for adcode, one in registry.jurisdictions.items():
        assert names[adcode]["name_zh"] == one.name_zh
        level = {"1": "province", "2": "prefecture", "3": "county"}[names[adcode]["level"]]
        assert one.level == level


def test_gauges_and_air_sites(registry: Registry, shared: Path) -> None:
    gauges = {row["name_zh"]: row for row in rows_of(shared / "data/registry/hydro_stations.csv")}
    for gauge in registry.gauges.values():
        row = gauges[gauge.name_zh]
        assert gauge.catchment_km2 == (
            float(row["catchment_km2"]) if row["catchment_km2"] else None
        )
        mean = row["mean_annual_flow_m3s"]
        assert gauge.mean_discharge_m3_s == (float(mean) if mean else None)
        assert (gauge.confidence == "secondary") == (gauge.id == "sanleiba")
    sites = {row["station_code"]: row for row in rows_of(shared / "data/registry/air_stations.csv")}
    for site in registry.air_sites.values():
        row = sites[site.national_code or ""]
        assert (site.name_zh, site.located_in) == (row["name_zh"], row["adcode_city"])
        assert site.is_background == (row["background_point"] == "Y")
        assert (site.longitude, site.latitude) == (float(row["lon"]), float(row["lat"]))


def test_every_basin_name_of_the_feed_resolves(registry: Registry, shared: Path) -> None:
    rivers = {"嘉陵江", "白龙江", "南河"}
    sections = rows_of(shared / "data/registry/water_sections.csv")
    ours = {without_brackets(row["name_zh"]) for row in sections if row["river_zh"] in rivers}
    path = shared / "data/cnemc"
    printed = {
        (row["省份"], without_brackets(row["断面名称"]))
        for name in ("cnemc_water_4h_2021-04-01_03_basin", "cnemc_water_snapshot_2026-02-04_basin")
        for row in rows_of(path / f"{name}.csv")
    }
    here = {(province, name) for province, name in printed if name in ours}
    assert len(here) >= 16
    for province, name in sorted(here):
        assert registry.resolve("cnemc-water", f"{province}/{name}", DAY), (province, name)
