"""Instruments at the gateway: silent beside others, all silent as one, and a change told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ecomon.alert import (
    InstrumentRules,
    OperationsAlert,
    WatchedInstrument,
    advance_operations,
    resumption_of,
    stand_of_instruments,
    stand_of_new_quirks,
    write_operations_notices,
)
from ecomon.model.instrument import InstrumentCount

NOON = datetime(2026, 11, 1, 12)
RULES = InstrumentRules()  # three cadences and a quarter of an hour
FEED = "hj212"


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


class Gateway:
    """Instruments, when each was last heard, and the alerts from look to look."""

    def __init__(self, **cadence_h: float) -> None:
        self.watched = {
            mn: WatchedInstrument(hours(given), (f"仪器 {mn}", f"instrument {mn}"))
            for mn, given in cadence_h.items()
        }
        self.heard: dict[str, InstrumentCount] = {}
        self.alerts: dict[str, OperationsAlert] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.quirks: list[tuple[str, str, datetime]] = []

    def hear(self, at: datetime, *mns: str, has_data: bool = True) -> None:
        """An hourly message of the hour before, or a heartbeat."""
        for mn in mns:
            known = self.heard.setdefault(mn, InstrumentCount(mn, "yaodu", at, at))
            known.last_seen = at
            if has_data:
                cadence = self.watched[mn].cadence if mn in self.watched else hours(1)
                known.last_data = at - cadence

    def look(self, at: datetime) -> list[str]:
        resumed_at = resumption_of(self.alerts.values(), FEED, at, kind="silent_gateway")
        standings = [
            *stand_of_instruments(
                list(self.heard.values()),
                self.watched,
                RULES,
                FEED,
                as_of=at,
                resumed_at=resumed_at,
            ),
            *stand_of_new_quirks(self.quirks, self.watched, FEED),
        ]
        outcome = advance_operations(self.alerts.values(), standings, as_of=at)
        self.alerts |= {one.id: one for one in outcome.alerts}
        new = [
            one
            for one in write_operations_notices(outcome, as_of=at)
            if one["idempotency_key"] not in self.told
        ]
        self.told |= {one["idempotency_key"]: one for one in new}
        return [f"{one['kind']} {one['fingerprint']}" for one in new]

    def open(self) -> set[str]:
        return {one.fingerprint for one in self.alerts.values() if one.state == "open"}


def test_an_instrument_is_silent_after_its_own_cadence() -> None:
    one = Gateway(hourly=1, daily=24, other=1)
    one.hear(NOON, "hourly", "daily", "other")
    for hour in (1, 2, 3):
        one.hear(NOON + hours(hour), "other")
        assert one.look(NOON + hours(hour)) == []
    one.hear(NOON + hours(3.3), "other")
    assert one.look(NOON + hours(3.3)) == ["opened silent_instrument/hj212"]
    assert one.open() == {"silent_instrument/hj212/hourly"}
    (alert,) = one.alerts.values()
    assert alert.opened_at == NOON + hours(3.25)
    (notice,) = one.told.values()
    assert notice["office"] == "operations" and "仪器 hourly" in notice["subject_zh"]
    assert "最近来报 2026-11-01 12:00" in notice["body_zh"]
    assert one.look(NOON + hours(3.4)) == []
    one.hear(NOON + hours(5), "hourly", "other")
    assert [said.split()[0] for said in one.look(NOON + hours(5))] == ["over"]
    assert one.open() == set()


def test_many_at_once_are_one_notice_and_all_at_once_are_the_gateway() -> None:
    one = Gateway(**{f"m{number:02}": 1.0 for number in range(50)})
    names = sorted(one.watched)
    one.hear(NOON, *names)
    one.hear(NOON + hours(4), *names[45:])
    assert one.look(NOON + hours(4)) == ["opened silent_instrument/hj212"]
    assert len(one.open()) == 45
    (notice,) = one.told.values()
    assert "45 台仪器" in notice["subject_zh"] and "45 instruments" in notice["subject_en"]
    assert "另有 5 项" in notice["body_zh"]
    # Now nobody is heard at all.
    assert one.look(NOON + hours(7.3)) == ["opened silent_gateway/hj212"]
    assert "网关 hj212（5 台仪器）" in one.told[list(one.told)[-1]]["subject_zh"]
    assert one.look(NOON + hours(9)) == []
    # The first comes back: the outage is over, and the others have their whole patience again.
    one.hear(NOON + hours(10), names[49])
    assert one.look(NOON + hours(10)) == ["over silent_gateway/hj212"]
    one.hear(NOON + hours(12), names[49])
    assert one.look(NOON + hours(12)) == []
    one.hear(NOON + hours(13.5), names[49])
    assert one.look(NOON + hours(13.5)) == ["opened silent_instrument/hj212"]


def test_the_gateway_alone_is_told_where_all_fall_silent_together() -> None:
    one = Gateway(a=1, b=1, c=4)
    one.hear(NOON, "a", "b", "c")
    assert one.look(NOON + hours(3.2)) == []
    assert one.look(NOON + hours(3.3)) == ["opened silent_gateway/hj212"]
    assert one.look(NOON + hours(13)) == []
    assert one.open() == {"silent_gateway/hj212"}


def test_of_two_nobody_knows_which_until_the_slower_one_is_due() -> None:
    one = Gateway(a=1, b=4)
    one.hear(NOON, "a", "b")
    assert one.look(NOON + hours(3.5)) == []
    one.hear(NOON + hours(4), "b")
    assert one.look(NOON + hours(4)) == ["opened silent_instrument/hj212"]
    assert one.open() == {"silent_instrument/hj212/a"}


def test_a_stranger_shows_that_the_gateway_hears() -> None:
    one = Gateway(a=1)
    one.hear(NOON, "a")
    one.hear(NOON + hours(4), "")
    one.look(NOON + hours(4))
    assert one.open() == {"silent_instrument/hj212/a"}


def test_heartbeats_without_data_are_silence() -> None:
    one = Gateway(a=1, b=1)
    one.hear(NOON, "a", "b")
    for hour in (1, 2, 3, 4):
        one.hear(NOON + hours(hour), "a")
        one.hear(NOON + hours(hour), "b", has_data=False)
    one.look(NOON + hours(4))
    assert one.open() == {"silent_instrument/hj212/b"}
    (notice,) = one.told.values()
    assert "最近来报 2026-11-01 16:00，数据时间 2026-11-01 11:00" in notice["body_zh"]


def test_no_clock_ends_a_silence_and_what_is_not_watched_any_more_is_dropped() -> None:
    one = Gateway(a=1, b=1)
    one.hear(NOON, "a", "b")
    one.hear(NOON + hours(4), "b")
    one.look(NOON + hours(4))
    assert one.look(NOON + hours(1)) == []  # a clock set back
    assert one.open() == {"silent_instrument/hj212/a"}
    del one.watched["a"]  # suspended, or registered no more
    assert [said.split()[0] for said in one.look(NOON + hours(4))] == ["dropped"]


@pytest.mark.parametrize("heard_h", [None, 31 * 24])
def test_one_that_never_spoke_or_long_ago_tells_nobody(heard_h: float | None) -> None:
    one = Gateway(a=1, b=1)
    if heard_h is not None:
        one.hear(NOON - hours(heard_h), "a")
    one.hear(NOON, "b")
    assert one.look(NOON) == []


def test_a_new_quirk_is_told_once_and_ends_in_silence() -> None:
    one = Gateway(a=1, b=1)
    one.quirks = [("a", "crc_lower_case", NOON), ("b", "tail_LF", NOON), ("gone", "tail_LF", NOON)]
    assert one.look(NOON) == ["opened new_quirk/hj212"]
    (notice,) = one.told.values()
    assert "crc_lower_case" in notice["body_zh"] and "tail_LF" in notice["body_en"]
    assert one.look(NOON + hours(30)) == []  # no reminder
    one.quirks = []
    assert one.look(NOON + hours(170)) == []
    assert one.open() == set()
