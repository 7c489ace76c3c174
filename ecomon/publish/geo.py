"""Our own GeoJSON (RFC 7946): the line of the river and the places along it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from ecomon.model.place import (
    TARGET_UNKNOWN_EN,
    TARGET_UNKNOWN_ZH,
    AirSite,
    Gauge,
    Section,
)
from ecomon.model.river import Course, Node, Reservoir

MapPlace = Section | Gauge | Reservoir | AirSite | Node
_SKIPPED = ("aliases", "targets", "discharge", "offices")


def basin_geojson(
    courses: Mapping[str, Course], places: Mapping[str, Iterable[MapPlace]], day: date
) -> dict[str, Any]:
    """A FeatureCollection of river lines and places.

    Parameters
    ----------
    courses : mapping of river id to Course
    places : mapping of kind (section, gauge ...) to places
    day : date
        On which a target holds.

    Returns
    -------
    dict
        Lines first, then places by kind and id. Every place is there: one whose position is not
        known has a null geometry. ``position`` says what a point rests on: ``given``, ``chainage``
        (set on the line at its kilometre) or null; ``position_error_km`` how far off it may be
        (null: not stated), ``is_position_unverified`` whether it is 待核实. A section without a
        target says 目标未配置. Degrees as the sources give them; none of them states its datum.

    Source
    ------
    RFC 7946: longitude before latitude; §3.2, an unlocated feature has a null geometry.
    """
    features = [
        *(_line_feature(courses[river]) for river in sorted(courses)),
        *(
            _place_feature(kind, place, courses, day)
            for kind, group in places.items()
            for place in sorted(group, key=lambda one: one.id)
        ),
    ]
    return {"type": "FeatureCollection", "features": features}


def geojson_octets(collection: Mapping[str, Any]) -> bytes:
    """A collection as UTF-8, one feature a line; equal facts give equal octets."""
    lines = [json.dumps(one, ensure_ascii=False, allow_nan=False) for one in collection["features"]]
    head = '{"type": "FeatureCollection", "features": [\n'
    return (head + ",\n".join(lines) + "\n]}\n").encode("utf-8")


def _line_feature(course: Course) -> dict[str, Any]:
    points = course.points
    return {
        "type": "Feature",
        "id": f"course/{course.river}",
        "geometry": {"type": "LineString", "coordinates": [[x, y] for x, y, _ in points]},
        "properties": {
            "kind": "course",
            "river": course.river,
            "from_km": points[0][2],
            "to_km": points[-1][2],
            "confidence": course.confidence,
            "source": course.source,
        },
    }


def _place_feature(
    kind: str, place: MapPlace, courses: Mapping[str, Course], day: date
) -> dict[str, Any]:
    position, point = _position_of(place, courses)
    geometry = None if point is None else {"type": "Point", "coordinates": list(point)}
    doubted = {"longitude", "latitude"} & {*place.unverified_fields}
    is_doubted = place.is_unverified or bool(doubted) or position == "chainage"
    return {
        "type": "Feature",
        "id": f"{kind}/{place.id}",
        "geometry": geometry,
        "properties": {
            "kind": kind,
            **dict(_properties(place)),
            **(_target(place, day) if isinstance(place, Section) else {}),
            "position": position,
            "position_error_km": getattr(place, "position_error_km", None),
            "is_position_unverified": None if point is None else is_doubted,
        },
    }


def _position_of(
    place: MapPlace, courses: Mapping[str, Course]
) -> tuple[str | None, tuple[float, float] | None]:
    if place.longitude is not None and place.latitude is not None:
        return "given", (place.longitude, place.latitude)
    km = getattr(place, "km_above_mouth", None)
    course = courses.get(getattr(place, "river", None) or "")
    point = course.place_at(km) if course is not None and km is not None else None
    return (None, None) if point is None else ("chainage", (round(point[0], 5), round(point[1], 5)))


def _properties(place: MapPlace) -> Iterator[tuple[str, Any]]:
    """What is known of a place, as JSON holds it; what stands in the geometry does not come again."""
    told = place.model_dump(mode="json", exclude_none=True, exclude={*_SKIPPED})
    for name, value in told.items():
        if name not in ("longitude", "latitude", "kind") and value != []:
            yield name, value
    own_kind = getattr(place, "kind", None)
    if own_kind is not None:
        yield f"{type(place).__name__.lower()}_kind", own_kind


def _target(section: Section, day: date) -> dict[str, Any]:
    grade = next((one.grade for one in section.targets if one.holds_on(day)), None)
    text = f"{TARGET_UNKNOWN_ZH} {TARGET_UNKNOWN_EN}" if grade is None else None
    return {"target_grade": grade, "target_text": text}
