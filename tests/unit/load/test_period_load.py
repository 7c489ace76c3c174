from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError, UnitMismatch
from ecomon.load import compute_monthly_loads
from ecomon.load.averaging import load_by_period_discharge
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.tables import LOADS, MEANS

Days = Callable[..., pd.DataFrame]
APRIL = Period.month(2021, 4)


def loads_of(
    concentrations: pd.DataFrame,
    discharges: pd.DataFrame,
    link: DischargeLink | None,
    *,
    factors: tuple[str, ...] = ("TP",),
    period: Period = APRIL,
    min_days: int = 20,
) -> pd.DataFrame:
    return compute_monthly_loads(
        concentrations, discharges, period, section="yaodu", link=link, factors=factors,
        censored="zero", min_days=min_days, min_coverage_discharge=0.8,
    )  # fmt: skip


@pytest.fixture(scope="module")
def steady(days: Days) -> pd.DataFrame:
    return days("bikou", "DISCHARGE", ["45"] * 30, unit="m3/s")


def test_a_month_by_hand(days: Days, steady: pd.DataFrame, link: DischargeLink) -> None:
    # 15 days at 0.22 and 15 at 0.26: mean 0.24 mg/L x 116 640 000 m3 = 27.9936 t
    tp = days("yaodu", "TP", ["0.22"] * 15 + ["0.26"] * 15)
    (row,) = loads_of(tp, steady, link).to_dict(orient="records")
    assert row["concentration_exact"] == Fraction("0.24")
    assert row["volume_exact"] == 116_640_000
    assert row["load_t"] == 27.9936
    # s of 15 + 15 values 0.02 off the mean is 0.02 sqrt(30/29); over sqrt(30), times V.
    assert row["standard_error_t"] == pytest.approx(0.02 / np.sqrt(29) * 116.64)
    assert row["lower_t"] < row["load_t"] < row["upper_t"]
    assert (row["status"], row["reason"], row["n_days"]) == ("measured", "", 30)
    assert (row["coverage_time"], row["coverage_volume"], row["share_estimated"]) == (1, 1, 0)
    assert (row["method"], row["censored_rule"]) == ("B", "zero")


def test_a_binary_mean_would_miss_what_the_exact_one_keeps(
    days: Days, steady: pd.DataFrame, link: DischargeLink
) -> None:
    tp = days("yaodu", "TP", ["0.1", "0.2", "0.3"] * 10)
    assert loads_of(tp, steady, link)["concentration_exact"].iloc[0] == Fraction("0.2")
    without = tp.assign(exact=pd.Series([None] * 30, dtype="object"))
    assert loads_of(without, steady, link)["concentration_exact"].iloc[0] == Fraction("0.2")


def test_each_day_has_one_weight_and_missing_days_none(
    days: Days, steady: pd.DataFrame, link: DischargeLink
) -> None:
    tp = days("yaodu", "TP", ["0.3"] * 10 + ["0.1"] * 10 + [None] * 10, n_censored=[0] * 10 + [6] * 10 + [0] * 10)  # fmt: skip
    row = loads_of(tp, steady, link).iloc[0]
    assert row["concentration_mg_l"] == 0.2
    assert row["coverage_time"] == pytest.approx(2 / 3)
    assert row["censored_share"] == 0.5


def test_rows_stand_by_month_then_factor(days: Days, link: DischargeLink) -> None:
    discharges = days("bikou", "DISCHARGE", ["45"] * 61, unit="m3/s")
    concentrations = pd.concat(
        [days("yaodu", "TP", ["0.2"] * 61), days("yaodu", "CODMN", ["2"] * 61),
         days("bamiaogou", "TP", ["9"] * 61)], ignore_index=True,
    )  # fmt: skip
    table = loads_of(
        concentrations, discharges, link,
        factors=("TP", "CODMN", "NH3N"), period=Period.parse("2021-04/2021-05"),
    )  # fmt: skip
    assert list(table["period"]) == ["2021-04"] * 3 + ["2021-05"] * 3
    assert list(table["determinand"]) == ["TP", "CODMN", "NH3N"] * 2
    assert table["load_t"].tolist()[:2] == [23.328, 233.28]
    assert table["load_t"].tolist()[3] == pytest.approx(0.2 * 45 * 31 * 0.0864)
    assert "无浓度数据" in table["reason"].iloc[2]
    LOADS.check(table)


def test_what_lacks_is_insufficient_with_its_reason_and_never_zero(
    days: Days, steady: pd.DataFrame, link: DischargeLink
) -> None:
    tp = days("yaodu", "TP", ["0.2"] * 30)
    few = days("yaodu", "TP", ["0.2"] * 19 + [None] * 11)
    cases = [
        (loads_of(tp, MEANS.empty(), link), "无流量数据 / no discharge data"),
        (loads_of(tp, steady, None), "无流量关联 / no discharge link"),
        (loads_of(MEANS.empty(), steady, link), "无浓度数据 / no concentration data"),
        (loads_of(few, steady, link), "19 天，需 20 天 / concentration on 19 days, 20 needed"),
    ]
    for table, reason in cases:
        row = table.iloc[0]
        assert row["status"] == "insufficient" and reason in row["reason"]
        assert np.isnan(
            row[["load_t", "lower_t", "upper_t", "standard_error_t"]].astype(float)
        ).all()
    # Whichever half is there is given, since its own rule is met.
    assert cases[1][0]["concentration_mg_l"].iloc[0] == 0.2
    assert np.isnan(cases[1][0]["volume_m3"].iloc[0])
    assert np.isnan(cases[3][0]["concentration_mg_l"].iloc[0])
    both = loads_of(MEANS.empty(), MEANS.empty(), link)["reason"].iloc[0]
    assert "无浓度数据" in both and "无流量数据" in both


def test_an_unverified_link_keeps_the_load_and_says_so(
    days: Days, steady: pd.DataFrame, link: DischargeLink
) -> None:
    tp = days("yaodu", "TP", ["0.2"] * 30)
    row = loads_of(tp, steady, link.model_copy(update={"confidence": "unverified"})).iloc[0]
    assert row["status"] == "measured" and row["load_t"] == 23.328
    assert "待核实" in row["reason"] and "unverified" in row["reason"]


def test_one_day_has_a_load_and_no_uncertainty(
    days: Days, steady: pd.DataFrame, link: DischargeLink
) -> None:
    row = loads_of(days("yaodu", "TP", ["0.2"]), steady, link, min_days=1).iloc[0]
    assert row["load_t"] == 23.328 and np.isnan(row["standard_error_t"])
    assert np.isnan(row["lower_t"]) and np.isnan(row["upper_t"])


def test_contracts_are_kept(days: Days, steady: pd.DataFrame, link: DischargeLink) -> None:
    tp = days("yaodu", "TP", ["0.2"] * 30)
    with pytest.raises(ContractError, match="whole months"):
        loads_of(tp, steady, link, period=Period.parse("2021-04-01/2021-04-15"))
    with pytest.raises(UnitMismatch, match="ug/L"):
        loads_of(tp.assign(unit="ug/L"), steady, link)
    with pytest.raises(ContractError, match="exact"):
        loads_of(tp.drop(columns="exact"), steady, link)
    with pytest.raises(ContractError, match="stands twice"):
        loads_of(pd.concat([tp, tp], ignore_index=True), steady, link)


@given(
    milligrams=st.lists(st.integers(0, 10_000), min_size=30, max_size=30),
    discharge=st.lists(st.integers(1, 5_000), min_size=30, max_size=30),
    order=st.randoms(use_true_random=False),
)
def test_it_is_method_b_whatever_the_order_of_rows(
    days: Days, link: DischargeLink, milligrams: list[int], discharge: list[int], order: object
) -> None:
    texts = [f"{value}/1000" for value in milligrams]
    tp = days("yaodu", "TP", texts)
    q = days("bikou", "DISCHARGE", [str(value) for value in discharge], unit="m3/s")
    rows = list(range(30))
    order.shuffle(rows)  # type: ignore[attr-defined]
    row = loads_of(tp.iloc[rows], q.iloc[rows[::-1]], link).iloc[0]
    c = np.array(milligrams) / 1000
    expected = load_by_period_discharge(c, float(np.mean(discharge)), duration_s=30 * 86_400.0)
    assert row["load_t"] == pytest.approx(float(expected), rel=1e-12)
    error = c.std(ddof=1) / np.sqrt(30) * row["volume_m3"] / 1e6
    assert row["standard_error_t"] == pytest.approx(error, rel=1e-6, abs=1e-9)
