"""Logarithms of the normal distribution in both tails, against mpmath-grade figures of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_ndtr
from scipy.stats import norm

from ecomon.load.tobit.likelihood import log_interval_probability, log_normal_cdf


def test_log_cdf_in_both_tails() -> None:
    z = np.array([-300.0, -40.0, -10.0, -1.0, 0.0, 1.0, 8.0, 36.0, 400.0])
    log_p, mills = log_normal_cdf(z)
    assert log_p == pytest.approx(log_ndtr(z), rel=1e-12, abs=1e-12)
    # phi/Phi -> -z far below (Abramowitz and Stegun 26.2.12: -z (1 + 1/z^2 - ...)).
    assert mills[0] == pytest.approx(300.0 + 1 / 300.0, rel=1e-9)
    assert mills[4] == pytest.approx(np.sqrt(2 / np.pi), rel=1e-14)
    assert mills[-1] == pytest.approx(0.0, abs=1e-100)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1.0, 1.0), (-0.2, 0.3), (2.0, 3.0), (-3.0, -2.0), (8.0, 9.0), (-9.0, -8.0), (-1.0, 30.0)],
)
def test_interval(low: float, high: float) -> None:
    log_p, by_high, by_low = log_interval_probability(np.array([low]), np.array([high]))
    flipped = (-high, -low) if low > 0 else (low, high)
    p = norm.cdf(flipped[1]) - norm.cdf(flipped[0])
    assert log_p[0] == pytest.approx(np.log(p), rel=1e-11)
    assert by_high[0] == pytest.approx(norm.pdf(high) / p, rel=1e-10)
    assert by_low[0] == pytest.approx(-norm.pdf(low) / p, rel=1e-10)


def test_interval_far_out_keeps_its_digits() -> None:
    # Between 39 and 40 sigma a difference of distribution functions is 0/0; nearly all of the mass
    # lies at the lower end: log p = log Phi(-39) - 39.5 - log-small terms.
    above = log_interval_probability(np.array([39.0]), np.array([40.0]))
    below = log_interval_probability(np.array([-40.0]), np.array([-39.0]))
    assert above[0] == pytest.approx(below[0], rel=1e-14)
    assert above[0][0] == pytest.approx(float(log_ndtr(-39.0)), rel=1e-12)
    assert above[1] == pytest.approx(-below[2], rel=1e-14)


def test_crossed_bounds_have_no_probability() -> None:
    log_p, by_high, by_low = log_interval_probability(np.array([1.0]), np.array([0.5]))
    assert log_p[0] == -np.inf
    assert by_high[0] == by_low[0] == 0.0
