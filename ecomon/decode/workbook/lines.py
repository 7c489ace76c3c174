"""The lines of a sheet: site, time and replicate of each, and those that are no reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from ecomon.decode.civil_time import epoch_us
from ecomon.decode.workbook.grid import Cell, Grid
from ecomon.decode.workbook.header import Head, text_of
from ecomon.decode.workbook.moments import read_moment
from ecomon.model.mapping import SheetMapping, WorkbookMapping
from ecomon.model.observation import Rejected

SHOWN_CHARS = 400
_FOOTNOTE = re.compile(r"(注|备注|说明|填报|审核|制表|单位|资料来源|数据来源)\s*[：:1-9]?")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of data: ``row`` as the store names it, ``sheet_row`` 0-based in its sheet."""

    row: int
    sheet_row: int
    site: str
    start: datetime
    duration_s: int
    replicate: int
    note: str
    cells: Sequence[Cell]

    def cell(self, place: int) -> Cell:
        return self.cells[place] if place < len(self.cells) else ""

    @property
    def shown(self) -> str:
        """Its cells as they stand, for a record of what became no observation."""
        return show(self.cells)


@dataclass(slots=True)
class Lines:
    """The lines of data that stay, and the records of those that do not."""

    kept: list[Line] = field(default_factory=list[Line])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    quirks: Counter[str] = field(default_factory=Counter[str])
    is_unsampled: list[bool] = field(default_factory=list[bool])
    _keys: pd.DataFrame | None = None

    def cells(self, place: int) -> list[Cell]:
        rows = [line.cells for line in self.kept]
        if rows and min(map(len, rows)) > place:  # a workbook's rows are of one length
            return [cells[place] for cells in rows]
        return [line.cell(place) for line in self.kept]

    def keys(self) -> pd.DataFrame:
        """Site, start, duration, replicate and row of the lines that stay, in columns."""
        if self._keys is None:
            start_us = np.array([epoch_us(line.start) for line in self.kept], dtype=np.int64)
            self._keys = pd.DataFrame(
                {
                    "site": pd.array([line.site for line in self.kept], dtype="str"),
                    "start": start_us.view("datetime64[us]"),
                    "duration_s": np.array([line.duration_s for line in self.kept], np.int64),
                    "replicate": np.array([line.replicate for line in self.kept], np.int64),
                    "row": np.array([line.row for line in self.kept], np.int64),
                }
            )
        return self._keys

    def only(self, chosen: Sequence[int]) -> Lines:
        return Lines(
            [self.kept[at] for at in chosen],
            is_unsampled=[self.is_unsampled[at] for at in chosen],
        )


def show(cells: Sequence[Cell]) -> str:
    """Cells as they stand, letter for letter."""
    return " | ".join(str(cell).strip() for cell in cells)[:SHOWN_CHARS]


def key_lines(
    grid: Grid,
    head: Head,
    sheet: SheetMapping,
    mapping: WorkbookMapping,
    *,
    offset: int,
    year: int | None,
) -> Lines:
    """Site, time and replicate of each line of data; titles of totals, footnotes, repeats found."""
    places = {
        column.role: head.headings.index(column.heading)
        for column in sheet.columns
        if column.role in ("site", "site_code", "province", "river", "time", "note")
        and column.heading in head.headings
    }
    value_places = [
        head.headings.index(column.heading)
        for column in sheet.columns
        if column.role == "value" and column.heading in head.headings
    ]
    _fill_down(grid, head, [places[role] for role in places if role != "note"])
    lines = Lines()
    for sheet_row in range(head.last + 1, len(grid.rows)):
        cells = grid.rows[sheet_row]
        if all(cell == "" or cell is None for cell in cells):
            continue
        row = offset + sheet_row + 1
        line = _key_line(cells, row, sheet_row, places, mapping, head, year, lines.quirks)
        if isinstance(line, str):
            lines.rejected.append(Rejected(row, line, show(cells)))
        else:
            lines.kept.append(line)
    lines.kept = _number_parallels(lines.kept)
    if not sheet.is_long:
        drop_repeats(lines, value_places)
    lines.is_unsampled = [_is_unsampled(line, value_places, mapping) for line in lines.kept]
    return lines


def _fill_down(grid: Grid, head: Head, places: Sequence[int]) -> None:
    """A station's name that spans several lines belongs to each of them."""
    for (top, left), (bottom, _right) in grid.merged:
        if top > head.last and left in places and bottom > top:
            for row in range(top, min(bottom + 1, len(grid.rows))):
                grid.rows[row][left] = grid.rows[top][left]


def _key_line(
    cells: Sequence[Cell],
    row: int,
    sheet_row: int,
    places: dict[str, int],
    mapping: WorkbookMapping,
    head: Head,
    year: int | None,
    quirks: Counter[str],
) -> Line | str:
    """The line, or why it is none."""
    texts = {
        role: text_of(cells[place]) if place < len(cells) else ""
        for role, place in places.items()
        if role != "time"
    }
    time_cell = cells[places["time"]] if places["time"] < len(cells) else ""
    if why := _why_no_reading(cells, texts.get("site", ""), time_cell, mapping):
        return why
    site = _site_of(texts, mapping)
    if not site:
        return f"no site in this line: the mapping knows a site by its {mapping.site_key}"
    moment = read_moment(time_cell, mapping.interval, year=year, month=head.month)
    if isinstance(moment.start, str):
        return moment.start
    quirks.update(moment.quirks)
    start = moment.start
    if mapping.label == "end":
        start -= timedelta(seconds=moment.duration_s)
    note = str(cells[places["note"]]).strip() if places.get("note", len(cells)) < len(cells) else ""
    is_parallel = any(word in f"{note} {texts.get('site', '')}" for word in mapping.parallel)
    return Line(row, sheet_row, site, start, moment.duration_s, int(is_parallel), note, cells)


def _why_no_reading(
    cells: Sequence[Cell], site: str, time_cell: Cell, mapping: WorkbookMapping
) -> str | None:
    """A line of totals or a footnote; None for a line with a site and a time."""
    if site and time_cell != "" and not site.startswith(mapping.totals):
        return None
    said = [text for cell in cells if (text := text_of(cell))]
    if any(text.startswith(mapping.totals) for text in said[:3]):
        return "a line of totals or means: not a reading"
    if (len(said) == 1 or text_of(time_cell) in ("", said[0])) and _FOOTNOTE.match(said[0]):
        return "a footnote"
    return None


def _site_of(texts: dict[str, str], mapping: WorkbookMapping) -> str:
    name = texts.get("site", "")
    for word in mapping.parallel:
        name = re.sub(rf"\s*[(（]{word}样?[)）]", "", name)
    match mapping.site_key:
        case "code":
            return texts.get("site_code", "")
        case "name":
            return name
        case "province/name":
            return f"{texts.get('province', '')}/{name}" if name else ""
        case "river/name":
            return f"{texts.get('river', '')}/{name}" if name else ""


def _number_parallels(kept: list[Line]) -> list[Line]:
    """Parallel samples of one site and time are replicates 1, 2 ... in the order of their lines."""
    seen: Counter[tuple[str, datetime]] = Counter()
    numbered: list[Line] = []
    for line in kept:
        if line.replicate:
            seen[line.site, line.start] += 1
            line = replace(line, replicate=seen[line.site, line.start])
        numbered.append(line)
    return numbered


def drop_repeats(lines: Lines, value_places: Sequence[int]) -> None:
    """Of lines of one site, time and replicate the fullest stays; of equals the later."""
    best: dict[tuple[str, datetime, int], Line] = {}
    for line in lines.kept:
        key = (line.site, line.start, line.replicate)
        if key not in best or _n_values(line, value_places) >= _n_values(best[key], value_places):
            best[key] = line
    stay: list[Line] = []
    for line in lines.kept:
        kept = best[line.site, line.start, line.replicate]
        if kept is line:
            stay.append(line)
            continue
        is_same = show(line.cells) == show(kept.cells)
        what = "repeat of" if is_same else "superseded by"
        lines.rejected.append(Rejected(line.row, f"{what} row {kept.sheet_row + 1}", line.shown))
    lines.kept = stay


def _n_values(line: Line, places: Sequence[int]) -> int:
    return sum(line.cell(place) != "" for place in places)


def _is_unsampled(line: Line, places: Sequence[int], mapping: WorkbookMapping) -> bool:
    """Every value of the line is a number that stands for "not sampled"."""
    is_said = False
    for place in places:
        cell = line.cell(place)
        if cell == "":
            continue
        if _number(cell) not in mapping.not_monitored:
            return False
        is_said = True
    return is_said


def _number(cell: Cell) -> float | None:
    if isinstance(cell, float):
        return cell
    try:
        return float(text_of(cell))
    except ValueError:
        return None
