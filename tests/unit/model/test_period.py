from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.model.period import Period, from_epoch_s, to_beijing, to_epoch_s

DAYS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))


@pytest.mark.parametrize(
    ("text", "start", "end", "kind"),
    [
        ("2021", datetime(2021, 1, 1), datetime(2022, 1, 1), "year"),
        ("2021Q4", datetime(2021, 10, 1), datetime(2022, 1, 1), "quarter"),
        ("2021-12", datetime(2021, 12, 1), datetime(2022, 1, 1), "month"),
        ("2020-02-29", datetime(2020, 2, 29), datetime(2020, 3, 1), "day"),
        ("2021-04-01/2021-04-03", datetime(2021, 4, 1), datetime(2021, 4, 4), "span"),
        ("2021-01/2021-02", datetime(2021, 1, 1), datetime(2021, 3, 1), "span"),
        (
            "2021-04-03T08:00/2021-04-03T12:00",
            datetime(2021, 4, 3, 8),
            datetime(2021, 4, 3, 12),
            "span",
        ),
    ],
)
def test_parse_reads_what_people_write(
    text: str, start: datetime, end: datetime, kind: str
) -> None:
    period = Period.parse(text)
    assert (period.start, period.end, period.kind) == (start, end, kind)


@pytest.mark.parametrize(
    "text", ["", "2021-13", "2021-02-30", "April", "21-04", "2021-04-03/2021-04-01"]
)
def test_parse_refuses_with_a_reason(text: str) -> None:
    with pytest.raises(ContractError):
        Period.parse(text)


@given(DAYS, st.sampled_from(["day", "month", "quarter", "year"]))
def test_label_is_read_back(moment: datetime, kind: str) -> None:
    arguments = {
        "day": (moment.year, moment.month, moment.day),
        "month": (moment.year, moment.month),
        "quarter": (moment.year, (moment.month + 2) // 3),
        "year": (moment.year,),
    }[kind]
    period = getattr(Period, kind)(*arguments)
    assert moment in period
    assert period.kind == kind
    assert Period.parse(period.label) == period


@given(DAYS, st.integers(1, 400))
def test_split_covers_without_gap_or_overlap(start: datetime, days: int) -> None:
    period = Period(start, start + timedelta(days=days))
    for kind in ("day", "month"):
        parts = period.split(kind)
        assert parts[0].start <= period.start and parts[-1].end >= period.end
        assert all(one.end == two.start for one, two in itertools.pairwise(parts))


def test_half_open() -> None:
    day = Period.day(2021, 4, 3)
    assert day.start in day and day.end not in day


def test_epoch_is_beijing_plus_eight() -> None:
    # 1970-01-01 08:00 in Beijing is the epoch.
    assert to_epoch_s(datetime(1970, 1, 1, 8)) == 0
    assert from_epoch_s(0) == datetime(1970, 1, 1, 8)
    assert to_beijing(datetime(2021, 4, 3, 0, tzinfo=UTC)) == datetime(2021, 4, 3, 8)


def test_an_aware_bound_is_refused() -> None:
    with pytest.raises(ContractError):
        Period(datetime(2021, 1, 1, tzinfo=UTC), datetime(2021, 1, 2, tzinfo=UTC))
