"""The example speaks of places by the ids and the source keys of ``stations/``."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import ecomon
from ecomon.example import readings
from ecomon.example.emergency import EMERGENCY_SITES
from ecomon.example.profile import AIR_RELATIVE, GAUGE_PROFILES, SECTION_PROFILES

STATIONS = Path(ecomon.__file__).parent.parent / "stations"


def _places(*files: Path, key: str) -> dict[str, dict[str, Any]]:
    yaml = YAML(typ="safe")
    return {place["id"]: place for file in files for place in yaml.load(file)[key]}


@pytest.fixture(scope="module")
def sections() -> dict[str, dict[str, Any]]:
    return _places(*sorted((STATIONS / "sections").glob("*.yaml")), key="sections")


def _keys(place: dict[str, Any], feed: str) -> set[str]:
    return {alias["key"] for alias in place.get("aliases", []) if alias["feed"] == feed}


def test_simulated_sections_are_found_by_the_names_that_the_archive_prints(
    sections: dict[str, dict[str, Any]],
) -> None:
    for section, profile in SECTION_PROFILES.items():
        printed = f"{profile.province_zh}/{profile.name_zh}"
        assert printed in _keys(sections[section], "cnemc-water")
    assert set(EMERGENCY_SITES) <= sections.keys()


def test_packaged_readings_name_known_sections(sections: dict[str, dict[str, Any]]) -> None:
    for octets in readings().values():
        lines = [line for line in octets.decode("utf-8").splitlines() if not line.startswith("#")]
        named = {row["site"] for row in csv.DictReader(io.StringIO("\n".join(lines)))}
        assert named <= sections.keys()


def test_gauges_and_air_sites_are_those_of_the_registry() -> None:
    gauges = _places(STATIONS / "gauges.yaml", key="gauges")
    for gauge, profile in GAUGE_PROFILES.items():
        assert profile.stcd in _keys(gauges[gauge], "st-river-r")
    assert (
        set(AIR_RELATIVE)
        <= _places(*sorted((STATIONS / "air_sites").glob("*.yaml")), key="air_sites").keys()
    )


@pytest.mark.parametrize("section", ["bamiaogou", "yaodu", "juguocun"])
def test_true_discharge_of_the_linked_sections_is_what_the_registry_links(
    sections: dict[str, dict[str, Any]], section: str
) -> None:
    """Loads computed through the registry's link may then be held against the true loads."""
    linked = {
        (link["gauge"], link["factor"], link.get("travel_time_h", 0))
        for link in sections[section]["discharge"]
    }
    assert linked == set(SECTION_PROFILES[section].discharge)
