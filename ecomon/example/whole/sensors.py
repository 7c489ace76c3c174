"""What instruments make of the truth over one month, and a label for everything that went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecomon.example.course import Array, Times
from ecomon.example.faults import DECIMALS, FaultRate, place_faults, spoil
from ecomon.example.whole.draws import month_stream

Mask = npt.NDArray[np.bool_]
Measure = Callable[[str, Array, Array], Array]
CLOCK_SHIFT_H = 8
"""A clock on UTC: what it labels noon is the water of four in the morning."""

PROVISIONAL = FaultRate(3.0, 1, 12)
PROVISIONAL_FACTOR = 1.06
"""A value that its office corrects later: how it stood at first."""


@dataclass(frozen=True, slots=True)
class Medium:
    """What is measured together, and how often which fault begins (a year and series, or station)."""

    name: str
    determinands: tuple[str, ...]
    step_h: int
    rates: Mapping[str, FaultRate]
    station_rates: Mapping[str, FaultRate]
    limits: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def per_year(self) -> float:
        return 8766.0 / self.step_h


WATER = Medium(
    "water",
    ("WT", "PH", "DO", "EC", "TURB", "CODMN", "NH3N", "TP", "TN"),
    4,
    {
        "drift": FaultRate(0.4, 30, 60), "flat_line": FaultRate(0.8, 10, 30),
        "offset": FaultRate(0.4, 12, 48), "noise": FaultRate(0.4, 12, 48),
        "unit_error": FaultRate(0.3, 3, 18), "out_of_range": FaultRate(0.8, 1, 4),
        "spike": FaultRate(3.0, 1, 1), "negative": FaultRate(0.4, 1, 1),
    },
    {
        "clock_shift": FaultRate(0.5, 18, 60), "maintenance": FaultRate(6.0, 1, 9),
        "outage": FaultRate(1.5, 3, 18),
    },
    {"NH3N": 0.025, "TP": 0.005},
)  # fmt: skip
STAGE = Medium(
    "gauge", ("STAGE",), 1,
    {
        "drift": FaultRate(0.3, 72, 240), "flat_line": FaultRate(0.8, 12, 72),
        "offset": FaultRate(0.4, 24, 120), "noise": FaultRate(0.4, 24, 96),
        "spike": FaultRate(4.0, 1, 1),
    },
    {"outage": FaultRate(3.0, 4, 40)},
)  # fmt: skip
AIR = Medium(
    "air", ("PM25", "PM10", "SO2", "NO2", "CO_AIR", "O3"), 1,
    {
        "drift": FaultRate(0.3, 72, 240), "flat_line": FaultRate(0.8, 12, 72),
        "offset": FaultRate(0.3, 24, 96), "noise": FaultRate(0.3, 24, 96),
        "unit_error": FaultRate(0.2, 3, 24), "out_of_range": FaultRate(0.8, 1, 4),
        "spike": FaultRate(4.0, 1, 1),
    },
    {"clock_shift": FaultRate(0.2, 48, 240), "outage": FaultRate(6.0, 2, 30)},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """A fault: site, determinand ("" = the whole station), first and last + 1 reading, kind."""

    site: str
    determinand: str
    first: int
    last: int
    kind: str


@dataclass(slots=True)
class Sensed:
    """One medium over one month; arrays (site, time) by determinand.

    ``true`` is the water or air itself, ``sound`` what a sound instrument prints of it (noise and
    rounding, the detection limit where ``is_censored_sound``), ``reported`` what was printed (NaN =
    nothing). ``kinds`` numbers the fault of each reading by ``Sensed.kind_names``; 0 is none.
    ``is_sent`` is False where no row came, ``is_maintained`` where it came without values.
    """

    medium: Medium
    sites: tuple[str, ...]
    times: Times
    true: dict[str, Array]
    sound: dict[str, Array]
    reported: dict[str, Array]
    is_censored_sound: dict[str, Mask]
    is_censored: dict[str, Mask]
    kinds: dict[str, npt.NDArray[np.int8]]
    kind_names: list[str]
    is_sent: Mask
    is_maintained: Mask
    labels: list[Label]


def sense(
    medium: Medium, sites: tuple[str, ...], times: Times, true: Mapping[str, Array], *,
    before: Mapping[str, Array], measure: Measure, seed: int, index: int, has_faults: bool,
    is_late: bool = False, is_absent: Mask | None = None,
) -> Sensed:  # fmt: skip
    """Readings of one medium in one month.

    Parameters
    ----------
    times : ndarray of datetime64, shape (time,)
        when readings are taken
    true, before : mapping of determinand to ndarray (site, time)
        the truth then, and ``CLOCK_SHIFT_H`` hours earlier
    measure : callable
        (determinand, truth, standard normal noise) -> what a sound instrument prints
    index : int
        the calendar month
    is_late : bool
        values that are corrected later stand here as they came first
    is_absent : ndarray of bool, optional
        where there is nothing to measure (dry, frozen): the station sends a row without values

    Returns
    -------
    Sensed
        no fault crosses the end of its month, none overlaps another; each label is trimmed to the
        readings that differ from those of a sound instrument
    """
    shape = (len(sites), times.size)
    absent = np.zeros(shape, dtype=bool) if is_absent is None else is_absent
    noise = {
        key: np.stack(
            [
                month_stream(seed, f"noise {key} {site}", index).standard_normal(times.size)
                for site in sites
            ]
        )
        if sites
        else np.empty(shape)
        for key in medium.determinands
    }
    sound = {key: measure(key, true[key], noise[key]) for key in medium.determinands}
    for course in sound.values():
        course[absent] = np.nan
    sensed = Sensed(
        medium, sites, times, dict(true), sound, {key: one.copy() for key, one in sound.items()},
        {}, {}, {key: np.zeros(shape, dtype=np.int8) for key in sound}, [""],
        np.ones(shape, dtype=bool), absent.copy(), [],
    )  # fmt: skip
    for row, site in enumerate(sites):
        free = ~absent[row]
        if has_faults:
            _spoil_station(sensed, row, free, month_stream(seed, f"station faults {site}", index), before=before, measure=measure, noise=noise)  # fmt: skip
        for key in medium.determinands:
            rng = month_stream(seed, f"faults {key} {site}", index)
            _spoil_series(
                sensed, row, key, free.copy(), rng, has_faults=has_faults, is_late=is_late
            )
    _finish(sensed)
    return sensed


def _spoil_station(
    sensed: Sensed, row: int, free: Mask, rng: np.random.Generator, *,
    before: Mapping[str, Array], measure: Measure, noise: Mapping[str, Array],
) -> None:  # fmt: skip
    medium, years = sensed.medium, sensed.times.size / sensed.medium.per_year
    for kind, first, last in place_faults(free, "", years, rng, medium.station_rates):
        free[max(first - 1, 0) : last + 1] = False
        sensed.labels.append(Label(sensed.sites[row], "", first, last, kind))
        for key in medium.determinands:
            part = slice(first, last)
            if kind == "clock_shift":
                moved = measure(key, before[key][row, part], noise[key][row, part])
                sensed.reported[key][row, part] = moved
            else:
                sensed.reported[key][row, part] = np.nan
        if kind == "outage":
            sensed.is_sent[row, first:last] = False
        elif kind == "maintenance":
            sensed.is_maintained[row, first:last] = True


def _spoil_series(
    sensed: Sensed, row: int, key: str, free: Mask, rng: np.random.Generator, *,
    has_faults: bool, is_late: bool,
) -> None:  # fmt: skip
    medium, years = sensed.medium, sensed.times.size / sensed.medium.per_year
    rates = dict(medium.rates) if has_faults else {}
    if is_late and medium.name == "water":
        rates["provisional"] = PROVISIONAL
    for kind, first, last in place_faults(free, key, years, rng, rates):
        series = sensed.reported[key][row]
        if kind == "provisional":
            moved = sensed.medium.limits.get(key, 0.0) < series[first:last]
            series[first:last] = np.where(
                moved,
                np.round(series[first:last] * PROVISIONAL_FACTOR, DECIMALS[key]),
                series[first:last],
            )
        else:
            spoil(series, key, kind, first, last, rng=rng)
        sensed.labels.append(Label(sensed.sites[row], key, first, last, kind))


def _finish(sensed: Sensed) -> None:
    """Censor, leave out what is absent, and trim each label to what differs."""
    for key in sensed.medium.determinands:
        limit = sensed.medium.limits.get(key)
        sensed.is_censored_sound[key] = _censored(sensed.sound[key], limit)
        sensed.is_censored[key] = _censored(sensed.reported[key], limit)
        sensed.reported[key][sensed.is_maintained] = np.nan
    kept: list[Label] = []
    for label in sensed.labels:
        row = sensed.sites.index(label.site)
        keys = [label.determinand] if label.determinand else list(sensed.medium.determinands)
        part = slice(label.first, label.last)
        moved = np.zeros(label.last - label.first, dtype=bool)
        for key in keys:
            moved |= differs(sensed.reported[key][row, part], sensed.sound[key][row, part])
        places = np.flatnonzero(moved)
        if places.size:
            first, last = label.first + int(places[0]), label.first + int(places[-1]) + 1
            kept.append(Label(label.site, label.determinand, first, last, label.kind))
            if label.kind not in sensed.kind_names:
                sensed.kind_names.append(label.kind)
            for key in keys:
                sensed.kinds[key][row, first:last] = sensed.kind_names.index(label.kind)
    sensed.labels = kept


def _censored(values: Array, limit: float | None) -> Mask:
    if limit is None:
        return np.zeros(values.shape, dtype=bool)
    mask = (values >= 0.0) & (values < limit)
    values[mask] = limit
    return mask


def differs(one: Array, other: Array) -> Mask:
    """Where two courses differ; NaN equals NaN."""
    return ~((one == other) | (np.isnan(one) & np.isnan(other)))
