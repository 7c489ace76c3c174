"""True concentrations at every section of the whole basin: what an ideal instrument would see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.example.concentrations import RISE_H, saturation_mg_l
from ecomon.example.course import Array, daily_wave, shifted, yearly_wave
from ecomon.example.profile import BEHAVIOURS, DETERMINANDS, SECTION_PROFILES
from ecomon.example.whole.assumptions import LONGEST_RESIDENCE_H
from ecomon.example.whole.discharge import Waters
from ecomon.example.whole.draws import Window, departures, fixed_share
from ecomon.example.whole.places import Places
from ecomon.model.period import Period

FIRST_LEVEL = {"EC": 260.0, "TURB": 15.0, "CODMN": 1.3, "NH3N": 0.05, "TP": 0.03, "TN": 1.5}
LAST_LEVEL = {"EC": 480.0, "TURB": 35.0, "CODMN": 2.6, "NH3N": 0.16, "TP": 0.08, "TN": 2.1}
"""Levels assumed high in the hills and low in the basin, where the small example knows none."""

FREEZES_ABOVE_M = 1000.0
FLUSH_SHARE = {"NH3N": 0.5, "CODMN": 0.4, "TP": 0.5}
"""First flush: what the first rise after a dry fortnight adds in ln C, beside the usual rise."""

SPELL_H = 14 * 24
SMALLEST_RATIO = 0.02  # of the mean discharge: the power law is not asked about less
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chemistry:
    """Truth of the sections over a window, shape (section, hour of the window) each.

    ``values`` by determinand of ``profile.DETERMINANDS``, canonical units, never NaN; where
    ``is_frozen`` or ``is_dry`` nothing can be sampled and the values are those of the water that
    would be there. ``discharge`` in m3/s.
    """

    sections: tuple[str, ...]
    values: dict[str, Array]
    discharge: Array
    is_frozen: Mask
    is_dry: Mask


@dataclass(frozen=True, slots=True)
class Nature:
    """What a section is like: columns (section, 1) that meet arrays of (section, time)."""

    level: dict[str, Array]
    temperature: Array
    amplitude: Array
    ph: Array
    altitude_m: Array
    mean_m3_s: Array
    sediment: Array


def simulate_chemistry(places: Places, waters: Waters, window: Window, seed: int) -> Chemistry:
    """True values of the nine determinands at each section.

    Parameters
    ----------
    waters : Waters
        of the same window

    Returns
    -------
    Chemistry

    Notes
    -----
    ln C is a power law of discharge with season, a response to the rising river, a first flush and
    an AR(1) departure handed downstream (loads.md 7 and its C-Q models); water temperature, oxygen
    at saturation (Benson and Krause 1984) and pH follow season and hour of day.
    """
    names = tuple(name for name in places.points if name in places.sections)
    nature = nature_of(places, names)
    discharge = np.stack([waters.discharge[name] for name in names])
    ratio = np.log(np.maximum(discharge / nature.mean_m3_s, SMALLEST_RATIO))
    rising = np.maximum(ratio - shifted(ratio, RISE_H), 0.0)
    flush = rising * np.exp(-np.maximum(shifted(ratio, RISE_H) - _mean_of(ratio), 0.0) * 2.0)
    moved = _departures(places, names, window, seed)
    temperature = _water_temperature(nature, window, moved["WT"])
    frozen = (temperature < 0.05) & (nature.altitude_m > FREEZES_ABOVE_M)
    values = {"WT": np.maximum(temperature, 0.1)}
    day = daily_wave(window.hours, 15.0)
    values["PH"] = nature.ph + 0.05 * day - 0.06 * np.maximum(ratio, 0.0) + 0.10 * moved["PH"]
    share = 0.96 + 0.03 * day - 0.02 * np.maximum(ratio, 0.0) + 0.05 * moved["DO"]
    values["DO"] = saturation_mg_l(values["WT"], nature.altitude_m) * share
    for determinand in DETERMINANDS[3:]:
        behaviour = BEHAVIOURS[determinand]
        settled = nature.sediment if determinand in ("TURB", "TP") else 1.0
        values[determinand] = nature.level[determinand] * np.exp(
            behaviour.exponent * settled * ratio
            + behaviour.rise * settled * rising
            + FLUSH_SHARE.get(determinand, 0.0) * flush
            + behaviour.season * yearly_wave(window.hours, behaviour.peak_day)
            + behaviour.spread * moved[determinand]
        )
    dry = np.zeros(discharge.shape, dtype=bool)
    for row, name in enumerate(names):
        if name in waters.is_dry:
            dry[row] = waters.is_dry[name]
    return Chemistry(names, values, discharge, frozen, dry)


def _mean_of(ratio: Array) -> Array:
    """Ln of discharge over its mean, averaged over the window: what the ground is used to."""
    return ratio.mean(axis=-1, keepdims=True)


def nature_of(places: Places, names: tuple[str, ...]) -> Nature:
    """What the sections are like, from the small example where it knows them, else assumed."""
    points = [places.points[name] for name in names]
    known = [SECTION_PROFILES.get(name) for name in names]
    altitude = np.array([[point.altitude_m] for point in points])
    low = np.clip(1.0 - altitude / 900.0, 0.0, 1.0)
    level: dict[str, Array] = {}
    for key, first in FIRST_LEVEL.items():
        own = np.array([[0.75 + 0.5 * fixed_share(f"{key} of {name}")] for name in names])
        assumed = (first + (LAST_LEVEL[key] - first) * low) * own
        level[key] = np.array(
            [[one.level[key]] if one else row for one, row in zip(known, assumed, strict=True)]
        ).reshape(-1, 1)
    behind_dam = [
        any(places.points[above].residence_h for above in point.upstream) for point in points
    ]
    return Nature(
        level=level,
        temperature=19.0 - 0.0076 * altitude,
        amplitude=np.full(altitude.shape, 8.8),
        ph=np.array([[one.ph if one else 8.0 + 0.3 * fixed_share(name)] for one, name in zip(known, names, strict=True)]),
        altitude_m=altitude,
        mean_m3_s=np.array([[point.mean_m3_s] for point in points]),
        sediment=np.where(np.array(behind_dam)[:, None], 0.5, 1.0),
    )  # fmt: skip


def _water_temperature(nature: Nature, window: Window, departure: Array) -> Array:
    """Unclamped, so that frost shows: below zero there is ice where a section lies high."""
    smooth = nature.temperature + nature.amplitude * yearly_wave(window.hours, 212.0)
    return smooth + 0.5 * daily_wave(window.hours, 16.0) + 1.2 * departure


def _departures(
    places: Places, names: tuple[str, ...], window: Window, seed: int
) -> dict[str, Array]:
    """Random departures of unit variance, shape (section, time), handed on downstream."""
    above = [_above(places, name) for name in names]
    found: dict[str, Array] = {}
    sediment = np.zeros(0)
    for determinand in ("TURB", *(name for name in DETERMINANDS if name != "TURB")):
        behaviour = BEHAVIOURS[determinand]
        course = departures(
            window, seed, [f"departure {determinand} {name}" for name in names], behaviour.memory_h
        )
        for row, link in enumerate(above):
            if link is not None:
                name, share, travel_h = link
                kept = 0.8 * share * np.exp(-travel_h / 400.0)
                handed = shifted(course[names.index(name)], round(travel_h))
                course[row] = kept * handed + np.sqrt(1.0 - kept**2) * course[row]
        if determinand == "TURB":
            sediment = course
        else:
            part = behaviour.sediment_share
            course = part * sediment + np.sqrt(1.0 - part**2) * course
        found[determinand] = course
    return found


def _above(places: Places, name: str) -> tuple[str, float, float] | None:
    """The section above that lends most of the water, its share, and the hours from there."""
    best: tuple[str, float, float] | None = None
    waiting = [(above, 0.0) for above in places.points[name].upstream]
    while waiting:
        one, hours = waiting.pop()
        point = places.points[one]
        hours += point.travel_h
        if hours > LONGEST_RESIDENCE_H:
            continue
        share = min(point.mean_m3_s / places.points[name].mean_m3_s, 1.0)
        if one in places.sections:
            if best is None or share > best[1]:
                best = (one, share, hours)
        else:
            waiting += [(above, hours) for above in point.upstream]
    return best


def true_loads(chemistry: Chemistry, window: Window, period: Period) -> dict[str, Array]:
    """Load of each determinand over the hours of the month inside a period, t, shape (section,).

    The sum of C x Q x 3600 s (1 mg/L = 1 g/m3; definition of load, loads.md 1); also ``VOLUME_M3``
    and the number of hours, ``HOURS``.
    """
    inside = _inside(window, period)
    discharge = chemistry.discharge[:, inside]
    found = {"VOLUME_M3": 3600.0 * discharge.sum(axis=1)}
    for key in ("CODMN", "NH3N", "TP", "TN"):
        flux = chemistry.values[key][:, inside] * discharge
        found[key] = 3600.0e-6 * flux.sum(axis=1)
    found["HOURS"] = np.full(discharge.shape[0], float(inside.sum()))
    return found


def _inside(window: Window, period: Period) -> Mask:
    start = max(np.datetime64(period.start), np.datetime64(window.month.start))
    return (window.hours >= start) & (window.hours < np.datetime64(period.end))
