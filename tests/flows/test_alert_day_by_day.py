"""Alerts as the schedule raises them, two days at a time, are those of the whole month at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ecomon.model.period import Period

DAYS = Period.parse("2025-01-17/2025-01-24")
"""Around the release of thallium."""


def notices(home: Any) -> set[str]:
    return {name for name in home.files("outbox") if name.endswith(".json")}


def alerts(home: Any) -> list[dict[str, Any]]:
    """Alerts as they stand, but for the number of the commit that wrote them."""
    with home.store() as store:
        found = store.read_alerts()
    return [{name: item for name, item in one.items() if name != "seq"} for one in found]


def test_two_days_at_a_time_tell_what_the_whole_tells(
    api: str, make_installation: Callable[..., Any], basin_files: list[Any]
) -> None:
    files = [
        file for file in basin_files if file[1] in ("water-2025-01.csv", "thallium.csv")
    ]  # fmt: skip
    at_once, daily = make_installation("example"), make_installation("example")
    for home in (at_once, daily):
        home.ingest(*files)
    at_once.run("alert", period=DAYS.label, tell="all")
    days = [day.label for day in DAYS.split("day")]
    for before, day in itertools.pairwise(days):
        daily.run("alert", period=f"{before}/{day}", tell="all")
    assert notices(daily) == notices(at_once) != set()
    assert alerts(daily) == alerts(at_once)
