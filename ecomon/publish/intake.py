"""Table 3 in a period: an intake of drinking water is judged by it, reading by reading.

The sections above an intake are listed too where they were sampled for it: for reference, because
the waterworks needs the hours that the water takes to arrive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ecomon.publish.bulletin import Bulletin, SectionLine
from ecomon.publish.exceedance_table import Exceeding, list_exceeding
from ecomon.publish.markup import both, element, table
from ecomon.publish.wording import UNVERIFIED, Words, determinand_words, number_shown


@dataclass(frozen=True, slots=True)
class IntakeFinding:
    """One determinand at one intake: how often above Table 3, how far, and how many in doubt."""

    name: Words
    n_exceeding: int
    n_doubtful: int
    peak_factor: float

    @property
    def words(self) -> Words:
        """表3 铊 超标 31 次，峰值 1.18 倍."""
        zh, en = f"表3 {self.name.zh}", f"Table 3, {self.name.en}:"
        if self.n_exceeding:
            peak = number_shown(self.peak_factor, 2) or "—"
            zh += f" 超标 {self.n_exceeding} 次，峰值 {peak} 倍"
            en += f" {self.n_exceeding} exceedances, peak factor {peak}"
        if self.n_doubtful:
            comma = "，另有" if self.n_exceeding else " "
            zh += f"{comma}存疑 {self.n_doubtful} 次"
            en += f"{', ' if self.n_exceeding else ' '}{self.n_doubtful} in doubt"
        return Words(zh, en)


@dataclass(frozen=True, slots=True)
class IntakeMonth:
    """What is known of one intake: findings, worst first, and how many readings were judged.

    ``is_reference`` is True of a section above an intake, where the limit does not bind.
    """

    findings: tuple[IntakeFinding, ...]
    n_readings: int
    is_reference: bool = False

    @property
    def is_exceeding(self) -> bool:
        return any(finding.n_exceeding for finding in self.findings)

    @property
    def has_readings(self) -> bool:
        return self.n_readings > 0 or bool(self.findings)

    @property
    def mark(self) -> Words:
        """Short enough for a mark on the river line."""
        if self.is_exceeding:
            return Words("超", "!")
        return Words("未超", "ok") if self.has_readings else Words("—", "—")

    @property
    def kind(self) -> str:
        """Name of its style: colour is the second signal beside the mark."""
        if self.is_exceeding:
            return "over"
        return "under" if self.has_readings else "g0"

    @property
    def verdict(self) -> Words:
        if self.is_exceeding:
            return Words("超表3限值", "above Table 3")
        if self.has_readings:
            return Words("未超表3限值", "within Table 3")
        return Words("表3项目无数据", "no Table 3 data")


def intake_months(bulletin: Bulletin) -> dict[str, IntakeMonth]:
    """Every intake of the bulletin, and every section above one that was sampled for it, by id.

    Source
    ------
    GB 3838-2002 Table 3, single readings at the intake (standards.md 2.3).
    """
    table_3 = bulletin.exceedances[
        (bulletin.exceedances["basis"] == "table_3") & (bulletin.exceedances["duration_s"] == 0)
    ]
    judged = set(table_3["site"])
    return {
        line.id: _intake_month(bulletin, line, table_3)
        for line in bulletin.sections
        if line.is_intake or line.limited or line.id in judged
    }


def _intake_month(bulletin: Bulletin, line: SectionLine, table_3: pd.DataFrame) -> IntakeMonth:
    found = list_exceeding(table_3[table_3["site"] == line.id])
    keys = dict.fromkeys(one.determinand for one in found)
    findings = [
        _finding(
            determinand_words(key, bulletin.determinands),
            [one for one in found if one.determinand == key],
        )
        for key in keys
    ]
    findings.sort(key=lambda one: (-one.n_exceeding, -one.n_doubtful))
    n_readings = sum(count for _, count in line.limited)
    return IntakeMonth(tuple(findings), n_readings, is_reference=not line.is_intake)


def _finding(name: Words, found: Sequence[Exceeding]) -> IntakeFinding:
    standing = [one for one in found if not one.is_doubtful]
    factors = [breach.factor for one in standing for breach in one.breaches]
    return IntakeFinding(
        name, len(standing), len(found) - len(standing), max(factors, default=float("nan"))
    )


def intake_chip(month: IntakeMonth) -> str:
    """The mark of an intake, as a grade's chip is of a section."""
    return element("span", both(month.mark), classes=f"chip {month.kind}", title=str(month.verdict))


def intake_table(bulletin: Bulletin, months: Mapping[str, IntakeMonth]) -> str:
    """One row per intake or section above one; empty where the bulletin has none."""
    if not months:
        return ""
    rivers = {river.id: Words(river.name_zh, river.name_en) for river in bulletin.rivers}
    heads = (
        Words("断面", "Section"), Words("河流", "River"), Words("距河口 (km)", "Above mouth (km)"),
        Words("标记", "Mark"), Words("结论", "Verdict"), Words("超标情况", "Exceedances"),
        Words("有效读数", "Valid readings"),
    )  # fmt: skip
    rows = [
        (
            both(Words(line.name_zh, line.name_en)) + ("" if line.is_intake else _REFERENCE),
            both(rivers[line.river]),
            km_cell(line),
            intake_chip(months[line.id]),
            _verdict_cell(months[line.id]),
            "".join(
                element("div", both(finding.words), classes="line")
                for finding in months[line.id].findings
            )
            or "—",
            _readings_cell(bulletin, line),
        )
        for line in bulletin.sections
        if line.id in months
    ]
    caption = Words(
        "饮用水取水口（单次值，GB 3838 表3限值）",
        "Intakes of drinking water (readings, GB 3838 Table 3)",
    )  # fmt: skip
    return table(heads, rows, caption=caption, numeric=(2,))


_REFERENCE = element(
    "div", both(Words("取水口上游，仅作参照", "above the intake, for reference")), classes="faint"
)


def km_cell(line: SectionLine) -> str:
    """Chainage, with 待核实 beside it where its source is no better."""
    if line.km_above_mouth is None:
        return "—"
    mark = element("span", both(UNVERIFIED), classes="mark") + " " if line.has_unverified_km else ""
    return f"{mark}{line.km_above_mouth:g}"


def _verdict_cell(month: IntakeMonth) -> str:
    style = "exceeding" if month.is_exceeding else "compliant" if month.has_readings else "no_target"  # fmt: skip
    return element("span", both(month.verdict), classes=f"v-{style}")


def _readings_cell(bulletin: Bulletin, line: SectionLine) -> str:
    counts = [(determinand_words(key, bulletin.determinands), count) for key, count in line.limited]
    if not counts:
        return "—"
    zh = "、".join(f"{words.zh} {count}" for words, count in counts)
    return both(Words(zh, ", ".join(f"{words.en} {count}" for words, count in counts)))
