"""What is local: the site's own folder against the shipped facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecomon.registry.read import read_registry
from ecomon.registry.registry import Registry


def compare_with_shipped(overlay: Path) -> list[dict[str, Any]]:
    """What a site's own folder adds or changes; empty where there is no such folder.

    Raises
    ------
    RegistryError
        if a file of either is wrong.
    """
    if not overlay.is_dir():
        return []
    return compare_registries(read_registry(), read_registry(overlay=overlay))


def compare_registries(shipped: Registry, local: Registry) -> list[dict[str, Any]]:
    """Every field in which two registries differ.

    Returns
    -------
    list of dict
        ``act`` (added, changed, removed), ``kind``, ``id``, ``field`` (None for a whole entry),
        ``old``, ``new``, in the order of kind, id and field. Values as in the snapshot, Decimals
        and dates as text.
    """
    before, after = json.loads(shipped.snapshot), json.loads(local.snapshot)
    return [
        change
        for kind in sorted(before.keys() | after.keys())
        for change in _changes(kind, before.get(kind, {}), after.get(kind, {}))
    ]


def _changes(kind: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            act = "added" if old is None else "removed"
            yield _change(act, kind, key, None, old, new)
            continue
        for field in sorted(old.keys() | new.keys()):
            if old.get(field) != new.get(field):
                yield _change("changed", kind, key, field, old.get(field), new.get(field))


def _change(act: str, kind: str, key: str, field: str | None, *values: Any) -> dict[str, Any]:
    old, new = values
    return {"act": act, "kind": kind, "id": key, "field": field, "old": old, "new": new}
