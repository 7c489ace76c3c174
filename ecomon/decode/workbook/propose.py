"""What the columns of a spreadsheet seem to be: a mapping for a person to review, and what is open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ecomon.decode.workbook.grid import Grid
from ecomon.decode.workbook.header import (
    CODE_WORDS,
    FACTOR_WORDS,
    FLAG_WORDS,
    JOIN,
    MONTH_WORDS,
    NOTE_WORDS,
    NUMBER_WORDS,
    SITE_WORDS,
    TIME_WORDS,
    VALUE_WORDS,
    Head,
    find_head,
    is_unit,
    structure_word,
    text_of,
)
from ecomon.errors import UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.mapping import ColumnMapping, FactorMapping, Role, SheetMapping, WorkbookMapping
from ecomon.model.quantity import conversion_factor, unit_symbol

_BRACKETED = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")
_ROLES: tuple[tuple[frozenset[str], Role], ...] = (
    (SITE_WORDS, "site"), (CODE_WORDS, "site_code"), (TIME_WORDS, "time"),
    (frozenset({"省份", "省"}), "province"), (frozenset({"河流", "河流名称", "所属河流"}), "river"),
    (FACTOR_WORDS, "factor"), (NOTE_WORDS, "note"), (frozenset({"单位", "计量单位"}), "unit"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping and what a person has to look at: ``(sheet, heading, why)`` of each open column."""

    mapping: WorkbookMapping | None
    open_points: tuple[tuple[str, str, str], ...]


def propose_mapping(
    grids: Iterable[Grid], determinands: Mapping[str, Determinand], *, mapping_id: str, feed: str
) -> Proposal:
    """Say what each column of each sheet seems to be.

    A column that names a determinand without a unit, or with one that does not fit, stays open: it
    is proposed as ignored, with the reason. So nothing is left out in silence and no unit guessed.

    Returns
    -------
    Proposal
        ``mapping`` is None where no sheet has a heading of readings.
    """
    names = names_of(determinands)
    sheets: list[SheetMapping] = []
    ignored: dict[str, str] = {}
    points: list[tuple[str, str, str]] = []
    factors: dict[str, FactorMapping] = {}
    for grid in grids:
        head = find_head(grid)
        if head is None:
            ignored[grid.name] = "没有监测数据的表头 no heading of readings found"
            points.append((grid.name, "", ignored[grid.name]))
            continue
        columns = _columns_of(head, names, determinands)
        points += [
            (grid.name, column.heading, column.reason or "")
            for column in columns
            if column.role == "ignored" and column.reason != _RUNNING
        ]
        if any(column.role == "factor" for column in columns):
            points += _factors_of(grid, head, columns, names)
        sheets.append(SheetMapping(name=grid.name or "*", columns=tuple(columns)))
    if not sheets:
        return Proposal(None, tuple(points))
    roles = {column.role for sheet in sheets for column in sheet.columns}
    times = {
        structure_word(column.heading)
        for sheet in sheets
        for column in sheet.columns
        if column.role == "time"
    }
    mapping = WorkbookMapping(
        id=mapping_id, title_zh=mapping_id, feed=feed, sheets=tuple(sheets), factors=factors,
        ignored_sheets=ignored, interval="month" if times <= MONTH_WORDS else "instant",
        statistic="mean" if times <= MONTH_WORDS else "value", site_key="code" if "site_code" in roles else "name",
        source="由表头提出，待人审核 proposed from the headings of a file, to be reviewed",
        confidence="unverified",
    )  # fmt: skip
    return Proposal(mapping, tuple(points))


_RUNNING = "序号 running number"


def names_of(determinands: Mapping[str, Determinand]) -> dict[str, str]:
    """Folded name to key: by key, Chinese name, symbol and alias."""
    return {
        _folded(name): one.key
        for one in determinands.values()
        for name in (one.key, one.name_zh, one.symbol or one.key, *one.aliases)
    }


def _folded(name: str) -> str:
    return "".join(name.split()).lower()


def _columns_of(
    head: Head, names: Mapping[str, str], determinands: Mapping[str, Determinand]
) -> list[ColumnMapping]:
    columns: list[ColumnMapping] = []
    values: dict[str, str] = {}  # heading without its last part -> heading of the value column
    is_long = bool(FACTOR_WORDS & {structure_word(heading) for heading in head.headings})
    taken: set[str] = set()
    for heading in head.headings:
        if not heading:
            continue
        column = _column_of(heading, names, determinands, values, is_long=is_long)
        if column.role in ("site", "site_code", "time", "factor", "note"):
            if column.role in taken:
                why = f"第二个{column.role}列 a second column of this kind"
                column = ColumnMapping(heading=heading, role="ignored", reason=why)
            taken.add(column.role)
        columns.append(column)
    return columns


def _column_of(
    heading: str,
    names: Mapping[str, str],
    determinands: Mapping[str, Determinand],
    values: dict[str, str],
    *,
    is_long: bool,
) -> ColumnMapping:
    parts = heading.split(JOIN)
    stem, end = JOIN.join(parts[:-1]), re.sub(r" #\d+$", "", parts[-1])
    word = structure_word(heading)
    for words, role in _ROLES:
        if word in words:
            return ColumnMapping(heading=heading, role=role)
    if word in NUMBER_WORDS:
        return ColumnMapping(heading=heading, role="ignored", reason=_RUNNING)
    if is_long and word in VALUE_WORDS:
        return ColumnMapping(heading=heading, role="value")
    if end in FLAG_WORDS and stem in values:
        return ColumnMapping(heading=heading, role="flag", of=values[stem])
    found = _determinand_of(parts, names)
    if found is None:
        why = "未识别的列 not recognised: give it a role or keep it ignored"
        return ColumnMapping(heading=heading, role="ignored", reason=why)
    key, unit_text = found
    determinand = determinands[key]
    if unit_text is None and determinand.unit != "1":
        why = f"像是 {key}，缺单位 seems to be {key}; its unit is not given"
        return ColumnMapping(heading=heading, role="ignored", reason=why)
    try:
        unit = "1" if unit_text is None else unit_symbol(unit_text)
        conversion_factor(unit, determinand.unit)
    except UnitMismatch as wrong:
        why = f"像是 {key}，单位不符 seems to be {key}: {wrong}"
        return ColumnMapping(heading=heading, role="ignored", reason=why)
    values[stem if end in VALUE_WORDS else heading] = heading
    return ColumnMapping(heading=heading, role="value", determinand=key, unit=unit)


def _determinand_of(parts: list[str], names: Mapping[str, str]) -> tuple[str, str | None] | None:
    """Key and unit text, of the innermost part that names a determinand."""
    unit = None
    for part in reversed(parts):
        if unit is None and is_unit(part):
            unit = part
            continue
        bracketed = list(_BRACKETED.finditer(part))
        if bracketed and unit is None:
            unit = bracketed[-1][1]
        # The last bracket may be a unit; one before it belongs to the name: 铬(六价)(mg/L).
        whole = part[: bracketed[-1].start()] if bracketed else part
        for name in (whole, _BRACKETED.sub("", part)):
            if _folded(name.rstrip(_MARKS)) in names:
                return names[_folded(name.rstrip(_MARKS))], unit
        if unit is None and (found := _with_bare_unit(part, names)) is not None:
            return found
    return None


_MARKS = " /,，、_:："


def _with_bare_unit(part: str, names: Mapping[str, str]) -> tuple[str, str] | None:
    """``氨氮 mg/L`` or ``氨氮,mg/L``: a name and a unit with nothing else between or around them."""
    for at in range(1, len(part)):
        name, unit = _folded(part[:at].rstrip(_MARKS)), part[at:].lstrip(_MARKS)
        if name in names and is_unit(unit):
            return names[name], unit
    return None


def _factors_of(
    grid: Grid, head: Head, columns: list[ColumnMapping], names: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """The names in the factor column: a long layout gives no unit, so a person states it."""
    heading = next(column.heading for column in columns if column.role == "factor")
    place = head.headings.index(heading)
    if any(column.role == "unit" for column in columns):
        return []
    seen = dict.fromkeys(
        text_of(row[place]) for row in grid.rows[head.last + 1 :] if place < len(row)
    )
    return [
        (
            grid.name, heading,
            f"{name}: {names.get(_folded(name), '?')}，请在 factors 中写明指标与单位"
            " state its determinand and unit under factors",
        )
        for name in seen
        if name
    ]  # fmt: skip
