"""Which frames answer a frame: pure, so that a gateway, a simulator and a test ask the same.

The platform's side is :func:`acknowledge`, the field's is :func:`answer_request`. An answer
repeats the QN of what it answers and goes out once for *every* copy that comes in: a field machine
without a 9014 sends the same octets again, and stops only when one copy is acknowledged.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from ecomon.decode.hj212.frame import Frame
from ecomon.decode.hj212.message import MessageKind, kind_of
from ecomon.decode.hj212.segment import Segment, build_segment

INTERACTION: Final = "91"
"""ST of every answer (HJ 212-2017 table 5)."""


class QnRtn(IntEnum):
    """Answer to a request, in 9011 (HJ 212-2017 table 11)."""

    READY = 1
    REFUSED = 2
    WRONG_PW = 3
    WRONG_MN = 4
    WRONG_ST = 5
    WRONG_FLAG = 6
    WRONG_QN = 7
    WRONG_CN = 8
    WRONG_CRC = 9
    UNKNOWN = 100


class ExeRtn(IntEnum):
    """Result of a request, in 9012 (HJ 212-2017 table 10)."""

    DONE = 1
    FAILED = 2
    WRONG_CONDITION = 3
    TIMEOUT = 4
    BUSY = 5
    FAULT = 6
    NO_DATA = 100


_REPEATABLE: Final = re.compile(r"[^\x00-\x1f\x7f-\uffff#&,;=]*")
"""Printable, without what separates: ``# & , ; =``."""

_CN_OF: Final = {
    MessageKind.READINGS: "9014", MessageKind.CHECKS: "9014", MessageKind.STATE: "9014",
    MessageKind.TEXT: "9014", MessageKind.NOTICE: "9013", MessageKind.HEARTBEAT: "9013",
}  # fmt: skip


def acknowledge(
    segment: Segment, *, is_accepted: bool = True, is_read_only: bool = False, crc: str = "hj212"
) -> tuple[Frame, ...]:
    """What a platform sends for a frame it has received *and put in safety*: 9014, 9013 or nothing.

    Parameters
    ----------
    segment : Segment
        Of every package by itself: each has its own QN and is acknowledged by it.
    is_accepted : bool
        False where MN or PW is not known: the platform stays silent, for HJ 212 has no refusal of
        an upload.
    is_read_only : bool
        A listener behind another platform's forwarder never answers.
    crc : {"hj212", "modbus"}
        The checksum the frame came with; the answer bears the same.

    Returns
    -------
    tuple of Frame
        Empty where bit 0 of Flag is not set, there is no QN, or nothing answers its kind.

    References
    ----------
    HJ 212-2017 6.7 and C.1, C.4, C.14, C.50; 9013 to a heartbeat 9015 by HJ 212-2025.
    """
    if is_read_only or not is_accepted or not segment.is_answer_wanted or not _can_answer(segment):
        return ()
    cn = _CN_OF.get(kind_of(segment))
    return () if cn is None else (_answer(segment, cn, (), crc),)


def answer_request(
    segment: Segment, *, request: QnRtn = QnRtn.READY, result: ExeRtn | None = ExeRtn.DONE
) -> tuple[Frame, ...]:
    """What a field machine sends for a request: 9011, and 9012 with the result.

    Data the request asks for go between the two. After a 9011 that is not READY no 9012 follows;
    ``result=None`` leaves it for later. Empty where the frame is no request.
    """
    if kind_of(segment) is not MessageKind.REQUEST or not _can_answer(segment):
        return ()
    first = _answer(segment, "9011", (("QnRtn", {"": str(int(request))}),))
    if request is not QnRtn.READY or result is None:
        return (first,)
    return first, _answer(segment, "9012", (("ExeRtn", {"": str(int(result))}),))


def _can_answer(segment: Segment) -> bool:
    """Whether what an answer repeats (QN, MN, PW) is there and could stand in a frame."""
    said = [segment.header.get(name, "") for name in ("QN", "MN", "PW")]
    return bool(said[0]) and all(_REPEATABLE.fullmatch(text) for text in said)


def _answer(
    segment: Segment, cn: str, groups: tuple[tuple[str, dict[str, str]], ...], crc: str = "hj212"
) -> Frame:
    """An answer asks for none and is in one package: Flag keeps the version bits alone."""
    header = segment.header
    flag = (segment.flag or 0) & ~3
    said = {
        "QN": header["QN"], "ST": INTERACTION, "CN": cn, "PW": header.get("PW", ""),
        "MN": header.get("MN", ""), "Flag": str(flag),
    }  # fmt: skip
    octets = build_segment(said, groups)
    return Frame(octets, "modbus" if crc == "modbus" else "hj212")
