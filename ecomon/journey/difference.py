"""Where two accounts of one thing differ: rows of a file by their key, JSON values by their path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Cells = Mapping[str, str]
NOTHING = "-"
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not follow: where it stands, what is stated, what was found instead.

    ``place`` is a line of the statement, with the day or the revision in a file of evidence.
    """

    file: str
    place: str
    field: str
    stated: str
    found: str

    @classmethod
    def between(
        cls, stated: object, found: object, *, file: str, place: str = NOTHING, field: str
    ) -> Difference:
        return cls(file, place, field, _shown(stated), _shown(found))

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def compare_rows(
    stated: Sequence[Cells], found: Sequence[Cells], key: tuple[str, ...], *, file: str
) -> Iterator[Difference]:
    """Cells that differ, rows that are stated and do not belong, rows that are not stated."""
    known = {tuple(row[name] for name in key): row for row in found}
    seen: set[tuple[str, ...]] = set()
    for row in stated:
        cells = tuple(row[name] for name in key)
        place, again = " ".join(cells), known.get(cells)
        if again is None or cells in seen:
            what = "does not follow" if again is None else "stands twice"
            yield Difference(file, place, "row", "stated", what)
            continue
        seen.add(cells)
        for name, cell in row.items():
            if cell != again[name]:
                yield Difference(file, place, name, cell, again[name])
    for cells in known:
        if cells not in seen:
            yield Difference(file, " ".join(cells), "row", "not stated", "follows")


def compare_json(stated: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Paths at which two JSON values differ, with what stands there; None where there is nothing."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for name in sorted({*stated, *found}):
            inner = f"{path}.{name}" if path else str(name)
            yield from compare_json(stated.get(name), found.get(name), inner)
    elif isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        for number, pair in enumerate(zip(stated, found, strict=True)):
            yield from compare_json(*pair, f"{path}[{number}]")
    elif stated != found or type(stated) is not type(found):
        yield path, stated, found


def _shown(value: object) -> str:
    if isinstance(value, str | Exception):
        text = str(value)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
