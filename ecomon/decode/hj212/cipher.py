"""The data area enciphered with SM4 as HJ 212-2025 6.4.2 asks: ECB, no padding, the rest in clear.

Each whole group of sixteen octets between ``CP=&&`` and the closing ``&&`` is enciphered; fewer
than sixteen at the end stay as they are, and the checksum is formed before. ECB keeps no secret
of repeated groups and protects nothing against change: it is here because stations send it, and
nothing may rest on it. Annex A.2 prints the octets as text, ``{0xE4,0x3E,...}``; some loggers do
send that, so both are read.
"""

from __future__ import annotations

import re
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from ecomon.errors import ContractError

KEY_OCTETS: Final = 16
_GROUP: Final = 16
_PRINTED: Final = re.compile(rb"\{(0[xX][0-9A-Fa-f]{1,2}(?:,\s?0[xX][0-9A-Fa-f]{1,2})*)\}")
_PRINTED_OCTET: Final = re.compile(rb"0[xX]([0-9A-Fa-f]{1,2})")
_PLAIN: Final = re.compile(rb"[ -~\x80-\xff]*")
_NAMED: Final = re.compile(rb"[A-Za-z0-9 ][ -~]{0,40}=")
_OPEN: Final = b"CP=&&"
_CLOSE: Final = b"&&"


def _area(segment: bytes) -> tuple[int, int] | None:
    """Where the data area of a segment begins and ends, without its delimiters."""
    begin = segment.find(_OPEN)
    if begin < 0 or not segment.endswith(_CLOSE) or len(segment) < begin + 7:
        return None
    return begin + len(_OPEN), len(segment) - len(_CLOSE)


def is_enciphered(segment: bytes) -> bool:
    """Whether the data area is octets in print or is no readable ``name=value`` text."""
    area = _area(segment)
    if area is None or area[1] - area[0] < _GROUP:
        return False
    text = segment[area[0] : area[1]]
    if text.startswith((b"{0x", b"{0X")):
        return True
    return _PLAIN.fullmatch(text) is None or _NAMED.match(text) is None


def is_printed(segment: bytes) -> bool:
    """Whether enciphered octets stand as text, ``{0xE4,...}``."""
    area = _area(segment)
    return area is not None and segment[area[0] : area[0] + 3].lower() == b"{0x"


def encipher_area(segment: bytes, key: bytes, *, is_printed_text: bool = False) -> bytes:
    """The segment with its data area enciphered (HJ 212-2025 6.4.2), raw or as printed text.

    Raises
    ------
    ContractError
        where the key is not sixteen octets or the segment has no closed data area.
    """
    area = _area(segment)
    if area is None:
        raise ContractError("only a segment with a closed data area CP=&&...&& can be enciphered")
    text = segment[area[0] : area[1]]
    whole = len(text) // _GROUP * _GROUP
    hidden = _cipher(key).encryptor().update(text[:whole])
    if is_printed_text and hidden:
        hidden = b"{" + ",".join(f"0x{octet:02X}" for octet in hidden).encode() + b"}"
    return segment[: area[0]] + hidden + text[whole:] + segment[area[1] :]


def decipher_area(segment: bytes, key: bytes) -> bytes:
    """The segment with its data area in clear; one without a closed area comes back as it is."""
    area = _area(segment)
    if area is None:
        return segment
    text = segment[area[0] : area[1]]
    printed = _PRINTED.match(text)
    if printed:
        octets = bytes(int(digits, 16) for digits in _PRINTED_OCTET.findall(printed[1]))
        text = octets + text[printed.end() :]
    whole = len(text) // _GROUP * _GROUP
    clear = _cipher(key).decryptor().update(text[:whole])
    return segment[: area[0]] + clear + text[whole:] + segment[area[1] :]


def _cipher(key: bytes) -> Cipher[modes.ECB]:
    if len(key) != KEY_OCTETS:
        raise ContractError(f"an SM4 key has 16 octets, this one {len(key)}")
    return Cipher(SM4(key), modes.ECB())
