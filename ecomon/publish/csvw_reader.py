"""The long CSV of readings, read back as the table it was made of."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from ecomon.errors import ContractError, SourceRefused
from ecomon.model.tables import FLAGGED
from ecomon.publish.csvw_columns import COLUMNS, Column, Kind

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?|INF)")
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+08:00")


def read_observations_csv(octets: bytes) -> pd.DataFrame:
    """The table that :func:`ecomon.publish.csvw.observations_csv` was given.

    Returns
    -------
    table FLAGGED
        With the optional columns the file has; NaN and NA where a cell is empty.

    Raises
    ------
    SourceRefused
        where it is not UTF-8 or no such file, or naming row and column of a cell that is not what
        its column holds.
    """
    header, rows = _read_rows(octets)
    columns = _columns_named(header)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise SourceRefused(f"row {number}: {len(row)} cells, not {len(header)}")
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    read = {column.name: _values(column, part) for column, part in zip(columns, cells, strict=True)}
    try:
        return FLAGGED.frame(read)
    except ContractError as wrong:
        raise SourceRefused(str(wrong)) from None


def _read_rows(octets: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        text = octets.decode("utf-8-sig")
        header, *rows = csv.reader(StringIO(text, newline=""), strict=True)
    except UnicodeDecodeError as wrong:
        raise SourceRefused(f"not UTF-8: {wrong}") from None
    except csv.Error as wrong:
        raise SourceRefused(f"no CSV: {wrong}") from None
    except ValueError:
        raise SourceRefused("the file is empty") from None
    return header, rows


def _columns_named(header: Sequence[str]) -> list[Column]:
    known = {column.name: column for column in COLUMNS}
    strangers = [name for name in header if name not in known]
    missing = [one.name for one in COLUMNS if not one.is_optional and one.name not in header]
    if strangers or missing or len(set(header)) < len(header):
        raise SourceRefused(
            f"the columns are not those of such a file: not known {strangers}, missing {missing}"
        )
    return [known[name] for name in header]


def _values(column: Column, cells: Sequence[str]) -> Any:
    parse = _PARSERS[column.kind]
    distinct: dict[str, Any] = {}
    for cell in dict.fromkeys(cells):
        try:
            distinct[cell] = parse(column, cell)
        except ValueError:
            raise SourceRefused(
                f"row {cells.index(cell) + 1}, {column.name}: {cell[:60]!r} is no {column.kind} "
                "that may stand there"
            ) from None
    values = [distinct[cell] for cell in cells]
    match column.kind:
        case "text":
            return pd.array(values, dtype="str")
        case "number":
            return np.array(values, dtype=np.float64)
        case "integer":
            return np.array(values, dtype=np.int64)
        case "moment":
            return np.array(values, dtype="datetime64[us]")


def _text(column: Column, cell: str) -> str | None:
    text = cell.removeprefix("'")
    if not text:
        if column.is_required:
            raise ValueError
        return None
    if column.codes and text not in column.codes:
        raise ValueError
    return text


def _number(_column: Column, cell: str) -> float:
    if not cell:
        return float("nan")
    if not _NUMBER.fullmatch(cell):
        raise ValueError
    return float(cell)


def _integer(column: Column, cell: str) -> int:
    if not _INTEGER.fullmatch(cell) or (column.codes and cell not in column.codes):
        raise ValueError
    number = int(cell)
    if not -(2**63) <= number < 2**63:
        raise ValueError
    return number


def _moment(_column: Column, cell: str) -> np.datetime64:
    if not _MOMENT.fullmatch(cell):
        raise ValueError
    return np.datetime64(cell[:19], "us")


_PARSERS: dict[Kind, Callable[[Column, str], Any]] = {
    "text": _text, "number": _number, "integer": _integer, "moment": _moment,
}  # fmt: skip
