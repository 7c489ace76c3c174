"""A file of lines that several processes append to and any of them may turn over.

A line is one ``write()`` to a descriptor opened with ``O_APPEND``: the operating system puts it
after the last octet whole, so that two processes' lines never mix. The file is opened for each
line; a process that had opened it before another turned it over ends its line in the older file.
"""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

MAX_BYTES = 20 * 2**20
KEEP = 10
"""How many older files stay: ``ecomon.jsonl.1`` is the youngest of them."""


class LineFile:
    """Lines at ``path``, of at most ``max_bytes`` a file (and one line), ``keep`` older files."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, keep: int = KEEP) -> None:
        self.path, self.max_bytes, self.keep = path, max_bytes, keep
        self._is_torn = False

    def append(self, line: str) -> None:
        """Append one line; OSError where the disk is full or may not be written.

        A line that a full disk tore is ended first, so that it spoils no other.
        """
        octets = line.replace("\n", " ").encode("utf-8", "backslashreplace") + b"\n"
        if self._is_torn:
            octets = b"\n" + octets
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = self._open()
        try:
            n_written = os.write(descriptor, octets)
            if n_written:
                self._is_torn = n_written < len(octets)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if size >= self.max_bytes:
            self._turn_over()

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        return os.open(self.path, flags | getattr(os, "O_BINARY", 0), 0o640)

    def _turn_over(self) -> None:
        """Rename the files one further. Who finds another process at it leaves it to that one."""
        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=0)
        try:
            with lock:
                # Another process may have done it between this one's line and its lock.
                if not self.path.exists() or self.path.stat().st_size < self.max_bytes:
                    return
                for number in range(self.keep, 0, -1):
                    younger = self._older(number - 1)
                    if younger.exists():
                        younger.replace(self._older(number))
        except Timeout:
            return

    def _older(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path
