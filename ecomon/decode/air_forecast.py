"""Forecasts of air quality for a city or a station, as a simple table that an office exports or types.

One row a place, day and item::

    issued_at,valid_day,place,item,value,unit,primary
    2026-01-05 17:00,2026-01-06,510800,AQI,70~100,,PM2.5
    2026-01-05 17:00,2026-01-06,2523A,PM2.5,55,ug/m3,

Chinese headings are read too (发布时间, 预报日期, 地区, 项目, 预报值, 单位, 首要污染物). ``value`` is one
number or a range (``70~100``, ``70-100``, ``70至100``); an index has no unit, a concentration never
goes without one. The layout is this project's: no office's own was found to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import numpy as np
import pandas as pd

from ecomon.decode.civil_time import read_date
from ecomon.decode.typed_sheet import (
    Doubtful,
    Fields,
    fold,
    read_moment,
    read_typed_sheets,
    to_us,
)
from ecomon.decode.workbook.grid import Cell
from ecomon.errors import UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.forecast import AQI, Forecasts
from ecomon.model.observation import Rejected
from ecomon.model.quantity import conversion_factor, convert, unit_symbol
from ecomon.model.tables import FORECASTS

NAME = "air-forecast"
REACH_DAYS = 30
"""A day farther ahead of its issue is a slip of the pen (project rule; forecasts reach days)."""
AQI_END = 500
"""The index ends there (HJ 633)."""

_HEADINGS = {
    fold(name): key
    for key, names in {
        "issued_at": ("issued_at", "发布时间", "起报时间"),
        "valid_day": ("valid_day", "预报日期"),
        "place": ("place", "地区", "城市", "站点"),
        "item": ("item", "项目", "指标"),
        "value": ("value", "预报值"),
        "unit": ("unit", "单位"),
        "primary": ("primary", "首要污染物"),
    }.items()
    for name in names
}
_REQUIRED = ("issued_at", "valid_day", "place", "item", "value")
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_RANGE = re.compile(rf"({_NUMBER})(?:\s*(?:~|-|–|—|至)\s*({_NUMBER}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Forecast:
    row: int
    place: str
    item: str
    issued_at: datetime
    day: date
    low: float
    high: float
    unit: str
    primary: str | None


def decode(
    chunks: Iterable[bytes], determinands: Mapping[str, Determinand]
) -> Iterator[Forecasts | Rejected]:
    """Decode one table of forecasts.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere: CSV or a workbook.
    determinands : mapping of key to Determinand
        Those of air may be named by key, name, symbol or alias; values become their units.

    Yields
    ------
    Forecasts
        ``tables.FORECASTS``; ``place`` as written.
    Rejected
        Each row that is no forecast, once; each doubtful cell, with its column and what was
        expected; each column that is not known (row 0).

    Raises
    ------
    SourceRefused
        if the file is no spreadsheet or has no sheet with these columns.
    """
    names = _name_items(determinands)
    found: list[_Forecast] = []
    for sheet in read_typed_sheets(chunks, _HEADINGS, _REQUIRED):
        yield from sheet.unknown_columns()
        for fields in sheet.rows():
            forecast = _read_row(fields, names, determinands)
            if forecast is None:
                yield from fields.records()
            else:
                found.append(forecast)
    if found:
        yield Forecasts(_frame(found))


def _name_items(determinands: Mapping[str, Determinand]) -> dict[str, str]:
    names = {
        fold(name): one.key
        for one in determinands.values()
        if one.medium == "air"
        for name in (one.key, one.symbol, one.name_zh, one.name_en, *one.aliases)
        if name
    }
    return {**names, fold(AQI): AQI}


def _read_row(
    fields: Fields, names: Mapping[str, str], determinands: Mapping[str, Determinand]
) -> _Forecast | None:
    text, read = fields.text, fields.read
    place = read("place", partial(_read_place, text("place")))
    item = read("item", partial(_read_item, text("item"), names))
    issued_at = read("issued_at", partial(read_moment, fields.cell("issued_at")))
    day = read("valid_day", partial(_read_day, fields.cell("valid_day"), issued_at))
    unit = limits = None
    if item is not None:
        canonical = "1" if item == AQI else determinands[item].unit
        unit = read("unit", partial(_read_unit, text("unit"), canonical))
        if unit is not None:
            limits = read("value", partial(_read_range, text("value"), item, unit, canonical))
    if fields.faults or not (place and item and issued_at and day and limits):
        return None
    unit = "1" if item == AQI else determinands[item].unit
    return _Forecast(
        fields.row, place, item, issued_at, day, *limits, unit, text("primary") or None
    )


def _read_place(text: str) -> str:
    if not text:
        raise Doubtful("expected a city or a station")
    return text


def _read_item(text: str, names: Mapping[str, str]) -> str:
    if (item := names.get(fold(text))) is None:
        raise Doubtful("expected AQI or a determinand of air: PM2.5, PM10, O3, SO2, NO2, CO")
    return item


def _read_day(cell: Cell, issued_at: datetime | None) -> date:
    """The day a forecast is for, never before its issue."""
    day = cell.date() if isinstance(cell, datetime) else cell
    if isinstance(day, str):
        day = read_date(day.strip()) if len(day.strip()) in (8, 10) else None
    if not isinstance(day, date):
        raise Doubtful("expected a date, as 2026-01-06")
    if issued_at is not None and not 0 <= (day - issued_at.date()).days <= REACH_DAYS:
        raise Doubtful(f"expected a day of its issue or up to {REACH_DAYS} days later")
    return day


def _read_unit(text: str, canonical: str) -> str:
    if not text and canonical == "1":
        return "1"
    if not text:
        raise Doubtful(f"expected a unit, e.g. {canonical}")
    try:
        unit = unit_symbol(text)
        conversion_factor(unit, canonical)
    except UnitMismatch as wrong:
        raise Doubtful(f"expected a unit like {canonical}; {wrong}") from None
    return unit


def _read_range(text: str, item: str, unit: str, canonical: str) -> tuple[float, float]:
    """Lower and upper end, equal where one number stands."""
    found = _RANGE.fullmatch(text)
    if found is None:
        raise Doubtful("expected a number, or a range as 70~100")
    low = float(found[1])
    high = low if found[2] is None else float(found[2])
    if high < low or (item == AQI and high > AQI_END):
        raise Doubtful(f"expected a range from low to high (an AQI of at most {AQI_END})")
    return convert(low, unit, canonical), convert(high, unit, canonical)


def _frame(found: list[_Forecast]) -> pd.DataFrame:
    return FORECASTS.frame(
        {
            "place": _texts(one.place for one in found),
            "item": _texts(one.item for one in found),
            "issued_at": to_us(one.issued_at for one in found),
            "start": to_us(one.day for one in found),
            "low": np.array([one.low for one in found], dtype=np.float64),
            "high": np.array([one.high for one in found], dtype=np.float64),
            "unit": _texts(one.unit for one in found),
            "primary": _texts(one.primary for one in found),
            "row": np.array([one.row for one in found], dtype=np.int64),
        }
    )


def _texts(texts: Iterable[str | None]) -> pd.api.extensions.ExtensionArray:
    return pd.array(list(texts), dtype="str")
