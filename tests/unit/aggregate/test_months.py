from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.aggregate import AggregationRules, daily_means, monthly_means
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.period import Period
from ecomon.model.quantity import round_gbt8170
from ecomon.model.tables import MEANS

Flagged = Callable[..., pd.DataFrame]
Determinands = Mapping[str, Determinand]
APRIL = Period.month(2021, 4)


@pytest.fixture(scope="module")
def april(
    flagged: Flagged, determinands: Determinands, rules: AggregationRules
) -> Callable[..., pd.DataFrame]:
    """Daily means of April 2021, each of six equal readings."""

    def make(days: list[float], determinand: str = "NH3N", **options: object) -> pd.DataFrame:
        values = [value for value in days for _ in range(6)]
        table = flagged(values, determinand=determinand, **options)
        return daily_means(table, determinands, rules, APRIL)

    return make


April = Callable[..., pd.DataFrame]


def test_a_month_by_hand(april: April, determinands: Determinands, rules: AggregationRules) -> None:
    daily = april([0.1] * 10 + [0.2] * 10)
    (row,) = monthly_means(daily, determinands, rules, APRIL).to_dict("records")
    assert (row["exact"], row["value"]) == (Fraction("0.15"), 0.15)
    assert (row["n_valid"], row["n_expected"], row["status"]) == (20, 30, "measured")
    assert (row["period"], row["period_kind"], row["unit"]) == ("2021-04", "month", "mg/L")


@pytest.mark.parametrize(("n", "status"), [(0, "missing"), (17, "insufficient"), (18, "measured")])
def test_enough_of_the_days(
    april: April, determinands: Determinands, rules: AggregationRules, n: int, status: str
) -> None:
    """0.6 of the thirty days of April are 18."""
    days = [0.1] * n + [0.1] * (30 - n)
    flags = [1] * (6 * n) + [4] * (6 * (30 - n))
    (row,) = monthly_means(april(days, flags=flags), determinands, rules, APRIL).to_dict("records")
    assert (row["status"], row["n_valid"], row["n_excluded"]) == (status, n, 30 - n)
    assert math.isnan(row["value"]) == (status != "measured")


def test_days_weigh_alike(
    flagged: Flagged, determinands: Determinands, rules: AggregationRules
) -> None:
    """Four readings on one day and six on the other: the mean of means, not of readings."""
    table = flagged([1.0] * 4 + [2.0] * 6, hours=[0, 4, 8, 12, *range(24, 48, 4)])
    daily = daily_means(table, determinands, rules, APRIL)
    loose = rules.model_copy(update={"min_share_per_month": Decimal("0.05")})
    assert monthly_means(daily, determinands, loose, APRIL)["exact"][0] == Fraction(3, 2)


def test_ph_of_a_month(april: April, determinands: Determinands, rules: AggregationRules) -> None:
    daily = april([7.0, 9.0] * 15, determinand="PH")
    (exact,) = monthly_means(daily, determinands, rules, APRIL)["exact"]
    assert round_gbt8170(exact, 2) == Decimal("7.30")


def test_an_exact_tie(april: April, determinands: Determinands, rules: AggregationRules) -> None:
    (exact,) = monthly_means(april([0.2, 0.21] * 15), determinands, rules, APRIL)["exact"]
    assert exact == Fraction("0.205")
    assert round_gbt8170(exact, 2) == Decimal("0.20")


def test_each_month_of_a_period(
    april: April, determinands: Determinands, rules: AggregationRules
) -> None:
    daily = pd.concat([april([0.2] * 30, site="b"), april([0.1] * 30, site="a")])
    found = monthly_means(daily, determinands, rules, Period.parse("2021-03/2021-04"))
    assert list(zip(found["site"], found["period"], found["status"], strict=True)) == [
        ("a", "2021-03", "missing"), ("a", "2021-04", "measured"),
        ("b", "2021-03", "missing"), ("b", "2021-04", "measured"),
    ]  # fmt: skip
    assert found["n_expected"].tolist() == [31, 30, 31, 30]
    assert monthly_means(daily, determinands, rules, Period.month(2021, 5)).empty


def test_without_exact_the_decimals_count(
    april: April, determinands: Determinands, rules: AggregationRules
) -> None:
    daily = april([0.1] * 10 + [0.3] * 20).assign(exact=None)
    assert monthly_means(daily, determinands, rules, APRIL)["exact"][0] == Fraction(7, 30)


def test_wrong_tables_are_refused(
    april: April, determinands: Determinands, rules: AggregationRules
) -> None:
    daily = april([0.1] * 30)
    with pytest.raises(ContractError, match="2021-04-01 stands twice"):
        monthly_means(pd.concat([daily, daily]), determinands, rules, APRIL)
    with pytest.raises(UnitMismatch, match="NH3N"):
        other = daily.assign(unit=pd.array(["ug/L"] * len(daily), dtype="str"))
        monthly_means(other, determinands, rules, APRIL)
    assert monthly_means(MEANS.empty(), determinands, rules, APRIL).empty


@given(days=st.lists(st.integers(1, 99_999), min_size=18, max_size=30), seed=st.integers(0, 9))
def test_mean_of_fractions(
    april: April,
    determinands: Determinands,
    rules: AggregationRules,
    days: list[int],
    seed: int,
) -> None:
    daily = april([number / 1000 for number in days])
    found = monthly_means(daily.sample(frac=1, random_state=seed), determinands, rules, APRIL)
    assert found["exact"][0] == Fraction(sum(days), 1000 * len(days))
    assert found["value"][0] == float(found["exact"][0])
    assert np.isclose(found["coverage"][0], len(days) / 30)
