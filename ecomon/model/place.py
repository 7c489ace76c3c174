"""Places: sections, gauges, air sites, water plants, jurisdictions and the offices that are told."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ecomon.model.fact import Dated, Fact, Noun, Slug

SectionKind = Literal["border", "inside", "headwater", "emergency", "intake"]
Grade = Literal[1, 2, 3, 4, 5, 6]
Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]
"""Code of an administrative division (GB/T 2260)."""
Longitude = Annotated[float | None, Field(default=None, ge=73, le=136)]
Latitude = Annotated[float | None, Field(default=None, ge=3, le=54)]
"""Degrees east and north; None where the place is not known."""
GRADE_ZH: dict[int, str] = {1: "Ⅰ类", 2: "Ⅱ类", 3: "Ⅲ类", 4: "Ⅳ类", 5: "Ⅴ类", 6: "劣Ⅴ类"}
TARGET_UNKNOWN_ZH = "目标未配置"
TARGET_UNKNOWN_EN = "no target configured"


class Alias(Dated):
    """The name one source uses for a place, within a province (names repeat across provinces).

    ``feed`` names the source (``cnemc-water``, ``st-river-r`` ...), ``key`` is what it prints:
    ``四川省/姚渡`` where a province disambiguates, else the bare code or name.

    ``seen_on`` and ``absent_on`` are days on which lists of the feed were read that hold the name,
    or lack it (the archive of a month stands under its first day; one name was lacking there and
    came back). Where a name came or went between two lists, its validity begins after the last one
    without it and ends with the first whole one without it: the true day lies between.
    """

    feed: str
    key: str
    seen_on: tuple[date, ...] = ()
    absent_on: tuple[date, ...] = ()
    note: str | None = None


class Jurisdiction(Fact):
    """An administrative division (行政区), keyed by its GB/T 2260 code."""

    adcode: str = Field(pattern=r"^\d{6}$")
    name_zh: str
    name_en: str
    level: Literal["province", "prefecture", "county"]
    parent: Adcode | None = None
    note: str | None = None


class Office(Fact):
    """Who is told: a river-chief office, an ecology bureau, a water plant, the operators (运维).

    Telephone numbers and personal names are not facts of the registry; they live in the store.
    """

    id: Slug
    name_zh: str
    name_en: str
    kind: Literal["river_chief", "ecology_bureau", "water_plant", "monitoring_centre", "operations"]
    jurisdiction: Adcode


class WaterPlant(Dated):
    """A waterworks (水厂) that takes its water from the river.

    ``intakes`` are sections of kind ``intake``; ``office`` is who answers for the plant and is told.
    """

    id: Slug
    name_zh: str
    name_en: str
    located_in: Adcode
    intakes: tuple[Slug, ...] = Field(min_length=1)
    office: Slug
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None


class GaugeTerm(Noun):
    """One gauge of a link: sign x factor x its discharge, ``travel_time_h`` later.

    Attributes
    ----------
    gauge : str
    sign : {1, -1}
        -1 takes a branch away that joins below the section.
    factor : float
    area_ratio, area_exponent : float
        Catchment of the section over that of the gauge, and the exponent of the transfer: the
        factor is then ``area_ratio ** area_exponent`` and is not given beside.
    travel_time_h : float
        Positive: the water reaches the section after the gauge.
    """

    gauge: Slug
    sign: Literal[1, -1] = 1
    factor: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    area_ratio: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    area_exponent: float = Field(default=1.0, ge=0, le=2)
    travel_time_h: float = Field(default=0.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_factor(self) -> GaugeTerm:
        _check_factor(self.factor, self.area_ratio, self.area_exponent)
        return self

    @property
    def scale(self) -> float:
        """What its discharge is multiplied by; negative where it is taken away."""
        factor = self.factor if self.area_ratio is None else self.area_ratio**self.area_exponent
        return self.sign * factor

    @property
    def travel_days(self) -> int:
        """Whole days of travel, truncated: a part of a day cannot be taken out of a daily mean."""
        return int(self.travel_time_h / 24)


class DischargeLink(Dated):
    """How the discharge of a section is known: a named link to gauges, never a likeness of names.

    discharge(section) = factor x discharge(gauge), shifted by ``travel_time_h``, and so for each
    gauge under ``also`` (a confluence), summed with their signs.

    Attributes
    ----------
    gauge, factor, area_ratio, area_exponent, travel_time_h
        Of the first gauge, as :class:`GaugeTerm` has them.
    method : {"same_site", "area_ratio", "transfer", "confluence", "rating"}
        ``rating``: the gauge gives a stage, its rating curve the discharge.
    also : tuple of GaugeTerm
        Further gauges; ``confluence`` names at least one.
    name, version : str
        What results cite; the version is raised when any number of the link is mended.
    relative_error : float or None
        Standard error of the transfer as a share of the discharge, common to all steps; None: not
        stated, and every result says so.
    """

    gauge: Slug
    method: Literal["same_site", "area_ratio", "transfer", "confluence", "rating"]
    factor: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    area_ratio: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    area_exponent: float = Field(default=1.0, ge=0, le=2)
    travel_time_h: float = Field(default=0.0, allow_inf_nan=False)
    also: tuple[GaugeTerm, ...] = ()
    name: Slug | None = None
    version: str = Field(default="1", min_length=1)
    relative_error: float | None = Field(default=None, ge=0, lt=10)
    note: str | None = None

    @model_validator(mode="after")
    def _gauges_fit_the_method(self) -> DischargeLink:
        _check_factor(self.factor, self.area_ratio, self.area_exponent)
        if len(set(self.gauges)) != len(self.gauges):
            raise ValueError("a link names a gauge once")
        if bool(self.also) != (self.method == "confluence"):
            raise ValueError("a link of method confluence, and no other, names gauges under also")
        return self

    @property
    def terms(self) -> tuple[GaugeTerm, ...]:
        """All gauges of the link, the first one first."""
        first = GaugeTerm(
            gauge=self.gauge,
            factor=self.factor,
            area_ratio=self.area_ratio,
            area_exponent=self.area_exponent,
            travel_time_h=self.travel_time_h,
        )
        return (first, *self.also)

    @property
    def gauges(self) -> tuple[str, ...]:
        return (self.gauge, *(term.gauge for term in self.also))

    @property
    def key(self) -> str:
        """Name and version, as results cite them."""
        return f"{self.name or '+'.join(self.gauges)}@{self.version}"

    @property
    def travel_days(self) -> int:
        """Whole days of travel from the first gauge, truncated."""
        return int(self.travel_time_h / 24)


def _check_factor(factor: float, area_ratio: float | None, area_exponent: float) -> None:
    if area_ratio is not None and factor != 1.0:
        raise ValueError("give factor or area_ratio, not both")
    if area_ratio is None and area_exponent != 1.0:
        raise ValueError("area_exponent is the exponent of area_ratio; give both")


class Target(Dated):
    """The grade a section is to keep (水质目标)."""

    grade: Grade


class Section(Dated):
    """A place of assessment on a river (断面); manual samples are taken here, stations stand here.

    ``located_in`` (where it lies) and ``assessed_for`` (whose performance it measures) are two
    attributes; where the county is not known, ``located_in`` is the prefecture. ``downstream`` is
    the next section the water reaches, on this river or the next. ``boundary_type`` is the border
    role as its source prints it (省界, 市界, 县界 ...). ``position_error_km`` is how far the true
    place may be. ``unverified_fields`` names the fields that are 待核实 although the rest of the
    fact is better.
    """

    id: Slug
    name_zh: str
    name_en: str
    river: Slug | None = None
    kind: SectionKind
    control_level: str | None = None
    boundary_type: str | None = None
    located_in: Adcode
    assessed_for: Adcode | None = None
    upstream_jurisdiction: Adcode | None = None
    downstream_jurisdiction: Adcode | None = None
    national_code: str | None = None
    km_above_mouth: float | None = Field(default=None, ge=0)
    longitude: Longitude = None
    latitude: Latitude = None
    position_error_km: float | None = Field(default=None, ge=0)
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
        has_sides = self.upstream_jurisdiction and self.downstream_jurisdiction
        if self.kind == "border" and not (has_sides or self.boundary_type):
            raise ValueError(
                "a border section names its upstream and its downstream jurisdiction, or at least "
                "the boundary_type that its source prints"
            )
        return self


class Gauge(Dated):
    """A hydrological station (水文站): where discharge is known."""

    id: Slug
    name_zh: str
    name_en: str
    river: Slug
    located_in: Adcode | None = None
    national_code: str | None = None
    catchment_km2: float | None = Field(default=None, gt=0)
    mean_discharge_m3_s: float | None = Field(default=None, gt=0)
    km_above_mouth: float | None = Field(default=None, ge=0)
    longitude: Longitude = None
    latitude: Latitude = None
    position_error_km: float | None = Field(default=None, ge=0)
    position_note: str | None = None
    aliases: tuple[Alias, ...] = ()
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None


class AirSite(Dated):
    """An ambient-air station (空气站). A background point stays out of city means.

    Attributes
    ----------
    listed_as : str or None
        Its name as the national list prints it, where marks are added to it: (对照点), (停运161118).
    position_shift_km : float or None
        Distance between this position and the one an older feed gave.
    role : {"core", "basin", "regional"} or None
        In the core city, in another city of the basin, or beside the basin for comparison.
    """

    id: Slug
    name_zh: str
    name_en: str
    located_in: Adcode
    national_code: str | None = None
    longitude: Longitude = None
    latitude: Latitude = None
    position_shift_km: float | None = Field(default=None, ge=0)
    is_background: bool = False
    listed_as: str | None = None
    role: Literal["core", "basin", "regional"] | None = None
    aliases: tuple[Alias, ...] = ()
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None
