"""The figure of a load, as plain JSON for plotly; the page draws it in the browser.

Five panels: concentration against discharge with the fit, its residuals, daily load with its
band, the methods side by side, and the flow-normalised trend. A panel that has nothing to show
says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ecomon.publish.load_series import SectionLoad
from ecomon.publish.load_traces import (
    concentration_traces,
    day_traces,
    method_traces,
    residual_traces,
    trend_traces,
)
from ecomon.publish.wording import Words

HEIGHT_PX = 980
_INK = "#1b2733"
_SOFT, _GRID, _EDGE = "#7b8791", "#e3e8ec", "#6b7985"


@dataclass(frozen=True, slots=True)
class _Panel:
    """Where a panel stands, its heading, and the titles of its axes with their units."""

    number: int
    x: tuple[float, float]
    y: tuple[float, float]
    heading: Words
    x_title: str
    y_title: str

    @property
    def axes(self) -> dict[str, str]:
        end = "" if self.number == 1 else str(self.number)
        return {"xaxis": f"x{end}", "yaxis": f"y{end}"}


_FITTED = _Panel(
    1, (0.0, 0.455), (0.74, 0.955), Words("浓度－流量关系", "Concentration against discharge"),
    "流量 discharge (m³/s)", "浓度 concentration (mg/L)",
)  # fmt: skip
_RESIDUALS = _Panel(
    2, (0.56, 1.0), (0.74, 0.955), Words("残差", "Residuals"),
    "北京时间 Beijing time", "ln C − ln Ĉ（无量纲 dimensionless）",
)  # fmt: skip
_DAILY = _Panel(
    3, (0.0, 1.0), (0.40, 0.615), Words("逐日负荷与 95% 区间", "Daily load and its 95 % interval"),
    "北京时间 Beijing time", "日负荷 load (t/d)",
)  # fmt: skip
_METHODS = _Panel(
    4, (0.17, 0.53), (0.0, 0.275), Words("各方法结果与 95% 区间", "Methods and their 95 % intervals"),
    "负荷 load (t)", "",
)  # fmt: skip
_TREND = _Panel(
    5, (0.645, 1.0), (0.0, 0.275), Words("流量归一化趋势", "Flow-normalised trend"),
    "年份 year", "年负荷 load (t/a)",
)  # fmt: skip
_PANELS = (_FITTED, _RESIDUALS, _DAILY, _METHODS, _TREND)
_NO_SAMPLES = "无可用样品 no samples"
_NO_MODEL = "未建立浓度模型 no model was fitted"
_NO_DAYS = "无逐日负荷 no daily loads"
_NO_TREND = "不足以判断趋势 too little for a trend"
_NO_METHODS = "没有方法给出数值 no method gives a number"


def load_figure(load: SectionLoad, *, family: str) -> dict[str, Any]:
    """The figure of one determinand at one section.

    Parameters
    ----------
    load : SectionLoad
        Loads in t, concentrations in mg/L, discharges in m³/s; NaN leaves a gap.
    family : str
        Font family of the page.

    Returns
    -------
    dict
        ``{"data": [...], "layout": {...}, "titles": [{"zh", "en"}, ...]}``; ``titles`` are the
        headings of the panels, which are the first annotations, for the switch of language.

    Raises
    ------
    ContractError
        where a table of ``load`` breaks its contract.

    Source
    ------
    What a section's figure shows: issue 5, item 5; flow normalisation: loads.md 6.7 (Hirsch et al. 2010).
    """
    load.check()
    drawn: list[tuple[_Panel, list[dict[str, Any]], str]] = [
        (_FITTED, concentration_traces(load), _NO_SAMPLES),
        (_RESIDUALS, residual_traces(load), _NO_MODEL if len(load.samples) else _NO_SAMPLES),
        (_DAILY, day_traces(load.days), _NO_DAYS),
        (_METHODS, method_traces(load.estimates), _NO_METHODS),
        (_TREND, trend_traces(load.trend), load.trend_reason or _NO_TREND),
    ]
    titles = [{"zh": panel.heading.zh, "en": panel.heading.en} for panel in _PANELS]
    lacking = [(panel, reason) for panel, traces, reason in drawn if not traces]
    return {
        "data": [{**trace, **panel.axes} for panel, traces, _ in drawn for trace in traces],
        "layout": _layout(load, titles, lacking, family=family),
        "titles": titles,
    }


def _lack(panel: _Panel, reason: str) -> dict[str, Any]:
    return {
        "xref": "paper", "x": sum(panel.x) / 2, "yref": "paper", "y": sum(panel.y) / 2,
        "xanchor": "center", "yanchor": "middle", "showarrow": False, "text": _wrapped(reason),
        "font": {"size": 13, "color": _SOFT},
    }  # fmt: skip


def _wrapped(text: str, width: int = 34) -> str:
    """A reason in lines of about ``width`` half-width characters; what the text holds is no markup."""
    lines, room = [""], width
    for word in text.replace("&", "&amp;").replace("<", "&lt;").split(" "):
        need = sum(2 if ord(one) > 0x2E80 else 1 for one in word)
        if lines[-1] and need > room:
            lines.append("")
            room = width
        lines[-1] += (" " if lines[-1] else "") + word
        room -= need + 1
    return "<br>".join(lines)


def _layout(
    load: SectionLoad,
    titles: Sequence[dict[str, str]],
    lacking: Sequence[tuple[_Panel, str]],
    *,
    family: str,
) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "height": HEIGHT_PX, "margin": {"l": 74, "r": 20, "t": 66, "b": 56},
        "font": {"family": family, "size": 12, "color": _INK},
        "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff", "hovermode": "closest",
        "legend": {"orientation": "h", "yref": "container", "y": 0.995, "yanchor": "top",
                   "x": 0, "xanchor": "left", "font": {"size": 11}},
    }  # fmt: skip
    look = {"gridcolor": _GRID, "linecolor": _EDGE, "ticks": "outside", "zeroline": False}
    for panel in _PANELS:
        axes = panel.axes
        ends = axes["xaxis"][1:]
        layout[f"xaxis{ends}"] = {
            **look, "domain": list(panel.x), "anchor": axes["yaxis"],
            "title": {"text": panel.x_title, "standoff": 6, "font": {"size": 11}},
        }  # fmt: skip
        layout[f"yaxis{ends}"] = {
            **look, "domain": list(panel.y), "anchor": axes["xaxis"],
            "title": {"text": panel.y_title, "standoff": 6, "font": {"size": 11}},
        }  # fmt: skip
    for number in (2, 3):
        layout[f"xaxis{number}"] |= {"type": "date", "tickformat": "%m-%d\n%Y", "hoverformat": "%Y-%m-%d %H:%M"}  # fmt: skip
    layout["xaxis5"] |= {"type": "date", "tickformat": "%Y"}
    layout["yaxis2"] |= {"zeroline": True, "zerolinecolor": _EDGE}
    layout["yaxis4"] |= {"type": "category", "tickfont": {"size": 10}}
    for axis in ("yaxis3", "yaxis5", "xaxis4"):
        layout[axis] |= {"rangemode": "tozero"}
    if _spans_decades(load.samples["discharge_m3_s"]):
        layout["xaxis"] |= {"type": "log", "dtick": "D1", "exponentformat": "none"}
    if _spans_decades(load.samples["concentration_mg_l"]):
        layout["yaxis"] |= {"type": "log", "dtick": "D2", "exponentformat": "none"}
    layout["annotations"] = [
        *(_heading(panel, title["zh"]) for panel, title in zip(_PANELS, titles, strict=True)),
        *(_lack(panel, reason) for panel, reason in lacking),
    ]
    for panel, _ in lacking:
        for axis in panel.axes.values():
            layout[f"{axis[0]}axis{axis[1:]}"]["visible"] = False
    return layout


def _spans_decades(values: pd.Series) -> bool:
    """Whether a logarithmic axis reads better: all above zero, and a factor of five apart."""
    known = values.dropna()
    return bool(len(known) and known.min() > 0 and known.max() > 5 * known.min())


def _heading(panel: _Panel, text: str) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 0.0 if panel is _METHODS else panel.x[0], "xanchor": "left",
        "yref": "paper", "y": panel.y[1] + 0.006, "yanchor": "bottom", "showarrow": False,
        "text": text, "font": {"size": 13.5},
    }  # fmt: skip
