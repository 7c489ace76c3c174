"""Whole evaluations: cases by hand, cases of the published data, and what holds for all data."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.flag import Flag
from ecomon.model.tables import STORED
from ecomon.quality import QualityRules, count_unknown_source_flags, evaluate

Stored = Callable[..., pd.DataFrame]
MakeRules = Callable[..., QualityRules]

SPIKE = {"suspect": {"absolute": 1.0, "k_mad": 5}, "window_h": 24, "calm_share": 0.5}
FLAT = {"tolerance": 0.1, "suspect": {"span_h": 12, "n_readings": 4}}
RATE = {"suspect_rise_per_h": 0.5, "fail_rise_per_h": 2.0, "suspect_fall_per_h": 1.0}
RANGE = {"fail_low": 0, "suspect_high": 8, "fail_high": 10}
ALL = {"spike": SPIKE, "flat_line": FLAT, "rate": RATE, "range": RANGE}
NAN = math.nan


def pairs(flags: pd.DataFrame) -> list[tuple[int, str]]:
    return list(zip(flags["flag"], flags["tests"], strict=True))


class TestPublishedCases:
    """Readings published by CNEMC that everybody can see are doubtful."""

    def test_ammonia_at_yaodu_on_3_april_2021(self, stored: Stored, shipped: QualityRules) -> None:
        found = evaluate(stored([0.050, 0.040, 2.880, 0.040, 0.030]), shipped)
        assert pairs(found) == [(1, ""), (1, ""), (3, "spike:3"), (1, ""), (1, "")]

    def test_ammonia_above_total_nitrogen_makes_both_suspect(
        self, stored: Stored, shipped: QualityRules
    ) -> None:
        ammonia = stored([0.040, 2.880, 0.040])
        nitrogen = stored([2.62, 1.94, 1.59], determinand="TN", first_revision=11)
        found = evaluate(pd.concat([ammonia, nitrogen], ignore_index=True), shipped)
        assert found["flag"].tolist() == [1, 3, 1, 1, 3, 1]
        assert found["tests"][1] == "spike:3,part_over_total:3"
        assert found["tests"][4] == "part_over_total:3"

    def test_codmn_at_qingfengxia_in_january_2021(
        self, stored: Stored, shipped: QualityRules
    ) -> None:
        """One reading a day; the next day was filtered as extreme and holds no value."""
        found = evaluate(
            stored(
                [0.04, 0.08, 3.0, NAN, 0.21, 0.04],
                hours=[0, 24, 48, 72, 92, 120],
                site="qingfengxia",
                determinand="CODMN",
                source_flag=["正常", "正常", "正常", "极值过滤", "正常", "正常"],
            ),
            shipped,
        )
        assert pairs(found) == [
            (1, ""), (1, ""), (3, "spike:3"), (9, "missing,source_flag:4"), (1, ""), (1, ""),
        ]  # fmt: skip

    def test_the_same_a_day_apart_elsewhere_is_a_gap(
        self, stored: Stored, shipped: QualityRules
    ) -> None:
        found = evaluate(stored([0.08, 3.0, 0.21], step_h=24, determinand="CODMN"), shipped)
        assert found["flag"].tolist() == [1, 1, 1]
        assert found["not_evaluated"].str.contains("spike:gap").all()


def test_stations_say_of_themselves(stored: Stored, shipped: QualityRules) -> None:
    texts = ["正常", "维护", "极值过滤", "停站", "不具备运行条件", "泵房停电", None]
    table = stored([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1], source_flag=texts)
    found = evaluate(table, shipped)
    assert found["flag"].tolist() == [1, 3, 4, 4, 4, 3, 1]
    assert found["tests"][1:6].tolist() == [f"source_flag:{level}" for level in (3, 4, 4, 4, 3)]
    assert count_unknown_source_flags(table, shipped) == {"泵房停电": 1}


@pytest.mark.parametrize("status", ["疑似", "确认"])
@pytest.mark.parametrize(("determinand", "value"), [("SB", 0.0208), ("NH3N", 3.0), ("TP", 0.9)])
def test_a_lone_emergency_sample_is_not_suspect(
    stored: Stored, shipped: QualityRules, status: str, determinand: str, value: float
) -> None:
    table = stored([value], determinand=determinand, source="samples", source_flag=status)
    found = evaluate(table.assign(programme="emergency"), shipped)
    assert pairs(found) == [(1, "")]  # its range is good; its neighbours were not looked at
    assert "suspect" not in found["not_evaluated"].item()
    assert count_unknown_source_flags(table, shipped) == {}


def test_what_an_emergency_sample_cannot_be_is_still_said(
    stored: Stored, shipped: QualityRules
) -> None:
    table = stored([-0.1, 900.0], determinand="NH3N", source="samples", source_flag="疑似")
    assert pairs(evaluate(table, shipped)) == [(4, "range:4"), (3, "range:3")]


def test_what_no_rule_knows_is_not_evaluated(stored: Stored, shipped: QualityRules) -> None:
    found = evaluate(stored([35.0, NAN, math.inf], determinand="PM25", unit="ug/m3"), shipped)
    assert pairs(found) == [(2, ""), (9, "missing"), (9, "missing")]


def test_a_machine_never_fails_a_high_metal(stored: Stored, make_rules: MakeRules) -> None:
    rules = make_rules(**ALL, never_fail=True)
    found = evaluate(
        stored([0.1, 50.0, 0.1, -1.0], source_flag=[None, "极值过滤"] + [None] * 2), rules
    )
    assert found["tests"][1] == "source_flag:3,range:3,spike:3,rate:3"
    assert found["flag"].tolist() == [1, 3, 1, 4]
    assert evaluate(stored([0.1, 50.0, 0.1]), make_rules(**ALL))["flag"].tolist() == [1, 4, 1]


def test_the_newest_reading_waits_for_its_successor(stored: Stored, make_rules: MakeRules) -> None:
    rules = make_rules(spike=SPIKE)
    first = stored([0.1, 0.1, 0.1, 5.0])
    assert pairs(evaluate(first, rules))[-1] == (2, "")
    assert evaluate(first, rules)["not_evaluated"].tolist() == ["spike:first", "", "", "spike:last"]
    later = evaluate(stored([0.1, 0.1, 0.1, 5.0, 0.1]), rules)
    assert pairs(later)[3] == (3, "spike:3")


def test_prior_readings_are_looked_back_on_and_get_no_flag(
    stored: Stored, make_rules: MakeRules
) -> None:
    table = stored([0.1, 0.1, 0.1, 5.0, 0.1])
    found = evaluate(table[3:], make_rules(spike=SPIKE), prior=table[:3])
    assert found["revision"].tolist() == [4, 5]
    assert found["flag"].tolist() == [3, 2]


def test_a_time_that_stands_twice_is_judged_once(stored: Stored, make_rules: MakeRules) -> None:
    table = stored([1, 9, 1.1, 1.2, 1.0], hours=[0, 4, 4, 8, 12])
    found = evaluate(table, make_rules(spike=SPIKE, rate=RATE))
    assert found["flag"].tolist() == [2, 2, 1, 1, 1]
    assert found["not_evaluated"][1] == "spike:repeated,rate:repeated"


def test_overrides_take_the_rest_from_the_general_entry(
    stored: Stored, make_rules: MakeRules
) -> None:
    local = {"determinands": ("NH3N",), "sites": ("badu",), "range": {"fail_high": 100}}
    rules = make_rules(local, range=RANGE, spike=SPIKE)
    values = [0.1, 0.1, 20.0, 0.1, 0.1]
    assert evaluate(stored(values), rules)["tests"][2] == "range:4,spike:3"
    assert evaluate(stored(values, site="badu"), rules)["tests"][2] == "spike:3"


def test_limits_of_the_month(stored: Stored, make_rules: MakeRules) -> None:
    monthly = [float(month) for month in range(1, 13)]
    rules = make_rules(
        {"determinands": ("NH3N",), "sites": ("badu",), "range": {"fail_high": 3.5}},
        range={"fail_high": monthly},
    )
    values, hours = [3.7, 4.2, 4.2, 5.2], [0, 8, 24 * 30, 24 * 31]
    assert evaluate(stored(values, hours=hours), rules)["flag"].tolist() == [1, 4, 1, 4]
    elsewhere = stored(values, hours=hours, site="badu", first_revision=11)
    both = pd.concat([stored(values, hours=hours), elsewhere], ignore_index=True)
    assert evaluate(both, rules)["flag"].tolist() == [1, 4, 1, 4, 4, 4, 4, 4]


def test_nothing_in_nothing_out(stored: Stored, shipped: QualityRules) -> None:
    assert len(evaluate(STORED.empty(), shipped)) == 0
    assert len(evaluate(STORED.empty(), shipped, prior=stored([0.1]))) == 0


def test_other_units_and_incomplete_rows_are_refused(stored: Stored, shipped: QualityRules) -> None:
    with pytest.raises(UnitMismatch, match=r"NH3N.*mg/L.*ug/L"):
        evaluate(stored([40.0], unit="ug/L"), shipped)
    with pytest.raises(ContractError, match="without site"):
        evaluate(stored([1.0]).assign(start=np.array(["NaT"], dtype="datetime64[us]")), shipped)
    with pytest.raises(ContractError, match="no column"):
        evaluate(stored([1.0]).drop(columns="censor"), shipped)


def test_categories_are_texts_too(stored: Stored, make_rules: MakeRules) -> None:
    table = stored([0.1, 0.1, 5.0, 0.1], source_flag=["正常", None, "维护", "正常"])
    texts = [
        "site",
        "determinand",
        "statistic",
        "programme",
        "source",
        "unit",
        "censor",
        "source_flag",
    ]
    as_category = table.astype(dict.fromkeys(texts, "category"))
    rules = make_rules(**ALL)
    pd.testing.assert_frame_equal(evaluate(as_category, rules), evaluate(table, rules))


STEPS = st.sampled_from([0, 1, 2, 4, 4, 4, 6, 13, 30])
VALUES = st.sampled_from([0.5, 0.5, 0.52, 0.6, 0.7, 1.9, 3.0, 6.0, 9.0, 12.0, -1.0, NAN])
SERIES = st.lists(st.tuples(STEPS, VALUES), min_size=1, max_size=25)
TABLES = st.lists(SERIES, min_size=1, max_size=3)


@pytest.fixture(scope="module")
def tables(stored: Stored) -> Callable[[list[list[tuple[int, float]]]], pd.DataFrame]:
    names = [("a", "NH3N"), ("a", "TN"), ("b", "NH3N")]

    def make(drawn: list[list[tuple[int, float]]]) -> pd.DataFrame:
        parts = [
            stored(
                [value for _, value in series],
                hours=np.cumsum([step for step, _ in series]).tolist(),
                site=site,
                determinand=determinand,
            )
            for series, (site, determinand) in zip(drawn, names, strict=False)
        ]
        table = pd.concat(parts, ignore_index=True)
        return table.assign(revision=np.arange(len(table)) + 1)

    return make


Tables = Callable[[list[list[tuple[int, float]]]], pd.DataFrame]


@given(drawn=TABLES, kept=st.sets(st.sampled_from(sorted(ALL))), more=st.sampled_from(sorted(ALL)))
def test_one_more_test_never_improves_a_flag(
    tables: Tables, make_rules: MakeRules, drawn: list, kept: set[str], more: str
) -> None:
    table = tables(drawn)
    fewer = evaluate(table, make_rules(**{name: ALL[name] for name in kept}))["flag"]
    flags = evaluate(table, make_rules(**{name: ALL[name] for name in {*kept, more}}))["flag"]
    for flag, before in zip(flags, fewer, strict=True):
        assert Flag(flag).severity >= Flag(before).severity


@given(drawn=TABLES, seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(
    tables: Tables, make_rules: MakeRules, drawn: list, seed: int
) -> None:
    table, rules = tables(drawn), make_rules(**ALL)
    shuffled = evaluate(table.sample(frac=1, random_state=seed), rules)
    again = shuffled.sort_values("revision", ignore_index=True)
    pd.testing.assert_frame_equal(again, evaluate(table, rules))


@given(drawn=TABLES, cut_h=st.integers(0, 150))
def test_with_prior_as_with_the_whole(
    tables: Tables, make_rules: MakeRules, drawn: list, cut_h: int
) -> None:
    table, rules = tables(drawn), make_rules(**ALL)
    is_new = table["start"] >= pd.Timestamp("2021-04-01") + pd.Timedelta(hours=cut_h)
    whole = evaluate(table, rules)[is_new.to_numpy()].reset_index(drop=True)
    found = evaluate(table[is_new], rules, prior=table[~is_new])
    pd.testing.assert_frame_equal(found, whole)


@given(drawn=TABLES, cut_h=st.integers(0, 300))
def test_older_than_its_reach_changes_no_flag(
    tables: Tables, make_rules: MakeRules, drawn: list, cut_h: int
) -> None:
    table, rules = tables(drawn), make_rules(**ALL)
    cut = pd.Timestamp("2021-04-01") + pd.Timedelta(hours=cut_h)
    is_new = (table["start"] >= cut).to_numpy()
    is_near = (table["start"] >= cut - pd.Timedelta(hours=rules.reach_h)).to_numpy() & ~is_new
    found = evaluate(table[is_new], rules, prior=table[is_near])
    whole = evaluate(table, rules)[is_new]
    assert found["tests"].tolist() == whole["tests"].tolist()


@given(drawn=TABLES, hours=st.integers(-100_000, 100_000))
def test_another_time_changes_nothing(
    tables: Tables, make_rules: MakeRules, drawn: list, hours: int
) -> None:
    table, rules = tables(drawn), make_rules(**ALL)
    shift = np.timedelta64(hours * 3_600_000_000, "us")
    moved = table.assign(start=table["start"].to_numpy() + shift)
    pd.testing.assert_frame_equal(evaluate(moved, rules), evaluate(table, rules))
