"""A spool: what came in, on disk before anybody is told that it came.

A folder of segments ``00000000000000000042.spool``, named by the number of the first reception in
it (:mod:`ecomon.model.reception`). One process writes: it only ever appends, and after a start it
begins a new segment, so that the end of a write that a power cut left half done stays where it is
and is passed over. Others read at the same time. Segments that are wholly stored elsewhere are
removed by :func:`trim_spool`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.reception import Damage, Reception, read_receptions, reception_octets

SEGMENT_OCTETS = 16 << 20
_PIECE = 1 << 18


class SpoolFull(SourceUnavailable):
    """The spool has reached its limit: what is written goes on no disk, so nobody may be told."""


class SpoolWriter:
    """The one process that appends to a spool.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    limit_octets : int
        What all segments together may take; :class:`SpoolFull` beyond.

    Raises
    ------
    SourceRefused
        where another process writes to the spool.
    """

    def __init__(
        self, folder: Path, *, limit_octets: int, segment_octets: int = SEGMENT_OCTETS
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._limit = folder, limit_octets
        # The newest segment stays when what is stored goes: it must not fill the spool alone.
        self._segment_limit = min(segment_octets, limit_octets // 8)
        self._lock = FileLock(folder / "writer.lock", timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise SourceRefused(f"another gateway writes to {folder}") from None
        self._next = next_number(folder)
        self._at_most = spool_octets(folder)  # others only remove
        self._file: int | None = None
        self._in_segment = 0

    def write(self, received: Sequence[tuple[int, int, str, bytes]]) -> None:
        """Append receptions (received_us, connection, peer, octets) and wait until the disk has them.

        Raises
        ------
        SpoolFull
            where the limit is reached; nothing of it was written.
        SourceUnavailable
            where the disk refuses. What of it arrived there is read as any other: its sender was
            not told, and sends it again.
        """
        first = self._next
        lines = [
            reception_octets(Reception(first + place, *one)) for place, one in enumerate(received)
        ]
        octets = b"".join(lines)
        if not self._has_room_for(len(octets)):
            raise SpoolFull(f"the spool {self._folder} holds {self._limit} octets already")
        self._at_most += len(octets)
        try:
            self._append(octets)
        except OSError as error:
            self._end_segment()
            # Numbers of lines that may be on the disk are not given again.
            self._next = first + len(lines)
            raise SourceUnavailable(f"the spool {self._folder}: {error.strerror}") from error
        self._next = first + len(lines)

    def has_room(self) -> bool:
        """Whether another write of usual size would be taken; others remove what they have stored."""
        return spool_octets(self._folder) + _PIECE <= self._limit

    def close(self) -> None:
        """End the segment and let another process write."""
        self._end_segment()
        self._lock.release()

    def _has_room_for(self, n_octets: int) -> bool:
        """The folder is looked at only where what was written by itself would reach the limit."""
        if self._at_most + n_octets > self._limit:
            self._at_most = spool_octets(self._folder)
        return self._at_most + n_octets <= self._limit

    def _append(self, octets: bytes) -> None:
        file = self._file
        if file is None or self._in_segment >= self._segment_limit:
            file = self._begin_segment()
        rest = memoryview(octets)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
        self._in_segment += len(octets)

    def _begin_segment(self) -> int:
        self._end_segment()
        path = self._folder / f"{self._next:020d}.spool"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        self._file, self._in_segment = file, 0
        _sync_folder(self._folder)
        return file

    def _end_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def spool_id(folder: Path) -> str:
    """What tells this spool from any other: numbers count within it. Made where there is none."""
    path = folder / "id"
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"id.{uuid4().hex}.part"
    part.write_text(uuid4().hex, "ascii")
    try:
        os.link(part, path)  # of two who make one at once, the first has it
        _sync_folder(folder)
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return path.read_text("ascii")


def segments_of(folder: Path) -> list[tuple[int, Path]]:
    """The segments and the number each begins with, the oldest first."""
    found = [(int(path.stem), path) for path in folder.glob("*.spool") if path.stem.isdecimal()]
    return sorted(found)


def spool_octets(folder: Path) -> int:
    """What all segments take on disk."""
    total = 0
    for _, path in segments_of(folder):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue  # stored and removed meanwhile
    return total


def next_number(folder: Path) -> int:
    """The number after the last reception that stands whole in the spool, and after any segment."""
    segments = segments_of(folder)
    if not segments:
        return _numbers_given(folder) + 1
    first, path = segments[-1]
    last = max((one.number for one in _read_segment(path, 0)), default=first - 1)
    # A segment of that very name exists where nothing in it is whole.
    return max(last, first, _numbers_given(folder)) + 1


def read_spool(folder: Path, after: int) -> Iterator[Reception]:
    """Receptions with a higher number than ``after`` that the disk has whole, in order.

    Ends where the spool ends at the moment; call again, later, for what has come since.
    """
    segments = segments_of(folder)
    for (first, path), (following, _) in pairwise([*segments, (1 << 62, folder)]):
        if following > after + 1 and (first, path) in segments:
            yield from _read_segment(path, after)


def trim_spool(folder: Path, stored: int) -> int:
    """Remove segments of which every reception has at most the number ``stored``; how many.

    The newest segment stays: it may be written to. The number is kept beside them, so that no
    number is given twice even where every segment is gone.
    """
    segments = segments_of(folder)
    done = [path for (_, path), (following, _) in pairwise(segments) if following <= stored + 1]
    if stored > _numbers_given(folder):
        _note_numbers(folder, stored)
    for path in done:
        path.unlink(missing_ok=True)
    return len(done)


def _read_segment(path: Path, after: int) -> Iterator[Reception]:
    try:
        with path.open("rb") as file:
            for one in read_receptions(iter(lambda: file.read(_PIECE), b"")):
                if isinstance(one, Damage):
                    return  # the tail of a write that was cut off, or one that is under way
                if one.number > after:
                    yield one
    except FileNotFoundError:
        return


def _numbers_given(folder: Path) -> int:
    try:
        return int((folder / "stored").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def _note_numbers(folder: Path, stored: int) -> None:
    part = folder / "stored.part"
    with part.open("w", encoding="ascii") as file:
        file.write(str(stored))
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / "stored")
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def octets_of(receptions: Iterable[Reception]) -> bytes:
    """Receptions as one run of octets: what is stored of them."""
    return b"".join(reception_octets(one) for one in receptions)
