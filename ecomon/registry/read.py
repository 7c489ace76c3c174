"""Reading the registry: all files, all problems at once, or none of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import get_args

from pydantic import ValidationError

from ecomon.errors import Problem, RegistryError
from ecomon.registry.fact_file import FactFile, read_fact_file
from ecomon.registry.layers import Entries, Entry, merge_files
from ecomon.registry.layout import KINDS, Root, kind_of, shipped_folder
from ecomon.registry.references import check_references
from ecomon.registry.registry import Registry
from ecomon.registry.snapshot import Facts, registry_of

_NOT_FACTS = {"README.md"}


def read_registry(
    *, overlay: Path | None = None, stations: Path | None = None, thresholds: Path | None = None
) -> Registry:
    """Read the shipped facts, lay the site's own over them and check every reference.

    Parameters
    ----------
    overlay : Path, optional
        The site's own folder, with ``stations/`` and ``thresholds/`` of the same layout.
    stations, thresholds : Path, optional
        Folders to read in place of the shipped ones.

    Raises
    ------
    RegistryError
        with every problem of every file: file and line, field, reason and what was found. A
        wrong file is never skipped.
    """
    reading = _Reading()
    shipped = {"stations": stations, "thresholds": thresholds}
    for root in get_args(Root):
        _read_folder(reading, shipped[root] or shipped_folder(root), root, is_local=False)
    if overlay is not None:
        reading.problems += _check_overlay(overlay)
        for root in get_args(Root):
            if (overlay / root).is_dir():
                _read_folder(reading, overlay / root, root, is_local=True)
    entries, problems = merge_files(reading.files)
    problems += reading.problems
    facts = _build(entries, problems)
    if reading.is_complete:
        problems += [*_find_missing(entries), *check_references(facts, entries)]
    if problems:
        raise RegistryError(sorted(dict.fromkeys(problems), key=lambda one: (one.file, one.field)))
    changed = (one.id for group in entries.values() for one in group.values() if one.is_local)
    return registry_of(facts, local=frozenset(changed))


@dataclass(slots=True)
class _Reading:
    """Files read so far; not complete where all that one of them holds would seem to be missing."""

    files: list[FactFile] = field(default_factory=list[FactFile])
    problems: list[Problem] = field(default_factory=list[Problem])
    is_complete: bool = True


def _read_folder(reading: _Reading, folder: Path, root: Root, *, is_local: bool) -> None:
    """Read the files of one folder; whatever does not belong there is a problem."""
    if not folder.is_dir():
        reading.problems.append(Problem(str(folder), "-", f"no such folder of {root}"))
        reading.is_complete = False
        return
    for path in sorted(folder.rglob("*")):
        inner = PurePosixPath(path.relative_to(folder).as_posix())
        is_hidden = any(part.startswith(".") for part in inner.parts)
        if path.is_dir() or is_hidden or path.name in _NOT_FACTS:
            continue
        label = str(path) if is_local else f"{root}/{inner}"
        kind = kind_of(root, inner)
        if kind is None:
            known = ", ".join(kind.path for kind in KINDS.values() if kind.root == root)
            reason = f"no file of the registry; it knows {known}"
            reading.problems.append(Problem(label, "-", reason))
            continue
        try:
            reading.files.append(read_fact_file(path, label, kind, is_local=is_local))
        except RegistryError as wrong:
            reading.problems += wrong.problems
            reading.is_complete = False


def _check_overlay(overlay: Path) -> Iterator[Problem]:
    """A file that lies where nobody reads it would be silently skipped, so it is named."""
    if not overlay.is_dir():
        yield Problem(str(overlay), "-", "no such folder (the site's own facts)")
        return
    for path in sorted(overlay.rglob("*.y*ml")):
        if path.relative_to(overlay).parts[0] not in get_args(Root):
            yield Problem(str(path), "-", "not under stations/ or thresholds/: nothing reads it")


def _build(entries: Entries, problems: list[Problem]) -> Facts:
    facts: Facts = {name: {} for name in KINDS}
    for name, group in entries.items():
        kind = KINDS[name]
        for key, entry in group.items():
            try:
                facts[name][key] = kind.model.model_validate(entry.values)
            except ValidationError as wrong:
                problems += _told(entry, wrong)
    return facts


def _find_missing(entries: Entries) -> Iterator[Problem]:
    for name, kind in KINDS.items():
        if kind.form == "single" and not entries[name]:
            yield Problem(kind.path, "-", "this file is missing")


def _told(entry: Entry, wrong: ValidationError) -> Iterator[Problem]:
    for error in wrong.errors(include_url=False):
        reason = error["msg"].removeprefix("Value error, ")
        yield entry.problem(error["loc"], reason, error["input"])
