"""What a gateway received, octet for octet: who sent it, when, on which connection.

A run of receptions is written one after another as a line of text and the octets themselves::

    reception 17 1763970855123456 5 10.20.0.7:50123 389 9f3a11c2
    ##0375QN=…
    ⏎

The line has the number, the moment in microseconds of the epoch, the connection, the peer, how many
octets follow, and a CRC-32 of the line before it and the octets. Numbers rise by one and are never
used again, so that a run names what it holds by its first and last one. Frames may hold anything,
line breaks too: octets are counted, not searched.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MARK = b"reception "
_LONGEST_LINE = 200
_NUMBERS = 5


@dataclass(frozen=True, slots=True)
class Reception:
    """One frame, or one run of octets that is none, as it arrived.

    Attributes
    ----------
    number : int
        Its place in the order of receipt, from 1.
    received_us : int
        Microseconds of the epoch, by the clock of the gateway.
    connection : int
        Number of the connection; unique within one gateway process.
    peer : str
        Address and port, without a blank.
    octets : bytes
    """

    number: int
    received_us: int
    connection: int
    peer: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """One frame, or one run of octets that is none, and what to answer to it once it is safe.

    ``answer`` is empty where nothing is to be said. ``is_welcome``: a known station's good frame.
    """

    octets: bytes
    answer: bytes
    is_welcome: bool


@dataclass(frozen=True, slots=True)
class Damage:
    """Octets that are no reception where one should begin or go on: a write that was cut off."""

    position: int
    reason: str


def reception_octets(reception: Reception) -> bytes:
    """A reception as it is written."""
    head = (
        f"{reception.number} {reception.received_us} {reception.connection}"
        f" {reception.peer} {len(reception.octets)}"
    ).encode()
    checked = zlib.crc32(reception.octets, zlib.crc32(head))
    return b"%s%s %08x\n%s\n" % (MARK, head, checked, reception.octets)


def read_receptions(chunks: Iterable[bytes]) -> Iterator[Reception | Damage]:
    """Receptions out of octets that may be cut anywhere; ends at the first damage.

    Yields
    ------
    Reception
        In the order in which they stand.
    Damage
        At most one, the last: what follows cannot be told from the inside of a frame.
    """
    held, position, coming = bytearray(), 0, iter(chunks)
    while True:
        size, found = _take_one(held)
        if found is not None:
            yield found
            del held[:size]
            position += size
            continue
        if size < 0:
            yield Damage(position, "not the beginning of a reception, or not what its CRC says")
            return
        chunk = next(coming, None)
        if chunk is None:
            if held:
                yield Damage(position, "ends in the middle of a reception")
            return
        held += chunk


def _take_one(held: bytearray) -> tuple[int, Reception | None]:
    """The reception at the beginning and its length; (0, None) to wait for more, (-1, None) for damage."""
    line_end = held.find(b"\n", 0, _LONGEST_LINE)
    if line_end < 0:
        is_begun = len(held) < _LONGEST_LINE and MARK.startswith(bytes(held[: len(MARK)]))
        return (0 if is_begun else -1), None
    fields = bytes(held[:line_end]).split(b" ")
    if len(fields) != _NUMBERS + 2 or fields[0] + b" " != MARK:
        return -1, None
    try:
        number, received_us, connection, length = (int(fields[place]) for place in (1, 2, 3, 5))
        checked = int(fields[6], 16)
        peer = fields[4].decode("ascii")
    except ValueError:
        return -1, None
    first, end = line_end + 1, line_end + 1 + length
    if length < 0:
        return -1, None
    if len(held) <= end:
        return 0, None
    octets = bytes(held[first:end])
    head = b" ".join(fields[1:6])
    if held[end] != 0x0A or zlib.crc32(octets, zlib.crc32(head)) != checked:
        return -1, None
    return end + 1, Reception(number, received_us, connection, peer, octets)
