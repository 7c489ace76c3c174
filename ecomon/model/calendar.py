"""Working days in China: weekends, public holidays and the weekend days worked in exchange (调休).

The State Council office announces the days of a year in the autumn before it. For a year whose
notice is not known only weekends can be told apart, and whoever shows such a date says 待核实.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from pydantic import model_validator

from ecomon.errors import ContractError
from ecomon.model.fact import Fact, Noun
from ecomon.model.period import Period

SATURDAY = 5
_ONE_DAY = timedelta(days=1)
Words = tuple[str, str]
"""One thing said in Chinese and in English."""


class Holiday(Noun):
    """Days off of one holiday, weekends among them, from ``first`` to ``last`` (both off)."""

    name_zh: str
    name_en: str
    first: date
    last: date

    @property
    def days(self) -> frozenset[date]:
        length = (self.last - self.first).days + 1
        return frozenset(self.first + _ONE_DAY * step for step in range(length))


class YearCalendar(Fact):
    """The notice of one year. ``document`` is its number (文号), None where no source prints it.

    ``working`` are the Saturdays and Sundays that are worked.
    """

    year: int
    title: str
    document: str | None = None
    holidays: tuple[Holiday, ...]
    working: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> YearCalendar:
        off: set[date] = set()
        for one in self.holidays:
            if one.last < one.first:
                raise ValueError(f"{one.name_zh} ends before it begins")
            if off & one.days:
                raise ValueError(f"{one.name_zh} shares a day with another holiday")
            off |= one.days
        for day in self.working:
            if day.weekday() < SATURDAY:
                raise ValueError(f"{day} is worked anyhow: it is no Saturday and no Sunday")
            if day in off:
                raise ValueError(f"{day} is both a day off and a day worked")
        # A notice may reach into the last days of the year before (元旦).
        for day in (*off, *self.working):
            if day.year not in (self.year - 1, self.year):
                raise ValueError(f"{day} is not of {self.year}")
        return self


@dataclass(frozen=True)
class WorkCalendar:
    """The working days that the notices of some years make."""

    years: Mapping[int, YearCalendar]

    @classmethod
    def of(cls, years: Iterable[YearCalendar]) -> WorkCalendar:
        return cls({one.year: one for one in years})

    @cached_property
    def _off(self) -> frozenset[date]:
        holidays = (one for year in self.years.values() for one in year.holidays)
        return frozenset(day for one in holidays for day in one.days)

    @cached_property
    def _worked(self) -> frozenset[date]:
        return frozenset(day for year in self.years.values() for day in year.working)

    def is_known(self, year: int) -> bool:
        """True where the notice of that year is known; else only weekends are."""
        return year in self.years

    def caution(self, year: int) -> Words | None:
        """What must stand beside a date of that year; None where its notice is known and checked."""
        if not self.is_known(year):
            return (
                f"{year}年节假日安排未知，仅按周末推算，待核实",
                f"holidays of {year} not known: weekends only, unverified",
            )
        if self.years[year].is_unverified:
            return f"{year}年节假日安排待核实", f"holidays of {year} unverified"
        return None

    def is_working_day(self, day: date) -> bool:
        """Worked: a weekday that is no day off, or a weekend day worked in exchange."""
        return day in self._worked or (day.weekday() < SATURDAY and day not in self._off)

    def add_working_days(self, day: date, n: int) -> date:
        """The ``n``-th working day after ``day`` (before it, where negative).

        With ``n`` 0: the day itself where it is worked, else the next one that is.
        """
        if n == 0:
            return day if self.is_working_day(day) else self.add_working_days(day, 1)
        step = _ONE_DAY if n > 0 else -_ONE_DAY
        for _ in range(abs(n)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def nth_working_day(self, month: Period, n: int) -> date:
        """The ``n``-th working day of a month, from 1.

        Raises
        ------
        ContractError
            where the month has no such day.
        """
        days = [day.start.date() for day in month.split("day")]
        worked = [day for day in days if self.is_working_day(day)]
        if not 1 <= n <= len(worked):
            raise ContractError(f"{month} has {len(worked)} working days and no number {n}")
        return worked[n - 1]
