"""Sheets on which a site writes its own facts: which kinds, which columns, how a cell is written.

One sheet a kind of fact. A sheet of *entries* has a row an entry (a section, an office); a sheet of
*items* has a row a fact inside an entry (a target of a section, a name of a gauge in a feed).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, cast

Form = Literal["text", "code", "number", "whole", "date", "flag", "list"]
"""A *code* is a text without space inside; a *flag* is 是 or 否; a *list* has 、 between its codes."""

WITHDRAW = "撤销"
"""Written in place of a value, or in the column 操作 of a row, it takes the site's own fact back."""
GAP = "缺"
"""Shown where neither the shipped facts nor the site's own have a value; read as no statement."""
FIXED_COLUMNS = {"id": "编号", "name": "名称", "state": "状态", "act": "操作", "base": "基准"}
"""Columns of every sheet; name and state are shown and not read, ``base`` is hidden."""
NOT_READ = ("说明", "选项")
"""Sheets of the workbook that hold no facts: notes and lists of choice."""
YES, NO = "是", "否"
STATES = {"own": "本地 own", "shipped": "出厂 shipped", "gap": "缺 missing"}

_LIST_MARKS = re.compile(r"[、,，;；\s]+")
_ISO_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


@dataclass(frozen=True, slots=True)
class FactColumn:
    """One field of a fact as a column.

    ``choices`` are all that may stand there; ``refers`` names the kind whose ids may.
    """

    field: str
    zh: str
    form: Form = "text"
    choices: tuple[str, ...] = ()
    refers: str | None = None
    width: float = 14

    @property
    def expected(self) -> str:
        """What a cell of this column holds, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return {
            "text": "a text", "code": "a code without spaces", "number": "a number",
            "whole": "a whole number", "date": "a day as 2026-01-31",
            "flag": f"{YES} (yes) or {NO} (no)", "list": "codes with 、 between them",
        }[self.form]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FactSheet:
    """One sheet: the kind of fact and, for a sheet of items, the field of the entry they stand in."""

    zh: str
    en: str
    kind: str
    columns: tuple[FactColumn, ...]
    items: str | None = None

    @property
    def is_dated(self) -> bool:
        """True where the facts have a validity, so that a new one begins on a day."""
        return any(one.field == "valid_from" for one in self.columns)

    def column(self, name: str) -> FactColumn:
        return next(one for one in self.columns if one.field == name)

    @property
    def identity(self) -> tuple[str, ...]:
        """Fields that tell facts of one entry apart; facts alike in them follow one another in time."""
        return ("feed", "key") if self.items == "aliases" else ()


@dataclass(frozen=True, slots=True)
class FactRow:
    """A row as it is shown: the site's own texts, and the shipped ones beside them, by field.

    On a sheet of items ``shipped`` has one text under the name of the list.
    """

    id: str
    name: str
    state: str
    own: Mapping[str, str] = field(default_factory=dict[str, str])
    shipped: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class StatedRow:
    """A row as a person handed it in: canonical texts by field, and where each of them stands.

    ``base`` holds the own texts as the row was exported, none for a row that a person added.
    """

    sheet: FactSheet
    row: int
    id: str
    texts: Mapping[str, str]
    letters: Mapping[str, str]
    is_withdrawn: bool = False
    base: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_blank(self) -> bool:
        return not any(self.texts.values()) and not self.is_withdrawn

    @property
    def is_as_exported(self) -> bool:
        """Nobody touched it: it states nothing, also where the facts have changed since."""
        stated = {name: text for name, text in self.texts.items() if text}
        return not self.is_withdrawn and stated == self.base


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One cell (or row, or sheet) that cannot be taken: where it is, what stands there, what was expected."""

    sheet: str
    row: int
    column: str
    value: str
    expected: str

    def as_json(self) -> dict[str, Any]:
        return {
            "record": "problem", "sheet": self.sheet, "row": self.row, "column": self.column,
            "value": self.value, "expected": self.expected,
        }  # fmt: skip


def column_heading(column: FactColumn) -> str:
    """What stands above a column of the site's own values."""
    return f"{column.zh}\n{column.field}"


def shipped_heading(name: str) -> str:
    """What stands above a column of shipped values, which is not read."""
    return f"出厂\nshipped {name}"


def fixed_heading(name: str) -> str:
    """What stands above ``id``, ``name``, ``state`` and ``act``."""
    return f"{FIXED_COLUMNS[name]}\n{name}"


def base_text(row: FactRow) -> str:
    """The hidden text by which a row is later compared with itself as it was exported."""
    return json.dumps([row.id, dict(row.own)], ensure_ascii=False, sort_keys=True)


def read_base(text: str, key: str) -> dict[str, str]:
    """The own texts of :func:`base_text`; none where it is of another id or no such text."""
    try:
        name, texts = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    if name != key or not isinstance(texts, dict):
        return {}
    held = cast("dict[str, object]", texts)
    return {one: str(said) for one, said in held.items()}


def text_of_value(column: FactColumn, value: Any) -> str:
    """A value of a fact as the one text that stands for it; empty for None.

    Equal values have equal texts, whether they come from a file of facts or from a cell.
    """
    if value is None:
        return ""
    match column.form:
        case "number":
            return f"{float(value):.15g}"
        case "flag":
            return YES if value else NO
        case "list":
            return "、".join(str(one) for one in value)
        case "date":
            day = value.date() if isinstance(value, datetime) else value
            return day.isoformat() if isinstance(day, date) else str(day)
        case _:
            return str(value).strip()


def value_of_text(column: FactColumn, text: str) -> Any:
    """The value a canonical text stands for, as a file of facts holds it."""
    match column.form:
        case "number":
            number = float(text)
            return int(number) if number.is_integer() and "e" not in text else number
        case "whole":
            return int(text)
        case "flag":
            return text == YES
        case "list":
            return text.split("、")
        case "date":
            return date.fromisoformat(text)
        case _:
            return text


def canonical_text(column: FactColumn, text: str) -> str:
    """What a person wrote in a cell, as the text of its value.

    Raises
    ------
    ValueError
        where it is nothing that the column holds; the message says what was expected.
    """
    text = text.strip()
    if column.choices:
        if text not in column.choices:
            raise ValueError(f"expected {column.expected}")
        return text
    found = _READERS[column.form](text)
    if found is None:
        raise ValueError(f"expected {column.expected}")
    return found


def _read_code(text: str) -> str | None:
    return text if text and not re.search(r"\s", text) else None


def _read_number(text: str) -> str | None:
    try:
        number = float(Decimal(text))
    except ArithmeticError:
        return None
    return f"{number:.15g}" if math.isfinite(number) else None


def _read_whole(text: str) -> str | None:
    return str(int(text)) if re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII) else None


def _read_date(text: str) -> str | None:
    found = _ISO_DAY.fullmatch(text)
    try:
        return None if found is None else date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        return None


def _read_flag(text: str) -> str | None:
    said = text.casefold()
    if said in (YES, "yes", "true", "1"):
        return YES
    return NO if said in (NO, "no", "false", "0") else None


def _read_list(text: str) -> str | None:
    parts = [part for part in _LIST_MARKS.split(text) if part]
    return "、".join(dict.fromkeys(parts)) or None


def _read_words(text: str) -> str | None:
    return text or None


_READERS: dict[Form, Callable[[str], str | None]] = {
    "text": _read_words, "code": _read_code, "number": _read_number,
    "whole": _read_whole, "date": _read_date, "flag": _read_flag, "list": _read_list,
}  # fmt: skip

_SOURCE = (
    FactColumn("source", "出处", width=36),
    FactColumn("confidence", "可信度", choices=("verified", "secondary", "unverified")),
)
_VALID = (FactColumn("valid_from", "生效日", "date"), FactColumn("valid_to", "失效日", "date"))
_NAMES = (FactColumn("name_zh", "中文名", width=18), FactColumn("name_en", "英文名", width=22))
_DOUBTS = (
    FactColumn("unverified_fields", "待核实字段", "list", width=20),
    FactColumn("note", "备注", width=30),
)
_POSITION = (
    FactColumn("longitude", "经度", "number"), FactColumn("latitude", "纬度", "number"),
    FactColumn("position_note", "位置说明", width=20),
)  # fmt: skip
_ALIASES = (
    FactColumn("feed", "来源", "code"), FactColumn("key", "来源中的名称", width=26), *_VALID,
    *_SOURCE, FactColumn("note", "备注", width=30),
)  # fmt: skip
_JURISDICTION = "jurisdictions"

SHEETS: tuple[FactSheet, ...] = (
    FactSheet("水质目标", "targets of sections", "sections", (
        FactColumn("grade", "水质目标类别", "whole", choices=("1", "2", "3", "4", "5", "6")),
        *_VALID, *_SOURCE,
    ), "targets"),
    FactSheet("流量关系", "discharge of sections", "sections", (
        FactColumn("gauge", "水文站", "code", refers="gauges"),
        FactColumn("method", "方法", choices=("same_site", "area_ratio", "transfer")),
        FactColumn("factor", "系数", "number"), FactColumn("travel_time_h", "传播时间 h", "number"),
        *_VALID, *_SOURCE, FactColumn("note", "备注", width=30),
    ), "discharge"),
    FactSheet("断面来源名称", "names of sections in feeds", "sections", _ALIASES, "aliases"),
    FactSheet("断面", "sections", "sections", (
        *_NAMES,
        FactColumn("kind", "断面类型",
                   choices=("border", "inside", "headwater", "emergency", "intake")),
        FactColumn("national_code", "国家编码", "code"), FactColumn("control_level", "管控级别"),
        FactColumn("boundary_type", "交界性质"),
        FactColumn("located_in", "所在行政区", "code", refers=_JURISDICTION),
        FactColumn("assessed_for", "考核责任行政区", "code", refers=_JURISDICTION),
        FactColumn("upstream_jurisdiction", "上游行政区", "code", refers=_JURISDICTION),
        FactColumn("downstream_jurisdiction", "下游行政区", "code", refers=_JURISDICTION),
        FactColumn("river", "河流", "code", refers="rivers"),
        FactColumn("km_above_mouth", "河口里程 km", "number"), *_POSITION,
        FactColumn("position_error_km", "位置误差 km", "number"),
        FactColumn("water_body", "水体", choices=("river", "lake")),
        FactColumn("downstream", "下游断面", "code", refers="sections"),
        FactColumn("has_station", "有自动站", "flag"),
        FactColumn("offices", "另行告知单位", "list", width=24), *_VALID, *_SOURCE, *_DOUBTS,
    )),
    FactSheet("告知单位", "offices", "offices", (
        *_NAMES,
        FactColumn("kind", "类型", choices=("river_chief", "ecology_bureau", "water_plant",
                                          "monitoring_centre", "operations")),
        FactColumn("jurisdiction", "行政区", "code", refers=_JURISDICTION), *_SOURCE,
    )),
    FactSheet("水厂", "water plants", "water_plants", (
        *_NAMES, FactColumn("located_in", "所在行政区", "code", refers=_JURISDICTION),
        FactColumn("intakes", "取水口", "list", width=22),
        FactColumn("office", "负责单位", "code", refers="offices"), *_VALID, *_SOURCE, *_DOUBTS,
    )),
    FactSheet("水文站", "gauges", "gauges", (
        *_NAMES, FactColumn("river", "河流", "code", refers="rivers"),
        FactColumn("located_in", "所在行政区", "code", refers=_JURISDICTION),
        FactColumn("national_code", "国家编码", "code"),
        FactColumn("catchment_km2", "集水面积 km2", "number"),
        FactColumn("mean_discharge_m3_s", "多年平均流量 m3/s", "number"),
        FactColumn("km_above_mouth", "河口里程 km", "number"), *_POSITION,
        FactColumn("position_error_km", "位置误差 km", "number"), *_VALID, *_SOURCE, *_DOUBTS,
    )),
    FactSheet("水文站来源名称", "names of gauges in feeds", "gauges", _ALIASES, "aliases"),
    FactSheet("水库", "reservoirs", "reservoirs", (
        *_NAMES, FactColumn("river", "河流", "code", refers="rivers"),
        FactColumn("located_in", "所在行政区", "code", refers=_JURISDICTION),
        FactColumn("km_above_mouth", "河口里程 km", "number"), *_POSITION,
        FactColumn("normal_level_m", "正常蓄水位 m", "number"),
        FactColumn("storage_1e8_m3", "总库容 亿m3", "number"),
        FactColumn("catchment_km2", "集水面积 km2", "number"),
        FactColumn("installed_mw", "装机容量 MW", "number"),
        FactColumn("since_year", "建成年份", "whole"), *_VALID, *_SOURCE, *_DOUBTS,
    )),
)  # fmt: skip
"""What the office fills in first stands first. Kinds that need a program to read them (mappings,
rating tables, agreements) have files of their own."""
