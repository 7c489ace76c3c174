"""The site's own facts as its files give them, entry by entry, beside the shipped ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from ecomon.model.fact_sheet import SHEETS, FactRow, FactSheet, text_of_value
from ecomon.registry.fact_file import FactFile, read_fact_file
from ecomon.registry.layers import merge_files
from ecomon.registry.layout import Root, kind_of
from ecomon.registry.registry import Registry
from ecomon.registry.snapshot import plain

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """What the site's own files say of one entry, and the file it stands in (relative to the folder)."""

    values: Values
    file: PurePosixPath


OwnFacts = dict[str, dict[str, OwnEntry]]
"""Own entries by kind and id."""


def read_own_facts(overlay: Path) -> OwnFacts:
    """What the files of a site's own folder give, without the shipped facts below them.

    Raises
    ------
    RegistryError
        where a file is not readable; :func:`ecomon.registry.read_registry` says all that is wrong.
    """
    files: list[FactFile] = []
    for root in get_args(Root):
        folder = overlay / root
        for path in sorted(folder.rglob("*.yaml")) if folder.is_dir() else ():
            kind = kind_of(root, PurePosixPath(path.relative_to(folder).as_posix()))
            if kind is not None:
                files.append(read_fact_file(path, str(path), kind, is_local=True))
    entries, _ = merge_files(files)
    return {
        name: {
            key: OwnEntry(
                entry.values,
                PurePosixPath(entry.given[0].file.path.relative_to(overlay).as_posix()),
            )
            for key, entry in group.items()
        }
        for name, group in entries.items()
    }


def shipped_values(shipped: Registry, kind: str, key: str) -> Values | None:
    """The fields that the shipped files give an entry; None where they have no such entry."""
    fact = getattr(shipped, kind).get(key)
    return None if fact is None else plain(fact, is_whole=False)


def texts_of(sheet: FactSheet, values: Mapping[str, Any]) -> dict[str, str]:
    """The canonical text of each column of a sheet that the values fill."""
    return {
        column.field: text
        for column in sheet.columns
        if (text := text_of_value(column, values.get(column.field)))
    }


def fact_rows(shipped: Registry, own: OwnFacts) -> dict[str, list[FactRow]]:
    """The rows of every sheet, by its Chinese name: all entries, shipped and the site's own.

    Entries stand in the order of the shipped files, those of the site after them. On a sheet of
    items a row is one fact of the site's own; an entry without any has one row with blank cells, so
    that a gap is seen and can be filled.
    """
    return {sheet.zh: list(_rows_of(sheet, shipped, own)) for sheet in SHEETS}


def _rows_of(sheet: FactSheet, shipped: Registry, own: OwnFacts) -> list[FactRow]:
    ids = list(dict.fromkeys((*getattr(shipped, sheet.kind), *own.get(sheet.kind, {}))))
    rows: list[FactRow] = []
    for key in ids:
        below = shipped_values(shipped, sheet.kind, key) or {}
        entry = own[sheet.kind].get(key) if sheet.kind in own else None
        above = {} if entry is None else entry.values
        name = str(above.get("name_zh") or below.get("name_zh") or key)
        if sheet.items is None:
            rows.append(_entry_row(sheet, key, name, below, above))
        else:
            rows += _item_rows(sheet, sheet.items, key, name, below, above)
    return rows


def _entry_row(sheet: FactSheet, key: str, name: str, below: Values, above: Values) -> FactRow:
    state = "own" if above else "shipped" if below else "gap"
    return FactRow(key, name, state, texts_of(sheet, above), texts_of(sheet, below))


def _item_rows(
    sheet: FactSheet, items: str, key: str, name: str, below: Values, above: Values
) -> list[FactRow]:
    given = [_in_words(sheet, one) for one in below.get(items) or ()]
    shipped = {items: "\n".join(given)} if given else {}
    stated = [texts_of(sheet, one) for one in above.get(items) or ()]
    state = "own" if stated else "shipped" if given else "gap"
    first, *others = stated or [{}]
    return [
        FactRow(key, name, state, first, shipped),
        *(FactRow(key, name, state, one, {}) for one in others),
    ]


def _in_words(sheet: FactSheet, item: Mapping[str, Any]) -> str:
    """One shipped fact on one line: its fields, then its source."""
    texts = texts_of(sheet, item)
    return "; ".join(f"{sheet.column(name).zh} {text}" for name, text in texts.items())
