"""Air of the example city: hourly means at five stations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.example.course import (
    Array,
    Times,
    autoregression,
    daily_wave,
    stream,
    yearly_wave,
)
from ecomon.example.profile import AIR_DETERMINANDS, AIR_RELATIVE


@dataclass(frozen=True, slots=True)
class AirBehaviour:
    """Level (ug/m3, CO mg/m3), yearly and daily amplitude in ln C with their peaks, spread."""

    level: float
    season: float
    peak_day: float
    daily: float
    peak_hour: float
    spread: float
    decimals: int = 0


AIR_BEHAVIOURS = {
    "PM25": AirBehaviour(27.0, 0.55, 10.0, 0.12, 22.0, 0.40),
    "PM10": AirBehaviour(46.0, 0.50, 15.0, 0.15, 21.0, 0.38),
    "SO2": AirBehaviour(8.0, 0.20, 5.0, 0.10, 10.0, 0.25),
    "NO2": AirBehaviour(24.0, 0.35, 5.0, 0.35, 20.0, 0.30),
    "CO_AIR": AirBehaviour(0.7, 0.30, 10.0, 0.15, 21.0, 0.20, 1),
    "O3": AirBehaviour(58.0, 0.45, 170.0, 0.65, 15.0, 0.30),
}
"""Assumptions near the hours of February 2018 and January 2022 that are public (stations.md 6.2)."""


def simulate_air(hours: Times, seed: int) -> dict[str, Array]:
    """Hourly means at the air stations of the example.

    Parameters
    ----------
    hours : ndarray of datetime64, shape (time,)
        starts of the hours, naive Beijing
    seed : int

    Returns
    -------
    dict of ndarray, shape (site, time)
        by determinand, ug/m3 (CO mg/m3), rounded as reported; NaN where the station was silent
    """
    stagnation = autoregression(stream(seed, "air city").standard_normal(hours.size), 48.0)
    silent = _silent(hours.size, seed)
    values: dict[str, Array] = {}
    for determinand in AIR_DETERMINANDS:
        behaviour = AIR_BEHAVIOURS[determinand]
        white = stream(seed, f"air {determinand}").standard_normal((len(AIR_RELATIVE), hours.size))
        # Stagnant air keeps primary pollutants in the valley; ozone is made under clear, moving air.
        shared = 0.8 * stagnation * (-0.5 if determinand == "O3" else 1.0)
        course = (
            behaviour.season * yearly_wave(hours, behaviour.peak_day)
            + behaviour.daily * daily_wave(hours, behaviour.peak_hour)
            + behaviour.spread * (shared + 0.6 * autoregression(white, 9.0))
        )
        relative = [[station.get(determinand, 1.0)] for station in AIR_RELATIVE.values()]
        level = behaviour.level * np.array(relative)
        reported = np.round(level * np.exp(course), behaviour.decimals)
        values[determinand] = np.where(
            silent, np.nan, np.maximum(reported, 10.0**-behaviour.decimals)
        )
    # Fine dust is part of all dust.
    values["PM10"] = np.maximum(values["PM10"], values["PM25"] + 2.0)
    return values


def _silent(n_hours: int, seed: int) -> npt.NDArray[np.bool_]:
    """Hours without a report: about six outages a year and station, of 2 to 30 hours."""
    rng = stream(seed, "air outages")
    silent = np.zeros((len(AIR_RELATIVE), n_hours), dtype=bool)
    for row in silent:
        for first in rng.integers(0, n_hours, max(1, round(6 * n_hours / 8766))):
            row[first : first + rng.integers(2, 30)] = True
    return silent
