"""Rating curves (水位流量关系): which discharge a stage means at a gauge, as points of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from ecomon.model.fact import Fact, Slug

Floats = npt.NDArray[np.float64]
Metres = Annotated[float, Field(ge=-1000, le=10_000, allow_inf_nan=False)]
CubicMetres = Annotated[float, Field(allow_inf_nan=False)]

IN_TABLE, NO_CURVE, BELOW, ABOVE, NO_STAGE = range(5)
REASONS = (
    "",
    "无有效水位流量关系 no rating in force",
    "低于率定范围 below the rating table",
    "高于率定范围 above the rating table",
    "无水位 no stage",
)
"""Why a stage has no discharge, by code; nothing where it has one."""


class RatingCurve(Fact):
    """One curve of one gauge and the time in which it holds.

    Attributes
    ----------
    gauge : str
        Id of the gauge whose stages it rates.
    curve : str
        The curve's name in its source (LNNM of ``ST_ZQRL_B``); empty where it has none.
    version : str
        Raised when the points of the same curve are mended.
    begins_at, ends_at : naive Beijing datetime
        Half-open; without an end it holds until further notice. Two curves of a gauge never hold
        at one time.
    datum : str
        Above which level the stages count, as a document says; ``not stated`` is said too.
    points : tuple of (stage in m, discharge in m3/s)
        Stage rising; discharge not falling.
    """

    id: Slug
    gauge: Slug
    curve: str = ""
    version: str
    begins_at: datetime
    ends_at: datetime | None = None
    datum: str = Field(min_length=1)
    points: tuple[tuple[Metres, CubicMetres], ...] = Field(min_length=2)
    note: str | None = None

    @model_validator(mode="after")
    def _is_a_curve(self) -> RatingCurve:
        if self.begins_at.tzinfo or (self.ends_at and self.ends_at.tzinfo):
            raise ValueError("begins_at and ends_at are Beijing times without a zone")
        if self.ends_at is not None and self.ends_at <= self.begins_at:
            raise ValueError("ends_at is after begins_at")
        for (low, less), (high, more) in pairwise(self.points):
            if high <= low:
                raise ValueError(f"stages rise from point to point: {high} m follows {low} m")
            if more < less:
                raise ValueError(f"discharge falls from {less} to {more} m3/s as the stage rises")
        return self

    @property
    def key(self) -> str:
        """Name and version, as derived discharges cite them."""
        return f"{self.id}@{self.version}"

    def overlaps(self, other: RatingCurve) -> bool:
        """Whether some moment has both curves in force."""
        starts = max(self.begins_at, other.begins_at)
        ends = [one.ends_at for one in (self, other) if one.ends_at is not None]
        return all(starts < end for end in ends)


@dataclass(frozen=True, slots=True)
class Rated:
    """Discharges of stages, shape (n,).

    ``discharge_m3_s`` is NaN where ``reason`` (a place in ``REASONS``) is not 0; ``curve`` is the
    position of the curve in force, -1 where none is.
    """

    discharge_m3_s: Floats
    reason: npt.NDArray[np.int8]
    curve: npt.NDArray[np.intp]


def rate_stages(
    stage_m: Floats, time: npt.NDArray[np.datetime64], curves: Sequence[RatingCurve]
) -> Rated:
    """The discharge of each stage of one gauge, linear between the points of the curve in force.

    Nothing is extrapolated: beyond the table there is no discharge, and a reason.

    Parameters
    ----------
    stage_m : ndarray of float, shape (n,)
        Above the datum of the curves; NaN where there is none.
    time : ndarray of datetime64[us], shape (n,)
        Naive Beijing time.
    curves : sequence of RatingCurve
        Of that gauge.
    """
    curve = np.full(len(stage_m), -1, dtype=np.intp)
    discharge = np.full(len(stage_m), np.nan)
    reason = np.full(len(stage_m), NO_CURVE, dtype=np.int8)
    for place, one in enumerate(curves):
        holds = time >= np.datetime64(one.begins_at, "us")
        if one.ends_at is not None:
            holds &= time < np.datetime64(one.ends_at, "us")
        curve[holds] = place
        discharge[holds], reason[holds] = _between_points(stage_m[holds], one)
    return Rated(discharge, reason, curve)


def _between_points(stage_m: Floats, curve: RatingCurve) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Operation by operation, so that every machine gives the same last digit."""
    z, q = (np.array(column, dtype=np.float64) for column in zip(*curve.points, strict=True))
    at = np.clip(np.searchsorted(z, stage_m, side="right") - 1, 0, len(z) - 2)
    share = (stage_m - z[at]) / (z[at + 1] - z[at])
    discharge = q[at] + share * (q[at + 1] - q[at])
    discharge = np.where(stage_m == z[-1], q[-1], discharge)
    reason = np.full(len(stage_m), IN_TABLE, dtype=np.int8)
    reason[stage_m < z[0]], reason[stage_m > z[-1]] = BELOW, ABOVE
    reason[np.isnan(stage_m)] = NO_STAGE
    discharge[reason != IN_TABLE] = np.nan
    return discharge, reason
