"""The header of the national water publication: columns by their text, units in brackets."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecomon.decode.cells import read_text, repair_mojibake
from ecomon.decode.readings import ReadingColumn
from ecomon.errors import SourceRefused, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Rejected
from ecomon.model.quantity import conversion_factor, unit_symbol

_STRUCTURE = {
    "省份": "province",
    "断面名称": "section",
    "监测时间": "time",
    "水质类别": "grade",
    "站点情况": "status",
    "file_date": "file_date",
    "过滤标记": "filter_mark",
    "流域": "basin",
    "所在地市": "city",
    "所属河流": "river",
}
_NEEDED = {"province": "省份", "section": "断面名称", "time": "监测时间"}

_HEADINGS = {
    "水温": "WT", "ph": "PH", "溶解氧": "DO", "电导率": "EC", "浊度": "TURB",
    "高锰酸盐指数": "CODMN", "氨氮": "NH3N", "总磷": "TP", "总氮": "TN",
    "叶绿素a": "CHLA", "藻密度": "ALGAE",
}  # fmt: skip
"""What the publication prints over its eleven columns (formats.md §2)."""

_UNIT = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Header:
    """Where things stand in a row.

    Attributes
    ----------
    places : mapping
        ``province``, ``section``, ``time`` and, where the file has them, ``grade``, ``status``,
        ``file_date``, ``filter_mark``: position of the column.
    columns : sequence of ReadingColumn
        The columns of readings.
    rejected : sequence of Rejected
        Columns whose unit makes no sense (row 0: the file itself).
    quirks : Counter
        ``column not mapped: X``, ``unit assumed: X``, ``mojibake``.
    """

    places: Mapping[str, int]
    columns: Sequence[ReadingColumn]
    rejected: Sequence[Rejected]
    quirks: Counter[str]


def is_cnemc_header(cells: Sequence[str]) -> bool:
    """Whether these are headings of the national water publication."""
    names = {_plain(cell) for cell in cells}
    return names.issuperset(_NEEDED.values())


def read_header(cells: Sequence[str], determinands: Mapping[str, Determinand]) -> Header:
    """Map columns by their text, never by their position.

    Parameters
    ----------
    cells : sequence of str
        Headings as they stand, HTML included.
    determinands : mapping of key to Determinand
        Those of medium ``water`` are looked for by key, Chinese name, symbol and alias.

    Raises
    ------
    SourceRefused
        if the province, the section or the time has no column, or nothing is measured.
    """
    names = _names_of(determinands)
    places: dict[str, int] = {}
    columns: list[ReadingColumn] = []
    rejected: list[Rejected] = []
    quirks: Counter[str] = Counter()
    for index, cell in enumerate(cells):
        heading = _plain(cell)
        quirks["mojibake"] += repair_mojibake(cell) is not None
        if heading in _STRUCTURE and _STRUCTURE[heading] not in places:
            places[_STRUCTURE[heading]] = index
            continue
        name, unit = _split_unit(heading)
        determinand = names.get(_fold(heading)) or names.get(_fold(name))
        is_taken = determinand is not None and determinand.key in {c.determinand for c in columns}
        if determinand is None or is_taken:
            quirks[f"column not mapped: {heading[:60]}"] += 1
            continue
        if unit is None:
            quirks[f"unit assumed: {heading[:60]}"] += 1
        try:
            symbol = determinand.unit if unit is None else unit_symbol(unit)
            conversion_factor(symbol, determinand.unit)
        except UnitMismatch as wrong:
            rejected.append(Rejected(0, f"column not read: {wrong}", cell, heading))
            continue
        columns.append(ReadingColumn(index, heading, determinand.key, symbol, determinand.unit))
    _refuse_incomplete(places, columns)
    return Header(places, columns, rejected, +quirks)  # + leaves out the counts of 0


def _refuse_incomplete(places: Mapping[str, int], columns: Sequence[ReadingColumn]) -> None:
    missing = [heading for place, heading in _NEEDED.items() if place not in places]
    if missing:
        raise SourceRefused(f"no column {', '.join(missing)} in the header")
    if not columns:
        raise SourceRefused("no column of the header is a determinand with a unit that is known")


def _names_of(determinands: Mapping[str, Determinand]) -> dict[str, Determinand]:
    """Folded names of what is measured in water; the publication's own headings come first."""
    water = {key: item for key, item in determinands.items() if item.medium == "water"}
    names = {fold: water[key] for fold, key in _HEADINGS.items() if key in water}
    for item in water.values():
        for name in (item.key, item.name_zh, item.symbol, *item.aliases):
            if name:
                names.setdefault(_fold(name), item)
    return names


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", read_text(cell)).strip()


def _fold(name: str) -> str:
    """One spelling of a name: compatibility forms, case, spaces and the Greek alpha aside."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace("α", "a")
    return "".join(folded.split())


def _split_unit(heading: str) -> tuple[str, str | None]:
    """Name and unit of ``氨氮(mg/L)``; the unit is None where none is given."""
    found = _UNIT.fullmatch(heading)
    return (found["name"], found["unit"]) if found else (heading, None)
