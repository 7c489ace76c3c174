"""What a workbook of the site's own facts would change: every fact, old and new, and every problem.

Nothing is written here. What a sheet does not state stays; a fact is taken back only by the word 撤销.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from ecomon.model.fact_sheet import (
    WITHDRAW,
    CellProblem,
    FactSheet,
    StatedRow,
    text_of_value,
    value_of_text,
)
from ecomon.registry.layout import KINDS
from ecomon.registry.registry import Registry
from ecomon.registry.workbook_items import compare_items
from ecomon.registry.workbook_own import OwnFacts, Values, shipped_values, texts_of


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that would change; ``old`` and ``new`` as texts, empty for nothing.

    ``act`` is added, changed, withdrawn (the shipped value holds again), closed (it ends where a new
    fact begins) or replaced (a new fact holds in all of its time).
    """

    sheet: str
    row: int
    column: str
    kind: str
    id: str
    field: str
    act: str
    old: str
    new: str
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        names = ("sheet", "row", "column", "kind", "id", "field", "act", "old", "new", "source")
        return {"record": "change", **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that changes nothing: a row or a cell that was emptied."""

    sheet: str
    row: int
    id: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"record": "notice", "sheet": self.sheet, "row": self.row, "id": self.id,
                "text": self.text}  # fmt: skip


@dataclass(slots=True)
class Comparison:
    """The changes of a workbook, in its order; ``entries`` are the own facts as they would stand.

    ``entries`` holds by kind and id the whole own values of each entry that changes, None where the
    site keeps nothing of it.
    """

    changes: list[FactChange] = field(default_factory=list[FactChange])
    notices: list[Notice] = field(default_factory=list[Notice])
    problems: list[CellProblem] = field(default_factory=list[CellProblem])
    entries: dict[str, dict[str, Values | None]] = field(
        default_factory=dict[str, dict[str, "Values | None"]]
    )


def compare_workbook(
    rows: Iterable[StatedRow],
    shipped: Registry,
    own: OwnFacts,
    *,
    effective_from: date,
    today: date,
) -> Comparison:
    """Compare what a workbook states with the facts that hold.

    Parameters
    ----------
    rows : iterable of StatedRow
        As :func:`ecomon.decode.overlay_workbook.read_overlay_workbook` gives them.
    shipped : Registry
        Without the site's own folder.
    own : OwnFacts
        The site's own folder.
    effective_from : date
        Where a new fact with a validity begins if its row names no day; the fact before it ends
        there. Fields without a validity hold at once, so a later day than ``today`` is a problem
        for them.

    Returns
    -------
    Comparison
    """
    done = Comparison()
    for kind, key, group in _by_entry(rows):
        entry = own.get(kind, {}).get(key)
        above = {} if entry is None else dict(entry.values)
        below = shipped_values(shipped, kind, key)
        work = _Entry(kind, key, below, above, dict(above), effective_from, today, done)
        # The entry's own fields first: its targets may be those of an entry that is new.
        for row in sorted(group, key=lambda one: one.sheet.items is not None):
            if row.sheet.items is None:
                work.compare_fields(row)
        for sheet, items in _by_sheet(group):
            work.compare_list(sheet, items)
        work.finish(group)
    return done


def _by_entry(rows: Iterable[StatedRow]) -> Iterator[tuple[str, str, list[StatedRow]]]:
    groups: dict[tuple[str, str], list[StatedRow]] = {}
    for row in rows:
        groups.setdefault((row.sheet.kind, row.id), []).append(row)
    for (kind, key), group in groups.items():
        yield kind, key, group


def _by_sheet(rows: Iterable[StatedRow]) -> Iterator[tuple[FactSheet, list[StatedRow]]]:
    groups: dict[str, list[StatedRow]] = {}
    for row in rows:
        if row.sheet.items is not None:
            groups.setdefault(row.sheet.zh, []).append(row)
    for group in groups.values():
        yield group[0].sheet, group


@dataclass(slots=True)
class _Entry:
    """One entry while it is compared: shipped values, own values before, and as they would be."""

    kind: str
    id: str
    below: Values | None
    above: Values
    new: Values
    effective_from: date
    today: date
    done: Comparison

    @property
    def is_new(self) -> bool:
        return self.below is None and not self.above

    def doubt(self, row: StatedRow, name: str, expected: str) -> None:
        value = row.texts.get(name, "")
        column = row.letters.get(name, "-")
        self.done.problems.append(CellProblem(row.sheet.zh, row.row, column, value, expected))

    def tell(self, row: StatedRow, name: str, act: str, old: str, new: str) -> None:
        column = row.letters.get(name) or row.letters.get(row.sheet.columns[0].field, "-")
        source = "" if act == "withdrawn" else row.texts.get("source", "")
        self.done.changes.append(
            FactChange(
                row.sheet.zh, row.row, column, self.kind, self.id, name, act, old, new, source
            )
        )  # fmt: skip

    def compare_fields(self, row: StatedRow) -> None:
        if row.is_withdrawn:
            self._withdraw_all(row)
            return
        if row.is_as_exported and not self.is_new:
            return
        if row.is_blank:
            if self.is_new:
                self.doubt(
                    row, "id", f"expected the values of a new entry: there is no {self.id!r}"
                )
            self._tell_blank(row, texts_of(row.sheet, self.above))
            return
        n_before = len(self.done.changes)
        for column in row.sheet.columns:
            text = row.texts.get(column.field, "")
            mine = text_of_value(column, self.above.get(column.field))
            shipped = text_of_value(column, (self.below or {}).get(column.field))
            if text == WITHDRAW:
                self._withdraw(row, column.field, mine, shipped)
            elif text and text not in (mine or shipped, row.base.get(column.field)):
                self.new[column.field] = value_of_text(column, text)
                act = "changed" if mine or shipped else "added"
                self.tell(row, column.field, act, mine or shipped, text)
            elif not text and mine and row.base.get(column.field):
                said = f"{column.zh} {column.field}: 空格，本地值保留 empty, the own value {mine!r} stays"
                self.done.notices.append(Notice(row.sheet.zh, row.row, self.id, said))
        self._demand_source(row, self.done.changes[n_before:])

    def _withdraw(self, row: StatedRow, name: str, mine: str, shipped: str) -> None:
        if not mine:
            self.doubt(row, name, "expected a value or nothing: there is no own value to withdraw")
            return
        del self.new[name]
        self.tell(row, name, "withdrawn", mine, shipped)

    def _withdraw_all(self, row: StatedRow) -> None:
        held = texts_of(row.sheet, self.above)
        if not held:
            self.doubt(row, "act", "expected nothing: there is no own fact in this row to withdraw")
            return
        below = texts_of(row.sheet, self.below or {})
        for name, text in held.items():
            del self.new[name]
            self.tell(row, name, "withdrawn", text, below.get(name, ""))
        if self.below is None:
            self.new.clear()

    def _tell_blank(self, row: StatedRow, held: dict[str, str]) -> None:
        if held:
            said = f"本行已清空，本地值保留；要取消请填{WITHDRAW} the row was emptied: the own facts stay"
            self.done.notices.append(Notice(row.sheet.zh, row.row, self.id, said))

    def _demand_source(self, row: StatedRow, changes: list[FactChange]) -> None:
        """A fact without a source is none; a field without a validity cannot begin later."""
        stated = [one for one in changes if one.act != "withdrawn"]
        if not stated:
            return
        for name in ("source", "confidence"):
            if not row.texts.get(name):
                self.doubt(row, name, "expected the source and confidence of what this row changes")
        if self.is_new and row.sheet.is_dated:
            self.new.setdefault("valid_from", self.effective_from)
        elif self.effective_from > self.today:
            column = row.letters.get(stated[0].field, "-")
            expected = f"holds at once, as it has no validity: import it on {self.effective_from}"
            self.done.problems.append(
                CellProblem(row.sheet.zh, row.row, column, stated[0].new, expected)
            )

    def compare_list(self, sheet: FactSheet, rows: list[StatedRow]) -> None:
        items = str(sheet.items)
        if self.is_new and not self.new:
            for row in rows:
                self.doubt(row, "id", f"expected an id of {self.kind}: there is no {self.id!r}")
            return
        for row in rows:
            if row.is_blank and row.base:
                self._tell_blank(row, dict(row.base))
        shipped = list((self.below or {}).get(items) or ())
        found = compare_items(
            sheet, rows, shipped, self.above.get(items), effective_from=self.effective_from
        )
        self.done.problems += found.problems
        for row, act, old, new in found.told:
            self.tell(row, items, act, old, new)
        if not found.is_changed:
            return
        if found.own:
            self.new[items] = found.own
        else:
            self.new.pop(items, None)

    def finish(self, rows: list[StatedRow]) -> None:
        """Keep what changed; whatever the type of the entry refuses is a problem of its cell."""
        if self.new == self.above:
            return
        key_field = KINDS[self.kind].key_field
        self.new.pop(key_field, None)
        merged = {**(self.below or {}), **self.new, key_field: self.id}
        is_kept = bool(self.new)
        if is_kept or self.below is not None:
            self._check(rows, merged)
        kept = {key_field: self.id, **self.new} if is_kept else None
        self.done.entries.setdefault(self.kind, {})[self.id] = kept

    def _check(self, rows: list[StatedRow], merged: Values) -> None:
        try:
            KINDS[self.kind].model.model_validate(merged)
        except ValidationError as wrong:
            for error in wrong.errors(include_url=False):
                name = str(error["loc"][0]) if error["loc"] else "id"
                fitting = [one for one in rows if name in (one.sheet.items, *one.letters)]
                row = (fitting or rows)[0]
                reason = error["msg"].removeprefix("Value error, ")
                self.doubt(row, name, f"{'.'.join(map(str, error['loc']))}: {reason}")
