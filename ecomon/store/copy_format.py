"""Columns as the octets that PostgreSQL's ``COPY ... FROM STDIN (FORMAT binary)`` takes.

A row is the count of its fields, then each field's length and octets, all big-endian; a length of
-1 is NULL and has no octets. All rows are laid out by numpy with fields as wide as the widest, and
the octets that a row does not have are cut out afterwards: no row is touched by Python.

Source: PostgreSQL manual, "COPY", section "Binary Format".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecomon.store.columns import Column, Texts, length_of

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL = b"\xff\xff"
_CHUNK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of a chunk: its octets padded to one width, and how many each row has of them."""

    cells: npt.NDArray[Any]  # shape (row,), big-endian numbers or padded octets
    n_bytes: npt.NDArray[np.int64]  # shape (row,); -1 for NULL


def pack_rows(columns: Sequence[Column], types: Sequence[str]) -> Iterator[bytes]:
    """The octets of a table, in chunks of bounded size.

    Parameters
    ----------
    columns : sequence of Column
        As long as one another.
    types : sequence of str
        Of each column: ``i2``, ``i8``, ``f8``, ``u1`` (a boolean) or ``text``.
    """
    yield HEAD
    n_rows = length_of(columns[0])
    width = sum(4 + _width(column, kind) for column, kind in zip(columns, types, strict=True))
    step = max(1, _CHUNK_BYTES // (2 + width))
    for first in range(0, n_rows, step):
        rows = slice(first, first + step)
        yield _pack([_field(one, kind, rows) for one, kind in zip(columns, types, strict=True)])
    yield TAIL


def _width(column: Column, kind: str) -> int:
    if isinstance(column, Texts):
        return max((len(name.encode()) for name in column.names), default=1)
    return int(kind[1])


def _field(column: Column, kind: str, rows: slice) -> _Field:
    if isinstance(column, Texts):
        octets = [name.encode() for name in column.names]
        codes = column.codes[rows]
        # A code of -1 picks the last: the NULL.
        n_bytes = np.array([*map(len, octets), -1], dtype=np.int64)[codes]
        return _Field(np.array([*octets, b""], dtype=f"S{_width(column, kind)}")[codes], n_bytes)
    numbers = column[rows]
    if isinstance(numbers, np.ma.MaskedArray):
        is_null = np.ma.getmaskarray(numbers)
        numbers = numbers.filled(0)
    elif kind == "f8":
        is_null = np.isnan(numbers)
    else:
        is_null = np.zeros(len(numbers), dtype=bool)
    return _Field(numbers.astype(f">{kind}"), np.where(is_null, -1, int(kind[1])))


def _pack(fields: list[_Field]) -> bytes:
    layout: list[tuple[str, str]] = [("n_fields", ">i2")]
    for number, field in enumerate(fields):
        layout += [(f"length_{number}", ">i4"), (f"cell_{number}", field.cells.dtype.str)]
    packed = np.empty(len(fields[0].cells), dtype=layout)
    packed["n_fields"] = len(fields)
    octets = packed.view(np.uint8).reshape(len(packed), packed.dtype.itemsize)
    is_kept: npt.NDArray[np.bool_] | None = None
    at = 2
    for number, field in enumerate(fields):
        packed[f"length_{number}"] = field.n_bytes
        packed[f"cell_{number}"] = field.cells
        width = field.cells.dtype.itemsize
        first, at = at + 4, at + 4 + width
        if (field.n_bytes == width).all():
            continue
        if is_kept is None:
            is_kept = np.ones(octets.shape, dtype=bool)
        is_kept[:, first:at] = np.arange(width) < field.n_bytes[:, None]
    return octets.tobytes() if is_kept is None else octets[is_kept].tobytes()
