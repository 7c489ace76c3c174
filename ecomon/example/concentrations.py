"""True concentrations of the example basin: what an ideal instrument would see, hourly."""

from __future__ import annotations

import numpy as np

from ecomon.example.course import (
    Array,
    Times,
    autoregression,
    daily_wave,
    shifted,
    stream,
    yearly_wave,
)
from ecomon.example.profile import (
    BEHAVIOURS,
    DETERMINANDS,
    GAUGE_PROFILES,
    SECTION_PROFILES,
    SectionProfile,
)
from ecomon.example.scenario import RELEASES, added_concentration

RISE_H = 12  # a river is rising when it stands higher than this many hours ago


def simulate_concentrations(
    hours: Times, discharge: dict[str, Array], seed: int
) -> dict[str, Array]:
    """True value of each determinand at each section.

    Parameters
    ----------
    hours : ndarray of datetime64, shape (time,)
        hourly, lead-in included
    discharge : dict of ndarray, shape (time,), m3/s
        by section, in the order of ``SECTION_PROFILES`` (upstream before downstream)
    seed : int

    Returns
    -------
    dict of ndarray, shape (section, time)
        by determinand, in canonical units (mg/L, degC, uS/cm, NTU, pH 1); never NaN

    Notes
    -----
    ln C is a power law of discharge (the C-Q form, loads.md 7 and its reference models) with a
    yearly wave, a response to the rising river and an AR(1) departure that travels downstream.
    Water temperature, dissolved oxygen and pH follow season and hour of day.
    """
    departures = _departures(hours.size, seed)
    relative = np.log(
        np.stack([discharge[name] / _mean_discharge(name) for name in SECTION_PROFILES])
    )
    rising = np.maximum(relative - shifted(relative, RISE_H), 0.0)
    values: dict[str, Array] = {"WT": _water_temperature(hours, departures["WT"])}
    values["PH"] = _ph(hours, relative, departures["PH"])
    values["DO"] = _dissolved_oxygen(hours, values["WT"], relative, departures["DO"])
    for determinand in DETERMINANDS[3:]:
        values[determinand] = _power_law(
            determinand, hours, relative, rising, departures[determinand]
        )
    _add_releases(values, hours)
    return values


def saturation_mg_l(water_temperature: Array, altitude_m: Array | float = 0.0) -> Array:
    """Dissolved oxygen at saturation in fresh water, mg/L.

    Source: Benson and Krause (1984), in the form of Standard Methods 4500-O; the pressure falls
    by exp(-altitude / 8400 m), an approximation that is good enough for an example.
    """
    kelvin = water_temperature + 273.15
    log_do = (
        -139.34411
        + 1.575701e5 / kelvin
        - 6.642308e7 / kelvin**2
        + 1.243800e10 / kelvin**3
        - 8.621949e11 / kelvin**4
    )
    return np.exp(log_do) * np.exp(-np.asarray(altitude_m) / 8400.0)


def _mean_discharge(section: str) -> float:
    links = SECTION_PROFILES[section].discharge
    return sum(factor * GAUGE_PROFILES[gauge].mean_m3_s for gauge, factor, _ in links)


def _departures(n_hours: int, seed: int) -> dict[str, Array]:
    """Random departures of unit variance, shape (section, time), handed on downstream."""
    names = list(SECTION_PROFILES)
    departures: dict[str, Array] = {}
    sediment = np.zeros(0)
    for determinand in ("TURB", *(name for name in DETERMINANDS if name != "TURB")):
        behaviour = BEHAVIOURS[determinand]
        white = stream(seed, f"departure {determinand}").standard_normal((len(names), n_hours))
        course = autoregression(white, behaviour.memory_h)
        for row, profile in enumerate(SECTION_PROFILES.values()):
            if profile.upstream is not None:
                above = shifted(course[names.index(profile.upstream)], profile.travel_h)
                own = np.sqrt(1.0 - profile.memory**2)
                course[row] = profile.memory * above + own * course[row]
        if determinand == "TURB":
            sediment = course
        else:
            share = behaviour.sediment_share
            course = share * sediment + np.sqrt(1.0 - share**2) * course
        departures[determinand] = course
    return departures


def _column(of: str) -> Array:
    """One number per section as a column, so that it meets arrays of (section, time)."""
    return np.array([[float(getattr(profile, of))] for profile in SECTION_PROFILES.values()])


def _power_law(
    determinand: str, hours: Times, relative: Array, rising: Array, departure: Array
) -> Array:
    behaviour = BEHAVIOURS[determinand]
    level = np.array([[profile.level[determinand]] for profile in SECTION_PROFILES.values()])
    # Behind a dam sediment settles: turbidity and phosphorus answer less to discharge there.
    settled = _column("sediment") if determinand in ("TURB", "TP") else 1.0
    log_ratio = (
        behaviour.exponent * settled * relative
        + behaviour.rise * settled * rising
        + behaviour.season * yearly_wave(hours, behaviour.peak_day)
        + behaviour.spread * departure
    )
    return level * np.exp(log_ratio)


def _water_temperature(hours: Times, departure: Array) -> Array:
    def course(profile: SectionProfile) -> Array:
        mean, amplitude = profile.water_temperature
        return mean + amplitude * yearly_wave(hours, 212.0) + 0.5 * daily_wave(hours, 16.0)

    smooth = np.stack([course(profile) for profile in SECTION_PROFILES.values()])
    return np.maximum(smooth + BEHAVIOURS["WT"].spread * departure, 0.5)


def _ph(hours: Times, relative: Array, departure: Array) -> Array:
    level = _column("ph") + 0.05 * daily_wave(hours, 16.0)
    return level - 0.06 * np.maximum(relative, 0.0) + BEHAVIOURS["PH"].spread * departure


def _dissolved_oxygen(hours: Times, wt: Array, relative: Array, departure: Array) -> Array:
    share = 0.96 + 0.03 * daily_wave(hours, 15.0) - 0.02 * np.maximum(relative, 0.0)
    return saturation_mg_l(wt, _column("altitude_m")) * (
        share + BEHAVIOURS["DO"].spread * departure
    )


def _add_releases(values: dict[str, Array], hours: Times) -> None:
    for row, section in enumerate(SECTION_PROFILES):
        for release in RELEASES:
            if section in release.distances_km and release.determinand in values:
                values[release.determinand][row] += added_concentration(release, section, hours)
