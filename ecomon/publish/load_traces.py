"""The traces of a load's figure, panel by panel, as plain JSON for plotly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ecomon.publish.load_series import SectionLoad
from ecomon.publish.load_words import METHODS, NO_NUMBER, ROLES
from ecomon.publish.wording import Words, words_of

_LINE, _BAND, _FIT, _INK = "#2b6a9b", "rgba(43,106,155,0.22)", "#c05a00", "#1b2733"
_COLOURS = {"best": "#1c6b33", "settlement": "#b3160f", "cross_check": "#2b6a9b", "spread": "#7b8791"}  # fmt: skip
_SYMBOLS = {"best": "diamond", "settlement": "square", "cross_check": "circle", "spread": "line-ns-open"}  # fmt: skip
_ORDER = ("spread", "cross_check", "settlement", "best")  # upwards


def concentration_traces(load: SectionLoad) -> list[dict[str, Any]]:
    samples = load.samples
    is_known = samples["discharge_m3_s"].notna() & samples["concentration_mg_l"].notna()
    is_censored = samples["is_censored"]
    kinds = (
        (is_known & ~is_censored, "circle", _LINE, Words("样品", "samples")),
        (is_known & is_censored, "triangle-down-open", _INK,
         Words("未检出（标在检出限）", "below detection, at the limit")),
    )  # fmt: skip
    traces = [
        _marks(
            samples.loc[mask, "discharge_m3_s"],
            samples.loc[mask, "concentration_mg_l"],
            words, symbol=symbol, colour=colour,
        )
        for mask, symbol, colour, words in kinds
        if mask.any()
    ]  # fmt: skip
    if len(load.fit):
        curve = load.fit.sort_values("discharge_m3_s")
        traces.append(
            _line(curve["discharge_m3_s"], curve["concentration_mg_l"], Words("拟合", "fit"),
                  colour=_FIT, width=2.0)
        )  # fmt: skip
    return traces


def residual_traces(load: SectionLoad) -> list[dict[str, Any]]:
    known = load.samples[load.samples["residual"].notna()]
    if known.empty:
        return []
    words = Words("残差", "residuals")
    return [_marks(_moments(known["start"]), known["residual"], words, is_named=False)]


def day_traces(days: pd.DataFrame) -> list[dict[str, Any]]:
    if not days["load_t"].notna().any():
        return []
    when, traces = _moments(days["start"]), []
    for band_when, lower, upper in _bands(days):
        traces.append(
            {
                "type": "scatter", "mode": "lines", "x": [*band_when, *reversed(band_when)],
                "y": [*upper, *reversed(lower)], "fill": "toself", "fillcolor": _BAND,
                "line": {"width": 0}, "hoverinfo": "skip", "name": "95% 区间 interval",
                "legendgroup": "band", "showlegend": not traces,
            }
        )  # fmt: skip
    traces.append(_line(when, days["load_t"], Words("日负荷", "daily load"), colour=_LINE))
    filled = days[days["is_estimated"] & days["load_t"].notna()]
    if len(filled):
        words = Words("含填补", "partly filled")
        traces.append(
            _marks(_moments(filled["start"]), filled["load_t"], words, symbol="circle-open",
                   colour=_FIT, size=5)
        )  # fmt: skip
    return traces


def _bands(days: pd.DataFrame) -> list[tuple[list[str], list[float], list[float]]]:
    """The runs of days that have both bounds; a band never reaches over a gap."""
    is_known = (days["lower_t"].notna() & days["upper_t"].notna()).to_numpy()
    runs = np.flatnonzero(np.diff(np.concatenate([[0], is_known.astype(int), [0]])))
    bands: list[tuple[list[str], list[float], list[float]]] = []
    for first, end in runs.reshape(-1, 2):
        part = days.iloc[first:end]
        bands.append((_moments(part["start"]), _floats(part["lower_t"]), _floats(part["upper_t"])))
    return bands


def method_traces(estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Dots with error bars, the best on top; the spread of A to E as a bar of its own."""
    traces: list[dict[str, Any]] = []
    for role in _ORDER:
        rows = estimates[(estimates["role"] == role) & ~estimates["status"].isin(NO_NUMBER)]
        if role == "spread":
            middle = (rows["lower"] + rows["upper"]) / 2
            rows = rows.assign(load_t=middle)
        rows = rows[rows["load_t"].notna()]
        if rows.empty:
            continue
        load = rows["load_t"]
        words = ROLES[role]
        traces.append(
            {
                "type": "scatter", "mode": "markers", "x": _floats(load),
                "y": [_method_shown(str(key), role) for key in rows["method"]],
                "error_x": {
                    "type": "data", "symmetric": False, "array": _floats(rows["upper"] - load),
                    "arrayminus": _floats(load - rows["lower"]), "color": _COLOURS[role],
                    "thickness": 5 if role == "spread" else 1.6, "width": 0 if role == "spread" else 5,
                },
                "marker": {"size": 9, "color": _COLOURS[role], "symbol": _SYMBOLS[role]},
                "name": str(words),
            }
        )  # fmt: skip
    return traces


def _method_shown(key: str, role: str) -> str:
    """A method as the axis has room for it; what is best or agreed has a line of its own."""
    words = words_of(METHODS, key)
    if role in ("best", "settlement"):
        return f"{ROLES[role].zh}：{words.zh}<br>{ROLES[role].en}"
    return words.zh if words.zh == words.en else f"{words.zh}<br>{words.en}"


def trend_traces(trend: pd.DataFrame) -> list[dict[str, Any]]:
    if not trend["flow_normalised_t"].notna().any():
        return []
    years = _moments(trend["start"])
    return [
        _marks(years, trend["load_t"], Words("年负荷", "annual load")),
        _line(years, trend["flow_normalised_t"], Words("流量归一化", "flow-normalised"),
              colour=_COLOURS["best"], width=2.2),
    ]  # fmt: skip


def _marks(
    x: Any, y: pd.Series, words: Words, *, symbol: str = "circle", colour: str = _LINE,
    size: int = 6, is_named: bool = True,
) -> dict[str, Any]:  # fmt: skip
    return {
        "type": "scatter", "mode": "markers", "x": x if isinstance(x, list) else _floats(x),
        "y": _floats(y), "name": str(words), "showlegend": is_named,
        "marker": {"size": size, "color": colour, "symbol": symbol, "opacity": 0.8},
    }  # fmt: skip


def _line(x: Any, y: pd.Series, words: Words, *, colour: str, width: float = 1.3) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": x if isinstance(x, list) else _floats(x),
        "y": _floats(y), "name": str(words), "connectgaps": False,
        "line": {"width": width, "color": colour},
    }  # fmt: skip


def _moments(times: pd.Series) -> list[str]:
    return times.dt.strftime("%Y-%m-%dT%H:%M").tolist()


def _floats(values: pd.Series) -> list[Any]:
    """Numbers for JSON, which has no NaN: None leaves a gap."""
    return [float(one) if np.isfinite(one) else None for one in values.to_numpy(np.float64)]
