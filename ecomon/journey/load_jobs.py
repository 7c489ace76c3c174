"""flagged readings of one section -> its estimated loads, month by month: one piece of work.

A piece holds all that it needs, readings and facts, so that it can be done in this process, in
another, or on another machine, with the same result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.journey.compute_loads import link_in_force, span_for_loads, with_rating_doubts
from ecomon.journey.estimate_loads import EstimatedLoads, estimate_loads
from ecomon.load.choice.rules import EstimationRules
from ecomon.load.rating import DISCHARGE, STAGE, derive_discharges, find_ratable
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.rating import RatingCurve
from ecomon.model.tables import LOAD_ESTIMATES

if TYPE_CHECKING:
    from ecomon.registry import Registry

HISTORY_DAYS = 12 * 366
"""How far back readings are taken for the models, which want eight years and gain from more."""
_OXYGEN = "DO"


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """What the registry says of the loads of one section.

    ``ratings`` are the curves by which a gauge's stages mean a discharge, by gauge.
    """

    section: str
    rules: EstimationRules
    links: Mapping[Period, DischargeLink | None]
    ratings: Mapping[str, tuple[RatingCurve, ...]]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, registry: Registry, section: str, months: Sequence[Period]) -> LoadFacts:
        """The facts of a section; the link is that in force as each month begins."""
        links = {
            month: with_rating_doubts(link_in_force(registry, section, month), registry, month)
            for month in months
        }
        gauges = {gauge for link in links.values() if link for gauge in link.gauges}
        neighbours = registry.estimation.neighbours
        gauges |= {neighbours[one] for one in (*gauges, section) if one in neighbours}
        return cls(
            section,
            registry.estimation,
            links,
            {gauge: registry.ratings_of(gauge) for gauge in sorted(gauges)},
            tuple(registry.aggregation.source_precedence),
        )

    @property
    def sites(self) -> list[str]:
        """The section, its gauges and their neighbours: whose readings are needed."""
        return sorted({self.section, *self.ratings})


@dataclass(frozen=True, slots=True)
class LoadJob:
    """The loads of one section: its facts, its readings (table FLAGGED), and what settlements take."""

    facts: LoadFacts
    flagged: pd.DataFrame
    determinands: tuple[str, ...]
    settlements: pd.DataFrame | None = None


def carried_determinands(registry: Registry) -> list[str]:
    """What a river carries away as a mass: every concentration in water but that of oxygen."""
    return [
        key
        for key, one in registry.determinands.items()
        if one.medium == "water" and one.unit == "mg/L" and key != _OXYGEN
    ]


def determinands_to_read(facts: LoadFacts, determinands: Sequence[str]) -> list[str]:
    """These, discharge, and stage where a gauge has a rating table."""
    is_rated = any(facts.ratings.values())
    return [*determinands, DISCHARGE, *([STAGE] if is_rated else [])]


def span_to_read(registry: Registry, section: str, period: Period) -> Period:
    """The period with the travel of the water, and the years before it that models are fitted to."""
    span = span_for_loads(registry, [section], period)
    return Period(span.start - timedelta(days=HISTORY_DAYS), span.end)


def estimate_months(job: LoadJob, *, is_stated: bool = False) -> list[EstimatedLoads]:
    """The loads of each month of a job (or of whatever periods its facts are of), in order.

    Parameters
    ----------
    is_stated : bool
        Somebody asked for these determinands: each has its rows, though nothing was measured.

    Returns
    -------
    list of EstimatedLoads
        None of a month in which nothing was measured at the section and no settlement speaks of it.
    """
    flagged = _with_derived_discharges(job)
    discharge = flagged[flagged["determinand"] == DISCHARGE]
    is_sample = (flagged["site"] == job.facts.section) & flagged["determinand"].isin(
        job.determinands
    )
    samples = flagged[is_sample]
    found: list[EstimatedLoads] = []
    for month, link in job.facts.links.items():
        wanted = list(job.determinands) if is_stated else _determinands_of(job, samples, month)
        if wanted:
            found.append(
                estimate_loads(
                    samples,
                    discharge,
                    month,
                    rules=job.facts.rules,
                    links={job.facts.section: link},
                    sections=[job.facts.section],
                    determinands=wanted,
                    settlements=job.settlements,
                    sources=job.facts.sources,
                )
            )
    return found


def estimates_of_job(job: LoadJob) -> pd.DataFrame:
    """The same as one table LOAD_ESTIMATES."""
    tables = [one.table[list(LOAD_ESTIMATES.columns)] for one in estimate_months(job)]
    return pd.concat(tables, ignore_index=True) if tables else LOAD_ESTIMATES.empty()


def _with_derived_discharges(job: LoadJob) -> pd.DataFrame:
    """The readings, the stages of rated gauges turned into the discharges they mean."""
    flagged, rated = job.flagged, {gauge for gauge, curves in job.facts.ratings.items() if curves}
    is_needed = (flagged["determinand"] != STAGE) | find_ratable(flagged, rated)
    return derive_discharges(flagged[is_needed], job.facts.ratings)


def _determinands_of(job: LoadJob, samples: pd.DataFrame, month: Period) -> list[str]:
    """What was measured at the section in a month, and what a settlement speaks of."""
    is_inside = (samples["start"] >= month.start) & (samples["start"] < month.end)
    named = set(samples.loc[is_inside, "determinand"])
    agreed = job.settlements
    if agreed is not None:
        named |= set(agreed.loc[agreed["section"] == job.facts.section, "determinand"])
    return [one for one in job.determinands if one in named]
