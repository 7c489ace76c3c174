"""Where the lasting server of a home answers, told to the commands of the same machine."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

HEALTH_TIMEOUT_S = 1.0
LOCK_TIMEOUT_S = 2.0
"""Longer than a command holds the lock to see whether it is free."""


@contextlib.contextmanager
def announced(home: Path, url: str) -> Iterator[None]:
    """Tell where this home's server answers, while the block lasts.

    The lock beside the address is the operating system's: it goes with this process however it
    ends, so an address that was left behind is believed by nobody.
    """
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        held = FileLock(folder / "served.lock", timeout=LOCK_TIMEOUT_S).acquire()
    except Timeout:
        # A second server of one home serves its own schedules; commands keep to the first.
        yield
        return
    with held:
        (folder / "served.url").write_text(url, encoding="utf-8")
        yield


def served_url(home: Path) -> str | None:
    """The API of the server that ``ecomon serve`` keeps for this home; None where none answers."""
    folder = home / "prefect"
    if not (folder / "served.lock").exists():
        return None
    try:
        with FileLock(folder / "served.lock", timeout=0):
            return None
    except Timeout:
        pass
    except OSError:
        return None
    try:
        url = (folder / "served.url").read_text(encoding="utf-8").strip()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{url}/health", timeout=HEALTH_TIMEOUT_S) as answer:
            return url if answer.status == 200 else None
    except (urllib.error.URLError, OSError, ValueError):
        return None
