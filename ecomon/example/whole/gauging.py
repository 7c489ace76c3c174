"""Gauges, reservoirs and rain of one month: what is true, what is reported, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ecomon.example.course import Array, Times
from ecomon.example.whole.discharge import MEAN_RAIN_MM_H, ORIGIN_YEAR, Rainfall, Waters
from ecomon.example.whole.draws import Window, month_index, month_stream
from ecomon.example.whole.places import Places, Point
from ecomon.example.whole.sensors import STAGE, Sensed, sense

EXPONENT = 0.4
SHIFT_SHARE = 0.6
"""Share of flood seasons that leave a gauge with another bed."""

CURVE_POINTS = 24
RESERVOIR_STEP_H = 6


@dataclass(frozen=True, slots=True)
class Curve:
    """A rating curve: Q = scale x (Z - zero) ** 2.5 from ``begins_at`` on."""

    gauge: str
    number: int
    begins_at: datetime
    zero_m: float
    scale_m3_s: float

    def stage_m(self, discharge: Array) -> Array:
        """Stage, m, of a discharge, m3/s."""
        return self.zero_m + (np.maximum(discharge, 0.0) / self.scale_m3_s) ** EXPONENT

    def discharge_m3_s(self, stage: Array) -> Array:
        """Discharge, m3/s, of a stage, m."""
        return self.scale_m3_s * np.maximum(stage - self.zero_m, 0.0) ** (1.0 / EXPONENT)


def curves_of(point: Point, seed: int, until: datetime) -> list[Curve]:
    """The curves of a gauge since the invented rain began, oldest first: floods move its bed."""
    scale = max(point.mean_m3_s / 6.0, 0.5)
    zero = round(point.altitude_m, 2)
    curves = [Curve(point.id, 1, datetime(ORIGIN_YEAR, 1, 1), zero, scale)]
    for year in range(ORIGIN_YEAR + 1, until.year + 1):
        rng = month_stream(seed, f"rating {point.id}", year)
        if rng.random() < SHIFT_SHARE:
            begins = datetime(year, int(rng.integers(7, 10)), int(rng.integers(3, 26)))
            zero = round(zero + float(rng.choice([-1, 1]) * rng.uniform(0.05, 0.30)), 2)
            if begins < until:
                curves.append(Curve(point.id, len(curves) + 1, begins, zero, scale))
    return curves


@dataclass(slots=True)
class Gauged:
    """Stage as sensed and the discharge rated from it, shape (gauge, hour of the month).

    ``discharge`` is as it came first, ``final`` by the curve that was in force: they differ where
    ``is_provisional``, because the office knew of the new bed only when the month was over.
    ``curves`` holds those in force within the month.
    """

    stage: Sensed
    true: Array
    discharge: Array
    final: Array
    is_provisional: np.ndarray
    curves: list[Curve]


def gauge_month(
    places: Places, waters: Waters, window: Window, gauges: tuple[str, ...], *,
    seed: int, has_faults: bool, is_late: bool,
) -> Gauged:  # fmt: skip
    """What the gauges report of a month.

    Returns
    -------
    Gauged
        stage in m, discharge in m3/s; NaN where the gauge was silent

    Notes
    -----
    Depth over the bed goes with discharge to the power 0.4 (a wide channel, Manning: 0.6; a
    parabolic one: near 0.4): an assumption.
    """
    now, hours = window.lead_h, window.times
    true = np.stack([waters.discharge[one][now:] for one in gauges]) if gauges else np.empty((0, hours.size))  # fmt: skip
    depth, fresh, old = (np.empty(true.shape) for _ in range(3))
    in_force: list[list[Curve]] = []
    for row, gauge in enumerate(gauges):
        curves = curves_of(places.points[gauge], seed, window.month.end)
        began = np.array([one.begins_at for one in curves], dtype="datetime64[us]")
        at = np.searchsorted(began, hours, side="right") - 1
        fresh[row] = np.array([one.zero_m for one in curves])[at]
        old[row] = fresh[row, 0] if is_late else fresh[row]
        depth[row] = curves[0].stage_m(true[row]) - curves[0].zero_m
        in_force.append([curves[one] for one in sorted(set(at.tolist()))])
    sensed = sense(
        STAGE, gauges, hours, {"STAGE": depth}, before={"STAGE": depth}, seed=seed,
        measure=_read_staff,
        index=month_index(window.month.start), has_faults=has_faults,
    )  # fmt: skip
    scale = np.array([[one[0].scale_m3_s] for one in in_force]).reshape(-1, 1)
    final = _rated(sensed.reported["STAGE"], scale)
    first = _rated(sensed.reported["STAGE"] + fresh - old, scale)
    for course in (sensed.true, sensed.sound, sensed.reported):
        course["STAGE"] = np.round(course["STAGE"] + fresh, 3)
    return Gauged(sensed, true, first, final, first != final, [one for some in in_force for one in some])  # fmt: skip


def _read_staff(_: str, depth: Array, noise: Array) -> Array:
    """A depth over the bed to the centimetre, six millimetres of noise."""
    return np.asarray(np.round(np.maximum(depth + 0.006 * noise, 0.01), 2), dtype=np.float64)


def _rated(depth: Array, scale: Array) -> Array:
    """Discharge of a depth over the bed, three significant figures, as offices print it."""
    discharge = scale * np.maximum(depth, 0.0) ** (1.0 / EXPONENT)
    digits = np.floor(np.log10(np.maximum(discharge, 1e-3))) - 2
    step = 10.0**digits
    return np.round(np.round(discharge / step) * step, 3)


@dataclass(frozen=True, slots=True)
class Reservoirs:
    """Reservoirs at the hours of report, shape (reservoir, time): m, m3/s, hm3 (NaN: no capacity curve)."""

    names: tuple[str, ...]
    times: Times
    stage: Array
    inflow: Array
    outflow: Array
    storage: Array

    def during(self, mask: np.ndarray) -> Reservoirs:
        """The reports of some of the times."""
        courses = (self.stage, self.inflow, self.outflow, self.storage)
        return Reservoirs(self.names, self.times[mask], *(one[:, mask] for one in courses))


def reservoir_month(places: Places, waters: Waters, window: Window, names: tuple[str, ...]) -> Reservoirs:  # fmt: skip
    """Level, inflow, outflow and storage of the reservoirs of a month.

    Storage is what the linear reservoir of ``whole.discharge`` holds above half of the total that
    the registry prints; level follows it within fifteen metres below the normal one.
    """
    part = slice(window.lead_h + 2, None, RESERVOIR_STEP_H)
    times = window.hours[part]
    stage, inflow, outflow, storage = (np.full((len(names), times.size), np.nan) for _ in range(4))
    for row, name in enumerate(names):
        point, facts = places.points[name], places.reservoirs[name]
        inflow[row], outflow[row] = waters.inflow[name][part], waters.discharge[name][part]
        normal = facts.normal_level_m or round(point.altitude_m, 1)
        ratio = np.log(np.maximum(outflow[row], 0.1) / point.mean_m3_s)
        stage[row] = normal - 0.4 + 0.1 * ratio
        if facts.storage_1e8_m3 is not None:
            active = waters.storage_hm3[name][part]
            room = 50.0 * facts.storage_1e8_m3
            storage[row] = room + active
            stage[row] = normal - 15.0 * (1.0 - np.minimum(active / room, 1.0))
    return Reservoirs(names, times, stage, inflow, outflow, storage)


def rain_month(places: Places, rainfall: Rainfall, window: Window, names: tuple[str, ...], seed: int) -> Array:  # fmt: skip
    """Rain at the gauges by hour, mm, shape (gauge, hour of the month)."""
    found = np.zeros((len(names), window.times.size))
    for row, name in enumerate(names):
        region = places.points[name].region
        rain = rainfall.between("rain", region, window.times[0], window.times.size)
        # A storm of the region falls on a gauge over some hours.
        spread = (rain + np.roll(rain, 1) + np.roll(rain, 2)) / 3.0
        rng = month_stream(seed, f"rain {name}", month_index(window.month.start))
        found[row] = MEAN_RAIN_MM_H * spread * rng.lognormal(-0.125, 0.5, rain.size)
    return found
