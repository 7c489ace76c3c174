"""results of a month -> what its bulletin shows -> the files of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from ecomon.journey.assess_period import yardsticks_on
from ecomon.model.approval import ApprovalState, least_approval
from ecomon.model.flag import Flag
from ecomon.model.period import Period, to_beijing
from ecomon.model.place import Section
from ecomon.model.provenance import Provenance
from ecomon.model.standard import Standard
from ecomon.publish.assets import packaged_fonts
from ecomon.publish.bulletin import GAPS, AlertLine, Bulletin, RiverLine, SectionLine
from ecomon.publish.bulletin_page import bulletin_page
from ecomon.quality import find_gaps

if TYPE_CHECKING:
    from ecomon.registry import Registry

RIVERS = ("jialing", "bailong")
NO_RIVER = RiverLine("", "河流不详", "river not known")
"""Of sections whose river nobody has stated: they stand in the tables and not on the river line."""
CHARTED = ("CODMN", "NH3N", "TP", "DO", "TL", "SB")
"""Concentrations that are drawn, where they were measured."""


@dataclass(frozen=True, slots=True)
class MonthResults:
    """Stored results of one month: MEANS (month), GRADES, EXCEEDANCES, FLAGGED readings.

    ``alerts`` are the documents of all alerts known, ``reviews`` the open review cases (columns
    revision and context) of any month.
    """

    means: pd.DataFrame
    grades: pd.DataFrame
    exceedances: pd.DataFrame
    flagged: pd.DataFrame
    alerts: Iterable[Mapping[str, Any]]
    reviews: pd.DataFrame


def make_bulletin(
    results: MonthResults, registry: Registry, month: Period, provenance: Provenance
) -> dict[str, bytes]:
    """The bulletin of one month: relative file names to octets."""
    shown = sections_shown(registry, results)
    ids = [section.id for section in shown]
    readings = results.flagged[results.flagged["site"].isin(ids)]
    charted = readings[readings["determinand"].isin(CHARTED)]
    yardsticks = yardsticks_on(registry, month.start.date())
    bulletin = Bulletin(
        title_zh="嘉陵江、白龙江水质月报",
        title_en="Monthly water-quality bulletin of the Jialing and the Bailong",
        period=month.label,
        provenance=provenance,
        rivers=rivers_shown(registry, shown),
        sections=tuple(
            section_line(
                section,
                registry,
                results,
                month,
                table_3=yardsticks.intake_standards.get(section.id),
            )
            for section in shown
        ),
        means=results.means[results.means["site"].isin(ids)].reset_index(drop=True),
        exceedances=results.exceedances.reset_index(drop=True),
        series=charted[["site", "determinand", "start", "value", "flag"]].reset_index(drop=True),
        gaps=gaps_shown(readings, registry, month),
        standards=yardsticks.standards,
        intake_standards=yardsticks.intake_standards,
        determinands=registry.determinands,
        alerts=alerts_shown(results.alerts, month),
        n_open_reviews=count_reviews(results.reviews, results.flagged, month),
        approval=approval_of(readings, month),
    )
    return bulletin_page(bulletin, packaged_fonts())


def approval_of(readings: pd.DataFrame, month: Period) -> ApprovalState:
    """The least state of approval of the readings (table FLAGGED, with ``approval``) of a month."""
    is_inside = (readings["start"] >= month.start) & (readings["start"] < month.end)
    return least_approval(readings.loc[is_inside, "approval"])


def sections_shown(registry: Registry, results: MonthResults) -> list[Section]:
    """Sections in the order of the water that have a station or anything to show."""
    with_data = {*results.grades["site"], *results.exceedances["site"], *results.flagged["site"]}
    rivers = [*RIVERS, *(river for river in registry.rivers if river not in RIVERS)]
    sections = [*(one for river in rivers for one in registry.chain(river))]
    return [
        section
        for section in (*sections, *registry.sections_of_no_river())
        if section.id in with_data or (section.has_station and section.river in RIVERS)
    ]


def rivers_shown(registry: Registry, shown: list[Section]) -> tuple[RiverLine, ...]:
    """The rivers of the schematic line; the first is its main stem."""
    names = dict.fromkeys([RIVERS[0], *(section.river for section in shown)])
    lines = [
        RiverLine(
            id=river.id,
            name_zh=river.name_zh,
            name_en=river.name_en,
            joins=river.flows_into if river.flows_into in names else None,
            joins_at_km=river.confluence_km if river.flows_into in names else None,
        )
        for river in (registry.rivers[name] for name in names if name is not None)
    ]
    return (*lines, NO_RIVER) if None in names else tuple(lines)


def section_line(
    section: Section,
    registry: Registry,
    results: MonthResults,
    month: Period,
    *,
    table_3: Standard | None = None,
) -> SectionLine:
    """One section and its month; without a result it is missing, never zero.

    ``table_3`` limits the water of an intake and, for reference, of a section above one; it is
    None of any other section.
    """
    target = registry.target(section.id, month.start.date())
    grades = results.grades[results.grades["site"] == section.id]
    means = results.means[results.means["site"] == section.id]
    row = grades.iloc[0].to_dict() if len(grades) else {}
    return SectionLine(
        id=section.id,
        name_zh=section.name_zh,
        name_en=section.name_en,
        river=section.river or NO_RIVER.id,
        km_above_mouth=section.km_above_mouth,
        grade=int(row.get("grade", 0)),
        status=str(row.get("status", "missing")),
        target_grade=target.grade if target else 0,
        verdict=str(row.get("verdict", "insufficient")),
        worst=str(row.get("worst", "")),
        coverage=float(means["coverage"].mean()) if len(means) else float("nan"),
        missing_items=str(row.get("missing_items", "")),
        is_unverified=section.is_unverified,
        unverified_fields=section.unverified_fields,
        target_confidence=target.confidence if target else "",
        is_intake=section.kind == "intake",
        limited=count_limited(results.flagged, section.id, table_3, month) if table_3 else (),
    )


def count_limited(
    flagged: pd.DataFrame, site: str, table_3: Standard, month: Period
) -> tuple[tuple[str, int], ...]:
    """Determinands of a section that Table 3 limits, with the number of readings that stand."""
    limited = [limit.determinand for limit in table_3.single_limits]
    stands = flagged["flag"].isin([Flag.GOOD, Flag.NOT_EVALUATED]) & flagged["value"].notna()
    is_own = (flagged["site"] == site) & flagged["determinand"].isin(limited)
    own = flagged[is_own & stands & flagged["start"].between(month.start, month.end, "left")]
    counts = own.drop_duplicates(["determinand", "start"])["determinand"].value_counts()
    return tuple((key, int(counts[key])) for key in limited if key in counts.index)


def alerts_shown(documents: Iterable[Mapping[str, Any]], month: Period) -> tuple[AlertLine, ...]:
    """Alerts that were open at some time of the month, in the order they opened."""
    alerts = [alert_line(document) for document in documents]
    shown = [
        alert
        for alert in alerts
        if alert.opened_at < month.end
        and (alert.resolved_at is None or alert.resolved_at >= month.start)
    ]
    return tuple(sorted(shown, key=lambda alert: alert.opened_at))


def alert_line(document: Mapping[str, Any]) -> AlertLine:
    """What a bulletin shows of an alert's document."""

    def moment(name: str) -> datetime | None:
        text = document[name]
        return None if text is None else to_beijing(datetime.fromisoformat(text))

    factor = document["peak_factor"]
    return AlertLine(
        section=str(document["section"]),
        determinand=str(document["determinand"]),
        basis=str(document["basis"]),
        state=str(document["state"]),
        opened_at=to_beijing(datetime.fromisoformat(document["opened_at"])),
        fired_at=moment("fired_at"),
        resolved_at=moment("resolved_at"),
        peak_value=float(document["peak_value"]),
        peak_factor=None if factor is None else float(factor),
        limit=float(document["limit"]),
        unit=str(document["unit"]),
    )


def count_reviews(reviews: pd.DataFrame, flagged: pd.DataFrame, month: Period) -> int:
    """Review cases of the month's readings; a case that does not say when is found by its revision."""
    readings = flagged[flagged["start"].between(month.start, month.end, "left")]
    revisions = set(readings["revision"])
    return sum(
        to_beijing(datetime.fromisoformat(context["start"])) in month
        if "start" in context
        else revision in revisions
        for revision, context in zip(reviews["revision"], reviews["context"], strict=True)
    )


def gaps_shown(readings: pd.DataFrame, registry: Registry, month: Period) -> pd.DataFrame:
    """Gaps of each station; one that all its determinands share is shown once, for the station.

    Samples of other programmes are taken when somebody goes there: nothing is missing between.
    """
    readings = readings[readings["programme"] == "automatic"]
    gaps = find_gaps(readings, registry.quality_rules, month)
    if gaps.empty:
        return GAPS.empty()
    n_measured = readings.groupby("site", observed=True)["determinand"].nunique()
    spans = gaps.groupby(["site", "start", "end"], observed=True)["determinand"]
    is_whole = spans.transform("nunique") == gaps["site"].map(n_measured)
    whole = gaps[is_whole].drop_duplicates(["site", "start", "end"]).assign(determinand="")
    shown = pd.concat([whole, gaps[~is_whole]]).sort_values(["site", "start", "determinand"])
    return GAPS.check(shown[[*GAPS.columns]].reset_index(drop=True))
