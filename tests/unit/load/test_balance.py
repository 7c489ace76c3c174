from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ecomon.errors import ContractError
from ecomon.load.balance import (
    BalanceScope,
    Inflow,
    balance_loads,
    delivered_share,
    net_contribution_text,
    rate_at,
    weigh_against_target,
)
from ecomon.load.choice.rules import DecayRate, ReductionTarget
from ecomon.load.draw_estimates import draw_estimates
from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ERRORS

FACT: dict[str, Any] = {"source": "GB/T 25173-2010", "confidence": "unverified"}
DECAY = {"CODMN": DecayRate(k_20_per_day=0.2, theta=1.047, sensitivity_per_day=(0.0, 0.5), **FACT)}
YEAR = Period.year(2023)
SCOPE = BalanceScope(
    "guangyuan",
    (Inflow("bamiaogou", travel_time_d=1.0), Inflow("nandu", "tributary", travel_time_d=0.25)),
    ("shangshipan",),
)


def row(section: str, load_t: float, *, period: Period = YEAR, **others: Any) -> dict[str, Any]:
    numbers = {name: 0.0 for name, kind in LOAD_ERRORS.columns.items() if kind == "float"}
    return {
        **numbers, "section": section, "determinand": "CODMN", "period": period.label,
        "start": period.start, "end": period.end, "method": "integration", "role": "best",
        "load_t": load_t, "sampling_error_t": 0.02 * load_t, "degrees_of_freedom": np.inf,
        "shape": "t", "gauge": "", "n_samples": 100, "n_censored": 0, "status": "measured",
        "reason": "", **others,
    }  # fmt: skip


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return LOAD_ERRORS.frame({name: [one[name] for one in rows] for name in LOAD_ERRORS.columns})


def balance(loads: pd.DataFrame, scope: BalanceScope = SCOPE, **options: Any) -> pd.DataFrame:
    drawn = draw_estimates(loads, n_draws=400, seed=3)
    return balance_loads(loads, drawn, scope, **{"decay": DECAY, **options})


def loads(inflow: float = 1000.0, tributary: float = 100.0, out: float = 1200.0) -> pd.DataFrame:
    return table(row("bamiaogou", inflow), row("nandu", tributary), row("shangshipan", out))


def text_of(found: pd.DataFrame) -> str:
    return net_contribution_text({str(name): value for name, value in found.iloc[0].items()})


def test_by_hand() -> None:
    # K = 0.2/d at 20 degC: e^-0.2 = 0.818731 of 1000 t and e^-0.05 = 0.951229 of 100 t arrive.
    central = balance(loads(), water_temperature_c=20.0).iloc[0]
    assert central["decay_t"] == pytest.approx(1000 * 0.18126925 + 100 * 0.04877058)
    assert central["net_t"] == pytest.approx(1200 - 818.730753 - 95.122942)
    assert (central["run"], central["status"]) == ("central", "coupled")
    assert central["lower"] < central["net_t"] < central["upper"]
    assert "GB/T 25173" in central["reason"] and "待核实" in central["reason"]


def test_the_sensitivity_run_is_always_there() -> None:
    found = balance(loads(), water_temperature_c=20.0)
    assert found["run"].tolist() == ["central", "sensitivity", "sensitivity"]
    assert found["k_20_per_day"].tolist() == [0.2, 0.0, 0.5]
    assert found["net_t"].iloc[1] == pytest.approx(100.0)  # conserved: 1200 - 1000 - 100
    assert found["net_t"].is_monotonic_increasing is False  # order of the rates, not of the nets
    assert found.set_index("k_20_per_day")["net_t"].sort_index().is_monotonic_increasing


def test_rate_by_temperature() -> None:
    # 0.2 x 1.047^-10 = 0.126349: GB/T 25173-2010, K_T = K_20 x 1.047^(T-20), at 10 degC.
    assert rate_at(DECAY["CODMN"], 10.0) == pytest.approx(0.2 / 1.047**10)
    assert delivered_share(0.2, 0.0) == 1.0
    with pytest.raises(ContractError, match="degC"):
        rate_at(DECAY["CODMN"], 90.0)


@pytest.mark.parametrize("source", ["", "   "])
def test_a_rate_without_citation_is_refused(source: str) -> None:
    with pytest.raises(ValidationError, match="citation"):
        DecayRate(k_20_per_day=0.2, theta=1.047, sensitivity_per_day=(0.0, 0.5), source=source,
                  confidence="unverified")  # fmt: skip


def test_a_rate_without_sensitivity_is_refused() -> None:
    with pytest.raises(ValidationError, match="sensitivity_per_day"):
        DecayRate(k_20_per_day=0.2, theta=1.047, sensitivity_per_day=(), **FACT)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0, 1e6), st.floats(0, 1e5), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 30),
    st.floats(0, 40),
)  # fmt: skip
def test_it_closes(
    inflow: float, tributary: float, out: float, k: float, days: float, warm: float
) -> None:
    scope = BalanceScope(
        "x", (Inflow("bamiaogou", travel_time_d=days), Inflow("nandu", "tributary", 0.5)),
        ("shangshipan",),
    )  # fmt: skip
    rate = DecayRate(k_20_per_day=k, theta=1.047, sensitivity_per_day=(0.0, 0.3), **FACT)
    given_loads = loads(inflow, tributary, out)
    drawn = draw_estimates(given_loads, n_draws=4, seed=1)
    found = balance_loads(
        given_loads, drawn, scope, decay={"CODMN": rate}, water_temperature_c=warm
    )
    left = found["load_in_t"] + found["load_tributary_t"] - found["decay_t"] + found["net_t"]
    assert np.allclose(left, found["load_out_t"], rtol=1e-12, atol=1e-6)
    assert (found["decay_t"] >= -1e-9).all()


def test_a_reservoir_between_decouples() -> None:
    # 宝珠寺 holds 88 days of water between 姚渡 and 苴国村 (stations/reservoirs.yaml).
    scope = BalanceScope(
        "yaodu-juguocun",
        (Inflow("yaodu", reservoirs=("宝珠寺（约88天）",)),),
        ("juguocun",),
    )
    found = balance(table(row("yaodu", 900.0), row("juguocun", 1000.0)), scope)
    assert set(found["status"]) == {"decoupled"}
    assert found["reason"].str.contains("宝珠寺").all()
    assert found["reason"].str.contains("传播时间未知").all()
    text = text_of(found)
    assert text.startswith("【水库调蓄，非净贡献") and "100" in text
    coupled = text_of(balance(loads()))
    assert "水库" not in coupled


def test_a_missing_load_is_named_and_gives_no_net() -> None:
    found = balance(table(row("bamiaogou", 1000.0), row("nandu", np.nan), row("shangshipan", 1.0)))
    assert set(found["status"]) == {"insufficient"}
    assert found["net_t"].isna().all()
    assert found["reason"].str.contains("nandu").all()
    assert text_of(found).startswith("—")


def test_a_determinand_without_rate_is_conserved_and_says_so() -> None:
    found = balance(loads(), decay={})
    assert len(found) == 1 and found["net_t"].iloc[0] == pytest.approx(100.0)
    assert "保守物质" in found["reason"].iloc[0]


def test_a_shared_gauge_leaves_the_difference() -> None:
    shared = {"gauge": "xindianzi", "discharge_error": 0.1, "sampling_error_t": 0.0}
    both = [row("bamiaogou", 1000.0, **shared), row("shangshipan", 1100.0, **shared)]
    scope = BalanceScope("x", (Inflow("bamiaogou", travel_time_d=0.0),), ("shangshipan",))
    together = balance(table(*both), scope, decay={}).iloc[0]
    apart = balance(table(both[0], {**both[1], "gauge": "other"}), scope, decay={}).iloc[0]
    # 10 % of the difference of 100 t, against 10 % of 1000 and of 1100 t in quadrature: 149 t.
    assert together["standard_error_t"] == pytest.approx(10.0, rel=0.15)
    assert apart["standard_error_t"] == pytest.approx(148.7, rel=0.15)


def test_a_scope_names_its_sections_once() -> None:
    with pytest.raises(ContractError, match="twice"):
        BalanceScope("x", (Inflow("a"),), ("a",))
    with pytest.raises(ContractError, match="leaves"):
        BalanceScope("x", (Inflow("a"),), ())
    with pytest.raises(ContractError, match="travel time"):
        Inflow("a", travel_time_d=-1.0)


def target(**others: Any) -> ReductionTarget:
    return ReductionTarget(
        section="shangshipan", determinand="CODMN",
        **{"base_load_t": 1300.0, "reduction_share": 0.1, **FACT, **others},
    )  # fmt: skip


def test_a_load_against_its_target() -> None:
    one = loads(out=1200.0)
    found = weigh_against_target(one, draw_estimates(one, n_draws=2000, seed=1), target(), YEAR)
    assert found.target_t == pytest.approx(1170.0)
    assert found.excess_t == pytest.approx(30.0)
    # 1200 t with a standard error of 24 t lies below 1170 with probability Phi(-1.25) = 0.1056.
    assert found.probability_met == pytest.approx(0.1056, abs=0.025)
    assert (found.verdict, "待核实" in found.reason) == ("undecided", True)
    low = loads(out=800.0)
    met = weigh_against_target(low, draw_estimates(low, n_draws=100, seed=1), target(), YEAR)
    assert met.verdict == "met"


def test_months_make_the_year_or_nothing_is_said() -> None:
    months = [Period.month(2023, one) for one in range(1, 13)]
    rows = [row("shangshipan", 150.0, period=month) for month in months]
    whole = table(*rows)
    found = weigh_against_target(whole, draw_estimates(whole, n_draws=200, seed=1), target(), YEAR)
    assert found.load_t == pytest.approx(1800.0) and found.verdict == "exceeded"
    part = table(*rows[:11])
    lacking = weigh_against_target(part, draw_estimates(part, n_draws=9, seed=1), target(), YEAR)
    assert lacking.verdict == "insufficient" and np.isnan(lacking.load_t)
    across = table(
        row("shangshipan", 1.0, period=Period(datetime(2022, 7, 1), datetime(2023, 7, 1)))
    )
    with pytest.raises(ContractError, match="across"):
        weigh_against_target(across, draw_estimates(across, n_draws=9, seed=1), target(), YEAR)


def test_a_target_says_one_thing() -> None:
    with pytest.raises(ValidationError, match="limit_t"):
        target(limit_t=5.0)
