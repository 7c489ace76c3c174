"""When each scheduled flow is due: the one list of it, and the days that "now" means.

Nothing here imports Prefect: ``deployments.py`` makes deployments of it, ``doctor`` asks it how old
a success may be. Which periods a flow works on when it is started is in ``due.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ecomon.model.period import BEIJING, Period

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Slot:
    """One schedule: cron text (minute hour day month weekday, Beijing time), and what it starts.

    ``flow`` is the name of a function of ``flows.schedule`` that takes ``home`` alone, ``record``
    the flow whose record in the run table shows that it was done, ``max_age_s`` the age at which
    the last success of that is worth a word.
    """

    cron: str
    flow: str
    record: str
    max_age_s: int


# Water readings stand on 00, 04 ... 20 h and are published within the hour; air readings are of
# the hour before and out by half past. Polls keep their own, longer intervals: this is how often
# somebody looks whether one is due. The close looks every day whether it is the day for it.
SCHEDULES: dict[str, Slot] = {
    "water-every-4h": Slot("45 0,4,8,12,16,20 * * *", "water_every_4h", "alert", 9 * HOUR_S),
    "air-hourly": Slot("40 * * * *", "air_hourly", "inbox", 3 * HOUR_S),
    "polls": Slot("*/10 * * * *", "polls", "poll", 3 * HOUR_S),
    "pulls": Slot("3,13,23,33,43,53 * * * *", "pulls", "pull", 3 * HOUR_S),
    "gateway": Slot("*/5 * * * *", "gateway_every_5min", "gateway", HOUR_S),
    "inboxes": Slot("5,35 * * * *", "inboxes", "inbox", 3 * HOUR_S),
    "receipts-hourly": Slot("50 * * * *", "receipts_hourly", "receipts", 3 * HOUR_S),
    "daily-assessment": Slot("30 7 * * *", "daily_assessment", "assess", 30 * HOUR_S),
    "daily-keeping": Slot("30 2 * * *", "daily_keeping", "keeping", 30 * HOUR_S),
    "monthly-close": Slot("0 8 * * *", "monthly_close", "monthly-close", 45 * DAY_S),
}
"""Schedules by the name of their deployment."""


def slots(
    *, has_polls: bool, has_pulls: bool = False, has_instruments: bool = False
) -> dict[str, Slot]:
    """The schedules of an installation: looking for polls or pulls that are due, or at what a
    gateway received, is for those that have any."""
    found = {"poll": has_polls, "pull": has_pulls, "gateway": has_instruments}
    left_out = {name for name, has in found.items() if not has}
    return {name: slot for name, slot in SCHEDULES.items() if slot.record not in left_out}


def max_ages_s(
    *, has_polls: bool, has_pulls: bool = False, has_instruments: bool = False
) -> dict[str, int]:
    """By flow of the run table: the age at which its last success is worth a word."""
    found = slots(has_polls=has_polls, has_pulls=has_pulls, has_instruments=has_instruments)
    return {slot.record: slot.max_age_s for slot in found.values()}


def today() -> datetime:
    """Now, in naive Beijing time."""
    return datetime.now(BEIJING).replace(tzinfo=None)


def day_of(moment: datetime) -> Period:
    """The day a moment belongs to."""
    return Period.day(moment.year, moment.month, moment.day)


def day_before(moment: datetime) -> Period:
    """Yesterday."""
    return day_of(moment - timedelta(days=1))


def month_before(moment: datetime) -> Period:
    """The last whole month."""
    last = moment.replace(day=1) - timedelta(days=1)
    return Period.month(last.year, last.month)
