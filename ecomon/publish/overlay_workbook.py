"""The site's own facts as a workbook to be edited: a sheet a kind, shipped values beside the own ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ecomon.model.fact_sheet import (
    GAP,
    NO,
    NOT_READ,
    SHEETS,
    STATES,
    WITHDRAW,
    YES,
    FactColumn,
    FactRow,
    FactSheet,
    base_text,
    column_heading,
    fixed_heading,
    shipped_heading,
)
from ecomon.publish.sheet import (
    Styles,
    for_print,
    head_lines,
    raise_row,
    write_notes,
    write_workbook,
)
from ecomon.publish.wording import Words

SPARE_ROWS = 200
"""Empty lines below the facts that the lists of choice cover."""

_TITLE = Words("本地事实", "The site's own facts")
_CREATED = datetime(2026, 1, 1)
_NUMBERS = ("number", "whole")
_NOTES: tuple[tuple[Words, str], ...] = (
    (Words("怎样填写", "How to fill it in"),
     "白底列是本单位自己的值，灰底“出厂”列是随软件发布的值，只供对照，不读取。只填要改的格。"
     " White columns are your own values; grey ones are shipped and not read. Fill in only what changes."),
    (Words("空格", "Empty cells"),
     "空格不改变任何内容，已有的本地值保留；清空一整行会在试读时提示。"
     " An empty cell changes nothing; a row that was emptied is named by the dry run."),
    (Words("撤销", "Withdraw"),
     f"要取消本地值、恢复出厂值，在该格或该行“操作”列填“{WITHDRAW}”。"
     f" To take an own value back, write {WITHDRAW} in its cell, or in the column 操作 of the row."),
    (Words("出处与可信度", "Source and confidence"),
     "有改动的行必须填出处（文件、表号）和可信度：verified 已核实、secondary 二手来源、unverified 待核实。"
     " A row that changes anything states its source and confidence."),
    (Words("生效日与失效日", "Validity"),
     "日期如 2026-01-31，生效日当天起、失效日前一天止。新增事实不填生效日，则从导入时给定的生效日起；"
     "原有事实到那一天为止，历史不改。 Days as 2026-01-31, from inclusive, to exclusive. A new fact without"
     " one begins on the effective date of the import, and the fact before it ends there."),
    (Words("新增", "New ones"),
     "在表尾加行，编号用小写拼音、数字和连字符。同一断面的第二个目标或名称，加一行并重复编号。"
     " Add rows below; ids are lower-case letters, digits and hyphens. Repeat the id for a further target or name."),
    (Words("缺", "Missing"),
     f"标“{GAP}”处没有任何值，不会按达标或零处理。 Where {GAP} stands nothing is known; it is never taken for"
     " compliance or zero."),
    (Words("然后", "Then"),
     "ecomon registry import-overlay 文件.xlsx（试读，列出全部变化，不写入）；"
     "--propose --effective-from 日期（提交，监测人员）；--apply --effective-from 日期（批准并写入，另一人）。"
     " Dry run, then proposed by one person, approved by another."),
)  # fmt: skip


def overlay_workbook(
    rows: Mapping[str, Sequence[FactRow]],
    choices: Mapping[str, Sequence[str]],
    *,
    rule_set: str,
) -> bytes:
    """Octets of the workbook.

    Parameters
    ----------
    rows : mapping
        The rows of each sheet of :data:`ecomon.model.fact_sheet.SHEETS` by its Chinese name.
    choices : mapping
        Ids that may be chosen, by the kind that a column refers to.
    rule_set : str
        Hash of the facts it was made of; it stands among the notes.

    Returns
    -------
    bytes
        The same for the same input. ``decode.overlay_workbook`` reads it back.
    """

    def fill(book: Workbook, styles: Styles) -> None:
        looks = _Looks(book, styles)
        notes = book.add_worksheet(NOT_READ[0])
        top = head_lines(notes, styles, _TITLE, (), 2)
        made_of = (Words("规则集", "Rule set"), rule_set)
        write_notes(notes, styles, (*_NOTES, made_of), top=top)
        for_print(notes)
        lists = _list_ranges(choices)
        for sheet in SHEETS:
            _write_sheet(book, looks, sheet, rows.get(sheet.zh, ()), lists)
        _write_lists(book.add_worksheet(NOT_READ[1]), styles, choices)

    return write_workbook(fill, created=_CREATED, title=str(_TITLE))


_ITEMS_WIDTH = 60


class _Looks:
    """Formats of the cells of a sheet of facts."""

    def __init__(self, book: Workbook, styles: Styles) -> None:
        face = {"font_name": "SimSun", "font_size": 10.5, "valign": "vcenter", "border": 1,
                "border_color": "#C9D3DB", "text_wrap": True}  # fmt: skip
        grey = {**face, "bg_color": "#EEF1F3", "font_color": "#5B6770"}
        self.styles = styles
        self.own = book.add_format({**face, "num_format": "@"})
        self.number = book.add_format(face)
        self.shipped = book.add_format(grey)
        self.gap = book.add_format({**grey, "bold": True, "font_color": "#9C2A00"})
        self.shipped_head = book.add_format({**grey, "bold": True, "align": "center"})


def _write_sheet(
    book: Workbook,
    looks: _Looks,
    sheet: FactSheet,
    rows: Sequence[FactRow],
    lists: Mapping[str, str],
) -> None:
    target = book.add_worksheet(sheet.zh)
    head = head_lines(target, looks.styles, Words(sheet.zh, sheet.en), (), 3)
    places = _write_heading(target, looks, sheet, head)
    for at, row in enumerate(rows, head + 1):
        _write_row(target, looks, sheet, places, at, row)
    last = head + len(rows) + SPARE_ROWS
    for column in sheet.columns:
        place = places[column.field]
        target.set_column(place, place, column.width, _look_of(column, looks))
        _offer(target, column, (head + 1, last, place), lists)
    rule = {"validate": "list", "source": [WITHDRAW]}
    target.data_validation(head + 1, places["act"], last, places["act"], rule)
    target.freeze_panes(head + 1, 2)
    for_print(target, repeat=head)


def _look_of(column: FactColumn, looks: _Looks) -> Format:
    return looks.number if column.form in _NUMBERS else looks.own


def _write_heading(target: Worksheet, looks: _Looks, sheet: FactSheet, row: int) -> dict[str, int]:
    """Write the headings; the place of each column, shipped ones under ``shipped FIELD``."""
    names = ["id", "name", "state", "act", "base"]
    places = {name: at for at, name in enumerate(names)}
    for name, at in places.items():
        target.write_string(row, at, fixed_heading(name), looks.styles.head)
    target.set_column(0, 1, 20)
    target.set_column(2, 2, 10)
    target.set_column(3, 3, 10, looks.own)
    target.set_column(4, 4, 10, None, {"hidden": True})
    at = len(names)
    for column in sheet.columns:
        target.write_string(row, at, column_heading(column), looks.styles.head)
        places[column.field] = at
        at += 1
        if sheet.items is None:
            target.write_string(row, at, shipped_heading(column.field), looks.shipped_head)
            target.set_column(at, at, _shipped_width(column))
            places[shipped_heading(column.field)] = at
            at += 1
    if sheet.items is not None:
        target.write_string(row, at, shipped_heading(sheet.items), looks.shipped_head)
        target.set_column(at, at, _ITEMS_WIDTH)
        places[shipped_heading(sheet.items)] = at
    target.set_row(row, 48)
    return places


def _write_row(
    target: Worksheet,
    looks: _Looks,
    sheet: FactSheet,
    places: Mapping[str, int],
    at: int,
    row: FactRow,
) -> None:
    target.write_string(at, places["id"], row.id, looks.own)
    target.write_string(at, places["name"], row.name, looks.shipped)
    look = looks.gap if row.state == "gap" else looks.shipped
    target.write_string(at, places["state"], STATES[row.state], look)
    target.write_string(at, places["base"], base_text(row), looks.shipped)
    for column in sheet.columns:
        text = row.own.get(column.field, "")
        if text and column.form in _NUMBERS:
            target.write_number(at, places[column.field], float(text), looks.number)
        elif text:
            target.write_string(at, places[column.field], text, looks.own)
        if sheet.items is None:
            is_gap = not text and column.field not in row.shipped
            _write_shipped(
                target, looks, (at, places[shipped_heading(column.field)]),
                row.shipped.get(column.field, ""), is_gap,
            )  # fmt: skip
    if sheet.items is not None:
        place = (at, places[shipped_heading(sheet.items)])
        _write_shipped(target, looks, place, row.shipped.get(sheet.items, ""), row.state == "gap")
    raise_row(target, at, _texts_of(sheet, row))


def _texts_of(sheet: FactSheet, row: FactRow) -> Iterator[tuple[str, float]]:
    """The texts of a row and the widths they stand in."""
    for column in sheet.columns:
        yield row.own.get(column.field, ""), column.width
        if sheet.items is None:
            yield row.shipped.get(column.field, ""), _shipped_width(column)
    if sheet.items is not None:
        yield row.shipped.get(sheet.items, ""), _ITEMS_WIDTH


def _shipped_width(column: FactColumn) -> float:
    return min(column.width, 20)


def _write_shipped(
    target: Worksheet, looks: _Looks, at: tuple[int, int], text: str, is_gap: bool
) -> None:
    if text:
        target.write_string(*at, text, looks.shipped)
    elif is_gap:
        target.write_string(*at, GAP, looks.gap)


def _offer(
    target: Worksheet,
    column: FactColumn,
    at: tuple[int, int, int],
    lists: Mapping[str, str],
) -> None:
    """A list of choice, or the form of a day or number; what is not in it may still be written."""
    first, last, place = at
    rule: dict[str, object] = {}
    if column.choices:
        rule = {"validate": "list", "source": list(column.choices)}
    elif column.form == "flag":
        rule = {"validate": "list", "source": [YES, NO]}
    elif column.refers is not None and column.refers in lists:
        rule = {"validate": "list", "source": lists[column.refers]}
    if rule:
        told = {"error_type": "warning", "error_title": "不在列表 not in the list",
                "error_message": f"{WITHDRAW} 可填 may be written: {column.expected}"[:255]}  # fmt: skip
        target.data_validation(first, place, last, place, rule | told)


def _list_ranges(choices: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        kind: f"={NOT_READ[1]}!${xl_col_to_name(at)}$2:${xl_col_to_name(at)}${len(ids) + 1}"
        for at, (kind, ids) in enumerate(sorted(choices.items()))
        if ids
    }


def _write_lists(target: Worksheet, styles: Styles, choices: Mapping[str, Sequence[str]]) -> None:
    for at, (kind, ids) in enumerate(sorted(choices.items())):
        target.write_string(0, at, kind, styles.head)
        for row, text in enumerate(ids, 1):
            target.write_string(row, at, text, styles.text)
        target.set_column(at, at, 22)
