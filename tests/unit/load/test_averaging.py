from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecomon.errors import ContractError
from ecomon.load.averaging import (
    load_by_mean_flux,
    load_by_period_discharge,
    load_by_sampled_means,
    load_by_sub_periods,
    load_by_weighted_concentration,
)

DAY_S = 86_400.0
NUMBERS = st.floats(0.01, 1000, allow_nan=False)


def test_one_sample_by_hand() -> None:
    # 2 mg/L x 10 m3/s is 20 g/s; over a day 1 728 000 g, which is 1.728 t, by every method.
    c, q = np.array([2.0]), np.array([10.0])
    expected = pytest.approx(1.728, rel=1e-15)
    assert load_by_sampled_means(c, q, duration_s=DAY_S) == expected
    assert load_by_period_discharge(c, 10.0, duration_s=DAY_S) == expected
    assert load_by_mean_flux(c, q, duration_s=DAY_S) == expected
    assert load_by_sub_periods(c, q, sub_period_s=DAY_S) == expected
    assert load_by_weighted_concentration(c, q, 10.0, duration_s=DAY_S) == expected


def test_unequal_sub_periods_weigh_by_their_length() -> None:
    c, q = np.array([1.0, 3.0]), np.array([10.0, 10.0])
    load_t = load_by_sub_periods(c, q, sub_period_s=np.array([3 * DAY_S, 1 * DAY_S]))
    assert load_t == pytest.approx((3 * 1 + 1 * 3) * 10 * DAY_S / 1e6)


def test_replicates_run_together() -> None:
    c = np.array([[1.0, 3.0], [2.0, 6.0]])
    q = np.array([[10.0, 20.0], [10.0, 20.0]])
    assert load_by_mean_flux(c, q, duration_s=1e6).tolist() == [35.0, 70.0]
    assert load_by_period_discharge(c, 15.0, duration_s=1e6).tolist() == [30.0, 60.0]


def test_a_river_without_water_has_no_weighted_concentration() -> None:
    load_t = load_by_weighted_concentration(np.array([1.0]), np.array([0.0]), 0.0, duration_s=DAY_S)
    assert np.isnan(load_t)


def test_samples_must_pair_with_discharges() -> None:
    with pytest.raises(ContractError, match="pair"):
        load_by_mean_flux(np.ones(3), np.ones(2), duration_s=DAY_S)


@given(c=arrays(float, 8, elements=NUMBERS), q=NUMBERS)
def test_all_methods_agree_where_discharge_is_steady(c: np.ndarray, q: float) -> None:
    steady = np.full(8, q)
    loads_t = [
        load_by_sampled_means(c, steady, duration_s=8 * DAY_S),
        load_by_period_discharge(c, q, duration_s=8 * DAY_S),
        load_by_mean_flux(c, steady, duration_s=8 * DAY_S),
        load_by_sub_periods(c, steady, sub_period_s=DAY_S),
        load_by_weighted_concentration(c, steady, q, duration_s=8 * DAY_S),
    ]
    assert loads_t == pytest.approx([loads_t[0]] * 5, rel=1e-12)
