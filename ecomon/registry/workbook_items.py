"""Facts inside an entry (targets, links, names) that follow one another in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ecomon.model.fact_sheet import (
    WITHDRAW,
    CellProblem,
    FactSheet,
    StatedRow,
    value_of_text,
)
from ecomon.registry.layout import KINDS
from ecomon.registry.workbook_own import Values, texts_of

Told = tuple[StatedRow, str, str, str]
"""Row, act, old and new."""


@dataclass(slots=True)
class ComparedItems:
    """The site's own list as it would stand, with what changes in it and what is wrong."""

    own: list[Values] = field(default_factory=list[Values])
    told: list[Told] = field(default_factory=list[Told])
    problems: list[CellProblem] = field(default_factory=list[CellProblem])

    @property
    def is_changed(self) -> bool:
        return bool(self.told)


def compare_items(
    sheet: FactSheet,
    rows: Sequence[StatedRow],
    shipped: Sequence[Values],
    own: Sequence[Values] | None,
    *,
    effective_from: date,
) -> ComparedItems:
    """Lay the stated facts of one entry over those that hold.

    A stated fact that is there already, or a row that nobody touched, changes nothing. A new one begins on its own ``valid_from``,
    else on ``effective_from``; what held in its time ends there, or goes on after it, so that no
    day has two and no day before it changes. Facts that no row states stay.

    Parameters
    ----------
    shipped, own : sequence of mapping
        The list as the shipped files give it, and as the site's own do (None: not at all). An own
        list stands in place of the shipped one; names (``aliases``) by feed and key.
    """
    found = ComparedItems()
    kept = _withdraw(sheet, rows, [dict(one) for one in own or ()], found)
    added = _added(sheet, rows, [*kept, *shipped], effective_from, found)
    base = list(kept)
    if added and sheet.items != "aliases" and not base:
        base = [dict(one) for one in shipped]
    for row, item in added:
        group = _identity(sheet, item)
        if sheet.items == "aliases" and not any(_identity(sheet, one) == group for one in base):
            base += [dict(one) for one in shipped if _identity(sheet, one) == group]
        found.told.append((row, "added", "", in_words(sheet, item)))
        base = _make_room(sheet, row, item, base, found)
    found.own = sorted(base, key=lambda one: (*_identity(sheet, one), _start(one)))
    return found


def in_words(sheet: FactSheet, item: Mapping[str, Any]) -> str:
    """One fact on one line, without its source."""
    texts = texts_of(sheet, item)
    return "; ".join(
        f"{name} {text}" for name, text in texts.items() if name not in ("source", "note")
    )


def _withdraw(
    sheet: FactSheet, rows: Sequence[StatedRow], own: list[Values], found: ComparedItems
) -> list[Values]:
    for row in rows:
        if not row.is_withdrawn:
            continue
        stated = {name: text for name, text in row.texts.items() if text}
        gone = next((one for one in own if texts_of(sheet, one) == stated), None)
        if gone is None:
            expected = "expected an own fact as it was exported: there is no such one to withdraw"
            found.problems.append(_doubt(row, "act", expected))
            continue
        own.remove(gone)
        found.told.append((row, "withdrawn", in_words(sheet, gone), ""))
    return own


def _added(
    sheet: FactSheet,
    rows: Sequence[StatedRow],
    known: Sequence[Values],
    effective_from: date,
    found: ComparedItems,
) -> list[tuple[StatedRow, Values]]:
    """The stated facts that are not there yet, each checked by the type of its list."""
    there = [texts_of(sheet, one) for one in known]
    added: list[tuple[StatedRow, Values]] = []
    for row in rows:
        stated = {name: text for name, text in row.texts.items() if text}
        if row.is_withdrawn or row.is_as_exported or not stated or stated in there:
            continue
        if WITHDRAW in stated.values():
            name = next(name for name, text in stated.items() if text == WITHDRAW)
            found.problems.append(_doubt(row, name, f"expected {WITHDRAW} in the column 操作 act"))
            continue
        stated.setdefault("valid_from", effective_from.isoformat())
        if stated in there:
            continue
        item = {name: value_of_text(sheet.column(name), text) for name, text in stated.items()}
        faults = [*_faults(sheet, row, item), *_clash(sheet, row, item, added)]
        found.problems += faults
        if not faults:
            added.append((row, item))
    return added


def _faults(sheet: FactSheet, row: StatedRow, item: Values) -> list[CellProblem]:
    if _start(item) >= _end(item):
        return [_doubt(row, "valid_to", "expected a day after the one it holds from")]
    try:
        _model(sheet).model_validate(item)
    except ValidationError as wrong:
        return [
            _doubt(row, str(error["loc"][0]) if error["loc"] else "id", error["msg"])
            for error in wrong.errors(include_url=False)
        ]
    return []


def _clash(
    sheet: FactSheet, row: StatedRow, item: Values, added: Sequence[tuple[StatedRow, Values]]
) -> list[CellProblem]:
    for other, one in added:
        is_alike = _identity(sheet, one) == _identity(sheet, item)
        if is_alike and _start(one) < _end(item) and _start(item) < _end(one):
            expected = f"expected another time than the new fact in row {other.row} has"
            return [_doubt(row, "valid_from", expected)]
    return []


def _make_room(
    sheet: FactSheet, row: StatedRow, item: Values, base: list[Values], found: ComparedItems
) -> list[Values]:
    """The list with the new fact in it; what held in its time is cut to what is left of it."""
    result: list[Values] = []
    for one in base:
        is_apart = _start(item) >= _end(one) or _start(one) >= _end(item)
        if is_apart or _identity(sheet, one) != _identity(sheet, item):
            result.append(one)
            continue
        left = _left_of(one, item)
        result += left
        new = " + ".join(in_words(sheet, piece) for piece in left)
        found.told.append((row, "closed" if left else "replaced", in_words(sheet, one), new))
    return [*result, item]


def _left_of(one: Values, item: Values) -> list[Values]:
    pieces: list[Values] = []
    if _start(one) < _start(item):
        pieces.append({**one, "valid_to": item["valid_from"]})
    if item.get("valid_to") is not None and _end(item) < _end(one):
        pieces.append({**one, "valid_from": item["valid_to"]})
    return pieces


def _start(item: Mapping[str, Any]) -> str:
    """The first day, as a text that sorts; before all days where it is open."""
    return str(item.get("valid_from") or "")


def _end(item: Mapping[str, Any]) -> str:
    return str(item.get("valid_to") or "9999-99-99")


def _identity(sheet: FactSheet, item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(item.get(name, "")) for name in sheet.identity)


def _model(sheet: FactSheet) -> type[BaseModel]:
    about = KINDS[sheet.kind].model.model_fields[str(sheet.items)]
    return get_args(about.annotation)[0]


def _doubt(row: StatedRow, name: str, expected: str) -> CellProblem:
    value, column = row.texts.get(name, ""), row.letters.get(name, "-")
    return CellProblem(row.sheet.zh, row.row, column, value, expected)
