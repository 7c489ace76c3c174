"""The head of a sheet: titles, a heading of one to several rows, and where the data begin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ecomon.decode.cells import narrow
from ecomon.decode.workbook.grid import Cell, Grid
from ecomon.errors import UnitMismatch
from ecomon.model.quantity import unit_symbol

SEARCHED_ROWS = 40
"""A heading stands within the first rows of a sheet."""

JOIN = " / "
SITE_WORDS = frozenset(
    {"断面名称", "断面", "站点名称", "站点", "站名", "测站", "点位名称", "点位", "设备名称", "水站名称", "监测断面",
     "监测断面名称", "考核断面", "考核断面名称", "测站名称", "监测点位", "监测点位名称", "水站"}
)  # fmt: skip
CODE_WORDS = frozenset(
    {"断面编码", "断面代码", "站点编码", "站码", "测站编码", "点位编码", "断面编号"}
)
TIME_WORDS = frozenset(
    {"监测时间", "采样时间", "采样日期", "监测日期", "时间", "日期", "数据时间", "月份", "监测月份"}
)
MONTH_WORDS = frozenset({"月份", "监测月份"})
FACTOR_WORDS = frozenset({"监测因子", "因子", "监测项目", "项目", "指标", "监测指标"})
VALUE_WORDS = frozenset({"监测值", "数值", "值", "浓度", "结果", "监测结果"})
FLAG_WORDS = frozenset({"标识", "标记", "审核状态", "数据标识", "状态", "标志"})
NOTE_WORDS = frozenset({"备注", "说明", "备 注"})
NUMBER_WORDS = frozenset({"序号", "编号", "No", "No."})
UNIT_FILLERS = frozenset({"-", "--", "—", "——", "/", "单位", "计量单位"})
"""What stands in a row of units under a column that has none."""
_REMARK = re.compile(r"[(\[（][^()\[\]（）]*[)\]）]$")
_YEAR = re.compile(r"(?<!\d)((?:19|20|21)\d{2})\s*年(?:\s*(\d{1,2})\s*月)?")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one sheet.

    Attributes
    ----------
    titles : tuple of str
        Texts above the heading.
    first, last : int
        Rows of the heading, 0-based, inclusive.
    headings : tuple of str
        One a column: the parts of its heading from top to bottom, joined by `` / ``.
    year, month : int or None
        Of the titles, where exactly one year stands in them.
    """

    titles: tuple[str, ...]
    first: int
    last: int
    headings: tuple[str, ...]
    year: int | None
    month: int | None


def text_of(cell: Cell) -> str:
    """A cell of words as text, outer and repeated space removed, full-width ASCII narrowed."""
    text = cell if isinstance(cell, str) else str(cell)
    if text.isascii() and " " not in text:
        return text.strip()
    return " ".join(narrow(text).split())


def structure_word(heading: str) -> str:
    """A heading of sites, times or factors without space, ``*`` and a remark: ``*采样时间(北京时间)``."""
    word = "".join(heading.split()).strip("*:：")
    return _REMARK.sub("", word) or word


def is_unit(text: str) -> bool:
    """Whether a text is a unit as sources spell it and no mark for none."""
    if not text or text in UNIT_FILLERS or text.isdecimal():
        return False
    try:
        unit_symbol(text)
    except UnitMismatch:
        return False
    return True


def find_head(grid: Grid) -> Head | None:
    """The head of a sheet; None where no row looks like a heading of readings."""
    for number, row in enumerate(grid.rows[:SEARCHED_ROWS]):
        words = {structure_word(text_of(cell)) for cell in row}
        if words & TIME_WORDS and words & (SITE_WORDS | CODE_WORDS):
            return _head_from(grid, number)
    return None


def _head_from(grid: Grid, first: int) -> Head:
    last = first
    for (top, _), (bottom, _right) in grid.merged:
        if top == first:
            last = max(last, bottom)
    while last + 1 < len(grid.rows) and _continues(grid.rows[last + 1], grid.rows[first]):
        last += 1
    filled = _filled(grid, first, last)
    width = max(len(row) for row in filled)
    headings: list[str] = []
    for column in range(width):
        parts: list[str] = []
        for row in filled:
            part = text_of(row[column]) if column < len(row) else ""
            if part in UNIT_FILLERS and parts:
                continue
            if part and (not parts or parts[-1] != part):
                parts.append(part)
        headings.append(JOIN.join(parts))
    titles = tuple(text_of(cell) for row in grid.rows[:first] for cell in row if text_of(cell))
    years = {found.groups() for title in titles for found in _YEAR.finditer(title)}
    year, month = years.pop() if len(years) == 1 else (None, None)
    return Head(
        titles, first, last, _told_apart(headings),
        int(year) if year else None, int(month) if month else None,
    )  # fmt: skip


def _continues(row: Sequence[Cell], first: Sequence[Cell]) -> bool:
    """A row of units below the heading: nothing but units, bracketed or bare, under names."""
    texts = [text_of(cell) for cell in row]
    names = [text_of(cell) for cell in first]
    said = [at for at, text in enumerate(texts) if text and text not in UNIT_FILLERS]
    return bool(said) and all(
        is_unit(_bare_unit(texts[at])) and at < len(names) and _lacks_unit(names[at]) for at in said
    )


def _lacks_unit(name: str) -> bool:
    """A heading that can have its unit below: it has none itself and names no site, time or note."""
    structure = SITE_WORDS | CODE_WORDS | TIME_WORDS | FACTOR_WORDS | NOTE_WORDS | NUMBER_WORDS
    is_open = bool(name) and not name.endswith((")", "）", "]"))
    return is_open and structure_word(name) not in structure


def _bare_unit(text: str) -> str:
    found = re.fullmatch(r"[(\[（]([^()]+)[)\]）]", text)
    return text if found is None else found[1].strip()


def _filled(grid: Grid, first: int, last: int) -> list[list[Cell]]:
    """The rows of the heading with every merged range filled with its text."""
    rows = [list(row) for row in grid.rows[first : last + 1]]
    for (top, left), (bottom, right) in grid.merged:
        if top < first or bottom > last:
            continue
        text = rows[top - first][left]
        for row in range(top, bottom + 1):
            cells = rows[row - first]
            cells.extend([""] * (right + 1 - len(cells)))
            for column in range(left, right + 1):
                cells[column] = text
    return rows


def _told_apart(headings: Sequence[str]) -> tuple[str, ...]:
    """Headings that stand twice get their number, so that each column has a name of its own."""
    seen: dict[str, int] = {}
    told: list[str] = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        told.append(f"{heading} #{seen[heading]}" if heading and seen[heading] > 1 else heading)
    return tuple(told)
