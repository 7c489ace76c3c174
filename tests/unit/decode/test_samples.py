"""Emergency samples as people report them, on sheets made by hand."""

from __future__ import annotations

import itertools
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from ecomon.decode.samples import decode
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected
from ecomon.model.sample import LIST_HEADINGS, SAMPLE_COLUMNS
from ecomon.publish.sample_template import sample_template
from ecomon.registry import read_registry

HEAD = "地点,指标,采样时间,测定值,单位,检出限,出结果时间,方法,判定,平行样,备注"
SIX = "2015-12-05 06:00"


@pytest.fixture(scope="session")
def water() -> dict[str, Determinand]:
    return read_registry().determinands


def sheet(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def workbook(*rows: list[Any], title: str | None = None) -> bytes:
    out = BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        head: list[Any] = [column.heading for column in SAMPLE_COLUMNS]
        lines = [*([[title]] if title else []), head, *rows]
        for row, cells in enumerate(lines):
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    page.write_datetime(row, column, cell, moment)
                elif cell is not None:
                    page.write(row, column, cell)
    return out.getvalue()


# --- by hand --------------------------------------------------------------------------------------


def test_one_sample(water, gather) -> None:
    decoded = gather(decode([sheet(f"川陕界,锑,{SIX},20.8,µg/L,0.2,2015-12-05 08:10,HJ 700-2014,疑似,1,一")], water))  # fmt: skip
    (one,) = decoded.table.to_dict(orient="records")
    assert (one["site"], one["determinand"], one["value"], one["unit"]) == (
        "川陕界", "SB", 0.0208, "mg/L",
    )  # fmt: skip
    assert one["start"].to_pydatetime() == datetime(2015, 12, 5, 6)
    assert one["reported_at"].to_pydatetime() == datetime(2015, 12, 5, 8, 10)
    assert (one["programme"], one["source"], one["statistic"]) == ("emergency", "samples", "value")
    assert (one["duration_s"], one["replicate"], one["row"]) == (0, 1, 2)
    assert (one["censor"], one["source_flag"]) == ("none", "疑似")
    assert (one["method"], one["note"]) == ("HJ 700-2014", "一")
    assert not decoded.rejected


@pytest.mark.parametrize(
    ("value", "limit", "told"),
    [
        ("<0.2", "", (0.0002, "left")),
        ("0.2L", "", (0.0002, "left")),
        ("０.２Ｌ", "0.2", (0.0002, "left")),
        ("未检出", "0.2", (0.0002, "left")),
        ("ND", "0.2", (0.0002, "left")),
        ("<", "0.2", (0.0002, "left")),
        ("L", "0.2", (0.0002, "left")),
        (">50", "", (0.05, "right")),
        ("0.2", "0.2", (0.0002, "none")),
    ],
)
def test_below_and_over_the_range(value: str, limit: str, told: Any, water, gather) -> None:
    decoded = gather(decode([sheet(f"川陕界,Sb,{SIX},{value},ug/L,{limit},,,,,")], water))
    assert (decoded.table["value"].iloc[0], decoded.table["censor"].iloc[0]) == told


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        (f",锑,{SIX},1,mg/L,,,,,,", "地点", "section or an intake"),
        (f"川陕界,锌钡,{SIX},1,mg/L,,,,,,", "指标", "a determinand of water"),
        (f"川陕界,PM2.5,{SIX},1,mg/L,,,,,,", "指标", "a determinand of water"),
        ("川陕界,锑,2015-12-05,1,mg/L,,,,,,", "采样时间", "time of day"),
        ("川陕界,锑,12-05 06:00,1,mg/L,,,,,,", "采样时间", "without its year"),
        (f"川陕界,锑,{SIX},1,,,,,,,", "单位", "ug/L"),
        (f"川陕界,锑,{SIX},1,m3/s,,,,,,", "单位", "cannot become"),
        (f"川陕界,锑,{SIX},1,kg/h,,,,,,", "单位", "unknown unit"),
        (f"川陕界,锑,{SIX},,mg/L,,,,,,", "测定值", "a number"),
        (f"川陕界,锑,{SIX},--,mg/L,,,,,,", "测定值", "a number"),
        (f"川陕界,锑,{SIX},-1,mg/L,,,,,,", "测定值", "no negative number"),
        (f"川陕界,锑,{SIX},约1,mg/L,,,,,,", "测定值", "a number"),
        (f"川陕界,锑,{SIX},未检出,mg/L,,,,,,", "测定值", "detection limit"),
        (f"川陕界,锑,{SIX},<0.1,mg/L,0.2,,,,,", "测定值", "one detection limit"),
        (f"川陕界,锑,{SIX},0.1,mg/L,0.2,,,,,", "测定值", "not below its detection limit"),
        (f"川陕界,锑,{SIX},0.1,mg/L,-1,,,,,", "检出限", "above zero"),
        (
            f"川陕界,锑,{SIX},0.1,mg/L,,2015-12-05 05:00,,,,",
            "出结果时间",
            "not before the sampling",
        ),
        (f"川陕界,锑,{SIX},0.1,mg/L,,,,超标,,", "判定", "疑似 or 确认"),
        (f"川陕界,锑,{SIX},0.1,mg/L,,,,,a,", "平行样", "whole number"),
    ],
)
def test_what_is_doubtful_is_named_with_what_was_expected(
    row: str, column: str, word: str, water, gather
) -> None:
    decoded = gather(decode([sheet(row)], water))
    assert len(decoded.table) == 0
    cell, line = decoded.rejected
    assert (cell.row, cell.column, line.column) == (2, column, None)
    assert word in cell.reason
    assert column in line.reason


def test_every_doubtful_cell_of_a_row_is_named_at_once(water, gather) -> None:
    decoded = gather(decode([sheet("川陕界,锑,昨天,多,mg/L,,,,是,,")], water))
    assert [one.column for one in decoded.rejected] == ["采样时间", "判定", "测定值", None]


def test_ph_needs_no_unit(water, gather) -> None:
    assert (
        gather(decode([sheet(f"川陕界,pH值,{SIX},8.2,,,,,,,")], water)).value("川陕界", "PH") == 8.2
    )


def test_a_column_that_is_not_known_is_never_left_out_in_silence(water, gather) -> None:
    octets = sheet(f"川陕界,锑,{SIX},1,mg/L,张", head="地点,指标,采样时间,测定值,单位,采样人")
    decoded = gather(decode([octets], water))
    assert [(one.row, one.column) for one in decoded.rejected] == [(0, "采样人")]
    assert len(decoded.table) == 1


# --- rows of one sample ---------------------------------------------------------------------------


def test_what_confirms_takes_the_place_of_what_was_suspected(water, gather) -> None:
    rows = (f"川陕界,锑,{SIX},12,ug/L,,,,疑似,,", f"川陕界,SB,{SIX},0.0119,mg/L,,,,确认,,")
    decoded = gather(decode([sheet(*rows)], water))
    assert decoded.value("川陕界", "SB") == 0.0119
    assert [(one.row, "superseded by row 3" in one.reason) for one in decoded.rejected] == [
        (2, True)
    ]


def test_the_same_row_twice_is_one_sample(water, gather) -> None:
    row = f"川陕界,锑,{SIX},12,ug/L,,,,,,"
    decoded = gather(decode([sheet(row, row)], water))
    assert decoded.table["row"].tolist() == [3]
    assert [(one.row, one.reason) for one in decoded.rejected] == [(2, "repeat of row 3")]


def test_of_two_results_of_one_sample_none_is_chosen(water, gather) -> None:
    rows = [f"川陕界,锑,{SIX},{value},ug/L,,,,,," for value in (12, 13)]
    decoded = gather(decode([sheet(*rows)], water))
    assert len(decoded.table) == 0
    assert ["平行样" in one.reason for one in decoded.rejected] == [True, True]
    numbered = [f"川陕界,锑,{SIX},12,ug/L,,,,,{number}," for number in (0, 1)]
    assert gather(decode([sheet(*numbered)], water)).table["replicate"].tolist() == [0, 1]


# --- workbooks ------------------------------------------------------------------------------------


def test_a_workbook_with_real_times_and_numbers(water, gather) -> None:
    times = datetime(2015, 12, 5, 6, 0), datetime(2015, 12, 5, 8, 10)
    row = ["川陕界", "锑", times[0], 0.0208, "mg/L", None, times[1], None, "确认"]
    decoded = gather(decode([workbook(row, title="应急监测 8 时快报")], water))
    (one,) = decoded.table.to_dict(orient="records")
    assert (one["start"].to_pydatetime(), one["reported_at"].to_pydatetime()) == times
    assert (one["value"], one["row"], one["source_flag"]) == (0.0208, 3, "确认")
    assert not decoded.rejected


def test_a_day_without_a_time_of_day_is_asked_for(water, gather) -> None:
    octets = workbook(["川陕界", "锑", datetime(2015, 12, 5), 0.0208, "mg/L"])
    assert "midnight as the text" in gather(decode([octets], water)).rejected[0].reason


def test_the_template_is_read_as_an_empty_sheet(water) -> None:
    octets = sample_template(["西湾水厂取水口", "姚渡"], ["铊", "锑"])
    assert octets == sample_template(["西湾水厂取水口", "姚渡"], ["铊", "锑"])
    assert list(decode([octets], water)) == []
    for name in (*LIST_HEADINGS, "可选别的"):
        filled = sheet(
            f"川陕界,锑,{SIX},1,mg/L,锑", head=f"地点*,指标*,采样时间*,测定值*,单位*,{name}"
        )
        unknown = [one for one in decode([filled], water) if isinstance(one, Rejected)]
        assert len(unknown) == (name not in LIST_HEADINGS)


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "empty"),
        (b"PK\x03\x04broken", "damaged"),
        ("地点,指标\n".encode(), "no sheet has the columns"),
        (f"{HEAD},地点\n".encode(), "stands twice"),
        (b"\x00" * (33 << 20), "32 MB"),
    ],
)
def test_what_is_no_sheet_of_samples_is_refused(octets: bytes, word: str, water) -> None:
    with pytest.raises(SourceRefused, match=word):
        list(decode([octets], water))


# --- any octets -----------------------------------------------------------------------------------

WHOLE = sheet(f"川陕界,锑,{SIX},12,ug/L,,,,疑似,,", "", f"姚渡,x,{SIX},,,,,,,,")


@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=6))
@settings(max_examples=30, deadline=None)
def test_it_does_not_matter_how_octets_are_cut(cuts, water, gather) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in itertools.pairwise(places)]
    cut, whole = gather(decode(pieces, water)), gather(decode([WHOLE], water))
    assert cut.table.equals(whole.table)
    assert cut.rejected == whole.rejected


@given(noise=st.binary(max_size=60), place=st.integers(0, len(WHOLE)))
@settings(max_examples=100, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(noise, place, water, gather) -> None:
    try:
        gather(decode([WHOLE[:place], noise, WHOLE[place:]], water))
    except SourceRefused as refusal:
        assert str(refusal)


CELLS = st.one_of(
    st.sampled_from(
        ["", "川陕界", "锑", "铊", SIX, "2015-12-05", "1", "<0.1", "L", "未检出", "mg/L", "ug/L", "疑似",
         "确认", "0", "-1", "1e400", "１"]
    ),
    st.text(st.characters(exclude_characters='\x00\r\n,;\t"', exclude_categories=["Cs"]), max_size=6),
)  # fmt: skip
KNOWN = st.tuples(
    st.sampled_from(["川陕界", "姚渡"]), st.sampled_from(["锑", "Sb", "铊"]), st.just(SIX),
    st.sampled_from(["1", "2", "<0.1", "未检出"]), st.sampled_from(["mg/L", "ug/L", ""]),
    st.sampled_from(["", "0.1"]), CELLS, CELLS, st.sampled_from(["", "疑似", "确认"]),
    st.sampled_from(["", "1"]), CELLS,
)  # fmt: skip


@given(rows=st.lists(st.one_of(KNOWN, st.tuples(*[CELLS] * 11)), max_size=8))
@settings(max_examples=200, deadline=None)
def test_every_row_is_accounted_for(rows, water) -> None:
    items = list(decode([sheet(*map(",".join, rows))], water))
    observed = [
        row for item in items if isinstance(item, Batch) for row in item.observations["row"]
    ]
    lost = [
        item.row for item in items if isinstance(item, Rejected) and not item.column and item.row
    ]
    filled = [number for number, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    assert sorted(observed + lost) == filled
