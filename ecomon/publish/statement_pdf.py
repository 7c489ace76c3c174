"""The statement (核算单) in print: A4 PDF by typst, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecomon.publish.assets import FontSet
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
    missing_rows,
    money_shown,
    outcome_rows,
    provenance_notes,
    total_rows,
)
from ecomon.publish.typeset import typeset
from ecomon.publish.wording import INSUFFICIENT, Words


def statement_pdf(
    document: Mapping[str, Any],
    fonts: FontSet,
    *,
    names: Names | None = None,
    compared: Mapping[str, Any] | None = None,
) -> bytes:
    """A statement as PDF.

    Parameters
    ----------
    document : mapping
        ``Statement.as_document()``: form ``ecomon-statement-1``.
    fonts : FontSet
        Its folder is handed to typst, and no font of the system is used.
    names : mapping of determinand key or section id to (Chinese, English)
    compared : mapping, optional
        The same agreement, period and data settled in the other mode, set side by side.

    Returns
    -------
    bytes
        The same for the same input: the creation date is the end of the document's period.

    Raises
    ------
    ContractError
        of a document of another form, of documents that cannot be compared, or where typst warns
        (a font or glyph it did not find would print as nothing).

    Source
    ------
    Fields: compensation.md 3.3. Margins and page number: GB/T 9704-2012 (from memory, unverified).
    """
    view = StatementView(document, names or {}, compared)
    return typeset("statement.typ", _sheet_of(view), fonts, dated=view.period.end)


def _sheet_of(view: StatementView) -> dict[str, Any]:
    """All that the template sets, as text."""
    document = view.document
    return {
        "title": f"{view.heading} {document['period']}",
        "kind": _pair(view.title),
        "is_shadow": view.is_shadow,
        "running": [
            f"{view.heading}　{view.agreement['id']} @ {view.agreement['version']}",
            f"{document['period']}　{RUN_TYPES[document['run_type']].zh}",
        ],
        "agreement": _pair(Words(view.agreement["name_zh"], view.agreement["name_en"])),
        "period": document["period"],
        "run_type": _pair(RUN_TYPES[document["run_type"]]),
        "status": _pair(STATUSES[document["status"]]),
        "section": _pair(view.name(view.agreement["section"])),
        "missing_count": f"{document['n_missing']} / {document['n_lines']}",
        "marks": [_pair(mark) for mark in view.marks],
        "labels": [_pair(label) for label in view.labels],
        "outcomes": outcome_rows(view),
        "conclusion": _pair(direction_words(view, document["amount_cny"])),
        "totals": total_rows(view),
        "comparison": comparison_rows(view),
        "agreed": _pairs(agreement_rows(view)),
        "factors": factor_rows(view),
        "heads": [[zh, en] for zh, en, _ in _columns(view)],
        "widths": [width for _, _, width in _columns(view)],
        "lines": _lines(view),
        "sums": [
            money_shown(one["amount_cny"]) or str(INSUFFICIENT) for one in _amounts_beside(view)
        ],
        "missing": missing_rows(view),
        "provenance": _pairs(provenance_notes(view)),
    }


def _amounts_beside(view: StatementView) -> tuple[Mapping[str, Any], ...]:
    """The documents whose amounts stand in the annex: both modes of a shadow, else its own."""
    return view.side_by_side if view.is_shadow else (view.document,)


def _columns(view: StatementView) -> list[tuple[str, str, int]]:
    """Head and width (mm) of each figure of a line."""
    shared = [
        ("C\n(mg/L)", "", 17), ("T\n(mg/L)", "", 15), ("C − T\n(mg/L)", "", 17),
        ("V (m³)", "Volume", 28), ("超额负荷\n(t)", "Excess load", 24),
    ]  # fmt: skip
    price = ("单价\n(元/t)", "CNY/t", 20)
    beside = _amounts_beside(view)
    if len(beside) == 1:
        charged = ("计费负荷\n(t)", "Charged load", 24)
        return [*shared, charged, price, ("金额（元）", "Amount (CNY)", 30)]
    amounts = [
        (f"{MODES_SHORT[one['mode']].zh}\n金额（元）", MODES_SHORT[one["mode"]].en, 28)
        for one in beside
    ]
    return [*shared, price, *amounts]


def _lines(view: StatementView) -> list[dict[str, Any]]:
    beside = _amounts_beside(view)
    amounts = [{line["reference"]: line["amount_cny"] for line in one["lines"]} for one in beside]
    return [
        _line(view, line, [known.get(line["reference"]) for known in amounts])
        for line in view.document["lines"]
    ]


def _line(
    view: StatementView, line: Mapping[str, Any], amounts: Sequence[str | None]
) -> dict[str, Any]:
    evidence = line["evidence"]
    coverage = evidence["coverage_volume"]
    charged = [line["charged_load_t"]] if len(amounts) == 1 else []
    figures = (
        [
            line["concentration_mg_l"],
            line["target_mg_l"],
            line["difference_mg_l"],
            f"{int(line['volume_m3']):,}",
            line["excess_load_t"],
            *charged,
            money_shown(line["price_cny_per_t"]),
            *(money_shown(amount) or str(INSUFFICIENT) for amount in amounts),
        ]
        if line["status"] == "measured"
        else []
    )
    return {
        "month": line["month"],
        "name": _pair(view.name(line["determinand"])),
        "days": "—" if evidence["n_days"] is None else str(evidence["n_days"]),
        "coverage": "—" if coverage is None else f"{100 * float(coverage):.1f}%",
        "figures": figures,
        "lack": f"{INSUFFICIENT.zh} {INSUFFICIENT.en}：{line['reason'] or '—'}",
    }


def _pair(words: Words) -> list[str]:
    return [words.zh, words.en]


def _pairs(rows: Sequence[tuple[Words, str]]) -> list[list[str]]:
    return [[words.zh, words.en, value] for words, value in rows]
