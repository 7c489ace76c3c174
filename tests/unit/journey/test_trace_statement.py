"""Readings -> daily means -> the line: each step by hand, and that nothing is lost on the way."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.journey.compute_loads import LoadRule, compute_loads
from ecomon.journey.trace_statement import Trace, trace_month
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.registry import Registry

MONTH = Period.month(2025, 2)
Bundle = dict[str, bytes]


@pytest.fixture(scope="module")
def trace(flagged: pd.DataFrame, registry: Registry, agreement: Agreement) -> Trace:
    return trace_month(flagged, registry, agreement, MONTH)


def rows_of(bundle: Bundle, ending: str) -> list[dict[str, str]]:
    """A file of the bundle as any spreadsheet reads it, without our reader."""
    (octets,) = [octets for name, octets in bundle.items() if name.endswith(ending)]
    assert octets.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(StringIO(octets.decode("utf-8-sig"), newline="")))
    table = [line for line in lines if not line[0].startswith("#")]
    return [dict(zip(table[0], line, strict=True)) for line in table[1:]]


def test_the_lines_are_those_reckoned_by_hand(bundle: Bundle) -> None:
    lines = json.loads(bundle["statement-pair-2025-02.json"])["lines"]
    assert [(line["concentration_mg_l"], line["volume_m3"]) for line in lines] == [
        ("4.4", "244339200"),
        ("0.40", "244339200"),
    ]
    assert [(line["excess_load_t"], line["amount_cny"]) for line in lines] == [
        ("97.736", "-1466040.00"),
        ("-24.434", "2443400.00"),
    ]


def test_every_reading_considered_is_there_once(trace: Trace, flagged: pd.DataFrame) -> None:
    readings = trace.readings
    assert readings["revision"].is_unique
    left_out = flagged[~flagged["revision"].isin(readings["revision"])]
    assert sorted(left_out["determinand"]) == ["CODMN", "DISCHARGE", "DISCHARGE", "TP"]
    assert set(readings.loc[readings["role"] == "discharge", "line"]) == {
        "pair@2025/yaodu/2025-02/*"
    }
    assert readings["line"].iloc[0] == "pair@2025/yaodu/2025-02/CODMN"


def test_what_is_not_used_and_why(trace: Trace) -> None:
    readings = trace.readings
    unused = readings[~readings["is_used"]]
    assert unused["value"].tolist() == [9.0, 99.0, 4.2, 4.3, 4.4]
    assert unused["day"].dt.day.tolist() == [2, 3, 5, 5, 5]
    assert unused["counted"].isna().all()


def test_below_detection_counts_as_the_agreement_says(trace: Trace) -> None:
    readings = trace.readings
    left = readings[readings["censor"] == "left"]
    assert set(left["value"]) == {0.025}
    assert set(left["counted"]) == {0.0}


def test_days_are_those_whose_water_passes_the_section(trace: Trace) -> None:
    days = trace.days[trace.days["role"] == "discharge"]
    assert (days["period"].iloc[0], days["period"].iloc[-1], len(days)) == (
        "2025-01-31",
        "2025-02-27",
        28,
    )
    codmn = trace.days[trace.days["determinand"] == "CODMN"]
    assert codmn["status"].value_counts().to_dict() == {"measured": 27, "insufficient": 1}
    assert codmn["n_excluded"].sum() == 1


def test_days_follow_from_the_readings_with_a_pocket_calculator(bundle: Bundle) -> None:
    counted: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in rows_of(bundle, "-readings.csv"):
        if row["is_used"] == "yes":
            counted[row["line"], row["day"]].append(Decimal(row["counted"]))
    days = {(row["line"], row["day"]): row for row in rows_of(bundle, "-days.csv")}
    measured = {key for key, row in days.items() if row["status"] == "measured"}
    assert measured == set(counted)
    for key, values in counted.items():
        assert (Decimal(days[key]["sum"]), int(days[key]["n_valid"])) == (sum(values), len(values))
    assert days["pair@2025/yaodu/2025-02/CODMN", "2025-02-04"]["mean"] == "4.35"


def test_a_second_publication_gives_the_same_octets(
    publish: Callable[[pd.DataFrame], Bundle], flagged: pd.DataFrame, bundle: Bundle
) -> None:
    shuffled = flagged.sample(frac=1, random_state=3)
    assert publish(shuffled) == bundle


def test_a_name_is_never_run_as_a_formula(
    flagged: pd.DataFrame, publish: Callable[[pd.DataFrame], Bundle]
) -> None:
    table = flagged.assign(file_name=pd.array(["=1+1"] * len(flagged), dtype="str"))
    assert {row["file"] for row in rows_of(publish(table), "-readings.csv")} == {"'=1+1"}


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_days_and_loads_follow_from_the_readings_used(
    data: st.DataObject, flagged: pd.DataFrame, registry: Registry, agreement: Agreement
) -> None:
    n = len(flagged)
    pick = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    table = flagged.assign(
        value=np.round(pick.uniform(0, 5, n), 3), flag=pick.choice([1, 2, 3, 4], n, p=[0.7, 0.1, 0.1, 0.1]),
        censor=pd.array(pick.choice(["none", "left", "right"], n, p=[0.8, 0.15, 0.05]), dtype="str"),
    )  # fmt: skip
    trace = trace_month(table, registry, agreement, MONTH)
    used = trace.readings[trace.readings["is_used"]]
    sums = defaultdict(Fraction)
    for row in used.itertuples():
        sums[row.line, row.day] += Fraction(repr(row.counted))
    measured = trace.days[trace.days["status"] == "measured"]
    assert dict(sums) == {
        (row.line, row.start): row.exact * row.n_valid for row in measured.itertuples()
    }
    loads = compute_loads(table, registry, "yaodu", LoadRule.of(agreement), MONTH)
    for load in loads.itertuples():
        means = measured.loc[measured["determinand"] == load.determinand, "exact"].tolist()
        if load.status == "measured":
            assert load.concentration_exact == sum(means, Fraction(0)) / len(means)
