"""Our own GeoJSON: every place, where it is and how sure that is."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from ecomon.model.place import Section, Target
from ecomon.model.river import Course
from ecomon.publish.geo import basin_geojson, geojson_octets

DAY = date(2025, 10, 1)
COURSE = Course(
    river="jialing", line="106 33 100, 106.5 32 50, 107 31 0", source="test", confidence="secondary"
)


def section(site: str, **more: Any) -> Section:
    facts = {
        "name_zh": f"断面{site}", "name_en": site, "river": "jialing", "kind": "inside",
        "located_in": "510800", "source": "test", "confidence": "secondary",
    }  # fmt: skip
    return Section.model_validate({**facts, "id": site, **more})


def features(*sections: Section) -> dict[str, dict[str, Any]]:
    collection = basin_geojson({"jialing": COURSE}, {"section": sections}, DAY)
    assert collection["type"] == "FeatureCollection"
    return {one["id"]: one for one in collection["features"]}


def test_the_line_runs_from_source_to_mouth_longitude_first() -> None:
    line = features()["course/jialing"]
    assert line["geometry"] == {
        "type": "LineString", "coordinates": [[106, 33], [106.5, 32], [107, 31]],
    }  # fmt: skip
    assert (line["properties"]["from_km"], line["properties"]["to_km"]) == (100, 0)


def test_a_given_position_with_its_error() -> None:
    found = features(section("a", longitude=105.9, latitude=32.6, position_error_km=0.5))
    feature = found["section/a"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [105.9, 32.6]}
    told = feature["properties"]
    assert (told["position"], told["position_error_km"]) == ("given", 0.5)
    assert told["is_position_unverified"] is False
    doubted = section("b", longitude=105.9, latitude=32.6, unverified_fields=("longitude",))
    assert features(doubted)["section/b"]["properties"]["is_position_unverified"] is True


@pytest.mark.parametrize(
    ("km", "point"), [(100, [106, 33]), (75, [106.25, 32.5]), (50, [106.5, 32]), (0, [107, 31])]
)
def test_a_known_chainage_is_set_on_the_line(km: float, point: list[float]) -> None:
    feature = features(section("a", km_above_mouth=km))["section/a"]
    assert feature["geometry"]["coordinates"] == pytest.approx(point)
    told = feature["properties"]
    assert (told["position"], told["is_position_unverified"]) == ("chainage", True)


def test_an_unknown_place_is_there_without_geometry() -> None:
    for lost in (section("a"), section("a", km_above_mouth=101), section("a", river=None)):
        feature = features(lost)["section/a"]
        assert feature["geometry"] is None
        assert feature["properties"]["position"] is None
        assert feature["properties"]["is_position_unverified"] is None


def test_a_section_without_target_says_so() -> None:
    target = Target(grade=2, source="test", confidence="verified", valid_to=DAY)
    earlier = features(section("a", targets=(target,)))["section/a"]["properties"]
    assert earlier["target_grade"] is None
    assert earlier["target_text"].startswith("目标未配置")
    target = Target(grade=2, source="test", confidence="verified")
    now = features(section("a", targets=(target,)))["section/a"]["properties"]
    assert (now["target_grade"], now["target_text"]) == (2, None)


def test_octets_are_json_one_feature_a_line() -> None:
    collection = basin_geojson({"jialing": COURSE}, {"section": [section("b"), section("a")]}, DAY)
    octets = geojson_octets(collection)
    assert json.loads(octets) == collection
    assert len(octets.decode().splitlines()) == 3 + 2
    assert [one["id"] for one in collection["features"]] == [
        "course/jialing", "section/a", "section/b",
    ]  # fmt: skip
