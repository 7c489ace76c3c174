"""The load report as a folder that needs no network: tables and a figure a determinand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any, Literal

import pandas as pd

from ecomon.model.provenance import Provenance
from ecomon.publish.assets import FontSet, template_text
from ecomon.publish.load_figure import load_figure
from ecomon.publish.load_report import ReportLine, load_of, report_lines
from ecomon.publish.load_series import SectionLoad
from ecomon.publish.load_words import (
    METHODS,
    NO_NUMBER,
    ROLES,
    STANDINGS,
    figures_shown,
    reason_words,
    span_shown,
)
from ecomon.publish.markup import both, element, nothing, table
from ecomon.publish.page import chart_holder, compose_page, page_assets
from ecomon.publish.wording import INSUFFICIENT, Words, words_of

Names = Mapping[str, tuple[str, str]]
_TITLE = Words("断面污染负荷", "Pollutant loads")
_INTERVAL = Words("95% 区间 (t)", "95 % interval (t)")


def load_page(
    loads: Sequence[SectionLoad],
    fonts: FontSet,
    provenance: Provenance,
    *,
    names: Names | None = None,
    language: Literal["zh", "en"] = "zh",
    is_shadow: bool = False,
) -> dict[str, bytes]:
    """Files of a page, to be written side by side.

    Parameters
    ----------
    loads : sequence of SectionLoad
        Drawn in the order given; the tables stand above the figures.
    fonts : FontSet
        Shipped with the page.
    names : mapping of section id or determinand key to (Chinese, English)
    language : {"zh", "en"}
        What is shown first; the page holds both.
    is_shadow : bool
        Adds the mark 模拟核算.

    Returns
    -------
    dict of str to bytes
        ``index.html`` and ``assets/...``, the same for the same input.

    Raises
    ------
    ContractError
        where a table breaks its contract.

    Source
    ------
    Best estimate beside settlement, bracket and reasons: loads.md 7.
    """
    known = names or {}
    estimates = pd.concat([one.estimates for one in loads], ignore_index=True)
    places = list(dict.fromkeys((one.section, one.period) for one in loads))
    of = Words(
        "、".join(_name(section, known).zh for section, _ in places),
        ", ".join(_name(section, known).en for section, _ in places),
    )
    main = Template(template_text("load.html")).substitute(
        comparison=_comparison(report_lines(estimates), known),
        methods=_methods(estimates, known),
        figures="".join(_figure(one, known, fonts.family) for one in loads),
    )
    page = compose_page(
        main,
        provenance,
        title=Words(f"{of.zh} {_TITLE.zh}", f"{of.en} {_TITLE.en}"),
        heading=Words(f"{of.zh} {_TITLE.zh}", f"{of.en}: {_TITLE.en}"),
        period=(
            Words("核算时段", "Period"),
            ", ".join(dict.fromkeys(period for _, period in places)),
        ),
        language=language,
        is_shadow=is_shadow,
    )
    return {"index.html": page, **page_assets(fonts)}


def _name(key: str, names: Names) -> Words:
    return Words(*names.get(key, (key, key)))


def _figure(load: SectionLoad, names: Names, family: str) -> str:
    section, determinand = _name(load.section, names), _name(load.determinand, names)
    words = Words(f"{section.zh} · {determinand.zh}", f"{section.en} · {determinand.en}")
    heading = element("h3", f"{both(words)} {escape(load.period)}")
    return element(
        "article", heading + chart_holder(load_figure(load, family=family)), classes="charted"
    )


def _comparison(lines: Sequence[ReportLine], names: Names) -> str:
    if not lines:
        return nothing(Words("没有可列的负荷。", "No load to list."))
    heads = (
        Words("指标", "Determinand"), Words("时段", "Period"), Words("最佳估计 (t)", "Best (t)"),
        _INTERVAL, Words("方法", "Method"), Words("协议核算 (t)", "Settlement (t)"),
        Words("差值 (t)", "Difference (t)"), Words("差值比例", "Difference"),
        Words("未检出上下限 (t)", "Bracket (t)"), Words("时间有效率", "Coverage of time"),
        Words("水量有效率", "Coverage of volume"),
    )  # fmt: skip
    rows = [_comparison_row(line, names) for line in lines]
    told = "".join(_reasons(line, names) for line in lines)
    return table(heads, rows, caption=_TITLE, numeric=(2, 3, 5, 6, 7, 8, 9, 10)) + told


def _reasons(line: ReportLine, names: Names) -> str:
    """Why these are the loads, below the table: a column has no room for it."""
    of = _name(line.determinand, names)
    return "".join(
        element(
            "p",
            f"<strong>{both(of)} {escape(line.period)} {both(ROLES[role])}</strong>"
            f" {both(reason_words(reason))}",
            classes="hint",
        )
        for role, reason in line.reasons
    )


def _comparison_row(line: ReportLine, names: Names) -> list[str]:
    shown, best = line.shown, line.best
    interval = span_shown(best["lower"], best["upper"]) if best else None
    place = _name(line.section, names)
    determinand = _name(line.determinand, names)
    return [
        both(Words(f"{place.zh} {determinand.zh}", f"{place.en} {determinand.en}")),
        _period(line.period),
        _mass(load_of(best), best),
        interval or "—",
        both(words_of(METHODS, str(shown["method"]))),
        _mass(load_of(line.settlement), line.settlement),
        figures_shown(line.difference_t) or "—",
        _percent(line.difference_share),
        span_shown(shown["load_censored_zero_t"], shown["load_censored_limit_t"]) or "—",
        _percent(shown["coverage_time"]),
        _percent(shown["coverage_volume"]),
    ]


def _period(label: str) -> str:
    return element("span", escape(label), classes="line")


def _mass(value: float, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "—"
    shown = figures_shown(value)
    return shown if shown is not None else both(words_of(STANDINGS, str(row["status"])))


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%" if math.isfinite(value) else "—"


def _methods(estimates: pd.DataFrame, names: Names) -> str:
    heads = (
        Words("指标", "Determinand"), Words("时段", "Period"), Words("用途", "Role"),
        Words("方法", "Method"), Words("负荷 (t)", "Load (t)"), _INTERVAL,
        Words("标准误差 (t)", "Standard error (t)"), Words("估算份额", "Estimated share"),
        Words("未检出份额", "Censored share"), Words("样品数", "Samples"), Words("状态", "Standing"),
        Words("说明", "Reason"),
    )  # fmt: skip
    rows = [_method_row(row, names) for row in estimates.to_dict(orient="records")]
    caption = Words("各方法结果", "All methods")
    return table(heads, rows, caption=caption, numeric=range(4, 10), is_long=True)


def _method_row(row: Mapping[Any, Any], names: Names) -> list[str]:
    is_spread = row["role"] == "spread"
    lacks = "—" if is_spread else both(INSUFFICIENT)
    load = None if row["status"] in NO_NUMBER else figures_shown(row["load_t"])
    return [
        both(_name(str(row["determinand"]), names)),
        _period(str(row["period"])),
        both(words_of(ROLES, str(row["role"]))),
        both(words_of(METHODS, str(row["method"]))),
        load or lacks,
        span_shown(row["lower"], row["upper"]) or "—",
        figures_shown(row["standard_error_t"]) or "—",
        _percent(row["share_estimated"]),
        _percent(row["censored_share"]),
        str(int(row["n_samples"])),
        both(words_of(STANDINGS, str(row["status"]))),
        element("div", both(reason_words(str(row["reason"]))), classes="reason")
        if row["reason"]
        else "—",
    ]
