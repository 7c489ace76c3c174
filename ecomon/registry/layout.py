"""Which files the registry is made of, and where the shipped ones lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel

from ecomon.aggregate.rules import AggregationRules
from ecomon.alert.rules import AlertRules
from ecomon.decode.hj212.station import Station
from ecomon.errors import RegistryError
from ecomon.load.choice.rules import EstimationRules
from ecomon.model.agreement import Agreement
from ecomon.model.calendar import YearCalendar
from ecomon.model.determinand import Determinand
from ecomon.model.event import RiverEvent
from ecomon.model.feed import Expectation
from ecomon.model.mapping import WorkbookMapping
from ecomon.model.place import AirSite, Gauge, Jurisdiction, Office, Section, WaterPlant
from ecomon.model.poll import Poll
from ecomon.model.pull import Pull
from ecomon.model.rating import RatingCurve
from ecomon.model.river import Course, Node, Reach, Reservoir, River
from ecomon.model.standard import Standard
from ecomon.quality.rules import MediumRules, QualityRules

Root = Literal["stations", "thresholds"]
Form = Literal["list", "document", "single"]
"""A *list* file holds many entries under a key named as the kind, and it is one file of that name
or several in a folder of that name; a *document* is one entry and there may be several; a *single*
is one entry and there is exactly one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fact: the files it stands in, its type and the field that is its key."""

    name: str
    root: Root
    pattern: str
    model: type[BaseModel]
    form: Form = "list"
    key_field: str = "id"

    @property
    def path(self) -> str:
        return f"{self.root}/{self.pattern}"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Where its files may lie below their root: entries of a list file all in one, or apart."""
        if self.form != "list" or self.root != "stations":
            return (self.pattern,)
        return f"{self.name}.yaml", f"{self.name}/*.yaml"


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("jurisdictions", "stations", "jurisdictions/*.yaml", Jurisdiction, key_field="adcode"),
        Kind("rivers", "stations", "rivers.yaml", River),
        Kind("courses", "stations", "courses/*.yaml", Course, "document", key_field="river"),
        Kind("nodes", "stations", "nodes.yaml", Node),
        Kind("sections", "stations", "sections/*.yaml", Section),
        Kind("reaches", "stations", "reaches/*.yaml", Reach),
        Kind("gauges", "stations", "gauges.yaml", Gauge),
        Kind("reservoirs", "stations", "reservoirs.yaml", Reservoir),
        Kind("air_sites", "stations", "air_sites/*.yaml", AirSite),
        Kind("offices", "stations", "offices/*.yaml", Office),
        Kind("water_plants", "stations", "water_plants.yaml", WaterPlant),
        Kind("events", "stations", "events.yaml", RiverEvent),
        Kind("polls", "stations", "polls/*.yaml", Poll),
        Kind("mappings", "stations", "mappings/*.yaml", WorkbookMapping, "document"),
        Kind("pulls", "stations", "pulls/*.yaml", Pull),
        Kind("ratings", "stations", "ratings/*.yaml", RatingCurve),
        Kind("instruments", "stations", "instruments/*.yaml", Station, key_field="mn"),
        Kind("feeds", "stations", "feeds/*.yaml", Expectation, "document"),
        Kind("determinands", "thresholds", "determinands/*.yaml", Determinand, key_field="key"),
        Kind("standards", "thresholds", "standards/*.yaml", Standard, "document"),
        Kind("agreements", "thresholds", "agreements/*.yaml", Agreement, "document"),
        Kind(
            "calendars",
            "thresholds",
            "calendars/*.yaml",
            YearCalendar,
            "document",
            key_field="year",
        ),
        Kind("quality", "thresholds", "quality/surface-water.yaml", QualityRules, "single"),
        Kind("quality_media", "thresholds", "quality/hydrology.yaml", MediumRules, "document"),
        Kind("aggregation", "thresholds", "aggregation/default.yaml", AggregationRules, "single"),
        Kind("load_rules", "thresholds", "loads/*.yaml", EstimationRules, "document"),
        Kind("alerts", "thresholds", "alerts/default.yaml", AlertRules, "single"),
    )
}

_PACKAGE = Path(__file__).parent.parent


def shipped_folder(root: Root) -> Path:
    """The folder of shipped facts: beside the code in a wheel, at the top of a checkout.

    Raises
    ------
    RegistryError
        if the installation has neither.
    """
    for folder in (_PACKAGE / "_facts" / root, _PACKAGE.parent / root):
        if folder.is_dir():
            return folder
    raise RegistryError(f"this installation has no {root}/ folder of facts; install it again")


def kind_of(root: Root, path: PurePosixPath) -> Kind | None:
    """The kind of the file at ``path`` below ``root``; None where no such file belongs there."""
    for kind in KINDS.values():
        for pattern in kind.patterns if kind.root == root else ():
            if len(path.parts) == pattern.count("/") + 1 and path.match(pattern):
                return kind
    return None
