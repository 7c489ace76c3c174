"""A spill on its way down: advection and dispersion through the travel times between the places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from scipy.special import log_ndtr, ndtr

from ecomon.errors import ContractError
from ecomon.example.course import Array, Times
from ecomon.example.whole.assumptions import SPILL_LOSS_PER_DAY
from ecomon.example.whole.places import Places

DISPERSION_M2_S = 150.0
_FORM = re.compile(
    r"(?P<section>[^@:]+)@(?P<at>[^:]+(?::\d\d)?):(?P<key>[A-Z0-9]+):(?P<kg>[0-9.eE+]+)"
)
ARRIVED, PASSED = 0.01, 0.99
"""The window of arrival: from the first hundredth of the mass to the last."""

LONGEST_H = 120 * 24


@dataclass(frozen=True, slots=True)
class Spill:
    """``kg`` of a determinand let into the river at a section, evenly over ``hours``."""

    section: str
    at: datetime
    determinand: str
    kg: float
    hours: float = 6.0


def read_spill(text: str) -> Spill:
    """Read ``SECTION@TIME:determinand:kg``, as ``bamiaogou@2024-06-03T08:00:TL:40``.

    Raises
    ------
    ContractError
        where the text has another form, or the mass is not positive.
    """
    found = _FORM.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        spill = Spill(found["section"], datetime.fromisoformat(found["at"]), found["key"], float(found["kg"]))  # fmt: skip
    except ValueError:
        raise ContractError(
            f"not a spill: {text!r}; write SECTION@TIME:DETERMINAND:KG, as bamiaogou@2024-06-03T08:00:TL:40"
        ) from None
    if not spill.kg > 0:
        raise ContractError(f"a spill has a mass above zero, not {spill.kg} kg")
    return spill


@dataclass(frozen=True, slots=True)
class Passage:
    """How a spill passes a place: mean and variance of the hours to there, km, and what gets there."""

    place: str
    travel_h: float
    variance_h2: float
    distance_km: float
    kg: float

    def passed_share(self, hours: Array) -> Array:
        """The share of an instantaneous release that has passed, by hours since; 0 before it.

        First passage in advection and dispersion: the inverse Gaussian distribution (Chhikara and
        Folks 1989), in a uniform stretch with mean L/v and variance 2DL/v3.
        """
        if self.travel_h <= 0.0:
            return (hours >= 0.0).astype(float)
        since, mean = np.maximum(hours, 1e-9), self.travel_h
        shape = mean**3 / self.variance_h2
        root = np.sqrt(shape / since)
        late = np.exp(2.0 * shape / mean + log_ndtr(-root * (since / mean + 1.0)))
        return np.where(hours > 0.0, ndtr(root * (since / mean - 1.0)) + late, 0.0)


def follow_spill(places: Places, spill: Spill) -> Iterator[Passage]:
    """The places a spill passes, its own first; mass falls by the determinand's first-order loss."""
    travel_h = variance_h2 = distance_km = 0.0
    for point in places.path(spill.section):
        loss = SPILL_LOSS_PER_DAY.get(spill.determinand, 0.0) * travel_h / 24.0
        yield Passage(point.id, travel_h, variance_h2, distance_km, spill.kg * float(np.exp(-loss)))
        km = max(point.distance_km, 0.5)
        in_channel_s = (point.travel_h - point.residence_h) * 3600.0
        spread_s2 = 2.0 * DISPERSION_M2_S * in_channel_s**3 / (1000.0 * km) ** 2
        # A pool mixes as three tanks in a row would.
        variance_h2 += spread_s2 / 3600.0**2 + point.residence_h**2 / 3.0
        travel_h += point.travel_h
        distance_km += km


def spill_flux_g_s(spill: Spill, passage: Passage, hours: Times) -> Array:
    """What a spill carries past a place, g/s, the mean of each hour; zero before it.

    The integral over time is the mass that gets there. Concentration is flux over discharge
    (1 g/m3 = 1 mg/L).
    """
    since = (hours - np.datetime64(spill.at, "s")).astype("timedelta64[s]").astype(float) / 3600.0
    steps = np.append(since, since[-1] + 1.0)
    passed = np.diff(_released(spill, passage, steps))
    return passed * 1000.0 * passage.kg / 3600.0


def _released(spill: Spill, passage: Passage, hours: Array) -> Array:
    """Share of the mass that has passed by ``hours`` since the release began."""
    if passage.travel_h <= 0.0:
        return np.clip(hours / spill.hours, 0.0, 1.0)
    parts = 24
    offsets = (np.arange(parts) + 0.5) * spill.hours / parts
    return np.mean([passage.passed_share(hours - offset) for offset in offsets], axis=0)


def find_arrivals(places: Places, spill: Spill) -> pd.DataFrame:
    """When a spill arrives, peaks and has passed at each place of its way.

    Returns
    -------
    DataFrame
        place, determinand, released_at, arrives_at (a hundredth of the mass has passed), peaks_at
        (largest flux), passed_at (ninety-nine hundredths), travel_h, distance_km, kg,
        peak_flux_g_s. A place that it takes over ``LONGEST_H`` to pass has no row.
    """
    hours = np.datetime64(spill.at, "h") + np.arange(LONGEST_H).astype("timedelta64[h]")
    rows: list[dict[str, object]] = []
    for passage in follow_spill(places, spill):
        flux = spill_flux_g_s(spill, passage, hours)
        passed = np.cumsum(flux) * 3.6 / passage.kg
        if passed[-1] < PASSED:
            break
        first, last = np.searchsorted(passed, [ARRIVED, PASSED])
        rows.append(
            {
                "place": passage.place, "determinand": spill.determinand, "released_at": spill.at,
                "arrives_at": hours[first], "peaks_at": hours[int(flux.argmax())],
                "passed_at": hours[last], "travel_h": passage.travel_h,
                "distance_km": passage.distance_km, "kg": passage.kg,
                "peak_flux_g_s": float(flux.max()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def add_spills(
    values: dict[str, Array], discharge: Array, names: tuple[str, ...], places: Places, *,
    hours: Times, spills: tuple[Spill, ...],
) -> None:  # fmt: skip
    """Add what spills carry to the values of the determinands that hold them, in place."""
    for spill in spills:
        if spill.determinand in values:
            for passage in follow_spill(places, spill):
                if passage.place in names:
                    row = names.index(passage.place)
                    flux = spill_flux_g_s(spill, passage, hours)
                    values[spill.determinand][row] += flux / np.maximum(discharge[row], 0.01)
