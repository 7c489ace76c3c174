"""Days of the national air archive in the wide layout: ``china_sites_YYYYMMDD.csv`` and its like.

Columns ``date, hour, type``, then one a station; a line is one hour of one type (formats.md §3 of the
reference notes). What is read are the hourly means of the six pollutants: programme ``automatic``,
statistic ``mean``, duration one hour, ug/m3 (CO mg/m3). Hours are 0 to 23; an hour names its end
unless ``label`` says otherwise: hour 14 is [13:00, 14:00), hour 0 closes the day before.

Not read, and counted as quirks, a line each: AQI, running means and daily maxima, as in
``cnemc_air``. An empty cell is a missing reading, but a station that says nothing at all in an hour
makes no observation then. Which of ``O3`` and ``O3_24h`` is the hour, each file says itself
(``air_publication``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ecomon.decode.air_hours import HourLine, Stations, emit_hours
from ecomon.decode.air_publication import (
    AIR_MARKS,
    DERIVED,
    FIELDS,
    HOUR_S,
    NOT_READ,
    OZONE,
    OZONE_MAXIMUM,
    Label,
)
from ecomon.decode.cells import CellColumn
from ecomon.decode.civil_time import read_date
from ecomon.decode.delimited import REJECTED_LINES, DelimitedFile, read_delimited
from ecomon.decode.lines import Line
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected

SOURCE = "china-sites"
CELLS = 20_000_000
"""A file with more cells of hourly values is refused; a day of the whole country has 300,000."""

_HEAD = ["date", "hour", "type"]
_HOUR = re.compile(r"\d{1,2}", re.ASCII)
_YEARS = range(1900, 2200)
_STATION_CHARS = 30


def decode(
    chunks: Iterable[bytes],
    determinands: Mapping[str, Determinand],
    *,
    label: Label = "end",
) -> Iterator[Batch | Rejected]:
    """Decode one file of the wide layout.

    Which column of ozone is the hour is known only when the file has been seen whole, so its
    numbers are held until then (nine octets a cell); batches stay bounded.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere; UTF-8 with or without byte-order mark, or GB18030.
    determinands : mapping of key to Determinand
        Types whose determinand is not among them are left out; values become their units.
    label : {"start", "end"}
        Which end of its hour an hour names.

    Yields
    ------
    Batch
        ``tables.OBSERVATIONS`` with ``site`` the heading of the station's column, as printed: a code
        (``2523A``), in city files a name; ``row`` is the line. Missing is NaN, never 0.
    Rejected
        Each line of a type that is read and that made no observation, once; each unreadable cell,
        with its station as the column; each column that names no station, or one that stands twice
        and contradicts itself (row 0).

    Raises
    ------
    SourceRefused
        if the file as a whole cannot be read: no such header, no station, over ``CELLS`` cells.
    """
    table = read_delimited(chunks, _is_header)
    stations, rejected = _read_stations(table.header)
    found = _Found(stations, _columns(determinands), rejected)
    for row, line in table.lines():
        reason = found.read_line(table, row, line)
        if reason is not None:
            found.reject(Rejected(row, reason, table.shown(line)))
    if not found.n_lines:
        found.reject(Rejected(0, "the file holds a header and no row", ",".join(_HEAD)))
    yield from found.rejected
    shift = np.timedelta64(HOUR_S if label == "end" else 0, "s")
    units = {name: determinands[FIELDS[name][0]] for name in FIELDS if name in found.columns}
    yield from emit_hours(
        found.lines, stations, units, source=SOURCE, shift=shift, quirks=found.quirks
    )


def _is_header(cells: Sequence[str]) -> bool:
    return [cell.strip().lower() for cell in cells[:3]] == _HEAD


def _read_stations(header: Sequence[str]) -> tuple[Stations, list[Rejected]]:
    """The columns of stations, and those that name none."""
    names: list[str] = []
    places: list[int] = []
    rejected: list[Rejected] = []
    for place, heading in enumerate(header[3:], 3):
        name = heading.strip()
        if not name.isprintable() or not any(map(str.isalpha, name)) or len(name) > _STATION_CHARS:
            shown = heading[:60]
            reason = f"column {place + 1} not read: it names no station"
            rejected.append(Rejected(0, reason, shown, shown))
        else:
            names.append(name)
            places.append(place)
    if not names:
        raise SourceRefused(
            "no column of a station: after date, hour and type one each is expected"
        )
    return Stations(names, np.array(places)), rejected


def _columns(determinands: Mapping[str, Determinand]) -> dict[str, CellColumn]:
    """Readers of the types that are read; the maximum beside ozone rides along."""
    columns = {
        name: CellColumn(unit, determinands[key].unit, AIR_MARKS)
        for name, (key, unit) in FIELDS.items()
        if key in determinands
    }
    if OZONE in columns:
        columns[OZONE_MAXIMUM] = columns[OZONE]
    return columns


@dataclass(slots=True)
class _Found:
    """What the lines of a file hold, as they are read."""

    stations: Stations
    columns: Mapping[str, CellColumn]
    rejected: list[Rejected]
    quirks: Counter[str] = field(default_factory=Counter[str])
    lines: list[HourLine] = field(default_factory=list[HourLine])
    n_lines: int = 0
    n_cells: int = 0
    _moments: dict[tuple[str, str], np.datetime64 | str] = field(default_factory=dict)

    def reject(self, record: Rejected) -> None:
        self.rejected.append(record)
        if len(self.rejected) > REJECTED_LINES:
            raise SourceRefused(
                f"{len(self.rejected)} lines are no row of this feed; at row {record.row}:"
                f" {record.reason}"
            )

    def read_line(self, table: DelimitedFile, row: int, line: Line) -> str | None:
        """Take in one line; why it is none of this feed, or None."""
        self.n_lines += 1
        cells = table.split(line)
        if isinstance(cells, str):
            return cells
        if len(cells) != len(table.header):
            return f"{len(table.header)} cells expected, {len(cells)} found"
        moment = self._moment(cells[0], cells[1])
        if isinstance(moment, str):
            return moment
        name = cells[2].strip().lower().replace(".", "_")
        if name == "aqi" or name in DERIVED - self.columns.keys():
            self.quirks["AQI not read" if name == "aqi" else NOT_READ] += 1
        elif name in FIELDS and name not in self.columns:
            self.quirks[f"{FIELDS[name][0]} not read: no such determinand here"] += 1
        elif name not in self.columns:
            return f"type not known: {cells[2][:40]!r}; PM2.5, PM10, SO2, NO2, O3, CO, AQI expected"
        else:
            self._keep(name, moment, row, cells, table.shown(line))
        return None

    def _keep(
        self, name: str, moment: np.datetime64, row: int, cells: list[str], shown: str
    ) -> None:
        n = len(self.stations.places)
        is_all = self.stations.is_all
        texts = cells[3 : 3 + n] if is_all else [cells[at] for at in self.stations.places]
        self.n_cells += len(texts)
        if self.n_cells > CELLS:
            raise SourceRefused(f"more than {CELLS} cells; send it day by day, as it is published")
        values, kinds, faults, quirks = self.columns[name].read(texts)
        self.quirks.update(quirks)
        told = {at: (reason, texts[at][:400]) for at, reason in faults.items()}
        self.lines.append(HourLine(name, moment, row, values, kinds, told, shown))

    def _moment(self, date: str, hour: str) -> np.datetime64 | str:
        """The time that a line names, or why it names none."""
        key = (date, hour)
        if key not in self._moments:
            self._moments[key] = _read_moment(date.strip(), hour.strip())
        return self._moments[key]


def _read_moment(date: str, hour: str) -> np.datetime64 | str:
    day = read_date(date) if len(date) in (8, 10) else None
    if day is None or day.year not in _YEARS:
        return f"not a date: {date[:40]!r}; as 20220105"
    if not _HOUR.fullmatch(hour) or int(hour) > 23:
        return f"not an hour: {hour[:40]!r}; 0 to 23"
    return np.datetime64(day, "us") + np.timedelta64(int(hour), "h")
