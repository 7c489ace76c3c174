"""The load report: best beside settlement, in a workbook and in print."""

from __future__ import annotations

import math
from collections.abc import Callable
from io import BytesIO
from typing import Any

import openpyxl
import pandas as pd
import pytest
from pypdf import PdfReader

from ecomon.errors import ContractError
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOAD_ESTIMATES
from ecomon.publish.assets import FontSet
from ecomon.publish.load_report import report_lines
from ecomon.publish.load_report_pdf import load_report_pdf
from ecomon.publish.load_report_workbook import load_report_workbook
from ecomon.publish.load_words import figures_shown, reason_words, span_shown

Of = Callable[..., Provenance]
MARCH = Period.parse("2021-03")


def rows_of(octets: bytes, sheet: str) -> list[list[Any]]:
    book = openpyxl.load_workbook(BytesIO(octets))
    return [list(row) for row in book[sheet].iter_rows(values_only=True)]


def text_of(octets: bytes) -> tuple[int, str]:
    pages = PdfReader(BytesIO(octets)).pages
    return len(pages), "".join(page.extract_text() for page in pages)


def test_a_line_holds_best_settlement_and_their_difference(estimates: pd.DataFrame) -> None:
    tp, tn = report_lines(estimates)
    assert (tp.determinand, tp.period) == ("TP", "2021-03")
    assert tp.difference_t == pytest.approx(24.21 - 25.66)
    assert tp.difference_share == pytest.approx((24.21 - 25.66) / 25.66)
    assert tp.spread_t == (22.7, 31.7)
    assert tp.reasons == [("best", estimates["reason"][0])]
    assert math.isnan(tn.difference_t) and tn.settlement is None
    assert report_lines(LOAD_ESTIMATES.empty()) == []


def test_a_number_without_a_standing_is_never_shown(estimates: pd.DataFrame) -> None:
    """A load that is NaN, or that a wrong row gave beside "insufficient", is no number."""
    odd = estimates.assign(load_t=1.0)
    assert math.isnan(report_lines(odd)[1].difference_t)
    assert figures_shown(math.nan) is None and span_shown(math.nan, math.nan) is None
    assert span_shown(1.0, math.nan) == "1.000 – ?"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(812.34, "812.3"), (0.012345, "0.01234"), (1234567.8, "1,234,568"), (0.0, "0.000"), (-1.45, "-1.450"),
     (9.9995, "10.000"), (1e-9, "0.000000")],
)  # fmt: skip
def test_masses_have_about_four_figures(value: float, shown: str) -> None:
    assert figures_shown(value) == shown


def test_a_reason_is_told_in_both_languages() -> None:
    words = reason_words("甲 / one；乙 / two；丙")
    assert (words.zh, words.en) == ("甲；乙；丙", "one; two; 丙")


def test_the_workbook_reads_back(
    estimates: pd.DataFrame, provenance: Of, names: dict[str, tuple[str, str]]
) -> None:
    octets = load_report_workbook(estimates, provenance("example"), names=names)
    assert load_report_workbook(estimates, provenance("example"), names=names) == octets
    mark, _, heading, tp, tn = rows_of(octets, "对照 Comparison")[1:]
    assert "示例数据" in mark[0]
    assert heading[3] == "最佳估计 (t)\nBest estimate (t)"
    assert tp[:3] == ["姚渡 Yaodu", "总磷 total phosphorus", "2021-03"]
    assert tp[3:6] == [24.21, 22.5, 26.1]
    assert tp[7] == 25.66 and tp[9] == pytest.approx(-1.45)
    assert tn[3] == "仅给上下限" and tn[4:6] == ["—", "—"] and tn[11:13] == [1.0, 3.2]
    methods = rows_of(octets, "各方法 Methods")[4:]
    assert [row[3].split()[0] for row in methods] == ["最佳估计", "协议核算", "对照", "A–E", "最佳估计"]  # fmt: skip
    assert methods[3][5] == "—" and methods[3][6:8] == [22.7, 31.7]
    assert rows_of(octets, "说明 Notes")[3][0].startswith("负荷")


def test_the_workbook_is_dated_by_the_data_and_runs_no_formula(
    estimates: pd.DataFrame, provenance: Of
) -> None:
    odd = estimates.assign(reason=pd.array(["=1+1"] * len(estimates), dtype="str"))
    book = openpyxl.load_workbook(BytesIO(load_report_workbook(odd, provenance("real"))))
    assert f"{book.properties.created:%Y-%m-%d}" == "2021-04-01"
    cell = book["各方法 Methods"].cell(row=4, column=19)
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_the_print_is_one_page_in_both_languages(
    estimates: pd.DataFrame, fonts: FontSet, provenance: Of, names: dict[str, tuple[str, str]]
) -> None:
    octets = load_report_pdf(estimates, fonts, provenance("example"), MARCH, names=names)
    assert octets == load_report_pdf(estimates, fonts, provenance("example"), MARCH, names=names)
    n_pages, text = text_of(octets)
    assert n_pages == 1
    for wanted in ("断面污染负荷报告", "Load report", "示例数据", "姚渡", "Yaodu", "24.21", "25.66",
                   "-5.7%", "仅给上下限", "1.000 – 3.200", "87.1%", "91.2%", "少于 6 个"):  # fmt: skip
        assert wanted in text, wanted
    _, english = text_of(
        load_report_pdf(estimates, fonts, provenance("real"), MARCH, names=names, language="en")
    )
    assert english.index("Load report") < english.index("断面污染负荷报告")
    assert "bracket only" in english and "EXAMPLE" not in english


def test_nine_determinands_still_fit_on_the_page(
    estimates: pd.DataFrame, fonts: FontSet, provenance: Of
) -> None:
    tp = estimates[estimates["determinand"] == "TP"]
    many = pd.concat(
        [tp.assign(determinand=pd.array([f"D{n}"] * len(tp), "str")) for n in range(9)]
    )
    octets = load_report_pdf(many.reset_index(drop=True), fonts, provenance("example"), MARCH)
    assert text_of(octets)[0] == 1


def test_a_table_of_another_shape_is_refused(estimates: pd.DataFrame, provenance: Of) -> None:
    with pytest.raises(ContractError, match="load estimates"):
        load_report_workbook(estimates.drop(columns="load_t"), provenance("real"))
