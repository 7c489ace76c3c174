"""Monthly loads by method B: monthly mean concentration x monthly volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pandas as pd

from ecomon.errors import ContractError
from ecomon.load.daily import daily_means_of
from ecomon.load.jackknife import delete_one_means, jackknife_standard_error, t_interval
from ecomon.load.volume import MonthlyVolume, monthly_volumes
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.tables import LOADS, MEANS

CensoredRule = Literal["zero", "half_limit"]
"""What stands for a reading below detection in the daily means: SL 219-2013 12.2.5 says zero for
pollutant totals, where bulletins take half the limit."""

_G_PER_T = 10**6
_DAY_S = 86_400
NO_CONCENTRATION = "无浓度数据 / no concentration data"


def compute_monthly_loads(
    concentrations: pd.DataFrame,
    discharges: pd.DataFrame,
    period: Period,
    *,
    section: str,
    link: DischargeLink | None,
    factors: Sequence[str],
    censored: CensoredRule,
    min_days: int,
    min_coverage_discharge: float,
) -> pd.DataFrame:
    """Load of each determinand in each month: mean of daily means x volume / 1e6.

    A month that lacks a link, discharge or concentration is ``insufficient``: its load is NaN and
    the reason stands in words. It is never zero.

    Parameters
    ----------
    concentrations : MEANS
        Daily means at the section, mg/L, *already formed under* the ``censored`` rule (aggregate
        twice where a bulletin and a load are both wanted: the two must not share a substitution).
    discharges : MEANS
        Daily means of ``DISCHARGE`` at gauges, m3/s. With a link of a day's travel or more, days
        before the period belong in it too.
    period : Period
        Whole calendar months.
    section : str
    link : DischargeLink or None
        How the section's discharge is known; an unverified link is said in ``reason`` (待核实).
    factors : sequence of str
        Determinands, in the order the rows shall have.
    censored : {"zero", "half_limit"}
        Kept in the column ``censored_rule``.
    min_days : int
        Least number of days with a concentration.
    min_coverage_discharge : float
        Least share of days with a discharge, 0..1.

    Returns
    -------
    LOADS
        One row per month and determinand, in that order.
        ``load_t`` and its uncertainty (95 %, jackknife over days, volume fixed, lower end cut at
        zero) are NaN where insufficient; the concentration or the volume alone is given where its
        own rule is met. From a single day there is no uncertainty: NaN.

    Raises
    ------
    ContractError
        if the period is not whole months, a table breaks its contract or a day stands twice.
    UnitMismatch
        if a mean is in another unit.

    Source
    ------
    Method B of 富国 2003; 镇江市太湖流域环境资源区域补偿方案 (monthly C x monthly volume); censored
    readings SL 219-2013 12.2.5; jackknife Tukey 1958.
    """
    MEANS.check(concentrations)
    MEANS.check(discharges)
    months = _whole_months(period)
    volumes = monthly_volumes(discharges, months, link, min_coverage=min_coverage_discharge)
    at_section = concentrations[concentrations["site"] == section]
    series = {
        factor: daily_means_of(at_section, site=section, determinand=factor, unit="mg/L")
        for factor in factors
    }
    rows = [
        {
            "section": section,
            "determinand": factor,
            "period": month.label,
            "start": month.start,
            "method": "B",
            "censored_rule": censored,
            **_load_of_month(
                _monthly_mean(series[factor], month, min_days=min_days), volume, month
            ),
        }
        for month, volume in zip(months, volumes, strict=True)
        for factor in factors
    ]
    return LOADS.frame({name: [row[name] for row in rows] for name in LOADS.columns})


@dataclass(frozen=True, slots=True)
class _MonthlyMean:
    """Mean concentration of a month; ``mean`` is None where ``lack`` says why."""

    days: tuple[Fraction, ...]
    mean: Fraction | None
    censored_share: float
    lack: str


def _whole_months(period: Period) -> list[Period]:
    months = period.split("month")
    if months[0].start != period.start or months[-1].end != period.end:
        raise ContractError(f"loads are by whole months; {period} is not")
    return months


def _monthly_mean(series: pd.DataFrame, month: Period, *, min_days: int) -> _MonthlyMean:
    """Mean of the daily means of one month, each day with one weight."""
    inside = series[(series["start"] >= month.start) & (series["start"] < month.end)]
    days: tuple[Fraction, ...] = tuple(inside["exact"])
    n_readings = int(inside["n_valid"].sum())
    share = int(inside["n_censored"].sum()) / n_readings if n_readings else float("nan")
    if not days:
        return _MonthlyMean(days, None, share, NO_CONCENTRATION)
    if len(days) < min_days:
        lack = (
            f"浓度有效天数不足：{len(days)} 天，需 {min_days} 天"
            f" / concentration on {len(days)} days, {min_days} needed"
        )
        return _MonthlyMean(days, None, share, lack)
    return _MonthlyMean(days, sum(days, Fraction(0)) / len(days), share, "")


def _load_of_month(
    concentration: _MonthlyMean, volume: MonthlyVolume, month: Period
) -> dict[str, Any]:
    """The columns of LOADS that one month of one determinand fills."""
    load_t = lower_t = upper_t = standard_error_t = float("nan")
    n = len(concentration.days)
    lack = [text for text in (concentration.lack, volume.lack) if text]
    if concentration.mean is not None and volume.volume_m3 is not None:
        load_t = float(concentration.mean * volume.volume_m3 / _G_PER_T)
        standard_error_t = _standard_error_t(concentration.days, volume.volume_m3)
        lower_t, upper_t = t_interval(load_t, standard_error_t, n)
    return {
        "concentration_mg_l": _float_or_nan(concentration.mean),
        "concentration_exact": concentration.mean,
        "volume_m3": _float_or_nan(volume.volume_m3),
        "volume_exact": volume.volume_m3,
        "load_t": load_t,
        "lower_t": lower_t,
        "upper_t": upper_t,
        "standard_error_t": standard_error_t,
        "n_days": n,
        "coverage_time": n / (month.seconds // _DAY_S),
        "coverage_volume": float(volume.coverage),
        "censored_share": concentration.censored_share,
        "share_estimated": float("nan") if volume.volume_m3 is None else float(1 - volume.coverage),
        "status": "insufficient" if lack else "measured",
        "reason": "；".join([*lack, volume.caveat] if volume.caveat else lack),
    }


def _standard_error_t(days: Sequence[Fraction], volume_m3: Fraction) -> float:
    if len(days) < 2:
        return float("nan")
    values = np.array([float(day) for day in days])
    loads_t = delete_one_means(values) * float(volume_m3) / _G_PER_T
    return float(jackknife_standard_error(loads_t))


def _float_or_nan(value: Fraction | None) -> float:
    return float("nan") if value is None else float(value)
