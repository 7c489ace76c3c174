"""Emergency samples as a laboratory or a field team reports them: one row a result.

Columns are those of ``model.sample.SAMPLE_COLUMNS``, in Chinese or English, in any order, in a workbook
or as CSV; what stands above the heading (title, instructions, an example) is not looked at.
Programme ``emergency``, statistic ``value``, an instant (duration 0); the time of the result becomes
``reported_at``, 疑似 or 确认 the ``source_flag``. Fields after HJ 589-2021 (see ``model.sample``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd

from ecomon.decode.sample_cells import (
    Result,
    name_determinands,
    read_determinand,
    read_limit,
    read_replicate,
    read_result,
    read_status,
    read_unit,
)
from ecomon.decode.typed_sheet import (
    Doubtful,
    Fields,
    fold,
    read_moment,
    read_typed_sheets,
    to_us,
)
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected
from ecomon.model.sample import (
    CONFIRMED,
    FEED,
    LIST_HEADINGS,
    PROGRAMME,
    SAMPLE_COLUMNS,
    SUSPECTED,
)
from ecomon.model.tables import OBSERVATIONS

_REQUIRED = tuple(column.key for column in SAMPLE_COLUMNS if column.is_required)
_HEADINGS = {
    fold(name): column.key
    for column in SAMPLE_COLUMNS
    for name in (column.key, column.heading_zh, column.heading_en, column.heading)
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One result: ``row`` is its row in the sheet (that of the heading is counted too)."""

    row: int
    raw: str
    place: str
    determinand: str
    unit: str
    start: datetime
    reported_at: datetime | None
    result: Result
    status: str | None
    replicate: int
    method: str
    note: str

    @property
    def key(self) -> tuple[str, str, datetime, int]:
        return fold(self.place), self.determinand, self.start, self.replicate

    @property
    def said(self) -> tuple[Result, str | None]:
        return self.result, self.status


def decode(
    chunks: Iterable[bytes], determinands: Mapping[str, Determinand]
) -> Iterator[Batch | Rejected]:
    """Decode a sheet of emergency samples.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere: .xlsx, .xls, CSV (UTF-8, UTF-16 or GB18030).
    determinands : mapping of key to Determinand
        Those of water may be named by key, name, symbol, code or alias; values become their units.

    Yields
    ------
    Batch
        ``tables.OBSERVATIONS`` with ``site`` the place as written, and three more columns:
        ``reported_at`` (NaT where not given), ``method`` and ``note`` (NA where not given). A value
        below detection is its limit with ``censor`` left; there is never a NaN.
    Rejected
        Each row without an observation, once; each doubtful cell, with its column and what was
        expected; each column that is not known (row 0). Of two rows of one sample (place,
        determinand, time, replicate) the one that confirms (确认) a suspected one (疑似) stays; two
        that differ otherwise are both rejected.

    Raises
    ------
    SourceRefused
        if the file is no spreadsheet, is over 32 MB, or has no sheet with these columns.
    """
    names = name_determinands(determinands)
    found: list[Sample] = []
    for sheet in read_typed_sheets(chunks, _HEADINGS, _REQUIRED):
        yield from sheet.unknown_columns(LIST_HEADINGS)
        for fields in sheet.rows():
            sample = _read_sample(fields, names, determinands)
            if sample is None:
                yield from fields.records()
            else:
                found.append(sample)
    kept, repeats = _settle_repeats(found)
    yield from repeats
    if kept:
        yield Batch(_frame(kept, determinands))


def _read_sample(
    fields: Fields,
    names: Mapping[str, tuple[str, ...]],
    determinands: Mapping[str, Determinand],
) -> Sample | None:
    """The sample of one row; None where a cell is doubtful: every such cell is noted."""
    text, read = fields.text, fields.read
    place = read("place", partial(_required, text("place")))
    key = read("determinand", partial(read_determinand, text("determinand"), names))
    start = read("sampled_at", partial(read_moment, fields.cell("sampled_at")))
    reported_at = None
    if text("result_at"):
        reported_at = read("result_at", partial(read_moment, fields.cell("result_at")))
        if start and reported_at and reported_at < start:
            fields.faults["result_at"] = f"expected a time not before the sampling, {start}"
    limit = read("detection_limit", partial(read_limit, text("detection_limit")))
    status = read("status", partial(read_status, text("status")))
    replicate = read("replicate", partial(read_replicate, text("replicate")))
    own = None if key is None else determinands[key]
    unit = result = None
    if own is not None:
        unit = read("unit", partial(read_unit, text("unit"), own))
        if unit is not None and "detection_limit" not in fields.faults:
            result = read("value", partial(read_result, text("value"), limit, unit, own.unit))
    if fields.faults or not (place and own and start and unit and result) or replicate is None:
        return None
    return Sample(
        fields.row, fields.raw, place, own.key, own.unit, start, reported_at, result, status,
        replicate, text("method"), text("note"),
    )  # fmt: skip


def _required(text: str) -> str:
    if not text:
        raise Doubtful("expected a section or an intake: its id, name or code")
    return text


def _settle_repeats(samples: Sequence[Sample]) -> tuple[list[Sample], list[Rejected]]:
    """Of each sample the row that stays, and records of the others."""
    by_key: dict[tuple[str, str, datetime, int], list[Sample]] = {}
    for one in samples:
        by_key.setdefault(one.key, []).append(one)
    kept: list[Sample] = []
    rejected: list[Rejected] = []
    for group in by_key.values():
        last = group[-1]
        firm = [one for one in group if one.status == CONFIRMED]
        loose = [one for one in group if one.status == SUSPECTED]
        if len({one.said for one in group}) == 1:
            reasons = dict.fromkeys((one.row for one in group[:-1]), f"repeat of row {last.row}")
        elif len(firm) + len(loose) == len(group) and len({one.said for one in firm}) == 1:
            last = firm[-1]
            others = (one.row for one in group if one is not last)
            reasons = dict.fromkeys(others, f"superseded by row {last.row}, which confirms it")
        else:
            rows = ", ".join(str(one.row) for one in group)
            reason = f"one sample with different results in rows {rows}; number parallel samples in 平行样"
            reasons = dict.fromkeys((one.row for one in group), reason)
        kept += [one for one in group if one.row not in reasons]
        rejected += [
            Rejected(one.row, reasons[one.row], one.raw) for one in group if one.row in reasons
        ]
    return kept, rejected


def _frame(samples: Sequence[Sample], determinands: Mapping[str, Determinand]) -> pd.DataFrame:
    n = len(samples)
    return OBSERVATIONS.frame(
        {
            "site": _texts(one.place for one in samples),
            "determinand": _texts(one.determinand for one in samples),
            "statistic": _texts(["value"] * n),
            "start": to_us(one.start for one in samples),
            "duration_s": np.zeros(n, dtype=np.int64),
            "programme": _texts([PROGRAMME] * n),
            "source": _texts([FEED] * n),
            "replicate": np.array([one.replicate for one in samples], dtype=np.int64),
            "value": np.array([one.result.value for one in samples], dtype=np.float64),
            "unit": _texts(determinands[one.determinand].unit for one in samples),
            "censor": _texts(one.result.censor for one in samples),
            "source_flag": _texts(one.status for one in samples),
            "row": np.array([one.row for one in samples], dtype=np.int64),
            "reported_at": to_us(one.reported_at for one in samples),
            "method": _texts(one.method or None for one in samples),
            "note": _texts(one.note or None for one in samples),
        }
    )


def _texts(texts: Iterable[str | None]) -> pd.api.extensions.ExtensionArray:
    return pd.array(list(texts), dtype="str")
