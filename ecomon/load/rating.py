"""Discharge that a gauge does not give itself, out of its stage and its rating table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ecomon.errors import UnitMismatch
from ecomon.model.rating import REASONS, RatingCurve, rate_stages
from ecomon.model.tables import FLAGGED

DISCHARGE, STAGE = "DISCHARGE", "STAGE"
RATING = "rating"
"""Column that names the curve of a derived discharge, and why there is none; NA where measured."""


def find_ratable(readings: pd.DataFrame, gauges: set[str]) -> pd.Series:
    """Stages that stand for a discharge: those of a rated gauge that gives none at that time itself.

    A discharge the gauge gives wins, whatever its flag: a doubtful one is never replaced in
    silence.

    Parameters
    ----------
    readings : table FLAGGED
        Stages and discharges of the gauges, others beside.
    gauges : set of str
        Sites with a rating table.

    Returns
    -------
    Series of bool, with the table's index

    Source
    ------
    SL 323-2011 (ST_ZQRL_B serves where Q is null); precedence of what is measured: project rule.
    """
    is_stage = (readings["determinand"] == STAGE) & readings["site"].isin(gauges)
    is_given = (readings["determinand"] == DISCHARGE) & readings["value"].notna()
    given = pd.MultiIndex.from_frame(readings.loc[is_given, ["site", "start"]])
    here = pd.MultiIndex.from_frame(readings[["site", "start"]])
    return is_stage & ~here.isin(given)


def derive_discharges(
    readings: pd.DataFrame, ratings: Mapping[str, Sequence[RatingCurve]]
) -> pd.DataFrame:
    """The readings with every stage of a rated gauge replaced by the discharge it means.

    A derived discharge keeps all else of its stage: revision, flag, decision, approval, source.
    So a doubted stage gives a doubted discharge, and its origin is that of the stage.

    Parameters
    ----------
    readings : table FLAGGED
        The stages among them are those of :func:`find_ratable`.
    ratings : mapping of gauge to curves

    Returns
    -------
    table FLAGGED
        Same rows in the same order; a column ``rating`` names the curve and its version, with the
        reason where the stage lies beyond the table (then the value is NaN), else NA.

    Raises
    ------
    UnitMismatch
        where a stage is not in metres.

    Source
    ------
    Linear between the points of ST_ZQRL_B (SL 323-2011); never beyond them: project rule.
    """
    FLAGGED.check(readings)
    is_stage = (readings["determinand"] == STAGE).to_numpy()
    named = np.full(len(readings), np.nan, dtype=object)
    value = readings["value"].to_numpy(dtype=np.float64).copy()
    site = readings["site"].to_numpy()
    for gauge in sorted(set(site[is_stage])):
        here = np.flatnonzero(is_stage & (site == gauge))
        if set(readings["unit"].iloc[here]) != {"m"}:
            raise UnitMismatch(f"{gauge}: a stage that is not in m")
        curves = ratings.get(gauge, ())
        rated = rate_stages(value[here], readings["start"].to_numpy()[here], curves)
        value[here] = rated.discharge_m3_s
        keys = [*(one.key for one in curves), ""]
        named[here] = [
            f"{keys[curve]} {REASONS[reason]}".strip()
            for curve, reason in zip(rated.curve.tolist(), rated.reason.tolist(), strict=True)
        ]
    derived = readings.assign(value=value, **{RATING: pd.array(named, dtype="str")})
    for column, text in (("determinand", DISCHARGE), ("unit", "m3/s")):
        texts = readings[column].astype("str").to_numpy(dtype=object).copy()
        texts[is_stage] = text
        derived[column] = pd.array(texts, dtype="str")
    return derived
