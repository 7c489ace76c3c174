"""The figure of a load and its page: what plotly accepts, with units, and reasons where data lack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from ecomon.errors import ContractError
from ecomon.model.provenance import Provenance
from ecomon.publish.assets import FontSet
from ecomon.publish.load_figure import load_figure
from ecomon.publish.load_page import load_page
from ecomon.publish.load_series import (
    LOAD_DAYS,
    LOAD_FIT,
    LOAD_SAMPLES,
    LOAD_TREND,
    SectionLoad,
)

N = 186


@pytest.fixture
def load(estimates: pd.DataFrame) -> Callable[..., SectionLoad]:
    """``load("TP")``: a March of four-hourly samples with a gap of two days in the daily loads."""

    def of(determinand: str, **changes: Any) -> SectionLoad:
        step = np.arange(N)
        discharge = 80 * np.exp(0.9 * np.sin(step / 25))
        fitted = 0.08 * np.sqrt(discharge / 80)
        concentration = fitted * np.exp(0.2 * np.cos(step * 1.7))
        is_censored = concentration < 0.05
        days = pd.date_range("2021-03-01", periods=31, unit="us")
        daily = 0.8 + 0.4 * np.sin(np.arange(31) / 4)
        daily[14:16] = np.nan
        stated: dict[str, Any] = {
            "samples": LOAD_SAMPLES.frame(
                {
                    "start": pd.date_range("2021-03-01", periods=N, freq="4h", unit="us"),
                    "discharge_m3_s": discharge, "is_censored": is_censored,
                    "concentration_mg_l": np.maximum(concentration, 0.05), "fitted_mg_l": fitted,
                    "residual": np.where(is_censored, np.nan, np.log(concentration / fitted)),
                }
            ),
            "fit": LOAD_FIT.frame({"discharge_m3_s": [40.0, 160.0], "concentration_mg_l": [0.057, 0.113]}),
            "days": LOAD_DAYS.frame(
                {"start": days, "load_t": daily, "lower_t": daily * 0.9, "upper_t": daily * 1.15,
                 "is_estimated": [5 <= day < 8 for day in range(31)]}
            ),
            "trend": LOAD_TREND.frame(
                {"start": np.array(["2019-01-01", "2020-01-01", "2021-01-01"], "datetime64[us]"),
                 "load_t": [290.0, 310.0, 280.0], "flow_normalised_t": [300.0, 296.0, 292.0]}
            ),
        }  # fmt: skip
        own = estimates[estimates["determinand"] == determinand].reset_index(drop=True)
        return SectionLoad("yaodu", determinand, "2021-03", own, **{**stated, **changes})

    return of


def named(figure: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace["name"].startswith(name)]


def test_plotly_accepts_the_figure_and_it_is_json(load: Callable[..., SectionLoad]) -> None:
    figure = load_figure(load("TP"), family="F")
    accepted = go.Figure(data=figure["data"], layout=figure["layout"])
    assert len(accepted.data) == len(figure["data"])
    assert json.loads(json.dumps(figure, allow_nan=False)) == figure
    assert {trace["yaxis"] for trace in figure["data"]} == {"y", "y2", "y3", "y4", "y5"}


def test_every_axis_of_numbers_says_its_unit(load: Callable[..., SectionLoad]) -> None:
    layout = load_figure(load("TP"), family="F")["layout"]
    titles = {name: axis["title"]["text"] for name, axis in layout.items() if "axis" in name}
    assert titles.pop("yaxis4") == ""  # names of methods
    for name in ("xaxis2", "xaxis3", "xaxis5"):
        assert re.search("time|year", titles.pop(name))
    assert all(re.search(r"[(（].+[)）]$", text) for text in titles.values()), titles
    assert layout["xaxis"]["type"] == layout["yaxis"].get("type", "log") == "log"


def test_a_gap_is_a_gap_in_line_and_band(load: Callable[..., SectionLoad]) -> None:
    figure = load_figure(load("TP"), family="F")
    (line,) = named(figure, "日负荷")
    assert [at for at, value in enumerate(line["y"]) if value is None] == [14, 15]
    assert not line["connectgaps"]
    bands = named(figure, "95% 区间")
    assert [len(band["x"]) for band in bands] == [28, 30]  # there and back over 14 and 15 days
    assert [band["showlegend"] for band in bands] == [True, False]
    (filled,) = named(figure, "含填补")
    assert filled["x"] == [f"2021-03-0{day}T00:00" for day in (6, 7, 8)]


def test_what_is_censored_stands_at_its_limit_with_another_symbol(
    load: Callable[..., SectionLoad],
) -> None:
    figure = load_figure(load("TP"), family="F")
    (exact,), (censored,) = named(figure, "样品"), named(figure, "未检出")
    assert set(censored["y"]) == {0.05} and min(exact["y"]) > 0.05
    assert censored["marker"]["symbol"] != exact["marker"]["symbol"]
    (residuals,) = named(figure, "残差")
    assert len(residuals["y"]) == len(exact["y"])


def test_methods_stand_beside_one_another(load: Callable[..., SectionLoad]) -> None:
    figure = load_figure(load("TP"), family="F")
    (best,), (agreed,) = named(figure, "最佳估计"), named(figure, "协议核算")
    assert (best["x"], agreed["x"]) == ([24.21], [25.66])
    assert best["error_x"]["arrayminus"] == [pytest.approx(24.21 - 22.5)]
    (spread,) = named(figure, "A–E")
    ends = spread["x"][0] - spread["error_x"]["arrayminus"][0], spread["x"][0] + spread["error_x"]["array"][0]  # fmt: skip
    assert ends == pytest.approx((22.7, 31.7))


def test_a_panel_without_data_says_why_and_shows_no_axes(load: Callable[..., SectionLoad]) -> None:
    bare = load(
        "TN", samples=LOAD_SAMPLES.empty(), fit=LOAD_FIT.empty(), days=LOAD_DAYS.empty(),
        trend=LOAD_TREND.empty(), trend_reason="不足三年 <3 years",
    )  # fmt: skip
    figure = load_figure(bare, family="F")
    assert figure["data"] == []
    texts = [note["text"] for note in figure["layout"]["annotations"]][5:]
    assert texts == [
        "无可用样品 no samples", "无可用样品 no samples", "无逐日负荷 no daily loads",
        "没有方法给出数值 no method gives a<br>number", "不足三年 &lt;3 years",
    ]  # fmt: skip
    assert all(axis["visible"] is False for name, axis in figure["layout"].items() if "axis" in name)  # fmt: skip


def test_a_table_of_another_shape_is_refused(load: Callable[..., SectionLoad]) -> None:
    with pytest.raises(ContractError, match=r"daily loads: .*no column 'load_t'"):
        load_figure(load("TP", days=pd.DataFrame({"start": []})), family="F")


def test_the_page_is_whole_marked_and_asks_nothing_outside(
    load: Callable[..., SectionLoad],
    fonts: FontSet,
    provenance: Callable[..., Provenance],
    names: dict[str, tuple[str, str]],
) -> None:
    loads = [load("TP"), load("TN")]
    files = load_page(loads, fonts, provenance("example"), names=names)
    assert files == load_page(loads, fonts, provenance("example"), names=names)
    page = files["index.html"].decode()
    assert "示例数据" in page and "connect-src 'none'" in page and 'class="show-zh"' in page
    asked = set(re.findall(r'(?:src|href)="([^"]+)"', page))
    assert asked == {"assets/ecomon.css", "assets/ecomon.js", "assets/plotly.min.js"}
    assert asked < set(files)
    assert "姚渡" in page and "Yaodu" in page and "25.66" in page and "-1.450" in page
    assert "仅给上下限" in page and ">0.000<" not in page
    english = load_page(loads, fonts, provenance("real"), names=names, language="en")
    assert 'class="show-en"' in english["index.html"].decode()
    assert 'class="band"' not in english["index.html"].decode()


def test_text_of_the_data_is_no_markup(
    load: Callable[..., SectionLoad], fonts: FontSet, provenance: Callable[..., Provenance]
) -> None:
    one = load("TP")
    odd = one.estimates.assign(reason=pd.array(["</script><b>x / y"] * len(one.estimates), "str"))
    page = load_page([load("TP", trend=LOAD_TREND.empty(), trend_reason="</script><i>")], fonts, provenance("real"))  # fmt: skip
    assert "</script><i>" not in page["index.html"].decode()
    changed = SectionLoad(one.section, one.determinand, one.period, odd)
    assert "<b>" not in load_page([changed], fonts, provenance("real"))["index.html"].decode()
