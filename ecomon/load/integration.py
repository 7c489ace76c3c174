"""The exact integral of C x Q where both are readings joined by straight lines.

Between two stamps both are linear, so their product is a parabola and its integral is
D/6 (2 C0 Q0 + C0 Q1 + C1 Q0 + 2 C1 Q1). Taken over the union of the stamps of both series it has
no error of its own, whatever the two steps are. The result is linear in the concentrations: each
reading has a weight, the water it speaks for, and from the weights follow bracket and error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.flux import Floats

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ProductIntegral:
    """Integral of C x Q of K determinands that share their stamps and the discharge.

    Attributes
    ----------
    load_g : ndarray of float64, shape (K,)
        Over the time where both are valid; 0 where that is none.
    covered_s, covered_m3 : ndarray of float64, shape (K,)
        That time, and the water that passed in it.
    reading_m3 : ndarray of float64, shape (K, n)
        Water that each reading speaks for: ``load_g = sum(reading_m3 x C)``.
    middle_s, segment_m3 : ndarray of float64, shape (U,)
        Middle and water of each segment with a discharge; 0 water without.
    is_covered : ndarray of bool, shape (K, U)
    apart_s : ndarray of float64, shape (K, U)
        Time between the two readings a segment lies between; outside all of them twice the time to
        the nearest one.
    discharge_s : float
        Time with a valid discharge.
    """

    load_g: Floats
    covered_s: Floats
    covered_m3: Floats
    reading_m3: Floats
    middle_s: Floats
    segment_m3: Floats
    is_covered: npt.NDArray[np.bool_]
    apart_s: Floats
    discharge_s: float


def integrate_product(
    concentration_s: Floats,
    concentration_mg_l: Floats,
    discharge_s: Floats,
    discharge_m3_s: Floats,
    *,
    duration_s: float,
    max_step_s: float,
    max_step_discharge_s: float,
) -> ProductIntegral:
    """Integral of C x Q over ``[0, duration_s)``, exact for readings joined by straight lines.

    Parameters
    ----------
    concentration_s : ndarray of float64, shape (n,)
        Stamps of the readings, rising, from the start of the period; give those outside too.
    concentration_mg_l : ndarray of float64, shape (K, n)
        NaN: no valid reading; the line then joins its neighbours.
    discharge_s, discharge_m3_s : ndarray of float64, shape (m,)
        Instants and discharges; NaN: none.
    max_step_s, max_step_discharge_s : float
        Two readings farther apart are not joined. Before the first and after the last reading its
        value is held for half of it.

    Returns
    -------
    ProductIntegral

    Raises
    ------
    ContractError
        if shapes do not fit.

    Source
    ------
    reference/loads.md 6.8 (exact piecewise-linear form), by hand: the integral of the product of
    two linear functions.
    """
    n, m = len(concentration_s), len(discharge_s)
    if (
        concentration_mg_l.ndim != 2
        or concentration_mg_l.shape[1] != n
        or discharge_m3_s.shape != (m,)
    ):
        raise ContractError(
            f"{concentration_mg_l.shape} readings at {n} stamps, {discharge_m3_s.shape} discharges at {m}"
        )
    stamps = np.concatenate([[0.0, duration_s], concentration_s, discharge_s])
    ends = [concentration_s - max_step_s / 2, concentration_s + max_step_s / 2]
    if n:
        stamps = np.concatenate([stamps, ends[0][:1], ends[1][-1:]])
    stamps = np.unique(np.clip(stamps, 0.0, duration_s))
    c = _join(concentration_s, concentration_mg_l, stamps, max_step_s)
    q = _join(discharge_s, discharge_m3_s[None, :], stamps, max_step_discharge_s)
    q0, q1 = (np.where(q.is_valid[0], side[0], 0.0) for side in (q.at_start, q.at_end))
    width = np.diff(stamps)
    volume = width * (q0 + q1) / 2
    weight0, weight1 = width / 6 * (2 * q0 + q1), width / 6 * (q0 + 2 * q1)
    covered = c.is_valid & q.is_valid
    reading = c.gather(np.where(covered, weight0, 0.0), np.where(covered, weight1, 0.0), n)
    load = np.where(covered, weight0 * c.at_start + weight1 * c.at_end, 0.0).sum(axis=1)
    return ProductIntegral(
        load_g=load,
        covered_s=(covered * width).sum(axis=1),
        covered_m3=(covered * volume).sum(axis=1),
        reading_m3=reading,
        middle_s=(stamps[1:] + stamps[:-1]) / 2,
        segment_m3=volume,
        is_covered=covered,
        apart_s=c.apart_s,
        discharge_s=float(width[q.is_valid[0]].sum()),
    )


@dataclass(frozen=True, slots=True)
class _Joined:
    """Values at both ends of each segment, of which readings they are made, and whether they hold."""

    at_start: Floats
    at_end: Floats
    before: Places
    after: Places
    share_start: Floats
    share_end: Floats
    is_valid: npt.NDArray[np.bool_]
    apart_s: Floats

    def gather(self, weight_start: Floats, weight_end: Floats, n: int) -> Floats:
        """Weights of segments' ends brought back to the readings, shape (K, n)."""
        to_after = weight_start * self.share_start + weight_end * self.share_end
        to_before = weight_start + weight_end - to_after
        rows = np.arange(len(self.before))[:, None] * n
        flat = np.zeros(len(self.before) * n)
        for places, weight in ((self.before, to_before), (self.after, to_after)):
            flat += np.bincount((rows + places).ravel(), weight.ravel(), minlength=flat.size)
        return flat.reshape(len(self.before), n)


def _join(time_s: Floats, values: Floats, stamps: Floats, max_step_s: float) -> _Joined:
    """Straight lines through the valid values of each row, evaluated at the stamps."""
    rows, n = values.shape
    if not n:
        none = np.full((rows, len(stamps) - 1), np.nan)
        zero = np.zeros(none.shape, dtype=np.intp)
        no = np.zeros(none.shape, dtype=bool)
        return _Joined(none, none, zero, zero, none, none, no, np.full(none.shape, np.inf))
    place = np.arange(n)
    is_known = ~np.isnan(values)
    last = np.maximum.accumulate(np.where(is_known, place, -1), axis=1)
    following = np.minimum.accumulate(np.where(is_known, place, n)[:, ::-1], axis=1)[:, ::-1]
    last = np.concatenate([np.full((rows, 1), -1), last], axis=1)
    following = np.concatenate([following, np.full((rows, 1), n)], axis=1)
    before = last[:, np.searchsorted(time_s, stamps[:-1], side="right")]
    after = following[:, np.searchsorted(time_s, stamps[1:], side="left")]
    has_before, has_after = before >= 0, after < n
    before = np.where(has_before, before, np.where(has_after, after, 0))
    after = np.where(has_after, after, before)
    t0, t1, c0, c1 = time_s[before], time_s[after], *(_take(values, one) for one in (before, after))
    apart = np.where(t1 > t0, t1 - t0, 1.0)
    share_start = np.where(t1 > t0, (stamps[:-1] - t0) / apart, 0.0)
    share_end = np.where(t1 > t0, (stamps[1:] - t0) / apart, 0.0)
    reach = 2 * np.maximum(stamps[1:] - t0, t0 - stamps[:-1])
    apart_s = np.where(has_before & has_after, t1 - t0, reach)
    is_valid = (apart_s <= max_step_s) & (has_before | has_after)
    at_start, at_end = c0 + (c1 - c0) * share_start, c0 + (c1 - c0) * share_end
    return _Joined(at_start, at_end, before, after, share_start, share_end, is_valid, apart_s)


def _take(values: Floats, places: Places) -> Floats:
    return np.take_along_axis(values, places, axis=1)
