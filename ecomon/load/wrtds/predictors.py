"""Samples as the engine takes them: design, bounds of ln C, products for the Gram matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.tobit import CensoredPoints, Preconditioned, Responses, precondition
from ecomon.load.tobit.moments import pair_products
from ecomon.load.wrtds.record import WrtdsRecord

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Predictors:
    """n samples, preconditioned once for every node, leave-one-out and replicate.

    ``count`` says how often a sample stands in the calibration: one, or its multiplicity in a
    bootstrap replicate. ``pairs`` are the products of the exact ones, in their order.
    """

    dec_year: Values
    log_q: Values
    count: Values
    is_exact: Mask
    ready: Preconditioned
    points: CensoredPoints
    pairs: Values
    centre_year: float
    centre_log_q: float

    @classmethod
    def of(cls, record: WrtdsRecord, count: Values | None = None) -> Predictors:
        """Of all samples of a record, or of those with a positive ``count``."""
        count = np.ones(record.n_samples) if count is None else count.astype(np.float64)
        used = np.flatnonzero(count > 0)
        year, log_q = record.sample_dec_year[used], record.log_q[record.sample_row[used]]
        centre = float(np.mean(record.dec_year)), float(np.nanmean(record.log_q))
        with np.errstate(divide="ignore"):
            bounds = Responses(np.log(record.lower[used]), np.log(record.upper[used]))
        ready = precondition(_design(year, log_q, *centre), bounds)
        is_exact = bounds.is_exact
        rows = np.column_stack([ready.design[is_exact], ready.responses.lower[is_exact]])
        return cls(
            year,
            log_q,
            count[used],
            is_exact,
            ready,
            CensoredPoints.of(ready.design, ready.responses),
            pair_products(rows),
            *centre,
        )

    def at(self, dec_year: Values, log_q: Values) -> Values:
        """Rows (1, t, ln Q, sin, cos) of nodes, in the coordinates of the coefficients."""
        return _design(dec_year, log_q, self.centre_year, self.centre_log_q)

    @property
    def is_between(self) -> Mask:
        """Samples that lie between two finite bounds, shape (n,)."""
        mask = np.zeros(len(self.log_q), dtype=np.bool_)
        mask[self.points.order[self.points.n_one_sided :]] = True
        return mask


def _design(dec_year: Values, log_q: Values, centre_year: float, centre_log_q: float) -> Values:
    """Columns 1, t, ln Q, sin 2 pi t, cos 2 pi t, the second and third centred."""
    angle = 2 * np.pi * dec_year
    one = np.ones_like(dec_year)
    return np.column_stack(
        [one, dec_year - centre_year, log_q - centre_log_q, np.sin(angle), np.cos(angle)]
    )
