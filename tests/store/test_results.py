"""Results: superseded by run, never deleted, and nothing written that is there already."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from ecomon.errors import ContractError
from ecomon.model.period import Period
from ecomon.model.tables import (
    EXCEEDANCES,
    GRADES,
    LOAD_ESTIMATES,
    LOADS,
    MEANS,
    READING_CLASSES,
    Contract,
)
from ecomon.store import Store
from ecomon.store.canonical import fraction_text, read_fraction

APRIL = Period.month(2021, 4)
DAYS = ("2021-04-03", "2021-04-04")


def table_of(contract: Contract, n: int, **columns: Any) -> pd.DataFrame:
    """A table of ``n`` rows that keeps a contract, filled by kind but for the columns given."""
    fill: dict[str, Any] = {
        "text": "x", "time": np.datetime64("2021-04-01", "us"), "int": 1, "float": 0.5,
        "bool": True, "object": Fraction(1, 3),
    }  # fmt: skip
    filled = {name: [fill[kind]] * n for name, kind in contract.columns.items()}
    return contract.frame({**filled, **columns})


def daily(values: tuple[float, float] = (0.1, 0.2), site: str = "bamiaogou") -> pd.DataFrame:
    return table_of(
        MEANS, 2, site=[site] * 2, determinand=["TP"] * 2, period=list(DAYS),
        period_kind=["day"] * 2, start=np.array(DAYS, dtype="datetime64[us]"), value=list(values),
    )  # fmt: skip


def counts(report: Any) -> tuple[int, int, int]:
    return report.n_written, report.n_superseded, report.n_unchanged


def test_every_table_comes_back_as_it_went_in(store: Store) -> None:
    missing = {"value": [np.nan], "exact": [None], "status": ["missing"]}
    means = table_of(MEANS, 1, period_kind=["month"], **missing)
    store.write_means(1, means, APRIL, "month")
    classes = table_of(READING_CLASSES, 1, start=np.array(["2021-04-30T20:00"], "datetime64[us]"))
    store.write_classes(1, classes, APRIL)
    grades = table_of(GRADES, 1, period_kind=["month"], worst=["总磷,TP"])
    store.write_grades(1, grades, APRIL)
    exceedances = table_of(EXCEEDANCES, 1, factor=[np.nan])
    store.write_exceedances(1, exceedances, APRIL)
    loads = table_of(LOADS, 1, volume_exact=[Fraction(10**40, 7)], concentration_exact=[None])
    store.write_loads(1, loads, APRIL)
    estimates = table_of(LOAD_ESTIMATES, 1, load_t=[np.nan], reason=["不足 too few"])
    store.write_load_estimates(1, estimates, APRIL)
    for written, stored in (
        (means, store.read_means(APRIL, "month")),
        (classes, store.read_classes(APRIL)),
        (grades, store.read_grades(APRIL)),
        (exceedances, store.read_exceedances(APRIL)),
        (loads, store.read_loads(APRIL)),
        (estimates, store.read_load_estimates(APRIL)),
    ):
        pd.testing.assert_frame_equal(stored[list(written.columns)], written)
        assert stored["run_id"].tolist() == [1]


def test_the_second_run_of_the_same_writes_nothing(store: Store) -> None:
    assert counts(store.write_means(1, daily(), APRIL, "day")) == (2, 0, 0)
    seq, before = store.now_seq(), store.read_means(APRIL, "day")
    shuffled = daily().iloc[::-1].reset_index(drop=True)
    assert counts(store.write_means(2, shuffled, APRIL, "day")) == (0, 0, 2)
    assert store.now_seq() == seq
    pd.testing.assert_frame_equal(store.read_means(APRIL, "day"), before)


def test_a_missing_value_equals_a_missing_value(store: Store) -> None:
    store.write_means(1, daily((np.nan, 0.2)), APRIL, "day")
    assert counts(store.write_means(2, daily((np.nan, 0.2)), APRIL, "day")) == (0, 0, 2)


def test_what_changed_or_vanished_is_superseded_and_still_known(store: Store) -> None:
    store.write_means(1, daily(), APRIL, "day")
    seq = store.now_seq()
    assert counts(store.write_means(2, daily((0.1, 0.3)), APRIL, "day")) == (1, 1, 1)
    assert store.read_means(APRIL, "day")["value"].tolist() == [0.1, 0.3]
    assert store.read_means(APRIL, "day")["run_id"].tolist() == [1, 2]
    assert counts(store.write_means(3, MEANS.empty(), APRIL, "day")) == (0, 2, 0)
    assert store.read_means(APRIL, "day").empty
    assert store.read_means(APRIL, "day", as_known_at=seq)["value"].tolist() == [0.1, 0.2]
    assert store.read_means(APRIL, "day", as_known_at=seq + 1)["value"].tolist() == [0.1, 0.3]
    # a value that returns is a new row: what was said in between stays on record
    assert counts(store.write_means(4, daily(), APRIL, "day")) == (2, 0, 0)


def test_a_run_answers_for_its_scope_only(store: Store) -> None:
    store.write_means(1, daily(), APRIL, "day", determinands="TP")
    discharge = daily((200.0, 210.0)).assign(determinand=pd.array(["DISCHARGE"] * 2, dtype="str"))
    store.write_means(2, discharge, APRIL, "day", determinands="DISCHARGE")
    store.write_means(3, daily(site="yaodu"), APRIL, "day", sites=["yaodu"], determinands=["TP"])
    store.write_means(4, MEANS.empty(), APRIL, "month")
    store.write_means(5, MEANS.empty(), Period.month(2021, 5), "day")
    assert len(store.read_means(APRIL, "day")) == 6
    assert len(store.read_means(Period.day(2021, 4, 3), "day", sites="yaodu")) == 1
    assert len(store.read_means(APRIL, "day", determinands=["DISCHARGE"])) == 2


def test_a_row_outside_of_the_scope_is_refused(store: Store) -> None:
    for options in ({"sites": ["yaodu"]}, {"determinands": "CU"}):
        with pytest.raises(ContractError, match="outside of the run's scope"):
            store.write_means(1, daily(), APRIL, "day", **options)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ContractError, match="outside of the run's scope"):
        store.write_means(1, daily(), Period.month(2021, 5), "day")
    with pytest.raises(ContractError, match="outside of the run's scope"):
        store.write_means(1, daily(), APRIL, "month")
    assert store.now_seq() == 0


def test_a_key_that_stands_twice_is_refused(store: Store) -> None:
    twice = pd.concat([daily(), daily((0.5, 0.6))], ignore_index=True)
    with pytest.raises(ContractError, match="stands twice"):
        store.write_means(1, twice, APRIL, "day")
    with pytest.raises(ContractError, match="means"):
        store.write_means(1, daily().drop(columns="unit"), APRIL, "day")


def test_exceedances_of_readings_days_and_months_stay_apart(store: Store) -> None:
    found = table_of(
        EXCEEDANCES, 4, duration_s=[0, 86_400, 30 * 86_400, 0],
        basis=["class_3", "class_3", "class_3", "target"],
    )  # fmt: skip
    store.write_exceedances(1, found, APRIL)
    assert len(store.read_exceedances(APRIL, of="reading")) == 2
    assert len(store.read_exceedances(APRIL, of="reading", basis="target")) == 1
    assert store.read_exceedances(APRIL, of="month")["duration_s"].tolist() == [2_592_000]
    store.write_exceedances(2, EXCEEDANCES.empty(), APRIL, of="day")
    assert len(store.read_exceedances(APRIL)) == 3
    with pytest.raises(ContractError, match="outside"):
        store.write_exceedances(3, found, APRIL, of="reading")


def estimates_of(best: float, agreed: float = 10.0) -> pd.DataFrame:
    return table_of(
        LOAD_ESTIMATES, 2, section=["yaodu"] * 2, determinand=["TP"] * 2, period=["2021-04"] * 2,
        method=["B"] * 2, role=["best", "settlement"], load_t=[best, agreed],
    )  # fmt: skip


def test_one_method_may_be_the_best_and_the_agreed_one(store: Store) -> None:
    assert counts(store.write_load_estimates(1, estimates_of(9.0), APRIL)) == (2, 0, 0)
    seq = store.now_seq()
    assert counts(store.write_load_estimates(2, estimates_of(9.5), APRIL)) == (1, 1, 1)
    assert store.read_load_estimates(APRIL, roles="best")["load_t"].tolist() == [9.5]
    assert store.read_load_estimates(APRIL)["run_id"].tolist() == [2, 1]
    assert store.read_load_estimates(APRIL, as_known_at=seq)["load_t"].tolist() == [9.0, 10.0]
    # Another determinand's run leaves them alone; a run of the same that finds none does not.
    none = LOAD_ESTIMATES.empty()
    assert counts(store.write_load_estimates(3, none, APRIL, determinands="NH3N")) == (0, 0, 0)
    assert counts(store.write_load_estimates(4, none, APRIL, sections="yaodu")) == (0, 2, 0)
    with pytest.raises(ContractError, match="outside of the run's scope"):
        store.write_load_estimates(5, estimates_of(9.0), APRIL, determinands="NH3N")


def test_a_period_of_part_of_a_day_is_half_open(store: Store) -> None:
    classes = table_of(
        READING_CLASSES, 2,
        start=np.array(["2021-04-03T08:00", "2021-04-03T12:00"], "datetime64[us]"),
    )  # fmt: skip
    store.write_classes(1, classes, APRIL)
    morning = Period(datetime(2021, 4, 3), datetime(2021, 4, 3, 12))
    assert store.read_classes(morning)["start"].dt.hour.tolist() == [8]


@given(st.fractions() | st.none())
def test_fractions_come_back_exactly(value: Fraction | None) -> None:
    assert read_fraction(fraction_text(value)) == value
