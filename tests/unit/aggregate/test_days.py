from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ecomon.aggregate import AggregationRules, daily_means
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.period import Period
from ecomon.model.quantity import round_gbt8170
from ecomon.model.tables import FLAGGED, MEANS

Flagged = Callable[..., pd.DataFrame]
Determinands = Mapping[str, Determinand]
DAY = Period.day(2021, 4, 1)
NAN = math.nan


@pytest.fixture
def mean(determinands: Determinands, rules: AggregationRules) -> Callable[..., pd.DataFrame]:
    def of(table: pd.DataFrame, period: Period = DAY, **changes: Any) -> pd.DataFrame:
        return daily_means(table, determinands, rules.model_copy(update=changes), period)

    return of


Mean = Callable[..., pd.DataFrame]


def test_a_day_by_hand(flagged: Flagged, mean: Mean) -> None:
    found = mean(flagged([0.1, 0.2, 0.3, 9.0, NAN, 0.4], flags=[1, 2, 1, 3, 9, 1]))
    (row,) = found.to_dict("records")
    assert row["exact"] == Fraction(1, 4) and row["value"] == 0.25
    assert (row["n_valid"], row["n_expected"], row["n_excluded"], row["n_censored"]) == (4, 6, 1, 0)
    assert (row["period"], row["period_kind"], row["status"]) == ("2021-04-01", "day", "measured")
    assert row["coverage"] == pytest.approx(4 / 6)


def test_half_the_limit_of_detection(flagged: Flagged, mean: Mean) -> None:
    """Two of four below 0.025: mean .02625 by half the limit, .02 by zero (compensation.md 6)."""
    table = flagged([0.025, 0.025, 0.03, 0.05], censor=["left", "left", "none", "none"])
    (row,) = mean(table).to_dict("records")
    assert row["exact"] == Fraction("0.02625") and row["n_censored"] == 2
    assert mean(table, censored="zero")["exact"][0] == Fraction("0.02")


def test_ph_averages_as_hydrogen_ions(flagged: Flagged, mean: Mean) -> None:
    """7.0 and 9.0 are 7.30, not 8.00."""
    (row,) = mean(flagged([7.0, 9.0] * 3, determinand="PH")).to_dict("records")
    assert round_gbt8170(row["exact"], 2) == Decimal("7.30")
    assert row["value"] == pytest.approx(7 - math.log10(0.505), abs=1e-9)


def test_an_exact_tie_is_rounded_to_even(flagged: Flagged, mean: Mean) -> None:
    """The mean is 0.205 exactly; as binary floats its sum over four lies beside it."""
    (exact,) = mean(flagged([0.201, 0.203, 0.207, 0.209]))["exact"]
    assert exact == Fraction("0.205")
    assert round_gbt8170(exact, 2) == Decimal("0.20")


def test_over_range_enters_no_mean(flagged: Flagged, mean: Mean) -> None:
    censor = ["none"] * 5 + ["right"]
    (row,) = mean(flagged([1.0] * 5 + [50.0], censor=censor)).to_dict("records")
    assert (row["value"], row["n_valid"], row["n_excluded"]) == (1.0, 5, 1)


@pytest.mark.parametrize(("n", "status"), [(0, "missing"), (3, "insufficient"), (4, "measured")])
def test_enough_of_the_readings(flagged: Flagged, mean: Mean, n: int, status: str) -> None:
    """0.6 of six readings are 3.6."""
    (row,) = mean(flagged([1.0] * 6, flags=[1] * n + [3] * (6 - n))).to_dict("records")
    assert row["status"] == status
    assert math.isnan(row["value"]) == (status != "measured")
    assert (row["exact"] is None) == (status != "measured")


@pytest.mark.parametrize(("n", "status"), [(11, "insufficient"), (12, "measured")])
def test_a_share_met_exactly_is_met(flagged: Flagged, mean: Mean, n: int, status: str) -> None:
    """Twenty intervals of 72 minutes a day; 0.6 of them are twelve."""
    table = flagged([1.0] * n, step_h=1.2, statistic="mean", duration_s=4320, determinand="PM25")
    (row,) = mean(table).to_dict("records")
    assert (row["n_expected"], row["status"]) == (20, status)


def test_how_many_are_expected(flagged: Flagged, mean: Mean) -> None:
    gauge = flagged([1.0], determinand="DISCHARGE", source="st-river-r", site="bikou")
    air = flagged([1.0], determinand="PM25", statistic="mean", duration_s=3600, site="k1")
    manual = flagged([1.0], programme="split_sampling", site="m1")
    daily = flagged([1.0], site="qingfengxia")
    found = mean(pd.concat([gauge, air, manual, daily, flagged([1.0])])).set_index("site")
    assert found["n_expected"].to_dict() == {
        "bikou": 24, "k1": 24, "m1": 1, "qingfengxia": 1, "yaodu": 6,
    }  # fmt: skip
    assert found["status"].to_dict() == {
        "bikou": "insufficient", "k1": "insufficient", "m1": "measured",
        "qingfengxia": "measured", "yaodu": "insufficient",
    }  # fmt: skip


def test_denser_readings_do_not_exceed_the_whole(flagged: Flagged, mean: Mean) -> None:
    (row,) = mean(flagged([1.0] * 24, step_h=1)).to_dict("records")
    assert (row["n_valid"], row["coverage"]) == (24, 1.0)


def test_days_begin_at_midnight_and_take_what_starts_in_them(flagged: Flagged, mean: Mean) -> None:
    hours = [23, 24, 25]
    table = flagged([1, 2, 4], hours=hours, statistic="mean", duration_s=3600, determinand="PM25")
    found = mean(table, Period.parse("2021-03-31/2021-04-02"), min_share_per_day=Decimal("0.01"))
    assert found["period"].tolist() == ["2021-03-31", "2021-04-01", "2021-04-02"]
    assert found["value"].fillna(-1).tolist() == [-1, 1, 3]
    assert found["status"].tolist() == ["missing", "measured", "measured"]


def test_other_statistics_and_long_intervals_stay_out(flagged: Flagged, mean: Mean) -> None:
    highest = flagged([99.0] * 6, statistic="max")
    monthly = flagged([99.0], duration_s=30 * 86400, programme="recognised")
    (row,) = mean(pd.concat([highest, monthly, flagged([1.0] * 6)])).to_dict("records")
    assert (row["value"], row["n_excluded"]) == (1.0, 0)
    assert mean(highest).empty


class TestPrecedence:
    """Nothing is averaged silently."""

    def test_of_two_sources(self, flagged: Flagged, mean: Mean) -> None:
        first = flagged([1.0] * 6)
        second = flagged([9.0] * 6, source="tabulated", first_revision=11)
        both = pd.concat([second, first])
        (row,) = mean(both).to_dict("records")
        assert (row["value"], row["n_valid"]) == (1.0, 6)
        (row,) = mean(both, source_precedence=("tabulated",)).to_dict("records")
        assert (row["value"], row["n_valid"]) == (9.0, 6)

    def test_a_usable_reading_before_one_that_is_not(self, flagged: Flagged, mean: Mean) -> None:
        first = flagged([5.0] + [1.0] * 5, flags=[3, 1, 1, 1, 1, 1])
        second = flagged([1.0], source="tabulated", first_revision=11)
        (row,) = mean(pd.concat([first, second])).to_dict("records")
        assert (row["value"], row["n_valid"], row["n_excluded"]) == (1.0, 6, 0)

    def test_replicates_and_revisions(self, flagged: Flagged, mean: Mean) -> None:
        parallel = flagged([3.0] * 6, replicate=1)
        older = flagged([4.0] * 6, first_revision=21)
        newer = flagged([2.0] * 6, first_revision=31)
        (row,) = mean(pd.concat([parallel, older, newer])).to_dict("records")
        assert (row["value"], row["n_valid"]) == (2.0, 6)

    def test_a_day_is_of_one_programme(self, flagged: Flagged, mean: Mean) -> None:
        auto = flagged([1.0] * 6)
        manual = flagged([9.0], hours=[10], programme="split_sampling", first_revision=11)
        (row,) = mean(pd.concat([manual, auto])).to_dict("records")
        assert (row["value"], row["n_valid"], row["n_expected"]) == (1.0, 6, 6)
        broken = auto.assign(flag=4)
        (row,) = mean(pd.concat([manual, broken])).to_dict("records")
        assert (row["value"], row["n_valid"], row["n_expected"]) == (9.0, 1, 1)
        assert row["status"] == "measured"


def test_very_large_counts_stay_exact(flagged: Flagged, mean: Mean) -> None:
    cells = [123_456_789.0, 987_654_321.0, 1.0, 2.0, 3.0, 4.0]
    (row,) = mean(flagged(cells, determinand="ALGAE")).to_dict("records")
    assert row["exact"] == Fraction(sum(map(int, cells)), 6)
    with pytest.raises(ContractError, match="too large"):
        mean(flagged([1e18] * 6, determinand="ALGAE"))


def test_wrong_tables_are_refused(flagged: Flagged, mean: Mean, determinands: Determinands) -> None:
    with pytest.raises(UnitMismatch, match="NH3N"):
        mean(flagged([1.0], unit="ug/L"))
    with pytest.raises(ContractError, match="no determinand"):
        mean(flagged([1.0], determinand="XX", unit="mg/L"))
    with pytest.raises(ContractError, match="no column"):
        mean(flagged([1.0]).drop(columns="flag"))


def test_nothing_in_nothing_out(mean: Mean) -> None:
    assert mean(FLAGGED.empty()).empty
    MEANS.check(mean(FLAGGED.empty()))


def test_rules_must_name_a_default(rules: AggregationRules) -> None:
    given = rules.model_dump()
    with pytest.raises(ValidationError, match="default"):
        AggregationRules.model_validate({**given, "expected_per_day": {"cnemc-water": 6}})
    assert rules.is_unverified and rules.key == "default@1"
    assert rules.effective_from <= date(2021, 1, 1)


THOUSANDTHS = st.integers(0, 50_000)
READING = st.tuples(
    st.integers(0, 47),
    THOUSANDTHS,
    st.sampled_from([1, 2, 3, 9]),
    st.sampled_from(["none", "left"]),
)


@given(drawn=st.lists(READING, max_size=40, unique_by=lambda one: one[0]), seed=st.integers(0, 9))
def test_means_are_exact_in_any_order(
    flagged: Flagged,
    determinands: Determinands,
    rules: AggregationRules,
    drawn: list[tuple[int, int, int, str]],
    seed: int,
) -> None:
    drawn = [(0, 5, 1, "none"), *(one for one in drawn if one[0])]
    span = Period.parse("2021-04-01/2021-04-02")
    table = flagged(
        [number / 1000 for _, number, _, _ in drawn],
        hours=[hour for hour, _, _, _ in drawn],
        flags=[flag for _, _, flag, _ in drawn],
        censor=[censor for _, _, _, censor in drawn],
    )
    loose = rules.model_copy(update={"min_share_per_day": Decimal("0.01")})
    found = daily_means(table, determinands, loose, span)
    for day, exact, n_valid in zip((0, 1), found["exact"], found["n_valid"], strict=True):
        used = [
            Fraction(number, 1000) / (2 if censor == "left" else 1)
            for hour, number, flag, censor in drawn
            if hour // 24 == day and flag in (1, 2)
        ]
        assert n_valid == len(used)
        assert exact == (sum(used) / len(used) if used else None)
    shuffled = daily_means(table.sample(frac=1, random_state=seed), determinands, loose, span)
    pd.testing.assert_frame_equal(shuffled, found)
    assert np.all(found["coverage"] <= 1)
