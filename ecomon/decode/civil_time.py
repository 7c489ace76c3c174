"""Beijing civil time as sources write it: with a year, without one, and with an hour of 24."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.model.period import to_beijing

NOT_A_TIME = np.iinfo(np.int64).min
"""The integer numpy keeps for NaT."""

_EPOCH = datetime(1970, 1, 1)
_YEARS = range(1900, 2200)
"""Years a reading can be of; a clock that says otherwise is wrong."""
_FIRST = np.datetime64(datetime(_YEARS.start, 1, 1), "us")
_END = np.datetime64(datetime(_YEARS.stop, 1, 1), "us")
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.0*)?)?"
_FULL = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})[ T]\s*{_CLOCK}", re.ASCII
)
_YEARLESS = re.compile(rf"(?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})[ T]\s*{_CLOCK}", re.ASCII)
_DATE = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[ T].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CivilTime:
    """A time as written; ``year`` is None where the source leaves it out."""

    year: int | None
    month: int
    day: int
    hour: int
    minute: int
    second: int

    def in_year(self, year: int) -> datetime:
        """The instant in ``year``; raises ValueError where the calendar has no such time."""
        if year not in _YEARS:
            raise ValueError(f"the year {year}")
        is_midnight_24 = self.hour == 24 and self.minute == 0 and self.second == 0
        hour = 0 if is_midnight_24 else self.hour
        moment = datetime(year, self.month, self.day, hour, self.minute, self.second)
        return moment + timedelta(days=1) if is_midnight_24 else moment


def read_civil_time(text: str) -> CivilTime | None:
    """``2021-04-03 08:00[:SS]``, ``2021/4/3 8:00`` or ``04-03 08:00``; None where it is neither."""
    found = _FULL.fullmatch(text) or _YEARLESS.fullmatch(text)
    if found is None:
        return None
    parts = {name: int(digits) for name, digits in found.groupdict().items() if digits}
    return CivilTime(
        year=parts.get("year"),
        month=parts["month"],
        day=parts["day"],
        hour=parts["hour"],
        minute=parts["minute"],
        second=parts.get("second", 0),
    )


def read_date(text: str) -> date | None:
    """``2021-04-03`` or ``20210403``; None where it is no date."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(*(int(group) for group in found.groups()))
    except ValueError:
        return None


def infer_year(written: CivilTime, latest: datetime) -> datetime:
    """The latest instant not after ``latest`` that a time without a year can mean.

    Parameters
    ----------
    written : CivilTime
        Its ``year`` is not looked at.
    latest : datetime
        Naive Beijing time after which the reading cannot lie.

    Raises
    ------
    ValueError
        if neither the year of ``latest`` nor its two neighbours hold such a time.
    """
    fault: ValueError | None = None
    for year in (latest.year + 1, latest.year, latest.year - 1):
        try:
            moment = written.in_year(year)
        except (ValueError, OverflowError) as wrong:
            fault = fault or ValueError(str(wrong))
            continue
        if moment <= latest:
            return moment
    raise fault or ValueError("no year fits")


def end_of_harvest(file_date: date) -> datetime:
    """The latest a reading in the file of ``file_date`` can speak of: one day after that day.

    Archive files are named by the day of their harvest, which need not be a Beijing day.
    """
    return datetime.combine(file_date, time.min) + timedelta(days=2)


def epoch_us(moment: datetime) -> int:
    """What ``datetime64[us]`` holds for a naive time."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read_times(texts: Sequence[str]) -> tuple[npt.NDArray[np.datetime64], dict[int, str]]:
    """Times with a year, of a whole column; ISO times with a zone are taken to Beijing.

    Returns
    -------
    times : ndarray of datetime64[us], shape (n,)
        Naive Beijing time; NaT where the text is no time.
    faults : dict
        Position of each NaT, and why it is one.
    """
    # pandas takes "now" and the year 0 for times: only texts of the full length go that way.
    full = [text if len(text) == len("2021-04-03 08:00:00") else "" for text in texts]
    quick = pd.to_datetime(
        pd.Index(full, dtype=object), format="%Y-%m-%d %H:%M:%S", errors="coerce"
    )
    times = quick.to_numpy().astype("datetime64[us]").copy()
    times[(times < _FIRST) | (times >= _END)] = np.datetime64("NaT", "us")
    faults: dict[int, str] = {}
    seen: dict[str, int | str] = {}
    for position in np.flatnonzero(np.isnat(times)).tolist():
        text = texts[position].strip()
        if text not in seen:
            seen[text] = _read_one(text)
        answer = seen[text]
        if isinstance(answer, str):
            faults[position] = answer
        else:
            times[position] = np.datetime64(answer, "us")
    return times, faults


def _read_one(text: str) -> int | str:
    """Epoch microseconds, or why ``text`` is no time."""
    if not text:
        return "no time"
    written = read_civil_time(text)
    try:
        if written is not None and written.year is not None:
            return epoch_us(written.in_year(written.year))
        if written is None and len(text) > len("2021-04-03"):
            moment = to_beijing(datetime.fromisoformat(text))
            if moment.year in _YEARS:
                return epoch_us(moment)
    except (ValueError, OverflowError) as wrong:
        return f"no such time: {text[:40]!r} ({wrong})"
    missing = "a time without its year" if written is not None else "not a time"
    return f"{missing}: {text[:40]!r}"
