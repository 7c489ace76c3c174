"""An installation's folders as they stand: what waits in them, what may be written, what was left."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ecomon.model.operation import FolderFacts, InboxFacts

WRITTEN = ("inbox", "documents", "outbox", "log", "prefect")
"""Folders of a home that ecomon writes to; each is made when it is first needed."""

BESIDE = (".part", ".fetched", ".sha256", ".reason.txt", ".jsonl")
"""Endings of files that stand beside another, or are not complete."""

PART_IS_STALE_S = 3600.0
_DEPTH = 4
_AT_MOST = 20_000
"""Entries looked at for left-over files: a doctor does not walk a whole archive."""


def read_folders(home: Path, store_path: Path | None) -> tuple[FolderFacts, ...]:
    """Home, the store's folder (of SQLite) and the folders below that are written to.

    A folder that is not there yet counts as writable where the folder it would be made in is.
    """
    named = {"home": home} | ({"store": store_path.parent} if store_path else {})
    named |= {name: home / name for name in WRITTEN}
    return tuple(
        FolderFacts(name, is_there=path.is_dir(), is_writable=_is_writable(path))
        for name, path in named.items()
    )


def _is_writable(path: Path) -> bool:
    """Asked of the system, not tried: permissions, and a file system mounted for reading only."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


def read_inboxes(home: Path) -> tuple[InboxFacts, ...]:
    """What waits in each feed's inbox, and how many files of it were refused."""
    return tuple(
        InboxFacts(
            feed=folder.name,
            n_waiting=len(since := [_since(one) for one in _files(folder)]),
            first_waiting_s=min((one for one in since if one), default=None),
            n_failed=sum(1 for _ in _files(folder / "failed")),
        )
        for folder in sorted(_folders(home / "inbox"))
    )


def _since(entry: os.DirEntry[str]) -> int | None:
    try:
        # When it came here: its own date is that of the file it is a copy of.
        return int(entry.stat().st_ctime)
    except OSError:  # moved meanwhile
        return None


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    for entry in _entries(folder):
        is_data = not entry.name.startswith(".") and not entry.name.endswith(BESIDE)
        if is_data and entry.name != "MANIFEST.sha256" and entry.is_file():
            yield entry


def _folders(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.is_dir() and not entry.name.startswith("."):
            yield Path(entry.path)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:  # not there, or not ours to look into; the folder's own finding says so
        return


def find_stale_parts(home: Path, now_s: float) -> tuple[str, ...]:
    """``.part`` files older than an hour, relative to the home: somebody stopped in the middle."""
    found: list[str] = []
    n_seen = 0
    folders = [
        (home / name, 0) for name in ("inbox", "documents", "outbox", "store", "backups", "work")
    ]
    while folders and n_seen < _AT_MOST:
        folder, depth = folders.pop()
        for entry in _entries(folder):
            n_seen += 1
            if entry.is_dir(follow_symlinks=False):
                if depth < _DEPTH:
                    folders.append((Path(entry.path), depth + 1))
            elif entry.name.endswith(".part") and _is_older(entry, now_s - PART_IS_STALE_S):
                found.append(Path(entry.path).relative_to(home).as_posix())
    return tuple(sorted(found))


def _is_older(entry: os.DirEntry[str], than_s: float) -> bool:
    try:
        return entry.stat().st_mtime < than_s
    except OSError:
        return False


def is_open_to_others(path: Path) -> bool:
    """Whether people other than its owner may read a file (POSIX); False where there is none."""
    if os.name != "posix":
        return False
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False
