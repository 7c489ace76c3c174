"""Octets cut into lines, in memory that no line can fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

LINE_BYTES = 1_000_000
"""A longer line is junk; its beginning is shown in its record, the rest is passed over."""

PIECE_BYTES = 1 << 18

_BOM = b"\xef\xbb\xbf"


class LongLine(bytes):
    """The beginning of a line longer than ``LINE_BYTES``; ``size`` is that of the whole line."""

    size: int

    @classmethod
    def of(cls, start: bytes, size: int) -> LongLine:
        """A line of ``size`` bytes that begins so."""
        line = cls(start[:LINE_BYTES])
        line.size = size
        return line


Line = bytes | LongLine


def cut_pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same octets in pieces of ``PIECE_BYTES``, the last one shorter, however they came."""
    held = bytearray()
    for chunk in chunks:
        for at in range(0, len(chunk), PIECE_BYTES):
            held += chunk[at : at + PIECE_BYTES]
            if len(held) >= PIECE_BYTES:
                yield bytes(held[:PIECE_BYTES])
                del held[:PIECE_BYTES]
    if held:
        yield bytes(held)


def cut_lines(pieces: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a file that hold anything; blank lines are none.

    A byte-order mark of UTF-8 is left out. Lines end with ``\\n`` (a ``\\r`` before it stays); a
    file whose first piece has ``\\r`` alone ends its lines with that.

    Parameters
    ----------
    pieces : iterable of bytes
        As :func:`cut_pieces` gives them.

    Yields
    ------
    bytes or LongLine
        Of a line over ``LINE_BYTES`` only the beginning is held.
    """
    start, size = b"", 0
    for piece in _with_one_line_end(pieces):
        first, *others = piece.split(b"\n")
        if size <= LINE_BYTES:
            start += first
        size += len(first)
        if not others:
            continue
        # A line within one piece is shorter than a piece, and that than LINE_BYTES.
        for line in (_ended(start, size), *others[:-1]):
            if line and line != b"\r":
                yield line
        start, size = others[-1], len(others[-1])
    last = _ended(start, size)
    if last and last != b"\r":
        yield last


def _ended(start: bytes, size: int) -> Line:
    return start if size <= LINE_BYTES else LongLine.of(start, size)


def _with_one_line_end(pieces: Iterable[bytes]) -> Iterator[bytes]:
    remaining = iter(pieces)
    first = next(remaining, b"")
    is_by_return = b"\n" not in first and b"\r" in first
    for piece in chain([first.removeprefix(_BOM)], remaining):
        yield piece.replace(b"\r", b"\n") if is_by_return else piece
