"""Discharge of a section out of the records of its gauges, by a named and versioned link.

Same site, transfer by area ratio, sum and difference at confluences: each gauge has its sign, its
factor and its travel time. What the transfer is uncertain by is common to all steps, and is
carried beside the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np

from ecomon.errors import ContractError
from ecomon.load.flux import Floats, Times, seconds_from
from ecomon.load.flux_series import MISSING, REVERSED, DischargeSeries
from ecomon.load.gauge_shares import share_error
from ecomon.load.volume import UNVERIFIED_LINK
from ecomon.model.place import DischargeLink

ERROR_NOT_STATED = "流量换算误差未给出 / error of the discharge transfer not stated"


def transfer_discharge(
    records: Mapping[str, DischargeSeries], link: DischargeLink
) -> DischargeSeries:
    """Discharge at a section: sum over gauges of sign x factor x discharge, each a travel later.

    Unlike a settlement's daily means, a record here moves by the exact travel time: the water of a
    step is shared out over the steps it arrives in.

    Parameters
    ----------
    records : mapping of gauge to DischargeSeries
        One for each gauge of the link; gaps filled or not. The first gauge's steps are kept.
    link : DischargeLink

    Returns
    -------
    DischargeSeries
        NaN, ``MISSING``, where some gauge has none. A step is filled by the worst of what it is
        made of. Below zero ``REVERSED``: of a difference, that its gauges contradict each other or
        the branch is larger than the whole. ``relative_error``: the link's, and those of the
        records weighed by their mean discharge, in quadrature. ``link`` is the link's key;
        ``caveat`` says 待核实 and where no error of the transfer is stated.

    Raises
    ------
    ContractError
        if a gauge of the link has no record.

    Source
    ------
    Transfer Q = Q_gauge (A / A_gauge)^n and water balance at confluences; every link, factor and
    exponent is a fact with a source of its own (``stations/sections``). Project rule;
    errors common to a period: reference/loads.md 6.8.
    """
    lacking = [gauge for gauge in link.gauges if gauge not in records]
    if lacking:
        raise ContractError(f"{link.key}: no discharge record of {', '.join(lacking)}")
    first = records[link.gauge]
    travel = timedelta(hours=link.travel_time_h)
    time = first.time + np.timedelta64(round(travel.total_seconds() * 1e6), "us")
    time = _on_clock(time, first)
    total, sd = np.zeros(len(time)), np.zeros(len(time))
    fill = np.zeros(len(time), dtype=np.int8)
    errors: list[tuple[str, float]] = []
    sizes: list[tuple[str, float]] = []
    for term in link.terms:
        moved = move_discharge(records[term.gauge], term.travel_time_h, time, first.step_s)
        total += term.scale * moved.discharge_m3_s
        sd = np.hypot(sd, term.scale * np.sqrt(moved.variance))
        fill = np.maximum(fill, moved.fill)
        mean = float(np.nanmean(moved.discharge_m3_s)) if (fill != MISSING).any() else 0.0
        sizes.append((term.gauge, term.scale * mean))
        errors.append((term.gauge, term.scale * mean * moved.relative_error))
    is_known = ~np.isnan(total)
    mean = float(total[is_known].mean()) if is_known.any() else 0.0
    common = float(np.sqrt(sum(error**2 for _, error in errors)))
    from_records = common / abs(mean) if mean else 0.0
    fill[total < 0], fill[~is_known] = REVERSED, MISSING
    return DischargeSeries(
        time,
        total,
        first.step_s,
        np.where(is_known, sd**2, 0.0),
        fill,
        relative_error=float(np.hypot(from_records, link.relative_error or 0.0)),
        link=link.key,
        caveat="；".join(_caveats(records, link)),
        # Where no gauge states an error, that of the whole is shared out by how much each brings.
        shares=share_error(errors) or share_error(sizes),
    )


def _caveats(records: Mapping[str, DischargeSeries], link: DischargeLink) -> list[str]:
    caveats = [records[gauge].caveat for gauge in link.gauges if records[gauge].caveat]
    if link.is_unverified:
        caveats.append(UNVERIFIED_LINK)
    if link.relative_error is None and link.method != "same_site":
        caveats.append(ERROR_NOT_STATED)
    return list(dict.fromkeys(caveats))


def _on_clock(time: Times, record: DischargeSeries) -> Times:
    """Starts moved back to the clock on which the record's own steps begin."""
    if not len(time):
        return time
    step_us = round(record.step_s * 1e6)
    origin = record.time[0]
    since = (time - origin).astype("timedelta64[us]").astype(np.int64)
    return origin + np.unique(since // step_us * step_us).astype("timedelta64[us]")


def move_discharge(
    record: DischargeSeries, travel_time_h: float, time: Times, step_s: float
) -> DischargeSeries:
    """A record some hours later, on steps of its own choosing: volumes are kept.

    Parameters
    ----------
    record : DischargeSeries
    travel_time_h : float
        Positive: later.
    time : ndarray of datetime64, shape (M,)
        Starts of the wanted steps.
    step_s : float
        Their length.

    Returns
    -------
    DischargeSeries
        A step that is not wholly inside known steps is ``MISSING``; one partly made of filled steps
        has their code and variance.

    Source
    ------
    Conservation of volume; no attenuation is modelled (project rule).
    """
    if not travel_time_h and step_s == record.step_s and np.array_equal(time, record.time):
        return record
    if not len(record.time):
        none = np.full(len(time), np.nan)
        return replace(DischargeSeries.of(time, none, step_s=step_s), caveat=record.caveat)
    origin = record.time[0]
    begins = seconds_from(origin, record.time) + travel_time_h * 3600
    left = seconds_from(origin, time)
    right = left + step_s
    is_known = ~np.isnan(record.discharge_m3_s)
    value = np.where(is_known, record.discharge_m3_s, 0.0)
    known_s = _between(begins, record.step_s, is_known.astype(float), left, right)
    volume = _between(begins, record.step_s, value, left, right)
    error = _between(begins, record.step_s, np.sqrt(record.variance), left, right)
    is_whole = known_s > step_s * (1 - 1e-9)
    fill = np.zeros(len(time), dtype=np.int8)
    for code in range(1, int(record.fill.max()) + 1):
        marked = _between(begins, record.step_s, (record.fill == code).astype(float), left, right)
        fill[marked > 1e-6] = code
    fill[~is_whole] = MISSING
    return DischargeSeries(
        time.astype("datetime64[us]"),
        np.where(is_whole, volume / step_s, np.nan),
        step_s,
        np.where(is_whole, (error / step_s) ** 2, 0.0),
        fill,
        relative_error=record.relative_error,
        link=record.link,
        caveat=record.caveat,
    )


def _between(
    begins_s: Floats, width_s: float, values: Floats, left_s: Floats, right_s: Floats
) -> Floats:
    """Integral of steps of one width over each interval; nothing between the steps."""
    bounds = np.column_stack([begins_s, begins_s + width_s]).ravel()
    until = np.column_stack([np.zeros(len(values)), values * width_s]).ravel()
    until = np.cumsum(until)
    return np.interp(right_s, bounds, until) - np.interp(left_s, bounds, until)
