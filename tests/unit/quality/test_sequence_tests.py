"""Spike, flat line and rate, each by hand and against a slow reading of its definition."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.quality import QualityRules, evaluate

Stored = Callable[..., pd.DataFrame]
MakeRules = Callable[..., QualityRules]
Test = dict[str, Any]

NAN = math.nan
GAP_H = 12


def flags(table: pd.DataFrame, rules: QualityRules) -> list[int]:
    return evaluate(table, rules)["flag"].tolist()


class TestSpike:
    STEP: ClassVar[Test] = {"suspect": {"absolute": 1.0}, "window_h": 24, "calm_share": 0.5}

    def test_only_the_spike_is_flagged(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(spike=self.STEP, range={"fail_low": 0})
        assert flags(stored([1, 1, 5, 1, 1]), rules) == [1, 1, 3, 1, 1]
        assert flags(stored([6, 6, 1, 6, 6]), rules) == [1, 1, 3, 1, 1]

    def test_a_step_that_stays_is_none(self, stored: Stored, make_rules: MakeRules) -> None:
        assert flags(stored([1, 1, 5, 5, 5]), make_rules(spike=self.STEP))[1:-1] == [1, 1, 1]

    def test_equality_is_no_spike(self, stored: Stored, make_rules: MakeRules) -> None:
        assert flags(stored([1, 2, 1]), make_rules(spike=self.STEP))[1] == 1
        assert flags(stored([1, 2.001, 1]), make_rules(spike=self.STEP))[1] == 3

    def test_neighbours_must_be_calm(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(spike=self.STEP)
        # The neighbours are 1.3 and 1.4 apart, the smaller steps are 2.7 and 2.6.
        assert flags(stored([1, 5, 2.3]), rules)[1] == 3
        assert flags(stored([1, 5, 2.4]), rules)[1] == 1

    def test_two_levels(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(spike={**self.STEP, "fail": {"absolute": 4.0}})
        assert flags(stored([1, 4, 1, 1, 6, 1]), rules)[1:-1] == [3, 1, 1, 4]

    def test_restless_surroundings_ask_for_more(
        self, stored: Stored, make_rules: MakeRules
    ) -> None:
        restless = [1.0, 2.5, 1.2, 4.0, 1.0, 2.6, 1.1]
        by_floor = make_rules(spike=self.STEP)
        by_mad = make_rules(spike={**self.STEP, "suspect": {"absolute": 1.0, "k_mad": 5}})
        assert flags(stored(restless), by_floor)[3] == 3
        # around 4.0: 1.0 2.5 1.2 | 1.0 2.6 1.1: median 1.15, MAD 0.15; 5 x 0.15 < floor
        assert flags(stored(restless), by_mad)[3] == 3
        restless[0], restless[6] = 2.4, 2.2
        # 2.4 2.5 1.2 | 1.0 2.6 2.2: median 2.3, MAD (0.1 0.2 1.1 1.3 0.3 0.1) 0.25; 1.25 < 2.8
        assert flags(stored(restless), by_mad)[3] == 3
        wide = make_rules(spike={**self.STEP, "suspect": {"absolute": 1.0, "k_mad": 12}})
        assert flags(stored(restless), wide)[3] == 1  # 12 x 0.25 = 3.0 > 2.8

    def test_missing_readings_are_passed_over(self, stored: Stored, make_rules: MakeRules) -> None:
        found = evaluate(stored([1, 1, NAN, 5, NAN, 1]), make_rules(spike=self.STEP))
        assert found["flag"].tolist() == [2, 1, 9, 3, 9, 2]

    def test_never_across_a_gap(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(spike=self.STEP, range={"fail_low": 0})
        found = evaluate(stored([1, 5, 1], hours=[0, 12, 24]), rules)
        assert found["flag"].tolist() == [1, 3, 1]
        found = evaluate(stored([1, 5, 1], hours=[0, 12.1, 24]), rules)
        assert found["flag"].tolist() == [1, 1, 1]
        assert found["not_evaluated"].tolist() == ["spike:gap", "spike:gap", "spike:last"]


class TestFlatLine:
    RUN: ClassVar[Test] = {"tolerance": 0.0, "suspect": {"span_h": 12, "n_readings": 4}}

    def test_the_whole_run_is_flagged(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(flat_line=self.RUN)
        assert flags(stored([1, 2, 2, 2, 2, 3]), rules) == [1, 3, 3, 3, 3, 1]
        assert flags(stored([1, 2, 2, 2, 3, 3]), rules) == [1] * 6

    def test_by_time_and_by_number(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(flat_line=self.RUN)
        assert flags(stored([2] * 5, step_h=1), rules) == [2] * 5  # 4 h are not 12 h
        assert flags(stored([2] * 3, step_h=8), rules) == [2] * 3  # 3 readings are not 4
        assert flags(stored([2] * 13, step_h=1), rules) == [3] * 13

    def test_at_the_limit_of_detection_or_censored(
        self, stored: Stored, make_rules: MakeRules
    ) -> None:
        rules = make_rules(flat_line=self.RUN, detection_limit=0.025)
        assert flags(stored([0.025] * 6), rules) == [1] * 6
        assert flags(stored([0.026] * 6), rules) == [3] * 6
        assert flags(stored([0.05] * 6, censor=["left"] * 6), rules) == [1] * 6

    def test_a_slow_drift_is_no_flat_line(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(flat_line={**self.RUN, "tolerance": 0.1})
        assert flags(stored([1 + 0.04 * place for place in range(12)]), rules) == [1] * 12
        drift_then_flat = [1 + 0.05 * place for place in range(6)] + [1.25, 1.25, 1.3]
        assert flags(stored(drift_then_flat), rules) == [1] * 4 + [3] * 5

    def test_two_levels(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(flat_line={**self.RUN, "fail": {"span_h": 24, "n_readings": 7}})
        assert flags(stored([1] * 6 + [2] * 7), rules) == [3] * 6 + [4] * 7

    def test_a_gap_ends_a_run(self, stored: Stored, make_rules: MakeRules) -> None:
        found = evaluate(
            stored([2] * 6, hours=[0, 4, 8, 24, 28, 32]), make_rules(flat_line=self.RUN)
        )
        assert found["flag"].tolist() == [2] * 6
        assert set(found["not_evaluated"]) == {"flat_line:short"}

    @given(
        steps=st.lists(st.sampled_from([1, 4, 4, 5, 7, 13]), min_size=1, max_size=14),
        values=st.lists(st.sampled_from([1.0, 1.1, 1.2, 1.3]), min_size=14, max_size=14),
        tolerance=st.sampled_from([0.0, 0.15, 0.25]),
    )
    def test_is_what_its_definition_says(
        self,
        stored: Stored,
        make_rules: MakeRules,
        steps: list[int],
        values: list[float],
        tolerance: float,
    ) -> None:
        hours = np.cumsum(steps).tolist()
        values = values[: len(hours)]
        expected = [False] * len(hours)
        for first in range(len(hours)):
            for last in range(first + 3, len(hours)):
                part = values[first : last + 1]
                is_unbroken = all(step <= GAP_H for step in steps[first + 1 : last + 1])
                is_flat = max(part) - min(part) <= tolerance
                if is_unbroken and is_flat and hours[last] - hours[first] >= 12:
                    expected[first : last + 1] = [True] * len(part)
        rules = make_rules(flat_line={**self.RUN, "tolerance": tolerance})
        found = evaluate(stored(values, hours=hours), rules)["flag"]
        assert [flag == 3 for flag in found] == expected


class TestRate:
    LIMITS: ClassVar[Test] = {
        "suspect_rise_per_h": 0.5,
        "fail_rise_per_h": 1.0,
        "suspect_fall_per_h": 0.25,
    }

    def test_rise_and_fall_apart(self, stored: Stored, make_rules: MakeRules) -> None:
        rules = make_rules(rate=self.LIMITS)
        assert flags(stored([1, 3, 3, 2, 2]), rules) == [2, 1, 1, 1, 1]  # exactly at both limits
        assert flags(stored([1, 3.1, 3.1, 2, 2]), rules) == [2, 3, 1, 3, 1]
        assert flags(stored([1, 5.1, 5.1]), rules) == [2, 4, 1]

    def test_by_the_hour(self, stored: Stored, make_rules: MakeRules) -> None:
        assert flags(stored([1, 3], step_h=2), make_rules(rate=self.LIMITS))[1] == 3
        assert flags(stored([1, 3], step_h=12), make_rules(rate=self.LIMITS))[1] == 1

    def test_the_return_from_a_spike_is_no_fault(
        self, stored: Stored, make_rules: MakeRules
    ) -> None:
        rules = make_rules(rate=self.LIMITS)
        assert flags(stored([1, 1, 9, 1, 1]), rules) == [2, 1, 4, 1, 1]
        assert flags(stored([1, 1, 9, 9, 1]), rules) == [2, 1, 4, 1, 3]

    def test_never_across_a_gap(self, stored: Stored, make_rules: MakeRules) -> None:
        found = evaluate(stored([1, 50], hours=[0, 13]), make_rules(rate=self.LIMITS))
        assert found["flag"].tolist() == [2, 2]
        assert found["not_evaluated"].tolist() == ["rate:first", "rate:gap"]


STEPS = st.sampled_from([1, 4, 4, 4, 5, 13])
VALUES = st.sampled_from([1.0, 1.1, 1.3, 2.0, 2.5, 4.0, 7.0, 30.0])


@given(drawn=st.lists(st.tuples(STEPS, VALUES), min_size=1, max_size=14))
def test_a_spike_is_what_its_definition_says(
    stored: Stored, make_rules: MakeRules, drawn: list[tuple[int, float]]
) -> None:
    hours = np.cumsum([step for step, _ in drawn]).tolist()
    values = [value for _, value in drawn]

    def around(here: int) -> list[float]:
        """Other readings within 12 h, none beyond a gap, and at least the two neighbours."""
        broken = [place for place in range(1, len(drawn)) if drawn[place][0] > GAP_H]
        low = max([0, *(place for place in broken if place <= here)])
        high = min([len(drawn), *(place for place in broken if place > here)])
        return [
            values[place]
            for place in range(low, high)
            if place != here and (abs(hours[place] - hours[here]) <= 12 or abs(place - here) == 1)
        ]

    def is_spike(here: int) -> bool:
        if not 0 < here < len(drawn) - 1 or max(drawn[here][0], drawn[here + 1][0]) > GAP_H:
            return False
        out, back = values[here] - values[here - 1], values[here + 1] - values[here]
        step = min(abs(out), abs(back))
        middle = median(around(here))
        mad = median(abs(value - middle) for value in around(here))
        threshold = max(0.5, min(5 * mad, 3 * middle))
        return out * back < 0 and step > threshold and abs(out + back) <= 0.5 * step

    rules = make_rules(
        spike={
            "suspect": {"absolute": 0.5, "k_mad": 5, "ratio_to_median": 3},
            "window_h": 24,
            "calm_share": 0.5,
        }
    )
    found = evaluate(stored(values, hours=hours), rules)["flag"]
    assert [flag == 3 for flag in found] == [is_spike(here) for here in range(len(drawn))]


@pytest.mark.parametrize("kind", ["spike", "flat_line", "rate"])
def test_series_do_not_touch(stored: Stored, make_rules: MakeRules, kind: str) -> None:
    """What ends one series and begins the next would be a fault if they were one."""
    tests = {"spike": TestSpike.STEP, "flat_line": TestFlatLine.RUN, "rate": TestRate.LIMITS}
    ends_high, begins_low = stored([1, 1, 1, 1.2, 9]), stored([1, 1, 1, 1.2, 1.3], site="zz")
    both = pd.concat([ends_high, begins_low], ignore_index=True)
    both["revision"] = np.arange(10) + 1
    rules = make_rules(**{kind: tests[kind]})
    apart = [*flags(ends_high, rules), *flags(begins_low, rules)]
    assert flags(both, rules) == apart
    assert flags(both.iloc[::-1], rules) == apart[::-1]


def test_two_sources_of_one_reading_are_two_series(stored: Stored, make_rules: MakeRules) -> None:
    first = stored([1, 1, 5, 1, 1])
    second = stored([1, 1, 1.1, 1, 1], source="tabulated", first_revision=11)
    both = pd.concat([first, second]).sort_values(["start", "source"], ignore_index=True)
    found = evaluate(both, make_rules(spike=TestSpike.STEP))
    assert found.loc[found["tests"] == "spike:3", "revision"].tolist() == [3]
