from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from ecomon.errors import ContractError
from ecomon.load.rating_fit import (
    ControlPrior,
    Gaugings,
    channel_control,
    choose_rating,
    fit_rating,
    rate_by_segments,
    weir_control,
)
from ecomon.load.rating_fit_apply import (
    ABOVE_LIMIT,
    BELOW_GAUGED,
    DRY,
    EXTRAPOLATED,
    NO_STAGE,
    RATED,
    draw_discharges,
    rate_by_fit,
    rated_series,
    tabulate_rating,
)
from ecomon.model.rating import rate_stages

TRUE = np.array([np.log(20), np.log(60), 1.5, 5 / 3, 0.5, 1.5])
LOW = ControlPrior(
    coefficient=22, coefficient_factor=1.5, exponent=1.5, exponent_sd=0.05,
    activation_m=0.4, activation_sd_m=0.2,
)  # fmt: skip
HIGH = ControlPrior(
    coefficient=50, coefficient_factor=1.5, exponent=5 / 3, exponent_sd=0.05,
    activation_m=1.7, activation_sd_m=0.3,
)  # fmt: skip


def gaugings(*, noise: float = 0.03, seed: int = 1, n: int = 25) -> Gaugings:
    stage = np.linspace(0.7, 4, n)
    q = rate_by_segments(stage, TRUE)
    error = np.random.default_rng(seed).normal(0, 0.03, n) * (noise > 0)
    return Gaugings(stage, q * (1 + error), 0.03 * q)


def test_segments_by_hand() -> None:
    # Below 1.5 m Q = 20 (h - 0.5)^1.5; 20 there at 1.5 m, which 60 (h - b)^(5/3) meets with
    # (1.5 - b) = (1/3)^(3/5) = 0.51728.
    b = 1.5 - (1 / 3) ** 0.6
    stages = np.array([0.4, 0.5, 1.0, 1.5, 2.5, np.nan])
    expected = [0, 0, 20 * 0.5**1.5, 20, 60 * (2.5 - b) ** (5 / 3), np.nan]
    assert rate_by_segments(stages, TRUE) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_priors_of_hydraulics_by_hand() -> None:
    # 30 x 50 x sqrt(0.0004) = 30; 0.4 x 50 x sqrt(2 x 9.81) = 88.589.
    known = {
        "activation_m": 1.0,
        "relative_error": 0.3,
        "exponent_sd": 0.05,
        "activation_sd_m": 0.2,
    }
    channel = channel_control(width_m=50, slope=0.0004, strickler=30, **known)
    weir = weir_control(width_m=50, coefficient=0.4, **known)
    assert (channel.coefficient, channel.exponent) == pytest.approx((30.0, 5 / 3))
    assert (weir.coefficient, weir.exponent) == pytest.approx((88.589, 1.5), rel=1e-5)


def test_gaugings_without_noise_give_the_curve_back() -> None:
    fit = fit_rating(gaugings(noise=0.0), [LOW, HIGH])
    assert fit.is_converged
    stage = np.linspace(0.7, 4, 60)
    # The priors pull a little, within the gaugings' 3 %.
    assert fit.discharge_m3_s(stage) == pytest.approx(rate_by_segments(stage, TRUE), rel=0.01)
    assert fit.remnant[1] < 1e-3


def test_the_covariance_is_that_of_weighted_least_squares() -> None:
    # With exponent and offset held by their priors, ln a of one segment has the variance of a
    # weighted mean: n gaugings of 3 % and a prior of ln 1.5.
    held = replace(LOW, exponent_sd=1e-7, activation_sd_m=1e-7, activation_m=0.5)
    stage = np.linspace(0.7, 2, 16)
    q = 20 * (stage - 0.5) ** 1.5
    fit = fit_rating(Gaugings(stage, q, 0.03 * q), [held])
    expected = 1 / (16 / 0.03**2 + 1 / np.log(1.5) ** 2)
    assert fit.covariance[0, 0] == pytest.approx(expected, rel=0.01)
    weight = 16 / 0.03**2
    mean = (weight * np.log(20) + np.log(22) / np.log(1.5) ** 2) / (weight + 1 / np.log(1.5) ** 2)
    assert fit.parameters[0] == pytest.approx(mean, abs=1e-4)


def test_a_remnant_is_found_where_gaugings_scatter_more_than_they_say() -> None:
    measured = gaugings(seed=5)
    sure = Gaugings(measured.stage_m, measured.discharge_m3_s, measured.standard_error_m3_s / 100)
    g1, g2 = fit_rating(sure, [LOW, HIGH]).remnant
    mean = float(measured.discharge_m3_s.mean())
    assert 0.01 * mean < g1 + g2 * mean < 0.06 * mean


def test_the_number_of_segments_is_chosen_by_evidence() -> None:
    fit, evidence = choose_rating(gaugings(), [[LOW], [LOW, HIGH]])
    assert fit.n_segments == 2
    assert evidence[1] > evidence[0] + 5
    stage = np.linspace(0.7, 1.4, 12)
    q = 20 * (stage - 0.5) ** 1.5
    few = Gaugings(stage, q, 0.03 * q)
    assert (
        choose_rating(few, [[LOW], [replace(LOW, coefficient_factor=30.0), HIGH]])[0].n_segments
        == 1
    )


def test_each_stage_has_its_outcome() -> None:
    fit = fit_rating(gaugings(), [LOW, HIGH])
    stages = np.array([0.2, 0.65, 2.0, 4.5, 6.0, np.nan])
    found = rate_by_fit(fit, stages, max_extrapolation_m=1.0)
    assert found.outcome.tolist() == [DRY, BELOW_GAUGED, RATED, EXTRAPOLATED, ABOVE_LIMIT, NO_STAGE]
    assert found.discharge_m3_s[0] == 0.0
    assert np.isfinite(found.discharge_m3_s[:4]).all()
    assert np.isnan(found.discharge_m3_s[4:]).all()
    assert 0 < found.share_extrapolated < 1


def test_rating_draws_do_not_average_away() -> None:
    fit = fit_rating(gaugings(), [LOW, HIGH])
    steps = np.full(500, 2.0)
    drawn = draw_discharges(fit, steps, n_draws=300, seed=1)
    of_one, of_mean = drawn[:, 0].std(), drawn.mean(axis=1).std()
    assert of_mean == pytest.approx(of_one, rel=1e-9)
    again = draw_discharges(fit, steps, n_draws=300, seed=1)
    assert (again == drawn).all()
    staff = draw_discharges(fit, steps, n_draws=300, seed=1, stage_error_m=0.05)
    assert staff[:, 0].std() > 2 * of_one
    halves = np.repeat([0, 1], 250)
    split = draw_discharges(
        fit, steps, n_draws=300, seed=1, period_of_step=halves, stage_error_m=0.05
    )
    assert np.ptp(split[:, :250], axis=1).max() == 0.0
    assert split.mean(axis=1).std() < staff.mean(axis=1).std()  # two errors of the staff, not one


def test_a_record_carries_the_error_of_its_rating() -> None:
    fit = fit_rating(gaugings(), [LOW, HIGH])
    time = np.datetime64("2021-04-01", "us") + np.arange(4) * np.timedelta64(1, "h")
    found = rated_series(
        fit, time, np.array([1.0, 2.0, 4.5, np.nan]), step_s=3600.0, link="r@1",
        max_extrapolation_m=1.0, n_draws=400, seed=2,
    )  # fmt: skip
    assert 0.002 < found.relative_error < 0.05
    assert "外推" in found.caveat
    assert found.link == "r@1"
    assert np.isnan(found.discharge_m3_s[3])


def test_the_table_of_a_fit_is_a_rating_curve() -> None:
    fit = fit_rating(gaugings(), [LOW, HIGH])
    curve = tabulate_rating(
        fit, id="bikou-fit", gauge="bikou", version="1", begins_at=datetime(2021, 1, 1),
        datum="gauge zero", source="test", confidence="verified", n_points=400,
    )  # fmt: skip
    stage = np.linspace(0.8, 3.9, 40)
    time = np.full(40, np.datetime64("2021-06-01", "us"))
    rated = rate_stages(stage, time, [curve])
    assert rated.discharge_m3_s == pytest.approx(fit.discharge_m3_s(stage), rel=1e-3)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ContractError, match="rise from control"):
        fit_rating(gaugings(), [HIGH, LOW])
    with pytest.raises(ContractError, match="one control"):
        fit_rating(gaugings(), [])
    with pytest.raises(ContractError, match="no gauging"):
        fit_rating(Gaugings(np.zeros(0), np.zeros(0), np.zeros(0)), [LOW])
    with pytest.raises(ContractError, match="error above 0"):
        Gaugings(np.ones(1), np.ones(1), np.zeros(1))
    with pytest.raises(ContractError, match="factor above 1"):
        replace(LOW, coefficient_factor=1.0)
