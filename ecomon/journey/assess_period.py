"""flagged readings -> means -> grades, classes and exceedances of one month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.aggregate import daily_means, monthly_means
from ecomon.assess import (
    classify_readings,
    find_exceedances,
    find_mean_exceedances,
    grade_months,
)
from ecomon.model.period import Period
from ecomon.model.standard import Standard

if TYPE_CHECKING:
    from ecomon.registry import Registry

SURFACE_WATER = "GB 3838"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The tables of one month: MEANS (day and month), READING_CLASSES, GRADES, EXCEEDANCES."""

    daily: pd.DataFrame
    monthly: pd.DataFrame
    classes: pd.DataFrame
    grades: pd.DataFrame
    exceedances: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """By what each section is judged on one day.

    ``intake_standards`` are of the intakes and, as reference, of the sections above one.
    """

    standards: Mapping[str, Standard]
    intake_standards: Mapping[str, Standard]
    targets: Mapping[str, int | None]


def yardsticks_on(registry: Registry, day: date) -> Yardsticks:
    """Table 1 (river or lake) of every section, Table 3 of the intakes, and the targets in force.

    Toxic metals of Table 3 hold as reference (仅作参照) at every section that names a water plant:
    Table 1 has no limit of thallium or antimony, and the plant needs the hours that the water
    takes to its intake (the releases of 2015-11 and 2021-01 were first seen upstream).
    """
    sections = registry.sections.values()
    targets = {section.id: registry.target(section.id, day) for section in sections}
    return Yardsticks(
        standards={
            section.id: registry.standard(SURFACE_WATER, "1", section.water_body, day)
            for section in sections
        },
        intake_standards=_intake_standards(registry, day),
        targets={site: target.grade if target else None for site, target in targets.items()},
    )


def _intake_standards(registry: Registry, day: date) -> dict[str, Standard]:
    found: dict[str, Standard] = {}
    for section in registry.sections.values():
        if section.kind == "intake":
            found[section.id] = registry.standard(SURFACE_WATER, "3", "intake", day)
        elif any(registry.offices[one].kind == "water_plant" for one in section.offices):
            whole = registry.standard(SURFACE_WATER, "3", "intake", day)
            found[section.id] = _toxic_metals_of(whole, registry)
    return found


def _toxic_metals_of(standard: Standard, registry: Registry) -> Standard:
    limits = [
        one
        for one in standard.single_limits
        if registry.determinands[one.determinand].is_toxic_metal
    ]
    return standard.model_copy(update={"single_limits": tuple(limits), "class_limits": ()})


def assess_month(flagged: pd.DataFrame, registry: Registry, month: Period) -> Assessment:
    """Means of every place, and class, grade and exceedances of every section, in one month.

    Parameters
    ----------
    flagged : table FLAGGED
        Readings of the month. Places that are no section (gauges, air sites) get means only.
    """
    daily = daily_means(flagged, registry.determinands, registry.aggregation, month)
    monthly = monthly_means(daily, registry.determinands, registry.aggregation, month)
    yardsticks = yardsticks_on(registry, month.start.date())
    water = flagged[flagged["site"].isin(list(registry.sections))]
    of_sections = monthly[monthly["site"].isin(list(registry.sections))]
    exceedances = [
        find_exceedances(
            water,
            yardsticks.standards,
            yardsticks.targets,
            registry.determinands,
            intake_standards=yardsticks.intake_standards,
        ),
        find_mean_exceedances(
            of_sections,
            yardsticks.standards,
            yardsticks.targets,
            registry.determinands,
            intake_standards=yardsticks.intake_standards,
        ),
    ]
    return Assessment(
        daily=daily,
        monthly=monthly,
        classes=classify_readings(water, yardsticks.standards),
        grades=grade_months(
            of_sections, yardsticks.standards, yardsticks.targets, registry.determinands
        ),
        exceedances=pd.concat(exceedances, ignore_index=True),
    )
