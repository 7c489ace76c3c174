"""The three WRTDS surfaces: ln C, its standard error and C on a grid of discharge and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.tobit import Moments, TobitFits, fit_moments
from ecomon.load.tobit.fits import FITTED, TOO_FEW
from ecomon.load.tobit.moments import from_triangle
from ecomon.load.tobit.threads import one_blas_thread
from ecomon.load.wrtds.predictors import Predictors
from ecomon.load.wrtds.record import WrtdsRecord, water_year
from ecomon.load.wrtds.settings import WrtdsSettings
from ecomon.load.wrtds.weights import GROWTH, LEVELS_MAX, Distances, tricube

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

N_LEVELS_Q = 14
# A node so far from its samples that the exponential overflows: there is no number to show.
NOT_FINITE = "not_finite"
STEPS_PER_YEAR = 16
_MARGIN = 0.05
# A water year begins three quarters into the calendar year before; EGRET takes it as exactly that.
_OCTOBER = 0.75
# Weights of censored points held at once: nodes x points of one batch.
_BATCH_NUMBERS = 1 << 22


@dataclass(frozen=True, slots=True)
class Grid:
    """14 levels of ln Q and sixteen steps a year, as EGRET lays them."""

    log_q: Values
    dec_year: Values

    @classmethod
    def over(cls, record: WrtdsRecord) -> Grid:
        first, last = np.floor(record.dec_year[0]), np.ceil(record.dec_year[-1])
        low, high = np.nanmin(record.log_q) - _MARGIN, np.nanmax(record.log_q) + _MARGIN
        n_years = round(STEPS_PER_YEAR * (last - first)) + 1
        return cls(np.linspace(low, high, N_LEVELS_Q), np.linspace(first, last, n_years))


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Estimates at the nodes of a grid; NaN where ``status`` is not ``fitted``.

    Parameters
    ----------
    grid : Grid
    y_hat, se, conc : ndarray of float64, shape (14, k)
        ln(mg/L), its residual standard error, mg/L.
    level : ndarray of int64, shape (14, k)
        How often the windows grew by a tenth; -1 where they never held enough samples.
    status : ndarray of str, shape (14, k)
        As :class:`ecomon.load.tobit.TobitFits`, and ``not_finite`` where exp overflows.
    is_outside_sampled : ndarray of bool, shape (14,)
        Levels of discharge below the smallest or above the largest that was sampled: what stands
        there is extrapolated.
    """

    grid: Grid
    y_hat: Values
    se: Values
    conc: Values
    level: Indices
    status: npt.NDArray[np.str_]
    is_outside_sampled: Mask


def record_bounds(record: WrtdsRecord, settings: WrtdsSettings) -> tuple[float, float]:
    """Decimal years between which the time window keeps its width.

    Parameters
    ----------
    record : WrtdsRecord
    settings : WrtdsSettings

    Returns
    -------
    (first, last) : decimal years

    Source
    ------
    EGRET 3.0.12: water-year bounds of the sample (loads.md 5.1); older versions the daily record.
    """
    if settings.time_bounds == "daily":
        return float(record.dec_year[0]), float(record.dec_year[-1])
    first, last = water_year(record.day[record.sample_row[[0, -1]]])
    return float(first - 1 + _OCTOBER), float(last + _OCTOBER)


def fit_surfaces(
    record: WrtdsRecord,
    settings: WrtdsSettings,
    *,
    predictors: Predictors | None = None,
    grid: Grid | None = None,
) -> Surfaces:
    """Fit a weighted Tobit regression at every node of the grid.

    Parameters
    ----------
    record : WrtdsRecord
    settings : WrtdsSettings
    predictors : Predictors, optional
        Of a bootstrap replicate; of all samples when absent.
    grid : Grid, optional

    Returns
    -------
    Surfaces

    Source
    ------
    Hirsch, Moyer and Archfield 2010, JAWRA 46; loads.md 5.2 for the batched form.
    """
    samples = predictors or Predictors.of(record)
    grid = grid or Grid.over(record)
    shape = (len(grid.log_q), len(grid.dec_year))
    fits = TobitFits.empty(shape[0] * shape[1], samples.ready.design.shape[1])
    fits.status[:] = TOO_FEW
    level = np.full(shape, -1, dtype=np.int64)
    bounds = record_bounds(record, settings)
    with one_blas_thread():
        distances = Distances.between(grid.dec_year, samples.dec_year, settings, bounds)
        for k in range(LEVELS_MAX):
            is_open = level < 0
            in_year: Mask = np.any(is_open, axis=0)
            if not in_year.any():
                break
            years = np.flatnonzero(in_year)
            factors = _Factors.at(k, grid, samples, settings, distances.take(in_year))
            has_passed = factors.has_enough(settings) & is_open[:, years]
            level[:, years] = np.where(has_passed, k, level[:, years])
            factors.fit(has_passed, years, samples, fits)
    return _to_surfaces(grid, samples, fits, level)


def _to_surfaces(grid: Grid, samples: Predictors, fits: TobitFits, level: Indices) -> Surfaces:
    shape = level.shape
    nodes_q, nodes_t = np.repeat(grid.log_q, shape[1]), np.tile(grid.dec_year, shape[0])
    beta = samples.ready.restore(fits.coefficients)
    y_hat = np.einsum("mj,mj->m", samples.at(nodes_t, nodes_q), beta).reshape(shape)
    se = (fits.sigma * samples.ready.scale).reshape(shape)
    with np.errstate(over="ignore"):
        conc = np.exp(y_hat + se**2 / 2)
    status = np.where(np.isinf(conc), NOT_FINITE, fits.status.reshape(shape))
    for plane in (y_hat, se, conc):
        plane[status != FITTED] = np.nan
    is_outside = (grid.log_q < samples.log_q.min()) | (grid.log_q > samples.log_q.max())
    return Surfaces(grid, y_hat, se, conc, level, status, is_outside)


@dataclass(frozen=True, slots=True)
class _Factors:
    """Weights of one level, by discharge (14, n) and by time and season (k, n), and the counts.

    ``n_used``, ``n_exact`` and ``n_between`` (14, k) are samples with positive weight: all, the
    exact ones, and those between two bounds. One product gives all three.
    """

    by_q: Values
    by_time: Values
    n_used: Indices
    n_exact: Indices
    n_between: Indices

    @classmethod
    def at(
        cls,
        level: int,
        grid: Grid,
        samples: Predictors,
        settings: WrtdsSettings,
        distances: Distances,
    ) -> _Factors:
        away = np.abs(samples.log_q[None, :] - grid.log_q[:, None])
        by_q = tricube(away / (settings.window_q * GROWTH**level))
        by_time = distances.weights(settings, level)
        kinds = np.stack([np.ones_like(samples.is_exact), samples.is_exact, samples.is_between])
        # Whole numbers far below 2^24: float32 holds them exactly, at half the memory.
        near_q = ((by_q > 0)[None] * (kinds * samples.count)[:, None]).astype(np.float32)
        near_time = (by_time > 0).astype(np.float32)
        counts = near_q.reshape(-1, near_q.shape[-1]) @ near_time.T
        used, exact, between = counts.astype(np.int64).reshape(3, len(by_q), -1)
        return cls(by_q, by_time, used, exact, between)

    def has_enough(self, settings: WrtdsSettings) -> Mask:
        return (self.n_used >= settings.min_obs) & (self.n_exact >= settings.min_uncensored)

    def fit(self, chosen: Mask, years: Indices, samples: Predictors, fits: TobitFits) -> None:
        """Fit the chosen nodes (14, k) and write them into their places of ``fits``."""
        gram = self._grams(chosen, samples)
        n_years = len(fits.status) // len(chosen)
        # Year by year, so that neighbours in time, which share their samples, share a batch.
        at_year, at_q = np.nonzero(chosen.T)
        order = samples.points.order
        size = max(1, _BATCH_NUMBERS // max(1, len(order)))
        for first in range(0, len(at_q), size):
            q, t = at_q[first : first + size], at_year[first : first + size]
            own, n_exact = gram[q, t], self.n_exact[q, t]
            # The first column of the design is one, or minus one, throughout.
            moments = Moments(
                own, own[:, 0, 0], n_exact, self.n_used[q, t] - n_exact, self.n_between[q, t]
            )
            weights = self.by_q[np.ix_(q, order)] * self.by_time[np.ix_(t, order)]
            weights *= samples.count[order]
            part = fit_moments(moments, samples.points, weights)
            places = q * n_years + years[t]
            fits.coefficients[places] = part.coefficients
            fits.sigma[places] = part.sigma
            fits.status[places] = part.status

    def _grams(self, chosen: Mask, samples: Predictors) -> Values:
        """Gram matrices (14, k, 6, 6) of the exact samples, by one product a row of discharge."""
        width = samples.pairs.shape[1]
        sums = np.zeros((*chosen.shape, width))
        by_time = self.by_time[:, samples.is_exact]
        by_q = self.by_q[:, samples.is_exact] * samples.count[samples.is_exact]
        for row in np.flatnonzero(chosen.any(axis=1)):
            columns = chosen[row]
            weighed = by_q[row, :, None] * samples.pairs
            rows = by_time if columns.all() else by_time[columns]
            sums[row, columns] = rows @ weighed
        k = samples.ready.design.shape[1] + 1
        return from_triangle(sums.reshape(-1, width), k).reshape(*chosen.shape, k, k)
