"""Concentration charts as plotly figures in plain JSON; the page draws them in the browser.

One figure per section, one panel per determinand: the readings, the suspect ones with another
symbol, and the limit of the section's target class (class III, said so, where no target is known).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ecomon.model.determinand import Determinand
from ecomon.model.flag import Flag
from ecomon.model.standard import ClassLimits, SingleLimit, Standard
from ecomon.publish.bulletin import SERIES, SectionLine
from ecomon.publish.wording import Words, determinand_words, grade_look, unit_shown

PANEL_PX = 190
HEAD_PX = 70
_INK, _LINE, _SUSPECT, _FAIL, _LIMIT = "#1b2733", "#2b6a9b", "#c05a00", "#7b8791", "#b3160f"


def section_figure(
    line: SectionLine,
    series: pd.DataFrame,
    determinands: Mapping[str, Determinand],
    standard: Standard | None,
    *,
    family: str,
    intake_standard: Standard | None = None,
) -> dict[str, Any] | None:
    """The figure of one section, or None where it has no readings.

    Parameters
    ----------
    series : DataFrame, contract SERIES
        Readings of any sites, canonical units; NaN leaves a gap in the line.
    standard : Standard or None
        The class table in force; without one no limit is drawn.
    family : str
        Font family of the page.
    intake_standard : Standard or None
        Table 3, where the section is an intake: its limits are drawn too.

    Returns
    -------
    dict or None
        ``{"data": [...], "layout": {...}, "titles": [{"zh", "en", "unit"}, ...]}``; ``titles`` are those
        of the panels, one per y axis, for the switch of language.
    """
    SERIES.check(series)
    own = series[series["site"] == line.id].sort_values(["determinand", "start"], kind="stable")
    keys = _in_registry_order(own["determinand"].unique().tolist(), determinands)
    if not keys:
        return None
    data: list[dict[str, Any]] = []
    titles: list[dict[str, str]] = []
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for panel, key in enumerate(keys, start=1):
        rows = own[own["determinand"] == key]
        data += _traces(rows, panel, is_first=panel == 1)
        titles.append(_panel_title(key, determinands))
        axis = "y" if panel == 1 else f"y{panel}"
        limits = [
            *_limits(key, standard, line.target_grade),
            *_intake_limits(key, intake_standard),
        ]
        for limit in limits:
            shapes.append(_limit_line(limit, axis))
            notes.append(_limit_note(limit, axis))
    return {
        "data": data,
        "layout": _layout(len(keys), titles, shapes, notes, family=family),
        "titles": titles,
    }


def _in_registry_order(keys: list[str], determinands: Mapping[str, Determinand]) -> list[str]:
    order = {key: index for index, key in enumerate(determinands)}
    return sorted(keys, key=lambda key: (order.get(key, len(order)), key))


def _panel_title(key: str, determinands: Mapping[str, Determinand]) -> dict[str, str]:
    words = determinand_words(key, determinands)
    known = determinands.get(key)
    unit = unit_shown(known.unit) if known else ""
    if not unit:
        return {"zh": f"{words.zh}（无量纲）", "en": f"{words.en} (dimensionless)", "unit": ""}
    return {"zh": f"{words.zh} ({unit})", "en": f"{words.en} ({unit})", "unit": unit}


def _traces(rows: pd.DataFrame, panel: int, *, is_first: bool) -> list[dict[str, Any]]:
    """Line of what stands, then suspect and failed readings as symbols of their own."""
    flag = rows["flag"].to_numpy()
    value = rows["value"].to_numpy(dtype=float)
    when = rows["start"].dt.strftime("%Y-%m-%dT%H:%M").to_numpy()
    is_plain = ~np.isin(flag, (Flag.SUSPECT, Flag.FAIL))
    kinds = (
        (is_plain, "lines+markers", {"size": 3.5, "color": _LINE}, Words("有效值", "valid")),
        (flag == Flag.SUSPECT, "markers",
         {"size": 9, "symbol": "triangle-up-open", "color": _SUSPECT, "line": {"width": 2}},
         Words("存疑值", "suspect")),
        (flag == Flag.FAIL, "markers",
         {"size": 8, "symbol": "x-thin", "color": _FAIL, "line": {"width": 2, "color": _FAIL}},
         Words("无效值", "fail")),
    )  # fmt: skip
    traces: list[dict[str, Any]] = []
    for mask, mode, marker, words in kinds:
        if not mask.any() and not is_first:
            continue
        shown = np.where(mask, value, np.nan) if mode != "markers" else value[mask]
        traces.append(
            {
                "type": "scatter",
                "mode": mode,
                "x": (when if mode != "markers" else when[mask]).tolist(),
                "y": [None if np.isnan(number) else float(number) for number in shown],
                "name": f"{words.zh} {words.en}",
                "legendgroup": words.en,
                "showlegend": is_first,
                "connectgaps": False,
                "marker": marker,
                "line": {"width": 1.2, "color": _LINE},
                "xaxis": "x",
                "yaxis": "y" if panel == 1 else f"y{panel}",
            }
        )
    return traces


@dataclass(frozen=True, slots=True)
class _Limit:
    """A limit to draw; the words of a lower bound hang below its line."""

    value: float
    words: Words
    is_lower: bool


def _limits(key: str, standard: Standard | None, target_grade: int) -> list[_Limit]:
    limit = standard.of(key) if standard else None
    if not isinstance(limit, ClassLimits):
        return []
    if limit.low is not None and limit.high is not None:
        return [
            _Limit(float(limit.low), Words(f"下限 {limit.low}", f"lower {limit.low}"), is_lower=True),
            _Limit(float(limit.high), Words(f"上限 {limit.high}", f"upper {limit.high}"), is_lower=False),
        ]  # fmt: skip
    grade = target_grade or 3
    value = limit.limit(grade) if grade <= 5 else None
    if value is None:
        return []
    numeral = grade_look(grade).numeral
    sign = "≥" if limit.direction == "ge" else "≤"
    if target_grade:
        words = Words(f"目标{numeral}类 {sign}{value}", f"target {numeral}")
    else:
        zh = f"{numeral}类 {sign}{value}（目标未配置，仅供参照）"
        words = Words(zh, f"class {numeral}, no target, for reference")
    return [_Limit(float(value), words, is_lower=limit.direction == "ge")]


def _intake_limits(key: str, standard: Standard | None) -> list[_Limit]:
    limit = standard.of(key) if standard else None
    if not isinstance(limit, SingleLimit):
        return []
    words = Words(f"表3限值 {limit.limit:f}", f"Table 3 limit {limit.limit:f}")
    return [_Limit(float(limit.limit), words, is_lower=limit.direction == "ge")]


def _limit_line(limit: _Limit, axis: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": axis,
        "y0": limit.value,
        "y1": limit.value,
        "line": {"color": _LIMIT, "width": 1.3, "dash": "dash"},
    }


def _limit_note(limit: _Limit, axis: str) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "yref": axis,
        "y": limit.value,
        "yanchor": "top" if limit.is_lower else "bottom",
        "showarrow": False,
        "text": f"{limit.words.zh} {limit.words.en}",
        "font": {"size": 11, "color": _LIMIT},
        "bgcolor": "rgba(255,255,255,0.75)",
    }


def _layout(
    n_panels: int,
    titles: Sequence[dict[str, str]],
    shapes: list[dict[str, Any]],
    notes: list[dict[str, Any]],
    *,
    family: str,
) -> dict[str, Any]:
    gap = 0.10 / max(n_panels, 1)
    height = 1.0 / n_panels
    layout: dict[str, Any] = {
        "height": HEAD_PX + PANEL_PX * n_panels,
        "margin": {"l": 64, "r": 18, "t": 46, "b": 40},
        "font": {"family": family, "size": 12, "color": _INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "hovermode": "x unified",
        "legend": {"orientation": "h", "yref": "container", "y": 0.995, "yanchor": "top",
                   "x": 0, "xanchor": "left"},
        "shapes": shapes,
        "xaxis": {"type": "date", "gridcolor": "#e3e8ec", "linecolor": "#6b7985", "ticks": "outside",
                  "tickformat": "%m-%d\n%Y", "anchor": "y" if n_panels == 1 else f"y{n_panels}",
                  "hoverformat": "%Y-%m-%d %H:%M"},
    }  # fmt: skip
    headings: list[dict[str, Any]] = []
    for index, title in enumerate(titles):
        top = 1.0 - index * height
        bottom = top - height + (gap if n_panels > 1 else 0.0)
        axis = "yaxis" if index == 0 else f"yaxis{index + 1}"
        layout[axis] = {
            "domain": [max(bottom, 0.0), top - 0.16 * height],
            "gridcolor": "#e3e8ec",
            "linecolor": "#6b7985",
            "rangemode": "normal" if title["en"].startswith("pH") else "tozero",
            "zeroline": False,
            "title": {"text": title["unit"], "standoff": 6},
        }
        headings.append(
            {
                "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper",
                "y": top - 0.15 * height, "yanchor": "bottom", "showarrow": False,
                "text": title["zh"], "font": {"size": 13},
            }
        )  # fmt: skip
    layout["annotations"] = [*headings, *notes]
    return layout
