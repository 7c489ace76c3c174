"""Times as sources write them, and the year they leave out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.decode.civil_time import (
    CivilTime,
    end_of_harvest,
    infer_year,
    read_civil_time,
    read_date,
    read_times,
)


def test_forms_with_and_without_a_year() -> None:
    assert read_civil_time("04-03 08:00") == CivilTime(None, 4, 3, 8, 0, 0)
    assert read_civil_time("2021/4/3 8:05:09") == CivilTime(2021, 4, 3, 8, 5, 9)
    assert read_civil_time("2021-04-03T08:00") == CivilTime(2021, 4, 3, 8, 0, 0)
    assert read_civil_time("04-03") is None
    assert read_date("2021-04-03") == read_date("20210403") == date(2021, 4, 3)
    assert read_date("2021-02-30") is None


def test_hour_24_is_the_next_midnight_and_no_later_one_is() -> None:
    assert CivilTime(None, 12, 31, 24, 0, 0).in_year(2020) == datetime(2021, 1, 1)
    with pytest.raises(ValueError, match="hour"):
        CivilTime(None, 12, 31, 24, 1, 0).in_year(2020)


@pytest.mark.parametrize(
    ("text", "latest", "year"),
    [
        ("12-31 20:00", datetime(2026, 1, 1, 1, 30), 2025),
        ("01-01 01:00", datetime(2026, 1, 1, 1, 30), 2026),
        ("01-01 02:00", datetime(2026, 1, 1, 1, 30), 2025),
        ("01-01 00:30", datetime(2026, 12, 31, 23, 59), 2026),
        ("02-29 08:00", datetime(2025, 2, 1), 2024),
    ],
)
def test_the_latest_year_that_is_not_in_the_future(text: str, latest: datetime, year: int) -> None:
    written = read_civil_time(text)
    assert written is not None
    assert infer_year(written, latest).year == year


def test_a_date_no_year_near_has_is_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        infer_year(CivilTime(None, 2, 30, 8, 0, 0), datetime(2021, 5, 1))
    with pytest.raises(ValueError, match="day"):
        infer_year(CivilTime(None, 2, 29, 8, 0, 0), datetime(2023, 5, 1))


def test_a_file_speaks_of_its_own_day_and_the_next() -> None:
    assert end_of_harvest(date(2021, 4, 3)) == datetime(2021, 4, 5)


def test_a_column_of_times() -> None:
    texts = [
        "2021-04-03 08:00:00", "2021-04-03 08:00", "2021-04-03T00:00+00:00", "2021-04-03 24:00",
        "2021-02-30 08:00", "", "04-03 08:00", "now", "0000-01-01 00:00:00", "9999-12-31 24:00",
    ]  # fmt: skip
    times, faults = read_times(texts)
    eight = np.datetime64("2021-04-03T08:00:00", "us")
    assert (times[:3] == eight).all()
    assert times[3] == np.datetime64("2021-04-04T00:00", "us")
    assert sorted(faults) == [4, 5, 6, 7, 8, 9]
    assert np.isnat(times[4:]).all()
    assert faults[5] == "no time"
    assert "without its year" in faults[6]


@given(st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)), st.integers(0, 330))
def test_the_year_comes_back_within_a_year(moment: datetime, days_later: int) -> None:
    moment = moment.replace(second=0, microsecond=0)
    written = read_civil_time(f"{moment:%m-%d %H:%M}")
    assert written is not None
    assert infer_year(written, moment + timedelta(days=days_later)) == moment


@given(st.lists(st.text(max_size=25), max_size=8))
def test_any_text_is_a_time_or_has_a_reason(texts: list[str]) -> None:
    times, faults = read_times(texts)
    assert set(faults) == set(np.flatnonzero(np.isnat(times)).tolist())
