"""Workbooks in memory: the same look for all, and the same octets for the same input."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ecomon.publish.wording import Words

_LINE_POINTS = 15.5
"""Height of one line of text."""

Cell = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading, width in characters, Excel number format ("" for text)."""

    words: Words
    width: float
    number: str = ""

    def of(self, what: Words) -> Column:
        """The same column, its heading saying of what it is."""
        words = Words(f"{what.zh} {self.words.zh}", f"{self.words.en}, {what.en}")
        return Column(words, self.width, self.number)


@dataclass(frozen=True, slots=True)
class Styles:
    """Formats of one workbook."""

    title: Format
    mark: Format
    head: Format
    text: Format
    label: Format
    faint: Format
    numbers: Callable[[str], Format]


def write_workbook(fill: Callable[[Workbook, Styles], None], *, created: datetime, title: str) -> bytes:  # fmt: skip
    """Octets of a workbook that ``fill`` writes into.

    ``created`` stands in its properties: a moment of the data, never of the clock, so that the
    octets are the same whenever they are made.
    """
    out = BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:  # fmt: skip
        book.set_properties({"title": title, "author": "ecomon", "created": created})
        fill(book, _styles(book))
    return out.getvalue()


def _styles(book: Workbook) -> Styles:
    face = {"font_name": "SimSun", "font_size": 10.5, "valign": "vcenter"}
    made: dict[str, Format] = {}

    def number(code: str) -> Format:
        if code not in made:
            made[code] = book.add_format({**face, "num_format": code, "border": 1, "border_color": "#C9D3DB"})  # fmt: skip
        return made[code]

    return Styles(
        title=book.add_format({**face, "font_size": 16, "bold": True, "font_color": "#0F3A5F"}),
        mark=book.add_format({**face, "bold": True, "font_color": "#7A4B00", "bg_color": "#FFE28A"}),
        head=book.add_format({**face, "bold": True, "bg_color": "#DCE8F1", "border": 1,
                              "border_color": "#9FB6C8", "text_wrap": True, "align": "center"}),
        text=book.add_format({**face, "border": 1, "border_color": "#C9D3DB", "text_wrap": True}),
        label=book.add_format({**face, "bold": True, "border": 1, "border_color": "#C9D3DB",
                               "bg_color": "#F3F6F8", "text_wrap": True}),
        faint=book.add_format({**face, "border": 1, "border_color": "#C9D3DB", "text_wrap": True,
                               "font_color": "#8A5600", "italic": True}),
        numbers=number,
    )  # fmt: skip


def head_lines(
    sheet: Worksheet, styles: Styles, title: Words, marks: Sequence[Words], n_columns: int
) -> int:
    """Title and, where there are marks, the band below it. Returns the next free row."""
    sheet.set_row(0, 27)
    sheet.write_string(0, 0, f"{title.zh}  {title.en}", styles.title)
    if not marks:
        return 2
    text = "　·　".join(str(mark) for mark in marks)
    sheet.write_string(1, 0, text, styles.mark)
    for column in range(1, n_columns):
        sheet.write_blank(1, column, None, styles.mark)
    return 3


def write_table(
    sheet: Worksheet,
    styles: Styles,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    top: int,
) -> int:
    """Headings and rows from row ``top`` on, as high as their text; text in a number's column is
    set faint.

    Returns the row after the last.
    """
    sheet.set_row(top, _LINE_POINTS * max((_head_lines(column) for column in columns), default=3))
    for index, column in enumerate(columns):
        sheet.write_string(top, index, f"{column.words.zh}\n{column.words.en}", styles.head)
    row = top
    for row, cells in enumerate(rows, start=top + 1):
        for index, (column, cell) in enumerate(zip(columns, cells, strict=True)):
            _write(sheet, styles, (row, index), column, cell)
        texts = zip(cells, (column.width for column in columns), strict=True)
        raise_row(sheet, row, [(text, width) for text, width in texts if isinstance(text, str)])
    return row + 1


def raise_row(sheet: Worksheet, row: int, texts: Iterable[tuple[str, float]]) -> None:
    """Make a row as high as its texts need at the widths of their columns, their own breaks kept."""
    n_lines = max((_count_lines(text, width) for text, width in texts), default=1)
    if n_lines > 1:
        sheet.set_row(row, _LINE_POINTS * n_lines)


def _count_lines(text: str, width: float) -> int:
    widths = (len(line.encode("gb18030", "replace")) for line in text.split("\n"))
    return sum(max(1, math.ceil(one / width)) for one in widths)


def _head_lines(column: Column) -> int:
    """Lines that a heading needs at its column's width, three at least; Chinese is twice as wide."""
    shares = (2 * len(column.words.zh) / column.width, len(column.words.en) / column.width)
    return max(3, sum(math.ceil(share) for share in shares))


def _write(
    sheet: Worksheet, styles: Styles, at: tuple[int, int], column: Column, cell: Cell
) -> None:
    if cell is None:
        sheet.write_blank(*at, None, styles.text)
    elif isinstance(cell, str):
        sheet.write_string(*at, cell, styles.faint if column.number else styles.text)
    else:
        sheet.write_number(*at, float(cell), styles.numbers(column.number or "General"))


def set_widths(sheet: Worksheet, columns: Sequence[Column]) -> None:
    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width)


def write_notes(
    sheet: Worksheet, styles: Styles, rows: Iterable[tuple[Words, str]], *, top: int
) -> int:
    """Label and value, one a row; wide enough to be read. Returns the next free row."""
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 92)
    row = top
    for words, value in rows:
        sheet.write_string(row, 0, f"{words.zh}\n{words.en}", styles.label)
        sheet.write_string(row, 1, value, styles.text)
        sheet.set_row(row, 30 + 15 * (len(value.encode("gb18030", "replace")) // 100))
        row += 1
    return row


def for_print(sheet: Worksheet, *, repeat: int | None = None) -> None:
    """A4, one page wide, headings on each page, page number below."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C— &P / &N —")
    sheet.hide_gridlines(2)
    if repeat is not None:
        sheet.repeat_rows(0, repeat)
