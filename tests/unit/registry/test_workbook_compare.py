"""What a workbook of the site's own facts would change: nothing unsaid, nothing twice, no day with two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from ecomon.model.fact_sheet import SHEETS, WITHDRAW, FactSheet, StatedRow
from ecomon.registry import Registry
from ecomon.registry.workbook_compare import Comparison, compare_workbook
from ecomon.registry.workbook_items import compare_items
from ecomon.registry.workbook_own import OwnFacts, fact_rows, read_own_facts

Overlay = Callable[[dict[str, str]], Path]
TODAY = date(2026, 3, 1)
OWN = """
sections:
  - id: shaxi
    national_code: "1234567890"
    targets:
      - {grade: 2, valid_from: 2021-01-01, source: 责任书, confidence: verified}
"""
SOURCE = {"source": "省厅", "confidence": "verified"}


def sheet(name: str) -> FactSheet:
    return next(one for one in SHEETS if one.zh == name)


def row(name: str, key: str, texts: dict[str, str], **options: Any) -> StatedRow:
    of = sheet(name)
    letters = {column.field: column.field for column in of.columns} | {"act": "act", "id": "id"}
    whole = {column.field: texts.get(column.field, "") for column in of.columns}
    return StatedRow(of, 4, key, whole, letters, **options)


def own_of(overlay: Overlay) -> OwnFacts:
    return read_own_facts(overlay({"stations/sections/own.yaml": OWN}))


def compare(
    rows: list[StatedRow], shipped: Registry, own: OwnFacts, begins: date = TODAY
) -> Comparison:
    return compare_workbook(rows, shipped, own, effective_from=begins, today=TODAY)


def test_an_emptied_row_is_said_and_its_facts_stay(shipped: Registry, overlay: Overlay) -> None:
    own = own_of(overlay)
    target = {"grade": "2", "valid_from": "2021-01-01"}
    found = compare(
        [row("水质目标", "shaxi", {}, base=target),
         row("断面", "shaxi", {}, base={"national_code": "1234567890"})],
        shipped, own,
    )  # fmt: skip
    assert (found.changes, found.problems, found.entries) == ([], [], {})
    assert {one.sheet for one in found.notices} == {"水质目标", "断面"}
    assert all(WITHDRAW in one.text for one in found.notices)


def test_what_is_withdrawn_gives_way_to_the_shipped_fact(
    shipped: Registry, overlay: Overlay
) -> None:
    own = own_of(overlay)
    texts = {"grade": "2", "valid_from": "2021-01-01", "source": "责任书", "confidence": "verified"}
    found = compare([row("水质目标", "shaxi", texts, is_withdrawn=True)], shipped, own)
    assert [one.act for one in found.changes] == ["withdrawn"]
    assert found.entries == {"sections": {"shaxi": {"id": "shaxi", "national_code": "1234567890"}}}
    both = compare(
        [row("水质目标", "shaxi", texts, is_withdrawn=True),
         row("断面", "shaxi", {"national_code": WITHDRAW})],
        shipped, own,
    )  # fmt: skip
    assert both.entries == {"sections": {"shaxi": None}}


def test_a_row_nobody_touched_states_nothing_even_when_it_is_out_of_date(
    shipped: Registry, overlay: Overlay
) -> None:
    stale = {"grade": "4", "valid_from": "2019-01-01", **SOURCE}
    found = compare([row("水质目标", "shaxi", stale, base=stale)], shipped, own_of(overlay))
    assert (found.changes, found.entries) == ([], {})


def test_a_field_without_a_validity_cannot_begin_later(shipped: Registry) -> None:
    stated = [row("断面", "yaodu", {"national_code": "55", **SOURCE})]
    (problem,) = compare(stated, shipped, {}, TODAY + timedelta(days=1)).problems
    assert (problem.column, "holds at once" in problem.expected) == ("national_code", True)
    assert compare(stated, shipped, {}).problems == []


def test_a_new_entry_begins_on_the_effective_date(shipped: Registry) -> None:
    begins = TODAY + timedelta(days=90)
    texts = {
        "name_zh": "新断面", "name_en": "New", "kind": "inside", "located_in": "510800", **SOURCE
    }  # fmt: skip
    target = {"grade": "3", **SOURCE}
    found = compare(
        [row("水质目标", "new-one", target), row("断面", "new-one", texts)], shipped, {}, begins
    )
    assert found.problems == []
    entry = found.entries["sections"]["new-one"]
    assert entry is not None
    assert (entry["id"], entry["valid_from"]) == ("new-one", begins)
    assert [one["valid_from"] for one in entry["targets"]] == [begins]


def test_names_of_other_feeds_stay_when_one_is_added(shipped: Registry) -> None:
    texts = {"feed": "our-lims", "key": "YD-1", **SOURCE}
    found = compare([row("断面来源名称", "yaodu", texts)], shipped, {})
    entry = found.entries["sections"]["yaodu"]
    assert entry is not None
    assert [one["key"] for one in entry["aliases"]] == ["YD-1"]  # the shipped names stay below


def test_the_rows_of_the_site_stand_in_its_sheets(shipped: Registry, overlay: Overlay) -> None:
    rows = fact_rows(shipped, own_of(overlay))
    (target,) = [one for one in rows["水质目标"] if one.id == "shaxi"]
    assert (target.state, target.own["grade"], target.own["source"]) == ("own", "2", "责任书")
    assert len(rows["断面"]) == len(shipped.sections)


days = st.integers(0, 12).map(lambda n: date(2020 + n, 1, 1).isoformat())


@st.composite
def spans(draw: st.DrawFn) -> dict[str, str]:
    first, last = sorted(draw(st.tuples(days, days)))
    texts = {"grade": str(draw(st.integers(1, 6))), **SOURCE}
    if draw(st.booleans()):
        texts["valid_from"] = first
    if last > max(first, TODAY.isoformat()) and draw(st.booleans()):
        texts["valid_to"] = last
    return texts


@settings(max_examples=60)
@given(st.lists(spans(), max_size=5))
def test_after_any_row_each_day_has_one_target_and_a_day_before_it_what_it_had(
    stated: list[dict[str, str]],
) -> None:
    of = sheet("水质目标")
    held: list[dict[str, Any]] = []

    def on(items: list[dict[str, Any]], day: date) -> list[int]:
        return [
            one["grade"] for one in items
            if str(one.get("valid_from") or "") <= day.isoformat() < str(one.get("valid_to") or "9")
        ]  # fmt: skip

    probes = [date(2019 + n, 7, 1) for n in range(15)]
    for texts in stated:
        before = {day: on(held, day) for day in probes}
        found = compare_items(
            of, [row("水质目标", "x", texts)], (), held or None, effective_from=TODAY
        )
        assert found.problems == []
        held = found.own
        first = texts.get("valid_from", TODAY.isoformat())
        end = texts.get("valid_to", "9")
        for day in probes:
            inside = first <= day.isoformat() < end
            assert on(held, day) == ([int(texts["grade"])] if inside else before[day])
