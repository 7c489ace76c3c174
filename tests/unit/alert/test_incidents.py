"""Replays of what happened on this river: the printed readings, and calm ones before and after.

Values between the printed ones are not printed anywhere; those used here only keep to what the
reports say (over the limit, or stable below it).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from ecomon.alert import AlertOutcome, AlertPlace, AlertRules, advance_alerts
from ecomon.model.determinand import Determinand

Make = Callable[..., Any]
TL: dict[str, Any] = {"series": ("xiwan-intake", "TL"), "limit": 0.0001, "basis": "table_3"}

# 2021-01: first over at the intake 01-21 00:00 (0.1 x), peak 23:00 (1 x), stable 01-30 16:00
# (ministry's report of the "1·20" thallium event); calm readings go on for two days after it.
THALLIUM = [
    ("2021-01-20T12:00", 0.00003), ("2021-01-20T18:00", 0.00008),
    ("2021-01-21T00:00", 0.00011), ("2021-01-21T06:00", 0.00014), ("2021-01-21T23:00", 0.0002),
    ("2021-01-23T00:00", 0.00017), ("2021-01-26T14:00", 0.00013), ("2021-01-29T12:00", 0.00011),
    ("2021-01-30T04:00", 0.000098), ("2021-01-30T16:00", 0.00007), ("2021-01-30T20:00", 0.00006),
    ("2021-01-31T00:00", 0.00005), ("2021-01-31T12:00", 0.00005), ("2021-02-01T06:00", 0.00004),
    ("2021-02-01T16:00", 0.00004),
]  # fmt: skip


@pytest.fixture
def replay(
    rules: AlertRules, places: dict[str, AlertPlace], determinands: dict[str, Determinand]
) -> Callable[..., AlertOutcome]:
    def advance(tables: tuple[pd.DataFrame, pd.DataFrame], **options: Any) -> AlertOutcome:
        given: dict[str, Any] = {"as_of": datetime(2030, 1, 1), "kind": "real", **options}
        return advance_alerts(
            given.pop("alerts", ()), *tables, rules,
            places=places, determinands=determinands, **given,
        )  # fmt: skip

    return advance


def test_thallium_2021_at_the_intake(replay: Make, tables: Make) -> None:
    outcome = replay(tables(THALLIUM, **TL))
    (alert,) = outcome.alerts
    assert alert.opened_at == datetime(2021, 1, 21)
    assert (alert.peak.value, alert.peak.start) == (0.0002, datetime(2021, 1, 21, 23))
    assert alert.peak.factor == pytest.approx(1.0)
    assert alert.resolved_at == datetime(2021, 2, 1, 16)  # 48 h from 01-30 16:00
    plant = [notice for notice in outcome.notices if notice.office == "plant"]
    assert [(one.kind, one.at) for one in plant] == [
        ("firing", datetime(2021, 1, 21)),
        ("resolved", datetime(2021, 2, 1, 16)),
    ]
    assert len(outcome.notices) == 4  # plant and bureau


def test_the_end_of_a_metal_is_the_commands_to_declare(replay: Make, tables: Make) -> None:
    """HJ 589-2021, 6.3: 48 h of continuous compliance; then the command ends the response."""
    notice = replay(tables(THALLIUM, **TL)).notices[-1]
    assert notice.subject_zh == (
        "【达标】西湾水厂取水口 铊 已连续48 h达标，是否终止应急由指挥部决定"
    )
    assert notice.subject_en.endswith(
        "48 h within the limit; ending the response is the command's decision"
    )
    assert "解除" not in notice.body_zh
    for line in ("峰值：0.0002 mg/L", "达标起始：2021-01-30 16:00", "判定时间：2021-02-01 16:00"):
        assert line in notice.body_zh.splitlines()


def test_three_calm_hours_end_nothing(replay: Make, tables: Make) -> None:
    early = replay(tables(THALLIUM, **TL), as_of=datetime(2021, 1, 31, 12))
    assert [alert.state for alert in early.alerts] == ["firing"]
    assert {one.kind for one in early.notices} == {"firing"}


def test_the_first_notice_says_what_is_known(replay: Make, tables: Make) -> None:
    until = tables(THALLIUM, **TL)
    outcome = replay(until, as_of=datetime(2021, 1, 21, 0, 5))
    notice = next(one for one in outcome.notices if one.office == "plant")
    assert notice.severity == "critical"
    assert notice.subject_zh == "【疑似】西湾水厂取水口 铊 超标0.1倍"
    assert notice.subject_en.startswith("[UNCONFIRMED] ")
    for line in (
        "监测值：0.00011 mg/L", "限值：0.0001 mg/L（集中式饮用水水源地限值，GB3838-2002）",
        "超标倍数：0.1", "质控状态：有效", "数据时间：2021-01-21 00:00",
        "首次超标：2021-01-21 00:00", "水质目标：目标未配置", "数据状态：实时数据，未经审核",
    ):  # fmt: skip
        assert line in notice.body_zh.splitlines()
    assert "2小时内报告" in notice.body_zh
    assert "value: 0.00011 mg/L" in notice.body_en.splitlines()
    assert len(notice.body_zh.encode()) < 2048  # what the narrowest robot takes in one message


@pytest.mark.parametrize("flag", [2, 3, 4])
def test_no_machine_silences_a_metal(replay: Make, tables: Make, flag: int) -> None:
    flags = [flag if value > 0.0001 else 1 for _, value in THALLIUM]
    outcome = replay(tables(THALLIUM, flags=flags, **TL))
    assert [one.at for one in outcome.notices if one.kind == "firing"] == [
        datetime(2021, 1, 21), datetime(2021, 1, 21),
    ]  # fmt: skip
    assert [one.reason for one in outcome.reviews] == ([] if flag == 2 else ["suspect"])


def test_antimony_2015_at_qianfoya(replay: Make, tables: Make) -> None:
    """Background 0.00144 on 12-02 04:00, compliant on 12-05 08:00, 0.7 x over by 12-07 07:00."""
    readings = [
        ("2015-12-02T04:00", 0.00144), ("2015-12-05T08:00", 0.0031), ("2015-12-07T07:00", 0.0085),
        ("2015-12-09T07:00", 0.0044), ("2015-12-10T07:00", 0.0041), ("2015-12-11T07:00", 0.0035),
    ]  # fmt: skip
    series = {"series": ("qianfoya", "SB"), "limit": 0.005, "basis": "table_3"}
    outcome = replay(tables(readings, **series))
    assert [(one.kind, one.at.day) for one in outcome.notices] == [("firing", 7), ("resolved", 11)]
    firing = outcome.notices[0]
    assert "超标0.7倍" in firing.subject_zh
    assert "本断面非取水口，仅作参照" in firing.body_zh


def test_antimony_2015_at_the_intake_in_the_example_basin(replay: Make, tables: Make) -> None:
    """A 0.024 over 0.005 is "超标 3.8 倍"; example data say so first thing."""
    series = {"series": ("xiwan-intake", "SB"), "limit": 0.005, "basis": "table_3"}
    outcome = replay(tables([("2015-12-06T00:00", 0.024)], **series), kind="example")
    for notice in outcome.notices:
        assert notice.subject_zh == "【示例】【疑似】西湾水厂取水口 锑 超标3.8倍"
        assert notice.body_zh.startswith("【示例】")
        assert notice.body_en.startswith("[EXAMPLE]")
