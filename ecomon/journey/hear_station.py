"""octets of one connection -> frames -> verdict -> answers, for a gateway to send once it has spooled."""

from __future__ import annotations

from collections.abc import Callable

from ecomon.decode.hj212.answer import acknowledge
from ecomon.decode.hj212.frame import Frame, encode
from ecomon.decode.hj212.frame import Rejected as NoFrame
from ecomon.decode.hj212.segment import parse_segment
from ecomon.journey.stations import StationBook, judge
from ecomon.model.reception import Heard

_PADDING_KEPT = 64
"""Of octets that only fill, so many are kept for the next frame: a peer may send them for ever."""


class StationConversation:
    """What one connection says, piece by piece.

    Parameters
    ----------
    book : callable
        The stations as they are known now: one that is registered while its connection is open is
        welcome from its next frame on (from its next connection, where it has a key or another
        checksum).
    is_read_only : bool
        A listener behind another platform's forwarder answers nothing.

    Source
    ------
    HJ 212-2017 6.7 and annex C (exchanges); an unknown or wrongly authenticated sender is not
    answered, for the standard has no refusal of an upload.
    """

    def __init__(self, book: Callable[[], StationBook], *, is_read_only: bool = False) -> None:
        self._book, self._is_read_only = book, is_read_only
        self._reader = book().begin_reader()
        self._rest = b""  # what the reader keeps until more comes

    @property
    def is_midway(self) -> bool:
        """Whether a frame has begun that is not complete."""
        return self._reader.n_pending > 0

    def receive(self, octets: bytes) -> list[Heard]:
        """What these octets complete, each with what follows it up to the next (CR LF, padding)."""
        received = self._rest + octets
        items = self._reader.receive(octets)
        end = len(received) - self._reader.n_pending
        self._rest = received[end if items else max(0, end - _PADDING_KEPT) :]
        return self._hear_all(items, received[:end])

    def end(self) -> list[Heard]:
        """What was left unfinished when the connection ended."""
        rest, self._rest = self._rest, b""
        return self._hear_all(self._reader.close(), rest)

    def _hear_all(self, items: list[Frame | NoFrame], taken: bytes) -> list[Heard]:
        """The items with the octets taken for them: none of these is left out, padding neither."""
        starts: list[int] = []
        at = 0
        for item in items:
            at = taken.index(item.octets, at)
            starts.append(at)
            at += len(item.octets)
        if not starts:
            return []
        ends = [*starts[1:], len(taken)]
        starts[0] = 0  # a tail that came after its frame stands before the next
        return [
            self._hear(item, taken[start:end])
            for item, start, end in zip(items, starts, ends, strict=True)
        ]

    def _hear(self, item: Frame | NoFrame, octets: bytes) -> Heard:
        if not isinstance(item, Frame):
            return Heard(octets, b"", is_welcome=False)
        segment = parse_segment(item.segment)
        plan, _ = judge(segment, self._book())
        answers = acknowledge(
            segment,
            is_accepted=plan is not None,
            is_read_only=self._is_read_only,
            crc=item.crc,
        )
        answer = b"".join(encode(one) for one in answers)
        return Heard(octets, answer, is_welcome=plan is not None)
