"""results of a month -> what its bulletin shows -> the files of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.journey.assess_period import yardsticks_on
from ecomon.model.period import Period
from ecomon.model.place import Section
from ecomon.model.provenance import Provenance
from ecomon.publish.assets import packaged_fonts
from ecomon.publish.bulletin import GAPS, Bulletin, RiverLine, SectionLine
from ecomon.publish.bulletin_page import bulletin_page
from ecomon.quality import find_gaps

if TYPE_CHECKING:
    from ecomon.registry import Registry

RIVERS = ("jialing", "bailong")
CHARTED = ("CODMN", "NH3N", "TP", "DO", "TL", "SB")
"""Concentrations that are drawn, where they were measured."""


@dataclass(frozen=True, slots=True)
class MonthResults:
    """Stored results of one month: MEANS (month), GRADES, EXCEEDANCES, FLAGGED readings."""

    means: pd.DataFrame
    grades: pd.DataFrame
    exceedances: pd.DataFrame
    flagged: pd.DataFrame
    n_open_alerts: int
    n_open_reviews: int


def make_bulletin(
    results: MonthResults, registry: Registry, month: Period, provenance: Provenance
) -> dict[str, bytes]:
    """The bulletin of one month: relative file names to octets."""
    shown = sections_shown(registry, results)
    ids = [section.id for section in shown]
    readings = results.flagged[results.flagged["site"].isin(ids)]
    charted = readings[readings["determinand"].isin(CHARTED)]
    bulletin = Bulletin(
        title_zh="嘉陵江、白龙江水质月报",
        title_en="Monthly water-quality bulletin of the Jialing and the Bailong",
        period=month.label,
        provenance=provenance,
        rivers=rivers_shown(registry, shown),
        sections=tuple(section_line(section, registry, results, month) for section in shown),
        means=results.means[results.means["site"].isin(ids)].reset_index(drop=True),
        exceedances=results.exceedances.reset_index(drop=True),
        series=charted[["site", "determinand", "start", "value", "flag"]].reset_index(drop=True),
        gaps=gaps_shown(readings, registry, month),
        standards=yardsticks_on(registry, month.start.date()).standards,
        determinands=registry.determinands,
        n_open_alerts=results.n_open_alerts,
        n_open_reviews=results.n_open_reviews,
    )
    return bulletin_page(bulletin, packaged_fonts())


def sections_shown(registry: Registry, results: MonthResults) -> list[Section]:
    """Sections in the order of the water that have a station or anything to show."""
    with_data = {*results.grades["site"], *results.exceedances["site"], *results.flagged["site"]}
    rivers = [*RIVERS, *(river for river in registry.rivers if river not in RIVERS)]
    return [
        section
        for river in rivers
        for section in registry.chain(river)
        if section.id in with_data or (section.has_station and river in RIVERS)
    ]


def rivers_shown(registry: Registry, shown: list[Section]) -> tuple[RiverLine, ...]:
    """The rivers of the schematic line; the first is its main stem."""
    names = dict.fromkeys([RIVERS[0], *(section.river for section in shown)])
    rivers = [registry.rivers[name] for name in names]
    return tuple(
        RiverLine(
            id=river.id,
            name_zh=river.name_zh,
            name_en=river.name_en,
            joins=river.flows_into if river.flows_into in names else None,
            joins_at_km=river.confluence_km if river.flows_into in names else None,
        )
        for river in rivers
    )


def section_line(
    section: Section, registry: Registry, results: MonthResults, month: Period
) -> SectionLine:
    """One section and its month; without a result it is missing, never zero."""
    target = registry.target(section.id, month.start.date())
    grades = results.grades[results.grades["site"] == section.id]
    means = results.means[results.means["site"] == section.id]
    row = grades.iloc[0].to_dict() if len(grades) else {}
    return SectionLine(
        id=section.id,
        name_zh=section.name_zh,
        name_en=section.name_en,
        river=section.river,
        km_above_mouth=section.km_above_mouth,
        grade=int(row.get("grade", 0)),
        status=str(row.get("status", "missing")),
        target_grade=target.grade if target else 0,
        verdict=str(row.get("verdict", "insufficient")),
        worst=str(row.get("worst", "")),
        coverage=float(means["coverage"].mean()) if len(means) else float("nan"),
        missing_items=str(row.get("missing_items", "")),
        is_unverified=section.is_unverified or bool(target and target.is_unverified),
    )


def gaps_shown(readings: pd.DataFrame, registry: Registry, month: Period) -> pd.DataFrame:
    """Gaps of each section; one that all its determinands share is shown once, for the station."""
    gaps = find_gaps(readings, registry.quality, month)
    if gaps.empty:
        return GAPS.empty()
    n_measured = readings.groupby("site", observed=True)["determinand"].nunique()
    spans = gaps.groupby(["site", "start", "end"], observed=True)["determinand"]
    is_whole = spans.transform("nunique") == gaps["site"].map(n_measured)
    whole = gaps[is_whole].drop_duplicates(["site", "start", "end"]).assign(determinand="")
    shown = pd.concat([whole, gaps[~is_whole]]).sort_values(["site", "start", "determinand"])
    return GAPS.check(shown[[*GAPS.columns]].reset_index(drop=True))
