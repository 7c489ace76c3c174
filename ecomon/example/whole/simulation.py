"""The whole basin month by month: the files that offices would receive, and the truth beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from ecomon.errors import ContractError
from ecomon.example.whole.chemistry import simulate_chemistry, true_loads
from ecomon.example.whole.discharge import (
    EARLIEST_YEAR,
    Rainfall,
    Term,
    simulate_waters,
    trace_terms,
)
from ecomon.example.whole.draws import window_of
from ecomon.example.whole.file_faults import choose_fault, spoil_file
from ecomon.example.whole.month import Month, write_month
from ecomon.example.whole.places import Places
from ecomon.example.whole.spill import Spill, add_spills, find_arrivals
from ecomon.example.whole.true_events import list_events, list_faults
from ecomon.example.whole.written import TRUTH_COLUMNS, Written
from ecomon.model.period import Period

FEEDS = ("water", "discharge", "reservoir", "rain", "air", "samples")
PREFIX = "示例-"
LOADED = ("CODMN", "NH3N", "TP", "TN")
DELIVERED_AFTER = {
    "": timedelta(hours=8), "late": timedelta(days=12), "revised": timedelta(days=20),
}  # fmt: skip
"""After the end of the month (of the day, for air): when a file arrives."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be simulated.

    ``sites`` are ids of sections, gauges, reservoirs and air sites; what happens at one does not
    depend on which others are named. ``feeds`` are of ``FEEDS``.
    """

    period: Period
    seed: int
    sites: tuple[str, ...]
    feeds: tuple[str, ...] = FEEDS
    has_sensor_faults: bool = True
    has_file_faults: bool = False
    is_late: bool = True
    spills: tuple[Spill, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file on its day: ``of`` names the file it repeats or replaces, ``fault`` what is wrong with it.

    ``n_rows`` counts the whole rows of data in it; ``fetched_at`` is stated for layouts whose times
    carry no year.
    """

    feed: str
    name: str
    octets: bytes
    n_rows: int
    delivered_at: datetime
    fetched_at: datetime | None = None
    fault: str = ""
    of: str = ""


@dataclass(slots=True)
class Simulated:
    """One month: deliveries in the order of their names, and what is true of it.

    ``readings`` (``TRUTH_COLUMNS``) has a row per reading of each file as it was before a fault of
    the file; ``faults``, ``fault_rows``, ``loads`` and ``events`` as in the how-to.
    """

    month: Period
    deliveries: list[Delivery]
    readings: pd.DataFrame
    faults: pd.DataFrame
    fault_rows: pd.DataFrame
    loads: pd.DataFrame
    events: pd.DataFrame


@dataclass
class _Basin:
    """What all months share."""

    places: Places
    plan: Plan
    rainfall: Rainfall
    traced: tuple[dict[str, dict[Term, float]], dict[str, dict[Term, float]]]
    arrivals: list[pd.DataFrame] = field(default_factory=list[pd.DataFrame])


def simulate_whole(places: Places, plan: Plan) -> Iterator[Simulated]:
    """Simulate the whole basin, one calendar month after the other; memory is that of a month.

    Parameters
    ----------
    places : Places
    plan : Plan
        its period runs by whole days; a month that it cuts is simulated whole and cut then

    Yields
    ------
    Simulated
        a month comes out the same, octet for octet, alone or within a longer period

    Raises
    ------
    ContractError
        for a period that does not run by whole days or begins before ``EARLIEST_YEAR``, a negative
        seed, an unknown site, feed or determinand of a spill.

    Notes
    -----
    Everything is invented: see ``whole.assumptions`` for what is assumed. Nothing of it may stand
    beside real readings.
    """
    _check(places, plan)
    arrivals = [find_arrivals(places, spill) for spill in plan.spills]
    basin = _Basin(places, plan, Rainfall(plan.seed), trace_terms(places), arrivals)
    for month in plan.period.split("month"):
        yield _simulate_month(basin, month)


def _check(places: Places, plan: Plan) -> None:
    if plan.seed < 0:
        raise ContractError(f"a seed is not negative, got {plan.seed}")
    if plan.period.start.year < EARLIEST_YEAR:
        raise ContractError(f"the example basin begins in {EARLIEST_YEAR}, not {plan.period.start}")
    for bound in (plan.period.start, plan.period.end):
        if bound != datetime(bound.year, bound.month, bound.day):
            raise ContractError(f"the example basin is simulated by whole days, not from {bound}")
    unknown = sorted(set(plan.sites) - set(places.points) - set(places.air_sites))
    if unknown:
        raise ContractError(f"not places of the registry: {', '.join(unknown)}")
    strange = sorted(set(plan.feeds) - set(FEEDS))
    if strange:
        raise ContractError(f"no such feed: {', '.join(strange)}; one of {', '.join(FEEDS)}")
    for spill in plan.spills:
        if spill.section not in places.sections:
            raise ContractError(f"a spill begins at a section, and {spill.section!r} is none")


def _simulate_month(basin: _Basin, calendar: Period) -> Simulated:
    places, plan = basin.places, basin.plan
    window = window_of(calendar)
    waters = simulate_waters(places, basin.rainfall, window, basin.traced)
    chemistry = simulate_chemistry(places, waters, window, plan.seed)
    add_spills(
        chemistry.values, chemistry.discharge, chemistry.sections, places, hours=window.hours,
        spills=plan.spills,
    )  # fmt: skip
    inside = Period(max(plan.period.start, calendar.start), min(plan.period.end, calendar.end))
    month = Month(places, plan.seed, window, inside, waters, chemistry, basin.rainfall)
    files, labelled = write_month(
        month, plan.sites, plan.feeds, prefix=PREFIX, has_faults=plan.has_sensor_faults,
        is_late=plan.is_late, spills=list(zip(plan.spills, basin.arrivals, strict=True)),
    )  # fmt: skip
    for one in files:
        one.truth.insert(0, "feed", one.feed)
    tables = [one.truth for one in files if len(one.truth)]
    readings = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(TRUTH_COLUMNS))  # fmt: skip
    for one in files:
        one.truth = pd.DataFrame()  # it stands in ``readings`` now; a month is held once
    faults, fault_rows = list_faults(labelled, readings, inside)
    deliveries = [sent for one in files for sent in _deliver(one, plan, calendar)]
    return Simulated(
        calendar, sorted(deliveries, key=lambda one: (one.feed, one.name)), readings, faults,
        fault_rows, _load_table(month, plan), list_events(month, plan.sites, plan.spills),
    )  # fmt: skip


def _deliver(one: Written, plan: Plan, month: Period) -> Iterable[Delivery]:
    """The file, or what came in its place and then the file again."""
    stem, suffix = one.name[: -len(".csv")], ".csv"
    kind = stem.rpartition(".")[2] if "." in stem else ""
    end = month.end
    if one.feed == "china-sites":
        end = datetime.strptime(stem[-8:], "%Y%m%d") + timedelta(days=1)
    arrives = end + DELIVERED_AFTER[kind]
    fetched = arrives if one.feed == "cnemc-water" else None
    fault = (
        choose_fault(one.name, plan.seed) if plan.has_file_faults and one.feed != "samples" else ""
    )
    spoilt = spoil_file(one.octets, fault, one.feed, one.n_rows) if fault and one.n_rows else None
    if spoilt is None:
        yield Delivery(one.feed, one.name, one.octets, one.n_rows, arrives, fetched)
    elif spoilt.kind == "duplicate":
        yield Delivery(one.feed, one.name, one.octets, one.n_rows, arrives, fetched)
        yield Delivery(one.feed, f"{stem}.again{suffix}", one.octets, one.n_rows, arrives, fetched, "duplicate", one.name)  # fmt: skip
    else:
        yield Delivery(one.feed, one.name, spoilt.octets, spoilt.n_rows, arrives, fetched, spoilt.kind)  # fmt: skip
        later = arrives + timedelta(days=1)
        yield Delivery(one.feed, f"{stem}.resent{suffix}", one.octets, one.n_rows, later, fetched and later, "", one.name)  # fmt: skip


def _load_table(month: Month, plan: Plan) -> pd.DataFrame:
    """True loads of the month's hours inside the period, by section and determinand."""
    found = true_loads(month.chemistry, month.window, month.inside)
    kept = [(row, name) for row, name in enumerate(month.chemistry.sections) if name in plan.sites]
    rows = [
        {
            "section": name, "is_border": month.places.sections[name].kind == "border",
            "determinand": key, "period": month.window.month.label,
            "start": np.datetime64(month.inside.start, "us"),
            "end": np.datetime64(month.inside.end, "us"), "load_t": float(found[key][row]),
            "volume_m3": float(found["VOLUME_M3"][row]), "hours": int(found["HOURS"][row]),
        }
        for row, name in kept
        for key in LOADED
    ]  # fmt: skip
    columns = ["section", "is_border", "determinand", "period", "start", "end", "load_t", "volume_m3", "hours"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
