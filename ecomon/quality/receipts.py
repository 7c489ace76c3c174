"""Expected against received (应到/实到): of each source, site and day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.codes import encode
from ecomon.model.feed import DAY_S, Expectation
from ecomon.model.period import Period
from ecomon.model.tables import RECEIPTS, Contract
from ecomon.quality.series import Ints

ARRIVALS = Contract("arrivals", {"source": "text", "site": "text", "start": "time"})
"""Times for which something came: one row or more each; observations are arrivals too."""

_SECOND_US = 1_000_000
_NEVER = np.datetime64("NaT", "us")


def count_receipts(
    arrivals: pd.DataFrame,
    expectation: Expectation,
    sites: Collection[str],
    day: Period,
    *,
    as_of: datetime,
    last_before: Mapping[str, datetime] | None = None,
) -> pd.DataFrame:
    """What one feed should have sent on one day, and what came.

    Parameters
    ----------
    arrivals : table ARRIVALS
        From half a cadence before the day to its end, or more; rows of other sources and of other
        times are left aside. A row without a value is an arrival: whether it holds one is the
        business of coverage.
    expectation : Expectation
    sites : collection of str
        Those that the feed has a name for on that day.
    day : Period
        A Beijing day.
    as_of : datetime, naive Beijing time
        A time is expected once its grace is over by then, so the running day counts as far as it
        has come.
    last_before : mapping of site to naive Beijing datetime, optional
        Start of the last reading from this feed before the day; sites that never sent are not in it.

    Returns
    -------
    table RECEIPTS
        One row per expected site, in the order of sites. ``share`` is NaN and ``status``
        ``not_expected`` where no time was due (yet), or the site is suspended. No row at all where
        the feed has no cadence or is not watched: nothing ever came of it, or nothing for so long
        that it is not connected any more.

    Raises
    ------
    ContractError
        where ``day`` is no day, or the arrivals break their contract.

    Notes
    -----
    A reading belongs to the expected time nearest to it (the earlier one of two as near): stations
    of the national feed each have a clock of their own.

    Source
    ------
    Project rule: a missing cycle is told and never filled in (R13). Cadences and delays are facts
    of the feed and carry their own source.
    """
    ARRIVALS.check(arrivals)
    if day.kind != "day":
        raise ContractError(f"receipts are of days, not of {day}")
    before = dict(last_before or {})
    mine = arrivals[(arrivals["source"] == expectation.id) & (arrivals["start"] < day.end)]
    last = _last_starts(mine, before)
    names = sorted(site for site in sites if expectation.expects == "named" or site in last)
    if expectation.cadence_s is None or not names or not is_watched(expectation, last, day):
        return RECEIPTS.empty()
    due = _times_due(expectation, day, as_of)
    counts = _count_times(mine, names, due, expectation.cadence_s)
    is_off = np.array([expectation.is_suspended(name, day.start.date()) for name in names])
    n_expected = np.where(is_off, 0, len(due))
    n_received = np.where(is_off, 0, counts)
    return RECEIPTS.frame(
        {
            "source": pd.array([expectation.id] * len(names), dtype="str"),
            "site": pd.array(names, dtype="str"),
            "period": pd.array([day.label] * len(names), dtype="str"),
            "start": np.full(len(names), np.datetime64(day.start, "us")),
            "n_expected": n_expected,
            "n_received": n_received,
            "share": np.divide(
                n_received, n_expected, out=np.full(len(names), np.nan), where=n_expected > 0
            ),
            "last_at": np.array(
                [np.datetime64(last[one], "us") if one in last else _NEVER for one in names],
                dtype="datetime64[us]",
            ),
            "status": pd.array(_statuses(n_expected, n_received), dtype="str"),
        }
    )


def is_watched(expectation: Expectation, last: Mapping[str, datetime], day: Period) -> bool:
    """Whether anything is expected of a feed: a site's own word, else whether it is connected.

    A feed of which nothing ever came (or nothing for ``forget_after_s``) is not: an office that
    takes no air data is not told every hour that none came (project rule).

    Parameters
    ----------
    last : mapping of site to naive Beijing datetime
        Start of the last reading of each site that ever sent.
    """
    if expectation.is_watched is not None:
        return expectation.is_watched
    oldest = day.start - timedelta(seconds=expectation.forget_after_s)
    return bool(last) and max(last.values()) >= oldest


def _last_starts(arrivals: pd.DataFrame, before: Mapping[str, datetime]) -> dict[str, datetime]:
    """The last reading of each site that ever sent."""
    newest = arrivals.groupby("site", observed=True)["start"].max()
    last = dict(before)
    for site, start in newest.items():
        moment = pd.Timestamp(start).to_pydatetime()
        last[str(site)] = max(moment, last.get(str(site), moment))
    return last


def _times_due(expectation: Expectation, day: Period, as_of: datetime) -> Ints:
    """Expected times of a day whose grace is over, in microseconds of the epoch."""
    assert expectation.cadence_s is not None
    offsets_s = np.arange(expectation.phase_s, DAY_S, expectation.cadence_s, dtype=np.int64)
    times_us = _us(day.start) + offsets_s * _SECOND_US
    return times_us[times_us + expectation.grace_s * _SECOND_US <= _us(as_of)]


def _count_times(arrivals: pd.DataFrame, names: list[str], due_us: Ints, cadence_s: int) -> Ints:
    """For how many of the times anything came, at each site."""
    if not len(due_us) or arrivals.empty:
        return np.zeros(len(names), dtype=np.int64)
    codes, known = encode(arrivals["site"])
    places = {name: place for place, name in enumerate(names)}
    # -1, for no site, looks at the last entry.
    place = np.array([*(places.get(name, -1) for name in known), -1], dtype=np.int64)[codes]
    cadence_us = cadence_s * _SECOND_US
    start_us: Ints = arrivals["start"].to_numpy().astype("datetime64[us]").view(np.int64)
    slot = -((due_us[0] - start_us + cadence_us // 2) // cadence_us)
    is_due = (place >= 0) & (slot >= 0) & (slot < len(due_us))
    came = np.unique(place[is_due] * len(due_us) + slot[is_due])
    return np.bincount(came // len(due_us), minlength=len(names)).astype(np.int64)


def _statuses(n_expected: npt.NDArray[np.int64], n_received: npt.NDArray[np.int64]) -> list[str]:
    return np.select(
        [n_expected == 0, n_received == n_expected, n_received == 0],
        ["not_expected", "complete", "silent"],
        default="partial",
    ).tolist()


def _us(moment: datetime) -> int:
    return int(np.datetime64(moment, "us").view(np.int64))
