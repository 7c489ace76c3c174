"""The Tobit engine against closed forms, scipy's own search for the maximum, and hand-made trouble."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from ecomon.errors import ContractError
from ecomon.load.tobit import Responses, TobitFits, fit_tobit

Values = np.ndarray
INF = np.inf


def cloud(seed: int, n: int = 60) -> tuple[Values, Values]:
    """A design with an intercept and two predictors, and responses around a plane."""
    generator = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), generator.normal(size=n), generator.normal(size=n)])
    return design, design @ [1.0, 0.8, -0.5] + 0.6 * generator.normal(size=n)


def censor(y: Values) -> Responses:
    """Fifteen below a limit, ten above one, ten between two, the rest exact."""
    lower, upper = y.copy(), y.copy()
    lower[:15], upper[:15] = -INF, y[:15] + 0.3
    upper[15:25], lower[15:25] = INF, y[15:25] - 0.2
    lower[25:35], upper[25:35] = y[25:35] - 0.5, y[25:35] + 0.4
    return Responses(lower, upper)


def log_likelihood(
    beta: Values, sigma: float, design: Values, responses: Responses, weights: Values
) -> float:
    """Written down from the definition, with scipy's normal distribution."""
    mean = design @ beta
    exact = norm.logpdf(np.where(responses.is_exact, responses.lower, 0.0), mean, sigma)
    high, low = (responses.upper - mean) / sigma, (responses.lower - mean) / sigma
    # Mirrored where the interval lies above, so that a difference of two ones is never taken.
    mirrored = low > 0
    inside = np.where(mirrored, norm.sf(low) - norm.sf(high), norm.cdf(high) - norm.cdf(low))
    safe = np.where(responses.is_exact, 1.0, np.maximum(inside, 1e-300))
    return float(weights @ np.where(responses.is_exact, exact, np.log(safe)))


def search(design: Values, responses: Responses, weights: Values) -> tuple[Values, float, float]:
    """The maximum of that likelihood by quasi-Newton search over (beta, ln sigma)."""

    def loss(parameters: Values) -> float:
        return -log_likelihood(parameters[:-1], np.exp(parameters[-1]), design, responses, weights)

    start = np.array([1.0, 0.8, -0.5, np.log(0.6)])
    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-7})
    return found.x[:-1], float(np.exp(found.x[-1])), -found.fun


def test_closed_form_is_least_squares() -> None:
    # y = 1, 2, 4 and 3 at x = 0, 1, 2, 3: by hand slope 0.8, intercept 1.3, residuals -0.3 -0.1
    # 1.1 -0.7, so sigma^2 = (0.09 + 0.01 + 1.21 + 0.49)/4 = 0.45.
    design = np.column_stack([np.ones(4), np.arange(4.0)])
    y = np.array([1.0, 2.0, 4.0, 3.0])
    fits = fit_tobit(design, Responses(y, y))
    assert fits.coefficients[0] == pytest.approx([1.3, 0.8], rel=1e-13)
    assert fits.sigma[0] ** 2 == pytest.approx(0.45, rel=1e-13)
    by_hand = -4 * (0.5 * np.log(2 * np.pi * 0.45) + 0.5)
    assert fits.log_likelihood[0] == pytest.approx(by_hand, rel=1e-13)
    assert fits.n_iterations[0] == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_left_right_and_between_against_a_search(seed: int) -> None:
    design, y = cloud(seed)
    responses = censor(y)
    weights = np.random.default_rng(seed + 10).uniform(0.2, 1.0, size=(2, len(y)))
    weights[:, ::9] = 0.0
    fits = fit_tobit(design, responses, weights=weights)
    for node in range(2):
        beta, sigma, best = search(design, responses, weights[node])
        assert fits.log_likelihood[node] == pytest.approx(best, abs=1e-9)
        assert fits.coefficients[node] == pytest.approx(beta, abs=2e-6)
        assert fits.sigma[node] == pytest.approx(sigma, rel=2e-6)
        own = log_likelihood(
            fits.coefficients[node], fits.sigma[node], design, responses, weights[node]
        )
        assert fits.log_likelihood[node] == pytest.approx(own, abs=1e-10)


def test_right_censored_mirrors_left() -> None:
    design, y = cloud(4)
    lower = np.where(np.arange(len(y)) < 20, -INF, y)
    left = fit_tobit(design, Responses(lower, y))
    right = fit_tobit(design, Responses(-y, -lower))
    assert right.coefficients == pytest.approx(-left.coefficients, rel=1e-9)
    assert right.sigma == pytest.approx(left.sigma, rel=1e-9)


def test_a_node_does_not_depend_on_its_batch() -> None:
    design, y = cloud(5)
    responses = censor(y)
    weights = np.random.default_rng(6).uniform(0.0, 1.0, size=(40, len(y)))
    together = fit_tobit(design, responses, weights=weights)
    for node in (0, 17, 39):
        alone = fit_tobit(design, responses, weights=weights[[node]])
        assert alone.coefficients[0] == pytest.approx(together.coefficients[node], rel=1e-9)


@settings(max_examples=25)
@given(scale=st.floats(1e-6, 1e6), shift=st.floats(-50, 50), factor=st.floats(1e-5, 1e5))
def test_units_do_not_matter(scale: float, shift: float, factor: float) -> None:
    design, y = cloud(7)
    responses = censor(y)
    plain = fit_tobit(design, responses)
    moved = Responses(responses.lower * scale + shift, responses.upper * scale + shift)
    other = fit_tobit(design * [1.0, factor, 1.0], moved)
    assert other.status[0] == "fitted"
    assert other.sigma[0] == pytest.approx(plain.sigma[0] * scale, rel=1e-6)
    assert other.coefficients[0, 1] == pytest.approx(
        plain.coefficients[0, 1] * scale / factor, rel=1e-5
    )


def test_a_date_as_predictor_loses_no_digits() -> None:
    design, y = cloud(8)
    late = design + np.array([0.0, 2.0e6, 0.0])
    near, far = fit_tobit(design, censor(y)), fit_tobit(late, censor(y))
    assert far.coefficients[0, 1:] == pytest.approx(near.coefficients[0, 1:], rel=1e-6)


def statuses(fits: TobitFits) -> list[str]:
    """The statuses, after a look that numbers stand where, and only where, there is a fit."""
    assert np.isfinite(fits.sigma).tolist() == [status == "fitted" for status in fits.status]
    assert np.isfinite(fits.coefficients).all(axis=1).tolist() == np.isfinite(fits.sigma).tolist()
    assert fits.is_converged.tolist() == np.isfinite(fits.sigma).tolist()
    return fits.status.tolist()


def test_trouble_has_a_name_and_leaves_its_neighbours_alone() -> None:
    design, y = cloud(9)
    lower = y.copy()
    lower[:20] = -INF
    responses = Responses(lower, y)
    weights = np.ones((4, len(y)))
    weights[1, 4:] = 0.0  # four responses for three coefficients and sigma
    weights[2, 20:] = 0.0  # censored ones only
    weights[3, :] = 0.0
    fits = fit_tobit(design, responses, weights=weights)
    assert statuses(fits) == ["fitted", "too_few", "all_censored", "too_few"]


def test_rank_deficient_design() -> None:
    design, y = cloud(10)
    doubled = np.column_stack([design, design[:, 1] * 2])
    assert statuses(fit_tobit(doubled, Responses(y, y))) == ["rank_deficient"]
    # Of full rank over all rows, but not over those of the node.
    flat = design.copy()
    flat[:30, 2] = 1.0
    weights = np.ones((2, len(y)))
    weights[1, 30:] = 0.0
    assert statuses(fit_tobit(flat, Responses(y, y), weights=weights)) == [
        "fitted",
        "rank_deficient",
    ]


def test_a_perfect_line_has_no_scatter() -> None:
    design = np.column_stack([np.ones(6), np.arange(6.0)])
    y = np.array([2.0, 4.0, 6.0, 8.0, 10.0, 12.0])
    weights = np.array([[1.0, 1, 1, 1, 1, 1]])
    assert statuses(fit_tobit(design, Responses(y, y), weights=weights)) == ["no_scatter"]


def test_intervals_alone_can_be_fitted() -> None:
    design, y = cloud(11)
    rounded = Responses(np.floor(y / 0.5) * 0.5, np.floor(y / 0.5) * 0.5 + 0.5)
    fits = fit_tobit(design, rounded)
    beta, sigma, _ = search(design, rounded, np.ones(len(y)))
    assert fits.coefficients[0] == pytest.approx(beta, abs=3e-6)
    assert fits.sigma[0] == pytest.approx(sigma, rel=3e-6)


def test_limits_far_away_are_still_fitted() -> None:
    design, y = cloud(12)
    lower, upper = y.copy(), y.copy()
    lower[:3], upper[:3] = -INF, 60.0  # a hundred sigma above: they say nothing
    with_them = fit_tobit(design, Responses(lower, upper))
    without = fit_tobit(design[3:], Responses(y[3:], y[3:]))
    assert with_them.coefficients[0] == pytest.approx(without.coefficients[0], abs=1e-9)
    upper[:3] = -30.0  # fifty sigma below: they pull
    assert statuses(fit_tobit(design, Responses(lower, upper))) == ["fitted"]


@pytest.mark.parametrize(("lower", "upper"), [(np.nan, 1.0), (2.0, 1.0), (-INF, INF), (INF, INF)])
def test_bounds_that_say_nothing_are_refused(lower: float, upper: float) -> None:
    with pytest.raises(ContractError, match="response 1"):
        Responses(np.array([0.0, lower]), np.array([0.0, upper]))


def test_shapes_and_signs_are_checked() -> None:
    design, y = cloud(13)
    with pytest.raises(ContractError, match="must agree"):
        fit_tobit(design[:-1], Responses(y, y))
    with pytest.raises(ContractError, match="negative"):
        fit_tobit(design, Responses(y, y), weights=np.full((1, len(y)), -1.0))
