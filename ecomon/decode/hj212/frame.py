"""Octets of a connection to frames, in h11's shape: no clock, no socket, no thread.

::

    reader = FrameReader(Trust(), {"010000A8...": Trust(sm4_key=...)})
    for item in reader.receive(octets):      # as they came, cut anywhere
        match item:
            case Frame():    ...             # proven by its checksum; parse_segment(item.segment)
            case Rejected(): ...             # octets that are no frame, and why: dead letters
    reader.close()                           # what is left when the connection ends

**No good frame is lost.** Of all places where a frame could begin (``##`` and digits) and end
(its length; ``&&`` with four hexadecimal digits and what follows a frame), the one that is
complete first and whose checksum holds is taken, whatever stands before or around it. A length
that is wrong, noise with ``#`` in it or a cut frame before it cost nothing, and nobody waits for
9999 octets. What a reader says depends on the octets alone, not on how they were cut.

**Bounded.** A frame has at most ``MAX_FRAME`` octets; at most twice that is kept between calls,
and each octet is looked at a bounded number of times.

**Tails.** A frame is given as soon as its checksum is there, for a station that sends no CR LF
waits for its answer. Whether a tail was right is seen later and counted in ``late_quirks``; a
reader made with ``is_patient`` (for files) waits for it and puts it among the frame's own quirks.

``encode`` is the inverse: ``FrameReader().receive(encode(frame))`` gives that frame again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, NamedTuple

from ecomon.decode.hj212.checksum import checksum_hj212, checksum_modbus
from ecomon.decode.hj212.cipher import decipher_area, encipher_area, is_enciphered, is_printed
from ecomon.decode.hj212.places import (
    Place,
    PlaceKind,
    count_digits,
    find_begins,
    find_places,
    nearest_begins,
)
from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.verdict import RejectReason, decode_text, explain
from ecomon.errors import ContractError

Crc = Literal["hj212", "modbus", "none"]
"""The checksum that holds; *none* only where a reader was told to ask for none."""

MAX_FRAME: Final = 10_240
"""Octets of a frame: any length of four digits fits."""
_WINDOW: Final = 2 * MAX_FRAME
_PIECE: Final = 1024
_LONGEST: Final = 9999

_HEX: Final = re.compile(rb"[0-9A-Fa-f]{4}")
_LOWER: Final = re.compile(rb"[a-f]")
_MN: Final = re.compile(rb"(?:^|[;,\s])MN=([^;,]{0,64})")
_PADDING: Final = b"\r\n\0 \t"
_CR, _LF = 13, 10


class _Tail(Enum):
    NONE_DUE = 0
    DUE = 1
    AFTER_CR = 2


class Frame(NamedTuple):
    """A frame whose checksum holds.

    Attributes
    ----------
    segment : bytes
        The data segment in clear (deciphered where it was enciphered).
    crc : {"hj212", "modbus", "none"}
        The checksum that holds.
    quirks : tuple of Quirk
        What deviated and was accepted.
    octets : bytes
        As it stood on the wire, from ``##`` to the checksum; empty of a frame made here.
    """

    segment: bytes
    crc: Crc = "hj212"
    quirks: tuple[Quirk, ...] = ()
    octets: bytes = b""


class Rejected(NamedTuple):
    """Octets that are no frame: kept as they came, with a reason and its detail in words."""

    reason: RejectReason
    detail: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """What is accepted of a station: the checksum it is configured for, and its SM4 key.

    ``hj212`` accepts that one alone, ``modbus`` and ``any`` the Modbus form too (counted as a
    quirk); ``none`` accepts a frame that is right but for its checksum, for looking at it.
    """

    checksum: Literal["hj212", "modbus", "any", "none"] = "hj212"
    sm4_key: bytes | None = None


class FrameReader:
    """Octets in, frames and rejected octets out.

    Parameters
    ----------
    trust : Trust
        What is accepted of a station that is not in ``trusts``.
    trusts : mapping of MN to Trust, optional
    is_patient : bool
        Hold each frame until its tail is known (for files).
    """

    def __init__(
        self,
        trust: Trust | None = None,
        trusts: Mapping[str, Trust] | None = None,
        *,
        is_patient: bool = False,
    ) -> None:
        self._trust = trust or Trust()
        self._trusts = trusts or {}
        self._has_keys = any(one.sm4_key for one in (self._trust, *self._trusts.values()))
        self._is_patient = is_patient
        self._buffer = bytearray()
        self._tried = 0  # octets of the buffer whose places have been tried
        self._tail = _Tail.NONE_DUE
        self._held: Frame | None = None
        self._noted: set[Quirk] = set()  # what stood before the next frame
        self.late_quirks: Counter[Quirk] = Counter()
        """Tails that deviated, seen after their frame was given (not of a patient reader)."""

    @property
    def n_pending(self) -> int:
        """Octets kept until more come; below twice ``MAX_FRAME`` after every call."""
        return len(self._buffer)

    def receive(self, octets: bytes) -> list[Frame | Rejected]:
        """Frames that these octets complete, and octets now known to be none, in their order."""
        self._buffer += octets
        out: list[Frame | Rejected] = []
        self._advance(out, is_last=False)
        return out

    def close(self) -> list[Frame | Rejected]:
        """What is left when no more octets come; the reader is empty then and may start anew."""
        out: list[Frame | Rejected] = []
        self._advance(out, is_last=True)
        if self._tail is not _Tail.NONE_DUE:
            self._end_tail(out, Quirk.TAIL_NONE if self._tail is _Tail.DUE else Quirk.TAIL_CR)
        self._reject(out, bytes(self._buffer))
        self._buffer.clear()
        self._tried = 0
        self._noted.clear()
        return out

    def _advance(self, out: list[Frame | Rejected], *, is_last: bool) -> None:
        start, before = 0, -1
        while start != before:
            before = start
            start = self._skip_padding(out, start)
            start = self._take_plain(out, start)
            if start == before and len(self._buffer) > start:
                start = self._search(out, start, is_last=is_last)
        del self._buffer[:start]

    def _skip_padding(self, out: list[Frame | Rejected], start: int) -> int:
        """Past the tail of the frame before, and past what only fills; where the next thing begins."""
        buffer = self._buffer
        n = len(buffer)
        at = start
        if self._tail is _Tail.DUE and at < n:
            if buffer[at] == _CR:
                self._tail = _Tail.AFTER_CR
                at += 1
            else:
                is_lf = buffer[at] == _LF
                self._end_tail(out, Quirk.TAIL_LF if is_lf else Quirk.TAIL_NONE)
                at += is_lf
        if self._tail is _Tail.AFTER_CR and at < n:
            is_lf = buffer[at] == _LF
            self._end_tail(out, None if is_lf else Quirk.TAIL_CR)
            at += is_lf
        while at < n and buffer[at] in _PADDING:
            if buffer[at] == 0:
                self._noted.add(Quirk.PADDING_NUL)
            at += 1
        self._tried = max(0, self._tried - (at - start))
        return at

    def _end_tail(self, out: list[Frame | Rejected], quirk: Quirk | None) -> None:
        self._tail = _Tail.NONE_DUE
        held, self._held = self._held, None
        if held is not None:
            out.append(held._replace(quirks=(*held.quirks, quirk)) if quirk else held)
        elif quirk:
            self.late_quirks[quirk] += 1

    def _take_plain(self, out: list[Frame | Rejected], start: int) -> int:
        """Past a right frame that stands here with nothing odd about it; ``start`` where none does."""
        buffer = self._buffer
        head = bytes(buffer[start : start + 6])
        if len(head) < 6 or head[:2] != b"##" or not head[2:].isdigit():
            return start
        end = start + 10 + int(head[2:])
        octets = bytes(buffer[start:end])
        if end > len(buffer) or octets.find(b"##", 2) >= 0:
            return start
        area = octets.find(b"&&", 6)
        if area < 0 or octets.find(b"&&", area + 2) != len(octets) - 6:
            return start
        segment = octets[6:-4]
        if octets[-4:] != b"%04X" % checksum_hj212(segment) or not _can_be(segment):
            return start
        if self._has_keys and is_enciphered(segment):
            return start
        self._give(out, Frame(segment, "hj212", (), octets))
        self._tried = max(0, self._tried - (end - start))
        return end

    def _give(self, out: list[Frame | Rejected], frame: Frame) -> None:
        if self._noted:
            frame = frame._replace(quirks=(*frame.quirks, *sorted(self._noted)))
            self._noted.clear()
        self._tail = _Tail.DUE
        if self._is_patient:
            self._held = frame
        else:
            out.append(frame)

    def _search(self, out: list[Frame | Rejected], start: int, *, is_last: bool) -> int:
        """Try every place of the window that became complete, in that order; where to go on.

        A full window without a frame gives up the beginnings whose longest frame would have ended.
        """
        view = bytes(self._buffer[start : start + _WINDOW])
        at_end = is_last and start + len(view) == len(self._buffer)
        floor = 0
        begins = find_begins(view, is_last=at_end)
        for place in find_places(view, begins, self._tried, is_last=at_end):
            frame, begin = None, place.begin
            if place.kind is PlaceKind.END:
                for begin in nearest_begins(begins, floor, place.end):
                    frame = self._prove(view, begin, place)
                    if frame:
                        break
            elif begin >= floor and place.kind is PlaceKind.LENGTH:
                frame = self._prove(view, begin, place)
            if frame is not None:
                self._reject(out, view[floor:begin])
                self._give(out, frame)
            elif begin >= floor and place.kind is PlaceKind.HOPELESS:
                self._reject(out, view[floor:begin])
                self._reject_whole(out, view[begin : place.end])
            else:
                continue
            floor = self._skip_padding(out, start + place.end) - start
        self._tried = len(view) - floor
        if floor == 0 and len(view) == _WINDOW:
            self._reject(out, view[:MAX_FRAME])
            floor = MAX_FRAME
            self._tried -= MAX_FRAME
        return start + floor

    def _prove(self, view: bytes, begin: int, place: Place) -> Frame | None:
        """The frame from ``begin`` to the end of a place, if its checksum holds."""
        end = place.end
        digits = view[end - 4 : end]
        n_digits = count_digits(view, begin)
        data = begin + 2 + (min(4, n_digits) if place.kind is PlaceKind.LENGTH else n_digits)
        segment = view[data : end - 4]
        if end - begin > MAX_FRAME or not _HEX.fullmatch(digits) or not _can_be(segment):
            return None
        if not segment.endswith(b"&&") and b"##" in segment:
            return None  # a cut frame whose length reaches into the next one
        proven = self._check(segment, int(digits, 16))
        if proven is None:
            return None
        quirks: list[Quirk] = []
        if n_digits != 4:
            quirks.append(Quirk.LENGTH_DIGITS)
        declared = int(view[begin + 2 : begin + 2 + min(4, n_digits)])
        if declared != len(segment):
            quirks.append(_name_length(declared, segment))
        if _LOWER.search(digits):
            quirks.append(Quirk.CRC_LOWER_CASE)
        clear, crc, more = proven
        return Frame(clear, crc, (*quirks, *more), view[begin:end])

    def _check(self, segment: bytes, said: int) -> tuple[bytes, Crc, tuple[Quirk, ...]] | None:
        """The segment in clear and the checksum that holds of those its station is trusted with."""
        trust = self._trust_of(segment)
        if trust.sm4_key and is_enciphered(segment):
            clear = decipher_area(segment, trust.sm4_key)
            # One wrong deciphering in 256 has the right checksum; none of these reads as text.
            if checksum_hj212(clear) == said and not is_enciphered(clear):
                return clear, "hj212", (Quirk.SM4_AS_TEXT,) if is_printed(segment) else ()
        if checksum_hj212(segment) == said:
            return segment, "hj212", ()
        if trust.checksum != "hj212" and checksum_modbus(segment) == said:
            return segment, "modbus", (Quirk.CRC_MODBUS,)
        if trust.checksum == "none":
            return segment, "none", (Quirk.CRC_BAD,)
        return None

    def _trust_of(self, segment: bytes) -> Trust:
        if not self._trusts:
            return self._trust
        named = _MN.search(segment)
        mn = named[1].decode("ascii", errors="replace").strip() if named else ""
        return self._trusts.get(mn, self._trust)

    def _reject(self, out: list[Frame | Rejected], octets: bytes) -> None:
        """Octets that are no frame, cut where a frame could have begun and at every 1024th."""
        begins = iter([*find_begins(octets, is_last=True), len(octets)])
        cut = next(begins)
        at = 0
        while at < len(octets):
            while cut <= at:
                cut = next(begins)
            end = min(cut, at + _PIECE)
            self._reject_whole(out, octets[at:end])
            at = end

    def _reject_whole(self, out: list[Frame | Rejected], octets: bytes) -> None:
        if not octets.strip(_PADDING):
            return
        self._noted.add(Quirk.NOISE_BEFORE)
        out.append(Rejected(*explain(octets), octets))


def _can_be(segment: bytes) -> bool:
    """Whether octets can be a segment: one begins with a name and says what it is."""
    return b"CN=" in segment and not segment[:1].isdigit()


def _name_length(declared: int, segment: bytes) -> Quirk:
    if declared == len(segment) + 6:
        return Quirk.LENGTH_PLUS_6
    text, _ = decode_text(segment)
    return Quirk.LENGTH_IN_CHARACTERS if declared == len(text) else Quirk.LENGTH_WRONG


def encode(frame: Frame, *, sm4_key: bytes | None = None, is_printed_text: bool = False) -> bytes:
    """A frame as it goes on the wire, CR LF included; the length is what the octets need.

    Parameters
    ----------
    frame : Frame
        Its ``segment`` and ``crc`` count; ``none`` is written with the HJ 212 checksum.
    sm4_key : bytes, optional
        Encipher the data area with it (HJ 212-2025 6.4.2).
    is_printed_text : bool
        Write enciphered octets as annex A.2 prints them.

    Raises
    ------
    ContractError
        where the segment has no ``CN=`` or needs more than four digits of length.
    """
    segment = frame.segment
    if not _can_be(segment):
        raise ContractError("a segment begins with a name and says what it is by CN=")
    sum_of = checksum_modbus if frame.crc == "modbus" else checksum_hj212
    digits = b"%04X" % sum_of(segment)
    if sm4_key is not None:
        segment = encipher_area(segment, sm4_key, is_printed_text=is_printed_text)
    if len(segment) > _LONGEST:
        raise ContractError(
            f"a segment of {len(segment)} octets: four digits of length end at {_LONGEST}"
        )
    return b"##%04d%b%b\r\n" % (len(segment), segment, digits)
