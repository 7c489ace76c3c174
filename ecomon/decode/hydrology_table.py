"""Any table of readings of SL 323-2011: one row per station and time, one column per quantity.

A table is described by a :class:`TableForm`; what all of them share is read here: station codes,
times, sentinels, codes that are kept letter for letter, columns a station never fills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.decode.cells import CellKind
from ecomon.decode.civil_time import read_times
from ecomon.decode.delimited import RowBlock, read_delimited
from ecomon.decode.readings import (
    Codes,
    Distinct,
    KeyedBlock,
    ReadingColumn,
    Readings,
    ReadingsBuilder,
    code_each,
)
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand

SENTINEL = -9999.0
STATION, TIME = "STCD", "TM"
REMARK_CHARS = 40
"""A longer code is none; the file keeps it."""

_STCD_CHARS = 30


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of readings by its SL 323 name; ``statistic`` is that of a reading of an interval."""

    name: str
    determinand: str
    unit: str
    statistic: str | None = None


@dataclass(frozen=True, slots=True)
class TableForm:
    """One table of readings.

    Attributes
    ----------
    feed : str
        Source of its observations.
    readings : tuple of TableColumn
        A file has at least one of them.
    remarks : dict
        Columns whose code is kept beside the reading, by the name it is kept under. What a code
        means differs between systems (WPTN), so none is interpreted.
    not_read : frozenset of str
        Columns that are known and are no reading of ours.
    interval : str, optional
        The column that says how long the interval of some readings is.
    """

    feed: str
    readings: tuple[TableColumn, ...]
    remarks: Mapping[str, str]
    not_read: frozenset[str] = frozenset()
    interval: str | None = None

    @property
    def known(self) -> frozenset[str]:
        """Every column name that is not news."""
        names = {STATION, TIME, *(one.name for one in self.readings), *self.remarks}
        return self.not_read | names | ({self.interval} if self.interval else set())


@dataclass(slots=True)
class TableRows:
    """What was read of a table, and of each row the text of its interval column (none: "")."""

    readings: Readings
    intervals: list[str]
    texts: Mapping[int, list[str]]
    """Cell texts by position among ``readings.columns``."""


def read_table(
    chunks: Iterable[bytes], form: TableForm, determinands: Mapping[str, Determinand]
) -> TableRows:
    """Read a whole table as CSV with SL 323 column names as header, in any order and case.

    Returns
    -------
    TableRows
        ``start`` is TM, Beijing time; the sentinel -9999 is a missing reading.

    Raises
    ------
    SourceRefused
        if the file is empty or lacks STCD, TM and one column of readings.
    ContractError
        if ``determinands`` lacks the one a column needs.
    """
    names = {one.name for one in form.readings}

    def is_header(cells: Sequence[str]) -> bool:
        found = {fold(cell) for cell in cells}
        return {STATION, TIME} <= found and bool(found & names)

    table = read_delimited(chunks, is_header)
    header = [fold(cell) for cell in table.header]
    columns = _reading_columns(header, form, determinands)
    builder = ReadingsBuilder(columns, sentinels=frozenset({SENTINEL}))
    builder.quirks.update(f"column not mapped: {name}" for name in header if name not in form.known)
    stations, flags = Distinct(read_station_code), Distinct(lambda text: text or None)
    intervals: list[str] = []
    texts: dict[int, list[str]] = {place: [] for place in range(len(columns))}
    for block in table.blocks():
        builder.rejected.extend(block.rejected)
        keyed = _key_rows(block, header, stations)
        keyed.flag = _code_remarks(block, header, form, flags, builder.quirks)
        builder.add(block.rows, block.columns, keyed)
        if form.interval:
            at = header.index(form.interval) if form.interval in header else None
            intervals += [""] * len(block.rows) if at is None else block.columns[at]
            for place, column in enumerate(columns):
                texts[place] += block.columns[column.index]
    return TableRows(builder.finish(table.raw, stations.texts, flags.texts), intervals, texts)


def fold(cell: str) -> str:
    """A heading as it is compared."""
    return cell.strip().upper()


def read_station_code(cell: str) -> str | None:
    """The station code of a cell without the spaces of a wider column; None where there is none."""
    text = cell.strip()
    return text if 0 < len(text) <= _STCD_CHARS and text.isprintable() else None


def drop_columns_never_filled(readings: Readings) -> None:
    """Where a station never fills a column of this file, its empty cells are no missing readings."""
    kinds: npt.NDArray[np.uint8] = readings.kinds
    is_keyed = readings.site >= 0
    for column in range(kinds.shape[1]):
        is_empty = kinds[:, column] == CellKind.BLANK
        is_said = ~is_empty & (kinds[:, column] != CellKind.NOT_MEASURED)
        fills = np.zeros(len(readings.sites), dtype=bool)
        fills[readings.site[is_keyed & is_said]] = True
        never = is_keyed & is_empty
        never[never] = ~fills[readings.site[never]]
        kinds[never, column] = CellKind.NOT_MEASURED


def _reading_columns(
    header: Sequence[str], form: TableForm, determinands: Mapping[str, Determinand]
) -> list[ReadingColumn]:
    columns: list[ReadingColumn] = []
    for one in form.readings:
        if one.name not in header:
            continue
        if one.determinand not in determinands:
            raise ContractError(f"{form.feed} needs the determinand {one.determinand}")
        to_unit = determinands[one.determinand].unit
        place = header.index(one.name)
        columns.append(
            ReadingColumn(place, one.name, one.determinand, one.unit, to_unit, one.statistic)
        )
    return columns


def _key_rows(block: RowBlock, header: Sequence[str], stations: Distinct) -> KeyedBlock:
    site = code_each(block.columns[header.index(STATION)], stations.code)
    start, faults = read_times(block.columns[header.index(TIME)])
    for position in np.flatnonzero(site < 0).tolist():
        faults[position] = "no station code that can be read"
    return KeyedBlock(site=site, start=start, flag=np.full(len(site), -1), faults=faults)


def _code_remarks(
    block: RowBlock,
    header: Sequence[str],
    form: TableForm,
    flags: Distinct,
    quirks: Counter[str],
) -> Codes:
    """The codes beside the readings as one text a row: ``FLWCHRCD=<;WPTN=4``; -1 without any."""
    kept = [(form.remarks[name], at) for at, name in enumerate(header) if name in form.remarks]
    if not kept or not block.rows:
        return np.full(len(block.rows), -1, dtype=np.int64)
    names = [name for name, _ in kept]
    rows = list(zip(*(block.columns[at] for _, at in kept), strict=True))

    def code(cells: tuple[str, ...]) -> int:
        said = [(name, cell.strip()) for name, cell in zip(names, cells, strict=True)]
        short = [one for one in said if one[1] and len(one[1]) <= REMARK_CHARS]
        quirks["code too long to be one, not kept"] += sum(
            len(one[1]) > REMARK_CHARS for one in said
        )
        return flags.code(";".join(f"{name}={text}" for name, text in short))

    codes = code_each(rows, code)
    if not quirks["code too long to be one, not kept"]:
        del quirks["code too long to be one, not kept"]
    return codes
