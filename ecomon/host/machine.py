"""The machine as it stands: disks, clock, left-over processes, what is installed. Nothing is written."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from ecomon.host.folders import find_stale_parts, is_open_to_others, read_folders, read_inboxes
from ecomon.model.operation import DiskFacts, HostFacts

PACKAGES = ("ecomon", "prefect", "sqlalchemy", "pandas", "xarray", "psycopg", "fastapi")
"""Packages whose version explains most of what differs between two machines."""

ASSETS = (
    "publish/fonts/NotoSansSC-Regular.otf", "publish/fonts/NotoSansSC-Bold.otf",
    "publish/templates/bulletin.html", "publish/templates/statement.typ",
)  # fmt: skip

_PROC = Path("/proc")


def read_host(
    home: Path, store_path: Path | None, *, clock: Callable[[], float] = time.time
) -> HostFacts:
    """What the machine says of an installation; needs no store and writes nothing.

    Parameters
    ----------
    store_path : Path or None
        The file of an SQLite store; None where a server keeps it.
    """
    now_s = clock()
    here = datetime.fromtimestamp(now_s).astimezone()
    offset = here.utcoffset()
    places = {"home": home} | ({"store": store_path.parent} if store_path else {})
    return HostFacts(
        now_s=int(now_s),
        utc_offset_s=int(offset.total_seconds()) if offset else 0,
        zone=here.tzname() or "",
        is_synchronised=is_clock_synchronised(),
        folders=read_folders(home, store_path),
        disks=tuple(read_disk(name, path) for name, path in places.items()),
        wal_bytes=None if store_path is None else _size(Path(f"{store_path}-wal")),
        inboxes=read_inboxes(home),
        stale_parts=find_stale_parts(home, now_s),
        orphans=find_orphans(home),
        is_env_open=is_open_to_others(home / "ecomon.env"),
        missing_assets=tuple(name for name in ASSETS if not (files("ecomon") / name).is_file()),
        versions=_versions(),
    )


def read_disk(name: str, path: Path) -> DiskFacts:
    """The disk a folder is on (or would be made on)."""
    while not path.exists() and path != path.parent:
        path = path.parent
    usage = shutil.disk_usage(path)
    return DiskFacts(name, usage.total, usage.free, file_system_of(path))


def file_system_of(path: Path, mounts: Path = _PROC / "mounts") -> str | None:
    """The kind of file system a path is on; None where the system has no list of mounts."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    where, kind = path.resolve(), None
    best = -1
    for line in lines:
        words = line.split(" ")
        mount = Path(words[1].replace("\\040", " ").replace("\\011", "\t"))
        # A later mount on the same place hides the earlier.
        if len(mount.parts) >= best and where.is_relative_to(mount):
            best, kind = len(mount.parts), words[2]
    return kind


def is_clock_synchronised(run: Path = Path("/run")) -> bool | None:
    """Whether a time service has set the clock since the machine started; None: not known here.

    Source: systemd-timesyncd.service(8): ``/run/systemd/timesync/synchronized`` is touched when the
    clock was set from the network. Other services (chrony, ntpd) leave no such mark.
    """
    timesync = run / "systemd" / "timesync"
    if not timesync.is_dir():
        return None
    return (timesync / "synchronized").exists()


def find_orphans(home: Path, proc: Path = _PROC) -> tuple[int, ...]:
    """Process ids of embedded servers of this home whose parent is gone (Linux; else none).

    A server whose parent is gone was given to the first process of the machine or of the session,
    which is no Python.
    """
    mine = f"PREFECT_HOME={home / 'prefect'}".encode()
    found: list[int] = []
    for pid in _processes(proc):
        words = _octets(proc / str(pid) / "cmdline").split(b"\0")
        if b"flows.embedded" not in words:
            continue
        if mine in _octets(proc / str(pid) / "environ").split(b"\0"):
            parent = _parent_of(proc, pid)
            command = _octets(proc / str(parent) / "cmdline")
            if b"python" not in command and b"ecomon" not in command:
                found.append(pid)
    return tuple(sorted(found))


def _processes(proc: Path) -> Iterator[int]:
    if not (proc / "self").exists():
        return
    with os.scandir(proc) as entries:
        yield from (int(entry.name) for entry in entries if entry.name.isdigit())


def _parent_of(proc: Path, pid: int) -> int:
    # The second field, the name, stands in brackets and may hold anything: proc(5).
    fields = _octets(proc / str(pid) / "stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # ended meanwhile, or somebody else's
        return b""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
