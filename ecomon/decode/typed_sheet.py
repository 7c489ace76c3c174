"""Sheets of our own layouts that people fill in: a heading somewhere, then one row a statement.

What stands above the heading (title, instructions, an example) is not looked at. Every doubtful cell
of a row is named, not only the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar

import numpy as np

from ecomon.decode.cells import narrow
from ecomon.decode.civil_time import read_times
from ecomon.decode.workbook.grid import Cell, Grid, read_grids
from ecomon.errors import SourceRefused
from ecomon.model.observation import Rejected

HEAD_ROWS = 60
"""The heading stands within the first so many rows."""
SHEET_ROWS = 1 << 20
"""Rows of the second sheet are numbered from here on, as those of other workbooks."""
FILE_BYTES = 32 << 20
"""A larger file was not filled in by hand."""
RAW_CHARS = 4000
RAW_CELL_CHARS = 400

MOMENT = "a date and a time of day, as 2024-05-01 08:30; midnight as the text 2024-05-01 00:00"
_YEARS = range(1900, 2200)

R = TypeVar("R")


class Doubtful(ValueError):
    """A cell that is none of what its column holds; the text says what was expected."""


@dataclass(slots=True)
class Fields:
    """The cells of one row, by column key, and what was found wrong with them."""

    row: int
    cells: Mapping[str, Cell]
    texts: dict[str, str]
    headings: Mapping[str, str]
    faults: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def raw(self) -> str:
        """The row as a record shows it."""
        told = (f"{key} {text}" for key, text in self.texts.items() if text)
        return ", ".join(told)[:RAW_CHARS]

    def text(self, key: str) -> str:
        """The text of a cell, empty where the sheet has no such column."""
        return self.texts.get(key, "")

    def cell(self, key: str) -> Cell:
        """The cell as the sheet holds it."""
        return self.cells.get(key, "")

    def read(self, key: str, act: Callable[[], R]) -> R | None:
        """What ``act`` makes of the cell; None, and the fault noted, where it is doubtful."""
        try:
            return act()
        except Doubtful as wrong:
            self.faults[key] = str(wrong)
            return None

    def records(self) -> Iterator[Rejected]:
        """A record of each doubtful cell, and one of the row."""
        for key, expected in self.faults.items():
            heading = self.headings[key]
            yield Rejected(self.row, expected, self.text(key)[:RAW_CELL_CHARS], heading)
        wrong = "、".join(self.headings[key] for key in self.faults)
        yield Rejected(self.row, f"not read; to be mended 待改正: {wrong}", self.raw)


@dataclass(slots=True)
class TypedSheet:
    """A sheet with a heading; ``columns`` gives the place of each column by its key."""

    grid: Grid
    first: int
    offset: int
    columns: dict[str, int] = field(default_factory=dict[str, int])

    def rows(self) -> Iterator[Fields]:
        """The rows below the heading that hold anything."""
        head = self.grid.rows[self.first - 1]
        headings = {key: cell_text(head[at]) for key, at in self.columns.items()}
        for number, cells in enumerate(self.grid.rows[self.first :], self.first + 1):
            held = {key: cells[at] for key, at in self.columns.items() if at < len(cells)}
            texts = {key: cell_text(cell) for key, cell in held.items()}
            if any(texts.values()):
                yield Fields(self.offset + number, held, texts, headings)

    def unknown_columns(self, known: Sequence[str] = ()) -> Iterator[Rejected]:
        """A record of each heading that is no column of the layout, nor among ``known``."""
        places = {*self.columns.values()}
        for place, cell in enumerate(self.grid.rows[self.first - 1]):
            text = cell_text(cell)
            if text and place not in places and text not in known:
                reason = "column not read: no column of this layout"
                yield Rejected(0, reason, text[:RAW_CHARS], text[:60])


def read_typed_sheets(
    chunks: Iterable[bytes], headings: Mapping[str, str], required: Sequence[str]
) -> list[TypedSheet]:
    """The sheets of a file that have a heading of this layout; others hold something else.

    Parameters
    ----------
    chunks : iterable of bytes
        A workbook or CSV, cut anywhere.
    headings : mapping
        What a column may be called (:func:`fold`), and its key.
    required : sequence of str
        Keys that make a row a heading.

    Raises
    ------
    SourceRefused
        if the file is no spreadsheet, is over ``FILE_BYTES``, has no such sheet, or a column stands
        twice in one.
    """
    found: list[TypedSheet] = []
    for number, grid in enumerate(read_grids(_gather(chunks))):
        for row, cells in enumerate(grid.rows[:HEAD_ROWS]):
            sheet = TypedSheet(grid, row + 1, number * SHEET_ROWS)
            keys = [
                headings.get(fold(c).replace("*", "")) if isinstance(c, str) else None
                for c in cells
            ]
            if not set(required) <= set(keys):
                continue
            for place, key in enumerate(keys):
                if key is not None and sheet.columns.setdefault(key, place) != place:
                    where = grid.name or "the file"
                    raise SourceRefused(f"{where}: the column {cells[place]} stands twice")
            found.append(sheet)
            break
    if not found:
        shown = (
            (n for n, key in headings.items() if key == one and not n.isascii()) for one in required
        )
        wanted = "、".join(next(names, one) for one, names in zip(required, shown, strict=True))
        raise SourceRefused(f"没有这些列 no sheet has the columns {wanted} ({', '.join(required)})")
    return found


def _gather(chunks: Iterable[bytes]) -> bytes:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > FILE_BYTES:
            raise SourceRefused(f"more than {FILE_BYTES >> 20} MB: not a sheet filled in by hand")
    return bytes(held)


def fold(name: str) -> str:
    """A name without case, width and space."""
    return "".join(narrow(name).split()).casefold()


def cell_text(cell: Cell) -> str:
    """A cell as a person reads it: ``5`` for 5.0, full-width digits as plain ones."""
    match cell:
        case str():
            return narrow(cell).strip()
        case bool():
            return str(cell)
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case date() | time() | timedelta() | int() | float():
            return str(cell)


def read_moment(cell: Cell) -> datetime:
    """A time with its date, to the second, as naive Beijing time."""
    if isinstance(cell, datetime):
        if cell.year not in _YEARS:
            raise Doubtful(f"expected a year of {_YEARS.start} to {_YEARS.stop - 1}")
        # A spreadsheet keeps days as a float: 08:30 may come as 08:29:59.999999.
        return (cell + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=None)
    if not isinstance(cell, str):
        raise Doubtful(f"expected {MOMENT}")
    times, faults = read_times([narrow(cell).strip()])
    if faults:
        raise Doubtful(f"expected {MOMENT}; {faults[0]}")
    return times.astype("datetime64[us]")[0].item()


def to_us(moments: Iterable[datetime | date | None]) -> np.ndarray:
    """Times as ``datetime64[us]``, NaT where there is none."""
    return np.array([np.datetime64("NaT") if one is None else one for one in moments], "M8[us]")
