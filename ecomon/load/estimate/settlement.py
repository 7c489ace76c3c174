"""The load as agreements prescribe it: monthly mean concentration x monthly volume."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.load.choice.rules import Settlement
from ecomon.load.flux import G_PER_T, LoadEstimate, no_load
from ecomon.load.flux_outcomes import NO_DISCHARGE, NO_SAMPLES, REVERSED_DISCHARGE, measure_volume
from ecomon.load.flux_series import MEASURED, DischargeSeries, SampleSeries
from ecomon.model.period import Period

Values = npt.NDArray[np.float64]
_CENSORED_SHARE = {"zero": 0.0, "half_limit": 0.5}


def estimate_settlement(
    samples: SampleSeries, discharge: DischargeSeries, period: Period, *, how: Settlement
) -> LoadEstimate:
    """Sum over the months of a period of mean daily concentration x volume (method B).

    No guard of the best estimate holds here: few samples and censored ones give the number the
    agreement's rule gives, and the row says how many there were. A month without samples or without
    discharge leaves the whole without a number.

    Parameters
    ----------
    samples : SampleSeries
    discharge : DischargeSeries
    period : Period
        A part of a month counts as that part.
    how : Settlement
        What stands for values below detection.

    Returns
    -------
    LoadEstimate
        ``method`` B. The sampling error is the delete-one jackknife over days, month by month.

    Source
    ------
    富国 2003, method B; 镇江市太湖流域环境资源区域补偿方案; zero below detection SL 219-2013 12.2.5.
    :func:`ecomon.load.period_load.compute_monthly_loads` gives the same in exact fractions.
    """
    inside = samples.within(period)
    volume = measure_volume(discharge, period)
    weight_s = discharge.weights_s(period)
    q = discharge.discharge_m3_s
    known = {
        "n_samples": len(inside.time),
        "n_censored": int(inside.is_censored.sum()),
        "censored_share": inside.censored_share if len(inside.time) else float("nan"),
    }
    if not volume.n_steps:
        return no_load("B", NO_DISCHARGE, **known)
    if (q[weight_s > 0] < 0).any():
        return no_load("B", REVERSED_DISCHARGE, **known)
    if not len(inside.time):
        return no_load("B", NO_SAMPLES, **known)
    months = _month_numbers(inside.time, period), _month_numbers(discharge.time, period)
    n_months = int(_month_numbers(np.array([period.end - _TICK], "datetime64[us]"), period)[0]) + 1
    present = ~np.isnan(q) & (weight_s > 0)
    water_s = np.bincount(months[1][present], weights=weight_s[present], minlength=n_months)
    mass = np.bincount(months[1][present], weights=(q * weight_s)[present], minlength=n_months)
    days = _days_of(inside, months[0])
    n_days = np.bincount(days.month, minlength=n_months)
    lacking = [*_labels(period, n_days == 0, "浓度 concentration"), *_labels(period, water_s == 0, "流量 discharge")]  # fmt: skip
    if lacking:
        return no_load("B", f"缺 / missing: {'；'.join(lacking)}", **known)
    month_m3 = mass / water_s * _lengths_s(period, n_months)
    means = {share: days.mean(share, n_months) for share in {0.0, 1.0, _CENSORED_SHARE[how.censored]}}  # fmt: skip
    loads = {share: float(mean @ month_m3) / G_PER_T for share, mean in means.items()}
    load_t = loads[_CENSORED_SHARE[how.censored]]
    variance, degrees = days.variance(_CENSORED_SHARE[how.censored], month_m3, n_months)
    share_filled = float(weight_s[present & (discharge.fill != MEASURED)].sum()) / period.seconds
    sampling_t = float(np.sqrt(variance)) / G_PER_T
    gaps_t = abs(load_t) * volume.standard_error_m3 / volume.volume_m3 if volume.volume_m3 else 0.0
    common_t = abs(load_t) * discharge.relative_error
    return LoadEstimate(
        "B",
        load_t,
        float(np.sqrt(sampling_t**2 + gaps_t**2 + common_t**2)),
        degrees,
        coverage_time=float(n_days.sum()) * 86_400 / period.seconds,
        coverage_volume=float("nan") if not volume.volume_m3 else 1 - volume.share_missing,
        share_estimated=min(1.0, volume.share_missing + share_filled),
        load_censored_zero_t=loads[0.0],
        load_censored_limit_t=loads[1.0],
        parts_t={"sampling": sampling_t, "discharge_gaps": gaps_t, "discharge_common": common_t},
        status="measured" if volume.share_missing + share_filled < 1e-9 else "estimated",
        reason=f"协议方法：月均浓度×月水量，低于检出限计{_CENSORED_ZH[how.censored]}"
        f" / as agreed: monthly concentration x monthly volume, {how.censored} below detection",
        **known,
    )


_TICK = np.timedelta64(1, "us").astype("timedelta64[us]").item()
_CENSORED_ZH = {"zero": "零", "half_limit": "检出限一半"}


class _Days:
    """Daily means of a period's samples: their month, and by share of the limit their value."""

    __slots__ = ("censored_sum", "count", "exact_sum", "month")

    def __init__(
        self, month: npt.NDArray[np.int64], exact: Values, censored: Values, n: Values
    ) -> None:
        self.month, self.exact_sum, self.censored_sum, self.count = month, exact, censored, n

    def value(self, share: float) -> Values:
        return (self.exact_sum + share * self.censored_sum) / self.count

    def mean(self, share: float, n_months: int) -> Values:
        n = np.bincount(self.month, minlength=n_months)
        return np.bincount(self.month, weights=self.value(share), minlength=n_months) / n

    def variance(self, share: float, month_m3: Values, n_months: int) -> tuple[float, float]:
        """Variance of the sum over months, g2, and Satterthwaite's degrees of freedom."""
        n = np.bincount(self.month, minlength=n_months)
        if (n < 2).any():
            return float("nan"), float("nan")
        spread = self.value(share) - self.mean(share, n_months)[self.month]
        squares = np.bincount(self.month, weights=spread**2, minlength=n_months)
        parts = month_m3**2 * squares / (n * (n - 1))
        total = float(parts.sum())
        weighed = float((parts**2 / (n - 1)).sum())
        return total, total**2 / weighed if weighed > 0 else float(n.sum() - n_months)


def _days_of(samples: SampleSeries, month: npt.NDArray[np.int64]) -> _Days:
    day = samples.time.astype("datetime64[D]").astype(np.int64)
    first, place = np.unique(day, return_inverse=True)
    value, censored = samples.concentration_mg_l, samples.is_censored
    n = len(first)
    month_of_day = np.zeros(n, dtype=np.int64)
    month_of_day[place] = month
    return _Days(
        month_of_day,
        np.bincount(place, weights=np.where(censored, 0.0, value), minlength=n).astype(np.float64),
        np.bincount(place, weights=np.where(censored, value, 0.0), minlength=n).astype(np.float64),
        np.bincount(place, minlength=n).astype(np.float64),
    )


def _month_numbers(time: npt.NDArray[np.datetime64], period: Period) -> npt.NDArray[np.int64]:
    """Calendar months from that of the period's start; before it 0, so that a weight of 0 rules."""
    first = np.datetime64(period.start, "M").astype(np.int64)
    return np.maximum(time.astype("datetime64[M]").astype(np.int64) - first, 0)


def _lengths_s(period: Period, n_months: int) -> Values:
    """Seconds of each calendar month that lie in the period."""
    months = np.datetime64(period.start, "M") + np.arange(n_months + 1)
    bounds = months.astype("datetime64[us]")
    clipped = np.clip(bounds, np.datetime64(period.start, "us"), np.datetime64(period.end, "us"))
    return np.diff(clipped).astype(np.int64) / 1e6


def _labels(period: Period, is_lacking: npt.NDArray[np.bool_], what: str) -> list[str]:
    months = np.datetime64(period.start, "M") + np.flatnonzero(is_lacking)
    return [f"{month} {what}" for month in months.astype(str).tolist()]
