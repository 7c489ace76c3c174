"""Bias, AMLE, MVUE, smearing and LAD by cases one can do by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln

from ecomon.load.regression.amle import (
    amle_exponential,
    amle_moments,
    amle_sum_variance,
    amle_variance,
)
from ecomon.load.regression.bias import bias_of_likelihood
from ecomon.load.regression.information import likelihood_covariance
from ecomon.load.regression.lad import fit_lad, lad_covariance
from ecomon.load.regression.limits import limits_in_force, solve_loadest_tail
from ecomon.load.regression.retransform import ferguson_factor, mvue_factor, smearing_factor

NO_LIMIT = -np.inf


def density(e: float) -> float:
    return float(np.exp(-(e**2) / 2) / np.sqrt(2 * np.pi))


def line(n: int) -> np.ndarray:
    return np.column_stack([np.ones(n), np.linspace(-1, 1, n)])


def test_without_limits_the_bias_is_that_of_least_squares() -> None:
    """E s^2 = sigma^2 (n - p)/n, b unbiased, Var s^2 = 2 sigma^4/n, Cov b = (X'X)^-1."""
    x = line(20)
    found = bias_of_likelihood(x, np.full(20, NO_LIMIT))
    assert found.variance_bias == pytest.approx(-2 / 20, rel=1e-12)
    assert found.variance_variance == pytest.approx(2 / 20, rel=1e-12)
    np.testing.assert_allclose(found.bias[:2], 0, atol=1e-14)
    np.testing.assert_allclose(found.covariance[:2, :2], np.linalg.inv(x.T @ x), rtol=1e-12)


def test_expected_derivatives_of_one_censored_mean_by_quadrature() -> None:
    """Expected information at xi = 0.4 against the integral of the score's square."""
    from scipy.integrate import quad
    from scipy.special import ndtr

    xi, n = 0.4, 30
    mills = density(xi) / ndtr(xi)
    bb = quad(lambda e: e**2 * density(e), xi, 40)[0] + ndtr(xi) * mills**2
    bs = quad(lambda e: e * (e**2 - 1) * density(e), xi, 40)[0] + ndtr(xi) * mills**2 * xi
    ss = quad(lambda e: (e**2 - 1) ** 2 * density(e), xi, 40)[0] + ndtr(xi) * (mills * xi) ** 2
    expected = np.linalg.inv(n * np.array([[bb, bs], [bs, ss]]))
    found = bias_of_likelihood(np.ones((n, 1)), np.full(n, xi))
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-8)


def test_bias_of_a_censored_sample_against_simulation() -> None:
    """40 values, limit at the median: the formula against 300 samples, four of their errors apart."""
    from ecomon.load.tobit import Responses, fit_tobit

    n, runs = 40, 300
    generator = np.random.default_rng(11)
    squares, means = [], []
    for _ in range(runs):
        y = generator.standard_normal(n)
        is_low = y < 0.0
        upper = np.where(is_low, 0.0, y)
        fits = fit_tobit(np.ones((n, 1)), Responses(np.where(is_low, NO_LIMIT, upper), upper))
        squares.append(float(fits.sigma[0]) ** 2)
        means.append(float(fits.coefficients[0, 0]))
    found = bias_of_likelihood(np.ones((n, 1)), np.zeros(n))
    error = np.std(squares) / np.sqrt(runs)
    assert np.mean(squares) - 1 == pytest.approx(found.variance_bias, abs=4 * error)
    assert np.mean(means) == pytest.approx(found.bias[0], abs=4 * np.std(means) / np.sqrt(runs))
    assert np.var(means) == pytest.approx(found.covariance[0, 0], rel=0.3)


def test_mvue_of_a_lognormal_mean_by_its_series() -> None:
    """Finney's series written out: g = 1 + t + t^2 m/(m + 2)/2 + ..., t = (1 - V) s^2/2, m = 4."""
    m, variance, leverage = 4, 0.5, 0.2
    t = (1 - leverage) * variance / 2
    by_hand = 1 + t + t**2 / 2 * m / (m + 2) + t**3 / 6 * m**2 / ((m + 2) * (m + 4))
    by_hand += t**4 / 24 * m**3 / ((m + 2) * (m + 4) * (m + 6))
    found = mvue_factor(variance, m, np.array([leverage]))
    assert found[0] == pytest.approx(by_hand, rel=1e-6)


def test_amle_without_limits_nears_the_mvue() -> None:
    x, y = line(12), np.array([0.1, 0.5, -0.2, 0.4, 0.9, 0.3, 0.2, 0.8, 1.1, 0.7, 0.6, 1.4])
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    s2 = float(((y - x @ b) ** 2).mean())
    moments = amle_moments(b, s2, bias_of_likelihood(x, np.full(12, NO_LIMIT)))
    rows = np.array([[1.0, 0.3], [1.0, 2.0]])
    leverage = np.einsum("ij,jk,ik->i", rows, np.linalg.inv(x.T @ x), rows)
    mvue = np.exp(rows @ b) * mvue_factor(s2 * 12 / 10, 10, leverage)
    # Its s^2 has the gamma of the second-order moments, not m/2 exactly: alike, the more so as n grows.
    np.testing.assert_allclose(amle_exponential(moments, rows), mvue, rtol=1e-4)
    x, b = line(400), np.array([0.3, 0.5])
    moments = amle_moments(b, 0.4, bias_of_likelihood(x, np.full(400, NO_LIMIT)))
    leverage = np.einsum("ij,jk,ik->i", rows, np.linalg.inv(x.T @ x), rows)
    mvue = np.exp(rows @ b) * mvue_factor(0.4 * 400 / 398, 398, leverage)
    np.testing.assert_allclose(amle_exponential(moments, rows), mvue, rtol=1e-6)


def test_amle_variance_against_draws_of_the_estimates() -> None:
    """b normal, s^2 gamma, independent (no limits): 400 000 draws of the estimator itself."""
    x = line(14)
    b, sigma2 = np.array([0.3, 0.5]), 0.36
    moments = amle_moments(b, sigma2 * 12 / 14, bias_of_likelihood(x, np.full(14, NO_LIMIT)))
    assert moments.variance == pytest.approx(sigma2)
    row = np.array([[1.0, 0.7]])
    generator = np.random.default_rng(3)
    leverage = float((row @ np.linalg.inv(x.T @ x) @ row.T)[0, 0])
    n = 400_000
    log_median = (row @ b)[0] + np.sqrt(leverage * sigma2) * generator.standard_normal(n)
    s2 = sigma2 * generator.chisquare(12, n) / 12
    t = (1 - leverage) * s2 / 4 * 12
    draws = np.exp(log_median) * sum(
        t**k / np.exp(gammaln(k + 1) + gammaln(6 + k) - gammaln(6)) for k in range(9)
    )
    assert float(amle_variance(moments, row)[0]) == pytest.approx(float(draws.var()), rel=0.03)
    assert float(draws.mean()) == pytest.approx(float(np.exp((row @ b)[0] + sigma2 / 2)), rel=0.003)


def test_variance_of_a_sum_of_one_and_of_two_alike() -> None:
    x = line(14)
    moments = amle_moments(np.array([0.3, 0.5]), 0.3, bias_of_likelihood(x, np.full(14, -0.5)))
    row = np.array([[1.0, 0.7]])
    alone = float(amle_variance(moments, row)[0])
    assert amle_sum_variance(moments, row, np.ones(1)) == pytest.approx(alone, rel=1e-10)
    twice = np.vstack([row, row])
    assert amle_sum_variance(moments, twice, np.ones(2)) == pytest.approx(4 * alone, rel=1e-10)
    assert amle_sum_variance(moments, row, np.full(1, 3.0)) == pytest.approx(9 * alone, rel=1e-10)


def test_far_outside_the_samples_there_is_no_number() -> None:
    x = line(6)
    moments = amle_moments(np.zeros(2), 4.0, bias_of_likelihood(x, np.full(6, NO_LIMIT)))
    found = amle_exponential(moments, np.array([[1.0, 0.0], [1.0, 400.0]]))
    assert found[0] > 0
    assert np.isnan(found[1])


def test_smearing_by_hand() -> None:
    """Residuals ln 2, 0, -ln 2: (2 + 1 + 1/2)/3."""
    residuals = np.log([2.0, 1.0, 0.5])
    assert smearing_factor(residuals) == pytest.approx(3.5 / 3)
    assert smearing_factor(residuals, np.array([0.5, 0.5, 0.0])) == pytest.approx(1.5)
    assert smearing_factor(np.zeros(4)) == 1.0


def test_ferguson_in_common_logarithms() -> None:
    """Ferguson 1986: exp(2.651 s^2) of log10 residuals."""
    assert ferguson_factor(0.2**2 * np.log(10) ** 2) == pytest.approx(
        np.exp(2.651 * 0.04), rel=1e-5
    )


def test_lad_passes_by_a_wild_sample() -> None:
    """Five samples on y = 1 + 2x, one far off it: the line, exactly; the median of a constant."""
    x = np.column_stack([np.ones(6), np.arange(6.0)])
    y = 1 + 2 * x[:, 1]
    y[3] += 50
    np.testing.assert_allclose(fit_lad(x, y), [1, 2], atol=1e-9)
    assert fit_lad(np.ones((5, 1)), np.array([3.0, 9.0, 1.0, 4.0, 100.0]))[0] == pytest.approx(4)


def test_lad_covariance_of_normal_residuals() -> None:
    """1/(4 f(0)^2) = pi/2 s^2: a median is that much less sure than a mean."""
    residuals = np.random.default_rng(8).standard_normal(20_000)
    found = lad_covariance(np.ones((20_000, 1)), residuals)
    assert float(found[0, 0]) * 20_000 == pytest.approx(np.pi / 2, rel=0.08)


def test_observed_information_of_values_is_that_of_least_squares() -> None:
    x = line(10)
    e = np.array([1.0, -1.0] * 5)
    e -= x @ np.linalg.lstsq(x, e, rcond=None)[0]
    e /= np.sqrt((e**2).mean())
    found = likelihood_covariance(x, e, e)
    np.testing.assert_allclose(found[:2, :2], np.linalg.inv(x.T @ x), rtol=1e-10, atol=1e-15)
    assert found[2, 2] == pytest.approx(1 / 20, rel=1e-10)


def test_observed_information_of_bounds_by_finite_differences() -> None:
    """Left, right and between: curvature of the log-likelihood in (mean, s)."""
    from scipy.special import ndtr

    lower, upper = np.array([-np.inf, 0.5, -0.3, 2.0]), np.array([0.2, np.inf, 0.9, 2.4])

    def log_likelihood(mean: float, s: float) -> float:
        low, high = (lower - mean) / s, (upper - mean) / s
        return float(np.log(ndtr(high) - ndtr(low)).sum())

    h = 1e-4
    f = log_likelihood
    second = np.array(
        [
            [f(h, 1) - 2 * f(0, 1) + f(-h, 1), 0.0],
            [0.0, f(0, 1 + h) - 2 * f(0, 1) + f(0, 1 - h)],
        ]
    )
    second[0, 1] = second[1, 0] = (f(h, 1 + h) - f(h, 1 - h) - f(-h, 1 + h) + f(-h, 1 - h)) / 4
    expected = np.linalg.inv(-second / h**2)
    np.testing.assert_allclose(
        likelihood_covariance(np.ones((4, 1)), lower, upper), expected, rtol=1e-4
    )


def test_limits_in_force() -> None:
    """Seen 5 between <2 (before) and <4 (nearer); seen 1 lies below both."""
    values = np.array([2.0, 9.0, 5.0, 4.0, 1.0])
    is_censored = np.array([True, False, False, True, False])
    ours = limits_in_force(values, is_censored, convention="ecomon")
    assert ours.tolist() == [2.0, 2.0, 4.0, 4.0, 0.0]
    theirs = limits_in_force(values, is_censored, convention="loadest")
    assert theirs.tolist() == [2.0, 2.0, 2.0, 4.0, 0.0]
    assert limits_in_force(values, np.zeros(5, bool), convention="ecomon").tolist() == [0.0] * 5


def test_loadest_tail_of_one_far_sample() -> None:
    """As if seen at its limit, s^2 = sum of squares/(n - 1): n - 1 samples have their ln s."""
    y = np.append(np.tile([-0.1, 0.1], 200), -9.0)
    is_censored = np.append(np.zeros(400, bool), True)
    x = np.ones((401, 1))
    b, s = solve_loadest_tail(x, y, is_censored, np.array([0.0]), 0.4)
    assert b[0] == pytest.approx(y.mean(), rel=1e-9)
    assert s**2 == pytest.approx(((y - y.mean()) ** 2).sum() / 400, rel=1e-9)
    near = solve_loadest_tail(x, y, is_censored, np.array([0.0]), 2.0)
    assert near[1] == 2.0
