"""Working days as the State Council office announced them, counted by hand from the notices."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ecomon.errors import ContractError
from ecomon.model.calendar import Holiday, WorkCalendar, YearCalendar
from ecomon.model.period import Period
from ecomon.registry import read_registry

SHIPPED = read_registry().calendar


# 国办发明电〔2024〕12号: 国庆节、中秋节 1 to 8 October; 28 September and 11 October are worked.
@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2025-09-27", False), ("2025-09-28", True), ("2025-09-30", True), ("2025-10-01", False),
        ("2025-10-08", False), ("2025-10-09", True), ("2025-10-11", True), ("2025-10-12", False),
    ],
)  # fmt: skip
def test_national_day_of_2025(day: str, is_worked: bool) -> None:
    assert SHIPPED.is_working_day(date.fromisoformat(day)) is is_worked


# Notice of 2025-11-04: 春节 15 to 23 February; 14 and 28 February are worked.
@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2026-02-13", True), ("2026-02-14", True), ("2026-02-15", False), ("2026-02-17", False),
        ("2026-02-23", False), ("2026-02-24", True), ("2026-02-28", True), ("2026-03-01", False),
    ],
)  # fmt: skip
def test_spring_festival_of_2026(day: str, is_worked: bool) -> None:
    assert SHIPPED.is_working_day(date.fromisoformat(day)) is is_worked


def test_a_close_waits_for_the_end_of_the_holiday() -> None:
    october, february = Period.parse("2025-10"), Period.parse("2026-02")
    assert SHIPPED.nth_working_day(october, 1) == date(2025, 10, 9)
    assert SHIPPED.nth_working_day(october, 3) == date(2025, 10, 11)  # a Saturday, worked
    assert SHIPPED.nth_working_day(february, 11) == date(2026, 2, 14)
    assert SHIPPED.nth_working_day(february, 12) == date(2026, 2, 24)


def test_a_month_has_so_many_working_days_and_no_more() -> None:
    # 28 days, 20 of them Monday to Friday; 16 to 20 and 23 are off, 14 and 28 are worked.
    february = Period.parse("2026-02")
    assert SHIPPED.nth_working_day(february, 16) == date(2026, 2, 28)
    for n in (0, 17):
        with pytest.raises(ContractError, match="16 working days"):
            SHIPPED.nth_working_day(february, n)


def test_days_are_added_over_the_holiday_both_ways() -> None:
    assert SHIPPED.add_working_days(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert SHIPPED.add_working_days(date(2025, 10, 9), -1) == date(2025, 9, 30)
    assert SHIPPED.add_working_days(date(2025, 9, 26), 1) == date(2025, 9, 28)
    assert SHIPPED.add_working_days(date(2025, 10, 3), 0) == date(2025, 10, 9)
    assert SHIPPED.add_working_days(date(2025, 9, 28), 0) == date(2025, 9, 28)


@given(st.dates(date(2024, 1, 1), date(2027, 12, 1)), st.integers(1, 30))
def test_there_and_back_again(day: date, n: int) -> None:
    there = SHIPPED.add_working_days(day, n)
    assert there > day and SHIPPED.is_working_day(there)
    between = [date.fromordinal(one) for one in range(day.toordinal() + 1, there.toordinal() + 1)]
    assert sum(map(SHIPPED.is_working_day, between)) == n
    assert SHIPPED.add_working_days(
        SHIPPED.add_working_days(day, 0), 0
    ) == SHIPPED.add_working_days(day, 0)


def test_a_year_without_a_notice_has_weekends_and_says_so() -> None:
    assert SHIPPED.is_known(2026) and not SHIPPED.is_known(2030)
    assert SHIPPED.is_working_day(date(2030, 10, 1))  # a Tuesday: nobody has announced it off
    assert not SHIPPED.is_working_day(date(2030, 10, 5))
    assert SHIPPED.caution(2026) is None
    said = SHIPPED.caution(2030)
    assert said is not None
    assert "待核实" in said[0] and "2030" in said[1]


def test_a_year_from_memory_says_so_too() -> None:
    calendar = WorkCalendar.of([year(confidence="unverified")])
    said = calendar.caution(2031)
    assert said is not None and "待核实" in said[0]


def year(**changes: Any) -> YearCalendar:
    given: dict[str, Any] = {
        "year": 2031, "title": "test", "source": "test", "confidence": "secondary",
        "holidays": ({"name_zh": "国庆节", "name_en": "x", "first": "2031-10-01", "last": "2031-10-07"},),
        "working": (date(2031, 9, 28),), **changes,
    }  # fmt: skip
    return YearCalendar.model_validate(given)


def test_a_notice_may_reach_into_the_year_before() -> None:
    new_year = Holiday(name_zh="元旦", name_en="x", first=date(2030, 12, 31), last=date(2031, 1, 1))
    calendar = WorkCalendar.of([year(holidays=(new_year,))])
    assert not calendar.is_working_day(date(2030, 12, 31))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"working": (date(2031, 9, 29),)}, "no Saturday"),
        ({"working": (date(2031, 10, 4),)}, "both a day off and a day worked"),
        ({"working": (date(2032, 10, 9),)}, "not of 2031"),
        ({"holidays": (Holiday(name_zh="x", name_en="x", first=date(2031, 5, 3), last=date(2031, 5, 1)),)}, "ends before"),
    ],
)  # fmt: skip
def test_a_slip_in_a_calendar_is_found(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        year(**changes)
