"""Times as people write them in spreadsheets."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from ecomon.decode.civil_time import CivilTime, read_civil_time
from ecomon.decode.workbook.grid import Cell
from ecomon.decode.workbook.header import text_of

Interval = Literal["instant", "hour", "day", "month"]

_SECONDS: dict[Interval, int] = {"instant": 0, "hour": 3600, "day": 86_400}
_SERIAL = (20_000.0, 80_000.0)  # 1954 to 2119: other numbers are no dates of Excel
_EXCEL_DAY_0 = datetime(1899, 12, 30)
_NO_CLOCK = "time of day not given: 00:00 stands"
_YMD = re.compile(
    r"(?:(?P<year>\d{4})\s*[年./-])?\s*(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:\s*(?P<hour>\d{1,2})\s*[时:：](?:(?P<minute>\d{1,2})\s*分?)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\s?(\d{2}):?(\d{2})(?::?\d{2})?)?")
_OFFSET = re.compile(r"(?<=\d)(?:\+08:?00)$")
_MONTH = re.compile(r"(\d{4})\s*[年./-]?\s*(\d{1,2})\s*月?")


@dataclass(frozen=True, slots=True)
class Moment:
    """The start of what a time names, or why it names none; and the length of its interval."""

    start: datetime | str
    duration_s: int = 0
    quirks: Counter[str] = field(default_factory=Counter[str])


def read_moment(cell: Cell, interval: Interval, *, year: int | None, month: int | None) -> Moment:
    """Read one cell of times.

    Parameters
    ----------
    interval : str
        What one value speaks of.
    year, month : int or None
        Of the sheet's title: complete a time that has none. A month other than the title's is
        doubtful then, and rejected.
    """
    if interval == "month":
        return _read_month(cell)
    seconds = _SECONDS[interval]
    if isinstance(cell, datetime):
        return Moment(cell.replace(microsecond=0), seconds)
    if isinstance(cell, date):
        return Moment(datetime(cell.year, cell.month, cell.day), seconds, _quirk(interval))
    text = text_of(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
    if not text:
        return Moment("no time in this line")
    serial = _serial(cell, text)
    if serial is not None:
        return Moment(serial, seconds)
    return _read_text(text, interval, year, month)


def _quirk(interval: Interval) -> Counter[str]:
    return Counter([_NO_CLOCK]) if interval == "instant" else Counter()


def _serial(cell: Cell, text: str) -> datetime | None:
    """The moment that a number of Excel's calendar names (days since 1899-12-30)."""
    if isinstance(cell, bool):
        return None
    if not isinstance(cell, int | float) and not re.fullmatch(r"\d{5}(\.\d+)?", text):
        return None
    number = float(text)
    if not _SERIAL[0] <= number < _SERIAL[1]:
        return None
    return _EXCEL_DAY_0 + timedelta(seconds=round(number * 86_400))


def _read_text(text: str, interval: Interval, year: int | None, month: int | None) -> Moment:
    seconds = _SECONDS[interval]
    # The whole country keeps UTC+8: a time that says so says nothing more, any other is refused.
    plain = re.sub(r"(?<=\d)T(?=\d)", " ", _OFFSET.sub("", text))
    if found := _COMPACT.fullmatch(plain):
        plain = f"{found[1]}-{found[2]}-{found[3]}" + (
            f" {found[4]}:{found[5]}" if found[4] else ""
        )
    written = read_civil_time(plain)
    quirks: Counter[str] = Counter()
    if written is None:
        found = _YMD.fullmatch(plain)
        if found is None:
            return Moment(f"not a time: {text[:40]!r}")
        parts = {name: int(part) for name, part in found.groupdict().items() if part}
        written = CivilTime(
            parts.get("year"), parts["month"], parts["day"], parts.get("hour", 0),
            parts.get("minute", 0), 0,
        )  # fmt: skip
        if "hour" not in parts:
            quirks = _quirk(interval)
    try:
        if written.year is not None:
            return Moment(written.in_year(written.year), seconds, quirks)
        if year is None:
            return Moment(f"a time without its year, and the title names none: {text[:40]!r}")
        if month is not None and written.month != month:
            return Moment(f"{text[:40]!r} is not in the month of the title ({year}-{month:02d})")
        return Moment(written.in_year(year), seconds, quirks + Counter(["year from the title"]))
    except (ValueError, OverflowError) as wrong:
        return Moment(f"no such time: {text[:40]!r} ({wrong})")


def _read_month(cell: Cell) -> Moment:
    if isinstance(cell, datetime | date):
        if cell.day != 1:
            return Moment(f"a month was expected, not the day {cell:%Y-%m-%d}")
        first = datetime(cell.year, cell.month, 1)
    else:
        text = text_of(cell)
        found = _MONTH.fullmatch(text)
        if found is None or not 1 <= int(found[2]) <= 12:
            return Moment(f"not a month: {text[:40]!r}")
        first = datetime(int(found[1]), int(found[2]), 1)
    after = (first + timedelta(days=32)).replace(day=1)
    return Moment(first, int((after - first).total_seconds()))
