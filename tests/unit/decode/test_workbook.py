"""Spreadsheets: found headings, proposed mappings, and every line and cell accounted for."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import hypothesis.strategies as st
import pytest
import xlsxwriter
from hypothesis import given, settings

from ecomon.decode.workbook import Grid, decode, propose_mapping, read_grids
from ecomon.decode.workbook.grid import read_text
from ecomon.decode.workbook.header import find_head
from ecomon.errors import EcomonError, SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.mapping import ColumnMapping, SheetMapping, WorkbookMapping
from ecomon.model.observation import Batch, Rejected

HEAD = ["断面名称", "采样时间", "氨氮(mg/L)", "总磷(mg/L)", "备注"]


def csv_octets(*lines: list[str], encoding: str = "utf-8") -> bytes:
    quoted = (",".join(f'"{cell}"' if "," in cell else cell for cell in line) for line in lines)
    return "\n".join(quoted).encode(encoding)


def proposed(octets: bytes, determinands: Mapping[str, Determinand]) -> WorkbookMapping:
    mapping = propose_mapping(
        read_grids(octets), determinands, mapping_id="test", feed="test"
    ).mapping
    assert mapping is not None
    return mapping


def read(
    octets: bytes, determinands: Mapping[str, Determinand], **changes: Any
) -> tuple[list[dict[str, Any]], list[Rejected]]:
    mapping = proposed(octets, determinands).model_copy(update=changes)
    items = list(decode([octets], determinands, mapping=mapping))
    rows = [
        {str(name): value for name, value in row.items()}
        for item in items
        if isinstance(item, Batch)
        for row in item.observations.to_dict("records")
    ]
    return rows, [item for item in items if isinstance(item, Rejected)]


def values(rows: list[dict[str, Any]], key: str) -> list[Any]:
    return [
        None if row["value"] != row["value"] else row["value"]
        for row in rows
        if row["determinand"] == key
    ]


def test_a_plain_table(determinands: Mapping[str, Determinand]) -> None:
    rows, rejected = read(
        csv_octets(HEAD, ["八庙沟", "2026-08-03 10:20", "0.11", "0.030", ""]), determinands
    )
    assert rejected == []
    assert [(row["site"], row["determinand"], row["value"], row["row"]) for row in rows] == [
        ("八庙沟", "NH3N", 0.11, 2), ("八庙沟", "TP", 0.03, 2)
    ]  # fmt: skip
    assert rows[0]["start"] == datetime(2026, 8, 3, 10, 20)
    assert rows[0]["programme"] == "split_sampling"


@pytest.mark.parametrize(
    ("cell", "value", "censor", "flag"),
    [
        ("0.025L", 0.025, "left", None), ("<0.02", 0.02, "left", None),
        ("＜０．０２", 0.02, "left", None), ("未检出", None, "none", "未检出"),
        ("ND", None, "none", "ND"), ("5.20(T)", 5.2, "none", "T"), ("5.20（无效）", 5.2, "none", "无效"),
        ("０．３１２", 0.312, "none", None), ("1,234.5", 1234.5, "none", None), ("—", None, "none", None),
        ("/", None, "none", "/"), ("断流", None, "none", "断流"), (">50", 50.0, "right", None),
    ],
)  # fmt: skip
def test_cells_people_write(
    determinands: Mapping[str, Determinand],
    cell: str, value: float | None, censor: str, flag: str | None,
) -> None:  # fmt: skip
    rows, rejected = read(
        csv_octets(HEAD, ["八庙沟", "2026-08-03 10:20", cell, "0.03", ""]), determinands
    )
    assert rejected == []
    own = next(row for row in rows if row["determinand"] == "NH3N")
    assert values(rows, "NH3N") == [value]
    assert own["censor"] == censor
    assert (own["source_flag"] if isinstance(own["source_flag"], str) else None) == flag


@pytest.mark.parametrize("cell", ["0.1.2", "约0.3", "2026-08-03", "-0.5", "1,23", "0.3mg/L"])
def test_a_doubtful_cell_is_named_with_its_place(
    determinands: Mapping[str, Determinand], cell: str
) -> None:
    rows, rejected = read(
        csv_octets(HEAD, ["八庙沟", "2026-08-03 10:20", cell, "0.03", ""]), determinands
    )
    assert values(rows, "NH3N") == []
    assert values(rows, "TP") == [0.03]
    assert [(one.row, one.column, one.raw) for one in rejected] == [(2, "氨氮(mg/L)", cell)]
    assert "(C2)" in rejected[0].reason


def test_a_line_not_sampled_makes_no_value(determinands: Mapping[str, Determinand]) -> None:
    rows, rejected = read(
        csv_octets(HEAD, ["甲", "2026-08-03 10:20", "-1", "-1", "断流，未采样"]), determinands
    )
    assert rows == []
    assert [(one.row, one.column) for one in rejected] == [(2, None)]
    assert "断流，未采样" in rejected[0].reason


def test_minus_one_beside_a_value_is_doubtful(determinands: Mapping[str, Determinand]) -> None:
    rows, rejected = read(
        csv_octets(HEAD, ["甲", "2026-08-03 10:20", "-1", "0.03", ""]), determinands
    )
    assert values(rows, "TP") == [0.03]
    assert [(one.row, one.column) for one in rejected] == [(2, "氨氮(mg/L)")]


def test_totals_footnotes_and_repeats(determinands: Mapping[str, Determinand]) -> None:
    octets = csv_octets(
        ["2026年8月监测数据"], HEAD,
        ["甲", "2026-08-03 04:00", "0.9", "", ""], ["甲", "2026-08-03 04:00", "0.1", "0.05", ""],
        ["甲", "2026-08-03 04:00", "0.11", "0.05", "平行样"],
        ["平均值", "", "0.1", "0.05", ""], ["注：L表示低于检出限"],
    )  # fmt: skip
    rows, rejected = read(octets, determinands)
    assert [(row["determinand"], row["replicate"], row["value"]) for row in rows] == [
        ("NH3N", 0, 0.1), ("TP", 0, 0.05), ("NH3N", 1, 0.11), ("TP", 1, 0.05)
    ]  # fmt: skip
    reasons = {one.row: one.reason for one in rejected}
    assert reasons[3] == "superseded by row 4"
    assert "totals" in reasons[6]
    assert "footnote" in reasons[7]


@pytest.mark.parametrize(
    ("cell", "start"),
    [
        ("8月4日", datetime(2026, 8, 4)), ("8月4日 9:30", datetime(2026, 8, 4, 9, 30)),
        ("2026.08.04 09:30", datetime(2026, 8, 4, 9, 30)), ("2026/8/4", datetime(2026, 8, 4)),
        ("2026年8月4日9时", datetime(2026, 8, 4, 9)), ("2026-08-03 24:00", datetime(2026, 8, 4)),
        ("46237.4305555556", datetime(2026, 8, 3, 10, 20)),
    ],
)  # fmt: skip
def test_times_people_write(
    determinands: Mapping[str, Determinand], cell: str, start: datetime
) -> None:
    rows, rejected = read(
        csv_octets(["2026年8月采测分离数据"], HEAD, ["甲", cell, "0.1", "0.05", ""]), determinands
    )
    assert rejected == []
    assert rows[0]["start"] == start


@pytest.mark.parametrize(
    ("title", "cell", "reason"),
    [
        ("监测数据", "8月4日", "without its year"), ("2026年8月", "7月4日", "not in the month"),
        ("2026年8月", "昨天", "not a time"), ("2026年2月", "2月30日", "no such time"),
        ("2026年8月", "", "no time in this line"),
    ],
)  # fmt: skip
def test_a_doubtful_time_is_rejected(
    determinands: Mapping[str, Determinand], title: str, cell: str, reason: str
) -> None:
    rows, rejected = read(csv_octets([title], HEAD, ["甲", cell, "0.1", "0.05", ""]), determinands)
    assert rows == []
    assert [one.row for one in rejected] == [3]
    assert reason in rejected[0].reason


@pytest.mark.parametrize("heading", ["氨氮", "氨氮(个/L)", "氨氮(mgN)", "某指标(mg/L)"])
def test_a_unit_is_never_guessed(determinands: Mapping[str, Determinand], heading: str) -> None:
    octets = csv_octets(["断面名称", "采样时间", heading], ["甲", "2026-08-03", "0.1"])
    proposal = propose_mapping(read_grids(octets), determinands, mapping_id="t", feed="t")
    assert [(point[1]) for point in proposal.open_points] == [heading]
    assert proposal.mapping is not None
    assert proposal.mapping.sheets[0].columns[-1].role == "ignored"


def test_columns_the_mapping_does_not_know_are_told(
    determinands: Mapping[str, Determinand],
) -> None:
    mapping = proposed(csv_octets(HEAD, ["甲", "2026-08-03", "0.1", "0.05", ""]), determinands)
    other = csv_octets([*HEAD[:3], "铁(mg/L)"], ["甲", "2026-08-03 08:00", "0.1", "0.3"])
    items = list(decode([other], determinands, mapping=mapping))
    told = [(item.row, item.column) for item in items if isinstance(item, Rejected)]
    assert told == [(0, "铁(mg/L)"), (0, "总磷(mg/L)"), (0, "备注")]


def workbook(sheets: dict[str, list[list[Any]]], merges: list[tuple[Any, ...]] = []) -> bytes:  # noqa: B006
    octets = io.BytesIO()
    book = xlsxwriter.Workbook(octets, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell, day)
                elif cell != "":
                    sheet.write(number, place, cell)
        for merge in merges:
            sheet.merge_range(*merge)
    book.close()
    return octets.getvalue()


def test_merged_headings_and_stations(determinands: Mapping[str, Determinand]) -> None:
    octets = workbook(
        {
            "数据": [
                ["断面名称", "监测时间", "常规", "", "氨氮"],
                ["", "", "pH", "溶解氧", "(mg/L)"],
                ["", "", "(无量纲)", "(mg/L)", ""],
                ["甲", datetime(2026, 8, 3, 4), 8.0, 9.1, 0.1],
                ["", datetime(2026, 8, 3, 8), 8.1, 9.2, "0.025L"],
            ]
        },
        [(0, 0, 2, 0, "断面名称"), (0, 2, 0, 3, "常规"), (0, 1, 2, 1, "监测时间"), (3, 0, 4, 0, "甲"), (1, 4, 2, 4, "(mg/L)")],
    )  # fmt: skip
    rows, rejected = read(octets, determinands)
    assert rejected == []
    assert [row["site"] for row in rows] == ["甲"] * 6
    assert values(rows, "DO") == [9.1, 9.2]
    assert values(rows, "NH3N") == [0.1, 0.025]


def test_sheets_are_told_apart(determinands: Mapping[str, Determinand]) -> None:
    line = ["甲", "2026-08-03 04:00", 0.1, 0.05, ""]
    octets = workbook({"一": [HEAD, line], "二": [HEAD, ["乙", *line[1:]]], "说明": [["无数据"]]})
    rows, rejected = read(octets, determinands)
    assert rejected == []
    assert {row["site"]: row["row"] for row in rows} == {"甲": 2, "乙": 2**20 + 2}
    mapping = proposed(octets, determinands).model_copy(update={"ignored_sheets": {}})
    told = [
        one for one in decode([octets], determinands, mapping=mapping) if isinstance(one, Rejected)
    ]
    assert [(one.row, one.column) for one in told] == [(0, "说明")]


def test_html_under_the_name_of_a_workbook(determinands: Mapping[str, Determinand]) -> None:
    page = """<html><table><tr><td colspan=3>2026年8月</td></tr>
      <tr><th rowspan=2>断面名称</th><th rowspan=2>采样时间</th><th>氨氮</th></tr><tr><th>(mg/L)</th></tr>
      <tr><td rowspan=2>甲</td><td>8月3日 4:00</td><td>0.10</td></tr>
      <tr><td>8月3日 8:00</td><td>&lt;0.025</td></tr></table></html>"""
    rows, rejected = read(page.encode("gb18030"), determinands)
    assert rejected == []
    assert [(row["site"], row["value"], row["censor"]) for row in rows] == [
        ("甲", 0.1, "none"), ("甲", 0.025, "left")
    ]  # fmt: skip


def test_a_long_table_needs_its_units(determinands: Mapping[str, Determinand]) -> None:
    head = ["设备名称", "监测时间", "监测因子", "监测值"]
    octets = csv_octets(
        head, ["甲", "2026/7/7 0:00", "氨氮", "267"], ["甲", "2026/7/7 0:00", "高指", "5.2"]
    )
    proposal = propose_mapping(read_grids(octets), determinands, mapping_id="t", feed="t")
    assert len(proposal.open_points) == 2
    rows, rejected = read(octets, determinands)
    assert rows == []
    assert [one.row for one in rejected] == [2, 3]
    factors = WorkbookMapping.model_validate(
        {
            **proposed(octets, determinands).model_dump(),
            "factors": {"氨氮": {"determinand": "NH3N", "unit": "ug/L"}},
        }
    ).factors
    rows, rejected = read(octets, determinands, factors=factors)
    assert values(rows, "NH3N") == [pytest.approx(0.267)]
    assert [one.row for one in rejected] == [3]


def test_recognised_months_name_their_document(determinands: Mapping[str, Determinand]) -> None:
    octets = csv_octets(["断面名称", "月份", "氨氮(mg/L)"], ["甲", "2026年8月", "0.12"])
    columns = proposed(octets, determinands).sheets
    with pytest.raises(ValueError, match="name the document"):
        WorkbookMapping(
            id="t", title_zh="t", feed="t", source="t", confidence="verified", programme="recognised", statistic="mean",
            interval="month", sheets=columns,
        )  # fmt: skip
    rows, rejected = read(
        octets, determinands, programme="recognised", statistic="mean", interval="month"
    )
    assert rejected == []
    assert (rows[0]["duration_s"], rows[0]["start"]) == (31 * 86_400, datetime(2026, 8, 1))


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "empty"), (b"PK\x03\x04 no archive at all", "damaged"),
        (b"\xff\xfe\x00", "not text in utf-16"), (b"a\x00b,c", "NUL"), (b"\x81\xff,1", "gb18030"),
    ],
)  # fmt: skip
def test_what_is_no_spreadsheet_is_refused(octets: bytes, reason: str) -> None:
    with pytest.raises(SourceRefused, match=reason):
        list(read_grids(octets))


def test_encodings() -> None:
    text = "㳇河,氨氮"
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        assert read_text(text.encode(encoding))[0] == text


def test_a_mapping_says_enough() -> None:
    with pytest.raises(ValueError, match="never guessed"):
        ColumnMapping(heading="氨氮", role="value", determinand="NH3N")
    with pytest.raises(ValueError, match="no column of the time"):
        SheetMapping(columns=(ColumnMapping(heading="断面名称", role="site"),))


_CELL = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12), st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["0.025L", "未检出", "-1", "8月4日", "2026-08-03", "平均值", "注：", "<", "(T)", "1,000"]),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(st.lists(_CELL, min_size=5, max_size=5), max_size=8))
def test_every_line_is_accounted_for(
    determinands: Mapping[str, Determinand], lines: list[list[str]]
) -> None:
    mapping = proposed(csv_octets(HEAD), determinands)
    grid_rows: list[list[Any]] = [list(HEAD), *[list(line) for line in lines]]
    octets = io.StringIO()
    csv.writer(octets).writerows(grid_rows)
    items = list(decode([octets.getvalue().encode()], determinands, mapping=mapping))
    told = {item.row for item in items if isinstance(item, Rejected) and item.column is None}
    made = {
        int(row) for item in items if isinstance(item, Batch) for row in item.observations["row"]
    }
    filled = {number for number, line in enumerate(lines, start=2) if any(line)}
    read_back = next(iter(read_grids(octets.getvalue().encode()))).rows
    if len(read_back) == len(lines) + 1:  # a cell with a line break is still one line of the grid
        assert told | made == filled | (told & {0}) | (made & {0})
    assert not told & made


@settings(max_examples=200, deadline=None)
@given(octets=st.binary(max_size=200))
def test_no_octets_raise_anything_unexpected(
    determinands: Mapping[str, Determinand], octets: bytes
) -> None:
    mapping = proposed(csv_octets(HEAD), determinands)
    try:
        list(decode([octets], determinands, mapping=mapping))
    except EcomonError as error:
        assert str(error)


def test_a_head_is_found_below_titles() -> None:
    head = find_head(Grid("s", [["2026年8月汇总表"], ["填报单位"], list(HEAD), ["甲"]]))
    assert head is not None
    assert (head.first, head.year, head.month) == (2, 2026, 8)


@pytest.mark.parametrize(
    "head",
    [
        [["断面名称", "采样时间", "氨氮", "锑"], ["", "", "(mg/L)", "(μg/L)"]],
        [["断面名称", "采样时间", "氨氮", "锑"], ["-", "-", "mg/L", "μg/L"]],
        [["断面名称", "采样时间", "氨氮", "锑"], ["单位", "", "mg/L", "ug/L"]],
        [["*监测断面名称", "*采样时间(北京时间)", "氨氮 mg/L", "锑μg/L"]],
        [["断 面 名 称", "采 样 时 间", "氨 氮（mg/L）", "锑，ug/L"]],
        [["考核断面", "监测时间", "氨氮/(mg/L)", "锑[μg/L]"]],
    ],
)
def test_headings_of_every_kind_give_their_units(
    determinands: Mapping[str, Determinand], head: list[list[str]]
) -> None:
    rows, rejected = read(
        csv_octets(*head, ["八庙沟", "2026-08-03 10:20", "0.11", "3"]), determinands
    )
    assert rejected == []
    assert [(row["determinand"], row["value"], row["unit"]) for row in rows] == [
        ("NH3N", 0.11, "mg/L"), ("SB", 0.003, "mg/L")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "heading", ["氨氮", "氨氮(-)", "氨氮 -", "氨氮(NTU)", "氨氮 1", "氨氮(mg)", "氨氮 mg/L 均值"]
)
def test_a_unit_that_is_not_given_is_never_guessed(
    determinands: Mapping[str, Determinand], heading: str
) -> None:
    octets = csv_octets(["断面名称", "采样时间", heading], ["八庙沟", "2026-08-03 10:20", "0.11"])
    proposal = propose_mapping(read_grids(octets), determinands, mapping_id="t", feed="t")
    assert proposal.mapping is not None
    (column,) = [one for one in proposal.mapping.sheets[0].columns if one.heading == heading]
    assert column.role == "ignored"
    assert [point[1] for point in proposal.open_points] == [heading]


@pytest.mark.parametrize(
    ("cell", "flag"),
    [
        ("0.02（L）", "L"),
        ("0.02(ND)", "ND"),
        ("0.02（未检出）", "未检出"),
        ("<0.02L", None),
        ("＜0.02L", None),
    ],
)
def test_a_limit_said_in_brackets_or_twice_is_no_value(
    determinands: Mapping[str, Determinand], cell: str, flag: str | None
) -> None:
    rows, rejected = read(
        csv_octets(HEAD, ["八庙沟", "2026-08-03 10:20", cell, "0.03", ""]), determinands
    )
    assert rejected == []
    own = next(row for row in rows if row["determinand"] == "NH3N")
    assert (own["value"], own["censor"]) == (0.02, "left")
    assert (own["source_flag"] if isinstance(own["source_flag"], str) else None) == flag


@pytest.mark.parametrize("cell", ["断流(干涸)", "停测", "结冰"])
def test_why_there_is_no_number_is_kept(determinands: Mapping[str, Determinand], cell: str) -> None:
    rows, _ = read(csv_octets(HEAD, ["甲", "2026-08-03 10:20", cell, "0.03", ""]), determinands)
    own = next(row for row in rows if row["determinand"] == "NH3N")
    assert own["value"] != own["value"]
    assert own["source_flag"].replace("; ", "(") in cell


@pytest.mark.parametrize(
    ("time", "start"),
    [
        ("2026-08-03T10:20:00+08:00", datetime(2026, 8, 3, 10, 20)),
        ("20260803", datetime(2026, 8, 3)), ("202608031020", datetime(2026, 8, 3, 10, 20)),
        ("20260803 10:20", datetime(2026, 8, 3, 10, 20)), ("2026-8-3 9时", datetime(2026, 8, 3, 9)),
        ("2026-08-03T10:20:00+00:00", None), ("20261303", None), ("8/3/2026", None),
    ],
)  # fmt: skip
def test_times_programs_write(
    determinands: Mapping[str, Determinand], time: str, start: datetime | None
) -> None:
    rows, rejected = read(csv_octets(HEAD, ["八庙沟", time, "0.1", "0.03", ""]), determinands)
    assert {row["start"].to_pydatetime() for row in rows} == ({start} if start else set())
    assert bool(rejected) == (start is None)


def test_a_column_of_months_is_proposed_as_means_of_months(
    determinands: Mapping[str, Determinand],
) -> None:
    octets = csv_octets(["断面名称", "监测月份", "氨氮(mg/L)"], ["八庙沟", "2026年8月", "0.11"])
    mapping = proposed(octets, determinands)
    assert (mapping.interval, mapping.statistic, mapping.is_reviewed) == ("month", "mean", False)
    ((start, duration_s),) = [
        (row["start"], row["duration_s"]) for row in read(octets, determinands)[0]
    ]
    assert (start, duration_s) == (datetime(2026, 8, 1), 31 * 86400)


junk = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["断面名称", "采样时间", "氨氮(mg/L)", "总磷", "mg/L", "(mg/L)", "-", "单位", "监测因子", "监测值", "标识",
         "0.1", "0.02L", "＜0.1", "2026-08-03", "8月3日", "平均值", "注：", "平行样", "-1", "姚渡"]
    ),
)  # fmt: skip


@settings(max_examples=150)
@given(
    rows=st.lists(st.lists(junk, min_size=1, max_size=7), min_size=1, max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_headings_and_cells_of_junk_never_raise_and_no_unit_comes_from_nowhere(
    determinands: Mapping[str, Determinand], rows: list[list[str]], encoding: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    octets = out.getvalue().encode(encoding, "replace")
    try:
        grids = list(read_grids(octets))
        proposal = propose_mapping(grids, determinands, mapping_id="t", feed="t")
    except SourceRefused:
        return
    if proposal.mapping is None:
        return
    said = "".join(str(cell) for row in grids[0].rows for cell in row)
    for column in proposal.mapping.sheets[0].columns:
        assert column.unit in (None, "1") or column.unit in said.replace(" ", "")
    try:
        items = list(decode([octets], determinands, mapping=proposal.mapping))
    except SourceRefused:
        return
    head = find_head(grids[0])
    assert head is not None
    told = {int(row) for one in items if isinstance(one, Batch) for row in one.observations["row"]}
    told |= {one.row for one in items if isinstance(one, Rejected)}
    for number, cells in enumerate(grids[0].rows[head.last + 1 :], head.last + 2):
        assert number in told or all(str(cell).strip() == "" for cell in cells)
