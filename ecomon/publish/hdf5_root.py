"""Taking the clock out of a netCDF-4 file: HDF5 notes when its root group was made.

netCDF has no switch for it where it writes to memory. The four times of the root group are set to
zero and its checksum is formed again, so that the same readings give the same octets.

Source
------
HDF5 File Format Specification 3.0: II.A (superblock versions 2 and 3), IV.A.1.b (object header
version 2). Checksum: Bob Jenkins, lookup3.c (public domain), ``hashlittle`` with initial value 0.
"""

from __future__ import annotations

import struct

from ecomon.errors import ContractError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_TIMES_STORED = 0x20
_PHASE_CHANGE_STORED = 0x10
_WORD = 0xFFFF_FFFF


def strip_times(octets: bytes) -> bytes:
    """A netCDF-4 file without the times of its root group, and without what follows its end.

    Raises
    ------
    ContractError
        where the octets are no HDF5 with 8-octet addresses and an object header of version 2.
    """
    if octets[:8] != _SIGNATURE or octets[8] not in (2, 3) or octets[9] != 8:
        raise ContractError("not an HDF5 file of the form that netCDF writes")
    end, root = struct.unpack_from("<QQ", octets, 28)
    header = bytearray(octets[root:end])
    if header[:5] != b"OHDR\x02":
        raise ContractError("not an HDF5 file of the form that netCDF writes")
    flags = header[5]
    if not flags & _TIMES_STORED:
        return octets[:end]
    header[6:22] = bytes(16)
    size_at = 26 if flags & _PHASE_CHANGE_STORED else 22
    size_width = 1 << (flags & 3)
    size = int.from_bytes(header[size_at : size_at + size_width], "little")
    checksum_at = size_at + size_width + size
    checksum = lookup3(bytes(header[:checksum_at]))
    header[checksum_at : checksum_at + 4] = checksum.to_bytes(4, "little")
    return octets[:root] + bytes(header)


def lookup3(octets: bytes) -> int:
    """The 32-bit checksum of HDF5's metadata.

    >>> hex(lookup3(b"Four score and seven years ago"))
    '0x17770551'
    """
    a = b = c = (0xDEADBEEF + len(octets)) & _WORD
    blocks = -(-len(octets) // 12)
    words = struct.unpack(f"<{3 * blocks}I", octets.ljust(12 * blocks, b"\0"))
    for number in range(blocks):
        first, second, third = words[3 * number : 3 * number + 3]
        a, b, c = (a + first) & _WORD, (b + second) & _WORD, (c + third) & _WORD
        if number < blocks - 1:
            # The three words take turns, so that each step is the same.
            for bits in (4, 6, 8, 16, 19, 4):
                a, b, c = b, (c + b) & _WORD, ((a - c) & _WORD) ^ _turned(c, bits)
    for bits in (14, 11, 25, 16, 4, 14, 24) if octets else ():
        a, b, c = b, ((c ^ b) - _turned(b, bits)) & _WORD, a
    return b


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _WORD
