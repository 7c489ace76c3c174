from __future__ import annotations

import io
from collections.abc import Callable

import pandas as pd
from pypdf import PdfReader

from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.publish.assets import FontSet
from ecomon.publish.load_pdf import load_pdf

SPRING = Period.parse("2021-04/2021-05")
NAMES = {"yaodu": ("姚渡", "Yaodu"), "CODMN": ("高锰酸盐指数", "permanganate index")}


def text_of(octets: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages)


def test_figures_reasons_and_marks_are_in_print(
    loads: pd.DataFrame, fonts: FontSet, provenance: Callable[..., Provenance]
) -> None:
    printed = text_of(
        load_pdf(loads, fonts, provenance("example"), SPRING, names=NAMES, is_shadow=True)
    )
    for text in (
        "断面污染负荷表",
        "仅日间",
        "between-day",
        "区间未包含",
        "方法 B 的局限",
        "姚渡",
        "高锰酸盐指数",
        "116,640,000",
        "模拟核算",
        "示例数据",
        "数据不足",
    ):
        assert text in printed, text


def test_real_data_bear_no_mark(
    loads: pd.DataFrame, fonts: FontSet, provenance: Callable[..., Provenance]
) -> None:
    printed = text_of(load_pdf(loads, fonts, provenance("real"), SPRING))
    assert "示例" not in printed and "模拟" not in printed


def test_a_month_without_a_load_prints_its_reason_and_no_number(
    loads: pd.DataFrame, fonts: FontSet, provenance: Callable[..., Provenance]
) -> None:
    lacking = loads[loads["status"] != "measured"].reset_index(drop=True)
    assert len(lacking)
    printed = text_of(load_pdf(lacking, fonts, provenance("real"), SPRING))
    assert "数据不足" in printed and "0.000" not in printed


def test_the_same_octets_on_a_re_run(
    loads: pd.DataFrame, fonts: FontSet, provenance: Callable[..., Provenance]
) -> None:
    once = load_pdf(loads, fonts, provenance("real"), SPRING)
    assert load_pdf(loads, fonts, provenance("real"), SPRING) == once
