"""Where a file of an inbox goes when it is dealt with: ``done/`` or ``failed/``, with its sidecars.

The record in the folder's journal is written first, and names the sidecars by their time stamps.
A run that is killed between two moves leaves a sidecar behind; the next run finds in the record
where it belongs (:func:`repair`), and never takes one that was sent for a new file of that name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from ecomon.errors import SourceRefused
from ecomon.sources.checksums import MANIFEST, read_checksum_file, sha256_of
from ecomon.sources.folder import DONE, FAILED, SIDECARS, Listing
from ecomon.sources.journal import append_record, read_records
from ecomon.sources.names import fitting_name, has_file, shown_name


def settle_file(
    path: Path, where: str, at: datetime, *, reason: str | None = None, facts: dict[str, Any]
) -> Path:
    """Move a file of an inbox to ``done/`` or ``failed/``; a reason is written beside it.

    Another file of that name that lies there already is kept: the new one gets the time before its
    name. ``facts`` (SHA-256, size, batches, counts) go into the folder's ``manifest.jsonl``.

    Returns
    -------
    Path
        Where it lies now.

    Raises
    ------
    OSError
        where the folder cannot be written.
    """
    folder = path.parent / where
    folder.mkdir(exist_ok=True)
    target = folder / fitting_name(path.name)
    if target.exists() and not _are_equal(path, target):
        target = folder / fitting_name(path.name, f"{at:%Y%m%dT%H%M%S%f}-")
    beside = {one: path.with_name(path.name + one) for one in SIDECARS}
    stamps = {suffix: one.lstat().st_mtime_ns for suffix, one in beside.items() if has_file(one)}
    record = {"name": path.name, "as": target.name, "at": at.isoformat(), "beside": stamps}
    append_record(folder, record | facts | ({"reason": reason} if reason else {}))
    # The file goes first: without its date beside it, it would be read anew as another thing.
    path.replace(target)
    for suffix in stamps:
        beside[suffix].replace(target.with_name(target.name + suffix))
    if reason:
        target.with_name(target.name + ".reason.txt").write_text(reason + "\n", "utf-8")
    return target


def _are_equal(path: Path, other: Path) -> bool:
    """Whether two files hold the same octets."""
    if path.stat().st_size != other.stat().st_size:
        return False
    return sha256_of(path) == sha256_of(other)


def repair(listing: Listing, inbox: Path) -> list[Path]:
    """Bring sidecars whose file was settled, and that a killed run left behind, to their file.

    Returns
    -------
    list of Path
        Sidecars without a file that belong to none that was settled: their file is still to come.
    """
    orphans = [path for path in listing.sidecars if path.with_suffix("") not in listing.files]
    if not orphans:
        return []
    homes: dict[tuple[str, int], Path] = {}
    for folder in (inbox / DONE, inbox / FAILED):
        for record in read_records(folder):
            for suffix, stamp in record.get("beside", {}).items():
                homes[record["name"] + suffix, stamp] = folder / (record["as"] + suffix)
    unknown: list[Path] = []
    for path in orphans:
        home = homes.get((path.name, listing.sidecars[path].modified_ns))
        if home is None or not home.with_suffix("").exists():
            unknown.append(path)
        else:
            path.replace(home)
            listing.sidecars.pop(path)
    return unknown


def settle_manifest(listing: Listing, inbox: Path, at: datetime, *, is_old: bool) -> dict[str, str]:
    """Put the delivery's ``MANIFEST.sha256`` away once every file it names is dealt with.

    While a file it names is in the inbox, or is missing and the manifest is not ``is_old`` yet, it
    stays. An old one goes to ``failed/`` and its reason names what never came.

    Returns
    -------
    dict
        The missing files, each with what is known of it.

    Raises
    ------
    SourceRefused
        where the manifest is no list of checksums and not old yet.
    OSError
        where it cannot be read or moved.
    """
    if listing.manifest is None:
        return {}
    try:
        stated = read_checksum_file(inbox / MANIFEST)
    except SourceRefused as error:
        if is_old:
            settle_file(inbox / MANIFEST, FAILED, at, reason=str(error), facts={})
        raise
    is_settled = _was_settled(inbox)
    here = [name for name in stated if os.path.lexists(inbox / name)]
    missing = [name for name in stated if name not in here and not is_settled(name, stated[name])]
    found = {
        shown_name(name): f"named in {MANIFEST} and not here (SHA-256 {stated[name]})"
        for name in missing
    }
    if here or (missing and not is_old):
        return found
    reason = "\n".join(f"{name}: {why}" for name, why in found.items()) or None
    settle_file(inbox / MANIFEST, FAILED if missing else DONE, at, reason=reason, facts={})
    return found


def _was_settled(inbox: Path) -> Callable[[str, str], bool]:
    """Whether a file of a name and SHA-256 lies in ``done/``, or one of that name in ``failed/``."""
    names: set[tuple[str, str]] = set()
    for folder in (inbox / DONE, inbox / FAILED):
        names.update((one["name"], one.get("sha256", "")) for one in read_records(folder))
    failed = {name for name, sha256 in names if not sha256}
    return lambda name, sha256: (name, sha256) in names or name in failed
