"""Sources fall silent and come back, and the operators hear of it once; new files call at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from ecomon.model.period import Period
from flows.timetable import today

GAUGES = ("EXBIKOU", "EXSANLEIBA", "EXXINDIANZI")


def hours_ago(first: int, last: int) -> list[datetime]:
    """Whole hours from ``first`` hours ago to ``last`` hours ago."""
    now = today().replace(minute=0, second=0, microsecond=0)
    return [now - timedelta(hours=number) for number in range(first, last - 1, -1)]


def river(gauges: Iterable[str], times: Iterable[datetime]) -> bytes:
    rows = [f"{gauge},{time:%Y-%m-%d %H:%M:%S},500.00,120.0" for gauge in gauges for time in times]
    return ("\n".join(["STCD,TM,Z,Q", *rows]) + "\n").encode()


def notices(home: Any) -> list[str]:
    """Subjects of what the operators were told, in the order of the outbox."""
    files = {
        name: octets for name, octets in home.files("outbox").items() if name.endswith(".json")
    }
    assert all(name.startswith("operations/") for name in files)
    return sorted(json.loads(octets)["subject_zh"] for octets in files.values())


def deliver(home: Any, name: str, octets: bytes) -> dict[str, Any]:
    home.put(("st-river-r", name, octets, None))
    home.run("ingest", feed="st-river-r")
    return home.run("receipts")


def test_a_station_falls_silent_and_comes_back(
    api: str, make_installation: Callable[..., Any]
) -> None:
    home = make_installation("example")
    well = river(GAUGES[1:], hours_ago(30, 2)) + river(GAUGES[:1], hours_ago(30, 12))[12:]
    counts = deliver(home, "a.csv", well)
    assert (counts["opened"], counts["open"], counts["notices"]) == (1, 1, 1)
    assert 0 < counts["received"] < counts["expected"]
    assert notices(home) == ["【示例】【运维】站点 碧口 数据中断"]

    told = ("operations_alert", "outbox", "delivery")
    before = {name: home.contents()[name] for name in told}
    again = home.run("receipts")
    assert (again["opened"], again["notices"], again["delivered"]) == (0, 0, 0)
    assert {name: home.contents()[name] for name in told} == before

    counts = deliver(home, "b.csv", river(GAUGES[:1], hours_ago(11, 1)))
    assert (counts["over"], counts["open"], counts["notices"]) == (1, 0, 1)
    assert notices(home)[-1] == "【示例】【运维】站点 碧口 数据中断"
    assert notices(home)[0].startswith("【示例】【恢复】")
    with home.store() as store:
        (alert,) = store.read_operations_alerts()
        assert (alert["fingerprint"], alert["state"]) == ("silent_station/st-river-r/bikou", "over")
        yesterday = store.read_receipts(Period(today() - timedelta(days=2), today()), sites="bikou")
        assert set(yesterday["source"]) == {"st-river-r"}


def test_a_source_falls_silent_as_one(api: str, make_installation: Callable[..., Any]) -> None:
    home = make_installation("real")
    counts = deliver(home, "a.csv", river(GAUGES, hours_ago(30, 12)))
    assert (counts["opened"], counts["notices"]) == (1, 1)
    assert notices(home) == ["【运维】来源 水文站河道水情 数据中断"]
    counts = deliver(home, "b.csv", river(GAUGES[:1], hours_ago(11, 1)))
    assert (counts["over"], counts["opened"], counts["open"]) == (1, 0, 0)
    assert len(notices(home)) == 2


def test_past_receipts_are_counted_and_call_nobody(
    api: str, make_installation: Callable[..., Any]
) -> None:
    home = make_installation("real")
    home.put(("st-river-r", "a.csv", river(GAUGES, hours_ago(24 * 10, 24 * 9)), None))
    home.run("ingest", feed="st-river-r")
    past = today() - timedelta(days=10)
    counts = home.run("receipts", period=f"{past:%Y-%m-%d}/{past + timedelta(days=2):%Y-%m-%d}")
    assert counts["days"] == 3 and 0 < counts["received"] < counts["expected"]
    assert "opened" not in counts and notices(home) == []


def test_a_new_file_is_judged_at_once(api: str, make_installation: Callable[..., Any]) -> None:
    home = make_installation("real")
    head = "# kind: real\n# programme: emergency\n# statistic: value\n# duration_s: 0\nsite,start,source_flag,TL[mg/L]"
    rows = [f"xiwan-intake,{time:%Y-%m-%dT%H:%M},,0.0009" for time in hours_ago(3, 1)]
    home.put(("tabulated", "thallium.csv", "\n".join([head, *rows, ""]).encode(), None))
    done = home.run("inbox")
    assert done["ingest"]["tabulated"]["n_new"] == 3
    assert sum(counts["alerts"] for counts in done["alert"].values()) == 1
    assert any("西湾" in octets.decode() for octets in home.files("outbox").values())
    again = home.run("inbox")
    assert (again["ingest"], again["alert"]) == ({}, {})
