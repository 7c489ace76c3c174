"""A watched folder: which files have arrived whole, and where they go afterwards.

A sender writes ``NAME.part`` and renames it to ``NAME`` when it is whole; what has the ending of an
unfinished file is never looked at. A file under its own name counts as arrived when it stood still
for a stated time, or at once where a checksum beside it matches. Nothing in an inbox stops the
rest: what is no file, or cannot be read, is reported and left where it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ecomon.errors import SourceRefused
from ecomon.sources.checksums import MANIFEST, SUFFIX, sha256_of, stated_sha256
from ecomon.sources.names import shown_name

FETCHED = ".fetched"
"""Ending of the file that states when the file it stands beside was fetched."""

SIDECARS = (FETCHED, SUFFIX)
UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload")
DONE, FAILED = "done", "failed"
_OWN_FOLDERS = (DONE, FAILED)

_NO_FILE = (
    (stat.S_ISLNK, "a symbolic link; put the file itself"),
    (stat.S_ISDIR, "a folder; put files"),
    (stat.S_ISFIFO, "a pipe; put a file"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was last seen: octets, and when anything of it changed (epoch seconds)."""

    size: int
    modified_ns: int
    changed_s: float

    @classmethod
    def of(cls, entry: os.stat_result) -> Seen:
        return cls(entry.st_size, entry.st_mtime_ns, max(entry.st_mtime, entry.st_ctime))

    def is_still(self, other: Seen | None) -> bool:
        """Whether nothing happened to the file between the two looks."""
        return other is not None and (self.size, self.modified_ns) == (
            other.size,
            other.modified_ns,
        )


@dataclass(slots=True)
class Listing:
    """What stands in an inbox: files by path in the order of names, and what is no file by name."""

    files: dict[Path, Seen] = field(default_factory=dict[Path, Seen])
    sidecars: dict[Path, Seen] = field(default_factory=dict[Path, Seen])
    manifest: Seen | None = None
    left: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Arrivals:
    """What may be taken now, what waits and why, what is refused by its checksum."""

    arrived: list[Path] = field(default_factory=list[Path])
    waiting: dict[str, str] = field(default_factory=dict[str, str])
    refused: dict[Path, str] = field(default_factory=dict[Path, str])


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a file must stand still, and how long one that differs from its checksum is kept."""

    settle_s: float = 5.0
    checksum_s: float = 600.0


def list_inbox(inbox: Path) -> Listing:
    """What stands in an inbox now; one look at each name, nothing is opened.

    Unfinished files, hidden ones, those an office program keeps open (``~$``) and ``done/`` and
    ``failed/`` are passed over. A folder that is not there holds nothing.
    """
    listing = Listing()
    try:
        names = sorted(path.name for path in inbox.iterdir())
    except FileNotFoundError:
        return listing
    except OSError as error:
        listing.left[shown_name(inbox.name)] = f"cannot be listed: {error.strerror}"
        return listing
    for name in names:
        if name.startswith((".", "~$")) or name.lower().endswith(UNFINISHED):
            continue
        path = inbox / name
        try:
            entry = path.lstat()
        except OSError as error:
            listing.left[shown_name(name)] = f"cannot be looked at: {error.strerror}"
            continue
        if stat.S_ISREG(entry.st_mode):
            _add(listing, path, Seen.of(entry))
        elif name not in _OWN_FOLDERS:
            reasons = (why for is_so, why in _NO_FILE if is_so(entry.st_mode))
            listing.left[shown_name(name)] = next(reasons, "no file")
    return listing


def _add(listing: Listing, path: Path, seen: Seen) -> None:
    if path.name == MANIFEST:
        listing.manifest = seen
    elif path.name.endswith(SIDECARS):
        listing.sidecars[path] = seen
    else:
        listing.files[path] = seen


def find_arrivals(
    listing: Listing,
    patience: Patience,
    *,
    now_s: float,
    wait: Callable[[float], object],
) -> Arrivals:
    """Which files of an inbox have arrived whole.

    A file is young when it changed less than ``settle_s`` ago by its own stamps (or in the future:
    clocks differ and jump). Young files whose checksum matches have arrived. If any other is
    left, ``wait`` is called once, for ``settle_s``, and those that stood still meanwhile have
    arrived too. A file that differs from its stated checksum waits until it is ``checksum_s`` old
    and is then refused.

    Parameters
    ----------
    now_s : float
        The time, epoch seconds.
    wait : callable
        Waits for so many seconds.
    """
    found = Arrivals()
    young: list[Path] = []
    for path, seen in listing.files.items():
        if 0 <= now_s - seen.changed_s < patience.settle_s or seen.changed_s > now_s:
            young.append(path)
        else:
            _judge(found, path, now_s - seen.changed_s >= patience.checksum_s)
    unsure = [path for path in young if not _matches_at_once(found, path)]
    if unsure:
        wait(patience.settle_s)
    for path in unsure:
        try:
            is_still = listing.files[path].is_still(Seen.of(path.lstat()))
        except OSError as error:
            found.waiting[shown_name(path.name)] = f"went away: {error.strerror}"
            continue
        if is_still:
            _judge(found, path, is_old=False)
        else:
            found.waiting[shown_name(path.name)] = "still being written"
    found.arrived.sort()
    return found


def _matches_at_once(found: Arrivals, path: Path) -> bool:
    """Whether a young file is whole by its checksum."""
    try:
        stated = stated_sha256(path)
        if stated is None or sha256_of(path) != stated:
            return False
    except (OSError, SourceRefused):
        return False
    found.arrived.append(path)
    return True


def _judge(found: Arrivals, path: Path, is_old: bool) -> None:
    """Put a file that stands still where it belongs: arrived, unless its checksum says otherwise."""
    try:
        stated = stated_sha256(path)
        seen = None if stated is None else sha256_of(path)
    except SourceRefused as error:
        stated, seen, why = "", None, str(error)
    except OSError:
        found.arrived.append(path)  # reading it will say what is wrong, with its own patience
        return
    else:
        why = f"its SHA-256 is {seen}, stated is {stated}: not whole or damaged; send it again"
    if stated == seen:
        found.arrived.append(path)
    elif is_old:
        found.refused[path] = why
    else:
        found.waiting[shown_name(path.name)] = why
