"""The files of ``evidence_csv``, read back as rows of text and as the tables they were made of."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from ecomon.errors import SourceRefused
from ecomon.model.flag import Flag
from ecomon.model.tables import EVIDENCE, EVIDENCE_DAYS, Contract
from ecomon.publish.evidence_csv import DAYS, READINGS, Cells, Field, Kind

_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_FLAGS = frozenset(int(flag) for flag in Flag)
_SUM = next(one for one in DAYS if one.name == "sum")


def read_cells(
    octets: bytes, fields: Sequence[Field], *, optional: Sequence[Field] = ()
) -> list[Cells]:
    """The rows of such a file as text; ``optional`` columns stand last where they stand at all.

    Raises
    ------
    SourceRefused
        where it is not UTF-8, has other columns, or a row of another length.
    """
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise SourceRefused(f"not UTF-8: {wrong}") from None
    try:
        rows = [row for row in csv.reader(StringIO(text, newline="")) if not _is_remark(row)]
    except csv.Error as wrong:
        raise SourceRefused(f"no CSV: {wrong}") from None
    names = [one.name for one in fields]
    if rows and rows[0] == [*names, *(one.name for one in optional)]:
        names = rows[0]
    if not rows or rows[0] != names:
        raise SourceRefused(f"the columns are not {', '.join(names)}")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(names):
            raise SourceRefused(f"row {number}: {len(row)} cells, not {len(names)}")
    return [dict(zip(names, row, strict=True)) for row in rows[1:]]


def readings_of(cells: Sequence[Cells]) -> pd.DataFrame:
    """Table EVIDENCE of rows that :func:`read_cells` gave; ``source_flag`` is not kept in the file.

    Raises
    ------
    SourceRefused
        naming row and column of a cell that is not what its column holds.
    """
    columns: dict[str, Any] = {one.of_table: _values(one, cells) for one in READINGS}
    for number, flag in enumerate(columns["flag"], start=1):
        if flag not in _FLAGS:
            raise SourceRefused(f"row {number}, flag: {flag} is no quality flag")
    columns["source_flag"] = pd.array([None] * len(cells), dtype="str")
    return _frame(EVIDENCE, columns)


def days_of(cells: Sequence[Cells]) -> pd.DataFrame:
    """Table EVIDENCE_DAYS of rows that :func:`read_cells` gave; means are ``sum / n_valid``, exact.

    Raises
    ------
    SourceRefused
        naming row and column of a cell that is not what its column holds.
    """
    columns: dict[str, Any] = {
        one.of_table: _values(one, cells) for one in DAYS if one.column != "exact"
    }
    sums = _values(_SUM, cells)
    means: list[Fraction | None] = []
    for number, (total, n, status) in enumerate(
        zip(sums, columns["n_valid"], columns["status"], strict=True), start=1
    ):
        if (status == "measured") != (total is not None) or (total is not None and n < 1):
            raise SourceRefused(f"row {number}: a mean is given of a measured day, and only of one")
        means.append(None if total is None else total / n)
    n_expected = np.array(columns["n_expected"], dtype=np.int64)
    if (n_expected < 1).any():
        raise SourceRefused(f"row {int(np.argmin(n_expected)) + 1}: no reading expected")
    columns |= {
        "exact": pd.Series(means, dtype="object"),
        "value": [float("nan") if mean is None else float(mean) for mean in means],
        "coverage": np.minimum(np.array(columns["n_valid"], dtype=np.int64) / n_expected, 1.0),
        "period": [f"{start:%Y-%m-%d}" for start in columns["start"]],
        "period_kind": ["day"] * len(cells),
    }
    return _frame(EVIDENCE_DAYS, columns)


def _is_remark(row: list[str]) -> bool:
    return not row or row[0].startswith("#")


def _number(text: str) -> float:
    return float("nan") if not text else float(_matched(text, _NUMBER))


def _fraction(text: str) -> Fraction | None:
    return None if not text else Fraction(_matched(text, _NUMBER))


def _integer(text: str) -> int:
    return int(_matched(text, _INTEGER))


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S+08:00")


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d")


def _yes_no(text: str) -> bool:
    return {"yes": True, "no": False}[text]


def _text(text: str) -> str | None:
    return text or None


def _matched(text: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(text):
        raise ValueError
    return text


_PARSE: dict[Kind, Callable[[str], Any]] = {
    "text": _text, "number": _number, "integer": _integer, "moment": _moment, "day": _day,
    "yes_no": _yes_no,
}  # fmt: skip


def _values(field: Field, cells: Sequence[Cells]) -> list[Any]:
    parse = _fraction if field.column == "exact" else _PARSE[field.kind]
    values: list[Any] = []
    for number, row in enumerate(cells, start=1):
        try:
            values.append(parse(row[field.name]))
        except (ValueError, KeyError):
            raise SourceRefused(
                f"row {number}, {field.name}: {row[field.name]!r} is no {field.kind}"
            ) from None
    return values


def _frame(contract: Contract, columns: Mapping[str, Any]) -> pd.DataFrame:
    if not len(columns["line"]):
        return contract.empty()
    return contract.frame(columns)
