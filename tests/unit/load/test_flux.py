from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError, UnitMismatch
from ecomon.load.coverage import measure_coverage
from ecomon.load.flux import (
    LoadEstimate,
    check_rising,
    compute_flux,
    integrate_flux,
    no_load,
    overlap_s,
)
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period

DAY_S = 86_400.0
APRIL = Period.month(2021, 4)


def daily(n: int, first: str = "2021-04-01") -> np.ndarray:
    return (np.datetime64(first, "us") + np.arange(n) * np.timedelta64(1, "D")).astype(
        "datetime64[us]"
    )


def test_a_flux_by_hand() -> None:
    # 2 mg/L x 10 m3/s is 20 g/s; 2000 ug/L x 10 000 L/s is the same.
    assert compute_flux(np.array([2.0]), np.array([10.0])).tolist() == [20.0]
    other = compute_flux(
        np.array([2000.0]), np.array([1e4]), concentration_unit="ug/L", discharge_unit="L/s"
    )
    assert other.tolist() == pytest.approx([20.0], rel=1e-14)


def test_no_water_carries_no_load_and_a_reversed_river_carries_it_back() -> None:
    c, q = np.array([np.nan, 2.0, np.nan]), np.array([0.0, -10.0, 5.0])
    assert compute_flux(c, q)[:2].tolist() == [0.0, -20.0]
    assert np.isnan(compute_flux(c, q)[2])


@pytest.mark.parametrize(("c", "q"), [("NTU", "m3/s"), ("mg/L", "m3"), ("mg/l ", "m3/s")])
def test_units_that_do_not_match(c: str, q: str) -> None:
    with pytest.raises(UnitMismatch):
        compute_flux(np.ones(1), np.ones(1), concentration_unit=c, discharge_unit=q)


@given(cut=st.integers(1, 30 * 24 - 1), step_h=st.sampled_from([1, 4, 24]))
def test_loads_of_parts_sum_to_the_whole(cut: int, step_h: int) -> None:
    n = 30 * 24 // step_h
    time = np.array(
        [APRIL.start + i * timedelta(hours=step_h) for i in range(n)], dtype="datetime64[us]"
    )
    flux = 5 + np.sin(np.arange(n, dtype=float))
    middle = APRIL.start + timedelta(hours=cut)
    parts = [Period(APRIL.start, middle), Period(middle, APRIL.end)]
    loads = [integrate_flux(flux, time, one, step_s=step_h * 3600.0) for one in parts]
    whole = integrate_flux(flux, time, APRIL, step_s=step_h * 3600.0)
    assert float(sum(loads)) == pytest.approx(float(whole), rel=1e-12)
    assert float(whole) == pytest.approx(float(flux.sum()) * step_h * 3600 / 1e6, rel=1e-12)


def test_a_cut_step_counts_by_its_part() -> None:
    period = Period(datetime(2021, 4, 1, 6), datetime(2021, 4, 3))
    assert overlap_s(daily(4), DAY_S, period).tolist() == [0.75 * DAY_S, DAY_S, 0, 0]


def test_steps_without_a_flux_are_not_zero() -> None:
    assert np.isnan(integrate_flux(np.full(3, np.nan), daily(3), APRIL, step_s=DAY_S))
    rows = np.array([[1.0, np.nan, 3.0], [np.nan] * 3])
    loads = integrate_flux(rows, daily(3), APRIL, step_s=DAY_S)
    assert loads[0] == pytest.approx(4 * DAY_S / 1e6)
    assert np.isnan(loads[1])


def test_a_time_that_stands_twice_is_refused() -> None:
    twice = np.repeat(daily(1), 2)
    with pytest.raises(ContractError, match="stands twice"):
        check_rising(twice)
    with pytest.raises(ContractError, match="stands twice"):
        SampleSeries.of(twice, np.ones(2))
    with pytest.raises(ContractError, match="before the step before it ends"):
        DischargeSeries.of(daily(2), np.ones(2), step_s=2 * DAY_S)


def test_samples_are_numbers_that_can_be() -> None:
    for wrong in (-1.0, np.inf):
        with pytest.raises(ContractError, match="concentration at 2021-04-01"):
            SampleSeries.of(daily(1), np.array([wrong]))
    assert len(SampleSeries.of(daily(2), np.array([1.0, np.nan])).time) == 1


def test_an_estimate_never_lacks_both_number_and_reason() -> None:
    with pytest.raises(ContractError, match="gives a reason"):
        LoadEstimate("B", float("nan"), status="insufficient")
    with pytest.raises(ContractError, match="no load"):
        LoadEstimate("B", float("nan"), reason="?")
    with pytest.raises(ContractError, match="no number"):
        LoadEstimate("B", 1.0, status="bracket_only", reason="?")
    assert no_load("B", "why").interval_t() == pytest.approx((np.nan, np.nan), nan_ok=True)


def test_an_interval_by_the_table_of_students_t() -> None:
    # t(0.975, 9) = 2.262 and the normal's 1.960, any printed table.
    lower, upper = LoadEstimate("B", 100.0, 10.0, 9.0).interval_t()
    assert (round(lower, 2), round(upper, 2)) == (77.38, 122.62)
    lower, upper = LoadEstimate("B", 100.0, 10.0, float("inf")).interval_t()
    assert (round(lower, 1), round(upper, 1)) == (80.4, 119.6)


def test_coverage_by_hand() -> None:
    # Ten days at 1 m3/s, ten at 3, ten without discharge: samples on days 1 to 5 and 11 to 20.
    q = np.array([1.0] * 10 + [3.0] * 10 + [np.nan] * 10)
    noon = (daily(30) + np.timedelta64(12, "h")).astype("datetime64[us]")
    samples = SampleSeries.of(noon[[*range(5), *range(10, 20)]], np.ones(15))
    found = measure_coverage(
        samples, DischargeSeries.of(daily(30), q, step_s=DAY_S), APRIL, max_step_s=DAY_S
    )
    assert found.time == pytest.approx(15 / 30)
    assert found.concentration_time == pytest.approx(15 / 30)
    assert found.discharge_time == pytest.approx(20 / 30)
    # 5 + 30 of 40 measured; the ten missing days are taken at the mean, 2 m3/s.
    assert found.volume == pytest.approx((5 * 1 + 10 * 3) / 60)
    wide = measure_coverage(
        samples, DischargeSeries.of(daily(30), q, step_s=DAY_S), APRIL, max_step_s=8 * DAY_S
    )
    assert wide.time == pytest.approx(20 / 30)  # the gap of six days is now between neighbours


def test_coverage_below_a_day() -> None:
    # Hourly discharge, readings at 0, 4 and 8 h of a day and no more: with steps of 4 h each speaks
    # for two hours on either side, of which those before midnight lie outside.
    time = np.datetime64("2021-04-01", "us") + np.arange(24) * np.timedelta64(1, "h")
    samples = SampleSeries.of(time[[0, 4, 8]], np.ones(3))
    found = measure_coverage(
        samples,
        DischargeSeries.of(time, np.ones(24), step_s=3600.0),
        Period.day(2021, 4, 1),
        max_step_s=4 * 3600.0,
    )
    assert found.time == pytest.approx(10 / 24)
    assert found.volume == pytest.approx(10 / 24)
