from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from ecomon.errors import ContractError
from ecomon.load import compute_monthly_loads
from ecomon.load.averaging_estimate import Letter, estimate_by_averaging
from ecomon.load.choice.rules import EstimationRules, Settlement
from ecomon.load.estimate import LoadCase, SeriesLoads, estimate_section, estimate_series
from ecomon.load.estimate.averages import LETTERS, estimate_averages
from ecomon.load.estimate.case import estimator_rules, in_hours
from ecomon.load.estimate.daily_discharge import mean_daily_discharge
from ecomon.load.estimate.models import run_model
from ecomon.load.estimate.settlement import estimate_settlement
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.registry import read_registry

DAY, HOUR = np.timedelta64(86_400_000_000, "us"), np.timedelta64(3_600_000_000, "us")
Days = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def rules() -> EstimationRules:
    return read_registry().estimation


def river(
    years: int, *, every: int, seed: int = 5, limit: float = 0.0, memory: float = 0.0
) -> LoadCase:
    """A daily record of ``years`` up to the end of 2023 and samples, C = 0.02 Q^0.4 x scatter.

    ``memory`` is the correlation of the scatter from one day to the next.
    """
    generator = np.random.default_rng(seed)
    n_days = int((np.datetime64("2024-01-01") - np.datetime64(f"{2024 - years}-01-01")).astype(int))
    day = np.arange(n_days)
    season = np.cos(2 * np.pi * day / 365.25)
    q = 100 * np.exp(-0.8 * season + generator.normal(0, 0.2, len(day)))
    scatter = generator.normal(0, 0.2, len(day))
    if memory:
        scatter = lfilter([np.sqrt(1 - memory**2)], [1, -memory], scatter)
    c = 0.02 * q**0.4 * np.exp(scatter)
    time = np.datetime64(f"{2024 - years}-01-01", "us") + day * DAY
    taken = np.arange(3, len(day), every)
    samples = SampleSeries(time[taken] + 9 * HOUR, np.maximum(c[taken], limit), c[taken] < limit)
    record = DischargeSeries.of(time, q, step_s=86_400)
    return LoadCase(
        "yaodu", "TP", samples, record, Period.year(2023), read_registry().estimation, "bikou"
    )


def best(found: SeriesLoads) -> dict[str, Any]:
    return next(dict(row) for row in found.rows if row["role"] == "best")


def true_load_t(years: int, seed: int = 5, memory: float = 0.0) -> float:
    every = river(years, every=1, seed=seed, memory=memory)
    inside = every.record.within(every.period)
    return float(inside.concentration_mg_l @ every.discharge.at(inside.time)) * 0.0864


@pytest.mark.parametrize("n", [2, 3, 24])
def test_averages_are_those_of_the_jackknife(n: int, rules: EstimationRules) -> None:
    generator = np.random.default_rng(n)
    period = Period(datetime(2023, 3, 1, 12), datetime(2023, 4, 5))
    start = np.datetime64("2023-03-01", "us")
    q = generator.lognormal(4, 0.6, 40 * 24)
    q[200:230] = np.nan
    record = DischargeSeries.of(start + np.arange(40 * 24) * HOUR, q, step_s=3600)
    time = start + np.sort(generator.choice(np.arange(240, 800), n, replace=False)) * HOUR
    samples = SampleSeries(time, generator.lognormal(0, 0.5, n), np.arange(n) % 3 == 2)
    how = estimator_rules(
        rules.model_copy(update={"guards": rules.guards.model_copy(update={"min_samples": 2})}), 12
    )
    found = estimate_averages(samples, record, period, rules=how)
    letters: tuple[Letter, ...] = ("A", "B", "C", "D", "E")
    for letter in letters:
        slow = estimate_by_averaging(samples, record, period, method=letter, rules=how)
        for name in ("load_t", "standard_error_t", "load_censored_zero_t", "load_censored_limit_t"):
            assert getattr(found[letter], name) == pytest.approx(getattr(slow, name), rel=1e-9)
    assert tuple(found) == LETTERS


def test_settlement_is_that_of_the_exact_monthly_loads(days: Days, link: DischargeLink) -> None:
    # Method B of 2021-04 and 2021-05 in exact fractions, which a settlement takes.
    texts, flow = ["0.20", "0.26", "0.31"] * 20 + ["0.5"], ["45", "50", "300"] * 20 + ["9"]
    period = Period.parse("2021-04/2021-05")
    exact = compute_monthly_loads(
        days("yaodu", "TP", texts), days("bikou", "DISCHARGE", flow, unit="m3/s"), period,
        section="yaodu", link=link, factors=("TP",), censored="zero", min_days=20,
        min_coverage_discharge=0.8,
    )  # fmt: skip
    time = np.datetime64("2021-04-01", "us") + np.arange(61) * DAY
    samples = SampleSeries.of(time + 8 * HOUR, np.array(texts, dtype=float))
    record = DischargeSeries.of(time, np.array(flow, dtype=float), step_s=86_400)
    how = Settlement(method="B", censored="zero", source="test")
    found = estimate_settlement(samples, record, period, how=how)
    assert found.load_t == pytest.approx(exact["load_t"].sum(), rel=1e-12)
    assert found.standard_error_t == pytest.approx(np.hypot(*exact["standard_error_t"]), rel=1e-9)


def test_the_agreements_word_on_censored_values_counts_there() -> None:
    case = river(1, every=4, limit=0.12)
    words: tuple[Literal["zero", "half_limit"], ...] = ("zero", "half_limit")
    loads = {
        name: estimate_settlement(
            case.record, case.discharge, case.period,
            how=Settlement(method="B", censored=name, source="test"),
        )
        for name in words
    }  # fmt: skip
    zero, half = loads["zero"], loads["half_limit"]
    assert zero.load_t == zero.load_censored_zero_t
    assert half.load_t == pytest.approx(
        (zero.load_censored_zero_t + zero.load_censored_limit_t) / 2
    )
    assert zero.n_censored > 0


def test_a_short_record_takes_the_bridge_and_comes_near_the_truth() -> None:
    case = river(3, every=14, limit=0.08)
    found = estimate_section([case])["TP"]
    row = best(found)
    assert row["method"] == "bridge" and row["status"] == "estimated"
    assert row["load_t"] == pytest.approx(true_load_t(3), rel=0.1)
    assert row["lower"] < true_load_t(3) < row["upper"]
    assert row["load_censored_zero_t"] < row["load_t"] < row["load_censored_limit_t"]
    checks = found.table[found.table["role"] == "cross_check"]
    assert checks["method"].tolist() == ["D", "beale", "composite"]
    composite = checks[checks["method"] == "composite"].iloc[0]
    assert composite["load_t"] == pytest.approx(row["load_t"], rel=0.05)
    assert row["shape"] == "lognormal"
    assert np.nansum(found.days.load_t_d) == pytest.approx(row["load_t"])
    assert found.model is not None and len(found.model.curve_m3_s) > 1


def test_a_long_record_takes_wrtds_k_with_its_trend() -> None:
    case = river(10, every=15)
    found = estimate_section([case])["TP"]
    row = best(found)
    assert row["method"] == "wrtds_k", row["reason"]
    assert row["load_t"] == pytest.approx(true_load_t(10), rel=0.1)
    assert found.model is not None and len(found.model.trend) == 10
    checks = found.table[found.table["role"] == "cross_check"]
    assert checks["method"].tolist() == ["regression_7", "smearing_7", "E"]
    assert checks["load_t"].iloc[1] == pytest.approx(checks["load_t"].iloc[0], rel=0.03)
    assert checks["load_t"].to_numpy() == pytest.approx(true_load_t(10), rel=0.15)


def test_the_bootstrap_widens_the_chosen_row_alone() -> None:
    case = river(10, every=15)
    few = case.rules.model_copy(
        update={"model": case.rules.model.model_copy(update={"bootstrap_replicates": 6})}
    )
    case = replace(case, rules=few, discharge=replace(case.discharge, relative_error=1e-9))
    row = best(estimate_series(case))
    inner = run_model("wrtds_k", case)
    assert inner.model_error_t == 0 and "6 次分块自助抽样" in row["reason"]
    assert row["sampling_error_t"] > 1.02 * inner.standard_error_t
    again = best(estimate_series(case))
    assert again["upper"] == row["upper"]
    other = best(estimate_series(replace(case, determinand="TN")))
    assert other["load_t"] == row["load_t"] and other["upper"] != row["upper"]


N_BASINS = int(os.environ.get("ECOMON_LOAD_RECORDS", "6"))


@pytest.mark.parametrize(("years", "every", "method"), [(10, 15, "wrtds_k"), (4, 15, "bridge")])
def test_the_interval_holds_the_truth(years: int, every: int, method: str) -> None:
    # ECOMON_LOAD_RECORDS=100 tells more.
    held = 0
    for seed in range(N_BASINS):
        case = river(years, every=every, seed=seed, memory=0.9)
        few = case.rules.model.model_copy(update={"bootstrap_replicates": 8})
        rules = case.rules.model_copy(update={"model": few})
        exact = replace(case.discharge, relative_error=1e-9)
        row = best(estimate_series(replace(case, rules=rules, discharge=exact)))
        assert row["method"] == method
        held += row["lower"] <= true_load_t(years, seed, 0.9) <= row["upper"]
    # 95 %, with what so few records leave open: three standard deviations of a binomial below.
    assert held >= N_BASINS * 0.95 - 3 * np.sqrt(N_BASINS * 0.95 * 0.05)


def test_loads_scale_with_their_units() -> None:
    case = river(3, every=14)
    thousand = SampleSeries(
        case.record.time, 1000 * case.record.concentration_mg_l, case.record.is_censored
    )
    bigger = replace(case, record=thousand)
    one, other = (estimate_series(each).table for each in (case, bigger))
    assert other["load_t"].to_numpy() == pytest.approx(1000 * one["load_t"].to_numpy(), nan_ok=True)


def test_a_model_without_samples_says_what_it_lacks() -> None:
    case = river(3, every=600)
    assert "样" in run_model("bridge", case).lack
    assert run_model("wrtds_k", case).lack


def test_daily_means_of_hours_and_hours_of_days() -> None:
    start = np.datetime64("2023-01-01", "us")
    hours = DischargeSeries.of(start + np.arange(48) * HOUR, np.arange(48.0), step_s=3600)
    daily = mean_daily_discharge(hours)
    assert daily.discharge_m3_s.tolist() == [11.5, 35.5]
    again = in_hours(
        DischargeSeries.of(start + np.arange(2) * DAY, np.array([11.5, 35.5]), step_s=86_400)
    )
    assert again.step_s == 3600 and again.discharge_m3_s.sum() == 24 * (11.5 + 35.5)
    assert np.isnan(daily.at(np.array(["2022-12-31"], "datetime64[us]"))[0])


def test_cases_of_one_section_share_their_discharge() -> None:
    one, other = river(1, every=14), river(1, every=14)
    with pytest.raises(ContractError, match="twice"):
        estimate_section([one, one])
    renamed = replace(other, determinand="TN")
    with pytest.raises(ContractError, match="share one record"):
        estimate_section([one, renamed])
