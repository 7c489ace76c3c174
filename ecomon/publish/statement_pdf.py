"""The statement (核算单) in print: A4 PDF by typst, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecomon.publish.assets import FontSet
from ecomon.publish.statement_view import (
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
        "title": f"{view.agreement['name_zh']}核算单 {document['period']}",
        "running": [
            f"{view.agreement['name_zh']}核算单　{view.agreement['id']} @ {view.agreement['version']}",
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
        "conclusion": _pair(direction_words(view, document["amount_cny"])),
        "totals": total_rows(view),
        "comparison": comparison_rows(view),
        "agreed": _pairs(agreement_rows(view)),
        "factors": factor_rows(view),
        "lines": [_line(view, line) for line in document["lines"]],
        "sum": money_shown(document["amount_cny"]) or str(INSUFFICIENT),
        "missing": missing_rows(view),
        "provenance": _pairs(provenance_notes(view)),
    }


def _line(view: StatementView, line: Mapping[str, Any]) -> dict[str, Any]:
    evidence = line["evidence"]
    coverage = evidence["coverage_volume"]
    is_measured = line["status"] == "measured"
    figures = (
        [
            line["concentration_mg_l"],
            line["target_mg_l"],
            line["difference_mg_l"],
            f"{int(line['volume_m3']):,}",
            line["excess_load_t"],
            line["charged_load_t"],
            money_shown(line["price_cny_per_t"]),
            money_shown(line["amount_cny"]),
        ]
        if is_measured
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
