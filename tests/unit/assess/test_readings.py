from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.assess import classify_readings
from ecomon.errors import ContractError
from ecomon.model.standard import ClassLimits, Standard
from ecomon.model.tables import READING_CLASSES

Make = Callable[..., pd.DataFrame]
NOON = "2021-04-03T12:00"


def reading(site: str, start: str = NOON, **values: float) -> list[tuple[str, str, str, float]]:
    return [(site, key, start, value) for key, value in values.items()]


def test_the_worst_item_sets_the_class(flagged: Make, river: Standard) -> None:
    """姚渡 2021-04-03 04:00: published Ⅲ by total phosphorus."""
    rows = reading("yaodu", PH=8.09, DO=10.75, CODMN=1.63, NH3N=0.04, TP=0.19, TN=2.62, WT=14)
    table = classify_readings(flagged(*rows), {"yaodu": river})
    READING_CLASSES.check(table)
    assert table[["grade", "worst", "n_items", "standard"]].values.tolist() == [
        [3, "TP", 5, "GB3838-2002.river"]
    ]


def test_items_that_tie_are_all_named_and_class_one_names_none(
    flagged: Make, river: Standard
) -> None:
    rows = reading("a", PH=8, DO=5.5, CODMN=5, NH3N=0.1, TP=0.01)
    rows += reading("b", PH=8, DO=9, CODMN=1, NH3N=0.1, TP=0.01)
    table = classify_readings(flagged(*rows), {"a": river, "b": river})
    assert table["grade"].tolist() == [3, 1]
    assert table["worst"].tolist() == ["DO,CODMN", ""]


def test_river_and_lake_differ_in_phosphorus(
    flagged: Make, river: Standard, lake: Standard
) -> None:
    """鲁班岛 2021-04-02 08:00, published Ⅲ: TP 0.047 by the lake limits."""
    rows = [
        row
        for site in ("lubandao", "yaodu")
        for row in reading(site, PH=8.97, DO=10.83, CODMN=2.71, NH3N=0.025, TP=0.047)
    ]
    table = classify_readings(flagged(*rows), {"lubandao": lake, "yaodu": river})
    assert table["grade"].tolist() == [3, 2]


def test_values_are_not_rounded(flagged: Make, river: Standard) -> None:
    rows = reading("a", PH=8, DO=9, CODMN=1, NH3N=0.1, TP=0.0200001)
    assert classify_readings(flagged(*rows), {"a": river})["grade"].tolist() == [2]


def test_nan_failed_and_few_items(flagged: Make, river: Standard) -> None:
    rows = reading("a", PH=8, DO=9, CODMN=1, NH3N=2.88, TP=math.nan)
    assert classify_readings(flagged(*rows), {"a": river})["grade"].tolist() == [6]
    failed = flagged(*rows, flag=[1, 1, 1, 4, 9])
    assert classify_readings(failed, {"a": river}).empty  # three of five are too few
    three = classify_readings(failed, {"a": river}, min_items=3)
    assert three[["grade", "n_items"]].values.tolist() == [[1, 3]]


def test_two_feeds_are_two_readings(flagged: Make, river: Standard) -> None:
    rows = reading("a", PH=8, DO=9, CODMN=1, NH3N=0.1) * 2
    sources = ["cnemc-water"] * 4 + ["gateway"] * 4
    table = flagged(*rows, source=sources)
    table.loc[7, "value"] = 0.3
    classes = classify_readings(table, {"a": river})
    assert classes[["source", "grade"]].values.tolist() == [["cnemc-water", 1], ["gateway", 2]]


def test_a_site_without_a_standard_stops_the_run(flagged: Make, river: Standard) -> None:
    rows = reading("a", PH=8) + reading("b", PH=8) + reading("gauge", DISCHARGE=200)
    with pytest.raises(ContractError, match=r"no standard given for b$"):
        classify_readings(flagged(*rows), {"a": river})
    old = reading("a", start="1999-04-03T12:00", PH=8)
    with pytest.raises(ContractError, match="not in force on 1999-04-03"):
        classify_readings(flagged(*old), {"a": river})


def test_nothing_gives_nothing(flagged: Make, river: Standard) -> None:
    table = classify_readings(flagged(("a", "WT", NOON, 12)), {"a": river})
    assert table.empty
    READING_CLASSES.check(table)


@given(seed=st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter_and_the_class_is_the_worst(
    flagged: Make, river: Standard, seed: int
) -> None:
    random = np.random.default_rng(seed)
    rows = [
        row
        for hour in range(4)
        for row in reading(
            "a", f"2021-04-03T{hour * 4:02}:00", PH=random.uniform(5, 10),
            DO=random.uniform(1, 10), CODMN=random.uniform(0, 20),
            NH3N=random.uniform(0, 3), TP=random.uniform(0, 0.6),
        )
    ]  # fmt: skip
    table = flagged(*rows)
    classes = classify_readings(table, {"a": river})
    shuffled = table.sample(frac=1, random_state=seed % 2**31)
    pd.testing.assert_frame_equal(classes, classify_readings(shuffled, {"a": river}))
    for start, grade in zip(classes["start"], classes["grade"], strict=True):
        for _, item in table[table["start"] == start].iterrows():
            limits = river.of(item["determinand"])
            assert isinstance(limits, ClassLimits)
            if limits.classes and grade < 6:
                limit, sign = (
                    float(limits.classes[grade - 1]),
                    1 if limits.direction == "le" else -1,
                )
                assert sign * item["value"] <= sign * limit
