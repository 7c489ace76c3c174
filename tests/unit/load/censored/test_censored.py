"""Values below detection: plotting positions, Kaplan-Meier and lognormals, by published examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.load.censored import (
    expected_below,
    fill_by_ros,
    fit_lognormal,
    kaplan_meier_weights,
    plotting_positions,
    summarise_censored,
)

# Appendix B of Helsel & Cohn 1988, Water Resour. Res. 24, 1997-2004: six <1, three <10, nine seen.
COHN = np.array([1.0] * 6 + [10.0] * 3 + [3, 7, 9, 12, 15, 20, 27, 33, 50])
COHN_CENSORED = np.array([True] * 9 + [False] * 9)
# Arsenic on Oahu, Helsel 2012 (2nd ed.), the data set ``Oahu`` of NADA for R.
OAHU = np.array(
    [3.2, 2.8, *[2.0] * 8, 1.7, 1.5, *[1.0] * 4, 0.9, 0.9, 0.7, 0.7, 0.6, 0.5, 0.5, 0.5]
)
OAHU_CENSORED = np.array([0, 0, *[1] * 8, 0, 0, *[1] * 4, 0, 1, *[0] * 6], dtype=bool)


def test_plotting_positions_of_helsel_and_cohn() -> None:
    """pe(10) = 6/18 = 0.3333, pe(1) = 0.3333 + 0.6667 x 3/9 = 0.5556, as printed."""
    p = plotting_positions(COHN, COHN_CENSORED)
    np.testing.assert_allclose(p[:6], (1 - 5 / 9) * np.arange(1, 7) / 7)
    np.testing.assert_allclose(p[6:9], (1 - 1 / 3) * np.arange(1, 4) / 4)
    np.testing.assert_allclose(p[9:12], 4 / 9 + (2 / 9) * np.arange(1, 4) / 4)
    np.testing.assert_allclose(p[12:], 2 / 3 + (1 / 3) * np.arange(1, 7) / 7)


def test_ros_of_helsel_and_cohn() -> None:
    """The filled values of the appendix, to the rounding of its two decimals."""
    printed = [
        0.47,
        0.85,
        1.11,
        1.27,
        1.76,
        2.34,
        2.50,
        3.00,
        3.03,
        4.80,
        7,
        9,
        12,
        15,
        20,
        27,
        33,
        50,
    ]
    np.testing.assert_allclose(np.sort(fill_by_ros(COHN, COHN_CENSORED)), printed, atol=0.015)


@pytest.mark.parametrize(
    ("method", "mean", "sd", "median"),
    [("ros", 0.972, 0.718, 0.700), ("km", 0.949, None, 0.700), ("mle", 0.945, 0.656, 0.777)],
)
def test_oahu_arsenic(method, mean: float, sd: float | None, median: float) -> None:
    """13 of 24 below one of three limits; figures of Helsel 2012 (NADA ``cenros cenfit cenmle``)."""
    found = summarise_censored(OAHU, OAHU_CENSORED, method)
    assert found.mean == pytest.approx(mean, abs=5e-4)
    if sd is not None:  # of Kaplan-Meier several spreads are in use
        assert found.sd == pytest.approx(sd, abs=5e-4)
    assert found.quantiles[0.5] == pytest.approx(median, abs=5e-4)
    assert found.lower < found.mean < found.upper


def test_without_limits_all_is_as_usual() -> None:
    values = np.array([4.0, 1.0, 2.0, 5.0])
    nothing = np.zeros(4, dtype=bool)
    np.testing.assert_allclose(plotting_positions(values, nothing), [0.6, 0.2, 0.4, 0.8])
    np.testing.assert_allclose(kaplan_meier_weights(values, nothing), 0.25)
    found = summarise_censored(values, nothing, "km")
    assert (found.mean, found.lower, found.upper) == (3.0, 3.0, 3.0)
    assert found.sd == pytest.approx(values.std(ddof=1))


def test_kaplan_meier_by_hand() -> None:
    """5, <4, 3, <2 from the top: 1/4; then 3 has 1/2 of what is left; the rest lies below 2."""
    values, is_censored = np.array([5.0, 4.0, 3.0, 2.0]), np.array([False, True, False, True])
    np.testing.assert_allclose(kaplan_meier_weights(values, is_censored), [0.25, 0, 0.375, 0.375])
    found = summarise_censored(values, is_censored, "km", quantiles=(0.3, 0.5))
    assert np.isnan(found.quantiles[0.3])
    assert found.quantiles[0.5] == 3.0


def test_expected_value_below_a_limit() -> None:
    """By quadrature; far above it is the whole mean, and it never passes the limit."""
    from scipy.integrate import quad
    from scipy.special import ndtr

    mu, sigma, limit = -1.0, 0.7, 0.3
    top = (np.log(limit) - mu) / sigma
    whole = quad(
        lambda z: np.exp(mu + sigma * z - z**2 / 2) / np.sqrt(2 * np.pi), -30, top, points=[-3, -1]
    )
    by_hand = whole[0] / ndtr(top)
    found = expected_below(mu, sigma, np.array([limit, 1e9, 1e-9]))
    assert found[0] == pytest.approx(by_hand, rel=1e-8)
    assert found[1] == pytest.approx(np.exp(mu + sigma**2 / 2), rel=1e-8)
    assert 0 < found[2] < 1e-9


def censored_sample(n: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    values = np.exp(np.random.default_rng(4).standard_normal(n))
    limit = np.quantile(values, share)
    return np.maximum(values, limit), values < limit


@pytest.mark.parametrize(
    ("n", "share", "method", "status"),
    [
        (20, 0.3, "km", "estimated"),
        (20, 0.7, "ros", "estimated"),
        (80, 0.3, "mle", "estimated"),
        (80, 0.7, "mle", "estimated"),
        (80, 0.9, "none", "bound_only"),
        (2, 0.0, "none", "insufficient"),
        (0, 0.0, "none", "insufficient"),
    ],
)
def test_the_method_by_helsels_table(n: int, share: float, method: str, status: str) -> None:
    values, is_censored = censored_sample(n, share) if n else (np.empty(0), np.empty(0, bool))
    found = summarise_censored(values, is_censored)
    assert (found.method, found.status) == (method, status)
    assert found.reason
    assert np.isnan(found.mean) == (status != "estimated")


def test_one_value_seen_is_no_line() -> None:
    values = np.array([1.0, 1.0, 2.0])
    found = summarise_censored(values, np.array([True, True, False]), "ros")
    assert found.status == "bound_only"
    assert (found.lower, found.upper) == (2 / 3, 4 / 3)
    with pytest.raises(ContractError, match="two different"):
        fill_by_ros(values, np.array([True, True, False]))


def test_bad_input_is_named() -> None:
    values = np.array([1.0, 0.0, 2.0])
    with pytest.raises(ContractError, match="positive"):
        summarise_censored(values, np.zeros(3, bool))
    with pytest.raises(ContractError, match="pair"):
        summarise_censored(values, np.zeros(2, bool))
    with pytest.raises(ContractError, match="no summary"):
        summarise_censored(np.ones(3), np.zeros(3, bool), "half")  # type: ignore[arg-type]
    assert fit_lognormal(np.ones(5), np.ones(5, bool)).status == "all_censored"


@given(
    values=st.lists(st.floats(0.01, 100), min_size=3, max_size=40),
    flags=st.lists(st.booleans(), min_size=40, max_size=40),
    factor=st.floats(1e-3, 1e3),
    method=st.sampled_from(["auto", "ros", "km"]),
)
def test_summaries_scale_and_lie_between_their_bounds(values, flags, factor, method) -> None:
    c, is_censored = np.array(values), np.array(flags[: len(values)])
    weights = kaplan_meier_weights(c, is_censored)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    found = summarise_censored(c, is_censored, method)
    scaled = summarise_censored(c * factor, is_censored, method)
    assert found.method == scaled.method
    if found.status == "estimated":
        assert scaled.mean == pytest.approx(found.mean * factor, rel=1e-6)
        if found.method == "km":
            assert found.lower - 1e-9 <= found.mean <= found.upper + 1e-9
    else:
        assert found.reason
