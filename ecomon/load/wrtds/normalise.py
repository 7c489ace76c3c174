"""Flow normalisation: what a day would have been, over all the discharges its calendar day has had.

"Flow" is here the method's own name; the quantity is discharge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.wrtds.lookup import KG_PER_DAY, place_between
from ecomon.load.wrtds.record import WrtdsRecord, water_year
from ecomon.load.wrtds.surfaces import Surfaces

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_N_DAYS = 366
# 29 February has a quarter of the years; it shares the discharges of the 28th, and the 28th its.
_LEAP_DAY = 59


@dataclass(frozen=True, slots=True)
class NormalisedDays:
    """Flow-normalised concentration, mg/L, and flux, kg/day, of each day, shape (N,)."""

    conc: Values
    flux_kg_day: Values


@dataclass(frozen=True, slots=True)
class _HatSums:
    """Sums of hat weights per water year and calendar day, shape (Y, 366, 14), and their counts.

    ``flux`` are the same sums times discharge in kg/day per mg/L. Days of zero discharge count
    in ``n_flux`` alone: their flux is zero and their concentration unknown.
    """

    first_year: int
    conc: Values
    flux: Values
    n_conc: Values
    n_flux: Values


def normalise_flow(record: WrtdsRecord, surfaces: Surfaces) -> NormalisedDays:
    """Mean of C and of flux on each day over every discharge its calendar day has had.

    Parameters
    ----------
    record : WrtdsRecord
    surfaces : Surfaces

    Returns
    -------
    NormalisedDays

    Source
    ------
    Hirsch, Moyer and Archfield 2010, JAWRA 46; hat-basis form of loads.md 5.2 step 6. The 28th
    and 29th of February share their discharges, as in EGRET 3.0.12.
    """
    sums = _sum_hats(record, surfaces)
    everything = np.zeros(1, dtype=np.int64), np.array([len(sums.conc)])
    return _apply(record, surfaces, sums, everything, np.zeros(len(record.day), dtype=np.int64))


def normalise_flow_in_windows(
    record: WrtdsRecord, surfaces: Surfaces, *, side_years: int = 11
) -> NormalisedDays:
    """Generalised flow normalisation: only the discharges of the water years around each year.

    The window is 2 x ``side_years`` + 1 water years long, centred on the year of the day and
    shifted inwards at the ends of the record; a record no longer than that has one window. So a
    trend in discharge itself enters the trend of the load.

    Parameters
    ----------
    record : WrtdsRecord
    surfaces : Surfaces
    side_years : int
        Water years to either side.

    Returns
    -------
    NormalisedDays

    Raises
    ------
    ContractError
        for a negative ``side_years``.

    Source
    ------
    Choquette et al. 2019, Water Resources Research 55; EGRET's runSeries (windowSide = 11).
    """
    if side_years < 0:
        raise ContractError(f"side_years must not be negative: {side_years}")
    sums = _sum_hats(record, surfaces)
    n_years = len(sums.conc)
    length = min(2 * side_years + 1, n_years)
    starts = np.clip(np.arange(n_years) - side_years, 0, n_years - length)
    which = water_year(record.day) - sums.first_year
    return _apply(record, surfaces, sums, (starts, starts + length), which)


def _calendar_day(record: WrtdsRecord) -> Indices:
    """0..365, the 29th of February being 59 and the 1st of March always 60."""
    year = record.day.astype("datetime64[Y]")
    first = year.astype("datetime64[D]")
    into = (record.day - first).astype(np.int64)
    is_common = ((year + 1).astype("datetime64[D]") - first).astype(np.int64) == _N_DAYS - 1
    return into + (is_common & (into >= _LEAP_DAY))


def _sum_hats(record: WrtdsRecord, surfaces: Surfaces) -> _HatSums:
    """Spread each day's discharge over the two levels beside it, by water year and calendar day."""
    years = water_year(record.day)
    first_year, n_years = int(years[0]), int(years[-1] - years[0]) + 1
    n_q = len(surfaces.grid.log_q)
    cell = (years - first_year) * _N_DAYS + _calendar_day(record)
    wet = np.flatnonzero(np.isfinite(record.log_q))
    i, share = place_between(record.log_q[wet], surfaces.grid.log_q)
    at = np.concatenate([cell[wet] * n_q + i, cell[wet] * n_q + i + 1])
    hats = np.concatenate([1 - share, share])
    factor = np.tile(KG_PER_DAY * record.discharge_m3_s[wet], 2)
    is_counted = np.isfinite(record.log_q) | (record.discharge_m3_s == 0)
    shape = (n_years, _N_DAYS)
    sums = _HatSums(
        first_year,
        _sum_into(at, hats, (*shape, n_q)),
        _sum_into(at, hats * factor, (*shape, n_q)),
        _sum_into(cell[wet], np.ones(len(wet)), shape),
        _sum_into(cell, is_counted.astype(np.float64), shape),
    )
    for part in (sums.conc, sums.flux, sums.n_conc, sums.n_flux):
        pooled = part[:, _LEAP_DAY - 1] + part[:, _LEAP_DAY]
        part[:, _LEAP_DAY - 1] = part[:, _LEAP_DAY] = pooled
    return sums


def _sum_into(place: Indices, values: Values, shape: tuple[int, ...]) -> Values:
    sums = np.bincount(place, values, minlength=int(np.prod(shape)))
    return sums.astype(np.float64).reshape(shape)


def _window_means(part: Values, count: Values, windows: tuple[Indices, Indices]) -> Values:
    """Means over windows of years, shape (W, 366, 14), by differences of running sums."""
    start, end = windows
    running = np.concatenate([np.zeros((1, *part.shape[1:])), np.cumsum(part, axis=0)])
    counts = np.concatenate([np.zeros((1, *count.shape[1:])), np.cumsum(count, axis=0)])
    total = running[end] - running[start]
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / (counts[end] - counts[start])[..., None]


def _apply(
    record: WrtdsRecord,
    surfaces: Surfaces,
    sums: _HatSums,
    windows: tuple[Indices, Indices],
    which: Indices,
) -> NormalisedDays:
    """Mean hats of each day's window and calendar day, times the surface of that day."""
    day = _calendar_day(record)
    j, v = place_between(record.dec_year, surfaces.grid.dec_year)
    plane = surfaces.conc.T
    today = plane[j] * (1 - v)[:, None] + plane[j + 1] * v[:, None]
    conc = _window_means(sums.conc, sums.n_conc, windows)[which, day]
    flux = _window_means(sums.flux, sums.n_flux, windows)[which, day]
    return NormalisedDays(np.einsum("nq,nq->n", conc, today), np.einsum("nq,nq->n", flux, today))
