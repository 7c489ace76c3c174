"""Rain, discharge and stage of the example basin, hourly."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

from ecomon.example.course import (
    Array,
    Times,
    autoregression,
    daily_wave,
    reservoir,
    shifted,
    stream,
)
from ecomon.example.profile import GAUGE_PROFILES, GAUGES, SECTION_PROFILES
from ecomon.example.scenario import DRY_SPELLS, STORMS

RAIN_OF_MONTH = np.array([6.0, 9, 25, 50, 85, 110, 190, 165, 150, 70, 22, 6])
"""Rain of the months, mm: the shape of the regime (two thirds fall from July to September).
An assumption, not a climate record."""

STORM_HOURS = 60.0  # mean hours between storms in the wettest month


def simulate_discharges(hours: Times, seed: int) -> dict[str, Array]:
    """Discharge at the gauges, m3/s.

    Parameters
    ----------
    hours : ndarray of datetime64, shape (time,)
        hourly, lead-in included
    seed : int

    Returns
    -------
    dict of ndarray, shape (time,), m3/s
        by gauge; positive, never NaN. Means lie near ``GaugeProfile.mean_m3_s``, which is an
        assumption for 新店子 and 碧口 and the printed 1954-1995 mean for 三磊坝.

    Notes
    -----
    Rain runs through linear reservoirs of 12 h + 24 h (flood peaks and their recession), 20 days
    and 120 days (base discharge). The Bailong is held back by two dams: 碧口 a little, 宝珠寺
    above 三磊坝 much, both with daily peaking.
    """
    rng = stream(seed, "rain")
    shared = storms(hours, rng)
    jialing = rain_of_region(hours, 0.55 * shared + 0.45 * storms(hours, rng), "jialing")
    bailong = rain_of_region(hours, 0.45 * shared + 0.55 * storms(hours, rng), "bailong")
    means = {gauge: profile.mean_m3_s for gauge, profile in GAUGE_PROFILES.items()}
    peaking = daily_wave(hours, 19.0) + 0.3 * autoregression(
        stream(seed, "peaking").standard_normal(hours.size), 12.0
    )

    free_bailong = runoff(bailong, quick=0.28)[0]
    bikou = 0.45 * free_bailong + 0.55 * reservoir(free_bailong, 5 * 24.0)
    held = reservoir(bikou, 20 * 24.0)
    own = runoff(0.5 * jialing + 0.5 * bailong, quick=0.40)[0]
    through_dam = means["bikou"] * 0.95
    return {
        "xindianzi": means["xindianzi"] * runoff(jialing, quick=0.46)[0],
        "bikou": means["bikou"] * bikou * (1.0 + 0.10 * peaking),
        "sanleiba": through_dam * held * (1.0 + 0.18 * peaking)
        + (means["sanleiba"] - through_dam) * own,
    }


def section_discharge(section: str, gauges: dict[str, Array]) -> Array:
    """Discharge at a section, m3/s, from its profile's links to gauges; shape (time,)."""
    terms = SECTION_PROFILES[section].discharge
    return np.sum([factor * shifted(gauges[gauge], -lead) for gauge, factor, lead in terms], axis=0)


def stage_of(gauge: str, discharge: Array) -> Array:
    """Stage, m above the example's own datum, from the gauge's assumed rating."""
    profile = GAUGE_PROFILES[gauge]
    return profile.zero_m + (discharge / profile.scale_m3_s) ** 0.4


def gauge_gaps(hours: Times, seed: int) -> dict[str, list[tuple[int, int]]]:
    """Hours without a report at each gauge: (first, last + 1) indices, about three gaps a year."""
    rng = stream(seed, "gauge gaps")
    count = max(1, round(3 * hours.size / 8766))
    gaps: dict[str, list[tuple[int, int]]] = {}
    for gauge in GAUGES:
        first = np.sort(rng.integers(0, hours.size, count))
        length = rng.integers(4, 40, count)
        gaps[gauge] = [
            (int(start), min(int(start + long), hours.size))
            for start, long in zip(first, length, strict=True)
        ]
    return gaps


def storms(hours: Times, rng: np.random.Generator) -> Array:
    """Rain depths by hour with a yearly expectation of one an hour, mostly zero."""
    month = hours.astype("datetime64[M]").astype(int) % 12
    season = RAIN_OF_MONTH[month] / RAIN_OF_MONTH.max()
    chance = season / STORM_HOURS
    mean_chance = RAIN_OF_MONTH.mean() / RAIN_OF_MONTH.max() / STORM_HOURS
    begins = rng.random(hours.size) < chance
    depth = rng.lognormal(-0.5 * 0.8**2, 0.8, hours.size)
    year = hours.astype("datetime64[Y]").astype(int)
    wetness = rng.lognormal(-0.5 * 0.12**2, 0.12, year[-1] - year[0] + 1)[year - year[0]]
    return np.where(begins, depth, 0.0) * wetness / mean_chance


def rain_of_region(hours: Times, drawn: Array, region: str) -> Array:
    """Rain by hour: what was drawn, less in the dry spells and more in the region's great storms."""
    rain = drawn.copy()
    for spell in DRY_SPELLS:
        rain[_between(hours, spell.start, spell.end)] *= spell.factor
    for storm in STORMS:
        if storm.region == region:
            inside = (hours >= np.datetime64(storm.start)) & (
                hours < np.datetime64(storm.start) + np.timedelta64(storm.hours, "h")
            )
            rain[inside] += storm.depth / storm.hours
    return rain


def _between(hours: Times, start: datetime, end: datetime) -> npt.NDArray[np.bool_]:
    return (hours >= np.datetime64(start)) & (hours < np.datetime64(end))


def runoff(rain: Array, *, quick: float, before: Array | None = None) -> tuple[Array, Array]:
    """Discharge over its mean: snow- and spring-fed constant, flood wave, interflow, base.

    ``before`` is the state of the four reservoirs in the hour before the first (all zero without
    it); the state of the last hour is the second result.
    """
    past = np.zeros(4) if before is None else before
    upper = reservoir(rain, 12.0, before=past[0])
    flood = reservoir(upper, 24.0, before=past[1])
    interflow = reservoir(rain, 20 * 24.0, before=past[2])
    base = reservoir(rain, 120 * 24.0, before=past[3])
    course = 0.12 + quick * flood + (0.58 - quick) * interflow + 0.30 * base
    return course, np.array([upper[-1], flood[-1], interflow[-1], base[-1]])
