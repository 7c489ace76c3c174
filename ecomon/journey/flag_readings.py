"""observations -> quality -> flags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.model.period import Period
from ecomon.quality import evaluate

if TYPE_CHECKING:
    from ecomon.registry import Registry


SITE_MONTHS = 72
"""How many months of one site are judged at once: some two hundred thousand readings of stations
that report a dozen determinands every four hours."""


def sites_by_reach(registry: Registry, sites: Iterable[str]) -> dict[float, list[str]]:
    """Sites grouped by how many hours one reading of theirs can change the flag of another."""
    groups: dict[float, list[str]] = {}
    for site in sorted(sites):
        groups.setdefault(registry.quality_rules.reach_h_at(site), []).append(site)
    return groups


def stretches_to_flag(months: Mapping[Period, Collection[str]]) -> list[tuple[Period, list[str]]]:
    """Months that follow one another at a site as one period, and the sites that share it.

    A period is read with a margin on both sides, so the longer it is the less is read twice: a
    year of few sites comes cheaper than its months of many, and holds no more readings.

    Parameters
    ----------
    months : mapping of calendar month to sites

    Returns
    -------
    list of (Period, list of str)
        At most a year and ``SITE_MONTHS`` months of sites each, in order.
    """
    shared: dict[Period, list[str]] = {}
    for site in sorted({site for sites in months.values() for site in sites}):
        for period in _joined(sorted(month for month in months if site in months[month])):
            shared.setdefault(period, []).append(site)
    stretches: list[tuple[Period, list[str]]] = []
    for period, sites in sorted(shared.items()):
        n_at_once = max(1, SITE_MONTHS // len(period.split("month")))
        stretches += [
            (period, sites[at : at + n_at_once]) for at in range(0, len(sites), n_at_once)
        ]
    return stretches


def _joined(months: Sequence[Period]) -> Iterator[Period]:
    """Months in order, those that touch as one period of at most a year."""
    first = last = months[0]
    for month in months[1:]:
        if month.start != last.end or month.start >= first.start.replace(year=first.start.year + 1):
            yield Period(first.start, last.end)
            first = month
        last = month
    yield Period(first.start, last.end)


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
    flags = evaluate(
        judged,
        registry.quality_rules,
        prior=observations[is_before],
        ratings=registry.ratings.values(),
    )
    inside = judged.loc[judged["start"] < changed.end, "revision"]
    return flags[flags["revision"].isin(inside)]


def _widened(period: Period, hours: float) -> Period:
    margin = timedelta(hours=hours)
    return Period(period.start - margin, period.end + margin)
