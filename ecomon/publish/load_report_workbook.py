"""The load report (负荷报告) as a workbook: best beside settlement, then every method."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from xlsxwriter import Workbook

from ecomon.model.provenance import Provenance
from ecomon.publish.load_report import ReportLine, load_of, report_lines
from ecomon.publish.load_words import METHODS, NO_NUMBER, ROLES, STANDINGS
from ecomon.publish.sheet import (
    Cell,
    Column,
    Styles,
    for_print,
    head_lines,
    set_widths,
    write_notes,
    write_table,
    write_workbook,
)
from ecomon.publish.wording import (
    INSUFFICIENT,
    NOT_BINDING,
    Words,
    provenance_rows,
    watermarks,
    words_of,
)

Names = Mapping[str, tuple[str, str]]
TITLE = Words("断面污染负荷报告", "Load report")
_T = "#,##0.000"
_PLACE = (
    Column(Words("断面", "Section"), 16),
    Column(Words("指标", "Determinand"), 22),
    Column(Words("时段", "Period"), 12),
)
_COVERAGE = (
    Column(Words("时间有效率", "Coverage of time"), 12, "0.0%"),
    Column(Words("水量有效率", "Coverage of volume"), 12, "0.0%"),
    Column(Words("估算份额", "Estimated share"), 12, "0.0%"),
    Column(Words("未检出份额", "Censored share"), 12, "0.0%"),
)
_SHARES = ("coverage_time", "coverage_volume", "share_estimated", "censored_share")
_BRACKET = (
    Column(Words("未检出按零 (t)", "Censored as zero (t)"), 15, _T),
    Column(Words("未检出按检出限 (t)", "Censored as the limit (t)"), 15, _T),
)
_LINE_COLUMNS = (
    *_PLACE,
    Column(Words("最佳估计 (t)", "Best estimate (t)"), 14, _T),
    Column(Words("95%下限 (t)", "Lower 95 % (t)"), 14, _T),
    Column(Words("95%上限 (t)", "Upper 95 % (t)"), 14, _T),
    Column(Words("最佳估计的方法", "Method of the best"), 22),
    Column(Words("协议核算 (t)", "Settlement (t)"), 14, _T),
    Column(Words("协议方法", "Agreed method"), 22),
    Column(Words("差值 (t)", "Difference (t)"), 14, _T),
    Column(Words("差值比例", "Difference, share"), 11, "0.0%"),
    *_BRACKET,
    Column(Words("A–E 最小 (t)", "Least of A–E (t)"), 14, _T),
    Column(Words("A–E 最大 (t)", "Greatest of A–E (t)"), 14, _T),
    *_COVERAGE,
    Column(Words("样品数", "Samples"), 9, "0"),
    Column(Words("状态", "Standing"), 18),
    Column(Words("说明", "Reason"), 60),
)
_METHOD_COLUMNS = (
    *_PLACE,
    Column(Words("用途", "Role"), 18),
    Column(Words("方法", "Method"), 26),
    Column(Words("负荷 (t)", "Load (t)"), 14, _T),
    Column(Words("下限 (t)", "Lower (t)"), 14, _T),
    Column(Words("上限 (t)", "Upper (t)"), 14, _T),
    Column(Words("标准误差 (t)", "Standard error (t)"), 14, _T),
    *_BRACKET,
    *_COVERAGE,
    Column(Words("样品数", "Samples"), 9, "0"),
    Column(Words("未检出数", "Censored"), 9, "0"),
    Column(Words("状态", "Standing"), 18),
    Column(Words("说明", "Reason"), 60),
)


def load_report_workbook(
    estimates: pd.DataFrame,
    provenance: Provenance,
    *,
    names: Names | None = None,
    is_shadow: bool = False,
) -> bytes:
    """An .xlsx of estimated loads, with its notes.

    Parameters
    ----------
    estimates : table LOAD_ESTIMATES
        Written in the order given. A load without a number says so in words, never as zero; what a
        row does not have (the standard error of a spread, say) is ``—``.
    names : mapping of section id or determinand key to (Chinese, English)
    is_shadow : bool
        Adds the mark 模拟核算.

    Returns
    -------
    bytes
        The same for the same input: the created date is the end of the latest period.

    Raises
    ------
    ContractError
        where ``estimates`` breaks its contract.

    Source
    ------
    Settlement beside best, spread of A to E, bracket of what is censored: loads.md 7.
    """
    lines, known = report_lines(estimates), names or {}
    marks = report_marks(provenance, is_shadow=is_shadow)
    latest = estimates["end"].max()
    created = datetime(2000, 1, 1) if pd.isna(latest) else latest.to_pydatetime()
    methods = [_method_cells(row, known) for row in estimates.to_dict(orient="records")]
    sheets: tuple[tuple[str, Sequence[Column], list[list[Cell]]], ...] = (
        ("对照 Comparison", _LINE_COLUMNS, [_line_cells(line, known) for line in lines]),
        ("各方法 Methods", _METHOD_COLUMNS, methods),
    )

    def fill(book: Workbook, styles: Styles) -> None:
        for name, columns, rows in sheets:
            sheet = book.add_worksheet(name)
            top = head_lines(sheet, styles, TITLE, marks, len(columns))
            set_widths(sheet, columns)
            end = write_table(sheet, styles, columns, rows, top=top)
            sheet.freeze_panes(top + 1, len(_PLACE))
            if rows:
                sheet.autofilter(top, 0, end - 1, len(columns) - 1)
            for_print(sheet, repeat=top)
        notes = book.add_worksheet("说明 Notes")
        top = head_lines(notes, styles, Words("说明", "Notes"), marks, 2)
        write_notes(notes, styles, report_notes(provenance), top=top)
        for_print(notes)

    return write_workbook(fill, created=created, title=str(TITLE))


def report_marks(provenance: Provenance, *, is_shadow: bool) -> tuple[Words, ...]:
    """What stands over a load report before anything else."""
    marks = watermarks(provenance, is_shadow=is_shadow)
    return (*marks, NOT_BINDING) if marks else ()


def _line_cells(line: ReportLine, names: Names) -> list[Cell]:
    shown, best = line.shown, line.best or {}
    agreed = "—" if line.settlement is None else str(words_of(METHODS, line.settlement["method"]))
    return [
        _name(line.section, names),
        _name(line.determinand, names),
        line.period,
        _mass(line.best),
        _number(best.get("lower", math.nan)),
        _number(best.get("upper", math.nan)),
        str(words_of(METHODS, str(best["method"]))) if best else "—",
        _mass(line.settlement),
        agreed,
        _number(line.difference_t),
        _number(line.difference_share),
        _number(shown["load_censored_zero_t"]),
        _number(shown["load_censored_limit_t"]),
        *map(_number, line.spread_t),
        *(_number(shown[name]) for name in _SHARES),
        int(shown["n_samples"]),
        str(words_of(STANDINGS, str(shown["status"]))),
        "\n".join(f"{ROLES[role].zh} {ROLES[role].en}: {text}" for role, text in line.reasons),
    ]


def _method_cells(row: Mapping[Any, Any], names: Names) -> list[Cell]:
    return [
        _name(str(row["section"]), names),
        _name(str(row["determinand"]), names),
        str(row["period"]),
        str(words_of(ROLES, str(row["role"]))),
        str(words_of(METHODS, str(row["method"]))),
        _mass(row) if row["role"] != "spread" else "—",
        *(_number(row[name]) for name in ("lower", "upper", "standard_error_t")),
        _number(row["load_censored_zero_t"]),
        _number(row["load_censored_limit_t"]),
        *(_number(row[name]) for name in _SHARES),
        int(row["n_samples"]),
        int(row["n_censored"]),
        str(words_of(STANDINGS, str(row["status"]))),
        str(row["reason"]),
    ]


def _mass(row: Mapping[Any, Any] | None) -> Cell:
    if row is None:
        return "—"
    if row["status"] in NO_NUMBER:
        return words_of(STANDINGS, str(row["status"])).zh
    value = load_of({str(name): one for name, one in row.items()})
    return value if math.isfinite(value) else INSUFFICIENT.zh


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else "—"


def _name(key: str, names: Names) -> str:
    return " ".join(names[key]) if key in names else key


def report_notes(provenance: Provenance) -> Sequence[tuple[Words, str]]:
    """How to read the report and what it was made from, as label and value."""
    return [
        (Words("负荷", "Load"), "浓度 mg/L × 流量 m³/s = 通量 g/s，按时间积分，÷ 1 000 000 得 t；C × Q integrated over the period, in tonnes"),
        (Words("最佳估计", "Best estimate"), "按资料密度选方法，理由逐行写明；by the density of data, the reason stands in the row"),
        (Words("协议核算", "Settlement"), "协议规定的方法，结算只用这一列；the method the agreement prescribes, which alone is settled"),
        (Words("差值", "Difference"), "最佳估计 − 协议核算；best less settlement, and its share of the settlement"),
        (Words("95% 区间", "95 % interval"), "各方法自己的不确定度；不含方法之间的差别（见 A–E 范围）the method's own uncertainty, without that between methods"),
        (Words("未检出", "Below detection"), "两列为全部未检出按零、按检出限时的负荷；the load with all of it at zero, and at its limit"),
        (Words("有效率", "Coverage"), "有实测浓度的时间、水量占时段的份额；share of the time, and of the water, that was measured"),
        (Words("没有数值", "No number"), "写明原因，不按零处理；a reason stands instead, never zero"),
        *provenance_rows(provenance),
    ]  # fmt: skip
