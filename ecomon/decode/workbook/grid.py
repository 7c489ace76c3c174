"""Octets of a spreadsheet, whatever it calls itself, as grids of cells."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from html.parser import HTMLParser

from python_calamine import CalamineError, CalamineWorkbook

from ecomon.errors import SourceRefused

Cell = str | float | int | bool | datetime | date | time | timedelta
Span = tuple[tuple[int, int], tuple[int, int]]

UNPACKED_BYTES = 1 << 30
"""A workbook that unpacks to more is refused: its cells would not fit in memory."""

CELLS = 20_000_000
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(slots=True)
class Grid:
    """One sheet: rows of cells as they stand (row 0 is row 1 of the sheet), blank cells ``""``.

    ``merged`` holds first and last (row, column) of each merged range; only its first cell has text.
    """

    name: str
    rows: list[list[Cell]]
    merged: list[Span] = field(default_factory=list[Span])
    quirks: dict[str, int] = field(default_factory=dict[str, int])


def read_grids(octets: bytes) -> Iterator[Grid]:
    """The sheets of a file, by what its octets are and not by its name.

    Raises
    ------
    SourceRefused
        for no octets, a damaged or encrypted workbook, one that unpacks to more than a gibibyte,
        or text in no known encoding.
    """
    if not octets.strip():
        raise SourceRefused("the file is empty")
    if octets.startswith((_ZIP, _OLE)):
        yield from _read_workbook(octets)
        return
    text, encoding = read_text(octets)
    quirks = {} if encoding in ("utf-8", "utf-8-sig") else {f"encoding {encoding}": 1}
    if "<table" in text[:100_000].lower():
        yield from _read_html(text, {**quirks, "HTML under the name of a workbook": 1})
        return
    yield Grid("", _read_delimited(text), quirks=quirks)


def _read_workbook(octets: bytes) -> Iterator[Grid]:
    if octets.startswith(_ZIP):
        _refuse_bomb(octets)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(octets))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.height * sheet.width > CELLS:
                raise SourceRefused(f"sheet {name}: {sheet.height} x {sheet.width} cells")
            rows = sheet.to_python(skip_empty_area=False)
            yield Grid(name, rows, list(sheet.merged_cell_ranges or ()))
    except CalamineError as wrong:
        raise SourceRefused(f"no workbook that can be read: {wrong}") from None


def _refuse_bomb(octets: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as wrong:
        raise SourceRefused(f"a damaged workbook: {wrong}") from None
    if unpacked > UNPACKED_BYTES:
        raise SourceRefused(f"the workbook unpacks to {unpacked} octets; at most {UNPACKED_BYTES}")


def read_text(octets: bytes) -> tuple[str, str]:
    """Text and the encoding it was in: by its mark, else UTF-8, else GB18030 (GB 18030-2022).

    Raises
    ------
    SourceRefused
        naming the first octet that no encoding explains.
    """
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")
    ):  # fmt: skip
        if octets.startswith(mark):
            return _decoded(octets, encoding), encoding
    is_utf8 = True
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        is_utf8 = False
    encoding = "utf-8" if is_utf8 else "gb18030"
    return _decoded(octets, encoding), encoding


def _decoded(octets: bytes, encoding: str) -> str:
    try:
        text = octets.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise SourceRefused(f"not text in {encoding}: octet {wrong.start}") from None
    if "\x00" in text:
        raise SourceRefused(f"not text: a NUL at character {text.index(chr(0))}")
    return text


def _read_delimited(text: str) -> list[list[Cell]]:
    head = text[:10_000]
    delimiter = max("\t,;", key=head.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [list(line) for line in lines]
    except csv.Error as wrong:
        raise SourceRefused(f"line {lines.line_num}: {wrong}") from None


class _Tables(HTMLParser):
    """Cells of the tables of a page; spans are kept as merged ranges, their other cells blank."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.grids: list[Grid] = []
        self._at: tuple[int, int] | None = None  # of the open cell
        self._text: list[str] = []
        self._taken: set[tuple[int, int]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.grids.append(Grid(f"table {len(self.grids) + 1}", []))
            self._taken = set()
        elif tag == "tr" and self.grids:
            self._close()
            self.grids[-1].rows.append([])
        elif tag in ("td", "th") and self.grids and self.grids[-1].rows:
            self._close()
            self._open(dict(attrs))
        elif tag == "br" and self._at is not None:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()

    def handle_data(self, data: str) -> None:
        if self._at is not None:
            self._text.append(data)

    def _open(self, attributes: dict[str, str | None]) -> None:
        grid = self.grids[-1]
        row, column = len(grid.rows) - 1, 0
        while (row, column) in self._taken:
            column += 1
        spans = [_whole(attributes.get(name)) for name in ("rowspan", "colspan")]
        last = (row + spans[0] - 1, column + spans[1] - 1)
        self._taken.update(
            (r, c) for r in range(row, last[0] + 1) for c in range(column, last[1] + 1)
        )
        if last != (row, column):
            grid.merged.append(((row, column), last))
        self._at, self._text = (row, column), []

    def _close(self) -> None:
        if self._at is None:
            return
        row, column = self._at
        cells = self.grids[-1].rows[row]
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = " ".join("".join(self._text).split())
        self._at = None


def _whole(text: str | None) -> int:
    return min(int(text), 1000) if text is not None and text.isdecimal() and int(text) else 1


def _read_html(text: str, quirks: dict[str, int]) -> Iterator[Grid]:
    parser = _Tables()
    parser.feed(text)
    parser.close()
    for grid in parser.grids:
        width = max((len(row) for row in grid.rows), default=0)
        for row in grid.rows:
            row.extend([""] * (width - len(row)))
        grid.quirks = quirks
        if width:
            yield grid
