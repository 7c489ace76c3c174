from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from ecomon.model.period import Period
from ecomon.model.tables import STORED
from ecomon.quality import QualityRules, find_gaps

Stored = Callable[..., pd.DataFrame]
DAY = Period.day(2021, 4, 1)


def rows(gaps: pd.DataFrame) -> list[tuple[str, str, float, int]]:
    return [
        (f"{start:%d %H:%M}", f"{end:%d %H:%M}", hours, n)
        for start, end, hours, n in zip(
            gaps["start"], gaps["end"], gaps["hours"], gaps["n_missing"], strict=True
        )
    ]


def test_three_missing_cycles_are_a_gap(stored: Stored, shipped: QualityRules) -> None:
    span = Period.parse("2021-04-01/2021-04-02")
    table = stored([1] * 8, hours=[0, 4, 8, 24, 28, 36, 40, 44])
    assert rows(find_gaps(table, shipped, span)) == [("01 08:00", "02 00:00", 16.0, 3)]


def test_edges_of_the_period(stored: Stored, shipped: QualityRules) -> None:
    table = stored([1, 1], hours=[12, 16])
    assert rows(find_gaps(table, shipped, DAY)) == [("01 00:00", "01 12:00", 12.0, 3)]
    assert rows(find_gaps(stored([1.0], hours=[8]), shipped, DAY)) == [
        ("01 08:00", "02 00:00", 16.0, 3)
    ]


def test_a_reading_without_value_did_not_come(stored: Stored, shipped: QualityRules) -> None:
    assert rows(find_gaps(stored([math.nan] * 6), shipped, DAY)) == [
        ("01 00:00", "02 00:00", 24.0, 6)
    ]


def test_another_source_closes_a_gap(stored: Stored, shipped: QualityRules) -> None:
    first = stored([1] * 3, hours=[0, 4, 20])
    second = stored([1.0], hours=[12], source="tabulated")
    assert len(find_gaps(first, shipped, DAY)) == 1
    assert find_gaps(pd.concat([second, first]), shipped, DAY).empty


def test_hourly_gauges_and_order(stored: Stored, shipped: QualityRules) -> None:
    gauge = stored(
        [100.0] * 21,
        hours=[*range(10), *range(13, 24)],
        site="xindianzi",
        determinand="DISCHARGE",
        unit="m3/s",
    )
    section = stored([1, 1], hours=[0, 20])
    found = find_gaps(pd.concat([section, gauge]), shipped, DAY)
    assert found["site"].tolist() == ["xindianzi", "yaodu"]
    assert rows(found)[0] == ("01 09:00", "01 13:00", 4.0, 3)


def test_nothing_outside_the_period(stored: Stored, shipped: QualityRules) -> None:
    assert find_gaps(STORED.empty(), shipped, DAY).empty
    assert find_gaps(stored([1.0], start="2020-01-01"), shipped, DAY).empty
    assert find_gaps(STORED.empty(), shipped, DAY)["start"].dtype == np.dtype("datetime64[us]")
