"""The files of one month: which places report what, and which rows come when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.example.course import Array
from ecomon.example.faults import measured
from ecomon.example.whole.air import simulate_air_truth
from ecomon.example.whole.air_files import air_days, measure_air
from ecomon.example.whole.chemistry import Chemistry
from ecomon.example.whole.discharge import Rainfall, Waters
from ecomon.example.whole.draws import Window, month_index, month_stream
from ecomon.example.whole.gauging import gauge_month, rain_month, reservoir_month
from ecomon.example.whole.hydro_files import rain_table, reservoir_table, river_table
from ecomon.example.whole.places import Places
from ecomon.example.whole.sample_files import monthly_samples, spill_samples
from ecomon.example.whole.sensors import AIR, CLOCK_SHIFT_H, WATER, Sensed, sense
from ecomon.example.whole.site_facts import code_of
from ecomon.example.whole.spill import Spill
from ecomon.example.whole.water_files import key_on, rows_to_correct, water_archive
from ecomon.example.whole.written import Written
from ecomon.model.period import Period

Mask = npt.NDArray[np.bool_]
Spills = Sequence[tuple[Spill, pd.DataFrame]]
LATE_SHARE, LATE_READINGS = 0.15, (3, 30)
"""How many stations a month deliver some rows late, and how many of them."""


@dataclass(frozen=True, slots=True)
class Month:
    """What is true of one month; ``inside`` is the part of it that is asked for."""

    places: Places
    seed: int
    window: Window
    inside: Period
    waters: Waters
    chemistry: Chemistry
    rainfall: Rainfall

    @property
    def index(self) -> int:
        return month_index(self.window.month.start)

    def holds(self, times: npt.NDArray[np.datetime64]) -> Mask:
        """Which times lie inside the period asked for."""
        start, end = np.datetime64(self.inside.start), np.datetime64(self.inside.end)
        return (times >= start) & (times < end)


def write_month(
    month: Month, sites: Sequence[str], feeds: Sequence[str], *,
    prefix: str, has_faults: bool, is_late: bool, spills: Spills,
) -> tuple[list[Written], list[Sensed]]:  # fmt: skip
    """The files of a month, and what the instruments behind them did."""
    files: list[Written] = []
    sensed: list[Sensed] = []
    stem = f"-{month.window.month.label}"
    if "water" in feeds:
        one = sense_water(month, sites, has_faults=has_faults, is_late=is_late)
        sensed.append(one)
        files += _water_files(month, one, f"{prefix}water{stem}", is_late=is_late)
    if "discharge" in feeds:
        found, one = _river_files(month, sites, f"{prefix}ST_RIVER_R{stem}", has_faults, is_late)
        files += found
        sensed.append(one)
    if "reservoir" in feeds:
        files += _reservoir_files(month, sites, f"{prefix}ST_RSVR_R{stem}.csv")
    if "rain" in feeds:
        files += _rain_files(month, sites, f"{prefix}ST_PPTN_R{stem}.csv")
    if "air" in feeds:
        found, one = _air_files(month, sites, f"{prefix}china_sites_", has_faults)
        files += found
        sensed.append(one)
    if "samples" in feeds:
        files += _sample_files(month, sites, prefix, spills)
    return [one for one in files if one.n_rows], sensed


def sense_water(month: Month, sites: Sequence[str], *, has_faults: bool, is_late: bool) -> Sensed:
    """What the automatic stations of the sections report every four hours."""
    days = (month.window.month.start.date(), _last_day(month))
    kept = tuple(
        name
        for name in month.chemistry.sections
        if name in sites and any(_water_key(month.places, name, day) for day in days)
    )
    rows = [month.chemistry.sections.index(name) for name in kept]
    now = slice(month.window.lead_h, None, WATER.step_h)
    before = slice(month.window.lead_h - CLOCK_SHIFT_H, -CLOCK_SHIFT_H, WATER.step_h)
    values = month.chemistry.values
    absent = (month.chemistry.is_dry | month.chemistry.is_frozen)[rows, now]
    return sense(
        WATER, kept, month.window.hours[now], {key: values[key][rows, now] for key in values},
        before={key: values[key][rows, before] for key in values}, measure=measured,
        seed=month.seed, index=month.index, has_faults=has_faults, is_late=is_late, is_absent=absent,
    )  # fmt: skip


def _last_day(month: Month) -> date:
    return np.datetime64(month.window.hours[-1], "D").astype(object)


def _water_key(places: Places, section: str, day: date) -> str | None:
    return key_on(places.sections[section].aliases, "cnemc-water", day)


def _water_files(month: Month, sensed: Sensed, stem: str, *, is_late: bool) -> Iterator[Written]:
    inside = np.broadcast_to(month.holds(sensed.times), sensed.is_sent.shape)
    rows = [month.chemistry.sections.index(name) for name in sensed.sites]
    steps = slice(month.window.lead_h, None, WATER.step_h)
    absent = (month.chemistry.is_dry | month.chemistry.is_frozen)[rows, steps]
    late = np.zeros(inside.shape, dtype=bool)
    again = np.zeros(inside.shape, dtype=bool)
    if is_late:
        again = rows_to_correct(sensed)
        for row, site in enumerate(sensed.sites):
            rng = month_stream(month.seed, f"late {site}", month.index)
            if rng.random() < LATE_SHARE:
                first = int(rng.integers(0, sensed.times.size - LATE_READINGS[1]))
                late[row, first : first + int(rng.integers(*LATE_READINGS))] = True

    def key_of(site: str, day: date) -> str | None:
        return _water_key(month.places, site, day)

    yield water_archive(sensed, key_of, inside & ~late, absent, name=f"{stem}.csv")
    yield water_archive(sensed, key_of, inside & late, absent, name=f"{stem}.late.csv")
    yield water_archive(
        sensed, key_of, inside & again, absent, name=f"{stem}.revised.csv", is_final=True
    )


def _river_files(
    month: Month, sites: Sequence[str], stem: str, has_faults: bool, is_late: bool
) -> tuple[list[Written], Sensed]:
    gauges = tuple(name for name in month.places.gauges if name in sites)
    gauged = gauge_month(
        month.places, month.waters, month.window, gauges, seed=month.seed, has_faults=has_faults,
        is_late=is_late,
    )  # fmt: skip
    codes = [code_of(month.places.gauges[one], "st-river-r", _last_day(month)) for one in gauges]
    inside = np.broadcast_to(month.holds(gauged.stage.times), gauged.true.shape)
    first = river_table(gauged, codes, inside, name=f"{stem}.csv", is_final=False)
    again = inside & gauged.is_provisional
    revised = river_table(gauged, codes, again, name=f"{stem}.revised.csv", is_final=True)
    return [first, revised], gauged.stage


def _reservoir_files(month: Month, sites: Sequence[str], name: str) -> list[Written]:
    names = tuple(one for one in month.places.reservoirs if one in sites)
    found = reservoir_month(month.places, month.waters, month.window, names)
    found = found.during(month.holds(found.times))
    codes = [code_of(month.places.reservoirs[one], "st-rsvr-r", _last_day(month)) for one in names]
    return [reservoir_table(found, codes, name=name)]


def _rain_files(month: Month, sites: Sequence[str], name: str) -> list[Written]:
    names = tuple(one for one in month.places.gauges if one in sites)
    rain = rain_month(month.places, month.rainfall, month.window, names, month.seed)
    inside = month.holds(month.window.times)
    codes = [code_of(month.places.gauges[one], "st-pptn-r", _last_day(month)) for one in names]
    return [rain_table(rain[:, inside], month.window.times[inside], names, codes, name=name)]


def _air_files(
    month: Month, sites: Sequence[str], prefix: str, has_faults: bool
) -> tuple[list[Written], Sensed]:
    """Hours by the day that their end names: the first began in the month before."""
    kept: dict[str, str] = {}
    for name, site in month.places.air_sites.items():
        heading = key_on(site.aliases, "cnemc-air", month.window.month.start.date())
        if name in sites and heading is not None:
            kept[name] = heading
    truth = simulate_air_truth(
        {name: month.places.air_sites[name] for name in kept}, month.window, month.seed
    )
    now = month.window.lead_h - 1
    sensed = sense(
        AIR, tuple(kept), month.window.hours[now:-1], {key: one[:, now:-1] for key, one in truth.items()},
        before={key: one[:, now - CLOCK_SHIFT_H : -1 - CLOCK_SHIFT_H] for key, one in truth.items()},
        measure=measure_air, seed=month.seed, index=month.index, has_faults=has_faults,
    )  # fmt: skip
    earlier: dict[str, Array] = {
        key: measure_air(key, one[:, now - 24 : now], np.zeros((len(kept), 24)))
        for key, one in truth.items()
    }
    days = np.arange(np.datetime64(month.inside.start, "D"), np.datetime64(month.inside.end, "D"))
    if not kept:
        return [], sensed
    return list(air_days(sensed, earlier, list(kept.values()), list(days), prefix=prefix)), sensed


def _sample_files(month: Month, sites: Sequence[str], prefix: str, spills: Spills) -> Iterator[Written]:  # fmt: skip
    label = month.window.month.label
    kept = tuple(name for name in month.chemistry.sections if name in sites)
    yield monthly_samples(
        month.places, month.chemistry, month.window, kept, seed=month.seed, period=month.inside,
        name=f"{prefix}samples-{label}.csv",
    )  # fmt: skip
    for number, (spill, arrivals) in enumerate(spills, start=1):
        yield spill_samples(
            month.places, spill, arrivals, month.waters.discharge, month.window, kept=kept,
            seed=month.seed, period=month.inside, name=f"{prefix}spill-{number}-{label}.csv",
        )  # fmt: skip
