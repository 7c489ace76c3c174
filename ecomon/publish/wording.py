"""The words and official colours that pages, workbooks and statements share.

Grades, their words and colours: 环办〔2011〕22号, section classes (standards.md 2.2, secondary).
The regulation names colours by word (蓝 绿 黄 橙 红); the RGB values are ours, picked so that the
numeral on them is legible. Every colour comes with a second signal: the numeral itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from ecomon.model.determinand import Determinand
from ecomon.model.provenance import Provenance
from ecomon.model.quantity import exact, round_gbt8170


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages, Chinese first."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


@dataclass(frozen=True, slots=True)
class GradeLook:
    """How a grade is shown: its numeral, colour word, fill and ink."""

    numeral: str
    words: Words
    quality: Words
    fill: str
    ink: str

    @property
    def mark(self) -> Words:
        """The numeral, short enough for the river line; 劣Ⅴ is ``>Ⅴ`` in English."""
        return Words(self.numeral, self.numeral.replace("劣", ">"))

    @property
    def chip(self) -> Words:
        """The numeral of a table; 劣Ⅴ is written out in English."""
        return Words(self.numeral, self.words.en if "劣" in self.numeral else self.numeral)


GRADE_LOOK: dict[int, GradeLook] = {
    1: GradeLook("Ⅰ", Words("Ⅰ类", "Class I"), Words("优", "excellent"), "#1f77c9", "#ffffff"),
    2: GradeLook("Ⅱ", Words("Ⅱ类", "Class II"), Words("优", "excellent"), "#1f77c9", "#ffffff"),
    3: GradeLook("Ⅲ", Words("Ⅲ类", "Class III"), Words("良好", "good"), "#24823f", "#ffffff"),
    4: GradeLook("Ⅳ", Words("Ⅳ类", "Class IV"), Words("轻度污染", "light pollution"), "#ffd83d", "#1b2733"),
    5: GradeLook("Ⅴ", Words("Ⅴ类", "Class V"), Words("中度污染", "moderate pollution"), "#f5912d", "#1b2733"),
    6: GradeLook("劣Ⅴ", Words("劣Ⅴ类", "worse than V"), Words("重度污染", "heavy pollution"), "#c9211e", "#ffffff"),
}  # fmt: skip
NO_GRADE = GradeLook(
    "—", Words("不评价", "not graded"), Words("数据不足", "insufficient data"), "#d5dade", "#1b2733"
)

STATUS: dict[str, Words] = {
    "measured": Words("已监测", "measured"),
    "insufficient": Words("数据不足", "insufficient data"),
    "missing": Words("缺测", "missing"),
    "dry": Words("断流", "dry"),
    "frozen": Words("冰冻", "frozen"),
    "excluded": Words("剔除", "excluded"),
    "reference_only": Words("仅作对照", "reference only"),
}
VERDICT: dict[str, Words] = {
    "compliant": Words("达标", "compliant"),
    "exceeding": Words("超标", "exceeding"),
    "no_target": Words("目标未配置", "no target configured"),
    "insufficient": Words("数据不足", "insufficient data"),
}
BASIS: dict[str, Words] = {
    "class_3": Words("Ⅲ类标准", "class III"),
    "target": Words("断面目标", "section target"),
    "table_3": Words("表3限值", "Table 3 limit"),
}
FLAG: dict[int, Words] = {
    1: Words("有效", "good"),
    2: Words("未评定", "not evaluated"),
    3: Words("存疑", "suspect"),
    4: Words("无效", "fail"),
    9: Words("缺测", "missing"),
}
UNVERIFIED = Words("待核实", "unverified")
CONFIDENCE: dict[str, Words] = {
    "secondary": Words("二手来源", "secondary source"),
    "unverified": UNVERIFIED,
}
"""What stands beside a fact that is less than verified."""
ALERT_STATE: dict[str, Words] = {
    "pending": Words("待确认", "pending"),
    "firing": Words("告警中", "firing"),
    "resolved": Words("已解除", "resolved"),
}
DOUBTFUL = Words("存疑，待复核", "doubtful, awaiting review")
TARGET_UNKNOWN = Words("目标未配置", "no target configured")
INSUFFICIENT = STATUS["insufficient"]
SHADOW = Words("模拟核算", "SHADOW CALCULATION")
PROVISIONAL = Words("数据未经审核", "provisional data, not reviewed")
NOT_BINDING = Words(
    "不得用于考核、结算或执法", "not for assessment, settlement or enforcement"
)  # fmt: skip

_UNIT_SHOWN = {
    "1": "", "degC": "℃", "uS/cm": "μS/cm", "ug/m3": "μg/m³", "mg/m3": "mg/m³", "m3/s": "m³/s",
    "ug/L": "μg/L", "count/L": "个/L",
}  # fmt: skip


def grade_look(grade: int) -> GradeLook:
    """The look of grade 1..6; 0 (not graded) is grey and hatched."""
    return GRADE_LOOK.get(grade, NO_GRADE)


def words_of(table: Mapping[str, Words], key: str) -> Words:
    """The words for a code; an unknown code shows itself rather than nothing."""
    return table.get(key) or Words(key, key)


def unit_shown(unit: str) -> str:
    """A unit as it is printed (``m3/s`` -> ``m³/s``); empty for pH."""
    return _UNIT_SHOWN.get(unit, unit)


def determinand_words(key: str, determinands: Mapping[str, Determinand]) -> Words:
    """Name of a determinand; its key where the registry does not hold it."""
    known = determinands.get(key)
    return Words(known.name_zh, known.name_en) if known else Words(key, key)


class Named(Protocol):
    """What has an id and a name in both languages."""

    @property
    def id(self) -> str: ...
    @property
    def name_zh(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def section_words(lines: Iterable[Named], site: str) -> Words:
    """Name of a site; its id where none of these lines is of it."""
    named = (Words(line.name_zh, line.name_en) for line in lines if line.id == site)
    return next(named, Words(site, site))


def number_shown(value: float | Decimal | Fraction | None, decimals: int) -> str | None:
    """A number rounded for reading (GB/T 8170), thousands apart; None where there is no value."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    rounded = round_gbt8170(exact(value) if isinstance(value, float) else value, decimals)
    return f"{rounded:,.{max(decimals, 0)}f}"


def digits_shown(value: float) -> str:
    """A reading with the digits that are stored, never rounded: 0.000102, not 0.00010."""
    return f"{Decimal(repr(value)):f}" if math.isfinite(value) else "—"


def limit_shown(value: float) -> str:
    """A limit as its table prints it, without zeros that add nothing: 6, 0.0001."""
    return f"{Decimal(repr(value)).normalize():f}" if math.isfinite(value) else "—"


def moment_shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def watermarks(provenance: Provenance, *, is_shadow: bool = False) -> tuple[Words, ...]:
    """The marks a product bears; empty only for real data of an agreement in force."""
    marks: list[Words] = []
    if is_shadow:
        marks.append(SHADOW)
    if provenance.watermark_zh and provenance.watermark_en:
        marks.append(Words(provenance.watermark_zh, provenance.watermark_en))
    return tuple(marks)


def grouped(digest: str, size: int = 16) -> str:
    """A long digest in groups, so that it can be read aloud and a narrow column can break it."""
    return " ".join(digest[at : at + size] for at in range(0, len(digest), size))


def provenance_rows(provenance: Provenance) -> list[tuple[Words, str]]:
    """What a product was made from, as label and value."""
    return [
        (
            Words("数据类别", "Kind of data"),
            f"{KIND[provenance.kind].zh} {KIND[provenance.kind].en}",
        ),
        (Words("数据知悉序号", "As known at sequence"), str(provenance.known_at)),
        (Words("规则集指纹", "Rule-set hash (sha256)"), grouped(provenance.ruleset)),
        (Words("程序版本", "Code version"), provenance.code_version),
    ]


KIND: dict[str, Words] = {
    "real": Words("实测数据", "real"),
    "example": Words("示例数据（模拟流域）", "example (simulated basin)"),
    "golden": Words("算例数据（文献数字）", "worked example (printed numbers)"),
}
