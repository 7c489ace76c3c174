"""The AR(1) bridge against its formulas by hand, simulated paths and its own limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.load.bridge import (
    Bridge,
    BridgeSamples,
    bridge_residuals,
    correct_by_interpolation,
    draw_concentrations,
    estimate_memory,
    sum_variance,
)
from ecomon.load.bridge.path import Ends
from ecomon.load.bridge.samples import expected_exponential

INF = np.inf
DAYS = np.arange(40.0)
Z_99_9 = 3.2905


def samples(*rows: tuple[float, float, float]) -> BridgeSamples:
    time_d, lower, upper = (np.array(column) for column in zip(*rows, strict=True))
    return BridgeSamples.of(time_d, lower, upper)


MIXED = samples(
    (5, 0.8, 0.8),
    (12, -INF, -0.5),
    (12, -1.0, -1.0),
    (20, 0.3, INF),
    (28, -1.0, 0.5),
    (33, 1.5, 1.5),
)


def bridge(
    some: BridgeSamples, *, sd: float = 0.7, rho: float = 0.9, ends: Ends = "decaying"
) -> Bridge:
    mean = 0.1 * np.sin(DAYS / 5)
    return bridge_residuals(DAYS, mean, np.full(40, sd), some, rho=rho, ends=ends)


def test_between_two_samples_by_hand() -> None:
    # rho 1/2, samples two days apart: one day from each, w = (1/2 - 1/8)/(1 - 1/16) = 0.4,
    # v = 1 - 0.5 x 0.4 - 0.5 x 0.4 = 0.6 (loads.md 6.6).
    two = samples((0, 1.0, 1.0), (2, 2.0, 2.0))
    at = bridge_residuals(np.array([0.0, 1, 2]), np.zeros(3), np.full(3, 0.5), two, rho=0.5)
    assert at.variance == pytest.approx([0.0, 0.6, 0.0], abs=1e-15)
    middle = np.exp(0.5 * (0.4 * 1 + 0.4 * 2) + 0.5**2 * 0.6 / 2)
    assert at.conc_mg_l == pytest.approx([np.exp(0.5), middle, np.exp(1.0)], rel=1e-14)


def test_after_the_last_sample_by_hand() -> None:
    one = samples((0, 1.0, 1.0))
    arguments = np.array([0.0, 1, 2]), np.zeros(3), np.ones(3), one
    decaying = bridge_residuals(*arguments, rho=0.5)
    assert decaying.variance == pytest.approx([0.0, 0.75, 0.9375])
    assert np.log(decaying.conc_mg_l) == pytest.approx([1, 0.5 + 0.375, 0.25 + 0.46875])
    forgotten = bridge_residuals(*arguments, rho=0.5, ends="forgotten")
    assert np.log(forgotten.conc_mg_l) == pytest.approx([1.0, 0.5, 0.5])


def test_expected_exponential_of_each_kind() -> None:
    # Standard normal cut at zero from above: E exp(sx) = exp(s^2/2) Phi(-s)/Phi(0) at s = 1:
    # 1.6487213 x 0.1586553 x 2 = 0.5231566.
    below = samples((0, -INF, 0.0))
    group, one = np.zeros(1, dtype=np.int64), np.ones(1)
    assert expected_exponential(below, group, one)[0] == pytest.approx(0.5231566, rel=1e-6)
    twice = samples((0, -INF, 0.0), (0, 0.5, 0.5))
    mean = (0.5231566 + np.exp(0.5)) / 2
    assert expected_exponential(twice, group, one)[0] == pytest.approx(mean, rel=1e-6)
    far = samples((0, 12.0, INF))
    assert np.log(expected_exponential(far, group, one)[0]) == pytest.approx(12.08, abs=0.01)


@pytest.mark.parametrize("ends", ["decaying", "forgotten"])
def test_mean_and_variance_against_paths(ends: Ends) -> None:
    at = bridge(MIXED, ends=ends)
    n = 20_000
    factor, period = 1 + DAYS / 40, (DAYS // 14).astype(np.int64)
    paths = draw_concentrations(at, n_draws=n, seed=11)
    error = paths.std(axis=0) / np.sqrt(n)
    assert (np.abs(paths.mean(axis=0) - at.conc_mg_l) <= 4.5 * error + 1e-12).all()
    sums = np.stack([(paths * factor)[:, period == p].sum(axis=1) for p in range(3)])
    expected = np.sqrt(sum_variance(at, factor, period))
    # The sd of a sum of lognormals is itself known to about 1 % from so many paths.
    assert sums.std(axis=1) == pytest.approx(expected, rel=0.04)
    whole = np.sqrt(sum_variance(at, factor, np.zeros(40, dtype=np.int64)))
    assert (paths * factor).sum(axis=1).std() == pytest.approx(whole[0], rel=0.04)


def test_paths_pass_through_known_samples_and_repeat() -> None:
    at = bridge(MIXED)
    paths = draw_concentrations(at, n_draws=50, seed=3)
    assert paths[:, 5] == pytest.approx(np.full(50, at.conc_mg_l[5]), rel=1e-12)
    assert paths.tolist() == draw_concentrations(at, n_draws=50, seed=3).tolist()
    x = (np.log(paths) - at.log_mean) / at.log_sd
    assert (x[:, 20] >= 0.3 - 1e-12).all()
    assert ((x[:, 28] >= -1.0 - 1e-12) & (x[:, 28] <= 0.5 + 1e-12)).all()


def test_variance_by_the_definition() -> None:
    # Three days between samples four days apart, written out pair by pair.
    two = samples((0, 0.4, 0.4), (4, -0.2, -0.2))
    at = bridge_residuals(np.arange(5.0), np.zeros(5), np.full(5, 0.8), two, rho=0.7)
    total = 0.0
    for j in (1, 2, 3):
        for k in (1, 2, 3):
            a, b = min(j, k), 4 - max(j, k)
            c = (1 - 0.7 ** (2 * a)) * 0.7 ** abs(j - k) * (1 - 0.7 ** (2 * b)) / (1 - 0.7**8)
            total += at.conc_mg_l[j] * at.conc_mg_l[k] * np.expm1(0.64 * c)
    variance = sum_variance(at, np.ones(5), np.zeros(5, dtype=np.int64))
    assert variance[0] == pytest.approx(total, rel=1e-13)


def test_sub_periods_within_known_samples_add() -> None:
    known = samples((0, 0.1, 0.1), (14, 0.5, 0.5), (28, -0.4, -0.4), (39, 0.0, 0.0))
    at = bridge(known)
    one = sum_variance(at, np.ones(40), np.zeros(40, dtype=np.int64))
    parts = sum_variance(at, np.ones(40), (DAYS >= 14).astype(np.int64) + (DAYS >= 28))
    assert parts.sum() == pytest.approx(one[0], rel=1e-12)
    nothing = sum_variance(at, np.ones(40), np.full(40, -1))
    assert nothing.size == 0


@settings(max_examples=15)
@given(gap=st.integers(2, 18), wider=st.integers(1, 20), rho=st.floats(0.2, 0.99))
def test_variance_grows_with_the_gap(gap: int, wider: int, rho: float) -> None:
    def variance(length: int) -> float:
        two = samples((0, 0.0, 0.0), (length, 0.0, 0.0))
        at = bridge_residuals(DAYS, np.zeros(40), np.full(40, 0.5), two, rho=rho)
        inside = np.where((length > DAYS) & (DAYS > 0), 0, -1)
        return float(sum_variance(at, np.ones(40), inside)[0])

    assert variance(gap + wider) > variance(gap)


@settings(max_examples=15)
@given(scale=st.floats(1e-6, 1e6))
def test_units_scale(scale: float) -> None:
    plain = bridge(MIXED)
    other = bridge_residuals(
        DAYS, plain.log_mean + np.log(scale), plain.log_sd, MIXED, rho=plain.rho
    )
    assert other.conc_mg_l == pytest.approx(plain.conc_mg_l * scale, rel=1e-9)
    period = np.zeros(40, dtype=np.int64)
    variance = sum_variance(plain, np.ones(40), period)
    assert sum_variance(other, np.ones(40), period) == pytest.approx(variance * scale**2, rel=1e-8)


def test_composite_is_the_bridge_that_never_forgets() -> None:
    known = samples((3, 0.8, 0.8), (17, -0.6, -0.6), (30, 0.2, 0.2))
    at = bridge(known, rho=1 - 1e-9)
    predicted = np.exp(at.log_mean)
    residual = known.time_d, known.upper * 0.7
    composite = correct_by_interpolation(DAYS, predicted, residual)
    assert at.conc_mg_l == pytest.approx(composite, rel=1e-6)
    assert sum_variance(at, np.ones(40), np.zeros(40, dtype=np.int64))[0] < 1e-4


def test_composite_by_hand() -> None:
    steps, predicted = np.array([0.0, 1, 2, 3, 9]), np.full(5, 2.0)
    residual = np.array([1.0, 3.0]), np.array([0.0, 1.0])
    added = correct_by_interpolation(steps, predicted, residual, scale="linear")
    assert added.tolist() == [2.0, 2.0, 2.5, 3.0, 3.0]
    nearest = correct_by_interpolation(
        steps, predicted, residual, scale="linear", shape="rectangular"
    )
    assert nearest.tolist() == [2.0, 2.0, 2.0, 3.0, 3.0]
    with pytest.raises(ContractError, match="finite residuals"):
        correct_by_interpolation(steps, predicted, (np.array([]), np.array([])))


def test_no_sample_at_all_leaves_the_regression() -> None:
    at = bridge(MIXED.take(np.zeros(6, dtype=np.bool_)))
    assert at.conc_mg_l == pytest.approx(np.exp(at.log_mean + 0.245), rel=1e-12)
    paths = draw_concentrations(at, n_draws=4000, seed=5).mean(axis=1)
    sd = np.sqrt(sum_variance(at, np.full(40, 1 / 40), np.zeros(40, dtype=np.int64)))[0]
    assert paths.std() == pytest.approx(sd, rel=0.06)


def test_memory_is_found_again_or_a_default_is_said() -> None:
    generator = np.random.default_rng(21)
    n, rho = 3000, 0.8
    x = np.zeros(n)
    for i in range(1, n):
        x[i] = rho * x[i - 1] + np.sqrt(1 - rho**2) * generator.normal()
    daily = BridgeSamples.of(np.arange(float(n)), 3 * x, 3 * x)
    found = estimate_memory(daily)
    assert found.is_estimated
    assert abs(found.rho - rho) < Z_99_9 * found.standard_error < 0.06
    monthly = daily.take(np.arange(n) % 30 == 0)
    default = estimate_memory(monthly)
    assert (default.rho, default.is_estimated, default.n_pairs) == (0.90, False, 0)
    assert "默认" in default.reason and default.confidence == "secondary"


@pytest.mark.parametrize("rho", [0.0, 1.0, np.nan])
def test_rho_outside_is_refused(rho: float) -> None:
    with pytest.raises(ContractError, match="rho"):
        bridge(MIXED, rho=rho)


def test_samples_that_descend_are_refused() -> None:
    with pytest.raises(ContractError, match="ascend"):
        samples((2, 0.0, 0.0), (1, 0.0, 0.0))
