"""Columns of frames as lists that a driver takes, and back: epoch seconds, NULL for NaN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, CursorResult, Executable

from ecomon.model.codes import encode

_BEIJING_S = 8 * 3600
_US = 1_000_000
_FETCH = 1_024
AS_OCTETS = "ecomon_as_octets"
"""Option of a query whose numbers a server is to send as octets, not as digits."""

Convert = Callable[[Sequence[Any]], npt.NDArray[Any]]


def epoch_s(times: pd.Series) -> npt.NDArray[np.int64]:
    """Epoch seconds of naive Beijing ``datetime64[us]`` without NaT."""
    return times.to_numpy("datetime64[us]").astype(np.int64) // _US - _BEIJING_S


def beijing_times(seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Naive Beijing ``datetime64[us]`` of epoch seconds."""
    return ((seconds + _BEIJING_S) * _US).view("datetime64[us]")


@dataclass(frozen=True, slots=True)
class Texts:
    """A text column on its way to a driver: ``names`` by code, -1 for NULL."""

    codes: npt.NDArray[np.intp]
    names: list[str]

    @classmethod
    def of(cls, values: pd.Series) -> Texts:
        """The texts of a column; NA is NULL."""
        return cls(*encode(values))


Column: TypeAlias = npt.NDArray[Any] | Texts
"""A column on its way to a driver. NULL is NaN in floats, the mask in a masked array of integers,
the code -1 in texts; plain integers and booleans have none."""


def length_of(column: Column) -> int:
    """Rows of a column."""
    return len(column.codes) if isinstance(column, Texts) else len(column)


def take(column: Column, places: npt.NDArray[np.intp]) -> Column:
    """The rows at these places."""
    return (
        Texts(column.codes[places], column.names) if isinstance(column, Texts) else column[places]
    )


def masked_times(values: pd.Series) -> np.ma.MaskedArray[Any, Any]:
    """Epoch seconds of naive Beijing times, masked where NaT."""
    return np.ma.masked_array(epoch_s(values), mask=values.isna().to_numpy())


def is_all_null(column: Column) -> bool:
    """True where no row has a value."""
    if isinstance(column, Texts):
        return bool((column.codes < 0).all())
    if isinstance(column, np.ma.MaskedArray):
        return bool(np.ma.getmaskarray(column).all())
    return column.dtype.kind == "f" and bool(np.isnan(column).all())


def to_list(column: Column) -> list[Any]:
    """Values that a driver takes one by one: None for NULL, but NaN in floats."""
    if isinstance(column, Texts):
        return np.array([*column.names, None], dtype=object)[column.codes].tolist()
    return column.tolist()


def fetch_columns(
    conn: Connection, query: Executable, converters: Mapping[int, Convert]
) -> list[npt.NDArray[Any]]:
    """All rows of a query as one array per column, objects where no converter is named.

    The driver's own cursor is read, a thousand rows at a time: a row object each would cost several
    times the time, and so would more rows at once than the processor's cache holds.
    """
    result = conn.execute(query, execution_options={AS_OCTETS: True})
    cursor: Any = cast(CursorResult[Any], result).cursor
    parts: list[list[npt.NDArray[Any]]] = [[] for _ in cursor.description]
    while rows := cursor.fetchmany(_FETCH):
        for number, values in enumerate(zip(*rows, strict=True)):
            parts[number].append(converters.get(number, objects)(values))
    return [
        np.concatenate(part) if part else converters.get(number, objects)(())
        for number, part in enumerate(parts)
    ]


def fetch_tuples(conn: Connection, query: Executable) -> list[tuple[Any, ...]]:
    """All rows of a query as plain tuples."""
    result = conn.execute(query, execution_options={AS_OCTETS: True})
    cursor: Any = cast(CursorResult[Any], result).cursor
    return cursor.fetchall()


def objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    """What a driver gave, as it is."""
    return np.array(values, dtype=object)


def ints(values: Sequence[int]) -> npt.NDArray[np.int64]:
    """int64 of integers that a driver gave."""
    return np.array(values, dtype=np.int64)


def floats(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    """float64 of what a driver gave; NULL is NaN."""
    return np.array(values, dtype=np.float64)


def times(values: Sequence[int | None]) -> npt.NDArray[np.datetime64]:
    """Naive Beijing times of epoch seconds that a driver gave; NULL is NaT."""
    seconds = floats(values)
    found = beijing_times(np.nan_to_num(seconds).astype(np.int64))
    found[np.isnan(seconds)] = np.datetime64("NaT")
    return found


def texts(values: Sequence[str | None] | npt.NDArray[np.object_]) -> Any:
    """A ``str`` array of what a driver gave; NULL is NA."""
    return pd.array(np.array(values, dtype=object), dtype="str")
