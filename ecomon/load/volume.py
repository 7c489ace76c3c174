"""The volume of water that passed a section in a month, by way of its link to a gauge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import pandas as pd

from ecomon.load.daily import daily_means_of
from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.quantity import exact

_DAY_S = 86_400
NO_LINK = "无流量关联 / no discharge link"
NOT_IN_FORCE = "流量关联不在有效期内 / discharge link not in force"
NO_DISCHARGE = "无流量数据 / no discharge data"
ZERO_DISCHARGE = "断流（全月零流量） / no water passed in the month"
REVERSED_DISCHARGE = "倒流（日均流量为负） / reversed: a daily mean discharge below zero"
UNVERIFIED_LINK = f"流量关联{CONFIDENCE_ZH['unverified']} / discharge link unverified"


@dataclass(frozen=True, slots=True)
class MonthlyVolume:
    """Volume of one month at one section.

    ``volume_m3`` is None where ``lack`` says (in words) why there is none. ``coverage`` is the
    share of the volume that was measured; the rest is scaled from the measured days.
    """

    volume_m3: Fraction | None
    coverage: Fraction
    lack: str = ""
    caveat: str = ""


def monthly_volumes(
    discharges: pd.DataFrame,
    months: Sequence[Period],
    link: DischargeLink | None,
    *,
    min_coverage: float,
) -> list[MonthlyVolume]:
    """Of each month: sum of daily mean discharge x 86 400 s x the link's factor.

    Of a link to several gauges: the sum over gauges, each with its sign and factor, on the days
    on which all of them have a discharge.

    Days without discharge take the mean of the measured days, so that the volume is that of the
    whole month; the share so filled is ``1 - coverage``.

    The link's ``travel_time_h`` (positive: the water reaches the section after the gauge) moves
    the record by its whole days, truncated: below 24 h daily means are used unmoved, since a part
    of a day cannot be taken out of a daily mean.

    Parameters
    ----------
    discharges : MEANS
        Daily means; rows of the link's gauge with determinand ``DISCHARGE``, m3/s, are used.
    months : sequence of Period
    link : DischargeLink or None
        None: no discharge is known for the section.
    min_coverage : float
        Least share of days with a discharge, 0..1.

    Returns
    -------
    list of MonthlyVolume, in the order of the months
        Without a volume where the link is missing or not in force, days are too few, no water
        passed, or it ran backwards on some day (mean concentration x net volume is then no load).

    Raises
    ------
    ContractError, UnitMismatch
        as :func:`~ecomon.load.daily.daily_means_of`.

    Source
    ------
    镇江市太湖流域环境资源区域补偿方案 (monthly volume, Q x 86 400 x days); gaps longer than three weeks
    are scaled by share, stated (EGRET 3.0.12 fills up to 21 days).
    """
    if link is None:
        return [MonthlyVolume(None, Fraction(0), NO_LINK) for _ in months]
    at_section = _discharges_at_section(discharges, link)
    return [
        _volume(
            [value for day, value in at_section.items() if day in month],
            month,
            link,
            min_coverage=Fraction(exact(min_coverage)),
        )
        for month in months
    ]


def _discharges_at_section(
    discharges: pd.DataFrame, link: DischargeLink
) -> dict[datetime, Fraction]:
    """Daily mean discharge at the section, m3/s exact, on days on which every gauge has one."""
    at_section: dict[datetime, Fraction] | None = None
    for term in link.terms:
        record = daily_means_of(discharges, site=term.gauge, determinand="DISCHARGE", unit="m3/s")
        arrival = record["start"] + timedelta(days=term.travel_days)
        scale = Fraction(exact(term.scale))
        values = {day: value * scale for day, value in zip(arrival, record["exact"], strict=True)}
        if at_section is None:
            at_section = values
        else:
            both = at_section.keys() & values.keys()
            at_section = {day: at_section[day] + values[day] for day in sorted(both)}
    return at_section or {}


def _volume(
    days: list[Fraction], month: Period, link: DischargeLink, *, min_coverage: Fraction
) -> MonthlyVolume:
    """The volume of one month from its daily mean discharges, m3/s."""
    if not link.holds_on(month.start.date()):
        return MonthlyVolume(None, Fraction(0), NOT_IN_FORCE)
    caveat = UNVERIFIED_LINK if link.is_unverified else ""
    n_days = month.seconds // _DAY_S
    coverage = Fraction(len(days), n_days)
    lack = ""
    if not days:
        lack = NO_DISCHARGE
    elif coverage < min_coverage:
        lack = (
            f"流量有效天数不足：{len(days)}/{n_days} 天 / discharge on {len(days)} of {n_days} days"
        )
    elif min(days) < 0:
        lack = REVERSED_DISCHARGE
    elif max(days) == 0:
        lack = ZERO_DISCHARGE
    if lack:
        return MonthlyVolume(None, coverage, lack, caveat)
    measured_m3 = sum(days, Fraction(0)) * _DAY_S
    return MonthlyVolume(measured_m3 / coverage, coverage, caveat=caveat)
