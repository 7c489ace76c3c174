"""Pollutant loads (污染负荷) in print: A4 PDF by typst, in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOADS
from ecomon.publish.assets import FontSet
from ecomon.publish.load_workbook import load_marks, load_notes
from ecomon.publish.typeset import typeset
from ecomon.publish.wording import INSUFFICIENT, Words, number_shown, watermarks

Names = Mapping[str, tuple[str, str]]


def load_pdf(
    loads: pd.DataFrame,
    fonts: FontSet,
    provenance: Provenance,
    period: Period,
    *,
    names: Names | None = None,
    is_shadow: bool = False,
) -> bytes:
    """A PDF of monthly loads.

    Parameters
    ----------
    loads : DataFrame, contract LOADS
        Printed in the order given; a row that is insufficient prints its reason and no number.
    fonts : FontSet
    period : Period
        Of the table; its end dates the file.
    names : mapping of section id or determinand key to (Chinese, English)
    is_shadow : bool
        Adds the mark 模拟核算.

    Returns
    -------
    bytes
        The same for the same input.

    Raises
    ------
    ContractError
        where ``loads`` breaks its contract, or typst fails or warns.

    Source
    ------
    Method B: compensation.md 3.4 and 4.1 (monthly concentration x monthly volume).
    """
    LOADS.check(loads)
    marks = watermarks(provenance, is_shadow=is_shadow)
    data = {
        "title": f"断面污染负荷表 {period.label}",
        "running": ["断面污染负荷表", period.label],
        "period": period.label,
        "marks": [_pair(mark) for mark in marks],
        "labels": [_pair(mark) for mark in load_marks(provenance, is_shadow=is_shadow)],
        "rows": [_row(row, names or {}) for row in loads.to_dict(orient="records")],
        "notes": [[*_pair(label), text] for label, text in load_notes(loads, provenance)],
    }
    return typeset("loads.typ", data, fonts, dated=period.end)


def _row(row: Mapping[Any, Any], names: Names) -> dict[str, Any]:
    is_measured = row["status"] == "measured"
    reason = str(row["reason"])
    figures = [
        _shown(row["concentration_mg_l"], 4),
        _shown(row["volume_m3"], 0),
        _shown(row["load_t"], 3),
        f"{_shown(row['lower_t'], 3)} – {_shown(row['upper_t'], 3)}",
    ]
    return {
        "section": list(names.get(str(row["section"]), (str(row["section"]), ""))),
        "name": list(names.get(str(row["determinand"]), (str(row["determinand"]), ""))),
        "month": str(row["period"]),
        "figures": figures if is_measured else [],
        "lack": f"{INSUFFICIENT.zh} {INSUFFICIENT.en}：{reason or '—'}",
        "days": str(int(row["n_days"])),
        "coverage": _share(row["coverage_volume"]),
        "censored": _share(row["censored_share"]),
        "note": reason if is_measured else "—",
    }


def _shown(value: float, decimals: int) -> str:
    return number_shown(value, decimals) or INSUFFICIENT.zh


def _share(value: float) -> str:
    return f"{100 * value:.1f}%" if math.isfinite(value) else "—"


def _pair(words: Words) -> list[str]:
    return [words.zh, words.en]
