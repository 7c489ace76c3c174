"""``ecomon registry check | show | diff``, as text and as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecomon.registry import read_registry

Ecomon = Callable[..., Any]


@pytest.fixture
def local_home(tmp_path: Path) -> Path:
    """A home whose own folder names one office more."""
    stations = tmp_path / "office-home" / "site" / "stations"
    stations.mkdir(parents=True)
    (stations / "offices.yaml").write_text(
        "offices:\n"
        "  - {id: our-office, name_zh: 本局, name_en: Our office, kind: ecology_bureau,"
        ' jurisdiction: "510800", source: ourselves, confidence: verified}\n',
        "utf-8",
    )
    return tmp_path / "office-home"


def test_check_lists_every_gap_and_ends_with_a_sum(ecomon: Ecomon) -> None:
    said = ecomon("registry", "check")
    registry = read_registry()
    assert said.code == 0
    *told, places, last = said.lines
    at = told.index("缺项汇总 gaps by kind and field")
    gaps, counts = told[:at], told[at + 1 :]
    assert all(len(line.split("\t")) == 3 for line in gaps)
    assert "   80  section       targets" in {line[:28] for line in counts}
    assert sum(line.split()[1] == "section" for line in counts) > 10
    assert places.startswith(f"{len(registry.sections)} sections, {len(registry.gauges)} gauges")
    assert last == f"规则集 rule set {registry.hash[:16]}  缺项 gaps {len(gaps)}"


def test_check_as_json_gives_the_same_gaps(ecomon: Ecomon) -> None:
    text, records = ecomon("registry", "check"), ecomon("registry", "check", "--json").records
    assert len(records) == text.lines.index("缺项汇总 gaps by kind and field") > 0
    assert {tuple(one) for one in records} == {("place", "kind", "field", "text_zh", "text_en")}
    of_yaodu = {one["field"] for one in records if one["place"] == "yaodu"}
    assert {"discharge", "unverified_fields"} <= of_yaodu  # its link to 碧口 is an assumption


@pytest.mark.parametrize("name", ["yaodu", "姚渡", "Yaodu"])
def test_show_finds_a_section_by_id_and_by_both_names(ecomon: Ecomon, name: str) -> None:
    (record,) = [
        one for one in ecomon("registry", "show", name, "--json").records
        if one["entry"] == "section"
    ]  # fmt: skip
    assert (record["id"], record["name_zh"], record["name_en"]) == ("yaodu", "姚渡", "Yaodu")
    assert record["is_local"] is False
    assert record["source"] and record["confidence"]


def test_show_as_text_has_a_line_a_field(ecomon: Ecomon) -> None:
    text = ecomon("registry", "show", "yaodu")
    (record, *_) = ecomon("registry", "show", "yaodu", "--json").records
    fields = [line.split(" ", 1)[0] for line in text.lines if line]
    assert fields[: len(record)] == list(record)
    assert any(line.startswith("name_zh") and line.endswith("姚渡") for line in text.lines)


def test_diff_says_that_nothing_is_local(ecomon: Ecomon, tmp_path: Path) -> None:
    said = ecomon("registry", "diff", "--home", tmp_path / "none")
    assert (said.code, len(said.lines)) == (0, 1)
    assert said.lines[0].startswith("本地无增改 nothing local in")
    assert ecomon("registry", "diff", "--home", tmp_path / "none", "--json").lines == []


def test_diff_names_what_the_site_adds(ecomon: Ecomon, local_home: Path) -> None:
    (record,) = ecomon("registry", "diff", "--home", local_home, "--json").records
    assert list(record) == ["act", "kind", "id", "field", "old", "new"]
    assert (record["act"], record["kind"], record["id"]) == ("added", "offices", "our-office")
    assert record["new"]["name_zh"] == "本局"
    (line,) = ecomon("registry", "diff", "--home", local_home).lines
    assert line.startswith("added\toffices\tour-office\t-\t-\t{")


def test_the_home_of_the_environment_is_used(
    ecomon: Ecomon, local_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOMON_HOME", str(local_home))
    assert ecomon("registry", "show", "our-office", "--json").records[0]["is_local"] is True


def test_geojson_holds_every_place_and_says_which_have_no_position(
    ecomon: Ecomon, tmp_path: Path
) -> None:
    said = ecomon("registry", "geojson", "--out", tmp_path / "basin.geojson")
    written = (tmp_path / "basin.geojson").read_text(encoding="utf-8")
    collection = json.loads(written)
    features = collection["features"]
    n_lost = sum(one["geometry"] is None for one in features)
    assert said.lines == [
        f"{tmp_path / 'basin.geojson'}: {len(features)} features, 无坐标 without a position {n_lost}"
    ]
    assert {"section/yaodu", "gauge/beibei", "course/jialing"} <= {one["id"] for one in features}
    assert ecomon("registry", "geojson").out == written


def test_line_of_a_river_as_text_and_as_json(ecomon: Ecomon) -> None:
    (found,) = ecomon("registry", "line", "jialing", "--json").records
    text = ecomon("registry", "line", "jialing").lines
    assert len(text) == len(found["stops"]) + len(found["travel_times"]) + 2
    assert any("bamiaogou → xiwan-intake  front ≈20 h, 58.0 km" in one for one in text)
    assert ecomon("registry", "line", "nile").code == 2
