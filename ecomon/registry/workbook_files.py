"""A compared workbook as files of the site's own folder: tried in a copy, then put in place."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from ecomon.errors import Problem, RegistryError
from ecomon.model.fact_sheet import SHEETS, CellProblem
from ecomon.registry.layout import KINDS, Kind
from ecomon.registry.read import read_registry
from ecomon.registry.registry import Registry
from ecomon.registry.workbook_compare import Comparison, FactChange
from ecomon.registry.workbook_own import OwnFacts, Values, read_own_facts

Files = dict[PurePosixPath, str]
"""New texts of files, by their path in the site's own folder."""

_HEADER = "Facts of this site; comments and further entries may be written here by hand."
_NAMED = re.compile(r"(?P<id>[^.\[\]]+)\.(?P<field>\w+)")


def edited_files(overlay: Path, own: OwnFacts, entries: Mapping[str, Mapping[str, Values | None]]) -> Files:  # fmt: skip
    """The files of a site's own folder with some entries as they would stand.

    An entry is changed in the file it stands in, where comments and all other entries stay; a new
    one goes to ``stations/KIND.yaml``.
    """
    held: dict[PurePosixPath, Any] = {}
    for name, group in entries.items():
        kind = KINDS[name]
        for key, values in group.items():
            known = own.get(name, {}).get(key)
            at = PurePosixPath(kind.root, f"{name}.yaml") if known is None else known.file
            if at not in held:
                held[at] = _read_tree(overlay / at, kind)
            _lay_entry(held[at], kind, key, values, {} if known is None else known.values)
    return {at: _dump(tree) for at, tree in held.items()}


def try_files(overlay: Path, files: Files, comparison: Comparison) -> Registry:
    """Read and check the registry with the new files, in a copy of the site's own folder.

    Returns
    -------
    Registry
        As it would be.

    Raises
    ------
    RegistryError
        with everything that would be wrong; a problem of a stated fact names its sheet and row.
    """
    with TemporaryDirectory(prefix="ecomon-overlay-") as scratch:
        copy = Path(scratch, "site")
        if overlay.is_dir():
            shutil.copytree(overlay, copy)
        for at, text in files.items():
            (copy / at).parent.mkdir(parents=True, exist_ok=True)
            (copy / at).write_text(text, "utf-8")
        copy.mkdir(exist_ok=True)
        try:
            tried = read_registry(overlay=copy)
        except RegistryError as wrong:
            raise RegistryError(
                _placed(one, str(copy), comparison.changes) for one in wrong.problems
            ) from None
        _compare_outcome(read_own_facts(copy), comparison)
    return tried


@contextmanager
def replaced_files(overlay: Path, files: Files, keep: Path) -> Iterator[Callable[[], None]]:
    """Gives what puts the new files in place; taken back where the block ends by an error.

    The folder as it was is kept as ``keep``. Each file is written whole beside its place, flushed
    to the disk and renamed; whoever reads sees a file as it was or as it is.
    """
    done: list[PurePosixPath] = []

    def put() -> None:
        if overlay.is_dir():
            shutil.copytree(overlay, keep, dirs_exist_ok=True)
        for at, text in files.items():
            done.append(at)
            _write_whole(overlay / at, text.encode())

    try:
        yield put
    except BaseException:
        for at in done:
            if (keep / at).is_file():
                _write_whole(overlay / at, (keep / at).read_bytes())
            else:
                (overlay / at).unlink(missing_ok=True)
        raise


def _write_whole(path: Path, octets: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.allow_unicode = True
    yaml.width = 120
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _read_tree(path: Path, kind: Kind) -> Any:
    tree = _yaml().load(path.read_text("utf-8")) if path.is_file() else None
    if tree is None:
        tree = CommentedMap()
        tree.yaml_set_start_comment(_HEADER)
    tree.setdefault(kind.name, [])
    return tree


def _lay_entry(
    tree: Any, kind: Kind, key: str, values: Values | None, before: Mapping[str, Any]
) -> None:
    """Set, change or take out one entry of a list file; fields that stay are not touched."""
    listed = tree[kind.name]
    at = next((i for i, one in enumerate(listed) if str(one[kind.key_field]) == key), None)
    if values is None:
        if at is not None:
            del listed[at]
        return
    if at is None:
        listed.append(CommentedMap({name: _to_write(value) for name, value in values.items()}))
        return
    entry = listed[at]
    for name in [name for name in entry if name not in values]:
        del entry[name]
    for name, value in values.items():
        if name not in before or before[name] != value:
            entry[name] = _to_write(value)


def _to_write(value: Any) -> Any:
    """A value as YAML shows it: days without quotes, numbers as they are."""
    match value:
        case dict():
            return {name: _to_write(one) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list() | tuple():
            return [_to_write(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
        case Decimal():
            return float(value)
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
        case _:
            return value


def _dump(tree: Any) -> str:
    text = io.StringIO()
    _yaml().dump(tree, text)
    return text.getvalue()


def _placed(problem: Problem, copy: str, changes: Iterable[FactChange]) -> Problem:
    """The problem with the row of the workbook that caused it, where one did."""
    found = _NAMED.match(problem.field)
    for one in changes if found else ():
        if found and (one.id, one.field) == (found["id"], found["field"]):
            return replace(problem, file=f"{one.sheet}!{one.column}{one.row}")
    return replace(problem, file=problem.file.removeprefix(copy).lstrip("/\\"))


def _compare_outcome(outcome: OwnFacts, comparison: Comparison) -> None:
    """The files must say what was compared: ``defaults`` of a file could put back what was withdrawn."""
    for name, group in comparison.entries.items():
        for key, values in group.items():
            entry = outcome.get(name, {}).get(key)
            if (entry is None) != (values is None):
                raise RegistryError(Problem(name, key, "could not be withdrawn; edit the file"))
            for at in (entry.values if entry is not None else {}).keys() - (values or {}).keys():
                reason = "is given by the defaults of its file; edit the file"
                raise RegistryError(
                    Problem(str(entry.file if entry else name), f"{key}.{at}", reason)
                )


def stated_problems(problems: Iterable[Problem]) -> list[CellProblem]:
    """Problems of the registry as those of a workbook."""
    names = {sheet.zh for sheet in SHEETS}
    told: list[CellProblem] = []
    for one in problems:
        sheet, _, cell = one.file.partition("!")
        letters = cell.rstrip("0123456789")
        row = int(cell[len(letters) :] or 0) if sheet in names else 0
        column = letters or one.field
        told.append(CellProblem(sheet, row, column, one.value or "", f"{one.field}: {one.reason}"))
    return told
