"""The whole path on both installations: files in, documents and notices out, every number sensible."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest

from ecomon.example import Basin, true_monthly_loads
from ecomon.model.period import Period
from ecomon.registry import Registry, read_registry

MONTHS = Period.parse("2024-12/2025-01")
JANUARY = Period.parse("2025-01")
APRIL = Period.parse("2021-04")

LOAD_TOLERANCE = 0.10
"""Of a factor-month's load, relative to the truth. The stations of the example read every four
hours with 4 to 5 % of noise and some faults, and method B leaves out how concentration and
discharge vary together within a month: in low water that is a few per cent."""


MONEY = r"\d,\d{3}\.\d\d|CNY\s*\d|人民币"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


def document(home: Any, name: str) -> dict[str, Any]:
    return json.loads(home.files("documents")[name])


def text_of_pdf(octets: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(octets)).pages]


def statements(home: Any) -> dict[str, dict[str, Any]]:
    return {
        name: json.loads(octets)
        for name, octets in home.files("documents").items()
        if re.fullmatch(r"statement-[^/]*\d\.json", name)
    }


# --- the example basin ----------------------------------------------------------------------------


def test_every_run_of_the_example_succeeded(example: Any) -> None:
    flows = {"ingest", "assess", "load", "settle", "alert", "publish"}
    assert set(example.outcomes()) == {(flow, "succeeded") for flow in flows}


def test_every_value_reported_is_in_the_store_and_judged(example: Any, basin: Basin) -> None:
    told = basin.readings["is_reported"].to_numpy()
    names = ("WT", "PH", "DO", "EC", "TURB", "CODMN", "NH3N", "TP", "TN")
    finite = sum(int((np.isfinite(basin.readings[name].to_numpy()) & told).sum()) for name in names)
    river = 2 * int(np.isfinite(basin.gauges["DISCHARGE"].to_numpy()).sum())
    with example.store() as store:
        status = store.status()
        found = store.read_observations(MONTHS)
    counted = Counter(found["source"])
    water = found[found["source"] == "cnemc-water"]
    assert len(water) == len(names) * int(told.sum())
    assert water["value"].notna().sum() == finite
    assert set(water.loc[water["value"].isna(), "flag"]) <= {9}
    assert counted["st-river-r"] == river
    assert (found["programme"] == "emergency").sum() == len(basin.emergency)
    assert status["observations"] == status["flags"] == len(found)
    unjudged = found.loc[found["flag"] == 2, "determinand"]  # no rule speaks of these
    assert set(unjudged) == {"PM25", "PM10", "SO2", "NO2", "CO_AIR", "O3"}


def test_each_dead_letter_names_its_file_row_and_reason(example: Any, basin: Basin) -> None:
    with example.store() as store:
        letters = store.read_dead_letters()
    repeats = int(basin.readings["repeats"].where(basin.readings["is_reported"], 0).sum())
    gap_copies = int(basin.readings["has_gap_copy"].sum())
    assert len(letters) == repeats + gap_copies > 0
    assert {one["file_name"] for one in letters} == {"water-2024-12.csv", "water-2025-01.csv"}
    assert all(one["row"] > 0 and one["reason"] and one["raw"] for one in letters)


def test_each_section_has_a_mean_near_the_truth_and_a_grade(example: Any, basin: Basin) -> None:
    truth = true_monthly_loads(basin).set_index(["section", "determinand", "period"])
    with example.store() as store:
        means = store.read_means(MONTHS, "month")
        grades = store.read_grades(MONTHS)
        classes = store.read_classes(MONTHS)
    assert sorted(zip(grades["site"], grades["period"], strict=True)) == [
        (site, month)
        for site in ("bamiaogou", "qingfengxia", "yaodu")
        for month in ("2024-12", "2025-01")
    ]
    assert set(grades["status"]) == {"measured"}
    assert grades["grade"].between(1, 3).all()  # its concentrations were chosen so
    assert classes["grade"].between(1, 6).all()
    sections = means[means["site"].isin(basin.truth["section"].to_numpy())].set_index(
        ["site", "determinand", "period"]
    )
    for key, true in truth["concentration_mg_l"].items():
        mean = sections.loc[key]
        assert mean["status"] == "measured"
        assert 0.75 <= mean["coverage"] <= 1.0
        assert mean["value"] == pytest.approx(true, rel=LOAD_TOLERANCE), key


def test_loads_are_within_the_stated_tolerance_of_the_truth(example: Any, basin: Basin) -> None:
    truth = true_monthly_loads(basin).set_index(["section", "determinand", "period"])
    with example.store() as store:
        loads = store.read_loads(MONTHS)
    assert len(loads) == 2 * 3 * 2  # sections with an agreement, factors, months
    assert set(loads["status"]) == {"measured"}
    for row in loads.to_dict("records"):
        true = truth.loc[(row["section"], row["determinand"], row["period"])]
        assert row["volume_m3"] == pytest.approx(true["volume_m3"], rel=0.02)
        assert row["load_t"] == pytest.approx(true["load_t"], rel=LOAD_TOLERANCE)
        assert row["lower_t"] < row["load_t"] < row["upper_t"]


def test_example_statements_are_complete_and_sum_to_zero(example: Any) -> None:
    found = statements(example)
    assert set(found) == {
        f"statement-shadow-{section}-{period}.json"
        for section in ("bamiaogou", "yaodu")
        for period in ("2025-01", "2024-12-01_2025-01-31")
    }
    for one in found.values():
        assert (one["status"], one["n_missing"]) == ("complete", 0)
        assert sum(Decimal(posting["amount_cny"]) for posting in one["postings"]) == 0
        assert len(one["postings"]) == 2 * len(one["lines"])
        upstream, downstream = (Decimal(total["amount_cny"]) for total in one["totals"])
        assert upstream == -downstream == Decimal(one["amount_cny"]) != 0
        assert sum(Decimal(line["amount_cny"]) for line in one["lines"]) == upstream
    with example.store() as store:
        for kept in store.read_statements():
            assert sum(one["amount_cny"] for one in kept.postings) == 0


def test_the_two_months_together_are_the_sum_of_each(example: Any) -> None:
    whole = document(example, "statement-shadow-yaodu-2024-12-01_2025-01-31.json")
    january = document(example, "statement-shadow-yaodu-2025-01.json")
    lines = [line for line in whole["lines"] if line["month"] == "2025-01"]
    assert lines == january["lines"]


def test_the_amount_is_near_the_one_that_true_loads_give(example: Any, basin: Basin) -> None:
    """By hand: price x (load - target x volume), two-sided, positive where the upstream kept below."""
    truth = true_monthly_loads(basin).set_index(["section", "determinand", "period"])
    one = document(example, "statement-shadow-bamiaogou-2025-01.json")
    due = 0.0
    for line in one["lines"]:
        true = truth.loc[("bamiaogou", line["determinand"], "2025-01")]
        target_t = float(line["target_mg_l"]) * true["volume_m3"] / 1e6
        due += float(line["price_cny_per_t"]) * (target_t - true["load_t"])
    assert float(one["amount_cny"]) == pytest.approx(due, rel=0.05)


def test_whatever_shows_the_example_says_so(example: Any) -> None:
    files = example.files("documents")
    for one in statements(example).values():
        assert one["provenance"]["kind"] == "example"
        assert one["is_payable"] is False
        assert {"示例数据", "模拟核算，非应付款项"} <= {label["zh"] for label in one["labels"]}
    for name, octets in files.items():
        if name.endswith(".pdf"):
            assert all("示例数据" in page for page in text_of_pdf(octets)), name
        elif name.endswith(".xlsx"):
            for sheet in openpyxl.load_workbook(io.BytesIO(octets), read_only=True):
                heads = " ".join(
                    str(row[0]) for row in sheet.iter_rows(max_row=3, values_only=True)
                )
                assert "示例数据" in heads, (name, sheet.title)
    assert "示例数据" in files["bulletin-2025-01/index.html"].decode()


def test_thallium_at_the_intake_is_told_at_the_first_reading_above(
    example: Any, basin: Basin, registry: Registry
) -> None:
    samples = basin.emergency[basin.emergency["site"] == "xiwan-intake"]
    standard = registry.standard("GB 3838", "3", "intake", JANUARY.start.date())
    limit = next(
        one.limit for one in standard.single_limits if one.determinand == "TL"
    )  # fmt: skip
    first = samples.loc[samples["value"] > float(limit), "start"].min()
    offices = {office.id for office in registry.offices_to_tell("xiwan-intake")}
    assert "xiwan-waterworks" in offices
    notices = [
        json.loads(octets)
        for name, octets in example.files("outbox").items()
        if name.endswith(".json")
    ]
    firing = [
        one for one in notices
        if one["kind"] == "firing" and one["fingerprint"].startswith("xiwan-intake/TL/")
    ]  # fmt: skip
    assert Counter(one["office"] for one in firing) == dict.fromkeys(offices, 1)
    for one in firing:
        assert datetime.fromisoformat(one["at"]).replace(tzinfo=None) == first
        assert one["severity"] == "critical"
        assert "示例" in one["subject_zh"] and "EXAMPLE" in one["subject_en"]


def test_each_notice_stands_once_as_text_and_json(example: Any) -> None:
    files = example.files("outbox")
    notices = [json.loads(files[name]) for name in files if name.endswith(".json")]
    keys = [one["idempotency_key"] for one in notices]
    assert len(keys) == len(set(keys)) > 0
    assert {name.removesuffix(".txt") for name in files if name.endswith(".txt")} == {
        name.removesuffix(".json") for name in files if name.endswith(".json")
    }
    assert len(files) == 2 * len(keys)
    with example.store() as store:
        assert store.pending_notices("folder") == []


# --- real readings --------------------------------------------------------------------------------


def test_real_readings_give_no_amount_anywhere(real: Any) -> None:
    with real.store() as store:
        loads = store.read_loads(APRIL)
        kept = store.read_statements()
    assert len(loads) == 2 * 3
    assert set(loads["status"]) == {"insufficient"}
    assert loads[["load_t", "lower_t", "upper_t", "volume_m3"]].isna().all(axis=None)
    assert loads["reason"].str.contains("无流量数据").all()
    assert len(kept) == 4  # two agreements, in the mode agreed and in the other
    for one in kept:
        assert one.document["status"] == "insufficient"
        assert one.postings == ()
        assert amounts_of(one.document) == {None}


def amounts_of(value: Any) -> set[Any]:
    """Every value of a key that is an amount of money or a load."""
    if isinstance(value, dict):
        own = {
            item
            for key, item in value.items()
            if key.startswith(("amount_", "charged_load", "excess_load")) or key == "volume_m3"
        }
        return own.union(*(amounts_of(item) for item in value.values()))
    if isinstance(value, list):
        return set[Any]().union(*(amounts_of(item) for item in value))
    return set()


def test_real_documents_show_no_amount(real: Any) -> None:
    files = real.files("documents")
    assert set(files) >= {
        "bulletin-2021-04/index.html",
        "loads-2021-04.xlsx",
        *(
            f"statement-shadow-{section}-2021-04.{suffix}"
            for section in ("bamiaogou", "yaodu")
            for suffix in ("json", "pdf", "xlsx")
        ),
    }
    for name, octets in files.items():
        if name.endswith(".json"):
            assert amounts_of(json.loads(octets)) <= {None}
        elif name.endswith(".pdf"):
            text = "".join(text_of_pdf(octets))
            assert "数据不足" in text
            assert not re.search(MONEY, text)
        elif name.endswith(".xlsx"):
            assert numbers_under(octets, r"金额|负荷 \(t\)|水量 \(m³\)|限 \(t\)") == []


def numbers_under(octets: bytes, headings: str) -> list[float]:
    """Numbers in the columns of a workbook whose heading matches."""
    found: list[float] = []
    for sheet in openpyxl.load_workbook(io.BytesIO(octets)):
        columns: set[int] = set()
        for row in sheet.iter_rows(values_only=True):
            found += [
                cell for at, cell in enumerate(row)
                if at in columns and isinstance(cell, int | float)
            ]  # fmt: skip
            columns |= {
                at for at, cell in enumerate(row)
                if isinstance(cell, str) and "\n" in cell and re.search(headings, cell)
            }  # fmt: skip
    return found


def test_the_same_look_finds_the_numbers_of_the_example(example: Any) -> None:
    files = example.files("documents")
    assert numbers_under(files["loads-2025-01.xlsx"], r"负荷 \(t\)")
    assert numbers_under(files["statement-shadow-yaodu-2025-01.xlsx"], r"金额")
    assert re.search(MONEY, "".join(text_of_pdf(files["statement-shadow-yaodu-2025-01.pdf"])))


def test_a_lone_value_is_a_review_case_and_no_notice(real: Any) -> None:
    """姚渡 2021-04-03 08:00, ammonia 2.880 mg/L between 0.040 and 0.040."""
    with real.store() as store:
        reviews = store.read_reviews(None)
        alerts = store.read_alerts()
        reading = store.read_observations(
            Period.parse("2021-04-03"), sites=["yaodu"], determinands=["NH3N"]
        ).set_index("start")["value"]
    cases = [
        context for context in reviews["context"]
        if (context["site"], context["determinand"]) == ("yaodu", "NH3N")
    ]  # fmt: skip
    assert reading.loc[pd.Timestamp("2021-04-03 08:00")] == 2.880
    assert len(cases) == 1
    assert cases[0]["start"] == "2021-04-03T08:00:00+08:00"
    assert (cases[0]["value"], cases[0]["value_before"], cases[0]["value_after"]) == (
        2.88,
        0.04,
        0.04,
    )
    assert all(one["fired_at"] is None for one in alerts)
    assert real.files("outbox") == {}


def test_months_without_enough_readings_have_no_grade_but_each_reading_a_class(real: Any) -> None:
    with real.store() as store:
        grades, classes = store.read_grades(APRIL), store.read_classes(APRIL)
        n_readings = store.read_observations(APRIL)[["site", "start"]].drop_duplicates()
    assert set(grades["status"]) == {"insufficient"}  # three days of thirty
    assert set(grades["grade"]) == {0}
    assert set(grades["verdict"]) == {"insufficient"}
    assert len(classes) <= len(n_readings)
    spike = classes[(classes["site"] == "yaodu") & (classes["start"] == "2021-04-03 08:00")]
    assert spike["grade"].tolist() == [6]  # as the national feed published it
    assert spike["worst"].tolist() == ["NH3N"]
