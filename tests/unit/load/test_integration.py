from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.load.flux_outcomes import EstimateRules
from ecomon.load.flux_series import LOG_LINEAR, DischargeSeries, SampleSeries
from ecomon.load.integration import integrate_product
from ecomon.load.integration_calibration import calibrate_sensor
from ecomon.load.integration_estimate import (
    SensorErrors,
    estimate_by_integration,
    integrate_section,
)
from ecomon.load.interpolation_error import Variogram, fit_variogram, sum_exponential, sum_variance
from ecomon.model.period import Period

HOUR_S = 3600.0
DAY = Period.day(2021, 4, 1)
RULES = EstimateRules(
    min_samples=3,
    max_censored_share=0.8,
    max_step_s=12 * HOUR_S,
    censored_share_of_limit=0.5,
    max_discharge_ratio=2.0,
)
NO_ERRORS = SensorErrors(
    random_relative=0.0,
    random_correlation=0.0,
    calibration_relative=0.0,
    cross_section_relative=0.0,
    rating_relative=0.0,
    discharge_random_relative=0.0,
    discharge_correlation=0.0,
)


def hours(*at: float) -> np.ndarray:
    micro = (np.array(at) * 3.6e9).astype("timedelta64[us]")
    return np.datetime64("2021-04-01", "us") + micro


def test_the_product_of_two_lines_by_hand() -> None:
    # C from 1 to 3, Q from 2 to 8 over 6 s: 6/6 (2*1*2 + 1*8 + 3*2 + 2*3*8) = 66 g.
    found = integrate_product(
        np.array([0.0, 6.0]), np.array([[1.0, 3.0]]), np.array([0.0, 6.0]), np.array([2.0, 8.0]),
        duration_s=6.0, max_step_s=10.0, max_step_discharge_s=10.0,
    )  # fmt: skip
    assert found.load_g.tolist() == pytest.approx([66.0])
    assert found.segment_m3.tolist() == pytest.approx([30.0])
    assert found.covered_s.tolist() == [6.0]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_it_is_exact_for_any_stamps(seed: int) -> None:
    # Against the trapezium rule on a grid fine enough, with stamps that do not meet; and the weights
    # of the readings give the load back.
    rng = np.random.default_rng(seed)
    at_c, at_q = (np.sort(rng.uniform(0, 100, n)) for n in (7, 12))
    at_c[[0, -1]] = at_q[[0, -1]] = 0.0, 100.0
    c, q = rng.uniform(0, 5, (2, 7)), rng.uniform(0, 50, 12)
    found = integrate_product(
        at_c, c, at_q, q, duration_s=100.0, max_step_s=1e3, max_step_discharge_s=1e3
    )
    fine = np.unique(np.concatenate([np.linspace(0, 100, 20_001), at_c, at_q]))
    for row in range(2):
        product = np.interp(fine, at_c, c[row]) * np.interp(fine, at_q, q)
        assert found.load_g[row] == pytest.approx(np.trapezoid(product, fine), rel=1e-6)
    assert (found.reading_m3 * c).sum(axis=1) == pytest.approx(found.load_g, rel=1e-12)
    assert found.reading_m3.sum(axis=1) == pytest.approx(found.covered_m3, rel=1e-12)


def test_a_gap_too_long_is_not_bridged() -> None:
    at = np.array([0.0, 10, 20, 30, 40])
    c = np.array([[1.0, 1, 1, 1, 1], [1, np.nan, np.nan, 1, 1], [np.nan] * 5])
    found = integrate_product(
        at, c, at, np.ones(5), duration_s=40.0, max_step_s=15.0, max_step_discharge_s=15.0
    )
    assert found.covered_s.tolist() == [40.0, 10.0, 0.0]
    assert found.load_g.tolist() == pytest.approx([40.0, 10.0, 0.0])
    with pytest.raises(ContractError, match="readings at 4 stamps"):
        integrate_product(
            at[:4], c, at, np.ones(5), duration_s=40, max_step_s=15, max_step_discharge_s=15
        )


def steady(n: int = 25) -> DischargeSeries:
    return DischargeSeries.of(hours(*range(n)), np.full(n, 10.0), step_s=HOUR_S)


def estimate(samples: SampleSeries, discharge: DischargeSeries, errors: SensorErrors = NO_ERRORS):
    return estimate_by_integration(
        samples, discharge, DAY, rules=RULES, errors=errors, max_step_discharge_s=2 * HOUR_S
    )


def test_four_hourly_readings_by_hand() -> None:
    # C rises from 1 to 4 mg/L over the day at 10 m3/s: 2.5 x 10 x 86 400 / 1e6 = 2.16 t.
    at = np.arange(0, 25, 4)
    found = estimate(SampleSeries.of(hours(*at.tolist()), 1 + at / 8), steady())
    assert found.load_t == pytest.approx(2.16, rel=1e-12)
    assert found.status == "measured"
    assert found.share_estimated == pytest.approx(0.0, abs=1e-12)


def test_parts_of_the_budget_are_kept_apart() -> None:
    at = np.arange(0, 25, 4)
    samples = SampleSeries.of(hours(*at.tolist()), np.full(7, 2.0))
    errors = replace(
        NO_ERRORS, random_relative=0.1, calibration_relative=0.03, cross_section_relative=0.02,
        rating_relative=0.05, discharge_random_relative=0.08,
    )  # fmt: skip
    found = estimate(samples, steady(), errors)
    load_t = found.load_t
    assert load_t == pytest.approx(1.728)
    # Seven readings, those at the ends with half the water: 0.1 sqrt(5/36 + 2/144) of the load.
    assert found.parts_t["random"] == pytest.approx(load_t * 0.1 * np.sqrt(5 / 36 + 2 / 144))
    assert found.parts_t["discharge_random"] == pytest.approx(load_t * 0.08 / np.sqrt(24))
    assert found.parts_t["calibration"] == pytest.approx(load_t * 0.03)
    assert found.parts_t["rating"] == pytest.approx(load_t * 0.05)
    assert found.parts_t["cross_section"] == pytest.approx(load_t * 0.02)
    assert found.standard_error_t**2 == pytest.approx(sum(p**2 for p in found.parts_t.values()))
    correlated = estimate(samples, steady(), replace(errors, random_correlation=0.6))
    assert correlated.parts_t["random"] == pytest.approx(2 * found.parts_t["random"])
    with pytest.raises(ContractError, match="correlation"):
        estimate(samples, steady(), replace(errors, random_correlation=1.0))


def test_gaps_and_filled_discharge_are_said_and_cost() -> None:
    rng = np.random.default_rng(2)
    c = np.maximum(0.2, 2 + rng.normal(0, 0.2, 25).cumsum())
    whole = estimate(SampleSeries.of(hours(*range(25)), c), steady())
    c[6:20] = np.nan
    holed = estimate(SampleSeries.of(hours(*range(25)), c), steady())
    assert holed.status == "estimated"
    assert holed.share_estimated == pytest.approx(15 / 24)
    assert holed.parts_t["gaps"] > 2 * whole.parts_t["gaps"]
    flow = steady()
    fill = flow.fill.copy()
    fill[3:9] = LOG_LINEAR
    filled = estimate(
        SampleSeries.of(hours(*range(25)), np.ones(25)),
        replace(flow, fill=fill, variance=np.where(fill > 0, 4.0, 0.0)),
    )
    assert filled.share_estimated == pytest.approx(6 / 24)
    assert filled.parts_t["discharge_gaps"] == pytest.approx(filled.load_t * 6 * 2 / 240)


def test_a_section_at_once_is_each_by_itself() -> None:
    rng = np.random.default_rng(4)
    samples = {
        name: SampleSeries.of(
            hours(*range(0, 25, step)), rng.uniform(1, 2, len(range(0, 25, step)))
        )
        for name, step in (("TP", 4), ("NH3N", 6), ("TN", 3))
    }
    together = integrate_section(
        samples, steady(), DAY, rules=RULES, errors=NO_ERRORS, max_step_discharge_s=2 * HOUR_S
    )
    for name, one in samples.items():
        alone = estimate(one, steady())
        assert together[name].load_t == pytest.approx(alone.load_t, rel=1e-12)
        assert together[name].standard_error_t == pytest.approx(alone.standard_error_t, rel=1e-6)


def test_sums_over_pairs_equal_the_matrix() -> None:
    rng = np.random.default_rng(1)
    at, weight = np.sort(rng.uniform(0, 1e6, 200)), rng.normal(size=200)
    for reach in (1e2, 1e4, 1e8):
        matrix = np.exp(-np.abs(at[:, None] - at) / reach)
        assert sum_exponential(at, weight, reach) == pytest.approx(
            weight @ matrix @ weight, rel=1e-9
        )
    with pytest.raises(ContractError, match="range"):
        sum_exponential(at, weight, 0.0)


def test_the_variance_of_a_mean_of_independent_samples() -> None:
    # A range far below the spacing: the variance of sum(w (C - c)) is that of both sums together.
    of = Variogram(nugget=0.25, sill=1.0, range_s=1e-3)
    found = sum_variance(
        np.array([0.0, 10.0]), np.array([1.0, 2.0]), np.array([5.0]), np.array([3.0]), of
    )
    assert found == pytest.approx(0.25 * (1 + 4) + 1.0 * (1 + 4 + 9))


def test_a_variogram_finds_the_memory_of_a_series() -> None:
    rng = np.random.default_rng(7)
    memory, values = 20.0, [0.0]
    for _ in range(4000):
        values.append(
            values[-1] * np.exp(-1 / memory) + rng.normal(0, np.sqrt(1 - np.exp(-2 / memory)))
        )
    noisy = np.array(values) + rng.normal(0, 0.3, 4001)
    found = fit_variogram(np.arange(4001.0), noisy)
    assert found.range_s == pytest.approx(20, rel=0.4)
    assert found.sill == pytest.approx(1, rel=0.25)
    assert found.nugget == pytest.approx(0.09, abs=0.03)
    assert fit_variogram(np.arange(3.0), np.array([1.0, 2, 3])).sill == 1.0


def readings_that_drift() -> tuple[SampleSeries, SampleSeries, np.ndarray]:
    rng = np.random.default_rng(3)
    true = np.exp(rng.normal(0, 0.02, 1000).cumsum())
    drift = 0.1 + 0.2 * np.sin(np.arange(1000) / 150)
    at = hours(*range(0, 4000, 4))
    grabs = np.arange(20, 1000, 40)
    return (
        SampleSeries.of(at, true * np.exp(-drift)),
        SampleSeries.of(at[grabs], true[grabs] * np.exp(rng.normal(0, 0.02, len(grabs)))),
        true,
    )


def test_a_sensor_is_set_right_by_grab_samples() -> None:
    readings, grabs, true = readings_that_drift()
    found = calibrate_sensor(readings, grabs, max_apart_s=8 * HOUR_S, min_grabs=6)
    before = np.log(readings.concentration_mg_l / true)
    after = np.log(found.samples.concentration_mg_l / true)
    assert np.abs(after).mean() < 0.2 * np.abs(before).mean()
    assert (np.abs(after) < 2 * found.log_sd).mean() > 0.85
    assert found.n_grabs == 25
    # The sum is better known than one reading, and not by the root of a thousand.
    assert found.log_sd.mean() / np.sqrt(1000) < found.relative_error < found.log_sd.mean()


def test_grabs_that_say_nothing_are_left_aside() -> None:
    readings, grabs, _ = readings_that_drift()
    below = replace(grabs, is_censored=np.ones(len(grabs.time), dtype=bool))
    for useless in (below, replace(grabs, time=grabs.time + np.timedelta64(400, "D"))):
        with pytest.raises(ContractError, match="0 grab samples meet a reading"):
            calibrate_sensor(readings, useless, max_apart_s=8 * HOUR_S, min_grabs=6)
