"""Daily values read off the surfaces, by bilinear interpolation in ln Q and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.wrtds.record import WrtdsRecord
from ecomon.load.wrtds.surfaces import Grid, Surfaces

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
# kg/day of one g/s: m3/s x mg/L is g/s.
KG_PER_DAY = 86.4


@dataclass(frozen=True, slots=True)
class DailyEstimates:
    """N days; NaN where discharge is not positive or a surface has no value there.

    Parameters
    ----------
    y_hat, se, conc : ndarray of float64, shape (N,)
        ln(mg/L), its standard error, mg/L.
    flux_kg_day : ndarray of float64, shape (N,)
        Zero on a day of zero discharge.
    is_outside_sampled : ndarray of bool, shape (N,)
        Discharge below the smallest or above the largest sampled.
    """

    y_hat: Values
    se: Values
    conc: Values
    flux_kg_day: Values
    is_outside_sampled: npt.NDArray[np.bool_]


def place_between(values: Values, nodes: Values) -> tuple[Indices, Values]:
    """Index of the equidistant node below each value, and the share of the way to the next.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN stays NaN in the share.
    nodes : ndarray of float64, shape (k,), ascending, equidistant

    Returns
    -------
    index : ndarray of int64, shape (n,), 0..k-2
    share : ndarray of float64, shape (n,)
        Outside 0..1 only where a value lies outside the nodes.

    Source
    ------
    Linear interpolation; loads.md 5.2 step 6.
    """
    step = (nodes[-1] - nodes[0]) / (len(nodes) - 1)
    place = (values - nodes[0]) / step
    index = np.clip(np.nan_to_num(np.floor(place)), 0, len(nodes) - 2).astype(np.int64)
    return index, place - index


def read_daily(record: WrtdsRecord, surfaces: Surfaces) -> DailyEstimates:
    """Estimates of each day of the record.

    Parameters
    ----------
    record : WrtdsRecord
    surfaces : Surfaces
        Whose grid covers the record.

    Returns
    -------
    DailyEstimates

    Source
    ------
    EGRET 3.0.12, estDailyFromSurfaces: the three surfaces are interpolated one by one (loads.md 5.2).
    """
    y_hat, se, conc = _bilinear(record, surfaces.grid, (surfaces.y_hat, surfaces.se, surfaces.conc))
    flux = np.where(record.discharge_m3_s == 0, 0.0, conc * record.discharge_m3_s * KG_PER_DAY)
    sampled = record.log_q[record.sample_row]
    with np.errstate(invalid="ignore"):
        is_outside = (record.log_q < sampled.min()) | (record.log_q > sampled.max())
    return DailyEstimates(y_hat, se, conc, flux, is_outside)


def _bilinear(record: WrtdsRecord, grid: Grid, planes: tuple[Values, ...]) -> list[Values]:
    i, u = place_between(record.log_q, grid.log_q)
    j, v = place_between(record.dec_year, grid.dec_year)
    corners = ((i, j, (1 - u) * (1 - v)), (i + 1, j, u * (1 - v)),
               (i, j + 1, (1 - u) * v), (i + 1, j + 1, u * v))  # fmt: skip
    return [
        sum((share * plane[a, b] for a, b, share in corners), np.zeros(len(u))) for plane in planes
    ]
