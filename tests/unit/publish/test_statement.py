"""The statement in print and as a workbook: the document's figures, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from ecomon.errors import ContractError
from ecomon.publish.assets import FontSet
from ecomon.publish.statement_pdf import statement_pdf
from ecomon.publish.statement_view import StatementView, direction_words
from ecomon.publish.statement_workbook import statement_workbook

Make = Callable[..., dict[str, Any]]


def text_of(octets: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(octets)).pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="module")
def printed(statement: Make, fonts: FontSet, names: dict[str, tuple[str, str]]) -> bytes:
    """Two months, one factor-month of them insufficient, with the other mode beside."""
    return statement_pdf(
        statement("2021-04/2021-05"),
        fonts,
        names=names,
        compared=statement("2021-04/2021-05", mode="one_sided"),
    )


def test_same_input_same_octets(
    printed: bytes, statement: Make, fonts: FontSet, names: dict[str, tuple[str, str]]
) -> None:
    again = statement_pdf(
        statement("2021-04/2021-05"),
        fonts,
        names=names,
        compared=statement("2021-04/2021-05", mode="one_sided"),
    )
    assert again == printed
    created = PdfReader(BytesIO(printed)).metadata
    assert created is not None and f"{created.creation_date:%Y-%m-%d}" == "2021-05-31"  # UTC


def test_the_printed_amounts_of_the_formula_catalogue(statement: Make, fonts: FontSet) -> None:
    """compensation.md F2: two-sided 93.312, one-sided 256.608 (10,000 yuan)."""
    text = text_of(
        statement_pdf(
            statement("2021-04", is_shadow=False),
            fonts,
            compared=statement("2021-04", mode="one_sided", is_shadow=False),
        )
    )
    for figure in ("933,120.00", "2,566,080.00", "139.9680", "4.6656", "-16.3296", "116,640,000",
                   "-2,099,520.00", "1,632,960.00"):  # fmt: skip
        assert figure in text, figure
    assert "玖拾叁万叁仟壹佰贰拾元整" in squeezed(text)
    assert "上游甘肃省（测算）应向下游四川省支付933,120.00元" in squeezed(text)


def test_chinese_is_set_in_the_embedded_font(printed: bytes) -> None:
    text = squeezed(text_of(printed))
    for words in (
        "生态补偿模拟核算单",
        "高锰酸盐指数",
        "协议要素",
        "数据来源与版本",
        "数据未经审核",
        "有效天数",
    ):
        assert words in text, words
    reader = PdfReader(BytesIO(printed))
    names = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile3" in descendant["/FontDescriptor"]
            names.add(str(descendant["/BaseFont"]).split("+")[1])
    assert {name.split("-Identity")[0] for name in names} == {"NotoSansSC-Regular", "NotoSansSC-Bold"}  # fmt: skip


def test_insufficient_month_says_so_and_has_no_zero(printed: bytes) -> None:
    text = squeezed(text_of(printed))
    assert "1/6个指标月数据不足，无金额，未按零计入" in text
    assert "数据不足insufficientdata：有效浓度9天" in text
    assert "数据不完整，暂不结算" in text


@pytest.mark.parametrize("is_shadow", [True, False])
def test_nothing_settled_gives_no_amount(statement: Make, fonts: FontSet, is_shadow: bool) -> None:
    nothing = statement("2021-06", is_shadow=is_shadow)
    assert nothing["amount_cny"] is None
    text = squeezed(text_of(statement_pdf(nothing, fonts)))
    assert "0.00" not in text and ("数据不足，不计算金额" in text) != is_shadow


def test_a_shadow_shows_both_modes_as_equals_and_is_not_signed(
    printed: bytes, statement: Make, fonts: FontSet, names: dict[str, tuple[str, str]]
) -> None:
    first, *_, last = (squeezed(page.extract_text()) for page in PdfReader(BytesIO(printed)).pages)
    outcome = first[first.index("测算结果") : first.index("数据缺失月份")]
    assert outcome.index("单向") < outcome.index("双向")
    other = statement("2021-04/2021-05", mode="one_sided")
    for document in (statement("2021-04/2021-05"), other):
        amount = f"{abs(Decimal(document['amount_cny'])):,f}"
        assert amount in outcome and amount in last
    assert "大写" not in first + last and "协议方" not in outcome and "签署" in last
    assert "编制" not in last and "模拟核算，不签署" in last
    swapped = statement_pdf(other, fonts, names=names, compared=statement("2021-04/2021-05"))
    again = squeezed(PdfReader(BytesIO(swapped)).pages[0].extract_text())
    assert again[again.index("测算结果") : again.index("数据缺失月份")] == outcome


def test_an_agreement_in_force_has_its_signatures_and_its_provenance_last(
    statement: Make, fonts: FontSet
) -> None:
    octets = statement_pdf(statement("2021-04", is_shadow=False), fonts)
    pages = [squeezed(page.extract_text()) for page in PdfReader(BytesIO(octets)).pages]
    assert "编制" in pages[-1] and "不签署" not in pages[-1] and "大写" in pages[0]
    assert "数据来源与版本" in pages[-1] and "附表" in pages[-1]  # no page of its own
    assert "生态补偿核算单" in pages[0] and "Runtype" in pages[0]


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("姚渡断面 甘→川 水质水量补偿（模拟）", "姚渡断面 甘→川 水质水量补偿（模拟）核算单"),
        ("姚渡模拟核算", "姚渡模拟核算单"),
    ],
)
def test_the_title_does_not_say_it_twice(statement: Make, name: str, heading: str) -> None:
    document = statement("2021-04")
    document["agreement"] = {**document["agreement"], "name_zh": name}
    assert StatementView(document, {}).heading == heading


@pytest.mark.parametrize(
    ("kind", "is_shadow", "marks"),
    [
        ("real", False, ()),
        ("real", True, ("SHADOW CALCULATION",)),
        ("example", False, ("EXAMPLE DATA",)),
        ("example", True, ("SHADOW CALCULATION", "EXAMPLE DATA")),
    ],
)
def test_watermark_on_every_page_only_where_due(
    statement: Make, fonts: FontSet, kind: str, is_shadow: bool, marks: tuple[str, ...]
) -> None:
    octets = statement_pdf(statement("2021-04", kind=kind, is_shadow=is_shadow), fonts)
    pages = [squeezed(page.extract_text()) for page in PdfReader(BytesIO(octets)).pages]
    for mark in ("SHADOW CALCULATION", "EXAMPLE DATA"):
        last = squeezed(mark) in pages[-1]  # the annex holds no label, so this is the watermark
        assert last == (mark in marks), mark


def test_pages_are_numbered_and_long_tables_repeat_their_heading(
    statement: Make, fonts: FontSet
) -> None:
    document = statement("2021-04/2021-05")
    document["lines"] = document["lines"] * 12
    pages = PdfReader(BytesIO(statement_pdf(document, fonts))).pages
    texts = [squeezed(page.extract_text()) for page in pages]
    total = len(texts)
    for number, text in enumerate(texts, start=1):
        assert f"—{number}/{total}—" in text
    annex = [text for text in texts if "计费负荷" in text]
    assert len(annex) >= 2 and sum("附表" in text for text in annex) == 1


def test_print_is_a4(printed: bytes) -> None:
    for page in PdfReader(BytesIO(printed)).pages:
        sides = sorted((round(float(page.mediabox.width)), round(float(page.mediabox.height))))
        assert sides == [595, 842]


def test_the_other_form_and_strangers_are_refused(statement: Make, fonts: FontSet) -> None:
    april = statement("2021-04")
    with pytest.raises(ContractError, match="form"):
        statement_pdf({**april, "form": "x"}, fonts)
    with pytest.raises(ContractError, match="period"):
        statement_pdf(april, fonts, compared=statement("2021-05", mode="one_sided"))
    with pytest.raises(ContractError, match="one mode"):
        statement_workbook(april, compared=april)


@pytest.mark.parametrize(
    ("amount", "zh"),
    [
        ("12.50", "下游四川省（测算）应向上游甘肃省支付 12.50 元（大写：人民币壹拾贰元伍角）。"),
        ("-3.00", "上游甘肃省（测算）应向下游四川省支付 3.00 元（大写：人民币叁元整）。"),
        ("0.00", "双方互不支付。"),
        (None, "数据不足，不计算金额。"),
    ],
)
def test_direction_in_words(statement: Make, amount: str | None, zh: str) -> None:
    view = StatementView(statement("2021-04", is_shadow=False), {})
    assert direction_words(view, amount).zh == zh


def sheets_of(octets: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(BytesIO(octets))
    return {sheet.title: [list(row) for row in sheet.values] for sheet in book}


def test_workbook_holds_the_documents_figures(
    statement: Make, names: dict[str, tuple[str, str]]
) -> None:
    document = statement("2021-04/2021-05")
    octets = statement_workbook(document, names=names)
    assert statement_workbook(document, names=names) == octets
    sheets = sheets_of(octets)
    rows = sheets["核算明细 Lines"][4:]
    figures = ("concentration_mg_l", "target_mg_l", "difference_mg_l", "volume_m3", "excess_load_t",
               "charged_load_t", "price_cny_per_t", "amount_cny")  # fmt: skip
    assert len(rows) == len(document["lines"])
    for row, line in zip(rows, document["lines"], strict=True):
        if line["status"] == "measured":
            assert [Decimal(repr(cell)) for cell in row[5:13]] == [
                Decimal(line[name]) for name in figures
            ]
        else:
            assert row[2].startswith("数据不足") and row[5] == row[8] == row[12] == "数据不足"
    postings = sheets["分录 Postings"][4:]
    assert sum(Decimal(repr(row[2])) for row in postings) == 0
    assert len(postings) == len(document["postings"])


def test_workbook_of_a_shadow_has_both_modes_in_each_line(statement: Make) -> None:
    document, other = statement("2021-04/2021-05"), statement("2021-04/2021-05", mode="one_sided")
    sheets = sheets_of(statement_workbook(document, compared=other))
    heads, *rows = sheets["核算明细 Lines"][3:]
    assert heads[12].startswith("双向 金额") and heads[13].startswith("单向 金额")
    for row, own, beside in zip(rows, document["lines"], other["lines"], strict=True):
        if own["status"] == "measured":
            assert Decimal(repr(row[12])) == Decimal(own["amount_cny"])
            assert Decimal(repr(row[13])) == Decimal(beside["amount_cny"])
        else:
            assert row[12] == row[13] == "数据不足"
    results = [row[1] for row in sheets["核算单 Statement"] if str(row[0]).startswith("测算结果")]
    assert [text.split("（")[0] for text in results] == ["单向", "双向"]
    assert not any("大写" in str(cell) for row in sheets["核算单 Statement"] for cell in row)


def test_workbook_keeps_figures_before_rounding_as_text(statement: Make) -> None:
    document = statement("2021-04/2021-05")
    rows = sheets_of(statement_workbook(document))["修约前 Unrounded"][4:]
    assert rows[0][1:] == [
        document["lines"][0]["unrounded"][name]
        for name in ("concentration_mg_l", "volume_m3", "excess_load_t", "amount_cny")
    ]
    assert rows[4][1:] == ["数据不足"] * 4


@pytest.mark.parametrize(("kind", "is_shadow"), [("real", False), ("example", True)])
def test_workbook_bears_the_labels(statement: Make, kind: str, is_shadow: bool) -> None:
    sheets = sheets_of(statement_workbook(statement("2021-04", kind=kind, is_shadow=is_shadow)))
    for rows in sheets.values():
        assert ("模拟核算" in str(rows[1][0])) == is_shadow
        assert ("示例数据" in str(rows[1][0])) == (kind == "example")
