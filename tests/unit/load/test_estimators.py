"""What all classical estimators share: outcomes, brackets, and properties where they are true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.load.averaging_estimate import LETTERS, NUMBERS, estimate_by_averaging, letter_of
from ecomon.load.beale_estimate import estimate_by_beale
from ecomon.load.flux import LoadEstimate
from ecomon.load.flux_outcomes import EstimateRules, measure_volume
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.load.integration_estimate import SensorErrors, estimate_by_integration
from ecomon.load.interpolation_estimate import estimate_by_interpolation
from ecomon.model.period import Period

DAY_S = 86_400.0
APRIL = Period.month(2021, 4)
RULES = EstimateRules(
    min_samples=6,
    max_censored_share=0.8,
    max_step_s=7 * DAY_S,
    censored_share_of_limit=0.5,
    max_discharge_ratio=2.0,
)
ERRORS = SensorErrors(
    random_relative=0.05,
    random_correlation=0.0,
    calibration_relative=0.03,
    cross_section_relative=0.02,
    rating_relative=0.05,
    discharge_random_relative=0.02,
    discharge_correlation=0.0,
)
Estimator = Callable[..., LoadEstimate]


def integration(
    samples: SampleSeries, discharge: DischargeSeries, period: Period, *, rules: EstimateRules
) -> LoadEstimate:
    return estimate_by_integration(
        samples, discharge, period, rules=rules, errors=ERRORS, max_step_discharge_s=2 * DAY_S
    )


ALL: dict[str, Estimator] = {
    **{str(letter): partial(estimate_by_averaging, method=letter) for letter in NUMBERS},
    "beale": estimate_by_beale,
    "linear": estimate_by_interpolation,
    "rectangular": lambda s, d, p, **how: estimate_by_interpolation(
        s, d, p, kind="rectangular", **how
    ),
    "integration": integration,
}
FIXED = ["A", "B", "C", "D", "E", "linear", "rectangular", "integration"]


def days(n: int = 31) -> np.ndarray:
    return (np.datetime64("2021-04-01", "us") + np.arange(n) * np.timedelta64(1, "D")).astype(
        "datetime64[us]"
    )


def record(q: np.ndarray | None = None) -> DischargeSeries:
    if q is None:
        q = 10 + 5 * np.sin(np.arange(31) / 4.0)
    return DischargeSeries.of(days(len(q)), q, step_s=DAY_S)


def sample(c: np.ndarray | None = None, censored: object = False, every: int = 4) -> SampleSeries:
    time = (days()[::every] + np.timedelta64(10, "h")).astype("datetime64[us]")
    if c is None:
        c = 2 + np.cos(np.arange(len(time)) * 1.3)
    return SampleSeries.of(time[: len(c)], c, censored)


@pytest.fixture(params=sorted(ALL))
def estimator(request: pytest.FixtureRequest) -> Estimator:
    return ALL[request.param]


def test_numbers_and_letters() -> None:
    assert NUMBERS == {"A": 1, "B": 4, "C": 2, "D": 3, "E": 5}
    assert [letter_of(number) for number in range(1, 6)] == [LETTERS[n] for n in range(1, 6)]
    with pytest.raises(ContractError, match="no averaging method"):
        letter_of(6)


def test_a_steady_river_has_one_load(estimator: Estimator) -> None:
    # 2 mg/L x 10 m3/s x 30 d = 51.84 t by any method, and no method finds an error of sampling.
    found = estimator(sample(np.full(8, 2.0)), record(np.full(31, 10.0)), APRIL, rules=RULES)
    assert found.load_t == pytest.approx(51.84, rel=1e-12)
    assert found.status == "measured"
    assert found.load_censored_zero_t == pytest.approx(51.84, rel=1e-12)
    assert found.parts_t.get("sampling", 0.0) == pytest.approx(0.0, abs=1e-9)
    assert found.parts_t.get("gaps", 0.0) == pytest.approx(0.0, abs=1e-5)
    assert found.coverage_time == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("q", "words"),
    [
        (np.full(31, np.nan), "无流量数据"),
        (np.r_[np.full(30, 5.0), -1.0][::-1], "倒流"),
    ],
)
def test_missing_and_reversed_discharge_are_named(
    estimator: Estimator, q: np.ndarray, words: str
) -> None:
    found = estimator(sample(), record(q), APRIL, rules=RULES)
    assert found.status == "insufficient"
    assert words in found.reason
    assert np.isnan(found.load_t)


def test_a_dry_river_carries_nothing(estimator: Estimator) -> None:
    for samples in (sample(), sample(np.zeros(0))):
        found = estimator(samples, record(np.zeros(31)), APRIL, rules=RULES)
        assert (found.load_t, found.status) == (0.0, "measured")
        assert "断流" in found.reason


def test_concentration_without_discharge_and_the_reverse(estimator: Estimator) -> None:
    q = np.full(31, np.nan)
    q[1::4] = 5.0  # a discharge on every day but those of the samples
    alone = estimator(sample(), record(q), APRIL, rules=RULES)
    assert alone.status == "insufficient"
    assert "采样时刻无流量" in alone.reason
    none = estimator(sample(np.zeros(0)), record(), APRIL, rules=RULES)
    assert none.status == "insufficient"
    assert "无浓度数据" in none.reason


def test_too_few_or_all_censored_gives_a_bracket_only(estimator: Estimator) -> None:
    few = estimator(sample(np.full(3, 2.0)), record(), APRIL, rules=RULES)
    assert few.status == "bracket_only"
    assert "少于 6 个" in few.reason
    assert few.load_censored_zero_t == few.load_censored_limit_t > 0
    below = estimator(sample(censored=True), record(), APRIL, rules=RULES)
    assert below.status == "bracket_only"
    assert "全部低于检出限" in below.reason
    assert below.load_censored_zero_t == 0.0
    assert below.load_censored_limit_t > 0
    most = estimator(sample(censored=np.arange(8) > 0), record(), APRIL, rules=RULES)
    assert most.status == "bracket_only"
    assert "88%" in most.reason


def test_the_bracket_holds_the_load(estimator: Estimator) -> None:
    found = estimator(sample(censored=np.arange(8) % 3 == 0), record(), APRIL, rules=RULES)
    assert found.load_censored_zero_t < found.load_t < found.load_censored_limit_t
    assert (found.n_samples, found.n_censored) == (8, 3)


def test_discharge_beyond_the_samples_is_said(estimator: Estimator) -> None:
    q = np.full(31, 5.0)
    q[5] = 50.0
    found = estimator(sample(), record(q), APRIL, rules=RULES)
    assert "10.0 倍" in found.reason


def test_missing_discharge_is_scaled_and_said(estimator: Estimator) -> None:
    q = 10 + 5 * np.sin(np.arange(31) / 4.0)
    q[13:16] = np.nan
    found = estimator(sample(), record(q), APRIL, rules=RULES)
    assert found.status == "estimated"
    assert found.share_estimated > 0.05
    assert "按水量比例放大" in found.reason
    assert found.coverage_time < 1


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(1e-3, 1e3), method=st.sampled_from(sorted(ALL)))
def test_units_scale(factor: float, method: str) -> None:
    plain = ALL[method](sample(), record(), APRIL, rules=RULES)
    series = sample()
    by_c = ALL[method](
        replace(series, concentration_mg_l=series.concentration_mg_l * factor),
        record(),
        APRIL,
        rules=RULES,
    )
    flow = record()
    by_q = ALL[method](
        series, replace(flow, discharge_m3_s=flow.discharge_m3_s * factor), APRIL, rules=RULES
    )
    for one in (by_c, by_q):
        assert one.load_t == pytest.approx(plain.load_t * factor, rel=1e-9)
        assert one.standard_error_t == pytest.approx(plain.standard_error_t * factor, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 7), more=st.floats(0.01, 5), method=st.sampled_from(FIXED))
def test_more_concentration_is_never_less_load(place: int, more: float, method: str) -> None:
    c = sample().concentration_mg_l.copy()
    before = ALL[method](sample(c), record(), APRIL, rules=RULES).load_t
    c[place] += more
    assert ALL[method](sample(c), record(), APRIL, rules=RULES).load_t >= before * (1 - 1e-12)


@settings(max_examples=25, deadline=None)
@given(
    cut=st.integers(1, 29 * 24), method=st.sampled_from(["linear", "rectangular", "integration"])
)
def test_integrated_loads_add_up(cut: int, method: str) -> None:
    rules = replace(RULES, min_samples=0)
    middle = APRIL.start + timedelta(hours=cut)
    # Samples within each part, or beside it, so that no part is without one.
    samples = sample(np.linspace(1, 3, 31), every=1)
    parts = [Period(APRIL.start, middle), Period(middle, APRIL.end)]
    loads = [ALL[method](samples, record(), part, rules=rules) for part in parts]
    if all(np.isfinite(one.load_t) for one in loads):
        whole = ALL[method](samples, record(), APRIL, rules=rules).load_t
        assert sum(one.load_t for one in loads) == pytest.approx(whole, rel=1e-9)


def test_errors_of_b_and_c_by_hand() -> None:
    # s^2/n (1 - n/N): 8 samples of 30 days; B scales by the mean discharge.
    samples, flow = sample(), record()
    found = estimate_by_averaging(samples, flow, APRIL, method="B", rules=RULES, error="analytic")
    c = samples.concentration_mg_l
    by_hand = flow.discharge_m3_s[:30].mean() * 30 * DAY_S / 1e6 * c.std(ddof=1) / np.sqrt(8)
    assert found.parts_t["sampling"] == pytest.approx(by_hand * np.sqrt(1 - 8 / 30), rel=1e-12)
    jack = estimate_by_averaging(samples, flow, APRIL, method=4, rules=RULES)
    assert jack.parts_t["sampling"] == pytest.approx(by_hand, rel=1e-12)
    y = c * flow.at(samples.time)
    found = estimate_by_averaging(samples, flow, APRIL, method="C", rules=RULES)
    assert found.parts_t["sampling"] == pytest.approx(
        30 * DAY_S / 1e6 * y.std(ddof=1) / np.sqrt(8), rel=1e-12
    )


def test_the_bootstrap_is_seeded_and_near_the_jackknife() -> None:
    def run(seed: int) -> float:
        found = estimate_by_averaging(
            sample(np.linspace(1, 3, 31), every=1), record(), APRIL, method="C", rules=RULES,
            error="bootstrap", block_s=DAY_S, n_replicates=400, seed=seed,
        )  # fmt: skip
        return found.standard_error_t

    jack = estimate_by_averaging(
        sample(np.linspace(1, 3, 31), every=1), record(), APRIL, method="C", rules=RULES
    )
    assert run(1) == run(1) != run(2)
    assert run(1) == pytest.approx(jack.standard_error_t, rel=0.15)
    with pytest.raises(ContractError, match="block_s"):
        estimate_by_averaging(sample(), record(), APRIL, method="C", rules=RULES, error="bootstrap")
    with pytest.raises(ContractError, match="no analytic variance"):
        estimate_by_averaging(sample(), record(), APRIL, method="E", rules=RULES, error="analytic")


@settings(max_examples=25, deadline=None)
@given(length=st.integers(1, 30), first=st.integers(1, 120))
def test_the_variance_of_missing_water_grows_with_the_gap(length: int, first: int) -> None:
    half_year = Period(APRIL.start, APRIL.start + timedelta(days=183))
    found = []
    for missing in (length, 2 * length):
        q = 10 + 5 * np.sin(np.arange(183) / 7.0)
        q[first : first + missing] = np.nan
        found.append(measure_volume(record(q), half_year))
    assert found[1].standard_error_m3 > found[0].standard_error_m3 > 0


def test_the_error_of_interpolation_grows_with_the_gap() -> None:
    c = 2 + np.random.default_rng(5).normal(0, 0.2, 31).cumsum() * 0.3
    c = np.maximum(c, 0.1)
    noon = (days() + np.timedelta64(12, "h")).astype("datetime64[us]")
    sd: list[float] = []
    for missing in (0, 4, 8, 12):
        holed = c.copy()
        holed[10 : 10 + missing] = np.nan
        found = estimate_by_interpolation(
            SampleSeries.of(noon, holed), record(), APRIL, rules=RULES
        )
        sd.append(found.parts_t["sampling"])
    assert sd[0] < sd[1] < sd[2] < sd[3]


def test_errors_common_to_all_steps_do_not_shrink() -> None:
    flow = replace(record(), relative_error=0.1)
    found = ALL["linear"](sample(), flow, APRIL, rules=RULES)
    assert found.parts_t["discharge_common"] == pytest.approx(0.1 * found.load_t)
    assert found.standard_error_t**2 == pytest.approx(
        sum(part**2 for part in found.parts_t.values())
    )
