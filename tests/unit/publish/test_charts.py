"""Charts are figures plotly accepts, with limits, units and flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest

from ecomon.model.determinand import Determinand
from ecomon.model.standard import Standard
from ecomon.publish.bulletin import Bulletin, SectionLine
from ecomon.publish.charts import section_figure


@pytest.fixture
def figure(bulletin: Callable[..., Bulletin]) -> Callable[..., dict[str, Any] | None]:
    def of(site: str, standard: Standard | None = None) -> dict[str, Any] | None:
        shown = bulletin()
        (line,) = [line for line in shown.sections if line.id == site]
        return section_figure(line, shown.series, shown.determinands, standard, family="F")

    return of


def test_plotly_accepts_the_figure(
    figure: Callable[..., dict[str, Any]], standard: Standard
) -> None:
    made = figure("yaodu", standard)
    accepted = go.Figure(data=made["data"], layout=made["layout"])
    assert len(accepted.data) == len(made["data"])


def test_limit_of_the_target_class_is_drawn(
    figure: Callable[..., dict[str, Any]], standard: Standard
) -> None:
    made = figure("yaodu", standard)  # target II
    values = [shape["y0"] for shape in made["layout"]["shapes"]]
    assert values == [6.0, 9.0, 6.0, 4.0, 0.5, 0.1]  # pH 6 and 9, DO, CODMN, NH3N, TP
    assert any("目标Ⅱ类 ≤0.1" in note["text"] for note in made["layout"]["annotations"])
    assert figure("yaodu")["layout"]["shapes"] == []


def test_without_a_target_class_three_is_for_reference(
    standard: Standard, bulletin: Callable[..., Bulletin], determinands: dict[str, Determinand]
) -> None:
    line = SectionLine("yaodu", "姚渡", "Yaodu", "bailong", None, 2, "measured", 0, "no_target")
    made = section_figure(line, bulletin().series, determinands, standard, family="F")
    assert made is not None
    assert [shape["y0"] for shape in made["layout"]["shapes"]][-1] == 0.2
    assert any("目标未配置，仅供参照" in note["text"] for note in made["layout"]["annotations"])


def test_suspect_and_failed_readings_have_their_own_symbols(
    figure: Callable[..., dict[str, Any]],
) -> None:
    traces = [trace for trace in figure("yaodu")["data"] if trace["yaxis"] == "y"]
    plain, suspect, failed = traces
    assert suspect["marker"]["symbol"] != failed["marker"]["symbol"]
    assert len(suspect["x"]) == len(failed["x"]) == 1
    assert plain["y"][100] is None and plain["y"][140] is None
    assert plain["y"][60:75] == [None] * 15 and plain["connectgaps"] is False


def test_units_stand_at_each_panel(figure: Callable[..., dict[str, Any]]) -> None:
    titles = figure("yaodu")["titles"]
    assert titles[0] == {"zh": "pH值（无量纲）", "en": "pH (dimensionless)", "unit": ""}
    assert all("(mg/L)" in title["zh"] and "(mg/L)" in title["en"] for title in titles[1:])


def test_a_section_without_readings_has_no_figure(figure: Callable[..., Any]) -> None:
    assert figure("beiwenquan") is None
