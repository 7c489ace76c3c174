"""What is true of a month beside its values: events, and where each fault of an instrument stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.example.scenario import DRY_SPELLS, STORMS
from ecomon.example.whole.air import episodes_of
from ecomon.example.whole.gauging import curves_of
from ecomon.example.whole.sensors import Sensed
from ecomon.example.whole.spill import Spill
from ecomon.model.period import Period

if TYPE_CHECKING:
    from ecomon.example.whole.month import Month

EVENT_COLUMNS = ("kind", "place", "start", "end", "detail")
FAULT_COLUMNS = ("fault_id", "site", "determinand", "start", "end", "kind", "n_readings")
FAULT_ROW_COLUMNS = ("fault_id", "feed", "file", "first_row", "last_row")
FLOOD_RATIO = 4.0
"""A flood: discharge above so many times its mean."""

HOUR = np.timedelta64(1, "h")
Record = tuple[object, ...]


def list_events(month: Month, sites: Sequence[str], spills: Sequence[Spill]) -> pd.DataFrame:
    """Events of a month inside the period, each cut at its bounds.

    Returns
    -------
    DataFrame
        kind (storm, drought, flood, dry, frozen, air_episode, rating_shift, spill), place ("" = a
        region or the whole basin), start, end (half-open), detail (words and numbers)
    """
    start, end = np.datetime64(month.inside.start, "us"), np.datetime64(month.inside.end, "us")
    rows: list[Record] = []

    def add(kind: str, place: str, first: object, last: object, detail: str) -> None:
        begins, ends = np.datetime64(first, "us"), np.datetime64(last, "us")  # pyright: ignore[reportArgumentType, reportCallIssue]
        if begins < end and ends > start:
            rows.append((kind, place, max(begins, start), min(ends, end), detail))

    for storm in STORMS:
        until = np.datetime64(storm.start, "h") + storm.hours
        add("storm", "", storm.start, until, f"{storm.region}, {storm.depth:g} h of mean rain")
    for spell in DRY_SPELLS:
        add("drought", "", spell.start, spell.end, f"rain x {spell.factor:g}")
    for first, hours in episodes_of(month.window, month.seed):
        add("air_episode", "", first, first + hours * HOUR, "heavy pollution")
    for spill in spills:
        until = np.datetime64(spill.at, "s") + np.timedelta64(round(3600 * spill.hours), "s")
        add("spill", spill.section, spill.at, until, f"{spill.determinand} {spill.kg:g} kg")
    for row, name in enumerate(month.chemistry.sections):
        if name in sites:
            for kind, mask in _states(month, row, name):
                for first, last in _runs(mask[month.window.lead_h :]):
                    times = month.window.times
                    add(kind, name, times[first], times[last - 1] + HOUR, "")
    for name in month.places.gauges:
        if name in sites:
            for one in curves_of(month.places.points[name], month.seed, month.window.month.end)[1:]:
                add("rating_shift", name, one.begins_at, np.datetime64(one.begins_at, "h") + HOUR, f"zero {one.zero_m:.2f} m")  # fmt: skip
    return pd.DataFrame(rows, columns=list(EVENT_COLUMNS))


def _states(month: Month, row: int, name: str) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    mean = month.places.points[name].mean_m3_s
    return [
        ("dry", month.chemistry.is_dry[row]),
        ("frozen", month.chemistry.is_frozen[row]),
        ("flood", month.chemistry.discharge[row] > FLOOD_RATIO * mean),
    ]


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of each unbroken run of True."""
    edges = np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def list_faults(
    sensed: Sequence[Sensed], readings: pd.DataFrame, inside: Period
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The faults that were put in, and the rows of files in which each stands.

    Returns
    -------
    faults : DataFrame
        fault_id, site, determinand ("" = the whole station), start, end (half-open), kind,
        n_readings (times of reading)
    fault_rows : DataFrame
        fault_id, feed, file, first_row, last_row (counted as in ``readings``); none for an outage, of which no row came
    """
    spoilt = readings[readings["fault"] != ""]
    by_site = dict(iter(spoilt.groupby("site", sort=False)))
    faults: list[Record] = []
    rows: list[Record] = []
    for one in sensed:
        step = np.timedelta64(one.medium.step_h, "h")
        for label in one.labels:
            start, end = one.times[label.first], one.times[label.last - 1] + step
            if not (start < np.datetime64(inside.end) and end > np.datetime64(inside.start)):
                continue
            key = label.determinand or one.medium.name
            number = f"{label.kind}:{label.site}:{key}:{str(start)[:16]}"
            faults.append((number, label.site, label.determinand, start, end, label.kind, label.last - label.first))  # fmt: skip
            part = by_site.get(label.site)
            if part is None or label.kind == "outage":
                continue
            keys = [label.determinand] if label.determinand else list(one.medium.determinands)
            if keys == ["STAGE"]:
                keys = ["STAGE", "DISCHARGE"]
            part = part[(part["start"] >= start) & (part["start"] < end) & part["determinand"].isin(keys)]  # fmt: skip
            spans = part.groupby(["feed", "file"], sort=True)["row"].agg(["min", "max"])
            rows += [(number, *place, low, high) for place, low, high in spans.itertuples()]
    return (
        pd.DataFrame(faults, columns=list(FAULT_COLUMNS)),
        pd.DataFrame(rows, columns=list(FAULT_ROW_COLUMNS)),
    )
