"""Checksums stated beside files: ``FILE.sha256`` and ``MANIFEST.sha256``, as ``sha256sum`` writes them."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from ecomon.errors import SourceRefused
from ecomon.sources.names import has_file

SUFFIX = ".sha256"
MANIFEST = "MANIFEST.sha256"
STATED_BYTES = 4 << 20
"""A larger file is no list of checksums."""

_LINE = re.compile(r"(?P<escaped>\\?)(?P<sha256>[0-9a-fA-F]{64})(?:[ \t]+\*?(?P<name>.*))?")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_checksums(octets: bytes, where: str) -> dict[str, str]:
    """Names and checksums of a list in the layout of ``sha256sum``.

    Parameters
    ----------
    octets : bytes
        Lines ``<64 hex digits>  NAME``; a line may have the digits alone (its name is ``""``).
    where : str
        What the list is called in messages.

    Returns
    -------
    dict
        Base name to lower-case hex digits.

    Raises
    ------
    SourceRefused
        for a line that is none, naming it; for a list without lines.

    Source: GNU coreutils manual, "md5sum invocation" (layout, ``*`` of binary mode, and the
    backslash before a line whose name has escaped characters).
    """
    stated: dict[str, str] = {}
    text = octets.decode("utf-8-sig", "surrogateescape")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.rstrip())
        if found is None:
            raise SourceRefused(f"{where} line {number}: no checksum of sha256sum: {line[:80]!r}")
        name = found["name"] or ""
        if found["escaped"]:
            name = name.replace("\\n", "\n").replace("\\\\", "\\")
        stated[name.replace("\\", "/").rsplit("/", 1)[-1]] = found["sha256"].lower()
    if not stated:
        raise SourceRefused(f"{where}: states no checksum")
    return stated


def read_checksum_file(path: Path) -> dict[str, str]:
    """The checksums a file states; SourceRefused where it is no such list, OSError where unread."""
    with path.open("rb") as file:
        octets = file.read(STATED_BYTES + 1)
    if len(octets) > STATED_BYTES:
        raise SourceRefused(f"{path.name}: over {STATED_BYTES >> 20} MB, no list of checksums")
    return read_checksums(octets, path.name)


def stated_sha256(path: Path) -> str | None:
    """What ``FILE.sha256`` or the folder's ``MANIFEST.sha256`` states of a file; None if neither does.

    Raises
    ------
    SourceRefused
        where either is no list of checksums.
    OSError
        where either cannot be read.
    """
    beside = path.with_name(path.name + SUFFIX)
    if has_file(beside):
        stated = read_checksum_file(beside)
        if path.name in stated or "" in stated or len(stated) == 1:
            # A file may have been renamed after its checksum was taken.
            return stated.get(path.name) or stated.get("") or next(iter(stated.values()))
        raise SourceRefused(f"{beside.name}: states no checksum of {path.name}")
    manifest = path.with_name(MANIFEST)
    if not manifest.is_file():
        return None
    stamp = manifest.stat()
    return _manifest(manifest, stamp.st_mtime_ns, stamp.st_size).get(path.name)


@lru_cache(maxsize=4)
def _manifest(path: Path, _modified_ns: int, _size: int) -> dict[str, str]:
    """A delivery's list, read once for all its files."""
    return read_checksum_file(path)
