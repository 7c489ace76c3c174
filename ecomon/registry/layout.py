"""Which files the registry is made of, and where the shipped ones lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel

from ecomon.aggregate.rules import AggregationRules
from ecomon.alert.rules import AlertRules
from ecomon.errors import RegistryError
from ecomon.model.agreement import Agreement
from ecomon.model.determinand import Determinand
from ecomon.model.place import AirSite, Gauge, Jurisdiction, Office, Reach, River, Section
from ecomon.model.standard import Standard
from ecomon.quality.rules import QualityRules

Root = Literal["stations", "thresholds"]
Form = Literal["list", "document", "single"]
"""A *list* file holds many entries under a key named as the kind; a *document* is one entry and
there may be several; a *single* is one entry and there is exactly one."""


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


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("jurisdictions", "stations", "jurisdictions.yaml", Jurisdiction, key_field="adcode"),
        Kind("rivers", "stations", "rivers.yaml", River),
        Kind("sections", "stations", "sections/*.yaml", Section),
        Kind("reaches", "stations", "reaches.yaml", Reach),
        Kind("gauges", "stations", "gauges.yaml", Gauge),
        Kind("air_sites", "stations", "air_sites.yaml", AirSite),
        Kind("offices", "stations", "offices.yaml", Office),
        Kind("determinands", "thresholds", "determinands/*.yaml", Determinand, key_field="key"),
        Kind("standards", "thresholds", "standards/*.yaml", Standard, "document"),
        Kind("agreements", "thresholds", "agreements/*.yaml", Agreement, "document"),
        Kind("quality", "thresholds", "quality/surface-water.yaml", QualityRules, "single"),
        Kind("aggregation", "thresholds", "aggregation/default.yaml", AggregationRules, "single"),
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
        is_as_deep = len(path.parts) == kind.pattern.count("/") + 1
        if kind.root == root and is_as_deep and path.match(kind.pattern):
            return kind
    return None
