"""Pollutant loads (污染负荷) as a workbook."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from xlsxwriter import Workbook

from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOADS
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
    STATUS,
    Words,
    provenance_rows,
    watermarks,
    words_of,
)

_TITLE = Words("断面污染负荷", "Pollutant loads")
_COLUMNS = (
    Column(Words("断面", "Section"), 16),
    Column(Words("指标", "Determinand"), 22),
    Column(Words("月份", "Month"), 10),
    Column(Words("状态", "Status"), 14),
    Column(Words("月均浓度 (mg/L)", "Concentration (mg/L)"), 15, "0.0000"),
    Column(Words("水量 (m³)", "Volume (m³)"), 18, "#,##0"),
    Column(Words("负荷 (t)", "Load (t)"), 14, "#,##0.000"),
    Column(
        Words("95%下限（仅日间抽样误差） (t)", "Lower 95 %, between-day sampling error only (t)"),
        22,
        "#,##0.000",
    ),
    Column(
        Words("95%上限（仅日间抽样误差） (t)", "Upper 95 %, between-day sampling error only (t)"),
        22,
        "#,##0.000",
    ),
    Column(
        Words("标准误差（仅日间抽样） (t)", "Standard error, between-day sampling only (t)"),
        20,
        "#,##0.000",
    ),
    Column(Words("有浓度天数 (d)", "Days with concentration (d)"), 13, "0"),
    Column(Words("时间有效率", "Coverage of time"), 12, "0.0%"),
    Column(Words("水量有效率", "Coverage of volume"), 12, "0.0%"),
    Column(Words("未检出份额", "Censored share"), 12, "0.0%"),
    Column(Words("估算份额", "Estimated share"), 12, "0.0%"),
    Column(Words("未检出代入", "Below detection as"), 15),
    Column(Words("方法", "Method"), 9),
    Column(Words("说明", "Reason"), 48),
)
_FIGURES = (
    "concentration_mg_l", "volume_m3", "load_t", "lower_t", "upper_t", "standard_error_t",
)  # fmt: skip
_SHARES = ("coverage_time", "coverage_volume", "censored_share", "share_estimated")
INTERVAL = Words("95% 区间（仅日间抽样误差）", "95 % interval (between-day sampling error only)")
_METHODS = {
    "B": "B 月均浓度 × 月水量 monthly mean concentration × monthly volume",
}
_CENSORED: dict[str, Words] = {
    "zero": Words("零", "zero"),
    "half_limit": Words("半检出限", "half the limit"),
}


def load_workbook(
    loads: pd.DataFrame,
    provenance: Provenance,
    *,
    names: Mapping[str, tuple[str, str]] | None = None,
    is_shadow: bool = False,
) -> bytes:
    """An .xlsx of monthly loads, with its notes.

    Parameters
    ----------
    loads : DataFrame, contract LOADS
        Written in the order given. A month that is insufficient shows 数据不足 and no number; NaN
        in a measured row shows 数据不足 in its own cell. Neither ever becomes zero.
    names : mapping of section id or determinand key to (Chinese, English)
        What has no name here shows its key.
    is_shadow : bool
        Adds the mark 模拟核算.

    Returns
    -------
    bytes
        The same for the same input: the created date is the latest month's start.

    Raises
    ------
    ContractError
        where ``loads`` breaks its contract.

    Source
    ------
    Method B: compensation.md 3.4 and 4.1 (monthly concentration x monthly volume).
    """
    LOADS.check(loads)
    marks = load_marks(provenance, is_shadow=is_shadow)
    latest = loads["start"].max()
    created = datetime(2000, 1, 1) if pd.isna(latest) else latest.to_pydatetime()
    rows = [_row(row, names or {}) for row in loads.to_dict(orient="records")]

    def fill(book: Workbook, styles: Styles) -> None:
        sheet = book.add_worksheet("负荷 Loads")
        top = head_lines(sheet, styles, _TITLE, marks, len(_COLUMNS))
        set_widths(sheet, _COLUMNS)
        end = write_table(sheet, styles, _COLUMNS, rows, top=top)
        sheet.freeze_panes(top + 1, 3)
        if rows:
            sheet.autofilter(top, 0, end - 1, len(_COLUMNS) - 1)
        for_print(sheet, repeat=top)
        notes = book.add_worksheet("说明 Notes")
        top = head_lines(notes, styles, Words("说明", "Notes"), marks, 2)
        write_notes(notes, styles, load_notes(loads, provenance), top=top)
        for_print(notes)

    return write_workbook(fill, created=created, title=str(_TITLE))


def load_marks(provenance: Provenance, *, is_shadow: bool) -> tuple[Words, ...]:
    """What stands over a load table before anything else."""
    marks = watermarks(provenance, is_shadow=is_shadow)
    return (*marks, NOT_BINDING) if marks else ()


def _row(row: Mapping[Any, Any], names: Mapping[str, tuple[str, str]]) -> list[Cell]:
    is_measured = row["status"] == "measured"
    figures = [_number(row[name]) if is_measured else INSUFFICIENT.zh for name in _FIGURES]
    shares = [_number(row[name]) for name in _SHARES]
    return [
        _name(str(row["section"]), names),
        _name(str(row["determinand"]), names),
        str(row["period"]),
        str(words_of(STATUS, str(row["status"]))),
        *figures,
        int(row["n_days"]),
        *shares,
        str(words_of(_CENSORED, str(row["censored_rule"]))),
        str(row["method"]),
        str(row["reason"]),
    ]


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else INSUFFICIENT.zh


def _name(key: str, names: Mapping[str, tuple[str, str]]) -> str:
    return " ".join(names[key]) if key in names else key


def load_notes(loads: pd.DataFrame, provenance: Provenance) -> Sequence[tuple[Words, str]]:
    """How the loads were formed and from what, as label and value."""
    n_lacking = int((loads["status"] != "measured").sum())
    methods = "；".join(_METHODS.get(str(key), str(key)) for key in loads["method"].unique())
    lacking = f"{n_lacking} / {len(loads)} 行数据不足，不给数值，也不按零处理 rows without a number; never zero"
    return [
        (Words("公式", "Formula"), "负荷 t = 月均浓度 mg/L × 月水量 m³ ÷ 1 000 000；load t = C × V / 1e6"),
        (Words("方法", "Method"), methods or "—"),
        (Words("不确定度", "Uncertainty"), f"{INTERVAL}，按日删一刀切法 delete-one jackknife over days"),
        (Words("区间未包含", "Not in the interval"), "浓度与流量的协方差、逐日浓度的自相关、流量本身的误差 the covariance of concentration and discharge, the autocorrelation of daily concentrations, the error of the discharge"),
        (Words("方法 B 的局限", "Limit of method B"), "月均浓度 × 月水量，忽略月内浓度与流量的协方差 it ignores the covariance of concentration and discharge within the month"),
        (Words("数据不足", "Insufficient data"), lacking),
        (Words("未检出", "Below detection"), "代入规则逐行列出（SL 219：总量按零；或半检出限）the rule stands in each row (SL 219: zero in totals; or half the limit)"),
        *provenance_rows(provenance),
    ]  # fmt: skip
