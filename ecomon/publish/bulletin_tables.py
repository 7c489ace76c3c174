"""The tables of a bulletin: sections, monthly means, gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

from ecomon.model.quantity import exact, round_assessed
from ecomon.publish.bulletin import Bulletin, SectionLine
from ecomon.publish.intake import km_cell
from ecomon.publish.markup import both, element, nothing, rows_left_out, table
from ecomon.publish.wording import (
    CONFIDENCE,
    INSUFFICIENT,
    STATUS,
    TARGET_UNKNOWN,
    UNVERIFIED,
    VERDICT,
    Words,
    determinand_words,
    grade_look,
    moment_shown,
    section_words,
    unit_shown,
    words_of,
)

MAX_ROWS = 400
"""Rows of readings a page lists; the number left out is said below the table."""


def grade_chip(grade: int) -> str:
    """Grade as numeral on its official colour; hatched where there is none."""
    look = grade_look(grade)
    kind = f"g{grade}" if grade else "g0"
    return element("span", both(look.chip), classes=f"chip {kind}", title=str(look.words))


def section_table(bulletin: Bulletin) -> str:
    """One row per section: grade, target, verdict, what set the grade, coverage.

    An intake without a grade is not among them; it has a table of its own.
    """
    rivers = {river.id: Words(river.name_zh, river.name_en) for river in bulletin.rivers}
    heads = (
        Words("断面", "Section"), Words("河流", "River"), Words("距河口 (km)", "Above mouth (km)"),
        Words("水质类别", "Grade"), Words("水质状况", "Quality"), Words("水质目标", "Target"),
        Words("评价结论", "Verdict"), Words("定类指标", "Grade set by"),
        Words("数据有效率 (%)", "Coverage (%)"), Words("备注", "Notes"),
    )  # fmt: skip
    rows = [
        (
            both(Words(line.name_zh, line.name_en))
            + (_mark(UNVERIFIED) if line.is_unverified else ""),
            both(rivers[line.river]),
            km_cell(line),
            grade_chip(line.grade),
            both(grade_look(line.grade).quality if line.grade else words_of(STATUS, line.status)),
            _target_cell(line),
            element("span", both(words_of(VERDICT, line.verdict)), classes=f"v-{line.verdict}"),
            _determinands_cell(bulletin, line.worst) if line.grade else "—",
            _coverage_cell(line.coverage),
            _notes_cell(bulletin, line),
        )
        for line in bulletin.sections
        if line.is_to_grade
    ]
    caption = Words(
        f"断面水质评价（{bulletin.period}）", f"Assessment of sections ({bulletin.period})"
    )
    return table(heads, rows, caption=caption, numeric=(2, 8))


def _target_cell(line: SectionLine) -> str:
    if not line.target_grade:
        return element("span", both(TARGET_UNKNOWN), classes="faint")
    known = CONFIDENCE.get(line.target_confidence)
    return both(grade_look(line.target_grade).words) + (_mark(known) if known else "")


def _mark(words: Words) -> str:
    return " " + element("span", both(words), classes="mark")


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
    doubted = dict.fromkeys(_FIELDS[name] for name in line.unverified_fields if name in _FIELDS)
    if doubted:
        zh, en = "、".join(words.zh for words in doubted), ", ".join(words.en for words in doubted)
        notes.append(both(Words(f"{UNVERIFIED.zh}：{zh}", f"{UNVERIFIED.en}: {en}")))
    if line.missing_items:
        notes.append(_missing_items(bulletin, line))
    return "".join(element("div", note) for note in notes)


_FIELDS = {
    "kind": Words("断面性质", "kind of section"),
    "assessed_for": Words("考核归属", "whom it is assessed for"),
    "located_in": Words("所在地", "where it lies"),
    "upstream_jurisdiction": Words("两侧行政区", "its two jurisdictions"),
    "downstream_jurisdiction": Words("两侧行政区", "its two jurisdictions"),
    "downstream": Words("下游断面", "next section"),
}
"""Unverified fields that bear on how the table is read; those of the chainage stand at the number."""


def _missing_items(bulletin: Bulletin, line: SectionLine) -> str:
    """Folded on a screen by a box that needs no script, and always open in print."""
    count = len(line.missing_items.split(","))
    label = both(Words(f"未参评 {count} 项", f"{count} items not assessed"))
    name = f"items-{escape(line.id)}"
    box = f'<input type="checkbox" class="fold" id="{name}">'
    items = element("div", _determinands_cell(bulletin, line.missing_items), classes="folded")
    return box + f'<label for="{name}">{label}</label>' + items


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
                both(section_words(bulletin.sections, str(row["site"]))),
                both(what),
                moment_shown(row["start"]),
                moment_shown(row["end"]),
                f"{hours:,.1f}",
            )
        )
    text = table(
        heads, rows, caption=Words("缺测时段", "Gaps in the readings"), numeric=(4,), is_long=True
    )
    return text + rows_left_out(len(ordered) - MAX_ROWS)
