"""What a scheduled flow is to work on when it is started: told by the run table, not by the slot.

A slot may be missed (the machine was off over night) or run twice (a late one and the next). So a
flow never asks which slot it was started for; it asks what has not been done.

The clock is not trusted further than it must be. A run of the table counts only if it began before
now: one that began later was made by a clock that ran ahead, or is looked at by one that was set
back. Either way its work is done again, which changes nothing where nothing was amiss, and what
readings changed is told by sequence numbers, which no clock moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from ecomon.model.calendar import WorkCalendar
from ecomon.model.period import Period, from_epoch_s
from flows.timetable import day_before, day_of, month_before

Run = Mapping[str, Any]
"""A record of the run table."""


def days_due(runs: Sequence[Run], now: datetime, *, reach_days: int) -> Period:
    """The days to cover now: from the last one that a run has covered to today.

    Yesterday and today at least, for readings come late; at most ``reach_days`` back.

    Parameters
    ----------
    runs : sequence of mapping
        Runs of the flow, each over a ``period``. A run covers nothing later than its beginning.
    """
    covered = [min(_period(run).end, _began_at(run)) for run in _trusted(runs, now)]
    earliest = day_of(now - timedelta(days=reach_days)).start
    first = day_of(max(covered)).start if covered else earliest
    return Period(max(min(first, day_before(now).start), earliest), day_of(now).end)


def months_due(
    runs: Sequence[Run],
    now: datetime,
    changes_since: Callable[[int], Iterable[Period]],
    *,
    reach_months: int,
) -> list[Period]:
    """The months to assess now, in order.

    That of yesterday; and of the ``reach_months`` before it those whose last assessment began
    before the month was over, and those of which readings have changed since.

    Parameters
    ----------
    runs : sequence of mapping
        Runs of the assessment, each over a ``period`` and from an ``input_seq``.
    changes_since : callable
        Where readings have changed after a sequence number.
    """
    trusted, changes = _trusted(runs, now), cache(lambda seq: list(changes_since(seq)))
    month = Period.month(*_year_month(day_before(now).start))
    due = [month]
    for _ in range(reach_months):
        month = month_before(month.start)
        past = [run for run in trusted if _holds(_period(run), month)]
        is_cut_short = bool(past) and max(_began_at(run) for run in past) < month.end
        since_seq = max((int(run["input_seq"]) for run in past), default=0)
        if is_cut_short or any(_touches(one, month) for one in changes(since_seq)):
            due.insert(0, month)
    return due


def closes_due(
    runs: Sequence[Run],
    now: datetime,
    calendar: WorkCalendar,
    *,
    working_day: int,
    reach_months: int = 12,
) -> list[Period]:
    """The months whose close is due and has not been done, the oldest first.

    A month closes on the ``working_day``-th working day of the month after it. Where no month was
    ever closed, only the last one is due: a new installation does not close a year it knows
    nothing of.

    Parameters
    ----------
    runs : sequence of mapping
        Runs of the close, each over the ``period`` it closed.
    """
    closed = {_period(run) for run in _trusted(runs, now)}
    due: list[Period] = []
    month = month_before(now)
    for _ in range(reach_months):
        following = Period.month(*_year_month(month.end))
        if month in closed:
            break
        if calendar.nth_working_day(following, working_day) <= now.date():
            due.insert(0, month)
        month = month_before(month.start)
    return due if closed else due[-1:]


def spans_touched(
    changes: Iterable[Period], now: datetime, *, reach_days: int
) -> tuple[list[Period], int]:
    """The days that new readings touch, as spans of days without a gap, and how many are too old.

    Days more than ``reach_days`` back are counted and left aside (an archive that is read in calls
    nobody), days to come too: a reading of the future is judged when its day has come.
    """
    earliest, latest = day_of(now - timedelta(days=reach_days)), day_of(now)
    spans: list[Period] = []
    n_beyond = 0
    for day in sorted({day for change in changes for day in change.split("day")}):
        if not earliest <= day <= latest:
            n_beyond += 1
        elif spans and spans[-1].end == day.start:
            spans[-1] = Period(spans[-1].start, day.end)
        else:
            spans.append(day)
    return spans, n_beyond


def _trusted(runs: Iterable[Run], now: datetime) -> list[Run]:
    """Runs over a period that succeeded and began before now."""
    return [
        run
        for run in runs
        if run["is_success"] and "period" in run["arguments"] and _began_at(run) <= now
    ]


def _period(run: Run) -> Period:
    return Period.parse(run["arguments"]["period"])


def _began_at(run: Run) -> datetime:
    return from_epoch_s(run["started_at_s"])


def _year_month(moment: datetime) -> tuple[int, int]:
    return moment.year, moment.month


def _holds(outer: Period, inner: Period) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _touches(one: Period, other: Period) -> bool:
    return one.start < other.end and other.start < one.end
