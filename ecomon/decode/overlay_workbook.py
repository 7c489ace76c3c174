"""The workbook of a site's own facts, as a person hands it in: rows stated, and every cell in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from ecomon.decode.cells import narrow
from ecomon.decode.typed_sheet import cell_text, fold
from ecomon.decode.workbook.grid import Cell, Grid, read_grids
from ecomon.errors import SourceRefused
from ecomon.model.fact_sheet import (
    FIXED_COLUMNS,
    GAP,
    NOT_READ,
    SHEETS,
    WITHDRAW,
    CellProblem,
    FactColumn,
    FactSheet,
    StatedRow,
    canonical_text,
    column_heading,
    fixed_heading,
    read_base,
    shipped_heading,
)

HEAD_ROWS = 20
"""The heading stands within the first so many rows of a sheet."""
FILE_BYTES = 32 << 20
SHOWN_CHARS = 200
_ID, _ACT, _BASE = "id", "act", "base"
_SHOWN_ONLY = ("name", "state")


@dataclass(frozen=True, slots=True)
class StatedFacts:
    """What a workbook states, in its order, and what of it cannot be taken."""

    rows: tuple[StatedRow, ...]
    problems: tuple[CellProblem, ...]


@dataclass(slots=True)
class _Reading:
    rows: list[StatedRow] = field(default_factory=list[StatedRow])
    problems: list[CellProblem] = field(default_factory=list[CellProblem])

    def doubt(self, sheet: str, row: int, column: str, value: str, expected: str) -> None:
        self.problems.append(CellProblem(sheet, row, column, value[:SHOWN_CHARS], expected))


def read_overlay_workbook(octets: bytes) -> StatedFacts:
    """Read the sheets of a site's own facts.

    Parameters
    ----------
    octets : bytes
        A workbook with sheets named as in :data:`ecomon.model.fact_sheet.SHEETS`; those that are
        not there state nothing. Columns are found by their heading, in any order.

    Returns
    -------
    StatedFacts
        A row with an id for each line that has one, blank ones among them; a problem for each
        cell, line, column and sheet that is not understood. Nothing is left out in silence.

    Raises
    ------
    SourceRefused
        if the file is no workbook, is over ``FILE_BYTES``, or holds no sheet of facts.
    """
    if len(octets) > FILE_BYTES:
        raise SourceRefused(f"more than {FILE_BYTES >> 20} MB: not a workbook filled in by hand")
    reading = _Reading()
    known = {fold(one.zh): one for one in SHEETS}
    is_any = False
    for grid in read_grids(octets):
        if grid.name in NOT_READ:
            continue
        sheet = known.pop(fold(grid.name), None)
        if sheet is None:
            names = "、".join(one.zh for one in SHEETS)
            if any(cell != "" for row in grid.rows for cell in row):
                reading.doubt(grid.name, 0, "-", grid.name, f"expected a sheet named {names}")
            continue
        is_any = True
        _read_sheet(grid, sheet, reading)
    if not is_any:
        raise SourceRefused(
            "没有本地事实的工作表 no sheet of a site's own facts; make the workbook with:"
            " ecomon registry export-overlay FILE.xlsx"
        )
    return StatedFacts(tuple(reading.rows), tuple(reading.problems))


def _read_sheet(grid: Grid, sheet: FactSheet, reading: _Reading) -> None:
    head = _find_head(grid, sheet)
    if head is None:
        reading.doubt(
            grid.name, 0, "-", "", f"expected a row of headings with {FIXED_COLUMNS[_ID]} id"
        )
        return
    places = _places(grid, sheet, head, reading)
    seen: dict[str, int] = {}
    for at in range(head + 1, len(grid.rows)):
        row = _read_row(grid, sheet, places, at, reading)
        if row is None:
            continue
        if sheet.items is None and seen.setdefault(row.id, row.row) != row.row:
            expected = f"expected each id once; it stands in row {seen[row.id]} too"
            reading.doubt(grid.name, row.row, _letter(places[_ID]), row.id, expected)
            continue
        reading.rows.append(row)


def _headings(sheet: FactSheet) -> dict[str, str]:
    names = {fold(fixed_heading(name)): name for name in FIXED_COLUMNS}
    names |= {fold(name): name for name in FIXED_COLUMNS}
    for column in sheet.columns:
        names[fold(column_heading(column))] = column.field
        names[fold(column.field)] = column.field
    return names


def _find_head(grid: Grid, sheet: FactSheet) -> int | None:
    names = _headings(sheet)
    for at, row in enumerate(grid.rows[:HEAD_ROWS]):
        if any(isinstance(cell, str) and names.get(fold(cell)) == _ID for cell in row):
            return at
    return None


def _places(grid: Grid, sheet: FactSheet, head: int, reading: _Reading) -> dict[str, int]:
    """The place of each column by its field; headings that say nothing known are problems."""
    names = _headings(sheet)
    shipped = fold(shipped_heading(""))
    places: dict[str, int] = {}
    for place, cell in enumerate(grid.rows[head]):
        text = cell_text(cell)
        name = names.get(fold(text))
        if name is None:
            if text and not fold(text).startswith(shipped):
                expected = "expected a heading as it was exported; this column is not read"
                reading.doubt(grid.name, head + 1, _letter(place), text, expected)
        elif places.setdefault(name, place) != place:
            expected = f"expected each heading once; it stands in {_letter(places[name])} too"
            reading.doubt(grid.name, head + 1, _letter(place), text, expected)
    return places


def _read_row(
    grid: Grid, sheet: FactSheet, places: Mapping[str, int], at: int, reading: _Reading
) -> StatedRow | None:
    cells = grid.rows[at]
    held = {name: cells[place] for name, place in places.items() if place < len(cells)}
    letters = {name: _letter(place) for name, place in places.items()}
    key = narrow(cell_text(held.get(_ID, ""))).strip()
    said = {name: cell for name, cell in held.items() if name not in (_ID, _BASE, *_SHOWN_ONLY)}
    if not key:
        for name, cell in said.items():
            if text := cell_text(cell):
                expected = "expected the id of the entry in this row"
                reading.doubt(grid.name, at + 1, letters[name], text, expected)
        return None
    texts: dict[str, str] = {}
    for column in sheet.columns:
        text, fault = _read_cell(column, held.get(column.field, ""))
        if fault is not None:
            reading.doubt(grid.name, at + 1, letters[column.field], text, fault)
        elif column.field in places:
            texts[column.field] = text
    act = cell_text(held.get(_ACT, ""))
    if act not in ("", WITHDRAW):
        reading.doubt(grid.name, at + 1, letters[_ACT], act, f"expected {WITHDRAW} or nothing")
    base = read_base(str(held.get(_BASE, "")), key)
    return StatedRow(sheet, at + 1, key, texts, letters, act == WITHDRAW, base)


def _read_cell(column: FactColumn, cell: Cell) -> tuple[str, str | None]:
    """The canonical text of a cell, empty where it states nothing; or what stands there, and the fault."""
    text = _shown(column, cell)
    if text in ("", GAP):
        return "", None
    if text == WITHDRAW:
        return text, None
    try:
        return canonical_text(column, text), None
    except ValueError as wrong:
        return text, str(wrong)


def _shown(column: FactColumn, cell: Cell) -> str:
    """The cell as a text; words keep their full-width signs, numbers and codes do not."""
    if column.form == "date" and isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M:%S}"
    if column.form == "date" and isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str):
        text = cell.replace("\r\n", "\n").strip()
        return text if column.form == "text" and not column.choices else narrow(text).strip()
    return cell_text(cell)


def _letter(place: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
