"""The HJ 212 checksum, which is not Modbus CRC-16, and the Modbus form that some loggers ship.

HJ 212-2017 annex A shifts the register right by eight *before* the exclusive or, so its low byte is
lost at every step: the state between two octets is eight bits, only 256 results exist, and one
corruption in 256 passes. The step is linear over GF(2) and its eighth power is the identity.
A message may therefore be folded by exclusive or into its last eight places first, which big
integers do in C, and eight table steps finish it: five times quicker than a table step an octet.
For the same reason two octets that change places eight apart, or two equal errors eight apart, are
*never* seen. What passes is not proven right; whether a value is plausible is judged elsewhere.
"""

from __future__ import annotations

from typing import Final


def _shift(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


_RESULT: Final = tuple(_shift(octet) for octet in range(256))
"""Register after an octet, by (high byte of the register before) xor octet; Modbus's table too."""
_HIGH: Final = tuple(register >> 8 for register in _RESULT)
_FOLD_BITS: Final = 64


def _starts() -> tuple[int, ...]:
    """The initial high byte 0xFF after n steps, by n modulo 8."""
    starts = [0xFF]
    for _ in range(7):
        starts.append(_HIGH[starts[-1]])
    return tuple(starts)


_START: Final = _starts()


def checksum_hj212(octets: bytes) -> int:
    """The HJ 212 checksum of a data segment, 0 to 0xFFFF (256 of these occur).

    Parameters
    ----------
    octets : bytes
        The segment before encryption: octets, never code points. Of nothing it is 0xFFFF.

    References
    ----------
    HJ 212-2017 annex A (worked example 1C80); HJ 212-2025 annex A.1 (2200).
    """
    bits = len(octets) * 8
    if not bits:
        return 0xFFFF
    folded = int.from_bytes(octets, "big")
    high = _START[len(octets) & 7]
    while bits > _FOLD_BITS:
        bits = (bits + 127) >> 7 << 6  # half of them, in whole folds
        folded = (folded >> bits) ^ (folded & ((1 << bits) - 1))
    a, b, c, d, e, f, g, last = folded.to_bytes(8, "big")
    table = _HIGH
    high = table[table[table[table[high ^ a] ^ b] ^ c] ^ d]
    return _RESULT[table[table[table[high ^ e] ^ f] ^ g] ^ last]


def checksum_modbus(octets: bytes) -> int:
    """Modbus CRC-16 of a data segment, which real firmware ships in the place of the other.

    References
    ----------
    MODBUS over Serial Line V1.02, 6.2.2 (CRC generation).
    """
    register = 0xFFFF
    for octet in octets:
        register = (register >> 8) ^ _RESULT[(register ^ octet) & 0xFF]
    return register


def checksum_codepoints(text: str) -> int:
    """The HJ 212 checksum as two public libraries form it, over code points: named, never accepted."""
    register = 0xFFFF
    for character in text:
        mixed = (register >> 8) ^ ord(character)
        register = (mixed >> 8) ^ _RESULT[mixed & 0xFF]
    return register
