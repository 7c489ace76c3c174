"""The basin whole: counts, unique ids, connected reaches, names that drift, who is told everywhere."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from ecomon.model.place import TARGET_UNKNOWN_ZH
from ecomon.registry import Registry, count_gaps, describe, find_gaps, line_of
from ecomon.registry.references import SITE_KINDS

DAY = date(2025, 10, 1)
LENGTH_KM = 1120.0


def test_what_the_basin_is_made_of(shipped: Registry) -> None:
    counts = {
        "sections": 90, "gauges": 20, "air_sites": 109, "reservoirs": 21, "jurisdictions": 205,
        "nodes": 18, "courses": 1, "water_plants": 1, "events": 7, "reaches": 54,
    }  # fmt: skip
    assert {kind: len(getattr(shipped, kind)) for kind in counts} == counts


def test_gaps_are_counted_and_none_is_hidden(shipped: Registry) -> None:
    gaps = find_gaps(shipped)
    counts = {(one.kind, one.field): one.n_places for one in count_gaps(gaps)}
    assert counts["section", "targets"] == 80
    assert counts["section", "national_code"] == 90
    assert counts["section", "located_in"] == 32
    assert counts["section", "longitude"] == 63
    assert counts["gauge", "national_code"] == 20
    assert counts["gauge", "longitude"] == 11
    assert counts["air site", "valid_to"] == 5
    assert sum(counts.values()) == len({(one.kind, one.field, one.place) for one in gaps})
    words = [one.text_zh for one in count_gaps(gaps)]
    assert all(word and not word.isascii() for word in words)


def test_every_section_without_target_says_so_wherever_it_is_shown(shipped: Registry) -> None:
    without = [one.id for one in shipped.sections.values() if not one.targets]
    stops = {
        stop.id: stop for river in shipped.rivers for stop in line_of(shipped, river, DAY).stops
    }
    for section in without:
        told = [one for one in describe(shipped, section) if one["entry"] == "section"]
        assert [one["targets"].startswith(TARGET_UNKNOWN_ZH) for one in told] == [True]
        if shipped.sections[section].river is not None:
            assert (stops[section].target or "").startswith(TARGET_UNKNOWN_ZH)
    assert {one.id for one in shipped.sections_of_no_river()} == {"jiugangcun", "huangjue"}


def test_no_two_places_of_observation_share_an_id(shipped: Registry) -> None:
    ids = [key for kind in SITE_KINDS for key in getattr(shipped, kind)]
    assert len(ids) == len(set(ids)) == len(shipped.sites) == 90 + 20 + 109 + 21


def test_ids_are_pinyin_of_this_alphabet(shipped: Registry) -> None:
    for key in (*shipped.sites, *shipped.rivers, *shipped.nodes, *shipped.offices):
        assert key.isascii() and key == key.lower() and " " not in key


def test_the_reaches_of_the_jialing_join_end_to_end(shipped: Registry) -> None:
    reaches = [one for key, one in sorted(shipped.reaches.items()) if key.startswith("jl")]
    assert len(reaches) == 23
    assert reaches[0].from_node == "jialing-yuantou"
    assert reaches[-1].to_node == "jialing-hekou"
    for above, below in pairwise(reaches):
        assert above.ends[1] == below.ends[0]
    assert sum(one.length_km or 0 for one in reaches) == pytest.approx(LENGTH_KM, abs=1.5)
    places = {**shipped.nodes, **shipped.sections}
    for one in reaches:
        start, end = (places[end] for end in one.ends if end is not None)
        assert start.km_above_mouth is not None and end.km_above_mouth is not None
        gap = start.km_above_mouth - end.km_above_mouth
        assert gap == pytest.approx(one.length_km, abs=1.0), one.id
        assert (one.length_1345_km or 0) == pytest.approx(
            (one.length_km or 0) * 1345 / 1120, abs=0.2
        )


def test_every_tributary_reach_ends_where_its_river_joins(shipped: Registry) -> None:
    for one in shipped.reaches.values():
        if one.to_node and one.river != "jialing":
            assert shipped.nodes[one.to_node].joins == one.river
            river = shipped.rivers[one.river]
            assert river.flows_into == shipped.nodes[one.to_node].river
            assert river.confluence_km == shipped.nodes[one.to_node].km_above_mouth


def test_every_river_with_a_known_way_reaches_the_yangtze(shipped: Registry) -> None:
    for river in shipped.rivers:
        way = [river]
        while (following := shipped.rivers[way[-1]].flows_into) is not None:
            way.append(following)
        known = shipped.rivers[river].flows_into is not None
        assert (way[-1] == "changjiang") == (known or river == "changjiang"), way


@pytest.mark.parametrize(
    ("key", "day", "site"),
    [
        ("四川省/文成镇", date(2021, 4, 1), "qingquanxiang"),
        ("四川省/文成镇", date(2026, 2, 4), None),
        ("四川省/清泉乡", date(2026, 2, 4), "qingquanxiang"),
        ("四川省/清泉乡", date(2021, 4, 1), None),
        ("重庆市/码头", date(2020, 5, 8), "qujiang-matou"),
        ("重庆市/渠江码头", date(2026, 2, 4), "qujiang-matou"),
        ("四川省/清风峡", date(2021, 4, 1), "qingfengxia"),
        ("四川省/清风峡", date(2026, 2, 4), None),
        ("湖南省/码头", date(2020, 5, 8), None),
        ("四川省/团堡岭", date(2026, 2, 4), "tuanbaoling"),
    ],
)
def test_names_drift_with_their_dates(
    shipped: Registry, key: str, day: date, site: str | None
) -> None:
    assert shipped.resolve("cnemc-water", key, day) == site


def test_a_name_holds_while_it_is_seen_and_ends_where_the_whole_list_lacks_it(
    shipped: Registry,
) -> None:
    for section in shipped.sections.values():
        for alias in section.aliases:
            assert all(alias.holds_on(day) for day in alias.seen_on), alias
            assert alias.holds_on(date(2026, 2, 4)) == (date(2026, 2, 4) not in alias.absent_on)


def test_somebody_is_told_of_every_section(shipped: Registry) -> None:
    for section in shipped.sections.values():
        told = shipped.offices_to_tell(section.id)
        kinds = {one.kind for one in told if one.jurisdiction == section.located_in}
        assert {"river_chief", "ecology_bureau"} <= kinds, section.id
        assert len(told) == len({one.id for one in told})


def test_every_intake_belongs_to_a_plant_that_is_told_of_it(shipped: Registry) -> None:
    intakes = {one.id for one in shipped.sections.values() if one.kind == "intake"}
    served = {name: plant for plant in shipped.water_plants.values() for name in plant.intakes}
    assert intakes == served.keys()
    for name, plant in served.items():
        assert plant.office in {one.id for one in shipped.offices_to_tell(name)}


def test_travel_times_are_those_of_events(shipped: Registry) -> None:
    found = shipped.passages("bamiaogou", "xiwan-intake")
    assert [(event.id, one.edge, one.elapsed_h) for event, one in found] == [
        ("thallium-2021", "front", 20), ("thallium-2021", "recession", 16),
    ]  # fmt: skip
    for event in shipped.events.values():
        for one in event.passages:
            if one.distance_km and one.velocity_m_s:
                velocity = one.distance_km / 3.6 / one.elapsed_h
                assert velocity == pytest.approx(one.velocity_m_s, abs=0.05), event.id
    assert all(
        not link.travel_time_h for one in shipped.sections.values() for link in one.discharge
    )
