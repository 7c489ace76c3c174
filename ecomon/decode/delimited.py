"""Lines of a comma-separated file: encoding, quotes, and lines that are no row.

A row is one line. A quoted line break is not supported on purpose: a stray quote then costs one
row and never swallows the rest of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecomon.errors import SourceRefused
from ecomon.model.observation import Rejected

LINE_BYTES = 1_000_000
"""A longer line is junk; it is rejected without being looked at."""

RAW_CHARS = 4000
"""How much of a rejected row its record shows; the file itself is kept whole elsewhere."""

BLOCK_ROWS = 20_000

_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class RowBlock:
    """Consecutive rows in columns, and the lines between them that are no row.

    ``rows`` counts data rows from 1; ``columns`` holds one tuple of texts per column of the header.
    """

    rows: list[int]
    columns: list[tuple[str, ...]]
    rejected: list[Rejected] = field(default_factory=list[Rejected])


@dataclass(slots=True)
class DelimitedFile:
    """A file cut into lines, not yet into cells; ``encoding`` is settled by its header line."""

    octets: bytes
    encoding: str
    preamble: list[str]
    header: list[str]
    _starts: npt.NDArray[np.int64]
    _ends: npt.NDArray[np.int64]

    def raw(self, row: int) -> str:
        """The line of data row ``row`` (from 1), as far as a record shows it."""
        start, end = int(self._starts[row - 1]), int(self._ends[row - 1])
        shown = self.octets[start : min(end, start + 4 * RAW_CHARS)]
        return (
            shown.decode(self.encoding, "replace").rstrip("\r").replace("\0", "\ufffd")[:RAW_CHARS]
        )

    def blocks(self) -> Iterator[RowBlock]:
        """The data rows, ``BLOCK_ROWS`` at a time."""
        for first in range(0, len(self._starts), BLOCK_ROWS):
            yield self._block(first, min(first + BLOCK_ROWS, len(self._starts)))

    def _block(self, first: int, last: int) -> RowBlock:
        width = len(self.header)
        rows: list[int] = []
        cells: list[list[str]] = []
        rejected: list[Rejected] = []
        for row in range(first + 1, last + 1):
            split = self._split(row)
            if isinstance(split, str):
                rejected.append(Rejected(row, split, self.raw(row)))
            elif len(split) != width:
                reason = f"{width} cells expected, {len(split)} found"
                rejected.append(Rejected(row, reason, self.raw(row)))
            else:
                rows.append(row)
                cells.append(split)
        columns = list(zip(*cells, strict=True)) if cells else [()] * width
        return RowBlock(rows, columns, rejected)

    def _split(self, row: int) -> list[str] | str:
        """The cells of a row, or why its line is none."""
        line = self.octets[self._starts[row - 1] : self._ends[row - 1]]
        if len(line) > LINE_BYTES:
            return f"a line of {len(line)} bytes"
        try:
            text = line.decode(self.encoding)
        except UnicodeDecodeError:
            return f"not {self.encoding} text"
        if "\0" in text:
            return "NUL characters in the line"
        return split_line(text.rstrip("\r"))


def split_line(line: str) -> list[str] | str:
    """The cells of one line, or the reason why its quotes make no sense."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as wrong:
        return f"quotes: {wrong}"


def read_delimited(
    octets: bytes, is_header: Callable[[list[str]], bool], *, comment: str | None = None
) -> DelimitedFile:
    """Find the header line and the encoding of a comma-separated file.

    Parameters
    ----------
    octets : bytes
        The whole file; UTF-8 with or without byte-order mark, or GB18030; any line end.
    is_header : callable
        Whether the cells of the first line are a header of this feed.
    comment : str, optional
        Lines that start with it, before the header, are the preamble.

    Raises
    ------
    SourceRefused
        if the file is empty, no text, or its first line is no header of this feed.
    """
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceRefused("the file is UTF-16 text; save it as UTF-8")
    if b"\n" not in octets and b"\r" in octets:
        octets = octets.replace(b"\r", b"\n")
    starts, ends = _line_spans(octets, len(_BOM) if octets.startswith(_BOM) else 0)
    if len(starts) == 0:
        raise SourceRefused("the file is empty")
    for encoding in ("utf-8", "gb18030"):
        preamble, header, used = _read_head(octets, starts, ends, encoding, comment)
        if header is not None and is_header(header):
            return DelimitedFile(octets, encoding, preamble, header, starts[used:], ends[used:])
    first = octets[int(starts[0]) : int(starts[0]) + 300].decode("utf-8", "replace")
    raise SourceRefused(f"the first line is no header of this feed: {first[:100]!r}")


def _line_spans(octets: bytes, start: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Starts and ends of the lines that hold anything but a line end; blank lines are no rows."""
    view = np.frombuffer(octets, np.uint8)
    breaks = np.flatnonzero(view == ord("\n"))
    starts = np.concatenate([[start], breaks + 1]).astype(np.int64)
    ends = np.concatenate([breaks, [len(octets)]]).astype(np.int64)
    lengths = ends - starts
    is_blank = lengths == 0
    single = np.flatnonzero(lengths == 1)
    is_blank[single] = view[starts[single]] == ord("\r")
    return starts[~is_blank], ends[~is_blank]


def _read_head(
    octets: bytes,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    encoding: str,
    comment: str | None,
) -> tuple[list[str], list[str] | None, int]:
    """Preamble lines, header cells (None where there are none) and how many lines they take."""
    preamble: list[str] = []
    for used in range(1, len(starts) + 1):
        octets_of_line = octets[starts[used - 1] : ends[used - 1]]
        if len(octets_of_line) > LINE_BYTES:
            return preamble, None, used
        try:
            line = octets_of_line.decode(encoding).rstrip("\r")
        except UnicodeDecodeError:
            return preamble, None, used
        if comment is not None and line.startswith(comment):
            preamble.append(line)
            continue
        cells = split_line(line)
        return preamble, (None if isinstance(cells, str) else cells), used
    return preamble, None, len(starts)
