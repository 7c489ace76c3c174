"""Octets that came from a site, laid into the inbox as any sender would lay them.

There is one way in: what is polled is ingested as a file, by the same flow, with the same record of
its octets.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

from ecomon.sources.checksums import SUFFIX
from ecomon.sources.folder import FAILED, FETCHED

REFUSED_BYTES = 1_000_000
"""Of an answer that is not taken so much is kept."""


def lay_into_inbox(inbox: Path, name: str, octets: bytes, *, fetched_at: datetime) -> Path:
    """Put a file into an inbox: whole or not at all.

    Its checksum and the time it was fetched are there before it appears under its name, so that no
    ingest finds it without them, and none waits to see whether it is still growing.

    Parameters
    ----------
    fetched_at : datetime
        Aware; it completes times that carry no year.

    Raises
    ------
    OSError
        where the folder cannot be written; nothing is left under the name then.
    """
    inbox.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(octets).hexdigest()
    path = inbox / name
    _put(path.with_name(name + FETCHED), f"{fetched_at.isoformat(timespec='seconds')}\n".encode())
    _put(path.with_name(name + SUFFIX), f"{digest}  {name}\n".encode())
    _put(path, octets)
    return path


def keep_refused(inbox: Path, poll: str, octets: bytes, reason: str) -> Path:
    """Keep an answer that was not taken, with the reason, in ``failed/``; the same octets once.

    At most ``REFUSED_BYTES`` of it: it is for a person to look at.
    """
    folder = inbox / FAILED
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{poll}-refused-{hashlib.sha256(octets).hexdigest()[:16]}.txt"
    if not path.exists():
        _put(path.with_name(path.name + ".reason.txt"), f"{reason}\n".encode())
        _put(path, octets[:REFUSED_BYTES])
    return path


def _put(path: Path, octets: bytes) -> None:
    """Write a file under another name, wait until the disk has it, and give it its own."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
