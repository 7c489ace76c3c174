"""Columns of frames as lists that a driver takes, and back: epoch seconds, NULL for NaN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import CursorResult

_BEIJING_S = 8 * 3600
_US = 1_000_000
_FETCH = 65_536

Convert = Callable[[Sequence[Any]], npt.NDArray[Any]]


def epoch_s(times: pd.Series) -> npt.NDArray[np.int64]:
    """Epoch seconds of naive Beijing ``datetime64[us]`` without NaT."""
    return times.to_numpy("datetime64[us]").astype(np.int64) // _US - _BEIJING_S


def beijing_times(seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Naive Beijing ``datetime64[us]`` of epoch seconds."""
    return ((seconds + _BEIJING_S) * _US).view("datetime64[us]")


def floats_or_null(values: pd.Series) -> list[float | None]:
    """Floats, None for NaN: a database has NULL for "no valid value" and may keep NaN as a number."""
    array = values.to_numpy(np.float64)
    is_nan = np.isnan(array)
    if not is_nan.any():
        return array.tolist()
    boxed = array.astype(object)
    boxed[is_nan] = None
    return boxed.tolist()


def texts_or_null(values: pd.Series) -> list[str | None]:
    """Texts, None for NA."""
    is_missing = values.isna().to_numpy()
    boxed = values.to_numpy(object)
    if is_missing.any():
        boxed = boxed.copy()
        boxed[is_missing] = None
    return boxed.tolist()


def times_or_null(values: pd.Series) -> list[int | None]:
    """Epoch seconds, None for NaT."""
    is_missing = values.isna().to_numpy()
    seconds = epoch_s(values)
    if not is_missing.any():
        return seconds.tolist()
    boxed = seconds.astype(object)
    boxed[is_missing] = None
    return boxed.tolist()


def fetch_columns(
    result: CursorResult[Any], n_columns: int, converters: Mapping[int, Convert]
) -> list[npt.NDArray[Any]]:
    """All rows of a query as one array per column, objects where no converter is named.

    The driver's own cursor is read, some ten thousand rows at a time: a row object each, or all of
    a basin-year as tuples, would cost several times the memory and time.
    """
    parts: list[list[npt.NDArray[Any]]] = [[] for _ in range(n_columns)]
    cursor: Any = result.cursor
    while rows := cursor.fetchmany(_FETCH):
        for number, values in enumerate(zip(*rows, strict=True)):
            parts[number].append(converters.get(number, objects)(values))
    return [
        np.concatenate(part) if part else converters.get(number, objects)(())
        for number, part in enumerate(parts)
    ]


def objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    """What a driver gave, as it is."""
    return np.array(values, dtype=object)


def ints(values: Sequence[int]) -> npt.NDArray[np.int64]:
    """int64 of integers that a driver gave."""
    return np.array(values, dtype=np.int64)


def floats(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    """float64 of what a driver gave; NULL is NaN."""
    return np.array(values, dtype=np.float64)


def texts(values: Sequence[str | None] | npt.NDArray[np.object_]) -> Any:
    """A ``str`` array of what a driver gave; NULL is NA."""
    return pd.array(np.array(values, dtype=object), dtype="str")
