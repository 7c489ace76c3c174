"""Places: rivers, sections, gauges, air sites, jurisdictions and the offices that are told."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ecomon.model.fact import Dated, Fact, Slug

SectionKind = Literal["border", "inside", "headwater", "emergency", "intake"]
Grade = Literal[1, 2, 3, 4, 5, 6]
GRADE_ZH: dict[int, str] = {1: "Ⅰ类", 2: "Ⅱ类", 3: "Ⅲ类", 4: "Ⅳ类", 5: "Ⅴ类", 6: "劣Ⅴ类"}
TARGET_UNKNOWN_ZH = "目标未配置"
TARGET_UNKNOWN_EN = "no target configured"


class Alias(Dated):
    """The name one source uses for a place, within a province (names repeat across provinces).

    ``feed`` names the source (``cnemc-water``, ``st-river-r`` ...), ``key`` is what it prints:
    ``四川省/姚渡`` where a province disambiguates, else the bare code or name.
    """

    feed: str
    key: str


class Jurisdiction(Fact):
    """An administrative division (行政区), keyed by its GB/T 2260 code."""

    adcode: str = Field(pattern=r"^\d{6}$")
    name_zh: str
    name_en: str
    level: Literal["province", "prefecture", "county"]
    parent: str | None = Field(default=None, pattern=r"^\d{6}$")


class Office(Fact):
    """Who is told: a river-chief office, an ecology bureau, a water plant.

    Telephone numbers and personal names are not facts of the registry; they live in the store.
    """

    id: Slug
    name_zh: str
    name_en: str
    kind: Literal["river_chief", "ecology_bureau", "water_plant", "monitoring_centre"]
    jurisdiction: str = Field(pattern=r"^\d{6}$")


class River(Fact):
    """A river (河流); ``length_km`` in the 1,120 km system of the Jialing's chainage."""

    id: Slug
    name_zh: str
    name_en: str
    flows_into: Slug | None = None
    confluence_km: float | None = None
    length_km: float | None = None


class Reach(Fact):
    """A stretch of river (河段) between two sections, in the order of the water."""

    id: Slug
    river: Slug
    from_section: Slug
    to_section: Slug
    length_km: float | None = None
    is_impounded: bool = False
    note: str | None = None


class DischargeLink(Dated):
    """How the discharge of a section is known: a named link to a gauge, never a likeness of names.

    discharge(section) = factor x discharge(gauge), shifted by ``travel_time_h``.
    """

    gauge: Slug
    method: Literal["same_site", "area_ratio", "transfer"]
    factor: float = Field(default=1.0, gt=0)
    travel_time_h: float = 0.0
    note: str | None = None

    @property
    def travel_days(self) -> int:
        """Whole days of travel, truncated: a part of a day cannot be taken out of a daily mean."""
        return int(self.travel_time_h / 24)


class Target(Dated):
    """The grade a section is to keep (水质目标)."""

    grade: Grade


class Section(Dated):
    """A place of assessment on a river (断面); manual samples are taken here, stations stand here.

    ``located_in`` (where it lies) and ``assessed_for`` (whose performance it measures) are two
    attributes. ``downstream`` is the next section the water reaches, on this river or the next.
    ``unverified_fields`` names the fields that are 待核实 although the rest of the fact is better.
    """

    id: Slug
    name_zh: str
    name_en: str
    river: Slug
    kind: SectionKind
    control_level: str | None = None
    located_in: str = Field(pattern=r"^\d{6}$")
    assessed_for: str | None = Field(default=None, pattern=r"^\d{6}$")
    upstream_jurisdiction: str | None = Field(default=None, pattern=r"^\d{6}$")
    downstream_jurisdiction: str | None = Field(default=None, pattern=r"^\d{6}$")
    national_code: str | None = None
    km_above_mouth: float | None = None
    longitude: float | None = Field(default=None, ge=73, le=136)
    latitude: float | None = Field(default=None, ge=3, le=54)
    position_note: str | None = None
    water_body: Literal["river", "lake"] = "river"
    downstream: Slug | None = None
    has_station: bool = False
    targets: tuple[Target, ...] = ()
    discharge: tuple[DischargeLink, ...] = ()
    aliases: tuple[Alias, ...] = ()
    offices: tuple[Slug, ...] = ()
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _border_has_two_sides(self) -> Section:
        if self.kind == "border" and not (
            self.upstream_jurisdiction and self.downstream_jurisdiction
        ):
            raise ValueError("a border section names its upstream and its downstream jurisdiction")
        return self


class Gauge(Dated):
    """A hydrological station (水文站): where discharge is known."""

    id: Slug
    name_zh: str
    name_en: str
    river: Slug
    located_in: str | None = Field(default=None, pattern=r"^\d{6}$")
    national_code: str | None = None
    catchment_km2: float | None = None
    mean_discharge_m3_s: float | None = None
    km_above_mouth: float | None = None
    aliases: tuple[Alias, ...] = ()
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None


class AirSite(Dated):
    """An ambient-air station (空气站). A background point stays out of city means."""

    id: Slug
    name_zh: str
    name_en: str
    located_in: str = Field(pattern=r"^\d{6}$")
    national_code: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    is_background: bool = False
    aliases: tuple[Alias, ...] = ()
