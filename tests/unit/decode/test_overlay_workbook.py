"""A site's own facts as a workbook: what a person may write in a cell, and never an exception."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings

from ecomon.decode.overlay_workbook import read_overlay_workbook
from ecomon.errors import SourceRefused
from ecomon.model.fact_sheet import SHEETS, FactRow, column_heading, fixed_heading
from ecomon.publish.overlay_workbook import overlay_workbook

TARGETS = next(one for one in SHEETS if one.zh == "水质目标")
HEADING = [fixed_heading("id"), *(column_heading(one) for one in TARGETS.columns)]


def workbook(*rows: list[Any], name: str = "水质目标") -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet(name)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for at, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write(at, place, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(at, place, cell)
                elif cell is not None:
                    sheet.write(at, place, cell)
    return out.getvalue()


@pytest.mark.parametrize(
    "day", ["2026-07-01", "2026/7/1", "2026年7月1日", "２０２６－０７－０１", date(2026, 7, 1), datetime(2026, 7, 1)]
)  # fmt: skip
def test_a_day_as_people_write_it(day: object) -> None:
    found = read_overlay_workbook(
        workbook(HEADING, ["yaodu", 2, day, None, "厅（局）文", "verified"])
    )
    assert found.problems == ()
    assert {name: text for name, text in found.rows[0].texts.items() if text} == {
        "grade": "2", "valid_from": "2026-07-01", "source": "厅（局）文", "confidence": "verified"
    }  # fmt: skip


def test_all_that_is_not_understood_is_named() -> None:
    found = read_overlay_workbook(
        workbook(
            [*HEADING, "我的列"],
            ["yaodu", "二", datetime(2026, 7, 1, 8)],
            [None, 3],
            ["x", "缺", "2026-02-30"],
        )
    )
    assert [(one.row, one.column, one.value) for one in found.problems] == [
        (1, "G", "我的列"), (2, "B", "二"), (2, "C", "2026-07-01 08:00:00"), (3, "B", "3"),
        (4, "C", "2026-02-30"),
    ]  # fmt: skip
    assert [one.id for one in found.rows] == ["yaodu", "x"]


def test_what_was_written_comes_back() -> None:
    own = {
        "grade": "2",
        "valid_from": "2026-01-01",
        "source": "“=1+1” ＜文＞\n二行",
        "confidence": "verified",
    }
    row = FactRow("yaodu", "姚渡", "own", own, {"targets": "Ⅲ"})
    found = read_overlay_workbook(overlay_workbook({"水质目标": [row]}, {}, rule_set="0"))
    (back,) = found.rows
    assert {name: text for name, text in back.texts.items() if text} == own
    assert back.is_as_exported and back.base == own


def test_a_workbook_of_something_else_is_refused() -> None:
    with pytest.raises(SourceRefused, match="export-overlay"):
        read_overlay_workbook(workbook(HEADING, name="Sheet1"))


cells = st.one_of(
    st.none(), st.text(max_size=12), st.floats(), st.booleans(), st.integers(-5, 10**15),
    st.datetimes(datetime(1900, 3, 1), datetime(2200, 1, 1)), st.sampled_from(HEADING),
    st.sampled_from(["yaodu", "缺", "撤销", "2", "verified", "2026-1-1", "[]", '["yaodu",{}]']),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(cells, max_size=8), max_size=6))
def test_junk_never_raises_and_every_line_is_a_row_or_a_problem(rows: list[list[Any]]) -> None:
    found = read_overlay_workbook(workbook(HEADING, *rows))
    told = {one.row for one in found.rows} | {one.row for one in found.problems}
    for number, cells in enumerate(rows, 2):
        is_said = any(str(cell).strip() for cell in cells[:6] if cell is not None)
        assert number in told or not is_said or _is_heading(cells)


def _is_heading(row: list[Any]) -> bool:
    return all(not str(cell).strip("\x00\x01 \t\r\n") or cell is None for cell in row[:6])


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        read_overlay_workbook(octets)
    except SourceRefused as wrong:
        assert str(wrong)
