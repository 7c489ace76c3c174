"""Sheets by their mapping: observations, and a record of everything that became none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ecomon.decode.workbook.columns import ValueTexts, read_values
from ecomon.decode.workbook.grid import Grid, read_grids
from ecomon.decode.workbook.header import Head, find_head, text_of
from ecomon.decode.workbook.lines import Line, Lines, drop_repeats, key_lines
from ecomon.decode.workbook.observations import Gathered, emit_gathered
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.mapping import ColumnMapping, SheetMapping, WorkbookMapping
from ecomon.model.observation import Batch, Rejected

SHEET_ROWS = 1 << 20
"""Rows of the second sheet are numbered from here on, of the third from twice it ...: a row of the
store names one place in the file. A sheet of a workbook has no more rows than this."""


def decode(
    chunks: Iterable[bytes],
    determinands: Mapping[str, Determinand],
    *,
    mapping: WorkbookMapping,
    year: int | None = None,
) -> Iterator[Batch | Rejected]:
    """Read a spreadsheet by a mapping.

    Parameters
    ----------
    chunks : iterable of bytes
        The file, cut anywhere.
    determinands : mapping of key to Determinand
    mapping : WorkbookMapping
    year : int, optional
        Of times that carry none (``8月4日``); by default that of the sheet's title. A time without
        a year in a sheet that names none is rejected.

    Yields
    ------
    Batch
        Table OBSERVATIONS; NaN where the cell says missing or 未检出 without a limit (its
        ``source_flag`` then says so). A parallel sample is a further replicate.
    Rejected
        Each line that is no reading, once (titles of totals, footnotes, repeats, lines without
        sampling); each doubtful cell with its place (``采测分离!I9``), value and what was
        expected; each column and sheet that the mapping does not know (row 0).

    Raises
    ------
    SourceRefused
        if the file is no spreadsheet, or no sheet of it fits the mapping.
    """
    octets = b"".join(chunks)
    is_read = False
    for number, grid in enumerate(read_grids(octets)):
        sheet = mapping.sheet_named(grid.name)
        if grid.name in mapping.ignored_sheets:
            continue
        if sheet is None:
            yield Rejected(0, f"sheet not in the mapping {mapping.id}", grid.name, grid.name)
            continue
        head = find_head(grid)
        if head is None:
            reason = "no heading of readings: a row with a site and a time was expected"
            yield Rejected(0, reason, grid.name, grid.name or None)
            continue
        is_read = True
        yield from _read_sheet(_Sheet(grid, head, sheet, mapping, determinands, number, year))
    if not is_read:
        raise SourceRefused(f"no sheet of this file fits the mapping {mapping.id}")


class _Sheet:
    """One sheet with all that is needed to read it."""

    def __init__(
        self,
        grid: Grid,
        head: Head,
        sheet: SheetMapping,
        mapping: WorkbookMapping,
        determinands: Mapping[str, Determinand],
        number: int,
        year: int | None,
    ) -> None:
        self.grid, self.head, self.sheet, self.mapping = grid, head, sheet, mapping
        self.determinands, self.year = determinands, head.year if year is None else year
        self.offset = number * SHEET_ROWS
        self.first = head.last + 1

    def columns(self, role: str) -> list[ColumnMapping]:
        return [
            column for column in self.sheet.columns
            if column.role == role and column.heading in self.head.headings
        ]  # fmt: skip

    def place(self, heading: str) -> int:
        return self.head.headings.index(heading)

    def cell_name(self, row: int, column: int) -> str:
        """``采测分离!I9`` of a 0-based row and column."""
        letters = ""
        column += 1
        while column:
            column, rest = divmod(column - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return f"{self.grid.name}!{letters}{row + 1}" if self.grid.name else f"{letters}{row + 1}"


def _read_sheet(sheet: _Sheet) -> Iterator[Batch | Rejected]:
    yield from _compare_columns(sheet)
    lines = key_lines(
        sheet.grid, sheet.head, sheet.sheet, sheet.mapping, offset=sheet.offset, year=sheet.year
    )
    gathered = Gathered(sheet.mapping, Counter(sheet.grid.quirks) + lines.quirks)
    yield from lines.rejected
    if sheet.sheet.is_long:
        yield from _gather_long(sheet, lines, gathered)
    else:
        yield from _gather_wide(sheet, lines, gathered)
    yield from emit_gathered(gathered)


def _compare_columns(sheet: _Sheet) -> Iterator[Rejected]:
    """Columns of the sheet that the mapping does not know, and the other way about."""
    known = {column.heading for column in sheet.sheet.columns}
    for place, heading in enumerate(sheet.head.headings):
        if heading and heading not in known:
            where = sheet.cell_name(sheet.head.first, place)
            reason = f"column not in the mapping {sheet.mapping.id} ({where})"
            yield Rejected(0, reason, heading, heading)
    for column in sheet.sheet.columns:
        if column.heading not in sheet.head.headings and column.role != "ignored":
            reason = f"the sheet {sheet.grid.name} has no such column; the mapping expects it"
            yield Rejected(0, reason, column.heading, column.heading)


def _gather_wide(sheet: _Sheet, lines: Lines, gathered: Gathered) -> Iterator[Rejected]:
    flags = {column.of: column for column in sheet.columns("flag")}
    said: Counter[int] = Counter()  # observations a line made
    doubtful: set[int] = set()
    for column in sheet.columns("value"):
        place = sheet.place(column.heading)
        texts = ValueTexts.of(lines.cells(place))
        beside = flags.get(column.heading)
        if beside is not None:
            texts.set_flags([text_of(cell) for cell in lines.cells(sheet.place(beside.heading))])
        own = sheet.determinands[str(column.determinand)]
        values = read_values(texts, str(column.unit), own.unit, sheet.mapping)
        values.withhold_unsampled(lines.is_unsampled)
        gathered.quirks.update(values.quirks)
        for at, reason in values.faults.items():
            line = lines.kept[at]
            doubtful.add(at)
            where = sheet.cell_name(line.sheet_row, place)
            yield Rejected(line.row, f"{reason} ({where})", texts.shown(at), column.heading)
        for at in values.observed():
            said[at] += 1
        gathered.add(own, lines, values)
    yield from _silent_lines(lines, said, doubtful)


def _silent_lines(lines: Lines, said: Mapping[int, int], doubtful: set[int]) -> Iterator[Rejected]:
    for at, line in enumerate(lines.kept):
        if said.get(at):
            continue
        if lines.is_unsampled[at]:
            reason = "not sampled (-1 in place of every value)"
        elif at in doubtful:
            reason = "no readable value in this line"
        else:
            reason = "no value in this line"
        note = f"; {line.note}" if line.note else ""
        yield Rejected(line.row, f"{reason}{note}", line.shown)


def _gather_long(sheet: _Sheet, lines: Lines, gathered: Gathered) -> Iterator[Rejected]:
    factor_place = sheet.place(sheet.columns("factor")[0].heading)
    values = sheet.columns("value")
    if not values:
        raise SourceRefused(f"sheet {sheet.grid.name}: no column of values")
    place = sheet.place(values[0].heading)
    units = sheet.columns("unit")
    by_factor: dict[tuple[str, str], list[int]] = {}
    for at, line in enumerate(lines.kept):
        unit = text_of(line.cell(sheet.place(units[0].heading))) if units else ""
        by_factor.setdefault((text_of(line.cell(factor_place)), unit), []).append(at)
    for (name, unit), chosen in by_factor.items():
        part = lines.only(chosen)
        known = sheet.mapping.factors.get(name)
        if known is None or known.determinand not in sheet.determinands:
            reason = f"factor {name!r} is not among the factors of the mapping {sheet.mapping.id}"
            yield from (_line_rejected(line, reason) for line in part.kept)
            continue
        if unit and unit != known.unit:
            reason = f"{name} comes in {unit!r}; the mapping says {known.unit}"
            yield from (_line_rejected(line, reason) for line in part.kept)
            continue
        yield from _gather_factor(sheet, part, place, known.determinand, known.unit, gathered)


def _gather_factor(
    sheet: _Sheet, lines: Lines, place: int, key: str, unit: str, gathered: Gathered
) -> Iterator[Rejected]:
    own = sheet.determinands[key]
    drop_repeats(lines, [place])
    yield from lines.rejected
    texts = ValueTexts.of(lines.cells(place))
    values = read_values(texts, unit, own.unit, sheet.mapping)
    values.withhold_unsampled([True] * len(lines.kept))
    gathered.quirks.update(values.quirks)
    observed = set(values.observed())
    for at, line in enumerate(lines.kept):
        if at in observed:
            continue
        where = sheet.cell_name(line.sheet_row, place)
        reason = values.faults.get(at, "no value in this line")
        yield Rejected(line.row, f"{reason} ({where})", line.shown)
    gathered.add(own, lines, values)


def _line_rejected(line: Line, reason: str) -> Rejected:
    return Rejected(line.row, reason, line.shown)
