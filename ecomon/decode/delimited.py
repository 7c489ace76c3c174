"""Lines of a comma-separated file: encoding, quotes, and lines that are no row.

A row is one line. A quoted line break is not supported on purpose: a stray quote then costs one
row and never swallows the rest of the file.
"""

from __future__ import annotations

import csv
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from ecomon.decode.lines import LINE_BYTES, Line, LongLine, cut_lines, cut_pieces
from ecomon.errors import SourceRefused
from ecomon.model.observation import Rejected

HEAD_BYTES = 1_000_000
"""The header stands within the first so many bytes."""

RAW_CHARS = 4000
"""How much of a rejected row its record shows; the file itself is kept whole elsewhere."""

REJECTED_LINES = 100_000
"""A file with more lines that are no row is none of this feed: nobody reads so many records."""

BLOCK_ROWS = 20_000
BLOCK_BYTES = 16_000_000
_RAW_BYTES = 4 * RAW_CHARS


@dataclass(slots=True)
class RowBlock:
    """Consecutive rows in columns, and the lines between them that are no row.

    ``rows`` counts data rows from 1; ``columns`` holds one tuple of texts per column of the header.
    """

    rows: list[int]
    columns: list[tuple[str, ...]]
    rejected: list[Rejected] = field(default_factory=list[Rejected])


@dataclass(slots=True)
class _KeptLines:
    """The lines read so far, packed, for the records of rows found wrong only later."""

    _firsts: list[int] = field(default_factory=list[int])
    _packed: list[bytes] = field(default_factory=list[bytes])
    _open_at: int = -1
    _opened: list[bytes] = field(default_factory=list[bytes])

    def add(self, first: int, lines: list[Line]) -> None:
        """Keep a block of lines whose first is data row ``first``, each as far as it is shown."""
        shown = b"\n".join(line[:_RAW_BYTES] for line in lines)
        self._firsts.append(first)
        self._packed.append(zlib.compress(shown, 1))

    def line(self, row: int) -> bytes:
        """The line of a data row; rows are asked for in order, so one open block is enough."""
        at = bisect_right(self._firsts, row) - 1
        if at != self._open_at:
            self._open_at, self._opened = at, zlib.decompress(self._packed[at]).split(b"\n")
        return self._opened[row - self._firsts[at]]


@dataclass(slots=True)
class DelimitedFile:
    """A file as lines that are still to be read; ``encoding`` is settled by its header line."""

    encoding: str
    preamble: list[str]
    header: list[str]
    _lines: Iterator[Line]
    _kept: _KeptLines = field(default_factory=_KeptLines)
    _n_rejected: int = 0

    def raw(self, row: int) -> str:
        """The line of data row ``row`` (from 1, of a block read already), as a record shows it."""
        return self.shown(self._kept.line(row))

    def lines(self) -> Iterator[tuple[int, Line]]:
        """The data rows as they stand, numbered from 1; once only, and in the place of ``blocks``.

        For files of which most lines need not be cut into cells.
        """
        return enumerate(self._lines, 1)

    def blocks(self) -> Iterator[RowBlock]:
        """The data rows, at most ``BLOCK_ROWS`` or about ``BLOCK_BYTES`` at a time; once only.

        A file without rows gives one block that says so (row 0).

        Raises
        ------
        SourceRefused
            if more than ``REJECTED_LINES`` lines are no row.
        """
        first = 1
        while lines := _take_block(self._lines):
            self._kept.add(first, lines)
            yield self._block(first, lines)
            first += len(lines)
        if first == 1:
            nothing = Rejected(0, "the file holds a header and no row", ",".join(self.header))
            yield RowBlock([], [()] * len(self.header), [nothing])

    def _block(self, first: int, lines: list[Line]) -> RowBlock:
        width = len(self.header)
        rows: list[int] = []
        cells: list[list[str]] = []
        rejected: list[Rejected] = []
        for row, line in enumerate(lines, first):
            split = self.split(line)
            if isinstance(split, str):
                rejected.append(Rejected(row, split, self.shown(line[:_RAW_BYTES])))
            elif len(split) != width:
                reason = f"{width} cells expected, {len(split)} found"
                rejected.append(Rejected(row, reason, self.shown(line[:_RAW_BYTES])))
            else:
                rows.append(row)
                cells.append(split)
        self._n_rejected += len(rejected)
        if self._n_rejected > REJECTED_LINES:
            last = rejected[-1]
            raise SourceRefused(
                f"{self._n_rejected} lines are no row of this feed; at row {last.row}: {last.reason}"
            )
        columns = list(zip(*cells, strict=True)) if cells else [()] * width
        return RowBlock(rows, columns, rejected)

    def split(self, line: Line) -> list[str] | str:
        """The cells of a row, or why its line is none."""
        if isinstance(line, LongLine):
            return f"a line of {line.size} bytes; at most {LINE_BYTES} are read"
        try:
            text = line.decode(self.encoding)
        except UnicodeDecodeError:
            return f"not {self.encoding} text"
        if "\0" in text:
            return "NUL characters in the line"
        return split_line(text.rstrip("\r"))

    def shown(self, line: bytes) -> str:
        """A line as a record shows it."""
        text = line.decode(self.encoding, "replace").rstrip("\r")
        return text.replace("\0", "\ufffd")[:RAW_CHARS]


def _take_block(lines: Iterator[Line]) -> list[Line]:
    taken: list[Line] = []
    size = 0
    for line in lines:
        taken.append(line)
        size += len(line)
        if len(taken) >= BLOCK_ROWS or size >= BLOCK_BYTES:
            break
    return taken


def split_line(line: str) -> list[str] | str:
    """The cells of one line, or the reason why its quotes make no sense."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as wrong:
        return f"quotes: {wrong}"


def read_delimited(
    chunks: Iterable[bytes], is_header: Callable[[list[str]], bool], *, comment: str | None = None
) -> DelimitedFile:
    """Find the header line and the encoding of a comma-separated file; read no further.

    Parameters
    ----------
    chunks : iterable of bytes
        The file, cut anywhere; UTF-8 with or without byte-order mark, or GB18030; any line end.
    is_header : callable
        Whether the cells of the first line are a header of this feed.
    comment : str, optional
        Lines that start with it, before the header, are the preamble.

    Raises
    ------
    SourceRefused
        if the file is empty, no text, or its first line is no header of this feed.
    """
    pieces = cut_pieces(chunks)
    first = next(pieces, b"")
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceRefused("the file is UTF-16 text; save it as UTF-8")
    lines = cut_lines(chain([first], pieces))
    head = _take_head(lines, None if comment is None else comment.encode())
    if not head:
        raise SourceRefused("the file is empty")
    for encoding in ("utf-8", "gb18030"):
        preamble, header = _read_head(head, encoding)
        if header is not None and is_header(header):
            return DelimitedFile(encoding, preamble, header, lines)
    raise SourceRefused(_why_no_header(head[0]))


def _take_head(lines: Iterator[Line], comment: bytes | None) -> list[Line]:
    """The lines up to the first that is no comment: that one is the header, if anything is."""
    head: list[Line] = []
    size = 0
    for line in lines:
        head.append(line)
        size += len(line)
        if size > HEAD_BYTES or comment is None or not line.startswith(comment):
            break
    return head


def _read_head(head: list[Line], encoding: str) -> tuple[list[str], list[str] | None]:
    """Preamble lines and header cells; None where there are none in this encoding."""
    if any(isinstance(line, LongLine) for line in head):
        return [], None
    try:
        *preamble, last = [line.decode(encoding).rstrip("\r") for line in head]
    except UnicodeDecodeError:
        return [], None
    cells = split_line(last)
    return preamble, (None if isinstance(cells, str) else cells)


def _why_no_header(line: Line) -> str:
    shown = line[:300].decode("utf-8", "replace")[:100]
    if isinstance(line, LongLine):
        return f"the first line, of {line.size} bytes, is no header of this feed: {shown!r}"
    if b"\0" in line:
        return f"the file is no text (NUL in its first line, no header): {shown!r}"
    return f"the first line is no header of this feed: {shown!r}"
