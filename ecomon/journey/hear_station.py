"""octets of one connection -> frames -> verdict -> answers, for a gateway to send once it has spooled."""

from __future__ import annotations

from collections.abc import Callable

from ecomon.decode.hj212.answer import acknowledge
from ecomon.decode.hj212.frame import Frame, encode
from ecomon.decode.hj212.frame import Rejected as NoFrame
from ecomon.decode.hj212.segment import parse_segment
from ecomon.journey.stations import StationBook, judge
from ecomon.model.reception import Heard

_PADDING = b"\r\n\0 \t"


class StationConversation:
    """What one connection says, piece by piece.

    Parameters
    ----------
    book : callable
        The stations as they are known now: a station that is registered while its connection is
        open is welcome from its next frame on.
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

    @property
    def is_midway(self) -> bool:
        """Whether a frame has begun that is not complete."""
        return self._reader.n_pending > 0

    def receive(self, octets: bytes) -> list[Heard]:
        """What these octets complete, each with its tail (CR LF) where it came with it."""
        heard = [self._hear(item) for item in self._reader.receive(octets)]
        if len(heard) == 1 and octets.startswith(heard[0].octets):
            tail = octets[len(heard[0].octets) :]
            if tail and not tail.strip(_PADDING):
                whole = Heard(octets, heard[0].answer, heard[0].is_welcome)
                return [whole]
        return heard

    def end(self) -> list[Heard]:
        """What was left unfinished when the connection ended."""
        return [self._hear(item) for item in self._reader.close()]

    def _hear(self, item: Frame | NoFrame) -> Heard:
        if not isinstance(item, Frame):
            return Heard(item.octets, b"", is_welcome=False)
        segment = parse_segment(item.segment)
        plan, _ = judge(segment, self._book())
        answers = acknowledge(
            segment,
            is_accepted=plan is not None,
            is_read_only=self._is_read_only,
            crc=item.crc,
        )
        octets = b"".join(encode(answer) for answer in answers)
        return Heard(item.octets, octets, is_welcome=plan is not None)
