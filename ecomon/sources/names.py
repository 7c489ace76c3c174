"""File names: any octets a system allows, shown as text, and shortened where a suffix must fit."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

NAME_BYTES = 255
"""The longest name of the usual file systems (ext4, XFS, NTFS counts characters)."""

ROOM_BYTES = len(".reason.txt")
"""What may be written after a name: the longest ending of a file that stands beside another."""


def shown_name(name: str) -> str:
    """A file's name as text that can be stored and printed.

    Octets that are no UTF-8 are read as GB18030, as Windows programs in China write them; where
    they are not that either, and for control characters, ``\\xNN`` stands in their place.
    """
    octets = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        try:
            text = octets.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = octets.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def has_file(path: Path) -> bool:
    """Whether a file is there; not so, too, where a name is longer than the file system takes."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def fitting_name(name: str, prefix: str = "") -> str:
    """``prefix + name``, shortened in its middle where a file system would not take it.

    Room is left for :data:`ROOM_BYTES` more; the ending stays, and a digest of the whole name keeps
    two long names apart.
    """
    octets = os.fsencode(prefix + name)
    if len(octets) + ROOM_BYTES <= NAME_BYTES:
        return prefix + name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    ending = os.fsencode(os.path.splitext(name)[1])[-20:]  # noqa: PTH122  the name may be no path
    room = NAME_BYTES - ROOM_BYTES - len(ending) - len(digest) - 2
    return f"{_cut(octets, room)}~{digest}{_cut(ending, len(ending))}"


def _cut(octets: bytes, room: int) -> str:
    """The first octets as a name, without half a character at its end."""
    try:
        os.fsencode(octets.decode("utf-8"))
    except UnicodeDecodeError:
        return os.fsdecode(octets[:room])
    return octets[:room].decode("utf-8", "ignore")
