"""A true .xls: one sheet of texts and numbers as BIFF8 in a compound file, octet by octet.

Source: [MS-XLS] (records BOF, BoundSheet8, Label, Number, MergeCells) and [MS-CFB] version 3.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
SMALLEST = 4096  # a shorter stream would go to the mini stream

Span = tuple[int, int, int, int]
"""First and last row, first and last column of a merged range."""


def write_xls(
    name: str, rows: Sequence[Sequence[str | float | None]], merged: Sequence[Span] = ()
) -> bytes:
    """The octets of a workbook of one sheet."""
    return _compound(_workbook(name, rows, merged))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _workbook(name: str, rows: Sequence[Sequence[str | float | None]], merged: Sequence[Span]) -> bytes:  # fmt: skip
    cells = b""
    width = max(map(len, rows))
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            head = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                cells += _record(0x0204, head + _text(value))
            elif value is not None:
                cells += _record(0x0203, head + struct.pack("<d", value))
    dimensions = _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    spans = b"".join(struct.pack("<HHHH", *span) for span in merged)
    merges = _record(0x00E5, struct.pack("<H", len(merged)) + spans) if merged else b""
    sheet = _bof(0x0010) + dimensions + cells + merges + _record(0x000A, b"")
    codepage = _record(0x0042, struct.pack("<H", 1200))
    label = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
    end = _record(0x000A, b"")
    before = _bof(0x0005) + codepage
    start = len(before) + 4 + 6 + len(label) + len(end)
    bound = _record(0x0085, struct.pack("<IBB", start, 0, 0) + label)
    return before + bound + end + sheet


def _compound(stream: bytes) -> bytes:
    stream = stream.ljust(max(SMALLEST, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    n_stream = len(stream) // SECTOR
    n_fat = 1
    while (n_fat + 1 + n_stream) > n_fat * (SECTOR // 4):
        n_fat += 1
    fat = [FAT] * n_fat + [END] + [n_fat + 2 + at for at in range(n_stream - 1)] + [END]
    fat += [FREE] * (n_fat * (SECTOR // 4) - len(fat))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH", 0x003E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, n_fat, n_fat, 0, SMALLEST, END, 0, END, 0)
    header += struct.pack("<109I", *range(n_fat), *[FREE] * (109 - n_fat))
    root = _entry("Root Entry", 5, child=1, start=END, size=0)
    book = _entry("Workbook", 2, child=FREE, start=n_fat + 1, size=len(stream))
    folder = (root + book + _entry("", 0, child=FREE, start=0, size=0) * 2)[:SECTOR]
    return header + struct.pack(f"<{len(fat)}I", *fat) + folder + stream


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    spelt = (name.encode("utf-16-le") + b"\0\0") if name else b""
    return (
        spelt.ljust(64, b"\0") + struct.pack("<HBB", len(spelt), kind, 1)
        + struct.pack("<III", FREE, FREE, child) + bytes(16 + 4 + 16)
        + struct.pack("<IQ", start, size)
    )  # fmt: skip
