"""Gaps of a dense record: a line, a bridge, the regression alone, each with its flag and its error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from ecomon.load.estimate import LoadCase, SeriesLoads, estimate_series
from ecomon.load.estimate.daily_series import (
    DAY_BRIDGED,
    DAY_INTERPOLATED,
    DAY_MEASURED,
    DAY_MODELLED,
)
from ecomon.load.estimate.section import integrate_case
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period
from ecomon.registry import read_registry

HOUR = np.timedelta64(3_600_000_000, "us")
START = np.datetime64("2023-01-01", "us")
RULES = read_registry().estimation
DAY_H = 24


def dense(*gaps: tuple[int, int], years: int = 1, seed: int = 3) -> LoadCase:
    """Four-hourly C = 0.02 Q^0.6 x AR(1) on hourly Q of 2023; ``gaps`` are hours from, to."""
    generator = np.random.default_rng(seed)
    n = years * 365 * DAY_H
    first = START - (years - 1) * 365 * DAY_H * HOUR
    hour = np.arange(n)
    white = generator.normal(0, 1, (2, n))
    memory = 0.9 ** (1 / DAY_H)
    q_noise, c_noise = lfilter([np.sqrt(1 - memory**2)], [1, -memory], white)
    q = 100 * np.exp(-0.6 * np.cos(2 * np.pi * hour / 8766) + 0.5 * q_noise)
    c = 0.02 * q**0.6 * np.exp(0.2 * c_noise)
    time = first + hour * HOUR
    keep = hour % 4 == 0
    for begin, end in gaps:
        keep &= ~((time >= START + begin * HOUR) & (time < START + end * HOUR))
    record = replace(DischargeSeries.of(time, q, step_s=3600.0), relative_error=1e-9)
    exact = RULES.model_copy(
        update={"model": RULES.model.model_copy(update={"concentration_error": 0.0})}
    )
    samples = SampleSeries.of(time[keep], c[keep])
    return LoadCase("yaodu", "TP", samples, record, Period.year(2023), exact)


def true_load_t(seed: int = 3) -> float:
    return integrate_case(dense(seed=seed)).load_t


def statuses(found: SeriesLoads, first_h: int, last_h: int) -> set[int]:
    """Of the days that lie wholly between two hours."""
    days = slice(-(-first_h // DAY_H), last_h // DAY_H)
    return set(found.days.status[days].tolist())


def test_a_short_gap_is_a_line_and_estimated() -> None:
    # 20 h between two readings: joined, but not counted as measured.
    whole, line = (integrate_case(dense(*gaps)) for gaps in ((), ((1000, 1016),)))
    assert whole.share_estimated == pytest.approx(0.0, abs=1e-12) and whole.status == "measured"
    assert line.status == "estimated" and 0 < line.share_estimated < 0.01
    assert line.load_t == pytest.approx(whole.load_t, rel=2e-3)
    assert line.filled is None


def test_a_gap_of_ten_days_is_bridged_and_a_month_is_the_regression_alone() -> None:
    case = dense((2400, 2640), (6000, 6720))
    found = estimate_series(case)
    row = next(one for one in found.rows if one["role"] == "best")
    assert row["method"] == "integration", row["reason"]
    assert "回归＋AR(1)桥补" in row["reason"] and "仅由回归补" in row["reason"]
    assert statuses(found, 2400, 2640) == {DAY_BRIDGED}
    assert statuses(found, 6000, 6720) == {DAY_MODELLED}
    assert statuses(found, 0, 2300) == {DAY_MEASURED}
    assert row["share_estimated"] > 40 / 365 * 0.3
    assert np.nansum(found.days.load_t_d) == pytest.approx(row["load_t"])
    truth = true_load_t()
    assert row["lower"] < truth < row["upper"]
    assert row["load_t"] == pytest.approx(truth, rel=0.03)


def test_the_error_grows_with_the_gap() -> None:
    errors = [
        integrate_case(dense((4000, 4000 + DAY_H * days))).parts_t["gaps"]
        for days in (2, 5, 10, 14, 30)
    ]
    assert errors == sorted(errors) and errors[-1] > 2 * errors[0]


def test_the_interval_holds_the_truth() -> None:
    # Twelve rivers with three weeks of high water missing: no mean of the rest stands for them.
    held, apart = 0, []
    for seed in range(12):
        truth = true_load_t(seed)
        found = integrate_case(dense((4200, 4704), seed=seed))
        lower, upper = found.interval_t()
        held += lower <= truth <= upper
        apart.append(abs(found.load_t / truth - 1))
    assert held >= 10
    assert np.median(apart) < 0.02


def test_too_few_days_for_a_regression_fall_back_with_a_reason() -> None:
    case = dense((7 * DAY_H, 9 * DAY_H))
    week = Period.parse("2023-01-01/2023-01-11")
    first = case.record.time < START + 10 * DAY_H * HOUR
    few = SampleSeries(
        case.record.time[first],
        case.record.concentration_mg_l[first],
        case.record.is_censored[first],
    )
    found = integrate_case(replace(case, record=few, period=week))
    assert np.isfinite(found.load_t) and found.filled is None
    assert "加权平均" in found.reason
    assert found.share_estimated > 0.15


def test_days_of_a_gap_next_to_a_line() -> None:
    found = estimate_series(dense((2400, 2640), (4000, 4016)))
    assert DAY_INTERPOLATED in found.days.status[4000 // DAY_H : 4016 // DAY_H + 1]
