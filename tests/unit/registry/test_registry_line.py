"""The river line as data."""

from __future__ import annotations

import json
from datetime import date

import pytest

from ecomon.errors import RegistryError
from ecomon.registry import Registry, line_of

DAY = date(2025, 10, 1)


def test_the_jialing_from_source_to_mouth(shipped: Registry) -> None:
    line = line_of(shipped, "jialing", DAY)
    placed = [stop for stop in line.stops if stop.is_placed]
    assert (placed[0].id, placed[-1].id) == ("jialing-yuantou", "jialing-hekou")
    km = [stop.km_above_mouth for stop in placed if stop.km_above_mouth is not None]
    assert km == sorted(km, reverse=True)
    gaps = [stop.from_previous_km for stop in placed if stop.from_previous_km is not None]
    assert sum(gaps) == pytest.approx(1120.0)
    order = [stop.id for stop in placed]
    assert order.index("yangpingguan-xia") < order.index("luguangping") < order.index("bamiaogou")
    assert order.index("bailong-hekou") == order.index("zhaohua-guzhen") - 1
    stops = {stop.id: stop for stop in line.stops}
    assert stops["bamiaogou"].target == "Ⅱ类" and stops["bamiaogou"].is_km_unverified
    assert stops["tingzikou-ba"].kind == "dam" and stops["tingzikou-ba"].target is None


def test_what_has_no_place_comes_last_and_says_so(shipped: Registry) -> None:
    stops = line_of(shipped, "jialing", DAY).stops
    first_lost = next(at for at, stop in enumerate(stops) if not stop.is_placed)
    assert not any(stop.is_placed for stop in stops[first_lost:])
    lost = {stop.id for stop in stops[first_lost:] if stop.kind == "section"}
    assert lost == {"jinyindu", "yuanxicun", "maliubao", "wujia-matou"}
    everything = {one.id for one in shipped.chain("jialing")}
    assert everything <= {stop.id for stop in stops}


def test_every_section_of_a_river_stands_on_its_line(shipped: Registry) -> None:
    shown = [
        stop.id
        for river in shipped.rivers
        for stop in line_of(shipped, river, DAY).stops
        if stop.kind == "section"
    ]
    assert len(shown) == len(set(shown)) == 88  # of two sections no river is known


def test_travel_times_carry_their_bound_and_event(shipped: Registry) -> None:
    line = line_of(shipped, "jialing", DAY)
    told = {(one.from_site, one.to_site, one.edge): one for one in line.travel_times}
    assert len(told) == 5
    front = told["datan", "qingfengxia", "front"]
    assert (front.bound, front.elapsed_h, front.event) == ("at_least", 10, "antimony-2015")
    assert json.loads(json.dumps(line.as_json()))["travel_times"][0]["event"]


def test_a_river_without_chainage_keeps_its_order(shipped: Registry) -> None:
    line = line_of(shipped, "bailong", DAY)
    order = [stop.id for stop in line.stops if stop.kind == "section" and stop.is_placed]
    assert order == ["liangshuiqiao", "gushuizicun", "yaodu", "bailonghu-baqian", "juguocun"]
    assert {stop.km_above_mouth for stop in line.stops} == {None}
    assert (line.flows_into, line.confluence_km) == ("jialing", 740)


def test_no_such_river(shipped: Registry) -> None:
    with pytest.raises(RegistryError, match="no river 'nile'; one of"):
        line_of(shipped, "nile", DAY)
