"""Concentration x discharge -> flux (g/s), flux -> load of a period (t), and what an estimate is.

mg/L x m3/s is g/s; a flux held for a time is a mass; a million grams are a tonne. A load is
always that of a half-open Beijing period, and a step that a bound of the period cuts counts by
the part of it that lies inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.model.period import Period
from ecomon.model.quantity import conversion_factor

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

Status = Literal["measured", "estimated", "bracket_only", "insufficient"]
"""``measured``: rests on valid samples and discharges; ``estimated``: some of it on filled steps or
a model; ``bracket_only``: no estimate, but the bounds with censored = 0 and = limit; ``insufficient``:
nothing can be said, and ``reason`` says why."""

G_PER_T = 1e6
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class FilledDays:
    """Concentrations that a model gave for the gaps of a record, by days.

    Attributes
    ----------
    day : ndarray of datetime64[D], shape (k,)
        A day stands once for each gap that touches it.
    concentration_mg_l : ndarray of float64, shape (k,)
    is_bridged : ndarray of bool, shape (k,)
        The residuals at the ends of the gap were carried into it; else the model stands alone.
    """

    day: Times
    concentration_mg_l: Floats
    is_bridged: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LoadEstimate:
    """The load of one determinand at one section in one period, by one method.

    Attributes
    ----------
    method : str
        ``A`` .. ``E``, ``beale``, ``linear`` ...
    load_t : float
        Load, t; NaN where the status is ``bracket_only`` or ``insufficient``.
    standard_error_t, degrees_of_freedom : float
        Of the load, t; the degrees are infinite where the error is taken as normal. NaN: unknown.
    coverage_time, coverage_volume : float
        Share of the period's time, and of the volume that passed in it, with valid concentration
        *and* discharge, 0..1; NaN: the volume is not known.
    share_estimated : float
        Share of the load that rests on filled, scaled or modelled steps, 0..1.
    censored_share : float
        Share of the samples that are censored, 0..1.
    n_samples, n_censored : int
    load_censored_zero_t, load_censored_limit_t : float
        The bracket: by the same method with every censored value at zero, and at its limit, t.
    parts_t : mapping of str to float
        Named parts of the standard error, t; squares of independent parts add to its square.
    status, reason : str
        Reason in words, Chinese first; empty where there is nothing to say.
    filled : FilledDays or None
        Of a dense record: the days of its gaps of concentration, and what stands there.
    """

    method: str
    load_t: float
    standard_error_t: float = NAN
    degrees_of_freedom: float = NAN
    coverage_time: float = NAN
    coverage_volume: float = NAN
    share_estimated: float = 0.0
    censored_share: float = 0.0
    n_samples: int = 0
    n_censored: int = 0
    load_censored_zero_t: float = NAN
    load_censored_limit_t: float = NAN
    parts_t: Mapping[str, float] = field(default_factory=dict)
    status: Status = "measured"
    reason: str = ""
    filled: FilledDays | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        is_known = self.load_t == self.load_t
        if is_known and self.status in ("bracket_only", "insufficient"):
            raise ContractError(f"{self.method}: a load of status {self.status} has no number")
        if not is_known and self.status in ("measured", "estimated"):
            raise ContractError(f"{self.method}: no load, and status {self.status}")
        if not is_known and not self.reason:
            raise ContractError(f"{self.method}: a load without a number gives a reason")

    def interval_t(self, *, level: float = 0.95) -> tuple[float, float]:
        """Lower and upper bound, t: Student's t, cut at zero below; NaN where there is no error."""
        from scipy.special import ndtri, stdtrit

        if not (self.standard_error_t >= 0 and self.degrees_of_freedom > 0):
            return NAN, NAN
        is_normal = np.isinf(self.degrees_of_freedom)
        p = (1 + level) / 2
        quantile = float(ndtri(p) if is_normal else stdtrit(self.degrees_of_freedom, p))
        half = quantile * self.standard_error_t
        return max(0.0, self.load_t - half), self.load_t + half


def no_load(
    method: str, reason: str, *, status: Status = "insufficient", **known: Any
) -> LoadEstimate:
    """An estimate without a number, and why.

    Source
    ------
    Design: a bad input is a status and a reason in words, never a silent number (project rule).
    """
    return LoadEstimate(method, NAN, status=status, reason=reason, **known)


def compute_flux(
    concentration: Floats,
    discharge: Floats,
    *,
    concentration_unit: str = "mg/L",
    discharge_unit: str = "m3/s",
) -> Floats:
    """Instantaneous flux, g/s.

    Parameters
    ----------
    concentration, discharge : ndarray of float64, shapes that broadcast
        NaN: no valid value. A negative discharge (the river runs backwards) gives a negative flux.
        A discharge of zero gives zero, whether the concentration is known or not: no water carries
        no load.
    concentration_unit, discharge_unit : str
        Symbols of ``ecomon.model.quantity.UNITS``.

    Returns
    -------
    ndarray of float64
        g/s; NaN where the discharge is NaN, or the concentration is and water flows.

    Raises
    ------
    UnitMismatch
        if a unit is unknown or not a mass concentration, or not a discharge.

    Source
    ------
    1 mg/L x 1 m3/s = 1 g/s (SI); zero discharge, load 0: reference/loads.md 6.10.
    """
    to_mg_l = conversion_factor(concentration_unit, "mg/L")
    to_m3_s = conversion_factor(discharge_unit, "m3/s")
    flux = (concentration * to_mg_l) * (discharge * to_m3_s)
    return np.where(discharge == 0, 0.0, flux)


def seconds_from(moment: datetime | np.datetime64, time: Times) -> Floats:
    """Seconds from ``moment`` to each time, exact to the microsecond.

    Source
    ------
    Naive Beijing ``datetime64[us]``, the house's time (design, section 3).
    """
    since = time.astype("datetime64[us]") - np.datetime64(moment).astype("datetime64[us]")
    return since.astype(np.int64) / 1e6


def overlap_s(time: Times, step_s: float, period: Period) -> Floats:
    """How many seconds of each step ``[time, time + step)`` lie in the period.

    Parameters
    ----------
    time : ndarray of datetime64, shape (N,)
        Starts of the steps, naive Beijing time.
    step_s : float
    period : Period

    Returns
    -------
    ndarray of float64, shape (N,)
        0 .. ``step_s``.

    Source
    ------
    Half-open periods (design, section 3).
    """
    begins = seconds_from(period.start, time)
    inside = np.minimum(begins + step_s, period.seconds) - np.maximum(begins, 0.0)
    return np.clip(inside, 0.0, None)


def integrate_flux(flux_g_s: Floats, time: Times, period: Period, *, step_s: float) -> Floats:
    """Mass that the known steps carried in the period, t.

    Additive: the loads of a partition of a period sum to the load of the period. Steps without a
    flux add nothing; how much of the period is known is :func:`ecomon.load.coverage.measure_coverage`'s
    to say, and no estimator gives this number out without it.

    Parameters
    ----------
    flux_g_s : ndarray of float64, shape (..., N)
        Mean flux of each step; NaN: none.
    time : ndarray of datetime64, shape (N,)
        Starts of the steps, rising.
    step_s : float
        Length of a step, s.

    Returns
    -------
    ndarray of float64, shape (...)
        t; NaN where no step of the period has a flux.

    Raises
    ------
    ContractError
        if shapes differ, or a time stands twice or out of order.

    Source
    ------
    Load = integral of C x Q over the period (Walling & Webb 1981).
    """
    check_rising(time, step_s)
    if flux_g_s.shape[-1] != len(time):
        raise ContractError(f"{flux_g_s.shape[-1]} fluxes and {len(time)} times")
    weight_s = overlap_s(time, step_s, period)
    is_known = ~np.isnan(flux_g_s) & (weight_s > 0)
    mass = np.where(is_known, flux_g_s * weight_s, 0.0).sum(axis=-1) / G_PER_T
    return np.where(is_known.any(axis=-1), mass, np.nan)


def check_rising(time: Times, step_s: float = 0.0) -> None:
    """Times rise, and none lies inside the step before it.

    Raises
    ------
    ContractError
        naming the first offender.

    Source
    ------
    Contract of every series here: one value a time (project rule).
    """
    apart_s = np.diff(time.astype("datetime64[us]").astype(np.int64)) / 1e6
    bad = np.flatnonzero((apart_s <= 0) | (apart_s < step_s - 1e-6))
    if bad.size:
        first = bad[0]
        twice = "stands twice" if apart_s[first] == 0 else "comes before the step before it ends"
        raise ContractError(f"{time[first + 1]} {twice}: decide which value counts first")
