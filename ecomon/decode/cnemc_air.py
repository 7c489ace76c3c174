"""The national air publication (CNEMC): its live JSON, and hourly archives of it as CSV.

Fields and marks: formats.md §3 and stations.md §6.2 of the reference notes, from the public clients
named there. What is read are the hourly means of the six pollutants: programme ``automatic``,
statistic ``mean``, duration one hour, ug/m3 (CO mg/m3). A time names the end of its hour unless
``label`` says otherwise: 14:00 is [13:00, 14:00).

Not read, and counted as quirks: the running means of 24 and 8 hours and the daily maxima that are
published beside the hours. The hours hold the same measurements; as observations of their own they
would enter a day's mean a second time. AQI, class and primary pollutant are results, not
observations.

Which of the pair ``O3`` and ``O3_24h`` is the hour cannot be taken from its name: in all archives
of the feed they are exchanged (stations.md §6.2). The maximum of 24 hours is never below the hour
that ends it, so each file says it itself; where it does not, the reading is rejected and not
guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from ecomon.decode.air_publication import (
    AIR_MARKS,
    DERIVED,
    EXCHANGED,
    FIELDS,
    HOUR_S,
    NOT_READ,
    OZONE,
    OZONE_MAXIMUM,
    UNCLEAR,
    Label,
    tell_ozone,
)
from ecomon.decode.batches import emit
from ecomon.decode.cells import CellKind
from ecomon.decode.civil_time import NOT_A_TIME, read_times
from ecomon.decode.cnemc_objects import ObjectRows, read_objects
from ecomon.decode.cnemc_payload import gather_answer
from ecomon.decode.delimited import DelimitedFile, RowBlock, read_delimited
from ecomon.decode.lines import cut_pieces
from ecomon.decode.readings import (
    Distinct,
    Feed,
    KeyedBlock,
    ReadingColumn,
    Readings,
    ReadingsBuilder,
    Times,
    code_each,
)
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected

SOURCE = "cnemc-air"
_TIME, _CODE = "timepoint", "stationcode"
_STATION = re.compile(r"[0-9A-Za-z]{3,12}", re.ASCII)
_EPOCH_DATE = re.compile(r"/Date\((?P<ms>-?\d{1,15})(?:[+-]\d{4})?\)/", re.ASCII)
_FIRST, _END = np.datetime64("1900-01-01", "us"), np.datetime64("2200-01-01", "us")
_MS_US = 1000
_BEIJING_US = 8 * HOUR_S * 1_000_000


def decode(
    chunks: Iterable[bytes],
    determinands: Mapping[str, Determinand],
    *,
    label: Label = "end",
) -> Iterator[Batch | Rejected]:
    """Decode one JSON answer (a list of stations, or one) or one hourly archive.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere. A JSON answer is held whole, of at most ``JSON_BYTES``.
    determinands : mapping of key to Determinand
        Fields whose determinand is not among them are left out; values become their units.
    label : {"start", "end"}
        Which end of its hour a time names.

    Yields
    ------
    Batch
        ``tables.OBSERVATIONS`` with ``site`` the code of the station (``2523A``); a missing
        reading (``—``) has the value NaN, never 0. No source flag is published.
    Rejected
        Each row without an observation, once; each unreadable cell, with its column.

    Raises
    ------
    SourceRefused
        if the file as a whole cannot be read.
    """
    table = _open(chunks)
    header = [heading.strip().lower() for heading in table.header]
    columns = _reading_columns(header, table.header, determinands)
    builder = ReadingsBuilder(columns, marks=AIR_MARKS)
    if n_derived := len(DERIVED.intersection(header)):
        builder.quirks[NOT_READ] = n_derived
    stations = Distinct(_read_station)
    for block in table.blocks():
        builder.rejected.extend(block.rejected)
        builder.add(block.rows, block.columns, _key_rows(block, header, stations, label))
    readings = builder.finish(table.raw, stations.texts, ())
    yield from emit(_settle_ozone(readings), Feed(SOURCE, statistic="mean", duration_s=HOUR_S))


def _open(chunks: Iterable[bytes]) -> DelimitedFile | ObjectRows:
    """Tell JSON from CSV by the first character; refuse what is neither."""
    pieces = cut_pieces(chunks)
    first = next(pieces, b"")
    start = first[:4096].removeprefix(b"\xef\xbb\xbf").strip()
    if not start:
        raise SourceRefused("the file is empty")
    if start.startswith(b"<"):
        raise SourceRefused("a web page, not an answer of the publication")
    whole = chain([first], pieces)
    if start.startswith((b"{", b"[")):
        return read_objects(gather_answer(whole), (_TIME, _CODE), {*FIELDS, *DERIVED})
    return read_delimited(whole, _is_header)


def _is_header(cells: Sequence[str]) -> bool:
    return {_TIME, _CODE} <= {cell.strip().lower() for cell in cells}


def _reading_columns(
    header: Sequence[str], shown: Sequence[str], determinands: Mapping[str, Determinand]
) -> list[ReadingColumn]:
    """The columns of hourly means; the one beside ozone's rides along until it is settled."""
    for name in (_TIME, _CODE, *FIELDS, OZONE_MAXIMUM):
        if header.count(name) > 1:
            raise SourceRefused(f"the column {name} stands twice")
    fields = {**FIELDS, OZONE_MAXIMUM: FIELDS[OZONE]} if OZONE in header else FIELDS
    columns = [
        ReadingColumn(index, shown[index], key, unit, determinands[key].unit)
        for name, (key, unit) in fields.items()
        if name in header and key in determinands
        for index in [header.index(name)]
    ]
    if not columns:
        raise SourceRefused(f"no column of readings; one of {', '.join(FIELDS)} is expected")
    return columns


def _read_station(cell: str) -> str | None:
    return text if _STATION.fullmatch(text := cell.strip()) else None


def _key_rows(
    block: RowBlock, header: Sequence[str], stations: Distinct, label: Label
) -> KeyedBlock:
    codes = block.columns[header.index(_CODE)]
    site = code_each(codes, stations.code)
    start, faults = _read_time_points(block.columns[header.index(_TIME)])
    if label == "end":
        start = start - np.timedelta64(HOUR_S, "s")
    for position in np.flatnonzero(site < 0).tolist():
        faults[position] = f"not a station's code: {codes[position][:60]!r}"
    return KeyedBlock(site, start, np.full(len(codes), -1, dtype=np.int64), faults)


def _read_time_points(texts: Sequence[str]) -> tuple[Times, dict[int, str]]:
    """Naive Beijing times of ISO texts and of ``/Date(ms)/`` (ms of UTC), and faults by position."""
    plain = ["" if _EPOCH_DATE.fullmatch(text.strip()) else text for text in texts]
    times, faults = read_times(plain)
    epoch_us = code_each(texts, _epoch_us)
    is_epoch = epoch_us != NOT_A_TIME
    times[is_epoch] = (epoch_us + _BEIJING_US).view("datetime64[us]")[is_epoch]
    is_wrong = is_epoch & ((times < _FIRST) | (times >= _END))
    times[is_wrong] = np.datetime64("NaT", "us")
    faults = {at: reason for at, reason in faults.items() if not is_epoch[at]}
    for position in np.flatnonzero(is_wrong).tolist():
        faults[position] = f"no such time: {texts[position][:40]!r}"
    return times, faults


def _epoch_us(text: str) -> int:
    found = _EPOCH_DATE.fullmatch(text.strip())
    return NOT_A_TIME if found is None else int(found["ms"]) * _MS_US


def _settle_ozone(readings: Readings) -> Readings:
    """Keep, of the pair of ozone columns, what is the hour."""
    named, beside = len(readings.columns) - 2, len(readings.columns) - 1
    if beside < 1 or readings.columns[named].determinand != readings.columns[beside].determinand:
        return readings
    is_exchanged = _find_exchanged(readings, named, beside)
    for column in (readings.values, readings.kinds):
        column[is_exchanged, named] = column[is_exchanged, beside]
    for position, faults in readings.cell_faults.items():
        read, other = (beside, named) if is_exchanged[position] else (named, beside)
        readings.cell_faults[position] = [
            (named if at == read else at, reason, text)
            for at, reason, text in faults
            if at != other
        ]
    readings.columns = readings.columns[:beside]
    readings.values, readings.kinds = readings.values[:, :beside], readings.kinds[:, :beside]
    return readings


def _find_exchanged(readings: Readings, named: int, beside: int) -> npt.NDArray[np.bool_]:
    """Rows whose hour stands in the other column, shape (n,); what cannot be told is rejected."""
    hour, maximum = readings.values[:, named], readings.values[:, beside]
    told = tell_ozone(hour, maximum)
    if told.n_exchanged:
        readings.quirks[EXCHANGED] += told.n_exchanged
    for position in np.flatnonzero(told.is_unclear).tolist():
        text = f"{readings.columns[named].heading} {hour[position]}, {maximum[position]}"
        readings.cell_faults.setdefault(position, []).append((named, UNCLEAR, text))
        readings.kinds[position, named] = CellKind.UNREADABLE
        readings.values[position, named] = np.nan
    return told.is_exchanged
