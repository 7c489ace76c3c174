"""Emergency samples: 疑似 is told as such, 确认 takes its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from ecomon.alert import Alert, AlertOutcome, advance_alerts

Make = Callable[..., Any]
SB = {"series": ("xiwan-intake", "SB"), "limit": 0.005, "basis": "table_3"}
EIGHT, TEN = "2026-01-21T08:00", "2026-01-21T10:00"
NOW = datetime(2026, 1, 21, 12)


@pytest.fixture
def judge(tables: Make, rules, places, determinands) -> Callable[..., AlertOutcome]:
    """Advances alerts through samples [(time, value, status)], numbered from a first revision."""

    def run(
        samples: Sequence[tuple[str, float, str | None]],
        known: Sequence[Alert] = (),
        first: int = 1,
        **options: Any,
    ) -> AlertOutcome:
        readings = [sample[:2] for sample in samples]
        over, seen = tables(readings, first_revision=first, **{**SB, **options})
        flags = pd.array([sample[2] for sample in samples], dtype="str")
        seen = seen.assign(programme="emergency", source_flag=flags)
        return advance_alerts(
            known, over, seen, rules, places=places, determinands=determinands, as_of=NOW
        )

    return run


Judge = Callable[..., AlertOutcome]


def subjects(outcome: AlertOutcome) -> set[str]:
    return {one.subject_zh for one in outcome.notices}


def test_a_suspected_sample_is_told_as_such_and_asks_to_be_confirmed(judge: Judge) -> None:
    outcome = judge([(EIGHT, 0.0208, "疑似")])
    assert subjects(outcome) == {"【疑似】西湾水厂取水口 锑 超标3.16倍"}
    assert all("数据状态：应急样品，报送为疑似" in one.body_zh for one in outcome.notices)
    assert [(one.revision, one.reason) for one in outcome.reviews] == [(1, "unconfirmed")]


def test_two_suspected_samples_are_no_confirmation(judge: Judge) -> None:
    tp = {"series": ("yaodu", "TP"), "limit": 0.1, "basis": "target"}  # fires at the second
    outcome = judge([(EIGHT, 0.3, "疑似"), (TEN, 0.3, "疑似")], **tp)
    assert subjects(outcome) == {"【疑似】姚渡 总磷 超标2倍"}


def test_a_confirmed_sample_is_told_as_confirmed(judge: Judge) -> None:
    outcome = judge([(EIGHT, 0.0208, "确认")])
    assert subjects(outcome) == {"西湾水厂取水口 锑 超标3.16倍"}
    assert not outcome.reviews
    assert subjects(judge([(EIGHT, 0.0208, None)])) == {"【疑似】西湾水厂取水口 锑 超标3.16倍"}


def test_a_confirmation_is_told_once_and_holds_from_then_on(judge: Judge) -> None:
    first = judge([(EIGHT, 0.0208, "疑似")])
    confirmed = judge([(EIGHT, 0.0192, "确认")], first.alerts, first=7)
    assert subjects(confirmed) == {"【确认】西湾水厂取水口 锑 经确认超标2.84倍"}
    assert {one.kind for one in confirmed.notices} == {"confirmation"}
    assert "监测值：0.0192 mg/L" in confirmed.notices[0].body_zh
    (alert,) = confirmed.alerts
    assert (alert.revisions, alert.state) == ({7}, "firing")
    again = judge([(EIGHT, 0.0192, "确认")], confirmed.alerts, first=7)
    assert not again.notices
    assert again.alerts == confirmed.alerts


def test_a_sample_that_is_refuted_corrects_the_alert(judge: Judge) -> None:
    first = judge([(EIGHT, 0.0208, "疑似")])
    refuted = judge([(EIGHT, 0.0001, "确认")], first.alerts, first=7)
    assert subjects(refuted) == {"【更正】西湾水厂取水口 锑 此前告警更正：后报结果未超标"}
    assert [one.state for one in refuted.alerts] == ["resolved"]
    assert not judge([(EIGHT, 0.0001, "确认")], refuted.alerts, first=7).notices


def test_a_mended_slip_follows_the_last_report(judge: Judge) -> None:
    first = judge([(EIGHT, 20.8, "疑似"), (TEN, 0.0210, "疑似")])
    mended = judge([(EIGHT, 0.0208, "疑似"), (TEN, 0.0210, "疑似")], first.alerts, first=7)
    (alert,) = mended.alerts
    assert alert.peak.value == 0.0210
    assert not mended.notices  # nothing is confirmed, and the event is known


def test_readings_of_a_station_replace_nothing(judge: Judge, tables: Make, rules, places, determinands) -> None:  # fmt: skip
    first = judge([(EIGHT, 0.0208, "疑似")])
    over, seen = tables([(EIGHT, 0.0001)], first_revision=7, **SB)
    outcome = advance_alerts(
        first.alerts, over, seen, rules, places=places, determinands=determinands, as_of=NOW
    )
    assert not outcome.notices
    assert [one.state for one in outcome.alerts] == ["firing"]
