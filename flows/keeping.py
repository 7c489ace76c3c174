"""Keeping: the day's root is added to the chain, and the store backed up where the site says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import flow

from ecomon.model.period import to_epoch_s
from ecomon.store.backup import backup_name, backup_store
from flows.installation import Run, recorded_run
from flows.timetable import today


@flow(name="keeping", timeout_seconds=6 * 3600)
def keeping(home: str) -> dict[str, Any]:
    """Close the day's root, make the night's backup, let old octets go where the site says so.

    A second run on a day changes nothing.
    """
    with recorded_run(home, "keeping", {}) as run:
        root = run.store.close_day()
        run.counts = {"root": root["number"], "backup": back_up(run), "pruned": prune(run)}
        return run.counts


def prune(run: Run) -> int:
    """Let octets go that are older than ``keep_octets_days``; how many files' (0: kept for ever)."""
    days = run.settings.keep_octets_days
    if days is None:
        return 0
    return run.store.prune_blobs(today() - timedelta(days=days), by=None).n_blobs


def back_up(run: Run) -> str | None:
    """Make the day's backup in ``backup_folder``, then let the oldest go; its name, if one was made."""
    folder = run.settings.backup_folder
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    name = backup_name(run.store.kind, to_epoch_s(today()))
    day = name.rpartition("-")[0]
    if not any(path.name.startswith(day) for path in backups_in(folder, run.store.kind)):
        backup_store(run.settings.store_url, folder / name)
        for path in backups_in(folder, run.store.kind)[: -run.settings.backups_kept]:
            path.unlink()
        return name
    return None


def backups_in(folder: Path, kind: str) -> list[Path]:
    """Backups of a kind of data that :func:`back_up` made, the oldest first."""
    return sorted(folder.glob(f"ecomon-{kind}-*.zip"))
