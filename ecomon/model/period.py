"""Periods: half-open intervals of Beijing civil time, labelled by their start.

Inside stages time is *naive Beijing time* by contract (China keeps one civil time, UTC+8).
Edges speak aware datetimes and the store keeps epoch seconds; the two conversions are here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from ecomon.errors import ContractError

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
PeriodKind = Literal["day", "month", "quarter", "year", "span"]

_FORMS = (
    (re.compile(r"(\d{4})-(\d{2})-(\d{2})"), "day"),
    (re.compile(r"(\d{4})-(\d{2})"), "month"),
    (re.compile(r"(\d{4})-?Q([1-4])"), "quarter"),
    (re.compile(r"(\d{4})"), "year"),
)


def to_epoch_s(beijing: datetime) -> int:
    """Epoch seconds of a naive Beijing time (or of any aware time)."""
    if beijing.tzinfo is None:
        beijing = beijing.replace(tzinfo=BEIJING)
    return int(beijing.timestamp())


def from_epoch_s(epoch_s: int) -> datetime:
    """Naive Beijing time of epoch seconds."""
    return datetime.fromtimestamp(epoch_s, BEIJING).replace(tzinfo=None)


def to_beijing(moment: datetime) -> datetime:
    """Naive Beijing time of an aware time; a naive time is taken as Beijing time already."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(BEIJING).replace(tzinfo=None)


def _add_months(moment: datetime, months: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + months
    return moment.replace(year=index // 12, month=index % 12 + 1)


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """The half-open interval ``[start, end)`` in naive Beijing time.

    Raises
    ------
    ContractError
        if a bound carries a time zone or the interval is empty.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ContractError(
                "a Period is in naive Beijing time; convert with to_beijing() first"
            )
        if self.end <= self.start:
            raise ContractError(f"empty period: {self.start} .. {self.end}")

    @classmethod
    def day(cls, year: int, month: int, day: int) -> Period:
        start = datetime(year, month, day)
        return cls(start, start + timedelta(days=1))

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        start = datetime(year, month, 1)
        return cls(start, _add_months(start, 1))

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Period:
        start = datetime(year, 3 * quarter - 2, 1)
        return cls(start, _add_months(start, 3))

    @classmethod
    def year(cls, year: int) -> Period:
        return cls(datetime(year, 1, 1), datetime(year + 1, 1, 1))

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read ``2021``, ``2021Q2``, ``2021-04``, ``2021-04-03`` or ``first/last``.

        ``first/last`` runs from the start of ``first`` to the *end* of ``last``: both are included,
        as people say it ("1 to 3 April"). A bound with a clock time (``2021-04-03T08:00``) is
        that instant.
        """
        first, slash, last = text.strip().partition("/")
        if slash:
            return cls(cls._bound(first, "start"), cls._bound(last, "end"))
        for form, kind in _FORMS:
            if found := form.fullmatch(first):
                numbers = [int(group) for group in found.groups()]
                try:
                    return _MAKERS[kind](*numbers)
                except ValueError as wrong:
                    raise ContractError(f"no such period: {text!r} ({wrong})") from None
        raise ContractError(
            f"not a period: {text!r}; write 2021, 2021Q2, 2021-04, 2021-04-03 or 2021-04-01/2021-04-03"
        )

    @classmethod
    def _bound(cls, text: str, side: Literal["start", "end"]) -> datetime:
        if "T" in text or " " in text.strip():
            try:
                return to_beijing(datetime.fromisoformat(text.strip()))
            except ValueError:
                raise ContractError(f"not a time: {text!r}") from None
        period = cls.parse(text)
        return period.start if side == "start" else period.end

    @property
    def kind(self) -> PeriodKind:
        """The calendar unit this period is, or ``span``."""
        start = self.start
        if start != start.replace(hour=0, minute=0, second=0, microsecond=0):
            return "span"
        if self.end == start + timedelta(days=1):
            return "day"
        if start.day == 1:
            if self.end == _add_months(start, 1):
                return "month"
            if start.month % 3 == 1 and self.end == _add_months(start, 3):
                return "quarter"
            if start.month == 1 and self.end == _add_months(start, 12):
                return "year"
        return "span"

    @property
    def label(self) -> str:
        """The text :meth:`parse` reads back."""
        start = self.start
        match self.kind:
            case "day":
                return f"{start:%Y-%m-%d}"
            case "month":
                return f"{start:%Y-%m}"
            case "quarter":
                return f"{start.year}Q{(start.month + 2) // 3}"
            case "year":
                return f"{start.year}"
            case "span":
                last = self.end - timedelta(days=1)
                if start.time() == last.time() == datetime.min.time():
                    return f"{start:%Y-%m-%d}/{last:%Y-%m-%d}"
                return f"{start:%Y-%m-%dT%H:%M}/{self.end:%Y-%m-%dT%H:%M}"

    @property
    def seconds(self) -> int:
        return int((self.end - self.start).total_seconds())

    @property
    def n_days(self) -> float:
        return self.seconds / 86400

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def split(self, kind: Literal["day", "month"]) -> list[Period]:
        """The whole calendar days or months that this period touches, in order."""
        part = _calendar_unit(self.start, kind)
        parts: list[Period] = []
        while part.start < self.end:
            parts.append(part)
            part = _calendar_unit(part.end, kind)
        return parts

    def before(self, hours: float) -> Period:
        """The ``hours`` up to this period's start: what rate and spike tests look back on."""
        return Period(self.start - timedelta(hours=hours), self.start)

    def __str__(self) -> str:
        return self.label


def _calendar_unit(moment: datetime, kind: Literal["day", "month"]) -> Period:
    if kind == "day":
        return Period.day(moment.year, moment.month, moment.day)
    return Period.month(moment.year, moment.month)


_MAKERS: dict[str, Callable[..., Period]] = {
    "day": Period.day,
    "month": Period.month,
    "quarter": Period.quarter,
    "year": Period.year,
}
