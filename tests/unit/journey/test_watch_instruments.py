"""Which instruments are watched, how often each is expected, and that a stop that is registered is silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from gateway_stations import facts, stations

from ecomon.decode.hj212.station import Station
from ecomon.journey.watch_sources import (
    GATEWAY_FEED,
    Watched,
    advance_watch,
    cadence_s,
    instruments_to_watch,
    quirks_are_new_since,
)
from ecomon.model.feed import Expectation, Suspension
from ecomon.model.instrument import InstrumentCount
from ecomon.model.tables import RECEIPTS
from ecomon.registry import Registry, read_registry

NOON = datetime(2026, 11, 1, 12)
DAY = NOON.date()


@pytest.fixture(scope="module")
def registry() -> Registry:
    return replace(read_registry(), instruments={one.mn: one for one in facts().stations})


def suspended(registry: Registry, site: str | None, **options: bool) -> Registry:
    stop = Suspension.model_validate(
        {"site": site, "valid_from": DAY, "reason": "检修", "source": "t", "confidence": "verified"}
    )
    feed = registry.feeds[GATEWAY_FEED].model_copy(update={"suspensions": (stop,), **options})
    assert isinstance(feed, Expectation)
    return replace(registry, feeds={**registry.feeds, GATEWAY_FEED: feed})


def test_a_cadence_is_as_stated_or_the_shortest_interval_or_an_hour() -> None:
    def of(**given: object) -> int:
        return cadence_s(Station.model_validate({"mn": "A", "site": "yaodu", **given}))

    assert of(cadence_s=14_400, intervals_s={"2051": 600}) == 14_400
    assert of(intervals_s={"2061": 14_400, "2051": 600}) == 600
    assert of() == 3600


def test_a_suspension_holds_for_the_instruments_of_its_site(registry: Registry) -> None:
    mine, other = (one.mn for one in stations())
    watched = instruments_to_watch(registry, DAY)
    assert set(watched) == {mine, other}
    assert watched[mine].name == (f"仪器 姚渡 {mine}", f"instrument Yaodu {mine}")
    assert set(instruments_to_watch(suspended(registry, "yaodu"), DAY)) == {other}
    assert set(instruments_to_watch(suspended(registry, "yaodu"), DAY - timedelta(1))) == set(
        watched
    )
    assert instruments_to_watch(suspended(registry, None), date(2026, 12, 1)) == {}
    off = suspended(registry, "yaodu", is_watched=False)
    assert instruments_to_watch(off, DAY - timedelta(1)) == {}


def test_a_silent_instrument_and_a_new_quirk_become_alerts_beside_the_others(
    registry: Registry,
) -> None:
    mine, other = (one.mn for one in stations())
    counts = [
        InstrumentCount(mine, "yaodu", NOON - timedelta(3), NOON - timedelta(hours=5)),
        InstrumentCount(other, "bamiaogou", NOON - timedelta(3), NOON),
    ]
    quirk = (other, "tail_LF", NOON - timedelta(hours=1))
    assert quirk[2] > quirks_are_new_since(registry, NOON)
    seen = Watched(RECEIPTS.empty(), [], [], counts, [quirk])
    outcome, notices = advance_watch([], seen, registry, as_of=NOON, kind="real")
    assert [one.fingerprint for one in outcome.alerts] == [
        f"new_quirk/hj212/{other}/tail_LF", f"silent_instrument/hj212/{mine}",
    ]  # fmt: skip
    assert [one["office"] for one in notices] == ["operations", "operations"]
    again, none = advance_watch(
        [one.as_document() for one in outcome.alerts], seen, registry, as_of=NOON, kind="real"
    )
    assert (again.turns, none) == ((), [])
