"""Why octets are no frame, in a word a machine may count and a sentence a person can act on."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from ecomon.decode.hj212.checksum import checksum_codepoints, checksum_hj212, checksum_modbus
from ecomon.decode.hj212.cipher import is_enciphered

_HEAD: Final = re.compile(rb"##(\d{1,6})")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{4}")
_END: Final = re.compile(rb"&&([0-9A-Fa-f]{4})(?=[\r\n\0]|##|\Z)")
_SHOWN: Final = 60


class RejectReason(StrEnum):
    """Why octets are no frame."""

    NOISE = "noise"
    TRUNCATED = "truncated"
    BAD_CHECKSUM = "bad_checksum"
    MODBUS_NOT_CONFIGURED = "modbus_not_configured"
    CHECKSUM_OVER_CODEPOINTS = "crc_codepoint_variant"
    ENCIPHERED = "enciphered"


def decode_text(octets: bytes) -> tuple[str, bool]:
    """Text of a segment and whether it is UTF-8; else GB18030, unreadable octets as U+FFFD.

    HJ 212-2017 says UTF-8; the draft of HJ 1404 cites GB/T 2312.
    """
    try:
        return octets.decode(), True
    except UnicodeDecodeError:
        return octets.decode("gb18030", errors="replace"), False


def explain(octets: bytes) -> tuple[RejectReason, str]:
    """The reason and its detail for octets that begin where a frame could, or anywhere."""
    head = _HEAD.match(octets)
    if head is None:
        return RejectReason.NOISE, f"{len(octets)} octets that belong to no frame: {_shown(octets)}"
    declared = int(head[1][:4])
    begin = head.start(1) + min(4, len(head[1]))
    end = begin + declared
    if _HEX.fullmatch(octets[end : end + 4]):
        return _explain_checksum(octets[begin:end], octets[end : end + 4], "")
    found = _END.search(octets, begin)
    if found is None:
        there = len(octets) - begin
        return RejectReason.TRUNCATED, (
            f"its length says {declared} octets and a checksum; {there} octets stand there,"
            f" ending {_shown(octets[-24:])}"
        )
    begin = head.end(1)
    segment = octets[begin : found.start() + 2]
    note = f"; its length says {declared} octets and the segment has {len(segment)}"
    return _explain_checksum(segment, found[1], note)


def _explain_checksum(segment: bytes, digits: bytes, note: str) -> tuple[RejectReason, str]:
    said = int(digits, 16)
    ours, modbus = checksum_hj212(segment), checksum_modbus(segment)
    sums = f"the frame says {digits.decode()}, HJ 212 gives {ours:04X}, Modbus {modbus:04X}{note}"
    if said == modbus:
        return RejectReason.MODBUS_NOT_CONFIGURED, (
            f"the checksum is Modbus CRC-16 and the station is not configured for it: {sums}"
        )
    if is_enciphered(segment):
        return RejectReason.ENCIPHERED, (
            f"the data area is enciphered and no SM4 key of its MN opens it: {sums}"
        )
    text, _ = decode_text(segment)
    if len(text) != len(segment) and said == checksum_codepoints(text):
        return RejectReason.CHECKSUM_OVER_CODEPOINTS, (
            f"the checksum was formed over characters, not octets: {sums}"
        )
    return RejectReason.BAD_CHECKSUM, sums


def _shown(octets: bytes) -> str:
    text = repr(octets[:_SHOWN])[2:-1]
    return text + ("…" if len(octets) > _SHOWN else "")
