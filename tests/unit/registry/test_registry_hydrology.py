"""Ratings, pulls and the tests of hydrology among the facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ecomon.errors import RegistryError
from ecomon.registry import Registry, read_registry, read_snapshot

Overlay = Callable[[dict[str, str]], Path]
CURVE = """\
  - {id: %s, gauge: bikou, version: "1", datum: test, begins_at: "%s", ends_at: %s,
     points: [[500.0, 100], [502.5, 140.25]], source: test, confidence: verified}
"""


def ratings(*curves: tuple[str, str, str]) -> dict[str, str]:
    return {"stations/ratings/bikou.yaml": "ratings:\n" + "".join(CURVE % one for one in curves)}


def test_as_shipped_no_database_is_read(shipped: Registry) -> None:
    assert {one.feed for one in shipped.pulls.values()} == {
        "st-river-r", "st-rsvr-r", "st-pptn-r", "st-zqrl-b",
    }  # fmt: skip
    assert not any(one.is_enabled for one in shipped.pulls.values())
    assert shipped.ratings == {}


def test_a_site_names_its_database_by_a_variable_alone(shipped: Registry, overlay: Overlay) -> None:
    own = "pulls: [{id: sl323-river, is_enabled: true, schema_name: dbo, increment: time}]"
    local = read_registry(overlay=overlay({"stations/pulls/own.yaml": own}))
    assert local.pulls["sl323-river"].is_enabled
    assert local.pulls["sl323-river"].overlap_h == shipped.pulls["sl323-river"].overlap_h
    for wrong, said in (
        ("url: 'mssql://sa:secret@h/x'", "Extra inputs"),
        ("table: 'ST_RIVER_R; DROP TABLE x'", "should match pattern"),
        ("columns: {FOO: BAR}", "does not have: FOO"),
        ("url_variable: PATH", "should match pattern"),
        ("unverified_fields: [nothing]", "no field of a pull"),
    ):
        own = f"pulls: [{{id: sl323-river, {wrong}}}]"
        with pytest.raises(RegistryError, match=said):
            read_registry(overlay=overlay({"stations/pulls/own.yaml": own}))


def test_one_curve_of_a_gauge_at_a_time(overlay: Overlay) -> None:
    half, whole = "2025-07-01T08:00:00", "2025-01-01T00:00:00"
    local = read_registry(overlay=overlay(ratings(("b", half, "null"), ("a", whole, f'"{half}"'))))
    assert [one.id for one in local.ratings_of("bikou")] == ["a", "b"]
    assert local.ratings_of("bikou")[1].begins_at == datetime(2025, 7, 1, 8)
    assert local.ratings_of("bikou")[0].points == ((500.0, 100.0), (502.5, 140.25))
    again = read_snapshot(local.snapshot)
    assert again.ratings == local.ratings
    with pytest.raises(RegistryError, match="in force at the same time as"):
        read_registry(overlay=overlay(ratings(("a", whole, "null"), ("b", half, "null"))))
    stranger = ratings(("a", whole, "null"))["stations/ratings/bikou.yaml"].replace("bikou", "nix")
    with pytest.raises(RegistryError, match="names nothing that is known among gauges"):
        read_registry(overlay=overlay({"stations/ratings/bikou.yaml": stranger}))


def test_the_tests_of_all_media_are_one_rule_set(shipped: Registry, overlay: Overlay) -> None:
    rules = shipped.quality_rules
    assert rules.key == "surface-water@5+hydrology@1"
    assert rules.checks_of("yaodu", "NH3N") == shipped.quality.checks_of("yaodu", "NH3N")
    assert rules.checks_of("bikou", "STAGE") is not None
    own = (
        "id: hydrology\nchecks:\n  bikou: {determinands: [STAGE], sites: [bikou],"
        " range: {suspect_high: 700}, source: t, confidence: verified}\n"
    )
    local = read_registry(overlay=overlay({"thresholds/quality/hydrology.yaml": own}))
    found = local.quality_rules.checks_of("bikou", "STAGE")
    assert found is not None
    assert found.range is not None
    assert found.range.suspect_high == 700
    assert found.rate == rules.checks_of(None, "STAGE").rate  # pyright: ignore[reportOptionalMemberAccess]
    twice = (
        "checks:\n  q: {determinands: [DISCHARGE], unit: m3/s, source: t, confidence: verified}\n"
    )
    with pytest.raises(RegistryError, match="DISCHARGE stands in both"):
        read_registry(overlay=overlay({"thresholds/quality/surface-water.yaml": twice}))


def test_an_older_snapshot_is_read_by_the_rules_it_holds(shipped: Registry) -> None:
    """Before hydrology had a file of its own its tests stood with those of the water."""
    stored = json.loads(shipped.snapshot)
    for kind in ("pulls", "ratings", "quality_media"):
        del stored[kind]
    older = read_snapshot(json.dumps(stored, ensure_ascii=False).encode())
    assert older.quality_rules == older.quality
    assert older.ratings_of("bikou") == ()
