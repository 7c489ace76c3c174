"""Rows of readings in columns, as they are gathered from a file.

Decoders that read a table of readings (one row per site and time, one column per determinand)
fill a :class:`ReadingsBuilder` block by block; ``batches`` makes observations of the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ecomon.decode.cells import MARKS, CellColumn, CellKind
from ecomon.model.observation import Rejected

FILTERED_FLAG = "极值过滤"
RAW_CELL_CHARS = 400

Codes = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Feed:
    """What every observation of one file shares."""

    source: str
    programme: str = "automatic"
    statistic: str = "value"
    duration_s: int = 0


@dataclass(frozen=True, slots=True)
class ReadingColumn:
    """A column of readings: where it stands, what it measures, its unit and the canonical one.

    ``statistic`` is that of a reading of an interval; without one the file's own holds.
    """

    index: int
    heading: str
    determinand: str
    unit: str
    to_unit: str
    statistic: str | None = None


@dataclass(slots=True)
class Readings:
    """All rows of a file; n rows, k columns of readings.

    Attributes
    ----------
    row : int64 (n,)
        Data row from 1.
    site, flag : int64 (n,)
        Positions in ``sites`` and ``flags``; a flag of -1 is none.
    start : datetime64[us] (n,)
        Naive Beijing time; NaT where the row has a fault.
    values : float64 (n, k)
        Canonical unit; NaN where ``kinds`` carries no number.
    kinds : uint8 (n, k)
        :class:`~ecomon.decode.cells.CellKind`.
    row_faults : dict
        Position of a row that is no observation, and why.
    cell_faults : dict
        Position of a row, and the (column, reason, text) of its unreadable cells.
    rejected : list
        Lines that are no row.
    extra : dict of int64 (n,)
        Columns that ride along.
    interval_s : int64 (n, k), optional
        Length of the interval that ends at ``start``, of each reading; 0 is an instant. None: the
        file's readings are all of one length.
    """

    columns: Sequence[ReadingColumn]
    raw: Callable[[int], str]
    row: Codes
    site: Codes
    start: Times
    flag: Codes
    values: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.uint8]
    row_faults: dict[int, str]
    cell_faults: dict[int, list[tuple[int, str, str]]]
    rejected: list[Rejected]
    quirks: Counter[str]
    extra: dict[str, Codes]
    sites: Sequence[str] = ()
    flags: Sequence[str] = ()
    interval_s: Codes | None = None


@dataclass(slots=True)
class KeyedBlock:
    """What a decoder made of the columns of a block that are no readings; m rows."""

    site: Codes
    start: Times
    flag: Codes
    faults: dict[int, str]
    extra: dict[str, Codes] = field(default_factory=dict[str, Codes])


@dataclass(slots=True)
class ReadingsBuilder:
    """Gathers blocks of rows; each distinct cell text of a column is read once."""

    columns: Sequence[ReadingColumn]
    marks: Mapping[str, CellKind] = field(default_factory=lambda: MARKS)
    sentinels: frozenset[float] = frozenset()
    quirks: Counter[str] = field(default_factory=Counter[str])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    _n: int = 0
    _row_faults: dict[int, str] = field(default_factory=dict[int, str])
    _cell_faults: dict[int, list[tuple[int, str, str]]] = field(default_factory=dict)
    _rows: list[Codes] = field(default_factory=list[Codes])
    _keyed: list[KeyedBlock] = field(default_factory=list[KeyedBlock])
    _values: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _kinds: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    _readers: list[CellColumn] = field(default_factory=list[CellColumn])

    def __post_init__(self) -> None:
        self._readers = [
            CellColumn(column.unit, column.to_unit, self.marks, self.sentinels)
            for column in self.columns
        ]

    def add(
        self, rows: Sequence[int], texts: Sequence[Sequence[str]], keyed: KeyedBlock
    ) -> npt.NDArray[np.uint8]:
        """Add rows; ``texts`` are all columns of the file. Returns the kinds, to be amended in place."""
        values = np.full((len(rows), len(self.columns)), np.nan)
        kinds = np.zeros(values.shape, dtype=np.uint8)
        for position, (column, reader) in enumerate(zip(self.columns, self._readers, strict=True)):
            cells = texts[column.index]
            values[:, position], kinds[:, position], faults, quirks = reader.read(cells)
            self.quirks.update(quirks)
            for at, reason in faults.items():
                place = self._cell_faults.setdefault(self._n + at, [])
                place.append((position, reason, cells[at][:RAW_CELL_CHARS]))
        self._row_faults.update({self._n + at: reason for at, reason in keyed.faults.items()})
        self._n += len(rows)
        self._rows.append(np.array(rows, dtype=np.int64))
        self._keyed.append(keyed)
        self._values.append(values)
        self._kinds.append(kinds)
        return kinds

    def finish(
        self, raw: Callable[[int], str], sites: Sequence[str], flags: Sequence[str]
    ) -> Readings:
        """All rows in one piece; ``raw`` gives the text of a data row."""
        keyed, k = self._keyed, len(self.columns)
        none = np.empty(0, dtype=np.int64)
        names = keyed[0].extra if keyed else {}
        return Readings(
            columns=self.columns,
            raw=raw,
            row=np.concatenate([none, *self._rows]),
            site=np.concatenate([none, *(block.site for block in keyed)]),
            start=np.concatenate(
                [none.astype("datetime64[us]"), *(block.start for block in keyed)]
            ),
            flag=np.concatenate([none, *(block.flag for block in keyed)]),
            values=np.concatenate([np.empty((0, k)), *self._values]),
            kinds=np.concatenate([np.empty((0, k), dtype=np.uint8), *self._kinds]),
            row_faults=self._row_faults,
            cell_faults=self._cell_faults,
            rejected=self.rejected,
            quirks=self.quirks,
            extra={name: np.concatenate([block.extra[name] for block in keyed]) for name in names},
            sites=sites,
            flags=flags,
        )


@dataclass(slots=True)
class Distinct:
    """The distinct texts of a column, numbered as they come.

    ``read`` makes of a cell the text to keep, or None where it holds none.
    """

    read: Callable[[str], str | None]
    texts: list[str] = field(default_factory=list[str])
    _codes: dict[str, int] = field(default_factory=dict[str, int])

    def code(self, cell: str) -> int:
        """The number of the text in ``cell``; -1 where it holds none."""
        text = self.read(cell)
        if text is None:
            return -1
        if text not in self._codes:
            self._codes[text] = len(self.texts)
            self.texts.append(text)
        return self._codes[text]


def code_each(texts: Sequence[Hashable], code: Callable[[Any], int]) -> Codes:
    """``code`` of every text, called once per distinct text."""
    codes = {text: code(text) for text in dict.fromkeys(texts)}
    return np.fromiter(map(codes.__getitem__, texts), np.int64, len(texts))


def flag_of(readings: Readings, position: int) -> str | None:
    """The source's flag of a row, or None."""
    code = int(readings.flag[position])
    return readings.flags[code] if code >= 0 else None


def with_status(reason: str, status: str | None) -> str:
    """A reason, and what the source says of the station."""
    return f"{reason} (status {status})" if status else reason
