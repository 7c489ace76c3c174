from __future__ import annotations

import numpy as np
import pytest

from ecomon.errors import ContractError
from ecomon.load.choice.choose import find_candidates, refuse_estimate
from ecomon.load.choice.density import Density, measure_density
from ecomon.load.choice.guards import ModelChecks, check_model, find_tripped, find_warnings
from ecomon.load.choice.rules import EstimationRules, Rung
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period
from ecomon.registry import Registry, read_registry, read_snapshot

YEAR = Period.year(2023)
START = np.datetime64("2023-01-01", "us")
DAY, HOUR = np.timedelta64(86_400_000_000, "us"), np.timedelta64(3_600_000_000, "us")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def rules(registry: Registry) -> EstimationRules:
    return registry.estimation


def density(**others: float) -> Density:
    found: dict[str, float] = {
        "n_period": 26, "n_period_censored": 0, "n_record": 26, "n_record_uncensored": 26,
        "record_years": 1.0, "median_step_h": 336.0, "r2": 0.5, **others,
    }  # fmt: skip
    return Density(**found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "coverage", "method"),
    [
        ({"n_period": 2190, "median_step_h": 4.0}, 0.95, "integration"),
        ({"n_period": 1000, "median_step_h": 4.0, "r2": 0.5}, 0.6, "bridge"),  # 60 % of the volume
        ({"n_period": 365, "median_step_h": 24.0, "r2": 0.05}, 0.9, "linear"),
        ({"n_period": 104, "median_step_h": 84.0, "r2": 0.2}, 0.9, "bridge"),
        ({"n_record": 120, "n_record_uncensored": 90, "record_years": 9.0}, 0.1, "wrtds_k"),
        ({"n_record": 120, "n_record_uncensored": 40, "record_years": 9.0}, 0.1, "bridge"),
        ({"n_record": 60, "record_years": 3.0}, 0.1, "bridge"),
        ({"n_record": 60, "record_years": 1.0}, 0.1, "beale"),
        ({"n_period": 12, "n_record": 12}, 0.1, "beale"),
        ({"n_period": 11, "n_record": 11}, 0.1, "E"),
        ({"n_period": 6, "n_record": 6}, 0.1, "E"),
    ],
)  # fmt: skip
def test_the_table_of_defaults(
    rules: EstimationRules, given: dict[str, float], coverage: float, method: str
) -> None:
    first = next(find_candidates(density(**given), lambda _: coverage, rules))
    assert first.method == method
    assert first.reason.startswith("默认方法：")


def test_the_fallback_is_the_next_row_down(rules: EstimationRules) -> None:
    many = density(n_record=120, n_record_uncensored=90, record_years=9.0)
    methods = [one.method for one in find_candidates(many, lambda _: 0.1, rules)]
    assert methods == ["wrtds_k", "bridge", "beale", "E"]


def test_the_cross_checks_of_the_table(rules: EstimationRules) -> None:
    checks = {rung.id: rung.cross_checks for rung in rules.rungs}
    assert checks == {
        "continuous": ("D", "E"), "dense": ("E",), "long-record": ("regression_7", "smearing_7", "E"),
        "short-record": ("D", "beale", "composite"), "ratio": ("E", "D"), "weighted": ("C",),
    }  # fmt: skip


def test_no_estimate_from_five_or_from_bounds(rules: EstimationRules) -> None:
    assert "少于 6" in refuse_estimate(density(n_period=5, n_record=5), rules.guards)
    assert not list(find_candidates(density(n_period=5, n_record=5), lambda _: 0.1, rules))
    told = refuse_estimate(density(n_period=10, n_period_censored=9), rules.guards)
    assert "90%" in told and "bracket only" in told
    assert refuse_estimate(density(n_period=10, n_period_censored=8), rules.guards) == ""


def test_guards_by_hand(rules: EstimationRules) -> None:
    q = np.array([1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0])
    observed = np.ones(8)
    # Every estimate 30 % high: Bp = 30. Low discharges exact to 1 %, high ones to 50 %.
    noise = np.exp(np.array([1, -1, 1, -1, 50, -50, 50, -50]) / 100)
    checks = check_model(
        1.3 * observed, observed, q, step_m3_s=np.array([5.0, 50.0]), step_load=np.array([3.0, 1.0])
    )
    assert checks.bias_percent == pytest.approx(30.0)
    assert checks.extrapolated_share == pytest.approx(0.25)
    strict = rules.guards.model_copy(update={"extrapolation": "fall_back"})
    told = find_tripped(checks, strict)
    assert len(told) == 2 and "Bp=+30%" in told[0] and "25%" in told[1]
    # As shipped, extrapolation is said and does not stop (decision 0013).
    assert len(find_tripped(checks, rules.guards)) == 1
    (warned,) = find_warnings(checks, rules.guards)
    assert "25%" in warned and "放宽区间" in warned
    assert find_warnings(checks, strict) == ()
    uneven = check_model(observed, noise, q, step_m3_s=q, step_load=q)
    assert uneven.residual_variance_ratio == pytest.approx(2500.0)
    assert any("方差比" in one for one in find_tripped(uneven, rules.guards))
    assert uneven.extrapolated_share == 0.0


def test_what_cannot_be_told_trips_nothing(rules: EstimationRules) -> None:
    assert find_tripped(ModelChecks(), rules.guards) == ()
    nothing = np.empty(0)
    assert np.isnan(check_model(nothing, nothing, nothing, step_m3_s=nothing, step_load=nothing).bias_percent)  # fmt: skip
    with pytest.raises(ContractError, match="equal length"):
        check_model(np.ones(2), np.ones(2), np.ones(3), step_m3_s=nothing, step_load=nothing)


def test_density_of_a_record() -> None:
    days = DischargeSeries.of(
        START + np.arange(-365, 365) * DAY, np.full(730, 100.0), step_s=86_400
    )
    time = START + np.arange(-52, 52) * 7 * DAY + 10 * HOUR
    censored = np.arange(104) % 4 == 0
    found = measure_density(SampleSeries(time, np.ones(104), censored), days, YEAR)
    assert (found.n_period, found.n_period_censored, found.n_record) == (52, 13, 104)
    assert found.median_step_h == pytest.approx(168.0)
    assert found.record_years == pytest.approx(103 * 7 / 365.25)
    assert np.isnan(found.r2)  # concentration does not vary
    assert "52 个样" in found.in_words()


def test_r2_is_that_of_the_logarithms() -> None:
    q = np.geomspace(10, 1000, 365)
    days = DischargeSeries.of(START + np.arange(365) * DAY, q, step_s=86_400)
    c = 0.1 * q**0.3
    found = measure_density(SampleSeries.of(days.time, c), days, YEAR)
    assert found.r2 == pytest.approx(1.0)


def test_rules_are_facts_with_source_and_in_the_hash(registry: Registry) -> None:
    rules = registry.estimation
    assert rules.source and all(rung.source for rung in rules.rungs)
    assert rules.guards.max_censored_share == 0.8 and rules.guards.min_samples == 6
    assert b'"load_rules"' in registry.snapshot
    assert read_snapshot(registry.snapshot).estimation == rules
    assert all(one.is_unverified for one in rules.decay.values())


def test_a_coverage_needs_its_step() -> None:
    with pytest.raises(ValueError, match="max_step_h"):
        Rung(id="x", name_zh="-", name_en="-", method="E", min_coverage_volume=0.5, source="-",
             confidence="verified")  # fmt: skip
