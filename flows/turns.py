"""What a run works on, and so which runs wait for one another.

Runs of one period never interleave; different months and different feeds go side by side, on one
machine or on several. A flow takes turns in this order and never goes back in it, so no two flows
can wait for each other:

1. what it works on: ``month/2021-04`` for each month of its period, ``alert``, or its own name;
2. ``feed/<feed>``: an ingest from its first file to its last flag. Other flows take all of them for
   the moment in which they note what is known, so that no result rests on readings whose flags are
   still to come;
3. ``flags/2021-04`` while the flags of a month and of its neighbours are judged and written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ecomon.errors import StoreUnavailable
from ecomon.journey.read_readings import FEEDS
from ecomon.model.period import Period
from ecomon.store import Store

OF_MONTHS = ("assess", "flag", "load", "publish", "settle")
"""Flows that write what belongs to the months of their period."""


def turns_of(flow: str, arguments: Mapping[str, Any]) -> list[str]:
    """Names of what a run of a flow works on."""
    if flow == "ingest" and "feed" in arguments:
        return [f"feed/{arguments['feed']}"]
    if flow in OF_MONTHS and "period" in arguments:
        return [f"month/{label}" for label in _months_touched(Period.parse(arguments["period"]))]
    return ["alert" if flow == "alert" else f"flow/{flow}"]


def flag_turns(month: Period, reach_h: float) -> list[str]:
    """Names of the months whose flags readings of one month can change, or are judged with."""
    margin = timedelta(hours=2 * reach_h)
    return [
        f"flags/{label}"
        for label in _months_touched(Period(month.start - margin, month.end + margin))
    ]


def settled_input_seq(store: Store) -> int:
    """The input sequence at a moment when no ingest stands between its readings and their flags.

    While one is at work it is waited for with nothing held, so that an ingest of another feed does
    not wait too.
    """
    names = [f"feed/{feed}" for feed in sorted(FEEDS)]
    while True:
        try:
            with store.turn(names, timeout_s=0.0):
                return store.input_seq()
        except StoreUnavailable:
            for name in names:
                with store.turn([name]):
                    pass


def _months_touched(period: Period) -> list[str]:
    return [month.label for month in period.split("month")]
