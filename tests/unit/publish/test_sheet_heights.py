"""Rows of a workbook are as high as their text, so that nothing of it is hidden."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import openpyxl
import pytest

from ecomon.publish.sheet import Column, write_table, write_workbook
from ecomon.publish.wording import Words

COLUMNS = (Column(Words("断面", "Section"), 10), Column(Words("说明", "Reason"), 20))


def heights(*rows: list[str]) -> list[float | None]:
    octets = write_workbook(
        lambda book, styles: write_table(book.add_worksheet(), styles, COLUMNS, rows, top=0) and None,
        created=datetime(2025, 1, 1), title="t",
    )  # fmt: skip
    sheet = openpyxl.load_workbook(BytesIO(octets)).active
    assert sheet is not None
    return [sheet.row_dimensions[row].height for row in range(2, 2 + len(rows))]


def test_a_row_is_as_high_as_its_longest_text() -> None:
    short, chinese, broken = heights(
        ["姚渡", "ok"], ["姚渡", "流" * 25], ["姚渡", "a\nb\n" + "c" * 21]
    )
    assert short is None  # the usual height
    assert chinese == pytest.approx(3 * 15.5, abs=0.75)  # 50 half widths in 20
    assert broken == pytest.approx(4 * 15.5, abs=0.75)  # a line each, and one that wraps
