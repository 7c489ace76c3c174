"""A discharge and a stage of one moment that the gauge's rating table does not bring together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ecomon.model.flag import Flag
from ecomon.model.rating import RatingCurve, rate_stages
from ecomon.quality.rules import QualityRules
from ecomon.quality.series import Layout, Levels
from ecomon.quality.totals import pair_rows


def find_off_rating(
    layout: Layout, table: pd.DataFrame, rules: QualityRules, curves: Iterable[RatingCurve]
) -> Levels | None:
    """Stage and discharge are both suspect where they lie too far from the rating (project rule).

    A stage beyond the table or without a curve in force is not judged, nor a discharge below zero:
    what runs backwards is dammed from below, and no rating speaks of it.

    Parameters
    ----------
    layout : Layout, rows in series order
        Stages and discharges pair where all of the key but the determinand is equal.
    table : table STORED
        The rows of the layout in their own order.

    Returns
    -------
    ndarray of int8, shape (row,), or None where no two readings can be compared
    """
    if rules.rating is None:
        return None
    by_gauge = _by_gauge(curves)
    stage, discharge = pair_rows(layout, "STAGE", "DISCHARGE")
    if not by_gauge or not len(stage):
        return None
    site = layout.arrange(table["site"].to_numpy())[stage]
    rated_m3_s = _rate(layout, stage, site, by_gauge)
    given_m3_s = layout.readings.value[discharge]
    allowed = np.maximum(rules.rating.absolute_m3_s, rules.rating.share * np.abs(rated_m3_s))
    is_judged = np.isfinite(rated_m3_s) & (given_m3_s >= 0)
    is_off = is_judged & (np.abs(given_m3_s - rated_m3_s) > allowed)
    levels = np.full(len(layout.readings.value), Flag.NOT_EVALUATED, dtype=np.int8)
    for side in (stage, discharge):
        levels[side[is_judged]] = Flag.GOOD
        levels[side[is_off]] = Flag.SUSPECT
    return levels


def _by_gauge(curves: Iterable[RatingCurve]) -> dict[str, list[RatingCurve]]:
    found: dict[str, list[RatingCurve]] = {}
    for curve in curves:
        found.setdefault(curve.gauge, []).append(curve)
    return found


def _rate(
    layout: Layout,
    stage: np.ndarray,
    site: np.ndarray,
    by_gauge: Mapping[str, Sequence[RatingCurve]],
) -> np.ndarray:
    """What the rating says of each stage, m3/s; NaN where it says nothing."""
    rated = np.full(len(stage), np.nan)
    time = layout.readings.time_us[stage].view("datetime64[us]")
    for gauge, curves in by_gauge.items():
        here = site == gauge
        if here.any():
            value = layout.readings.value[stage[here]]
            rated[here] = rate_stages(value, time[here], curves).discharge_m3_s
    return rated
