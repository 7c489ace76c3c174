"""Which readings entered a daily mean, and what each of them counts there."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.aggregate import AggregationRules, daily_means, readings_used
from ecomon.model.determinand import Determinand
from ecomon.model.period import Period

Flagged = Callable[..., pd.DataFrame]
DAY = Period.day(2021, 4, 1)
DAYS = Period.parse("2021-04-01/2021-04-03")


def test_a_day_by_hand(
    flagged: Flagged, determinands: dict[str, Determinand], rules: AggregationRules
) -> None:
    table = pd.concat(
        [
            flagged([0.2, 0.3, 9.0, 0.025, 0.5], flags=[1, 2, 4, 1, 1],
                    censor=["none", "none", "none", "left", "none"]),
            flagged([7.0], source="tabulated", first_revision=10),  # outranked at 00:00
            flagged([8.0], statistic="max", first_revision=11),
            flagged([0.4], hours=[24], first_revision=12),  # the day after
        ]
    ).set_axis(list("abcdefgh"))  # fmt: skip
    used = readings_used(table, determinands, rules, DAY)
    assert used.index.tolist() == list("abcdefgh")
    assert used["is_used"].tolist() == [True, True, False, True, True, False, False, False]
    assert used.loc[used["is_used"], "counted"].tolist() == [0.2, 0.3, 0.0125, 0.5]
    assert used["counted"].isna().tolist() == (~used["is_used"]).tolist()
    assert used["day"].dt.day.tolist() == [1] * 7 + [2]


def test_a_day_of_too_few_uses_none(
    flagged: Flagged, determinands: dict[str, Determinand], rules: AggregationRules
) -> None:
    used = readings_used(flagged([0.2, 0.3, 0.4]), determinands, rules, DAY)
    assert used["is_used"].tolist() == [False] * 3


def test_of_no_readings(
    flagged: Flagged, determinands: dict[str, Determinand], rules: AggregationRules
) -> None:
    assert len(readings_used(flagged([]), determinands, rules, DAY)) == 0


@pytest.mark.parametrize("censored", ["half_limit", "zero"])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_daily_means_are_those_of_the_readings_used(
    flagged: Flagged,
    determinands: dict[str, Determinand],
    rules: AggregationRules,
    censored: Literal["half_limit", "zero"],
    seed: int,
) -> None:
    pick = np.random.default_rng(seed)
    rules = rules.model_copy(update={"censored": censored})
    table = pd.concat(
        [
            flagged(
                np.round(pick.uniform(0, 3, 18), 3).tolist(),
                flags=pick.choice([1, 2, 3, 4, 9], 18).tolist(),
                censor=pick.choice(["none", "left", "right"], 18, p=[0.8, 0.1, 0.1]).tolist(),
                first_revision=1 + 18 * number,
                programme=programme,
                source=source,
            )
            for number, (programme, source) in enumerate(
                [("automatic", "cnemc-water"), ("automatic", "tabulated"), ("local", "tabulated")]
            )
        ],
        ignore_index=True,
    ).sample(frac=1, random_state=pick)
    used = readings_used(table, determinands, rules, DAYS)
    means = daily_means(table, determinands, rules, DAYS)
    for mean in means.itertuples():
        counted = used.loc[used["is_used"] & (used["day"] == mean.start), "counted"]
        assert (len(counted) > 0) == (mean.status == "measured")
        if mean.status == "measured":
            total = sum((Fraction(repr(float(one))) for one in counted), Fraction(0))
            assert (mean.exact, mean.n_valid) == (total / len(counted), len(counted))
