"""observations -> quality -> flags."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.model.period import Period
from ecomon.quality import evaluate

if TYPE_CHECKING:
    from ecomon.registry import Registry


def sites_by_reach(registry: Registry, sites: Iterable[str]) -> dict[float, list[str]]:
    """Sites grouped by how many hours one reading of theirs can change the flag of another."""
    groups: dict[float, list[str]] = {}
    for site in sorted(sites):
        groups.setdefault(registry.quality.reach_h_at(site), []).append(site)
    return groups


def span_to_flag(period: Period, reach_h: float) -> Period:
    """What to read so that every flag which readings of ``period`` can change is judged in full.

    Readings one reach before and after the period may change; each of them needs its own
    neighbours, one reach farther out.
    """
    return _widened(period, 2 * reach_h)


def flag_readings(
    observations: pd.DataFrame, registry: Registry, period: Period, reach_h: float
) -> pd.DataFrame:
    """Flags of the readings of ``period`` and of those within reach of them.

    Parameters
    ----------
    observations : table STORED
        Of ``span_to_flag(period, reach_h)``.

    Returns
    -------
    table FLAGS
    """
    changed = _widened(period, reach_h)
    is_before = observations["start"] < changed.start
    judged = observations[~is_before]
    flags = evaluate(judged, registry.quality, prior=observations[is_before])
    inside = judged.loc[judged["start"] < changed.end, "revision"]
    return flags[flags["revision"].isin(inside)]


def _widened(period: Period, hours: float) -> Period:
    margin = timedelta(hours=hours)
    return Period(period.start - margin, period.end + margin)
