"""The statement (核算单) as a workbook: the same figures as the print, to be reckoned again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook

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
from ecomon.publish.statement_view import (
    MODES_SHORT,
    RUN_TYPES,
    STATUSES,
    Names,
    StatementView,
    agreement_rows,
    comparison_rows,
    direction_words,
    factor_rows,
    outcome_rows,
    provenance_notes,
    total_rows,
)
from ecomon.publish.wording import INSUFFICIENT, Words

_LINE_COLUMNS = (
    Column(Words("月份", "Month"), 10),
    Column(Words("指标", "Determinand"), 24),
    Column(Words("状态", "Status"), 20),
    Column(Words("有效天数 (d)", "Days"), 10, "0"),
    Column(Words("水量有效率", "Coverage of volume"), 12, "0.0%"),
    Column(Words("浓度 C (mg/L)", "Concentration"), 13, "0.0###"),
    Column(Words("目标 T (mg/L)", "Target"), 13, "0.0###"),
    Column(Words("C − T (mg/L)", "Difference"), 13, "0.0###"),
    Column(Words("水量 V (m³)", "Volume"), 18, "#,##0"),
    Column(Words("超额负荷 (t)", "Excess load"), 16, "#,##0.000###"),
    Column(Words("计费负荷 (t)", "Charged load"), 16, "#,##0.000###"),
    Column(Words("单价 (元/t)", "Price (CNY/t)"), 14, "#,##0.00##"),
    Column(Words("金额 (元)", "Amount (CNY)"), 18, "#,##0.00##"),
    Column(Words("说明", "Reason"), 44),
)
_UNROUNDED_COLUMNS = (
    Column(Words("分录号", "Reference"), 52),
    Column(Words("浓度 (mg/L)", "Concentration"), 26),
    Column(Words("水量 (m³)", "Volume"), 32),
    Column(Words("超额负荷 (t)", "Excess load"), 30),
    Column(Words("金额 (元)", "Amount (CNY)"), 34),
)
_POSTING_COLUMNS = (
    Column(Words("行政区划代码", "Jurisdiction"), 16),
    Column(Words("协议方", "Party"), 34),
    Column(Words("金额 (元)，正为收取", "Amount (CNY), positive receives"), 24, "#,##0.00##"),
    Column(Words("分录号", "Reference"), 56),
)
_FIGURES = (
    "concentration_mg_l", "target_mg_l", "difference_mg_l", "volume_m3", "excess_load_t",
    "charged_load_t", "price_cny_per_t", "amount_cny",
)  # fmt: skip


def statement_workbook(
    document: Mapping[str, Any],
    *,
    names: Names | None = None,
    compared: Mapping[str, Any] | None = None,
) -> bytes:
    """A statement as .xlsx: result, lines, postings, figures before rounding, notes.

    Parameters
    ----------
    document, names, compared
        As in :func:`ecomon.publish.statement_pdf.statement_pdf`.

    Returns
    -------
    bytes
        The same for the same input. Figures are numbers with the document's decimals; what the
        document leaves out is 数据不足 in words, never zero. Figures before rounding are text, for
        they have more places than a cell can keep.

    Raises
    ------
    ContractError
        of a document of another form, or of documents that cannot be compared.

    Source
    ------
    Fields: compensation.md 3.3 (清算表).
    """
    view = StatementView(document, names or {}, compared)

    def fill(book: Workbook, styles: Styles) -> None:
        _result_sheet(book, styles, view)
        _table_sheet(book, styles, view, Words("核算明细", "Lines"), _lines(view))
        postings = [_posting(view, posting) for posting in document["postings"]]
        _table_sheet(book, styles, view, Words("分录", "Postings"), (_POSTING_COLUMNS, postings))
        before = [_unrounded(line) for line in document["lines"]]
        _table_sheet(book, styles, view, Words("修约前", "Unrounded"), (_UNROUNDED_COLUMNS, before))

    title = f"{view.heading} {document['period']}"
    return write_workbook(fill, created=view.period.end, title=title)


def _result_sheet(book: Workbook, styles: Styles, view: StatementView) -> None:
    document = view.document
    sheet = book.add_worksheet("核算单 Statement")
    top = head_lines(sheet, styles, view.title, view.labels, 2)
    rows = [
        (Words("核算时段", "Period"), str(document["period"])),
        (Words("核算类型", "Run type"), str(RUN_TYPES[document["run_type"]])),
        (Words("数据状态", "Status"), str(STATUSES[document["status"]])),
        (Words("缺失指标月", "Factor-months missing"), f"{document['n_missing']} / {document['n_lines']}"),
        *_results(view),
        *((Words("口径比较", "Modes compared"), " | ".join(row)) for row in comparison_rows(view)),
        *agreement_rows(view),
        *((Words("指标：目标 mg/L、单价 元/t、可信度", "Factor: target, price, confidence"), " | ".join(row)) for row in factor_rows(view)),
        *provenance_notes(view),
    ]  # fmt: skip
    write_notes(sheet, styles, rows, top=top)
    sheet.freeze_panes(top, 1)
    for_print(sheet)


def _results(view: StatementView) -> list[tuple[Words, str]]:
    """Both modes of a shadow as equals; else the conclusion and what each party gets."""
    if view.is_shadow:
        rows = outcome_rows(view)
        return [(Words("测算结果", "Calculated result"), " | ".join(row)) for row in rows]
    conclusion = str(direction_words(view, view.document["amount_cny"]))
    totals = (
        (Words("协议方合计", "Total of a party"), " | ".join(row)) for row in total_rows(view)
    )
    return [(Words("核算结论", "Result"), conclusion), *totals]


def _table_sheet(
    book: Workbook,
    styles: Styles,
    view: StatementView,
    title: Words,
    table: tuple[tuple[Column, ...], Iterable[list[Cell]]],
) -> None:
    columns, rows = table
    sheet = book.add_worksheet(str(title))
    top = head_lines(sheet, styles, title, view.labels, len(columns))
    set_widths(sheet, columns)
    write_table(sheet, styles, columns, rows, top=top)
    sheet.freeze_panes(top + 1, 2)
    for_print(sheet, repeat=top)


def _lines(view: StatementView) -> tuple[tuple[Column, ...], list[list[Cell]]]:
    """Columns and rows of the lines; beside a shadow's amounts stand those of the other mode."""
    lines = view.document["lines"]
    rows = [_line(view, line) for line in lines]
    if view.compared is None or not view.is_shadow:
        return _LINE_COLUMNS, rows
    own, other = (MODES_SHORT[one["mode"]] for one in (view.document, view.compared))
    *columns, charged, price, amount, reason = _LINE_COLUMNS
    amounts = {line["reference"]: line["amount_cny"] for line in view.compared["lines"]}
    for row, line in zip(rows, lines, strict=True):
        beside = amounts.get(line["reference"])
        row.insert(-1, INSUFFICIENT.zh if beside is None else Decimal(beside))
    shown = (charged.of(own), price, amount.of(own), amount.of(other), reason)
    return (*columns, *shown), rows


def _line(view: StatementView, line: Mapping[str, Any]) -> list[Cell]:
    is_measured = line["status"] == "measured"
    evidence = line["evidence"]
    coverage = evidence["coverage_volume"]
    return [
        line["month"],
        str(view.name(line["determinand"])),
        "已监测 measured" if is_measured else str(INSUFFICIENT),
        "—" if evidence["n_days"] is None else int(evidence["n_days"]),
        "—" if coverage is None else float(coverage),
        *(INSUFFICIENT.zh if line[name] is None else Decimal(line[name]) for name in _FIGURES),
        line["reason"],
    ]


def _posting(view: StatementView, posting: Mapping[str, Any]) -> list[Cell]:
    names = {
        view.agreement[side]["jurisdiction"]: view.agreement[side]["name_zh"]
        for side in ("upstream", "downstream")
    }
    party = str(posting["party"])
    return [party, names.get(party, party), Decimal(posting["amount_cny"]), posting["line"]]


def _unrounded(line: Mapping[str, Any]) -> list[Cell]:
    before = line["unrounded"]
    if before is None:
        return [line["reference"], *([INSUFFICIENT.zh] * 4)]
    return [
        line["reference"],
        before["concentration_mg_l"],
        before["volume_m3"],
        before["excess_load_t"],
        before["amount_cny"],
    ]
