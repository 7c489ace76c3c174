"""The load report (负荷报告) in print: A4 across by typst, in memory; one page for a usual month."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd

from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.publish.assets import FontSet
from ecomon.publish.load_report import ReportLine, load_of, report_lines
from ecomon.publish.load_report_workbook import TITLE, report_marks, report_notes
from ecomon.publish.load_words import METHODS, ROLES, STANDINGS, figures_shown, span_shown
from ecomon.publish.typeset import typeset
from ecomon.publish.wording import Words, watermarks, words_of

Names = Mapping[str, tuple[str, str]]
Language = Literal["zh", "en"]
_HEADS = (
    Words("断面", "Section"), Words("指标", "Determinand"), Words("时段", "Period"),
    Words("最佳估计 (t)", "Best (t)"), Words("95% 区间 (t)", "95 % interval (t)"),
    Words("方法", "Method"), Words("协议核算 (t)", "Settlement (t)"), Words("差值", "Difference"),
    Words("未检出上下限 (t)", "Bracket (t)"), Words("A–E 范围 (t)", "Spread of A–E (t)"),
    Words("时间/水量\n有效率", "Coverage:\ntime, volume"),
)  # fmt: skip


def load_report_pdf(
    estimates: pd.DataFrame,
    fonts: FontSet,
    provenance: Provenance,
    period: Period,
    *,
    names: Names | None = None,
    is_shadow: bool = False,
    language: Language = "zh",
) -> bytes:
    """A PDF of estimated loads, in both languages.

    Parameters
    ----------
    estimates : table LOAD_ESTIMATES
        Printed in the order given, a line a load, its reasons below; a load without a number says
        so and is never zero. About ten lines fit on the page; more go on to the next.
    fonts : FontSet
    period : Period
        Of the report; its end dates the file.
    names : mapping of section id or determinand key to (Chinese, English)
    is_shadow : bool
        Adds the mark 模拟核算.
    language : {"zh", "en"}
        Which of the two languages stands first, and large.

    Returns
    -------
    bytes
        The same for the same input.

    Raises
    ------
    ContractError
        where ``estimates`` breaks its contract, or typst fails or warns.

    Source
    ------
    Settlement beside best, spread of A to E, bracket of what is censored: loads.md 7.
    """
    known = names or {}
    title = _pair(TITLE, language)
    data = {
        "title": f"{title[0]} {period.label}",
        "running": [title[0], period.label],
        "heading": title,
        "period": period.label,
        "marks": [_pair(mark, language) for mark in watermarks(provenance, is_shadow=is_shadow)],
        "labels": [_pair(mark, language) for mark in report_marks(provenance, is_shadow=is_shadow)],
        "heads": [_pair(words, language) for words in _HEADS],
        "rows": [_row(line, known, language) for line in report_lines(estimates)],
        "notes_heading": _pair(Words("说明", "Notes"), language),
        "notes": [[*_pair(label, language), text] for label, text in report_notes(provenance)],
    }
    return typeset("load_report.typ", data, fonts, dated=period.end)


def _row(line: ReportLine, names: Names, language: Language) -> dict[str, Any]:
    shown, best = line.shown, line.best
    share = _percent(line.difference_share, sign=True)
    difference = figures_shown(line.difference_t)
    return {
        "section": _pair(_name(line.section, names), language),
        "name": _pair(_name(line.determinand, names), language),
        "period": line.period,
        "best": _mass(best, language),
        "interval": (span_shown(best["lower"], best["upper"]) if best else None) or "—",
        "method": _pair(words_of(METHODS, str(shown["method"])), language),
        "settlement": _mass(line.settlement, language),
        "difference": f"{difference}\n({share})" if difference else "—",
        "bracket": span_shown(shown["load_censored_zero_t"], shown["load_censored_limit_t"]) or "—",
        "spread": span_shown(*line.spread_t) or "—",
        "coverage": f"{_percent(shown['coverage_time'])}\n{_percent(shown['coverage_volume'])}",
        "reasons": [[*_pair(ROLES[role], language), text] for role, text in line.reasons],
    }


def _mass(row: Mapping[str, Any] | None, language: Language) -> str:
    if row is None:
        return "—"
    shown = figures_shown(load_of(dict(row)))
    return shown or _pair(words_of(STANDINGS, str(row["status"])), language)[0]


def _percent(value: float, *, sign: bool = False) -> str:
    if not math.isfinite(value):
        return "—"
    return f"{100 * value:+.1f}%" if sign else f"{100 * value:.1f}%"


def _name(key: str, names: Names) -> Words:
    return Words(*names.get(key, (key, "")))


def _pair(words: Words, language: Language) -> list[str]:
    """Both languages, the chosen one first; a text that is the same in both stands once."""
    pair = [words.zh, words.en] if language == "zh" or not words.en else [words.en, words.zh]
    return pair if pair[0] != pair[1] else [pair[0], ""]
