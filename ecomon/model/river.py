"""The river itself: its course, the nodes and reaches of its network, the reservoirs on it."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ecomon.model.fact import Dated, Fact, Slug
from ecomon.model.place import Adcode, Alias, Latitude, Longitude

NodeKind = Literal["source", "confluence", "dam", "mouth"]
Point = tuple[float, float, float]


class River(Fact):
    """A river or a lake (河流、湖库); ``length_km`` in the 1,120 km system of the Jialing's chainage.

    ``confluence_km`` is where it joins ``flows_into``, in kilometres above the mouth of that one.
    """

    id: Slug
    name_zh: str
    name_en: str
    water_body: Literal["river", "lake"] = "river"
    flows_into: Slug | None = None
    confluence_km: float | None = Field(default=None, ge=0)
    length_km: float | None = Field(default=None, gt=0)
    catchment_km2: float | None = Field(default=None, gt=0)
    mean_discharge_m3_s: float | None = Field(default=None, gt=0)
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None


class Node(Fact):
    """A point of the river network (节点): a source, a confluence, a dam or the mouth.

    Attributes
    ----------
    joins : str or None
        The river that comes in here.
    raw_km : float or None
        Along the line the chainage was measured on, before it was scaled to the lengths of the
        three courses.
    located_in : tuple of str
        The counties on its banks.
    """

    id: Slug
    name_zh: str
    name_en: str
    river: Slug
    kind: NodeKind
    joins: Slug | None = None
    reservoir: Slug | None = None
    located_in: tuple[Adcode, ...] = ()
    km_above_mouth: float = Field(ge=0)
    raw_km: float | None = Field(default=None, ge=0)
    longitude: Longitude = None
    latitude: Latitude = None
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None


class Reach(Fact):
    """A stretch of river (河段) between two sections or nodes, in the order of the water.

    Attributes
    ----------
    length_km, length_1345_km : float or None
        In the 1,120 km system, and in the newer one of 1,345 km; never to be mixed.
    is_impounded : bool or None
        A pool holds the water on a part of it at least, so that velocity says nothing of travel
        time; None where it is not known.
    travel_time_h : float or None
        Of the water from one end to the other at middling discharge, with the reach's own source
        and confidence.
    """

    id: Slug
    river: Slug
    from_section: Slug | None = None
    to_section: Slug | None = None
    from_node: Slug | None = None
    to_node: Slug | None = None
    length_km: float | None = Field(default=None, ge=0)
    length_1345_km: float | None = Field(default=None, ge=0)
    is_impounded: bool | None = None
    travel_time_h: float | None = Field(default=None, gt=0)
    reservoirs: tuple[Slug, ...] = ()
    jurisdictions: tuple[Adcode, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _has_two_ends(self) -> Reach:
        if self.from_section and self.from_node:
            raise ValueError("a reach starts at one place: from_section or from_node")
        if bool(self.to_section) == bool(self.to_node):
            raise ValueError("a reach ends at one place: to_section or to_node")
        return self

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """Where it starts (None: at a source that is no node) and where it ends."""
        return self.from_section or self.from_node, self.to_section or self.to_node


class Course(Fact):
    """The line of a river on the map, from its source to its mouth.

    ``line`` holds points ``longitude latitude km`` with commas between them; km above the mouth.
    """

    river: Slug
    line: str

    @field_validator("line")
    @classmethod
    def _runs_down(cls, line: str) -> str:
        points = _points_of(line)
        if len(points) < 2:
            raise ValueError("a course has two points at least")
        if not all(73 <= lon <= 136 and 3 <= lat <= 54 for lon, lat, _ in points):
            raise ValueError("a point lies outside 73-136 E, 3-54 N: is longitude given first?")
        if any(one[2] < other[2] for one, other in pairwise(points)):
            raise ValueError("kilometres above the mouth never rise on the way down")
        return line

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Longitude, latitude (degrees) and km above the mouth, source first."""
        return _points_of(self.line)

    def place_at(self, km_above_mouth: float) -> tuple[float, float] | None:
        """Longitude and latitude at a chainage, on the straight line between the points beside it.

        None above the source and below the mouth.
        """
        points = self.points
        if not points[-1][2] <= km_above_mouth <= points[0][2]:
            return None
        after = bisect_left(points, -km_above_mouth, key=lambda point: -point[2])
        if points[after][2] == km_above_mouth:
            return points[after][:2]
        (x0, y0, high), (x1, y1, low) = points[after - 1], points[after]
        share = (high - km_above_mouth) / (high - low)
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def _points_of(line: str) -> tuple[Point, ...]:
    points: list[Point] = []
    for position, text in enumerate(line.split(","), start=1):
        try:
            longitude, latitude, km = (float(number) for number in text.split())
        except ValueError:
            reason = f"point {position} is no 'longitude latitude km': {text.strip()!r}"
            raise ValueError(reason) from None
        points.append((longitude, latitude, km))
    return tuple(points)


class Reservoir(Dated):
    """A reservoir, or the pool of a power station or weir (水库、航电枢纽).

    ``storage_1e8_m3`` is the total storage (总库容) in 亿 m³, ``normal_level_m`` the normal pool
    level (正常蓄水位), ``installed_mw`` the installed power (装机容量).
    """

    id: Slug
    name_zh: str
    name_en: str
    river: Slug
    located_in: Adcode | None = None
    longitude: Longitude = None
    latitude: Latitude = None
    position_note: str | None = None
    km_above_mouth: float | None = Field(default=None, ge=0)
    normal_level_m: float | None = None
    storage_1e8_m3: float | None = Field(default=None, gt=0)
    catchment_km2: float | None = Field(default=None, gt=0)
    installed_mw: float | None = Field(default=None, gt=0)
    since_year: int | None = None
    aliases: tuple[Alias, ...] = ()
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None
