"""What falls silent or fails is told once, comes back once, and no clock ends an outage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.alert import (
    Listening,
    OperationsAlert,
    OperationsOutcome,
    Standing,
    advance_operations,
    resumption_of,
    stand_of_feed,
    stand_of_flows,
    stand_of_polls,
    write_operations_notices,
)
from ecomon.model.feed import Expectation, Suspension
from ecomon.model.observation import DataKind
from ecomon.model.period import to_epoch_s
from ecomon.model.poll import PollState
from ecomon.model.tables import RECEIPTS

FACTS: dict[str, Any] = {"source": "test", "confidence": "verified"}
WATER = Expectation(
    id="cnemc-water", name_zh="国家水站", name_en="water stations", cadence_s=14_400,
    grace_s=3_600, silent_after_s=43_200, **FACTS,
)  # fmt: skip
NOON = datetime(2025, 10, 1, 12)
SITES = ("shaxi", "yaodu", "nandu")
Heard = Mapping[str, datetime | None]


def receipts(heard: Heard, day: datetime) -> pd.DataFrame:
    names = sorted(heard)
    midnight = day.replace(hour=0, minute=0)
    starts = [None if heard[name] is None else np.datetime64(heard[name], "us") for name in names]  # pyright: ignore[reportArgumentType]
    return RECEIPTS.frame(
        {
            "source": ["cnemc-water"] * len(names),
            "site": names,
            "period": [f"{midnight:%Y-%m-%d}"] * len(names),
            "start": np.array([midnight] * len(names), dtype="datetime64[us]"),
            "n_expected": [6] * len(names),
            "n_received": [0] * len(names),
            "share": [0.0] * len(names),
            "last_at": np.array(starts, dtype="datetime64[us]"),
            "status": ["silent"] * len(names),
        }
    )


class Watch:
    """An installation whose operations alerts are kept from look to look."""

    def __init__(self, expectation: Expectation = WATER, kind: DataKind = "real") -> None:
        self.alerts: dict[str, OperationsAlert] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.expectation = expectation
        self.kind: DataKind = kind

    def look(self, heard: Heard, as_of: datetime, **options: Any) -> list[str]:
        """The kinds of the notices that are new, one word each, after a look at a feed."""
        resumed_at = resumption_of(self.alerts.values(), "cnemc-water", as_of)
        given = {"heard_until": as_of, "resumed_at": resumed_at, **options}
        empty = RECEIPTS.empty()
        table = receipts(heard, as_of) if heard else empty
        return self.advance(stand_of_feed(Listening(self.expectation, table, **given)), as_of)

    def advance(self, standings: list[Standing], as_of: datetime) -> list[str]:
        outcome = advance_operations(self.alerts.values(), standings, as_of=as_of)
        # As the store does: the documents are what is kept.
        kept = [OperationsAlert.from_document(one.as_document()) for one in outcome.alerts]
        assert kept == list(outcome.alerts)
        self.alerts |= {one.id: one for one in kept}
        new = self._new_notices(outcome, as_of)
        self.told |= {one["idempotency_key"]: one for one in new}
        return [f"{one['kind']} {one['fingerprint']}" for one in new]

    def _new_notices(self, outcome: OperationsOutcome, as_of: datetime) -> list[dict[str, Any]]:
        notices = write_operations_notices(outcome, as_of=as_of, kind=self.kind)
        return [one for one in notices if one["idempotency_key"] not in self.told]

    def open(self) -> set[str]:
        return {one.fingerprint for one in self.alerts.values() if one.state == "open"}


def all_at(at: datetime, **others: datetime | None) -> dict[str, datetime | None]:
    return {**dict.fromkeys(SITES, at), **others}


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_a_station_falls_silent_and_comes_back() -> None:
    watch = Watch()
    # Its last reading is of noon; those of 16, 20 and 00 h have until 01:00 to come.
    for hour in (4, 8, 12):
        assert watch.look(all_at(NOON + hours(hour), yaodu=NOON), NOON + hours(hour + 0.9)) == []
    later = all_at(NOON + hours(12), yaodu=NOON)
    assert watch.look(later, NOON + hours(13)) == ["opened silent_station/cnemc-water"]
    assert watch.open() == {"silent_station/cnemc-water/yaodu"}
    assert watch.look(later, NOON + hours(13)) == []
    assert watch.look(all_at(NOON + hours(16), yaodu=NOON), NOON + hours(17)) == []
    back = NOON + hours(20)
    assert watch.look(all_at(back), back + hours(1)) == ["over silent_station/cnemc-water"]
    assert watch.open() == set()
    (alert,) = watch.alerts.values()
    assert (alert.opened_at, alert.over_at) == (NOON + hours(13), back + hours(1))


def test_a_silent_source_is_one_alert_and_its_stations_none() -> None:
    watch = Watch()
    assert watch.look(all_at(NOON), NOON + hours(12.9)) == []
    assert watch.look(all_at(NOON), NOON + hours(13)) == ["opened silent_source/cnemc-water"]
    assert watch.look(all_at(NOON), NOON + hours(20)) == []
    assert watch.open() == {"silent_source/cnemc-water"}


def test_stations_get_their_patience_again_after_an_outage() -> None:
    watch = Watch()
    watch.look(all_at(NOON), NOON + hours(13))
    first = NOON + hours(24)
    some = all_at(NOON, shaxi=first)
    assert watch.look(some, first + hours(1)) == ["over silent_source/cnemc-water"]
    assert watch.look(all_at(NOON, shaxi=first + hours(8)), first + hours(9)) == []
    late = first + hours(14)
    assert watch.look(all_at(NOON, shaxi=late), late) == ["opened silent_station/cnemc-water"]
    assert watch.open() == {f"silent_station/cnemc-water/{site}" for site in ("yaodu", "nandu")}


def test_stations_that_turn_together_are_told_together() -> None:
    watch = Watch()
    fresh = NOON + hours(12)
    heard = all_at(NOON, shaxi=fresh)
    assert watch.look(heard, NOON + hours(13)) == ["opened silent_station/cnemc-water"]
    (notice,) = watch.told.values()
    assert notice["office"] == "operations"
    assert "2 个站点" in notice["subject_zh"] and "2 stations" in notice["subject_en"]
    assert all(site in notice["body_zh"] for site in ("yaodu", "nandu", "2025-10-01 12:00"))
    both = watch.look(all_at(fresh + hours(4)), fresh + hours(4.5))
    assert both == ["over silent_station/cnemc-water"]


def test_a_station_that_never_sent_is_no_outage() -> None:
    watch = Watch()
    assert watch.look(all_at(NOON, yaodu=None), NOON + hours(1)) == []
    assert watch.open() == set()


def test_an_archive_opens_no_old_outages() -> None:
    watch = Watch()
    assert watch.look(all_at(NOON, yaodu=NOON - timedelta(days=400)), NOON + hours(1)) == []
    # One that was open before stays so, however old it becomes.
    watch.look(all_at(NOON, yaodu=NOON - hours(14)), NOON)
    year = NOON + timedelta(days=400)
    watch.look(all_at(year, yaodu=NOON - hours(14)), year)
    assert watch.open() == {"silent_station/cnemc-water/yaodu"}


def test_reminders_are_few() -> None:
    watch = Watch()
    watch.look(all_at(NOON), NOON + hours(13))
    every_two_hours = range(1, 25 * 12)
    told = [n for n in every_two_hours if watch.look(all_at(NOON), NOON + hours(13 + 2 * n))]
    assert [n / 12 for n in told] == [1, 2, 3, 7, 14, 21]
    assert len(watch.told) == 7


def test_an_outage_told_late_is_not_reminded_of_at_once() -> None:
    watch = Watch()
    assert watch.look(all_at(NOON), NOON + timedelta(days=5)) == [
        "opened silent_source/cnemc-water"
    ]
    assert watch.look(all_at(NOON), NOON + timedelta(days=5, hours=1)) == []


def test_a_clock_set_back_ends_no_outage_and_opens_none() -> None:
    watch = Watch()
    watch.look(all_at(NOON), NOON + hours(13))
    assert watch.look(all_at(NOON), NOON - hours(11)) == []
    assert watch.open() == {"silent_source/cnemc-water"}
    assert watch.look(all_at(NOON), NOON + hours(14)) == []
    back = NOON + hours(16)
    assert watch.look(all_at(back), back + hours(1)) == ["over silent_source/cnemc-water"]


def test_a_clock_that_ran_ahead_is_mended_by_the_next_reading() -> None:
    watch = Watch()
    assert watch.look(all_at(NOON), NOON + hours(25)) == ["opened silent_source/cnemc-water"]
    assert watch.look(all_at(NOON + hours(4)), NOON + hours(5)) == [
        "over silent_source/cnemc-water"
    ]


def test_nothing_is_heard_after_the_last_poll() -> None:
    watch = Watch()
    asked_at = NOON + hours(2)
    assert watch.look(all_at(NOON), NOON + hours(30), heard_until=asked_at) == []
    assert watch.look(all_at(NOON), NOON + hours(30), heard_until=NOON + hours(29)) != []


def test_a_failing_poll_is_told_and_not_the_silence_it_makes() -> None:
    watch = Watch()
    assert watch.look(all_at(NOON), NOON + hours(20), is_poll_failing=True) == []
    assert watch.look(all_at(NOON), NOON + hours(21)) == ["opened silent_source/cnemc-water"]


def test_what_is_not_watched_any_more_is_dropped() -> None:
    watch = Watch()
    watch.look(all_at(NOON + hours(12), yaodu=NOON), NOON + hours(13))
    stop = Suspension(site="yaodu", valid_from=date(2025, 10, 2), reason="检修", **FACTS)
    watch.expectation = WATER.model_copy(update={"suspensions": (stop,)})
    heard = all_at(NOON + hours(20), yaodu=NOON)
    assert watch.look(heard, NOON + hours(21)) == ["dropped silent_station/cnemc-water"]
    assert "不再监视" in list(watch.told.values())[-1]["subject_zh"]
    watch.look(all_at(NOON + hours(20)), NOON + hours(40))
    assert watch.look({}, NOON + timedelta(days=40)) == ["dropped silent_source/cnemc-water"]
    assert watch.open() == set()


def test_examples_are_marked_and_otherwise_treated_alike() -> None:
    real, example = Watch(), Watch(kind="example")
    for watch in (real, example):
        watch.look(all_at(NOON), NOON + hours(13))
    assert list(real.told) == list(example.told)
    (one,), (other,) = real.told.values(), example.told.values()
    assert other["subject_zh"] == f"【示例】{one['subject_zh']}"
    assert other["subject_en"].startswith("[EXAMPLE] ")
    assert one["subject_zh"] == "【运维】来源 国家水站 数据中断"


def poll_state(n_failures: int, key: str = "GET https://x/", at: datetime = NOON) -> PollState:
    error = "timed out" if n_failures else None
    return PollState(
        key, "air", n_failures=n_failures, checked_at_s=to_epoch_s(at), last_error=error
    )


def test_a_poll_fails_after_three_answers_that_did_not_come() -> None:
    watch, names = Watch(), {"air": ("空气", "air")}
    assert watch.advance(stand_of_polls([poll_state(2)], names), NOON) == []
    states = [poll_state(0, "GET https://y/"), poll_state(3)]
    assert watch.advance(stand_of_polls(states, names), NOON) == ["opened poll_failing/air"]
    assert "timed out" in next(iter(watch.told.values()))["body_en"]
    # While it is only less bad than before, nothing is said.
    assert watch.advance(stand_of_polls([poll_state(1)], names), NOON) == []
    assert watch.advance(stand_of_polls([poll_state(0)], names), NOON) == ["over poll_failing/air"]
    assert stand_of_polls([poll_state(3)], {}) == []


def run(
    run_id: int, hour: float, outcome: str | None = "succeeded", flow: str = "assess"
) -> dict[str, Any]:
    at_s = to_epoch_s(NOON + hours(hour))
    return {
        "run_id": run_id, "flow": flow, "started_at_s": at_s, "outcome": outcome,
        "ended_at_s": None if outcome is None else at_s, "is_success": outcome == "succeeded",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "after_h", "notices"),
    [
        ([run(1, 0), run(2, 1, "failed: x")], 1.5, 0),
        ([run(1, 0), run(2, 1, "failed: x")], 2, 1),
        ([run(1, 0), run(2, 1, "failed: x"), run(3, 1.2, "failed: x")], 1.2, 1),
        ([run(1, 0, "failed: x"), run(2, 1)], 9, 0),
        ([run(1, 0), run(2, 1, None)], 24, 0),
        ([run(1, 0), run(2, 1, None)], 26, 1),
        ([run(1, 0), run(2, 1, "failed: x")], 24 * 8.5, 0),
    ],
    ids=[
        "given an hour",
        "then told",
        "two at once",
        "put right",
        "under way",
        "never ended",
        "old",
    ],
)
def test_a_flow_that_fails(runs: list[dict[str, Any]], after_h: float, notices: int) -> None:
    watch, as_of = Watch(), NOON + hours(after_h)
    for _ in range(2):
        watch.advance(stand_of_flows(runs, as_of), as_of)
    assert len(watch.told) == notices


def test_a_flow_is_well_again_when_a_later_run_succeeds() -> None:
    watch, runs = (
        Watch(),
        [run(1, 0), run(2, 1, "failed: the disk is full\nmore"), run(3, 1, flow="load")],
    )
    as_of = NOON + hours(3)
    assert watch.advance(stand_of_flows(runs, as_of), as_of) == ["opened failed_flow/assess"]
    assert "the disk is full" in next(iter(watch.told.values()))["body_zh"]
    assert "more" not in next(iter(watch.told.values()))["body_zh"]
    runs.append(run(4, 4))
    assert watch.advance(stand_of_flows(runs, as_of), as_of) == ["over failed_flow/assess"]
