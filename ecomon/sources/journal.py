"""``manifest.jsonl`` of ``done/`` and ``failed/``: what became of each file, appended and synced."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JOURNAL = "manifest.jsonl"


def append_record(folder: Path, record: dict[str, Any]) -> None:
    """Append one line to the folder's journal and wait until the disk has it.

    A line that a power cut left half written stays by itself: the new one starts below it.
    """
    line = json.dumps(record, ensure_ascii=not _is_text(record), sort_keys=True) + "\n"
    with (folder / JOURNAL).open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def read_records(folder: Path) -> Iterator[dict[str, Any]]:
    """The records of a folder, oldest first; lines that are none are passed over."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            for line in file:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict):
                    yield record
    except FileNotFoundError:
        return


def _is_text(record: dict[str, Any]) -> bool:
    """Whether every name is text; one that is not keeps its octets as escapes of JSON."""
    try:
        "".join(value for value in record.values() if isinstance(value, str)).encode()
    except UnicodeEncodeError:
        return False
    return True
