"""Gauges, reservoirs, air sites, jurisdictions and the river network against the reference tables."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from ecomon.model.event import Passage, Sighting
from ecomon.registry import Registry, read_registry

LEVELS = {"1": "province", "2": "prefecture", "3": "county"}
FEED_2018 = date(2018, 2, 20)
ROLES = {"core": "core", "basin city": "basin", "regional control": "regional"}
SURE = {"high": ("verified", "secondary"), "medium": ("secondary",), "low": ("unverified",)}
EVENTS = {
    "E1": "thallium-2021", "E2": "antimony-2015", "E3": "turbidity-2013", "E4": "thallium-2017",
    "E5": "flood-2024", "E6": "flood-2021", "E7": "flood-2020",
}  # fmt: skip
REACH_ENDS = {
    "SB": "bamiaogou", "QF": "qingfengxia", "QY": "qianfoya", "SP": "shangshipan",
    "TZ": "tingzikou-ba", "SX": "shaxi", "LM": "liemian",
}  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float | None:
    return float(text) if text else None


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def tables(shared: Path) -> Path:
    return shared / "data/registry"


def test_jurisdictions(registry: Registry, tables: Path) -> None:
    rows = {row["adcode"]: row for row in rows_of(tables / "admin_codes.csv")}
    assert registry.jurisdictions.keys() == rows.keys()
    assert len(rows) == 205
    for adcode, one in registry.jurisdictions.items():
        row = rows[adcode]
        assert (one.name_zh, one.level) == (row["name_zh"], LEVELS[row["level"]])
        assert "".join(above.name_zh for above in registry.lineage(adcode)[:-1]) == row["parent_zh"]
        assert one.confidence == "secondary"


def test_gauges(registry: Registry, tables: Path) -> None:
    rows = {row["name_zh"]: row for row in rows_of(tables / "hydro_stations.csv")}
    assert {one.name_zh for one in registry.gauges.values()} == rows.keys()
    assert len(rows) == 20
    for gauge in registry.gauges.values():
        row = rows[gauge.name_zh]
        assert registry.rivers[gauge.river].name_zh == row["river_zh"]
        assert gauge.national_code is None and not row["national_station_code"]
        assert gauge.catchment_km2 == number(row["catchment_km2"])
        assert gauge.mean_discharge_m3_s == number(row["mean_annual_flow_m3s"])
        assert gauge.km_above_mouth == number(row["river_km_above_mouth_est"])
        assert (gauge.longitude, gauge.latitude) == (number(row["lon"]), number(row["lat"]))
        assert gauge.position_error_km == number(row["coord_error_km"])
        if row["adcode_county"]:
            assert gauge.located_in == row["adcode_county"]
        for field, source in (
            ("catchment_km2", row["catchment_source"]),
            ("mean_discharge_m3_s", row["flow_source"]),
            ("longitude", row["coord_source"]),
        ):
            is_told = gauge.is_unverified or field in gauge.unverified_fields
            assert ("unverified" in source) <= is_told, (gauge.id, field)
        assert gauge.confidence != "verified"


def test_reservoirs(registry: Registry, tables: Path) -> None:
    rows = {row["name_zh"]: row for row in rows_of(tables / "reservoirs.csv")}
    assert {one.name_zh for one in registry.reservoirs.values()} == rows.keys()
    assert len(rows) == 21
    for one in registry.reservoirs.values():
        row = rows[one.name_zh]
        assert registry.rivers[one.river].name_zh in row["river_zh"]
        assert one.located_in == row["adcode_county"]
        assert (one.longitude, one.latitude) == (number(row["lon"]), number(row["lat"]))
        assert one.km_above_mouth == number(row["river_km_above_mouth_est"])
        assert one.normal_level_m == number(row["normal_level_m"])
        storage = number(row["total_storage_1e9m3"])
        assert one.storage_1e8_m3 == (pytest.approx(storage * 10) if storage else None)
        assert one.catchment_km2 == number(row["catchment_km2"])
        mentioned = 66.0 if "66 MW" in row["notes"] else None
        assert one.installed_mw == (number(row["installed_mw"]) or mentioned)
        if row["confidence"] in ("unverified", "low"):
            assert one.is_unverified
        if "unverified" in row["coord_source"]:
            assert one.is_unverified or "longitude" in one.unverified_fields


def test_air_sites(registry: Registry, tables: Path) -> None:
    rows = {row["station_code"]: row for row in rows_of(tables / "air_stations.csv")}
    assert {one.national_code for one in registry.air_sites.values()} == rows.keys()
    assert len(rows) == 109
    for site in registry.air_sites.values():
        row = rows[site.national_code or ""]
        assert (site.name_zh, site.located_in) == (row["name_zh"], row["adcode_city"])
        assert (site.listed_as or site.name_zh) == row["name_as_listed"]
        assert (site.longitude, site.latitude) == (number(row["lon"]), number(row["lat"]))
        assert site.position_shift_km == number(row["coord_shift_vs_2018_km"])
        assert site.is_background == (row["background_point"] == "Y")
        assert site.role == ROLES[row["role"]]
        assert (site.valid_to is not None) == (row["status"] == "closed")
        (alias,) = site.aliases
        assert (alias.feed, alias.key) == ("cnemc-air", site.national_code)
        assert (FEED_2018 in alias.seen_on) == (row["in_2018_02_feed"] == "Y")
        assert alias.valid_to == site.valid_to
        is_doubtful = row["background_point"].startswith("flag") and row["status"] != "closed"
        assert ("is_background" in site.unverified_fields) == is_doubtful
    assert registry.air_sites["chongqing-gaojiahuayuan"].valid_to == date(2016, 11, 18)


def test_the_course_of_the_jialing(registry: Registry, shared: Path) -> None:
    rows = rows_of(shared / "data/cnemc/jialing_centerline_1to4M.csv")
    points = registry.courses["jialing"].points
    assert len(points) == len(rows) == 759
    for (longitude, latitude, km), row in zip(points, rows, strict=True):
        assert (longitude, latitude) == (float(row["lon"]), float(row["lat"]))
        assert km == pytest.approx(1120 - float(row["km_from_source_1120_system"]), abs=1e-6)


def test_nodes(registry: Registry, tables: Path) -> None:
    rows = {row["km_above_mouth"]: row for row in rows_of(tables / "river_nodes.csv")}
    nodes = [one for one in registry.nodes.values() if one.kind != "dam"]
    assert len(nodes) == len(rows) == 17
    course = registry.courses["jialing"]
    for node in nodes:
        row = rows[str(node.km_above_mouth)]
        assert node.raw_km == float(row["raw_km_from_source_1to4M"])
        assert (node.longitude, node.latitude) == (float(row["lon"]), float(row["lat"]))
        counties = [registry.jurisdictions[one].name_zh for one in node.located_in]
        assert "/".join(counties) == row["county_zh"]
        assert (node.kind == "mouth") == (row["type"] == "mouth")
        assert (node.confidence == "unverified") == (row["confidence"] == "low")
        place = course.place_at(node.km_above_mouth)
        assert place == pytest.approx((node.longitude, node.latitude), abs=0.02)


def test_reaches(registry: Registry, tables: Path) -> None:
    rows = rows_of(tables / "river_reaches.csv")
    nodes = rows_of(tables / "river_nodes.csv")
    by_km = {one.km_above_mouth: one.id for one in registry.nodes.values() if one.kind != "dam"}
    ends = REACH_ENDS | {row["node_id"]: by_km[float(row["km_above_mouth"])] for row in nodes}
    assert len(rows) == 30
    for row in rows:
        reach = registry.reaches[row["reach_id"].lower()]
        assert registry.rivers[reach.river].name_zh == row["river_zh"]
        assert reach.ends == (ends.get(row["from_node"]), ends[row["to_node"]])
        assert reach.length_km == number(row["length_km_1120_system"])
        assert reach.length_1345_km == number(row["length_km_1345_system_est"])
        printed = row["impounded"]
        expected = None if not printed else not printed.startswith("mostly free")
        assert reach.is_impounded == expected, reach.id
        assert reach.confidence in SURE[row["confidence"]]
        for adcode in reach.jurisdictions:
            name = registry.jurisdictions[adcode].name_zh
            assert name in row["jurisdictions"] or name[:2] in row["jurisdictions"], reach.id


def test_travel_time_evidence(registry: Registry, tables: Path) -> None:
    rows = rows_of(tables / "travel_time_evidence.csv")
    assert len(rows) == 20
    told: list[tuple[dict[str, str], Sighting]] = []
    for key, event in EVENTS.items():
        own = [row for row in rows if row["event_id"] == key]
        told += zip(own, registry.events[event].sightings, strict=True)
    for row, sighting in told:
        assert sighting.text == row["observation"]
        assert (sighting.time or "") in row["time_beijing"]
        assert sighting.confidence in SURE[row["confidence"]]
        km = row["river_km_above_mouth"].removeprefix("about ")
        assert sighting.km_above_mouth == (float(km) if km.replace(".", "").isdigit() else None)
        if row["source"] != "same":
            assert sighting.source == row["source"]


def test_passages_are_the_rows_with_an_elapsed_time(registry: Registry, tables: Path) -> None:
    rows = [row for row in rows_of(tables / "travel_time_evidence.csv") if row["elapsed_h"]]
    passages: list[Passage] = [
        one for event in EVENTS.values() for one in registry.events[event].passages
    ]
    assert len(rows) == len(passages) == 5
    for row, one in zip(rows, passages, strict=True):
        bound = {">": "at_least", "<": "at_most"}.get(row["elapsed_h"][0], "about")
        assert one.bound == bound
        assert one.elapsed_h == float(row["elapsed_h"].strip("<>"))
        assert one.distance_km == float(row["distance_km"].removeprefix("about "))
        assert one.velocity_m_s == float(row["velocity_m_s"].strip("<>"))
