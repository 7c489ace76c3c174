"""flagged readings -> the readings and daily means that each line of a statement rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ecomon.aggregate import daily_means, readings_used
from ecomon.journey.compute_loads import (
    DISCHARGE,
    LoadRule,
    aggregation_for_loads,
    link_in_force,
    readings_for_loads,
    span_for_loads,
    spans_at_gauges,
    with_derived_discharges,
)
from ecomon.load.rating import RATING, STAGE
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.tables import EVIDENCE, EVIDENCE_DAYS
from ecomon.settle import line_reference

if TYPE_CHECKING:
    from ecomon.registry import Registry

ALL_LINES = "*"
"""In place of a determinand: discharge is of every line of its month."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a statement rests on: ``readings`` (table EVIDENCE), ``days`` (table EVIDENCE_DAYS)."""

    readings: pd.DataFrame
    days: pd.DataFrame


def trace_month(
    flagged: pd.DataFrame, registry: Registry, agreement: Agreement, month: Period
) -> Trace:
    """The evidence of one month: what :func:`compute_loads` takes for it, and what it makes of it.

    Parameters
    ----------
    flagged : table FLAGGED
        As ``compute_loads`` gets it, with ``decision``, ``approval`` and the columns of
        ``Store.read_origins`` beside.

    Returns
    -------
    Trace
        In the order of the agreement's factors, discharge last, then of time. ``readings`` holds
        those that are not used too, and of a derived discharge the stage it was derived from, with
        the curve in the column ``rating``: there ``counted`` is the discharge; ``days`` every day of the month (of discharge: every day whose
        water passes the section in it) of each series that has a reading.
    """
    rule = LoadRule.of(agreement)
    rules = aggregation_for_loads(registry, rule)
    span = span_for_loads(registry, [agreement.section], month)
    considered = readings_for_loads(flagged, registry, agreement.section, rule, month)
    reckoned = with_derived_discharges(considered, registry)
    used = readings_used(reckoned, registry.determinands, rules, span)
    readings = pd.concat([considered, reckoned[RATING], used], axis=1)
    days = daily_means(reckoned, registry.determinands, rules, span)
    link = link_in_force(registry, agreement.section, month)
    is_inside = _starts_in(days["start"], month)
    for gauge, at_gauge in spans_at_gauges(link, month).items():
        is_discharge = (days["determinand"] == DISCHARGE) & (days["site"] == gauge)
        is_inside = is_inside.where(~is_discharge, _starts_in(days["start"], at_gauge))
    days = days[is_inside]
    return Trace(
        EVIDENCE.check(_by_line(readings, agreement, month, ["start", "revision"])),
        EVIDENCE_DAYS.check(_by_line(days, agreement, month, ["start"])),
    )


def _starts_in(starts: pd.Series, period: Period) -> pd.Series:
    return (starts >= period.start) & (starts < period.end)


def _by_line(
    table: pd.DataFrame, agreement: Agreement, month: Period, order: list[str]
) -> pd.DataFrame:
    """The table with the line and role of each row, in the order of the agreement's factors."""
    factors = [factor.determinand for factor in agreement.factors]
    names = [*factors, DISCHARGE]
    of_line = table["determinand"].replace(STAGE, DISCHARGE)
    lines = [
        line_reference(agreement.key, agreement.section, month.label, name)
        for name in (*factors, ALL_LINES)
    ]
    roles = [*("concentration" for _ in factors), "discharge"]
    place = of_line.map({name: at for at, name in enumerate(names)}).to_numpy(np.intp)
    table = table.assign(
        place=place,
        line=pd.array(lines, dtype="str").take(place),
        role=pd.array(roles, dtype="str").take(place),
    )
    return table.sort_values(["place", *order], ignore_index=True).drop(columns="place")


def join_traces(months: Sequence[Trace]) -> Trace:
    """The evidence of a period, from that of its months in their order."""
    return Trace(
        pd.concat([month.readings for month in months], ignore_index=True),
        pd.concat([month.days for month in months], ignore_index=True),
    )
