"""The tables of a bulletin: sections, exceedances, monthly means, gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from ecomon.model.quantity import exact, round_assessed
from ecomon.publish.bulletin import Bulletin, SectionLine
from ecomon.publish.markup import both, element, nothing, table
from ecomon.publish.wording import (
    BASIS,
    FLAG,
    INSUFFICIENT,
    STATUS,
    TARGET_UNKNOWN,
    UNVERIFIED,
    VERDICT,
    Words,
    determinand_words,
    grade_look,
    moment_shown,
    number_shown,
    unit_shown,
    words_of,
)

MAX_ROWS = 400
"""Rows of readings a page lists; the number left out is said below the table."""


def grade_chip(grade: int) -> str:
    """Grade as numeral on its official colour; hatched where there is none."""
    look = grade_look(grade)
    kind = f"g{grade}" if grade else "g0"
    return element("span", look.numeral, classes=f"chip {kind}", title=str(look.words))


def section_name(bulletin: Bulletin, site: str) -> Words:
    """Name of a site; its id where the bulletin does not hold it."""
    for line in bulletin.sections:
        if line.id == site:
            return Words(line.name_zh, line.name_en)
    return Words(site, site)


def section_table(bulletin: Bulletin) -> str:
    """One row per section: grade, target, verdict, what set the grade, coverage."""
    rivers = {river.id: Words(river.name_zh, river.name_en) for river in bulletin.rivers}
    heads = (
        Words("断面", "Section"), Words("河流", "River"), Words("距河口 (km)", "Above mouth (km)"),
        Words("水质类别", "Grade"), Words("水质状况", "Quality"), Words("水质目标", "Target"),
        Words("评价结论", "Verdict"), Words("定类指标", "Grade set by"),
        Words("数据有效率 (%)", "Coverage (%)"), Words("备注", "Notes"),
    )  # fmt: skip
    rows = [
        (
            both(Words(line.name_zh, line.name_en)),
            both(rivers[line.river]),
            "—" if line.km_above_mouth is None else f"{line.km_above_mouth:g}",
            grade_chip(line.grade),
            both(grade_look(line.grade).quality if line.grade else words_of(STATUS, line.status)),
            _target_cell(line),
            element("span", both(words_of(VERDICT, line.verdict)), classes=f"v-{line.verdict}"),
            _determinands_cell(bulletin, line.worst) if line.grade else "—",
            _coverage_cell(line.coverage),
            _notes_cell(bulletin, line),
        )
        for line in bulletin.sections
    ]
    caption = Words(
        f"断面水质评价（{bulletin.period}）", f"Assessment of sections ({bulletin.period})"
    )
    return table(heads, rows, caption=caption, numeric=(2, 8))


def _target_cell(line: SectionLine) -> str:
    if not line.target_grade:
        return element("span", both(TARGET_UNKNOWN), classes="faint")
    mark = f" {_unverified_mark()}" if line.is_unverified else ""
    return both(grade_look(line.target_grade).words) + mark


def _unverified_mark() -> str:
    return element("span", both(UNVERIFIED), classes="mark")


def _coverage_cell(coverage: float) -> str:
    return "—" if math.isnan(coverage) else f"{coverage * 100:.1f}"


def _determinands_cell(bulletin: Bulletin, keys: str) -> str:
    names = [determinand_words(key, bulletin.determinands) for key in keys.split(",") if key]
    zh = "、".join(words.zh for words in names)
    return both(Words(zh, ", ".join(words.en for words in names))) if names else "—"


def _notes_cell(bulletin: Bulletin, line: SectionLine) -> str:
    notes: list[str] = []
    if line.note_zh or line.note_en:
        notes.append(both(Words(line.note_zh or line.note_en, line.note_en or line.note_zh)))
    if line.missing_items:
        count = len(line.missing_items.split(","))
        label = both(Words(f"未参评 {count} 项", f"{count} items not assessed"))
        items = _determinands_cell(bulletin, line.missing_items)
        notes.append(element("details", element("summary", label) + items))
    return "<br>".join(notes)


def exceedance_table(bulletin: Bulletin) -> str:
    """Exceedances with factor and basis, monthly means first, then readings in order of time."""
    found = bulletin.exceedances
    if found.empty:
        return nothing(Words("本期无超标记录。", "No exceedance in this period."))
    ordered = found.assign(is_reading=found["duration_s"] == 0).sort_values(
        ["is_reading", "start", "site", "determinand", "basis"], kind="stable"
    )
    heads = (
        Words("断面", "Section"), Words("指标", "Determinand"), Words("时间", "Time"),
        Words("性质", "Kind"), Words("监测值", "Value"), Words("限值", "Limit"), Words("单位", "Unit"),
        Words("超标倍数", "Factor"), Words("判定依据", "Basis"), Words("质量标记", "Flag"),
    )  # fmt: skip
    rows = [
        _exceedance_row(bulletin, row) for row in ordered.head(MAX_ROWS).to_dict(orient="records")
    ]
    caption = Words(
        "超标情况（超标倍数 = 监测值÷限值 − 1）", "Exceedances (factor = value ÷ limit − 1)"
    )
    text = table(heads, rows, caption=caption, numeric=(4, 5, 7), is_long=True)
    left = len(ordered) - MAX_ROWS
    if left > 0:
        text += nothing(Words(f"另有 {left} 条未列出。", f"{left} more rows are not listed."))
    return text


def _exceedance_row(bulletin: Bulletin, row: Mapping[Any, Any]) -> tuple[str, ...]:
    start, duration_s = pd.Timestamp(row["start"]), int(row["duration_s"])
    key = str(row["determinand"])
    known = bulletin.determinands.get(key)
    decimals = known.decimals_reading if known else 3
    factor = number_shown(float(row["factor"]), 2)
    kind = Words("单次值", "reading") if duration_s == 0 else Words("均值", "mean")
    when = moment_shown(start) if duration_s < 86400 else _span_shown(start, duration_s)
    limit = float(row["limit"])
    return (
        both(section_name(bulletin, str(row["site"]))),
        both(determinand_words(key, bulletin.determinands)),
        escape(when),
        both(kind),
        number_shown(float(row["value"]), decimals) or "—",
        "—" if math.isnan(limit) else f"{limit:g}",
        unit_shown(str(row["unit"])) or both(Words("无量纲", "dimensionless")),
        factor or both(Words("不计算", "not computed")),
        both(words_of(BASIS, str(row["basis"]))) + f' <span class="faint">{escape(str(row["standard"]))}</span>',
        both(FLAG.get(int(row["flag"]), Words(str(row["flag"]), str(row["flag"])))),
    )  # fmt: skip


def _span_shown(start: pd.Timestamp, duration_s: int) -> str:
    return f"{start:%Y-%m-%d}" if duration_s == 86400 else f"{start:%Y-%m}"


def means_table(bulletin: Bulletin) -> str:
    """Monthly means, sections down and determinands across; words where there is no mean."""
    means = bulletin.means[bulletin.means["period_kind"] == "month"]
    if means.empty:
        return nothing(Words("本期无月均值。", "No monthly means in this period."))
    keys = [key for key in bulletin.determinands if key in set(means["determinand"])]
    cells = {
        (str(row["site"]), str(row["determinand"])): _mean_cell(bulletin, row)
        for row in means.to_dict(orient="records")
    }
    heads = [Words("断面", "Section")]
    for key in keys:
        words = determinand_words(key, bulletin.determinands)
        unit = unit_shown(bulletin.determinands[key].unit)
        unit = f" ({unit})" if unit else ""
        heads.append(Words(words.zh + unit, words.en + unit))
    rows = [
        (both(Words(line.name_zh, line.name_en)), *(cells.get((line.id, key), "—") for key in keys))
        for line in bulletin.sections
    ]
    caption = Words(f"月均值（{bulletin.period}）", f"Monthly means ({bulletin.period})")
    return table(heads, rows, caption=caption, numeric=range(1, len(heads)))


def _mean_cell(bulletin: Bulletin, row: Mapping[Any, Any]) -> str:
    value = float(row["value"])
    if row["status"] != "measured" or math.isnan(value):
        status = str(row["status"])
        words = INSUFFICIENT if status == "measured" else words_of(STATUS, status)
        return element("span", both(words), classes="faint")
    known = bulletin.determinands[str(row["determinand"])]
    stated = row["exact"]
    rounded = round_assessed(exact(value) if stated is None else stated, known.decimals_assessed)
    return f"{rounded:f}"


def gap_table(bulletin: Bulletin) -> str:
    """Spans without readings."""
    gaps = bulletin.gaps
    if gaps.empty:
        return nothing(Words("本期无缺测时段。", "No gaps in this period."))
    heads = (
        Words("断面", "Section"), Words("指标", "Determinand"), Words("起", "From"),
        Words("止（不含）", "To (exclusive)"), Words("时长 (h)", "Hours"),
    )  # fmt: skip
    ordered = gaps.sort_values(["site", "start", "determinand"], kind="stable")
    rows: list[tuple[str, ...]] = []
    for row in ordered.head(MAX_ROWS).to_dict(orient="records"):
        key = str(row["determinand"])
        what = determinand_words(key, bulletin.determinands) if key else Words("全部", "all")
        hours = (row["end"] - row["start"]).total_seconds() / 3600
        rows.append(
            (
                both(section_name(bulletin, str(row["site"]))),
                both(what),
                moment_shown(row["start"]),
                moment_shown(row["end"]),
                f"{hours:,.1f}",
            )
        )
    text = table(
        heads, rows, caption=Words("缺测时段", "Gaps in the readings"), numeric=(4,), is_long=True
    )
    left = len(ordered) - MAX_ROWS
    if left > 0:
        text += nothing(Words(f"另有 {left} 条未列出。", f"{left} more rows are not listed."))
    return text
