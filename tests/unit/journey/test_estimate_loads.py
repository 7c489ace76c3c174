"""Estimates of a section from plain tables and from flagged readings; every bad input has its outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ecomon.errors import ContractError, UnitMismatch
from ecomon.example import simulate_basin, true_monthly_loads
from ecomon.journey.balance_sections import scope_of_jurisdiction, scope_of_reach
from ecomon.journey.estimate_loads import EstimatedLoads, estimate_loads, estimate_registry_loads
from ecomon.journey.load_inputs import section_discharge_of
from ecomon.journey.travel_times import travel_of_way
from ecomon.load.choice.rules import EstimationRules
from ecomon.load.flux_series import NEIGHBOUR, STRUCTURAL, DischargeSeries
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.tables import FLAGGED, LOAD_ERRORS, LOAD_ESTIMATES, LOADS
from ecomon.registry import Registry, read_registry

START = np.datetime64("2023-01-01", "us")
HOUR = np.timedelta64(3_600_000_000, "us")
JANUARY, YEAR = Period.month(2023, 1), Period.year(2023)


@pytest.fixture(scope="module")
def shipped() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def rules(shipped: Registry) -> EstimationRules:
    return shipped.estimation


def samples(step_h: int, n: int, value: float | np.ndarray = 2.0, **others: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "section": "yaodu", "determinand": "CODMN",
            "time": START + 5 * HOUR + np.arange(n) * step_h * HOUR,
            "concentration_mg_l": np.broadcast_to(value, n).astype(float), **others,
        }
    )  # fmt: skip


def discharge(value: float | np.ndarray = 100.0, n: int = 31 * 24) -> pd.DataFrame:
    time = START + np.arange(n) * HOUR
    q = np.broadcast_to(value, n).astype(float)
    return pd.DataFrame({"section": "yaodu", "time": time, "discharge_m3_s": q})


def best(found: EstimatedLoads) -> dict[str, Any]:
    row = found.table[found.table["role"] == "best"].iloc[0]
    return {str(name): value for name, value in row.items()}


def test_a_constant_month_by_hand(rules: EstimationRules) -> None:
    # 2 mg/L x 100 m3/s x 31 x 86 400 s / 1e6 = 535.68 t.
    found = estimate_loads(samples(4, 186), discharge(), JANUARY, rules=rules)
    LOAD_ESTIMATES.check(found.table)
    LOAD_ERRORS.check(found.table)
    row = best(found)
    assert (row["method"], row["status"]) == ("integration", "measured")
    assert row["load_t"] == pytest.approx(535.68)
    assert (row["load_censored_zero_t"], row["load_censored_limit_t"]) == pytest.approx(
        (535.68,) * 2
    )
    # 5 % of the rating and 5 % of the sensor are common to all steps: 7.07 % of the load.
    assert row["standard_error_t"] == pytest.approx(0.0707107 * 535.68, rel=1e-3)
    assert found.table["role"].tolist() == ["best", "settlement", "cross_check", "cross_check", "spread"]  # fmt: skip
    spread = found.table.iloc[-1]
    assert (spread["lower"], spread["upper"]) == pytest.approx((535.68, 535.68))
    assert np.nansum(found.daily["load_t_d"]) == pytest.approx(535.68)
    assert found.daily["load_status"].attrs["flag_meanings"].split()[0] == "measured"
    assert found.series_of("yaodu", "CODMN").check().determinand == "CODMN"


def test_the_period_is_half_open_and_history_is_not_counted(rules: EstimationRules) -> None:
    part = Period(datetime(2023, 1, 11), datetime(2023, 1, 21))
    found = estimate_loads(samples(4, 186), discharge(), part, rules=rules)
    assert best(found)["load_t"] == pytest.approx(535.68 * 10 / 31)
    assert best(found)["n_samples"] == 60


def test_settlement_stands_beside_with_its_difference(rules: EstimationRules) -> None:
    c = np.where(np.arange(186) % 2, 1.0, 3.0)
    q = np.where(np.arange(31 * 24) % 8 < 4, 200.0, 50.0)
    found = estimate_loads(samples(4, 186, c), discharge(q), JANUARY, rules=rules)
    row = found.table[found.table["role"] == "settlement"].iloc[0]
    # Two days have five samples, which do not quite balance.
    assert row["method"] == "B"
    assert row["load_t"] == pytest.approx(2.0 * 125 * 31 * 0.0864, rel=0.01)
    assert "与最佳估计相差" in row["reason"]


def test_what_a_settlement_takes_goes_into_its_row(rules: EstimationRules) -> None:
    numbers: dict[str, Any] = {
        name: [1.0] for name, kind in LOADS.columns.items() if kind == "float"
    }
    texts = {name: [""] for name, kind in LOADS.columns.items() if kind == "text"}
    settled = LOADS.frame(
        {
            **numbers, **texts, "section": ["yaodu"], "determinand": ["CODMN"], "period": ["2023-01"],
            "start": [datetime(2023, 1, 1)], "method": ["B"], "concentration_exact": [None],
            "volume_exact": [None], "load_t": [500.0], "standard_error_t": [5.0], "n_days": [31],
        }
    )  # fmt: skip
    found = estimate_loads(samples(4, 186), discharge(), JANUARY, rules=rules, settlements=settled)
    row = found.table[found.table["role"] == "settlement"].iloc[0]
    assert row["load_t"] == 500.0 and "结算采用值" in row["reason"]
    assert "-35.68 t" in row["reason"]


def test_settlement_of_daily_means_weighs_days_alike(rules: EstimationRules) -> None:
    # One sample on the first day, six on each other: the day counts once (mean of daily means).
    table = samples(4, 186, np.where(np.arange(186) < 6, 10.0, 2.0)).drop(index=[1, 2, 3, 4])
    found = estimate_loads(table, discharge(), JANUARY, rules=rules)
    row = found.table[found.table["role"] == "settlement"].iloc[0]
    # 5 h + 4 h k: the first day holds samples 0 to 4, of which one is left; sample 5 is the next day's.
    day_means = np.array([10.0, (10 + 5 * 2.0) / 6, *[2.0] * 29])
    assert row["load_t"] == pytest.approx(day_means.mean() * 100 * 31 * 0.0864)


@pytest.mark.parametrize(
    ("sampled", "flow", "status", "reason"),
    [
        (samples(4, 186), discharge().iloc[:0], "insufficient", "无流量数据"),
        (samples(4, 186), discharge(np.r_[np.full(200, 100.0), np.full(544, np.nan)]), "insufficient", "流量仅覆盖"),
        (samples(4, 186), discharge(0.0), "measured", "断流"),
        (samples(4, 186), discharge(np.r_[np.full(700, 100.0), np.full(44, -3.0)]), "insufficient", "倒流"),
        (samples(4, 0), discharge(), "insufficient", "无浓度数据"),
        (samples(4, 186, is_censored=True), discharge(), "bracket_only", "低于检出限占 100%"),
        (samples(4, 186, is_censored=np.arange(186) % 10 != 0), discharge(), "bracket_only", "90%"),
        (samples(120, 5), discharge(), "bracket_only", "少于 6"),
        (samples(4, 186, np.where(np.arange(186) == 7, -1.0, 2.0)), discharge(), "measured", "负值"),
    ],
    ids=["no discharge", "little discharge", "dry", "reversed", "no samples", "all censored",
         "mostly censored", "five samples", "negative value"],
)  # fmt: skip
def test_a_bad_input_has_its_named_outcome(
    rules: EstimationRules, sampled: pd.DataFrame, flow: pd.DataFrame, status: str, reason: str
) -> None:
    found = estimate_loads(
        sampled, flow, JANUARY, rules=rules, sections=["yaodu"], determinands=["CODMN"]
    )
    row = best(found)
    assert row["status"] == status, row["reason"]
    assert reason in row["reason"]
    assert np.isfinite(row["load_t"]) == (status == "measured")
    unknown = found.table["load_t"].isna()
    assert (found.table.loc[unknown, "reason"] != "").all()


def test_a_bracket_is_between_zero_and_the_limit(rules: EstimationRules) -> None:
    found = estimate_loads(samples(4, 186, is_censored=True), discharge(), JANUARY, rules=rules)
    row = best(found)
    assert (row["load_censored_zero_t"], row["load_censored_limit_t"]) == pytest.approx(
        (0.0, 535.68)
    )
    agreed = found.table[found.table["role"] == "settlement"].iloc[0]
    assert agreed["load_t"] == 0.0 and "零" in agreed["reason"]  # SL 219: zero, in this row alone


def test_samples_without_discharge_are_told(rules: EstimationRules) -> None:
    flow = discharge(np.r_[np.full(600, 100.0), np.full(144, np.nan)])
    found = estimate_loads(samples(4, 186), flow, JANUARY, rules=rules)
    row = best(found)
    assert row["n_samples"] < 186 and "缺测" in row["reason"]
    assert row["status"] == "estimated" and row["share_estimated"] > 0.1
    assert row["standard_error_t"] > 0.07 * row["load_t"]


def test_the_same_reading_twice_counts_once_and_two_readings_stop(rules: EstimationRules) -> None:
    table = samples(4, 186)
    doubled = pd.concat([table, table.head(3)], ignore_index=True)
    row = best(estimate_loads(doubled, discharge(), JANUARY, rules=rules))
    assert row["n_samples"] == 185 and "3 个重复时刻" in row["reason"]
    clash = pd.concat([table, table.head(1).assign(concentration_mg_l=9.0)], ignore_index=True)
    with pytest.raises(ContractError, match=r"yaodu CODMN.*2 and 9"):
        estimate_loads(clash, discharge(), JANUARY, rules=rules)


def test_discharges_never_sampled_are_said(rules: EstimationRules) -> None:
    q = np.full(365 * 24, 100.0)
    q[3000:3300] = 4000.0
    rng = np.random.default_rng(1)
    table = samples(7 * 24, 52, rng.lognormal(0, 0.1, 52))
    table = table[~((table["time"] > START + 2900 * HOUR) & (table["time"] < START + 3400 * HOUR))]
    found = estimate_loads(table, discharge(q, len(q)), YEAR, rules=rules)
    assert "最大流量为采样最大流量的 40.0 倍" in best(found)["reason"]


def test_a_guard_trips_and_the_next_row_is_taken(rules: EstimationRules) -> None:
    n = 3 * 365 * 24
    rng = np.random.default_rng(2)
    q = 100 * np.exp(np.repeat(rng.normal(0, 0.3, n // 24), 24))
    q[-4000:-3700] = 5000.0
    table = samples(14 * 24, 78, rng.lognormal(0, 0.3, 78))
    in_flood = (table["time"] > START + (n - 4100) * HOUR) & (
        table["time"] < START + (n - 3600) * HOUR
    )
    given = table[~in_flood], discharge(q, n), Period.year(2025)
    kept = best(estimate_loads(*given, rules=rules))
    assert kept["method"] == "bridge" and "保留模型" in kept["reason"]
    strict = rules.guards.model_copy(update={"extrapolation": "fall_back"})
    found = estimate_loads(*given, rules=rules.model_copy(update={"guards": strict}))
    row = best(found)
    assert row["method"] == "beale"
    assert "五参数回归" in row["reason"] and "外推流量占通量" in row["reason"]
    assert "改用下一级" in row["reason"]
    assert found.table[found.table["role"] == "cross_check"]["method"].tolist() == ["E", "D"]


def flagged(
    rows: pd.DataFrame, site: str, determinand: str, unit: str, **others: Any
) -> pd.DataFrame:
    value = rows.columns[-1]
    columns: dict[str, Any] = {
        "site": site, "determinand": determinand, "statistic": "value", "duration_s": 0,
        "programme": "automatic", "source": "cnemc-water", "replicate": 0, "unit": unit,
        "censor": "none", "source_flag": "", "row": 0, "revision": 1, "flag": 1,
    }  # fmt: skip
    table = pd.DataFrame({"start": rows["time"].to_numpy(), "value": rows[value].to_numpy()})
    whole = table.assign(**{**columns, **others})
    return FLAGGED.frame({str(name): whole[name] for name in whole.columns})


def test_flagged_readings_go_by_the_link_and_the_flags(shipped: Registry) -> None:
    sampled = flagged(
        samples(4, 186), "yaodu", "CODMN", "mg/L", flag=np.where(np.arange(186) == 3, 4, 1)
    )
    flow = flagged(discharge(), "bikou", "DISCHARGE", "m3/s", source="st-river-r")
    table = pd.concat([sampled, flow], ignore_index=True)
    found = estimate_registry_loads(table, shipped, ["yaodu"], ["CODMN", "TP"], JANUARY)
    row = best(found)
    assert row["load_t"] == pytest.approx(535.68, rel=2e-3)
    assert "1 个值存疑或无效" in row["reason"] and "待核实" in row["reason"]
    assert row["gauge"] == "bikou"
    none = found.table[(found.table["determinand"] == "TP") & (found.table["role"] == "best")].iloc[
        0
    ]
    assert none["status"] == "insufficient" and "无浓度数据" in none["reason"]


def test_units_are_converted_or_refused(shipped: Registry, rules: EstimationRules) -> None:
    micro = flagged(samples(4, 186, 2000.0), "yaodu", "CODMN", "ug/L")
    flow = {
        "yaodu": DischargeSeries.of(
            START + np.arange(744) * HOUR, np.full(744, 100.0), step_s=3600.0
        )
    }
    assert best(estimate_loads(micro, flow, JANUARY, rules=rules))["load_t"] == pytest.approx(
        535.68
    )
    wrong = flagged(samples(4, 6), "yaodu", "CODMN", "degC")
    with pytest.raises(UnitMismatch, match="yaodu CODMN"):
        estimate_loads(wrong, flow, JANUARY, rules=rules)
    with pytest.raises(UnitMismatch):
        metres = flagged(discharge(), "yaodu", "DISCHARGE", "m")
        estimate_loads(micro, metres, JANUARY, rules=rules)
    with pytest.raises(ContractError, match="concentration_mg_l"):
        estimate_loads(pd.DataFrame({"section": []}), flow, JANUARY, rules=rules)


def test_the_default_finds_the_true_loads_of_the_example(rules: EstimationRules) -> None:
    basin = simulate_basin(YEAR, seed=7, sites=["bamiaogou", "yaodu"])
    truth = true_monthly_loads(basin).groupby(["section", "determinand"])["load_t"].sum()
    time = basin.truth["time"].to_numpy().astype("datetime64[us]")
    flow = {
        str(name): DischargeSeries.of(time, basin.truth["DISCHARGE"].sel(section=name).to_numpy(), step_s=3600.0)
        for name in basin.truth["section"].to_numpy()
    }  # fmt: skip
    parts = [
        pd.DataFrame(
            {"section": section, "determinand": key, "time": time[2::4],
             "concentration_mg_l": basin.truth[key].sel(section=section).to_numpy()[2::4]}
        )
        for section in flow for key in ("CODMN", "TP")
    ]  # fmt: skip
    found = estimate_loads(pd.concat(parts, ignore_index=True), flow, YEAR, rules=rules)
    rows = found.table[found.table["role"] == "best"].set_index(["section", "determinand"])
    assert set(rows["method"]) == {"integration"}
    apart = rows["load_t"] / truth.reindex(rows.index) - 1
    assert apart.abs().max() < 0.01
    inside = (rows["lower"] <= truth.reindex(rows.index)) & (
        truth.reindex(rows.index) <= rows["upper"]
    )
    assert inside.all()


def test_yaodu_is_decoupled_from_juguocun(shipped: Registry) -> None:
    scope = scope_of_reach(shipped, "yaodu", "juguocun")
    assert scope.is_decoupled
    assert any("宝珠寺" in pool for pool in scope.inflows[0].reservoirs)
    with pytest.raises(ContractError, match="does not reach"):
        scope_of_reach(shipped, "juguocun", "yaodu")


def test_travel_times_stand_in_the_registry(shipped: Registry) -> None:
    # Thallium of 2021: 78 h from 白水江 to 八庙沟; two sections set up since lie between.
    scope = scope_of_reach(shipped, "baishuijiang", "bamiaogou")
    assert scope.inflows[0].travel_time_d == pytest.approx(3.25)
    assert "铊" in scope.caveat and "二手来源" in scope.caveat
    assert (
        scope.is_decoupled
    )  # pools of 葫芦头 and 巨亭, though no single reach ends at each section
    stated = scope_of_reach(
        shipped, "baishuijiang", "bamiaogou", travel_time_h={"baishuijiang": 24.0}
    )
    assert stated.inflows[0].travel_time_d == 1.0 and "铊" not in stated.caveat
    # Of 大滩 to 清风峡 a bound alone is known: nothing is guessed.
    assert travel_of_way(shipped, ["datan", "qingfengxia"]) is None
    reaches = {
        key: one.model_copy(update={"travel_time_h": 6.0, "confidence": "unverified"})
        if key in ("datan_qingfengxia", "qingfengxia_shahe") else one
        for key, one in shipped.reaches.items()
    }  # fmt: skip
    own = travel_of_way(replace(shipped, reaches=reaches), ["datan", "qingfengxia", "shahe"])
    assert own is not None and (own.hours, own.confidence) == (12.0, "unverified")
    assert "待核实" in own.in_words


def test_a_gap_follows_the_neighbour_the_rules_name(rules: EstimationRules) -> None:
    n = 31 * 24
    wave = 100 + 50 * np.sin(np.arange(n) / 40)
    gauges = {"bikou": wave.copy(), "wudu": 0.5 * wave}
    gauges["bikou"][200:400] = np.nan
    records = {
        key: DischargeSeries.of(START + np.arange(n) * HOUR, value, step_s=3600.0)
        for key, value in gauges.items()
    }
    named = rules.model_copy(update={"neighbours": {"bikou": "wudu"}})
    link = DischargeLink(gauge="bikou", method="same_site", source="test", confidence="verified")
    followed = section_discharge_of(records, "yaodu", link, named)
    assert (followed.fill[200:400] == NEIGHBOUR).all()
    assert followed.discharge_m3_s == pytest.approx(wave, rel=1e-9)
    alone = section_discharge_of(records, "yaodu", link, rules)
    assert (alone.fill[200:400] == STRUCTURAL).all()
    assert followed.shares == (("bikou", 1.0),)
    with pytest.raises(ValidationError, match="neighbour of its own"):
        EstimationRules.model_validate({**rules.model_dump(), "neighbours": {"bikou": "bikou"}})


def test_a_free_reach_is_coupled(shipped: Registry) -> None:
    scope = scope_of_reach(shipped, "datan", "qingfengxia", travel_time_h={"datan": 6.0})
    assert not scope.is_decoupled and scope.inflows[0].travel_time_d == 0.25


def test_the_borders_of_a_jurisdiction(shipped: Registry) -> None:
    scope = scope_of_jurisdiction(shipped, "510800")
    assert {"bamiaogou", "yaodu"} <= {one.section for one in scope.inflows}
    assert "shaxi" in scope.outlets
    assert scope.is_decoupled
