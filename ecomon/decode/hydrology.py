"""River stage and discharge of a hydrological database, table ``ST_RIVER_R`` of SL 323-2011.

Columns, units and traps: formats.md §5 of the reference notes and its list of SL 323 columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ecomon.decode.batches import emit
from ecomon.decode.cells import CellKind
from ecomon.decode.civil_time import read_times
from ecomon.decode.delimited import RowBlock, read_delimited
from ecomon.decode.readings import (
    Distinct,
    Feed,
    KeyedBlock,
    ReadingColumn,
    Readings,
    ReadingsBuilder,
    code_each,
)
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected

SOURCE = "st-river-r"
SENTINEL = -9999.0

_READ = {"Z": ("STAGE", "m"), "Q": ("DISCHARGE", "m3/s")}
_NOT_READ = frozenset({
    "XSA", "XSAVV", "XSMXV", "FLWCHRCD", "FLWCHRSCD", "WPTN", "MSQMT", "MSAMT", "MSVMT", "MODITIME",
})  # fmt: skip
"""Columns of the table that are no reading of ours; the flow state is misspelt in one deployment."""

_STCD_CHARS = 30


def decode_st_river_r(
    chunks: Iterable[bytes], determinands: Mapping[str, Determinand]
) -> Iterator[Batch | Rejected]:
    """Decode an export of ``ST_RIVER_R`` as CSV with the columns' SL 323 names as header.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere.
    determinands : mapping of key to Determinand
        Must hold ``STAGE`` (column Z, m above the station's datum) and ``DISCHARGE`` (Q, m3/s).

    Yields
    ------
    Batch
        ``tables.OBSERVATIONS``; the site is the text of STCD without outer space, the time the
        instant TM in Beijing time. The sentinel -9999 is a missing reading (value NaN). An empty
        cell is one too, except in a column the station never fills in this file (a stage-only
        station): there is no observation. Reverse flow stays negative.
    Rejected
        Each row without an observation, once; each unreadable cell, with its column.

    Raises
    ------
    SourceRefused
        if the file is empty or lacks STCD, TM and one of Z, Q.
    ContractError
        if ``determinands`` lacks the one a column needs.
    """
    table = read_delimited(chunks, _is_header)
    header = [_fold(cell) for cell in table.header]
    columns = _reading_columns(header, determinands)
    builder = ReadingsBuilder(columns, sentinels=frozenset({SENTINEL}))
    builder.quirks.update(_unknown_columns(header))
    gauges = Distinct(_read_station_code)
    for block in table.blocks():
        builder.rejected.extend(block.rejected)
        builder.add(block.rows, block.columns, _key_rows(block, header, gauges))
    readings = builder.finish(table.raw, gauges.texts, ())
    _drop_columns_never_filled(readings)
    yield from emit(readings, Feed(source=SOURCE))


def _fold(cell: str) -> str:
    return cell.strip().upper()


def _is_header(cells: Sequence[str]) -> bool:
    names = {_fold(cell) for cell in cells}
    return {"STCD", "TM"} <= names and bool(names & _READ.keys())


def _reading_columns(
    header: Sequence[str], determinands: Mapping[str, Determinand]
) -> list[ReadingColumn]:
    columns: list[ReadingColumn] = []
    for name, (key, unit) in _READ.items():
        if name not in header:
            continue
        if key not in determinands:
            raise ContractError(f"st-river-r needs the determinand {key}")
        columns.append(ReadingColumn(header.index(name), name, key, unit, determinands[key].unit))
    return columns


def _unknown_columns(header: Sequence[str]) -> Counter[str]:
    known = {"STCD", "TM"} | _READ.keys() | _NOT_READ
    return Counter(f"column not mapped: {name}" for name in header if name not in known)


def _read_station_code(cell: str) -> str | None:
    text = cell.strip()
    return text if 0 < len(text) <= _STCD_CHARS and text.isprintable() else None


def _key_rows(block: RowBlock, header: Sequence[str], gauges: Distinct) -> KeyedBlock:
    site = code_each(block.columns[header.index("STCD")], gauges.code)
    start, faults = read_times(block.columns[header.index("TM")])
    for position in np.flatnonzero(site < 0).tolist():
        faults[position] = "no station code that can be read"
    no_flag = np.full(len(site), -1, dtype=np.int64)
    return KeyedBlock(site=site, start=start, flag=no_flag, faults=faults)


def _drop_columns_never_filled(readings: Readings) -> None:
    """Where a station never fills a column, its empty cells are no missing readings."""
    kinds: npt.NDArray[np.uint8] = readings.kinds
    is_keyed = readings.site >= 0
    for column in range(kinds.shape[1]):
        is_blank = kinds[:, column] == CellKind.BLANK
        fills = np.zeros(len(readings.sites), dtype=bool)
        fills[readings.site[is_keyed & ~is_blank]] = True
        never = is_keyed & is_blank
        never[never] = ~fills[readings.site[never]]
        kinds[never, column] = CellKind.NOT_MEASURED
