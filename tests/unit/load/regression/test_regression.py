"""Fitting, predicting, summing; what bad input comes to."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.load.regression import (
    DischargeSteps,
    LoadSamples,
    PeriodRules,
    build_design,
    fit_regression,
    months_of,
    period_load,
    predict_loads,
    samples_of_frames,
    steps_of_frame,
    total_of,
    water_years_of,
)
from ecomon.load.regression.decimal_time import decimal_years, loadest_years, midday_years
from ecomon.load.regression.design import MODELS, centre_of
from ecomon.load.regression.diagnostics import diagnose_regression
from ecomon.load.regression.fit import Method
from ecomon.load.regression.leave_one_out import leave_one_out
from ecomon.load.regression.period_sum import residual_sum_variance
from ecomon.load.regression.predict import STEP_STATUSES
from ecomon.load.regression.selection import compare_models
from ecomon.load.regression.tables import loadest_tables
from ecomon.model.period import Period

DAY = np.timedelta64(1, "D")


def test_centre_makes_a_variable_and_its_square_uncorrelated() -> None:
    """0, 0, 3: mean 1, sum d^3 = 6, sum d^2 = 6, centre 1.5."""
    assert centre_of(np.array([0.0, 0.0, 3.0])) == 1.5
    assert centre_of(np.full(4, 7.0)) == 7.0
    x = np.array([1.0, 2.0, 4.0, 8.0]) - centre_of(np.array([1.0, 2.0, 4.0, 8.0]))
    assert np.cov(x, x**2)[0, 1] == pytest.approx(0, abs=1e-12)


def test_decimal_years() -> None:
    """Noon of 1 January 2020: half a day of 366; LOADEST takes the midnight after."""
    day = np.array(["2020-01-01", "2021-12-31"], dtype="datetime64[us]")
    np.testing.assert_allclose(midday_years(day), [2020 + 0.5 / 366, 2021 + 364.5 / 365])
    np.testing.assert_allclose(loadest_years(day), [2020 + 1 / 366, 2022])
    noon = day + np.timedelta64(12, "h")
    np.testing.assert_allclose(midday_years(noon), decimal_years(noon))


def test_terms_of_a_free_formula() -> None:
    days = np.array(["2021-01-15", "2021-06-15"], dtype="datetime64[us]")
    samples = LoadSamples(
        days, np.array([1.0, np.e**2]), np.ones(2), np.ones(2), {"SC": np.array([1.0, np.e])}
    )
    design = build_design(["lnQ", "season:5-7", "season:11-2*lnQ", "ln:SC", "SC"], samples)
    assert design.names[0] == "(Intercept)"
    np.testing.assert_allclose(
        design.of_samples(samples),
        [[1, -1, 0, -1, 0, 1], [1, 1, 1, 0, 1, np.e]],
        atol=1e-12,
    )


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (0, "1 to 9"),
        (["lnQ", "lnQ"], "twice"),
        (["nothing"], "no term"),
        (["season:0-3"], "months"),
    ],
)
def test_a_model_that_is_none(river, model, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        fit_regression(river()[0], model)


@pytest.mark.parametrize("method", get_args(Method))
def test_every_method_finds_the_river(river, method: Method) -> None:
    """Without censoring the methods agree on the total within a few percent, near the truth."""
    samples, steps = river(200)
    fit = fit_regression(samples, 7, method=method)
    assert fit.is_fitted, fit.reason
    total = period_load(fit, steps, total_of(steps)).iloc[0]
    truth = np.exp(
        -2
        + 0.3 * (np.log(steps.discharge_m3_s) - 4)
        + 0.2 * np.sin(2 * np.pi * np.arange(len(steps.time)) / 365.25)
        + 0.4**2 / 2
    )
    true_t = float((truth * steps.discharge_m3_s).sum() * 0.0864)
    assert total["status"] == "estimated"
    assert total["load_t"] == pytest.approx(true_t, rel=0.12)
    assert abs(total["load_t"] - true_t) < 3 * total["standard_error_of_prediction_t"]
    assert total["lower_t"] < total["load_t"] < total["upper_t"]


@pytest.mark.parametrize("method", ["amle", "mle", "duan"])
def test_half_below_detection_is_no_catastrophe(river, method: Method) -> None:
    samples, steps = river(200)
    censored, _ = river(200, limit=0.12)
    share = (censored.lower_mg_l == 0).mean()
    assert 0.3 < share < 0.6
    loads = [
        period_load(fit_regression(one, 7, method=method), steps, total_of(steps))
        for one in (samples, censored)
    ]
    assert loads[1]["load_t"][0] == pytest.approx(loads[0]["load_t"][0], rel=0.05)
    assert loads[1]["standard_error_t"][0] > 0.9 * loads[0]["standard_error_t"][0]


def test_duan_standard_error_by_bootstrap(river) -> None:
    """Smearing and coefficients share residuals; 300 resampled fits are the judge."""
    samples, steps = river(60)
    fit = fit_regression(samples, 1, method="duan")
    error = period_load(fit, steps, total_of(steps))["standard_error_t"][0]
    generator = np.random.default_rng(2)
    totals = []
    for _ in range(120):
        rows = np.sort(generator.integers(0, 60, 60))
        taken = samples.take(rows)
        spread = LoadSamples(
            taken.time + np.arange(60).astype("timedelta64[us]"),
            taken.discharge_m3_s,
            taken.lower_mg_l,
            taken.upper_mg_l,
        )
        again = fit_regression(spread, 1, method="duan")
        totals.append(float(predict_loads(again, steps).load_t.sum()))
    assert error == pytest.approx(np.std(totals), rel=0.3)


def test_interval_and_right_censored_fall_to_maximum_likelihood(river) -> None:
    samples, steps = river(60)
    lower, upper = samples.lower_mg_l.copy(), samples.upper_mg_l.copy()
    lower[0], upper[1] = lower[0] / 2, np.inf
    mixed = LoadSamples(samples.time, samples.discharge_m3_s, lower, upper)
    fit = fit_regression(mixed, 4)
    assert (fit.status, fit.method, fit.n_censored) == ("fitted", "mle", 2)
    assert "区间" in fit.notes[0]
    assert np.isfinite(predict_loads(fit, steps).mean).all()
    refused = fit_regression(mixed, 4, method="lad")
    assert refused.status == "censored_for_method"
    assert refused.reason
    assert set(predict_loads(refused, steps).status) == {"no_fit"}


def test_named_outcomes(river) -> None:
    samples, steps = river(40)
    few = fit_regression(samples.take(np.arange(6)), 7)
    assert few.status == "too_few"
    n = len(samples.time)
    below = LoadSamples.of_values(
        samples.time, samples.discharge_m3_s, np.full(n, 0.1), np.ones(n, bool)
    )
    assert fit_regression(below, 1).status == "all_censored"
    constant = LoadSamples(samples.time, np.full(n, 3.0), samples.lower_mg_l, samples.upper_mg_l)
    assert fit_regression(constant, 1).status == "rank_deficient"
    none = fit_regression(samples.take(np.zeros(n, bool)), 1)
    assert none.status == "too_few"
    for fit in (few, none):
        row = period_load(fit, steps, total_of(steps)).iloc[0]
        assert (row["status"], row["reason"]) == ("insufficient", fit.reason)
        assert np.isnan(row["load_t"])


def test_samples_left_aside_are_counted(river) -> None:
    samples, _ = river(40)
    discharge, upper = samples.discharge_m3_s.copy(), samples.upper_mg_l.copy()
    discharge[:3] = [0.0, -2.0, np.nan]
    upper[3] = np.nan
    time = samples.time.copy()
    time[5] = time[4]
    bad = LoadSamples(time, discharge, np.where(upper == upper, samples.lower_mg_l, 0), upper)
    fit = fit_regression(bad, 1)
    assert fit.n_samples == 35
    assert [note.split()[0] for note in fit.notes] == ["1", "2", "1", "1"]


def test_steps_each_have_their_word(river) -> None:
    samples, _ = river(60)
    q = np.array([50.0, 0.0, -1.0, np.nan, 5e3, 60.0])
    days = np.datetime64("2021-06-01", "us") + np.arange(6) * DAY
    loads = predict_loads(fit_regression(samples, 7), DischargeSteps(days, q))
    words = ["estimated", "dry", "reversed", "no_discharge", "extrapolated", "estimated"]
    assert loads.status.tolist() == words
    assert loads.mean[1] == loads.upper[1] == 0.0
    assert np.isnan(loads.mean[[2, 3]]).all()
    frame = loads.frame()
    assert (frame["reason"] == [STEP_STATUSES[word] for word in words]).all()
    row = period_load(fit_regression(samples, 7), loads, [Period.month(2021, 6)]).iloc[0]
    assert (row["n_steps"], row["n_expected"], row["n_missing"]) == (4, 30, 26)
    assert row["status"] == "incomplete"
    assert row["share_extrapolated"] == pytest.approx(loads.mean[4] / np.nansum(loads.mean))


def test_residuals_that_run_on_add_more(river) -> None:
    """Two days of load 1 and 2, s^2 = 0.5, rho = 0.6: written out."""
    by_hand = (1 + 4) * np.expm1(0.5) + 2 * 2 * np.expm1(0.3)
    assert residual_sum_variance(np.array([1.0, 2.0]), 0.5, 0.6) == pytest.approx(by_hand)
    assert residual_sum_variance(np.array([1.0, 2.0]), 0.5, 0.0) == pytest.approx(5 * np.expm1(0.5))
    samples, steps = river(60)
    loads = predict_loads(fit_regression(samples, 7), steps)
    fit = fit_regression(samples, 7)
    errors = [
        period_load(fit, loads, total_of(steps), rules=PeriodRules(rho_per_day=rho))[
            "standard_error_of_prediction_t"
        ][0]
        for rho in (0.0, 0.5, 0.9)
    ]
    assert errors == sorted(errors)
    with pytest.raises(ContractError, match="rho"):
        PeriodRules(rho_per_day=1.0)


def test_periods_add_up(river) -> None:
    samples, steps = river(60)
    fit = fit_regression(samples, 9)
    months = period_load(fit, steps, months_of(steps))
    total = period_load(fit, steps, total_of(steps))
    assert len(months) == 36
    assert months["load_t"].sum() == pytest.approx(total["load_t"][0], rel=1e-12)
    years = period_load(fit, steps, water_years_of(steps))
    assert years["start"].tolist()[0] == datetime(2018, 10, 1)
    assert years["status"].tolist() == ["incomplete", "estimated", "estimated", "incomplete"]
    exact = period_load(fit, steps, total_of(steps), rules=PeriodRules(sum_error="exact"))
    assert exact["standard_error_t"][0] == pytest.approx(total["standard_error_t"][0], rel=0.15)
    with pytest.raises(ContractError, match="concentration"):
        period_load(fit_regression(samples, 1, response="concentration"), steps, [])


def test_hours_and_days_of_one_discharge(river) -> None:
    """Hourly steps of a constant day carry the day's load, but for the time of day itself."""
    samples, _ = river(60)
    fit = fit_regression(samples, 1)
    day = np.array(["2021-03-01"], dtype="datetime64[us]")
    hours = day[0] + np.arange(24) * np.timedelta64(1, "h")
    daily = predict_loads(fit, DischargeSteps(day, np.array([80.0])))
    hourly = predict_loads(fit, DischargeSteps(hours, np.full(24, 80.0), step_s=3600.0))
    assert hourly.load_t.sum() == pytest.approx(daily.load_t[0], rel=1e-12)


def test_diagnostics_of_a_good_and_a_stretched_model(river) -> None:
    samples, steps = river(200)
    found = diagnose_regression(fit_regression(samples, 7), steps)
    assert abs(found.bp_percent) < 10
    assert found.bp_percent == pytest.approx(100 * (found.plr - 1))
    assert found.nash_sutcliffe > 0.5
    assert found.flux_bias_low == found.flux_bias_high
    assert 0.5 < found.residual_variance_ratio < 2
    low = samples.take(samples.discharge_m3_s < np.median(samples.discharge_m3_s))
    stretched = diagnose_regression(fit_regression(low, 1), steps)
    assert stretched.share_extrapolated_discharge > 0.5
    assert np.isnan(diagnose_regression(fit_regression(samples.take(np.arange(3)), 7)).plr)


def test_models_side_by_side(river) -> None:
    samples, steps = river(120, limit=0.1)
    table = compare_models(samples, [*MODELS, ["lnQ", "season:5-9"]], steps=steps)
    assert table["status"].eq("fitted").all()
    assert table["is_least_aic"].sum() == table["is_least_spcc"].sum() == 1
    assert table.loc[table["is_least_aic"], "model"].item() in "4 6 7 8 9"
    assert np.isfinite(table.select_dtypes("number")).all(axis=None)


def test_leave_one_out_by_fitting_without(river) -> None:
    samples, _ = river(30, limit=0.1)
    fit = fit_regression(samples, 4)
    found = leave_one_out(fit)
    rows = fit.design.of_samples(fit.samples)
    for i in (0, 17):
        rest = fit_regression(samples.take(np.delete(np.arange(30), i)), 4)
        # Its centre moves with the samples; the prediction does not.
        again = rest.design.rows(samples.time[[i]], samples.discharge_m3_s[[i]], {})
        assert found.y_hat[i] == pytest.approx(float((again @ rest.mean_coefficients)[0]), abs=1e-8)
    assert rows.shape == (30, 4)


def test_frames_are_read_and_refused() -> None:
    daily = pd.DataFrame({"Date": pd.date_range("2021-01-01", periods=3), "Q": [1.0, 2.0, 3.0]})
    sample = pd.DataFrame(
        {
            "Date": pd.to_datetime(["2021-01-02", "2021-02-01"]),
            "ConcLow": [np.nan, 1],
            "ConcHigh": [0.1, 1],
        }
    )
    found = samples_of_frames(sample, daily)
    assert found.discharge_m3_s.tolist()[0] == 2.0
    assert np.isnan(found.discharge_m3_s[1])
    with pytest.raises(ContractError, match="ConcHigh"):
        samples_of_frames(sample.drop(columns="ConcHigh"), daily)
    with pytest.raises(ContractError, match="stands twice"):
        steps_of_frame(pd.concat([daily, daily]))
    tables = loadest_tables(sample, daily, 1)
    assert tables["summary"]["status"].item() == "too_few"
    assert tables["daily"]["status"].eq("no_fit").all()
    assert tables["annual"]["status"].eq("insufficient").all()


@settings(max_examples=15)
@given(factor=st.floats(1e-6, 1e6), method=st.sampled_from(["amle", "mle", "duan"]))
def test_loads_scale_with_units(river, factor: float, method: Method) -> None:
    samples, steps = river(40, limit=0.1)
    scaled = LoadSamples(
        samples.time,
        samples.discharge_m3_s,
        samples.lower_mg_l * factor,
        samples.upper_mg_l * factor,
    )
    columns = ["load_t", "standard_error_t", "standard_error_of_prediction_t", "lower_t", "upper_t"]
    plain, other = (
        period_load(fit_regression(one, 7, method=method), steps, total_of(steps))[columns]
        for one in (samples, scaled)
    )
    np.testing.assert_allclose(other, plain * factor, rtol=1e-7)


@settings(max_examples=15)
@given(factor=st.floats(1e-3, 1e3))
def test_loads_scale_with_discharge(river, factor: float) -> None:
    samples, steps = river(40, limit=0.1)
    scaled = LoadSamples(
        samples.time, samples.discharge_m3_s * factor, samples.lower_mg_l, samples.upper_mg_l
    )
    fits = fit_regression(samples, 9), fit_regression(scaled, 9)
    more = DischargeSteps(steps.time, steps.discharge_m3_s * factor)
    np.testing.assert_allclose(
        predict_loads(fits[1], more).mean, predict_loads(fits[0], steps).mean * factor, rtol=1e-6
    )
    assert fits[1].aic == pytest.approx(fits[0].aic, rel=1e-9)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), raise_by=st.floats(1.0, 3.0))
def test_likelihood_grows_with_terms_and_with_what_is_allowed(
    river, seed: int, raise_by: float
) -> None:
    """A model that holds another fits no worse; a higher limit rules out less."""
    samples, _ = river(40, limit=0.1, seed=seed)
    likelihoods = [fit_regression(samples, model).log_likelihood for model in (1, 2, 5, 8, 9)]
    assert all(b >= a - 1e-7 for a, b in pairwise(likelihoods))
    upper = np.where(samples.lower_mg_l == 0, samples.upper_mg_l * raise_by, samples.upper_mg_l)
    looser = LoadSamples(samples.time, samples.discharge_m3_s, samples.lower_mg_l, upper)
    assert fit_regression(looser, 1).log_likelihood >= likelihoods[0] - 1e-7


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from([np.nan, -1.0, 0.0, 1.0, 2.0, 8.0, 300.0]),
            st.sampled_from([np.nan, 0.0, 0.1, 0.5, 0.5, 2.0]),
            st.booleans(),
        ),
        max_size=30,
    ),
    method=st.sampled_from(get_args(Method)),
    model=st.sampled_from([1, 4, 9]),
)
def test_no_nan_without_a_word(rows, method: Method, model: int) -> None:
    start = np.datetime64("2021-01-01", "us")
    samples = LoadSamples.of_values(
        start + np.array([row[0] for row in rows], dtype=np.int64) * 9 * DAY,
        np.array([row[1] for row in rows], dtype=float),
        np.array([row[2] for row in rows], dtype=float),
        np.array([row[3] for row in rows], dtype=bool),
    )
    steps = DischargeSteps(start + np.arange(5) * DAY, np.array([1.0, 0.0, np.nan, -3.0, 400.0]))
    fit = fit_regression(samples, model, method=method)
    assert fit.is_fitted or fit.reason
    loads = predict_loads(fit, steps)
    is_silent = np.isnan(loads.mean) & np.isin(loads.status, ("estimated", "extrapolated", "dry"))
    assert not is_silent.any()
    row = period_load(fit, loads, total_of(steps)).iloc[0]
    assert np.isfinite(row["load_t"]) or (row["status"] == "insufficient" and row["reason"])
    if np.isfinite(row["load_t"]):
        assert np.isfinite(row[["standard_error_t", "lower_t", "upper_t"]].astype(float)).all()


def test_dates_as_text(river) -> None:
    samples, steps = river(40)
    daily = pd.DataFrame({"Date": steps.time, "Q": steps.discharge_m3_s})
    sample = pd.DataFrame(
        {"Date": samples.time, "ConcLow": samples.lower_mg_l, "ConcHigh": samples.upper_mg_l}
    )
    as_text = [frame.assign(Date=frame["Date"].astype(str)) for frame in (sample, daily)]
    plain, text = loadest_tables(sample, daily, 4), loadest_tables(*as_text, 4)
    pd.testing.assert_frame_equal(plain["annual"], text["annual"])
    with pytest.raises(ContractError, match="Date"):
        steps_of_frame(daily.assign(Date="spring"))
