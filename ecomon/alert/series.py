"""Tables → series: what one section's readings of one determinand say, moment by moment.

Which flags are usable: QARTOD good and not evaluated; 重金属 never by a machine (project rule).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.alert.model import Reading, Sighting
from ecomon.model.flag import Flag

USABLE = (int(Flag.GOOD), int(Flag.NOT_EVALUATED))


@dataclass(frozen=True, slots=True)
class Series:
    """The usable moments of one series in order, shape (n,); the worst value stands for a moment.

    ``sightings``, ``limits``, ``units`` and ``standards`` run along the usable exceedances, sorted
    by start and revision; those from ``first[i]`` up to ``first[i + 1]`` are of moment ``i``, and
    ``worst[i]`` is its worst.
    """

    starts: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float64]
    is_exceeding: npt.NDArray[np.bool_]
    worst: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    sightings: list[Sighting]
    limits: list[float]
    units: list[str]
    standards: list[str]
    accepted: frozenset[int]

    def __len__(self) -> int:
        return len(self.starts)

    def next_exceeding(self, index: int) -> int:
        """The first exceeding moment from ``index`` on; ``len(self)`` where there is none."""
        rest = self.is_exceeding[index:]
        return index + int(rest.argmax()) if rest.any() else len(self)

    def start(self, index: int) -> datetime:
        return self.starts[index].item()

    def count_until(self, moment: datetime) -> int:
        """How many moments stand at or before ``moment``."""
        return int(np.searchsorted(self.starts, np.datetime64(moment, "us"), side="right"))

    def neighbours(self, moment: datetime, max_gap_h: float) -> tuple[float | None, float | None]:
        """The values just before and just after a moment, None beyond ``max_gap_h``."""
        at, gap = np.datetime64(moment, "us"), np.timedelta64(round(max_gap_h * 3600), "s")
        before = int(np.searchsorted(self.starts, at, side="left")) - 1
        after = int(np.searchsorted(self.starts, at, side="right"))
        is_before = before >= 0 and at - self.starts[before] <= gap
        is_after = after < len(self) and self.starts[after] - at <= gap
        return (
            float(self.values[before]) if is_before else None,
            float(self.values[after]) if is_after else None,
        )

    def reading(self, index: int) -> Reading:
        start, value = self.start(index), float(self.values[index])
        if not self.is_exceeding[index]:
            return Reading(start, value)
        sightings = tuple(self.sightings[self.first[index] : self.first[index + 1]])
        worst = int(self.worst[index])
        return Reading(
            start, value, sightings, limit=self.limits[worst], unit=self.units[worst],
            standard=self.standards[worst],
            is_confirmed=any(one.revision in self.accepted for one in sightings),
        )  # fmt: skip


def sightings_of(exceedances: pd.DataFrame) -> list[Sighting]:
    """The sightings of rows of the EXCEEDANCES contract, in their order."""
    columns = (exceedances[name].tolist() for name in ("revision", "value", "factor", "flag"))
    moments: list[datetime] = _times(exceedances).tolist()
    return [
        Sighting(revision, start, value, None if factor != factor else factor, flag)
        for start, revision, value, factor, flag in zip(moments, *columns, strict=True)
    ]


def make_series(
    exceedances: pd.DataFrame,
    observations: pd.DataFrame,
    *,
    accepted: frozenset[int],
    rejected: frozenset[int],
    is_toxic_metal: bool,
) -> Series:
    """One series of its exceedances (of one basis) and its observations.

    Usable are good and not evaluated values and what a person accepted; of a toxic metal every
    exceedance, whatever a machine's flag. Rejected and missing ones are as if they were not.
    """
    over = exceedances.sort_values(["start", "revision"], ignore_index=True)
    is_used = over["flag"].isin(USABLE) | over["revision"].isin(accepted)
    if is_toxic_metal:
        is_used |= over["flag"] != int(Flag.MISSING)
    over = over[is_used & ~over["revision"].isin(rejected)].reset_index(drop=True)
    is_used = observations["flag"].isin(USABLE) | observations["revision"].isin(accepted)
    is_used &= observations["value"].notna()
    is_used &= ~observations["revision"].isin({*rejected, *exceedances["revision"]})
    return _by_moment(over, observations[is_used], accepted)


def _by_moment(over: pd.DataFrame, calm: pd.DataFrame, accepted: frozenset[int]) -> Series:
    starts = np.concatenate([_times(over), _times(calm)])
    values = np.concatenate([over["value"].to_numpy(float), calm["value"].to_numpy(float)])
    revisions = np.concatenate([over["revision"].to_numpy(int), calm["revision"].to_numpy(int)])
    is_over = np.arange(len(starts)) < len(over)
    sign = -1.0 if len(over) and over["value"].iloc[0] < over["limit"].iloc[0] else 1.0
    order = np.lexsort((revisions, sign * values, is_over, starts))
    starts = starts[order]
    is_last = np.ones(len(starts), dtype=bool)
    is_last[:-1] = starts[1:] != starts[:-1]
    worst = order[is_last]
    moments = starts[is_last]
    first = np.searchsorted(_times(over), moments, side="left")
    first = np.append(first, len(over)).astype(np.int64)
    return Series(
        moments, values[worst], is_over[worst], worst, first, sightings_of(over),
        over["limit"].tolist(), over["unit"].tolist(), over["standard"].tolist(), accepted,
    )  # fmt: skip


def _times(table: pd.DataFrame) -> npt.NDArray[np.datetime64]:
    return table["start"].to_numpy(dtype="datetime64[us]")


def readings_until(
    observations: pd.DataFrame, pairs: Collection[tuple[str, str]], as_of: datetime
) -> dict[tuple[str, str], pd.DataFrame]:
    """The observations of each (site, determinand) asked for, not later than ``as_of``."""
    sites, keys = {site for site, _ in pairs}, {key for _, key in pairs}
    is_used = observations["site"].isin(sites) & observations["determinand"].isin(keys)
    is_used &= observations["start"] <= as_of
    is_used &= observations["statistic"].isin(["value", "mean"])
    used = observations.loc[is_used, ["site", "determinand", "start", "value", "revision", "flag"]]
    found = used.groupby(["site", "determinand"], observed=True).indices
    return {pair: used.iloc[found.get(pair, np.array([], dtype=np.int64))] for pair in pairs}
