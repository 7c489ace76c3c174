"""How dense the data of a load are: what the table of methods asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecomon.load.coverage import measure_coverage
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period

NAN = float("nan")
_YEAR_S = 365.25 * 86_400
_LEAST_FOR_R2 = 10


@dataclass(frozen=True, slots=True)
class Density:
    """What was found.

    Attributes
    ----------
    n_period, n_period_censored : int
        Samples of the period that have a discharge, and those of them below detection.
    n_record, n_record_uncensored : int
        Of the whole record a model may be fitted to, with water flowing.
    record_years : float
        From its first to its last sample.
    median_step_h : float
        Between neighbouring samples of the period; NaN for fewer than two.
    r2 : float
        Of ln C on ln Q over the record's uncensored samples; NaN for fewer than ten or without
        spread.
    """

    n_period: int
    n_period_censored: int
    n_record: int
    n_record_uncensored: int
    record_years: float
    median_step_h: float
    r2: float

    @property
    def censored_share(self) -> float:
        """Of the period's samples, 0..1; NaN without any."""
        return self.n_period_censored / self.n_period if self.n_period else NAN

    def in_words(self) -> str:
        """The density, Chinese first."""
        step = "—" if np.isnan(self.median_step_h) else f"{self.median_step_h:.3g} h"
        return (
            f"时段内 {self.n_period} 个样（低于检出限 {self.n_period_censored} 个），间隔中位数 {step}；"
            f"序列 {self.n_record} 个样、{self.record_years:.1f} 年"
            f" / {self.n_period} samples in the period ({self.n_period_censored} below detection), "
            f"median step {step}; record of {self.n_record} samples over {self.record_years:.1f} years"
        )


def measure_density(record: SampleSeries, discharge: DischargeSeries, period: Period) -> Density:
    """Density of the data of one determinand at one section.

    Parameters
    ----------
    record : SampleSeries
        Samples of the period, and of the time around it that a model may be fitted to.
    discharge : DischargeSeries
        Over the record. A sample without a discharge, or taken where no water flows forward, is
        not counted.
    period : Period

    Source
    ------
    The columns of the table of defaults (loads.md 7), from which the rungs of ``thresholds/loads``.
    """
    at_sample = discharge.at(record.time)
    has_water = at_sample > 0
    paired = SampleSeries(
        record.time[has_water], record.concentration_mg_l[has_water], record.is_censored[has_water]
    )
    inside = record.within(period)
    counted = ~np.isnan(discharge.at(inside.time))
    steps_s = np.diff(inside.time[counted]).astype("timedelta64[us]").astype(np.int64) / 1e6
    span = paired.time[-1] - paired.time[0] if len(paired.time) else np.timedelta64(0, "us")
    return Density(
        n_period=int(counted.sum()),
        n_period_censored=int(inside.is_censored[counted].sum()),
        n_record=len(paired.time),
        n_record_uncensored=int((~paired.is_censored).sum()),
        record_years=float(span.astype("timedelta64[us]").astype(np.int64)) / 1e6 / _YEAR_S,
        median_step_h=float(np.median(steps_s)) / 3600 if steps_s.size else NAN,
        r2=_r_squared(paired, at_sample[has_water]),
    )


def coverage_at(
    record: SampleSeries, discharge: DischargeSeries, period: Period, *, max_step_h: float
) -> float:
    """Share of the period's volume that passed between samples at most ``max_step_h`` apart, 0..1.

    Filled discharges count as known here: whether the water was measured is another column.
    NaN where no discharge is known.

    Source
    ------
    "C valid for 80 % of the volume at 12 h or less": loads.md 7.
    """
    known = np.zeros_like(discharge.fill)
    as_measured = DischargeSeries(
        discharge.time, discharge.discharge_m3_s, discharge.step_s, discharge.variance, known
    )
    found = measure_coverage(record, as_measured, period, max_step_s=max_step_h * 3600)
    return found.volume


def _r_squared(paired: SampleSeries, discharge_m3_s: np.ndarray) -> float:
    seen = ~paired.is_censored & (paired.concentration_mg_l > 0)
    if seen.sum() < _LEAST_FOR_R2:
        return NAN
    x, y = np.log(discharge_m3_s[seen]), np.log(paired.concentration_mg_l[seen])
    x, y = x - x.mean(), y - y.mean()
    both = float(x @ x) * float(y @ y)
    return float(x @ y) ** 2 / both if both > 0 else NAN
