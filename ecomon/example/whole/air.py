"""True hourly air at every station of the whole basin, with episodes of heavy pollution."""

from __future__ import annotations

import numpy as np

from ecomon.example.air import AIR_BEHAVIOURS
from ecomon.example.course import Array, autoregression, daily_wave, yearly_wave
from ecomon.example.profile import AIR_DETERMINANDS
from ecomon.example.whole.draws import Window, departures, fixed_share, month_stream, white_noise
from ecomon.model.place import AirSite

WINTER = (11, 12, 1, 2)
EPISODE_SHARE = {"PM25": 1.1, "PM10": 0.95, "CO_AIR": 0.7, "NO2": 0.6, "SO2": 0.4, "O3": -0.5}
"""What the middle of an episode adds in ln C."""

Episode = tuple[np.datetime64, int]


def episodes_of(window: Window, seed: int) -> list[Episode]:
    """Heavy-pollution episodes (重污染过程) of the window's months: start and hours.

    One or two in a winter month; each ends within its month.
    """
    found: list[Episode] = []
    at = 0
    for index, length in zip(window.indices, window.lengths, strict=True):
        if index % 12 + 1 in WINTER:
            rng = month_stream(seed, "air episodes", index)
            for _ in range(int(rng.integers(1, 3))):
                hours = int(rng.integers(48, 120))
                first = int(rng.integers(0, length - hours))
                found.append((window.hours[at + first], hours))
        at += length
    return found


def simulate_air_truth(sites: dict[str, AirSite], window: Window, seed: int) -> dict[str, Array]:
    """True hourly means by determinand, shape (site, hour of the window).

    Returns
    -------
    dict of ndarray
        ug/m3 (CO mg/m3), unrounded, positive, never NaN; PM10 is never below PM2.5

    Notes
    -----
    Stagnant air is shared by a city and partly by the basin; ozone is made under clear, moving
    air. Levels are those of the small example, times a number that belongs to the site.
    """
    names = list(sites)
    cities = sorted({site.located_in[:4] for site in sites.values()})
    city_of = [cities.index(site.located_in[:4]) for site in sites.values()]
    shared = autoregression(white_noise(window, seed, ["air basin"]), 72.0)
    own = departures(window, seed, [f"air city {city}" for city in cities], 36.0)
    stagnation = (0.7 * shared + 0.7 * own)[city_of]
    lift = _episode_lift(window, seed)
    values: dict[str, Array] = {}
    for determinand in AIR_DETERMINANDS:
        behaviour = AIR_BEHAVIOURS[determinand]
        local = departures(window, seed, [f"air {determinand} {name}" for name in names], 9.0)
        course = (
            behaviour.season * yearly_wave(window.hours, behaviour.peak_day)
            + behaviour.daily * daily_wave(window.hours, behaviour.peak_hour)
            + behaviour.spread * (0.8 * stagnation * (-0.5 if determinand == "O3" else 1.0))
            + behaviour.spread * 0.6 * local
            + EPISODE_SHARE[determinand] * lift
        )
        level = np.array([[_level(site, determinand)] for site in sites.values()])
        values[determinand] = behaviour.level * level * np.exp(course)
    values["PM10"] = np.maximum(values["PM10"], 1.15 * values["PM25"] + 3.0)
    return values


def _level(site: AirSite, determinand: str) -> float:
    cleaner = 0.65 if site.is_background and determinand != "O3" else 1.0
    return cleaner * (0.8 + 0.4 * fixed_share(f"{determinand} of {site.id}"))


def _episode_lift(window: Window, seed: int) -> Array:
    """0 outside episodes, a half sine of 1 within."""
    lift = np.zeros(window.hours.size)
    for start, hours in episodes_of(window, seed):
        first = int(np.searchsorted(window.hours, start))
        lift[first : first + hours] = np.maximum(
            lift[first : first + hours], np.sin(np.pi * (np.arange(hours) + 0.5) / hours)
        )
    return lift


def running_mean(values: Array, n_hours: int) -> Array:
    """Mean of the ``n_hours`` that end with each hour, at least three quarters of them there; else NaN."""
    is_there = np.isfinite(values)
    sums = _running_sum(np.where(is_there, values, 0.0), n_hours)
    counts = _running_sum(is_there.astype(float), n_hours)
    means = np.full(values.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts >= 0.75 * n_hours)
    return means


def _running_sum(values: Array, n_hours: int) -> Array:
    total = np.cumsum(values, axis=-1)
    total[..., n_hours:] = total[..., n_hours:] - total[..., :-n_hours].copy()
    return total


def running_maximum(values: Array, n_hours: int) -> Array:
    """Largest of the ``n_hours`` that end with each hour; NaN where none is there."""
    filled = np.where(np.isfinite(values), values, -np.inf)
    found = filled.copy()
    for back in range(1, n_hours):
        found[..., back:] = np.maximum(found[..., back:], filled[..., :-back])
    return np.where(np.isfinite(found), found, np.nan)
