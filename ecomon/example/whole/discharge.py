"""Rain by region, and what it makes of discharge at every place: summed along the tree of water."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.example.course import Array, daily_wave, hours_of, reservoir, stream
from ecomon.example.hydrology import rain_of_region, runoff, storms
from ecomon.example.whole.assumptions import HELD_DAYS, LONGEST_RESIDENCE_H, REGIONS
from ecomon.example.whole.draws import Window
from ecomon.example.whole.places import Places, Point
from ecomon.model.period import Period

ORIGIN_YEAR = 2012
"""The first year of the invented rain: a course begins there whatever period is asked for."""

EARLIEST_YEAR = 2013
MEAN_RAIN_MM_H = 850.0 / 8766.0
ABSTRACTED_SHARE = 0.30
"""Of its mean discharge, what is taken from a small headwater above its section and returned below."""

SMALL_M3_S = 5.0
PEAKING = 0.12
Term = tuple[str, str, int]
"""Region, ``free`` or ``held``, and hours since the water was rain there."""


@dataclass
class Rainfall:
    """The invented rain of each region by hour since ``ORIGIN_YEAR``, and its runoff over the mean.

    Whole calendar years, each from the state the one before left: the same in every simulation of
    one seed, whichever years it asks for.
    """

    seed: int
    years: list[int] = field(default_factory=list[int])
    rain: dict[str, list[Array]] = field(default_factory=dict[str, list[Array]])
    free: dict[str, list[Array]] = field(default_factory=dict[str, list[Array]])
    held: dict[str, list[Array]] = field(default_factory=dict[str, list[Array]])

    def until(self, year: int) -> None:
        """Reckon on to the end of a year."""
        for one in range(self.years[-1] + 1 if self.years else ORIGIN_YEAR, year + 1):
            self.years.append(one)
            hours = hours_of(Period.year(one))
            rng = stream(self.seed, f"rain of {one}")
            shared = storms(hours, rng)
            for region in REGIONS:
                own = storms(hours, stream(self.seed, f"rain of {region} {one}"))
                fallen = rain_of_region(hours, 0.5 * shared + 0.5 * own, region)
                self._run_off(region, fallen)

    def _run_off(self, region: str, fallen: Array) -> None:
        past = self._state.get(region, np.ones(5))
        free, state = runoff(fallen, quick=0.45, before=past[:4])
        held = reservoir(free, HELD_DAYS * 24.0, before=float(past[4]))
        self._state[region] = np.append(state, held[-1])
        for store, course in ((self.rain, fallen), (self.free, free), (self.held, held)):
            store.setdefault(region, []).append(course)

    _state: dict[str, Array] = field(default_factory=dict[str, Array])

    def between(self, what: str, region: str, first: np.datetime64, n_hours: int) -> Array:
        """Hours of ``rain``, ``free`` or ``held`` from one on."""
        origin = np.datetime64(f"{ORIGIN_YEAR}-01-01T00", "h")
        at = int((first.astype("datetime64[h]") - origin).astype(np.int64))
        year = int(str((first + np.timedelta64(n_hours, "h")).astype("datetime64[Y]")))
        self.until(year)
        years: list[Array] = getattr(self, what)[region]
        starts = np.cumsum([0, *(one.size for one in years)])
        low = int(np.searchsorted(starts, at, side="right")) - 1
        high = int(np.searchsorted(starts, at + n_hours, side="left"))
        joined = years[low] if high - low == 1 else np.concatenate(years[low:high])
        return joined[at - int(starts[low]) : at - int(starts[low]) + n_hours]


@dataclass(frozen=True)
class Waters:
    """Discharge of a window by place, m3/s, shape (time,) each.

    ``inflow`` and ``storage_hm3`` are of reservoirs; ``discharge`` of one is its outflow.
    ``is_dry`` names the hours without any water (断流).
    """

    discharge: dict[str, Array]
    inflow: dict[str, Array]
    storage_hm3: dict[str, Array]
    is_dry: dict[str, npt.NDArray[np.bool_]]


def trace_terms(
    places: Places,
) -> tuple[dict[str, dict[Term, float]], dict[str, dict[Term, float]]]:
    """Of what each place's discharge is made: m3/s by region, kind of runoff and lag; out and in.

    A reservoir turns a share of the free runoff into held, which is the outflow of a linear
    reservoir of ``HELD_DAYS`` (Nash 1957), so that nothing is lost.
    """
    outgoing: dict[str, dict[Term, float]] = {}
    arriving: dict[str, dict[Term, float]] = {}
    for name, point in places.points.items():
        terms: dict[Term, float] = {(point.region, "free", 0): point.local_m3_s}
        for above in point.upstream:
            for (region, kind, lag), weight in outgoing[above].items():
                term = (region, kind, lag + places.points[above].wave_h)
                terms[term] = terms.get(term, 0.0) + weight
        arriving[name] = terms
        outgoing[name] = _held_back(terms, point) if point.residence_h else terms
    return outgoing, arriving


def _held_back(terms: dict[Term, float], point: Point) -> dict[Term, float]:
    share = held_share(point)
    found: dict[Term, float] = {}
    for (region, kind, lag), weight in terms.items():
        if kind == "held":
            found[(region, kind, lag)] = found.get((region, kind, lag), 0.0) + weight
        else:
            found[(region, "free", lag)] = (1.0 - share) * weight
            held = (region, "held", lag)
            found[held] = found.get(held, 0.0) + share * weight
    return found


def held_share(point: Point) -> float:
    """Of the free runoff that reaches a reservoir, the share it holds back."""
    return min(0.9, point.residence_h / LONGEST_RESIDENCE_H)


def simulate_waters(places: Places, rainfall: Rainfall, window: Window, traced: tuple[dict[str, dict[Term, float]], dict[str, dict[Term, float]]]) -> Waters:  # fmt: skip
    """Discharge at every place over a window.

    Parameters
    ----------
    traced : what :func:`trace_terms` gives for the places

    Returns
    -------
    Waters
        m3/s (hm3), never NaN; zero where a small headwater is dry

    Raises
    ------
    ContractError
        for a window before ``EARLIEST_YEAR``.
    """
    if window.month.start.year < EARLIEST_YEAR:
        raise ContractError(
            f"the invented rain begins in {ORIGIN_YEAR}: not before {EARLIEST_YEAR}"
        )
    outgoing, arriving = traced
    courses: dict[Term, Array] = {}

    def total(terms: dict[Term, float]) -> Array:
        course = np.zeros(window.hours.size)
        for term, weight in terms.items():
            if term not in courses:
                region, kind, lag = term
                first = window.hours[0] - np.timedelta64(lag, "h")
                courses[term] = rainfall.between(kind, region, first, window.hours.size)
            course += weight * courses[term]
        return course

    discharge: dict[str, Array] = {}
    waters = Waters(discharge, {}, {}, {})
    peaking = 1.0 + PEAKING * daily_wave(window.hours, 19.0)
    for name, point in places.points.items():
        course = total(outgoing[name])
        if point.residence_h:
            held = {term: weight for term, weight in outgoing[name].items() if term[1] == "held"}
            passed = {term: weight for term, weight in arriving[name].items() if term[1] == "held"}
            stored = (total(held) - total(passed)) * HELD_DAYS * 86400.0 / 1e6
            waters.inflow[name], waters.storage_hm3[name] = total(arriving[name]), stored
        if name in places.reservoirs and not point.residence_h:
            waters.inflow[name] = course
        if any(kind == "held" for _, kind, _ in outgoing[name]):
            course = course * peaking
        if not point.upstream and point.mean_m3_s < SMALL_M3_S and name in places.sections:
            course = np.maximum(course - ABSTRACTED_SHARE * point.mean_m3_s, 0.0)
            waters.is_dry[name] = course <= 0.0
        discharge[name] = course
    return waters
