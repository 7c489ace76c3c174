"""The manifest (清单) of a statement: which files belong to it, by role and SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ecomon.errors import SourceRefused

FORM = "ecomon-manifest-1"
ROLES = ("statement", "print", "workbook", "readings", "days", "ruleset")
Listed = Mapping[str, tuple[str, bytes | None]]
"""Name and octets of the file in each role; no octets of a file that is not there."""


def manifest_of(document: Mapping[str, Any], files: Listed) -> dict[str, Any]:
    """The manifest as JSON values: what the statement says of itself, and its files.

    Parameters
    ----------
    document : mapping
        The statement's.
    files : mapping of role to (name, octets)
    """
    agreement = document["agreement"]
    return {
        "form": FORM,
        "agreement": f"{agreement['id']}@{agreement['version']}",
        **{name: document[name] for name in ("period", "run_type", "mode")},
        **document["provenance"],
        "files": {
            role: {
                "name": name,
                "sha256": None if octets is None else hashlib.sha256(octets).hexdigest(),
            }
            for role, (name, octets) in files.items()
        },
    }


def manifest_json(document: Mapping[str, Any], files: Listed) -> bytes:
    """The manifest's octets: UTF-8, keys sorted, indented for people, one newline at the end."""
    text = json.dumps(
        manifest_of(document, files), ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False
    )
    return (text + "\n").encode()


def read_manifest(octets: bytes) -> dict[str, Any]:
    """A manifest's JSON values.

    Raises
    ------
    SourceRefused
        where it is no manifest, lacks a role, or names a file that does not stand beside it.
    """
    try:
        stated = json.loads(octets)
        names = {role: stated["files"][role]["name"] for role in ROLES}
        form = stated["form"]
    except (ValueError, LookupError, TypeError) as wrong:
        raise SourceRefused(f"not a manifest of a statement: {wrong!r}") from None
    if form != FORM or set(stated["files"]) != set(ROLES):
        raise SourceRefused(f"not a manifest of form {FORM} with the files {', '.join(ROLES)}")
    for name in names.values():
        if not isinstance(name, str) or not name.strip(".") or set(name) & set("/\\:\0"):
            raise SourceRefused(f"a manifest names files beside it; {name!r} is none")
    return stated
