"""One cell: each form the feeds print, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.decode.cells import (
    CellColumn,
    CellKind,
    narrow,
    read_cell,
    read_text,
    repair_mojibake,
    split_html,
)

TOOLTIP = "<span data-toggle='tooltip' data-placement='right' title='{}'>{}</span>"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("24.7", CellKind.VALUE, 24.7),
        ("0", CellKind.VALUE, 0.0),
        ("-1.5", CellKind.VALUE, -1.5),
        ("1.2E+06", CellKind.VALUE, 1.2e6),
        (" 7.98 ", CellKind.VALUE, 7.98),
        ("<span title='原始值：24.74'>24.7</span>", CellKind.VALUE, 24.74),
        ("<span title='原始值:24.74'>24.7</span>", CellKind.VALUE, 24.74),
        (TOOLTIP.format("原始值：11.17", "11.2"), CellKind.VALUE, 11.17),
        ('<span title="原始值：11.17">11.2</span>', CellKind.VALUE, 11.17),
        ("<span title='备注'>11.2</span>", CellKind.VALUE, 11.2),
        ("<0.025", CellKind.BELOW, 0.025),
        ("＜0.025", CellKind.BELOW, 0.025),
        ("0.025L", CellKind.BELOW, 0.025),
        ("0.025 l", CellKind.BELOW, 0.025),
        ("<span title='原始值：<0.025'><0.025</span>", CellKind.BELOW, 0.025),
        ("&lt;0.025", CellKind.BELOW, 0.025),
        (">1000", CellKind.ABOVE, 1000.0),
    ],
)
def test_a_cell_with_a_number(text: str, kind: CellKind, value: float) -> None:
    cell = read_cell(text)
    assert (cell.kind, cell.value) == (kind, value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("--", CellKind.MISSING),
        ("<span title='极值过滤'>--</span>", CellKind.FILTERED),
        (TOOLTIP.format("极值过滤", "--"), CellKind.FILTERED),
        (TOOLTIP.format("原始值：3.0", "--"), CellKind.MISSING),
        ("*", CellKind.NOT_MEASURED),
        ("", CellKind.BLANK),
        ("&nbsp;", CellKind.BLANK),
        ("null", CellKind.BLANK),
        ("未检出", CellKind.NOT_DETECTED),
        ("ND", CellKind.NOT_DETECTED),
    ],
)
def test_a_cell_without_a_number(text: str, kind: CellKind) -> None:
    cell = read_cell(text)
    assert cell.kind is kind
    assert math.isnan(cell.value)


@pytest.mark.parametrize(
    "text", ["1_000", "1.2.3", "inf", "1e999", "7,98", "故障", "L", "<", "<-1", "0x1F", "1²", "<b>"]
)
def test_what_is_no_reading_says_so(text: str) -> None:
    cell = read_cell(text)
    if text == "<b>":  # nothing but a tag is an empty cell
        assert cell.kind is CellKind.BLANK
    else:
        assert cell.kind is CellKind.UNREADABLE
        assert cell.reason
        assert math.isnan(cell.value)


def test_full_width_digits_are_read_and_counted() -> None:
    cell = read_cell("１２．５")
    assert (cell.kind, cell.value, cell.quirk) == (CellKind.VALUE, 12.5, "full-width characters")


def test_an_original_value_that_is_none_leaves_the_shown_one() -> None:
    cell = read_cell("<span title='原始值：?'>7.5</span>")
    assert (cell.value, cell.quirk) == (7.5, "original value not read, shown value taken")


def test_mojibake_is_repaired_whichever_way_0x81_went() -> None:
    octets = "断面 省份：极值过滤".encode()
    latin = octets.decode("latin-1")
    windows = "".join(
        bytes([b]).decode("cp1252") if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b)
        for b in octets
    )
    assert repair_mojibake(latin) == repair_mojibake(windows) == "断面 省份：极值过滤"
    assert repair_mojibake("四川省") is None
    assert repair_mojibake("μS/cm") is None
    mangled = "<span title='极值过滤'>--</span>".encode().decode("latin-1")
    assert read_cell(mangled).kind is CellKind.FILTERED
    assert read_cell(mangled).quirk == "mojibake"


def test_words_come_out_of_their_html() -> None:
    section = TOOLTIP.format("所在地市:泸州市&#10;所属河流:沱江", "沱江大桥(沱江二桥)")
    assert split_html(section) == ("沱江大桥(沱江二桥)", "所在地市:泸州市\n所属河流:沱江")
    assert read_text("溶解氧<br/><span class='unit'>(mg/L)</span>") == "溶解氧(mg/L)"


def test_narrow_changes_full_width_forms_only() -> None:
    assert narrow("ＡＢ１２：　²μ") == "AB12: ²μ"


def test_a_column_converts_exactly_and_counts_by_occurrence() -> None:
    column = CellColumn("ug/L", "mg/L")
    values, kinds, faults, quirks = column.read(["1.2", "<25", "--", "x", "１", "1.2", "１"])
    assert values.tolist()[:2] == [0.0012, 0.025]
    assert np.isnan(values[2:4]).all()
    assert values[4] == 0.001
    assert kinds.tolist() == [5, 6, 2, 8, 5, 5, 5]
    assert list(faults) == [3]
    assert quirks == {"full-width characters": 2}


def test_a_sentinel_is_missing() -> None:
    column = CellColumn("m", "m", sentinels=frozenset({-9999.0}))
    values, kinds, _, _ = column.read(["-9999.000", "-9999", "-35"])
    assert kinds.tolist() == [CellKind.MISSING, CellKind.MISSING, CellKind.VALUE]
    assert values[2] == -35.0


@given(st.text(max_size=60))
def test_any_text_is_some_cell(text: str) -> None:
    cell = read_cell(text)
    assert math.isfinite(cell.value) == (
        cell.kind in (CellKind.VALUE, CellKind.BELOW, CellKind.ABOVE)
    )
    assert (cell.reason is not None) == (cell.kind is CellKind.UNREADABLE)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_to_the_bit(value: float) -> None:
    assert read_cell(repr(value)).value == value


@given(st.lists(st.sampled_from(["1.5", "--", "*", "<2", "x", "1.5 ", "-0", ""]), max_size=30))
def test_a_column_is_its_cells(texts: list[str]) -> None:
    values, kinds, faults, _ = CellColumn("mg/L", "mg/L").read(texts)
    cells = [read_cell(text) for text in texts]
    assert kinds.tolist() == [cell.kind for cell in cells]
    np.testing.assert_array_equal(values, [cell.value for cell in cells])
    assert set(faults) == {i for i, cell in enumerate(cells) if cell.reason}
