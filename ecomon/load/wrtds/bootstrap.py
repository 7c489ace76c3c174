"""Uncertainty of period loads: samples drawn again in blocks (outer), the bridge between (inner)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.bridge import Bridge, bridge_residuals, draw_concentrations, sum_variance
from ecomon.load.wrtds.kalman import estimated_days, standardise_samples
from ecomon.load.wrtds.lookup import KG_PER_DAY, DailyEstimates, place_between, read_daily
from ecomon.load.wrtds.model import WrtdsModel
from ecomon.load.wrtds.predictors import Predictors
from ecomon.load.wrtds.record import WrtdsRecord
from ecomon.load.wrtds.surfaces import Grid, fit_surfaces
from ecomon.model.period import Period

if TYPE_CHECKING:
    import xarray as xr

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

BLOCK_D = 200
N_REPLICATES = 100
_TONNES_PER_KG = 1e-3
# Two-sided 95 % of a normal variable, for the interval of the logarithm.
_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class BootstrapLoads:
    """Loads of P periods with what is not known of them; t.

    Parameters
    ----------
    periods : tuple of Period
    load_t, outer_se_t, inner_se_t, standard_error_t, lower_t, upper_t : ndarray, shape (P,)
        ``outer`` is the model's (the samples drawn again), ``inner`` the path's between samples,
        ``standard_error_t`` both in quadrature. The 95 % interval is lognormal: never below zero.
        NaN where no day of the period has an estimate, or no replicate could be fitted.
    coverage_time : ndarray of float64, shape (P,)
        Share of the period's days that have a load.
    draws_t : ndarray of float64, shape (P, R)
        One a replicate, path drawn with it: outer and inner together. NaN for a replicate that
        could not be fitted.
    n_failed : int
        Replicates with a node or a day that could not be fitted; they count nowhere.
    """

    periods: tuple[Period, ...]
    load_t: Values
    outer_se_t: Values
    inner_se_t: Values
    standard_error_t: Values
    lower_t: Values
    upper_t: Values
    coverage_time: Values
    draws_t: Values
    n_failed: int

    def draws(self) -> xr.DataArray:
        """``draws_t`` with dims (period, draw), ``period`` labelled as :attr:`Period.label`."""
        import xarray as xr

        return xr.DataArray(
            self.draws_t,
            dims=("period", "draw"),
            coords={
                "period": [period.label for period in self.periods],
                "draw": np.arange(self.draws_t.shape[1]),
            },
            name="load_t",
            attrs={"units": "t", "long_name": "load of a period, WRTDS-K"},
        )


def bootstrap_loads(
    model: WrtdsModel,
    periods: Sequence[Period],
    *,
    seed: int,
    n_replicates: int = N_REPLICATES,
    block_d: int = BLOCK_D,
    method: Literal["kalman", "regression"] = "kalman",
    span: Period | None = None,
) -> BootstrapLoads:
    """Load and standard error of any periods, which may overlap.

    A replicate is a calibration drawn in blocks of days with replacement; its surfaces are fitted
    anew and, with ``kalman``, bent to the samples as they are.

    Parameters
    ----------
    model : WrtdsModel
    periods : sequence of Period
        Half-open, of whole days; days of the record within count.
    seed : int
        Not negative; the same seed gives the same draws.
    n_replicates, block_d : int
    method : {"kalman", "regression"}
        WRTDS-K, or WRTDS alone, whose path between samples then has no knot.
    span : Period, optional
        Which days are fitted anew: those within, and those to the next sample on either side. The
        periods must lie in it. All days when absent; a span costs as much less as it is shorter,
        gives the same errors, and other draws.

    Returns
    -------
    BootstrapLoads

    Raises
    ------
    ContractError
        of fewer than two replicates, a block shorter than a day, or no period.

    Source
    ------
    Hirsch, Archfield and De Cicco 2015, Environmental Modelling & Software 73 (blocks of 200
    days); loads.md 5.2 step 7, 6.6 (sum in quadrature).
    """
    if n_replicates < 2 or block_d < 1 or not periods:
        raise ContractError(
            "a bootstrap takes a period, two replicates or more, blocks of a day or more"
        )
    record = model.record
    window = _Window.of(model, span)
    rows = estimated_days(model.estimates)
    rows = rows[(rows >= window.first) & (rows < window.end)]
    members = _members(record, periods, rows)
    factor = KG_PER_DAY * _TONNES_PER_KG * record.discharge_m3_s[rows]
    base = _bridge(model, model.estimates, rows, method, window)
    load = _sums(base.conc_mg_l, factor, members)
    inner = np.sqrt([_inner_variance(base, factor, member) for member in members])
    means = np.full((n_replicates, len(periods)), np.nan)
    draws = means.copy()
    for replicate, count in enumerate(draw_multiplicities(record, n_replicates, block_d, seed)):
        estimates = _refit(model, count, window)
        if not np.isfinite(estimates.y_hat[rows]).all():
            continue
        bridge = _bridge(model, estimates, rows, method, window)
        means[replicate] = _sums(bridge.conc_mg_l, factor, members)
        path = draw_concentrations(bridge, n_draws=1, seed=seed + 1 + replicate)[0]
        draws[replicate] = _sums(path, factor, members)
    is_fitted = np.isfinite(means).any(axis=1)
    outer = _spread(means[is_fitted], len(periods))
    error = np.hypot(outer, inner)
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.sqrt(np.log1p((error / load) ** 2))
        centre = np.log(load) - width**2 / 2
    lower, upper = np.exp(centre - _Z_95 * width), np.exp(centre + _Z_95 * width)
    is_zero = load == 0
    return BootstrapLoads(
        tuple(periods), load, outer, inner, error,
        np.where(is_zero, 0.0, lower), np.where(is_zero, 0.0, upper),
        _coverage(record, periods, rows), draws.T, int((~is_fitted).sum()),
    )  # fmt: skip


def draw_multiplicities(
    record: WrtdsRecord, n_replicates: int, block_d: int, seed: int
) -> Iterator[Indices]:
    """How often each sample stands in each replicate, drawn in blocks of days with replacement.

    Blocks begin on any day from ``block_d`` - 1 days before the first sample to the last one, so
    that every day is as likely as any other; samples are taken block by block until there are as
    many as in the record, the last block cut.

    Parameters
    ----------
    record : WrtdsRecord of n samples
    n_replicates, block_d, seed : int

    Returns
    -------
    iterator over ndarray of int64, shape (n,)
        Each sums to n.

    Source
    ------
    Hirsch, Archfield and De Cicco 2015 (EGRETci); loads.md 5.2 step 7.
    """
    generator = np.random.default_rng(seed)
    day = record.day[record.sample_row].astype(np.int64)
    n = len(day)
    for _ in range(n_replicates):
        count = np.zeros(n, dtype=np.int64)
        n_drawn = 0
        while n_drawn < n:
            start = generator.integers(day[0] - block_d + 1, day[-1] + 1)
            first, end = np.searchsorted(day, [start, start + block_d])
            end = min(int(end), int(first) + n - n_drawn)
            count[first:end] += 1
            n_drawn += end - int(first)
        yield count


@dataclass(frozen=True, slots=True)
class _Window:
    """Days ``first`` .. ``end`` of the record (end excluded) and the nodes of the grid around them.

    It ends on samples, beyond which nothing bears on the days within: the AR(1) error is Markov.
    """

    first: int
    end: int
    grid: Grid

    @classmethod
    def of(cls, model: WrtdsModel, span: Period | None) -> _Window:
        record, grid = model.record, model.grid_fits.grid
        if span is None:
            return cls(0, len(record.day), grid)
        inside = np.array([span.start, span.end], dtype="datetime64[us]").astype("datetime64[D]")
        first, end = np.searchsorted(record.day, inside)
        before = record.sample_row[record.sample_row <= first]
        after = record.sample_row[record.sample_row >= end]
        first = int(before[-1]) if len(before) else 0
        end = int(after[0]) + 1 if len(after) else len(record.day)
        node, _ = place_between(record.dec_year[[first, end - 1]], grid.dec_year)
        return cls(first, end, Grid(grid.log_q, grid.dec_year[node[0] : node[1] + 2]))


def _refit(model: WrtdsModel, count: Indices, window: _Window) -> DailyEstimates:
    predictors = Predictors.of(model.record, count.astype(np.float64))
    surfaces = fit_surfaces(model.record, model.settings, predictors=predictors, grid=window.grid)
    return read_daily(model.record, surfaces)


def _bridge(
    model: WrtdsModel, estimates: DailyEstimates, rows: Indices, method: str, window: _Window
) -> Bridge:
    samples = standardise_samples(model.record, estimates)
    # What lies outside the window was read beyond the grid, and means nothing.
    first, last = model.record.day[[window.first, window.end - 1]].astype(np.int64)
    samples = samples.take((samples.time_d >= first) & (samples.time_d <= last))
    if method == "regression":
        samples = samples.take(np.zeros(len(samples.time_d), dtype=np.bool_))
    time_d = model.record.day[rows].astype(np.int64).astype(np.float64)
    return bridge_residuals(
        time_d, estimates.y_hat[rows], estimates.se[rows], samples, rho=model.bridge.rho
    )


def _members(
    record: WrtdsRecord, periods: Sequence[Period], rows: Indices
) -> list[npt.NDArray[np.bool_]]:
    day = record.day[rows].astype("datetime64[us]")
    return [
        (day >= np.datetime64(period.start)) & (day < np.datetime64(period.end))
        for period in periods
    ]


def _sums(conc: Values, factor: Values, members: list[npt.NDArray[np.bool_]]) -> Values:
    flux = conc * factor
    return np.array([flux[member].sum() if member.any() else np.nan for member in members])


def _inner_variance(bridge: Bridge, factor: Values, member: npt.NDArray[np.bool_]) -> float:
    """Periods may overlap, so each is summed on its own; only its own steps are looked at."""
    if not member.any():
        return float("nan")
    return float(sum_variance(bridge, factor, np.where(member, 0, -1))[0])


def _spread(means: Values, n_periods: int) -> Values:
    if len(means) < 2:
        return np.full(n_periods, np.nan)
    return means.std(axis=0, ddof=1)


def _coverage(record: WrtdsRecord, periods: Sequence[Period], rows: Indices) -> Values:
    """Days with a load, dry ones included, over the days of the period."""
    has_load = record.discharge_m3_s == 0
    has_load[rows] = True
    members = _members(record, periods, np.arange(len(record.day)))
    pairs = zip(members, periods, strict=True)
    return np.array([(member & has_load).sum() / period.n_days for member, period in pairs])
