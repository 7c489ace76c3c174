from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.load.flux_series import (
    LOG_LINEAR,
    MEASURED,
    MISSING,
    NEIGHBOUR,
    REVERSED,
    STRUCTURAL,
    DischargeSeries,
)
from ecomon.load.gaps import GapRules, complete_steps, fill_discharge, find_gaps
from ecomon.load.gaps_structural import smooth_levels, smooth_local_level

DAY_S = 86_400.0
RULES = GapRules(
    max_log_linear_s=3 * DAY_S,
    max_neighbour_s=21 * DAY_S,
    max_structural_s=21 * DAY_S,
    min_season_s=2 * 365 * DAY_S,
)


def record(q: np.ndarray) -> DischargeSeries:
    time = np.datetime64("2021-01-01", "us") + np.arange(len(q)) * np.timedelta64(1, "D")
    return DischargeSeries.of(time, q, step_s=DAY_S)


def course(n: int = 200, seed: int = 1) -> np.ndarray:
    return np.exp(3 + np.random.default_rng(seed).normal(0, 0.05, n).cumsum())


def test_a_short_gap_by_hand() -> None:
    # ln Q runs straight from ln 1 to ln 16 over four steps; the changes of ln Q known are those of
    # days 1-2 and 6-7, ln 2 each, so the variance of a step is (ln 2)^2.
    q = np.array([0.5, 1.0, np.nan, np.nan, np.nan, 16.0, 32.0])
    found = fill_discharge(record(q), RULES)
    assert found.discharge_m3_s[2:5] == pytest.approx([2.0, 4.0, 8.0], rel=1e-12)
    assert found.fill.tolist() == [MEASURED] * 2 + [LOG_LINEAR] * 3 + [MEASURED] * 2
    shape = np.array([1 * 3, 2 * 2, 3 * 1]) / 4
    by_hand = np.array([2.0, 4, 8]) ** 2 * np.expm1(np.log(2) ** 2 * shape)
    assert found.variance[2:5] == pytest.approx(by_hand, rel=1e-12)
    assert not found.variance[[0, 1, 5, 6]].any()


def test_zero_and_negative_are_kept_out_of_logarithms() -> None:
    q = np.array([5.0, 0.0, np.nan, 4.0, 5.0, -1.0, np.nan, 3.0])
    found = fill_discharge(record(q), RULES)
    assert found.discharge_m3_s[2] == pytest.approx(2.0)
    assert found.discharge_m3_s[6] == pytest.approx(1.0)
    assert np.isfinite(found.variance).all()
    assert found.fill[5] == REVERSED


def test_a_longer_gap_beside_zero_stays_missing() -> None:
    q = course()
    q[100:110] = np.nan
    q[99] = 0.0
    found = fill_discharge(record(q), RULES)
    assert (found.fill[100:110] == MISSING).all()


def test_a_neighbour_is_followed() -> None:
    q = course()
    holed = q.copy()
    holed[60:75] = np.nan
    found = fill_discharge(record(holed), RULES, neighbour=record(3 * q))
    assert (found.fill[60:75] == NEIGHBOUR).all()
    assert found.discharge_m3_s[60:75] == pytest.approx(q[60:75], rel=1e-12)
    assert found.variance[60:75] == pytest.approx(np.zeros(15), abs=1e-20)
    gone = 3 * q
    gone[65] = np.nan
    found = fill_discharge(record(holed), RULES, neighbour=record(gone))
    assert (found.fill[60:75] == STRUCTURAL).all()


def test_too_long_a_gap_and_the_ends_stay_missing() -> None:
    q = course()
    q[50:72] = np.nan
    q[:2] = q[-2:] = np.nan
    found = fill_discharge(record(q), RULES)
    assert (found.fill[50:72] == MISSING).all()
    assert np.isnan(found.discharge_m3_s[[0, 1, -2, -1]]).all()
    assert found.variance[found.fill == MISSING].tolist() == [0.0] * 26
    off = replace(RULES, max_log_linear_s=0.0, max_neighbour_s=0.0, max_structural_s=0.0)
    q = course()
    q[5] = np.nan
    assert fill_discharge(record(q), off).fill[5] == MISSING


def test_absent_steps_become_steps() -> None:
    whole = record(course(30))
    keep = np.r_[0:10, 12:30]
    absent = DischargeSeries.of(whole.time[keep], whole.discharge_m3_s[keep], step_s=DAY_S)
    assert complete_steps(absent).time.tolist() == whole.time.tolist()
    assert (fill_discharge(absent, RULES).fill[10:12] == LOG_LINEAR).all()
    odd = DischargeSeries.of(
        whole.time + np.arange(30) * np.timedelta64(1, "h"), whole.discharge_m3_s, step_s=DAY_S
    )
    with pytest.raises(ContractError, match="whole number of"):
        complete_steps(odd)
    assert [(gap.first, gap.last) for gap in find_gaps(np.array([1, np.nan, 1, np.nan]))] == [
        (1, 2)
    ]


@settings(max_examples=15, deadline=None)
@given(way=st.sampled_from(["log", "structural", "neighbour"]), first=st.integers(20, 150))
def test_variance_grows_with_the_gap(way: str, first: int) -> None:
    rules = {
        "log": replace(RULES, max_log_linear_s=21 * DAY_S),
        "structural": replace(RULES, max_log_linear_s=0.0, max_neighbour_s=0.0),
        "neighbour": replace(RULES, max_log_linear_s=0.0),
    }[way]
    q, beside = course(), course(seed=2)
    relative: list[float] = []
    for length in (2, 6, 18):
        holed = q.copy()
        holed[first : first + length] = np.nan
        found = fill_discharge(record(holed), rules, neighbour=record(beside))
        inside = slice(first, first + length)
        relative.append(float((found.variance[inside] / found.discharge_m3_s[inside] ** 2).max()))
    assert 0 < relative[0] < relative[1] < relative[2]


def test_the_smoother_is_the_conditional_mean() -> None:
    # A local level model is Gaussian: its smoother is the conditional mean under the covariance
    # q min(s, t) + r 1[s = t] with a diffuse start, here written out as a matrix.
    rng = np.random.default_rng(3)
    y = rng.normal(0, 0.3, 40).cumsum() + rng.normal(0, 0.1, 40)
    y[15:22] = np.nan
    level, spread, noise = smooth_local_level(y.tolist(), ratio=2.5)
    known = np.flatnonzero(~np.isnan(y))
    place = np.arange(40.0)
    of_level = 2.5 * noise * np.minimum.outer(place, place) + 1e5
    of_known = of_level[np.ix_(known, known)] + noise * np.eye(len(known))
    gain = np.linalg.solve(of_known, of_level[known]).T
    assert level == pytest.approx(gain @ y[known], abs=1e-4)
    left = np.diag(of_level - gain @ of_level[known])
    assert spread == pytest.approx(left, rel=1e-3)
    assert spread[18] > spread[15] > spread[14]


def test_a_season_carries_a_long_gap() -> None:
    years = np.arange(3 * 365) / 365.25
    y = 2 + np.sin(2 * np.pi * years) + np.random.default_rng(1).normal(0, 0.02, len(years))
    holed = y.copy()
    holed[400:460] = np.nan
    with_season, _ = smooth_levels(holed, years)
    without, _ = smooth_levels(holed, None)
    assert np.abs(with_season - y)[400:460].max() < 0.1
    assert np.abs(with_season - y)[400:460].max() < 0.5 * np.abs(without - y)[400:460].max()
    assert np.isnan(smooth_levels(np.full(5, np.nan), None)[0]).all()
