"""The two series every estimator of a load takes: samples of concentration, a record of discharge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.flux import Floats, Times, check_rising, overlap_s, seconds_from
from ecomon.load.gauge_shares import GaugeShares
from ecomon.model.period import Period

MEASURED, LOG_LINEAR, NEIGHBOUR, STRUCTURAL, MISSING, REVERSED = range(6)
FILL_NAMES = (
    "实测 measured",
    "对数线性插补 log-linear",
    "邻站比值插补 ratio to a neighbour",
    "结构模型插补 structural model",
    "缺测 missing",
    "倒流 reversed",
)
"""What a step of a discharge record rests on, by code (``DischargeSeries.fill``)."""


@dataclass(frozen=True, slots=True)
class SampleSeries:
    """Samples of one determinand at one section, in the order of time.

    Attributes
    ----------
    time : ndarray of datetime64[us], shape (n,)
        Naive Beijing instants, strictly rising.
    concentration_mg_l : ndarray of float64, shape (n,)
        Finite and not negative; the limit where ``is_censored``.
    is_censored : ndarray of bool, shape (n,)
        Below detection (left-censored at the limit).

    Raises
    ------
    ContractError
        if shapes differ, a time stands twice, a value is NaN, infinite or negative.
    """

    time: Times
    concentration_mg_l: Floats
    is_censored: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if not len(self.time) == len(self.concentration_mg_l) == len(self.is_censored):
            raise ContractError("times, concentrations and marks of censoring differ in number")
        check_rising(self.time)
        bad = ~(np.isfinite(self.concentration_mg_l) & (self.concentration_mg_l >= 0))
        if bad.any():
            where = self.time[bad][0]
            raise ContractError(
                f"concentration at {where} is {self.concentration_mg_l[bad][0]} mg/L"
            )

    @classmethod
    def of(
        cls, time: Times, concentration_mg_l: Floats, is_censored: object = False
    ) -> SampleSeries:
        """From arrays; rows without a value (NaN) are left out."""
        marks = np.broadcast_to(np.asarray(is_censored, dtype=bool), concentration_mg_l.shape)
        keep = ~np.isnan(concentration_mg_l)
        return cls(
            time[keep].astype("datetime64[us]"),
            concentration_mg_l[keep].astype(np.float64),
            marks[keep].copy(),
        )

    def within(self, period: Period) -> SampleSeries:
        """The samples of a period."""
        at = seconds_from(period.start, self.time)
        keep = (at >= 0) & (at < period.seconds)
        return SampleSeries(self.time[keep], self.concentration_mg_l[keep], self.is_censored[keep])

    def with_censored(self, share_of_limit: float) -> SampleSeries:
        """Every censored value at this share of its limit, and no longer censored: 0 and 1 bracket."""
        values = np.where(
            self.is_censored, share_of_limit * self.concentration_mg_l, self.concentration_mg_l
        )
        return SampleSeries(self.time, values, np.zeros(len(values), dtype=bool))

    @property
    def censored_share(self) -> float:
        return float(self.is_censored.mean()) if len(self.time) else 0.0


@dataclass(frozen=True, slots=True)
class DischargeSeries:
    """Discharge of one section by steps of equal length, gaps as NaN or as absent steps.

    Attributes
    ----------
    time : ndarray of datetime64[us], shape (N,)
        Starts of the steps, rising, none inside the one before.
    discharge_m3_s : ndarray of float64, shape (N,)
        Mean of the step; NaN: none. Zero: the river is dry. Negative: it runs backwards.
    step_s : float
        Length of every step.
    variance : ndarray of float64, shape (N,)
        Variance of each value that is its own, (m3/s)^2: filling, rating draws apart. 0 where measured.
    fill : ndarray of int8, shape (N,)
        What the step rests on: a place in ``FILL_NAMES``.
    relative_error : float
        Standard error common to all steps, as a share of the discharge: of the transfer from the
        gauge, of the rating. It does not fall with the number of steps.
    link : str
        Name and version of the link the discharge came by; empty: measured here.
    caveat : str
        What a reader must be told (待核实 ...).
    shares : tuple of (str, float)
        Whose ratings ``relative_error`` is, and how much of it is each one's
        (:mod:`ecomon.load.gauge_shares`); empty: not known.
    """

    time: Times
    discharge_m3_s: Floats
    step_s: float
    variance: Floats
    fill: npt.NDArray[np.int8]
    relative_error: float = 0.0
    link: str = ""
    caveat: str = ""
    shares: GaugeShares = ()

    def __post_init__(self) -> None:
        n = len(self.time)
        if not n == len(self.discharge_m3_s) == len(self.variance) == len(self.fill):
            raise ContractError("times, discharges, variances and fill codes differ in number")
        if not self.step_s > 0:
            raise ContractError(f"a step lasts {self.step_s} s")
        if np.isinf(self.discharge_m3_s).any():
            raise ContractError("a discharge is infinite")
        check_rising(self.time, self.step_s)

    @classmethod
    def of(cls, time: Times, discharge_m3_s: Floats, *, step_s: float) -> DischargeSeries:
        """A record as a gauge gives it: no variance of its own, NaN is ``MISSING``, < 0 ``REVERSED``."""
        fill = np.where(np.isnan(discharge_m3_s), MISSING, MEASURED)
        fill = np.where(discharge_m3_s < 0, REVERSED, fill).astype(np.int8)
        n = len(discharge_m3_s)
        return cls(
            time.astype("datetime64[us]"),
            discharge_m3_s.astype(np.float64),
            step_s,
            np.zeros(n),
            fill,
        )

    def weights_s(self, period: Period) -> Floats:
        """Seconds of each step inside the period, shape (N,)."""
        return overlap_s(self.time, self.step_s, period)

    def at(self, time: Times) -> Floats:
        """Discharge of the step that holds each time, shape (n,), m3/s; NaN where there is none."""
        if not len(self.time):
            return np.full(len(time), np.nan)
        place = np.searchsorted(self.time, time.astype("datetime64[us]"), side="right") - 1
        since = (time - self.time[np.maximum(place, 0)]).astype("timedelta64[us]").astype(np.int64)
        holds = (place >= 0) & (since < self.step_s * 1e6)
        return np.where(holds, self.discharge_m3_s[np.maximum(place, 0)], np.nan)
