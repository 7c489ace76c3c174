"""The schematic river line (河道示意) as data: what lies along a river, in order, and how fast it ran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from ecomon.errors import RegistryError
from ecomon.model.place import (
    GRADE_ZH,
    TARGET_UNKNOWN_EN,
    TARGET_UNKNOWN_ZH,
    Gauge,
    Section,
)
from ecomon.model.river import Node, Reservoir
from ecomon.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Stop:
    """One place along a river.

    Attributes
    ----------
    km_above_mouth, from_previous_km : float or None
        None where the chainage is not known; the distance is from the last stop that has one.
    is_placed : bool
        False where not even the order along the river is known.
    target : str or None
        Of sections: the target grade, or 目标未配置; None of all others.
    """

    kind: str
    id: str
    name_zh: str
    name_en: str
    km_above_mouth: float | None
    is_km_unverified: bool
    from_previous_km: float | None
    is_placed: bool
    target: str | None
    confidence: str


@dataclass(frozen=True, slots=True)
class TravelTime:
    """What one event says of the time between two stops; ``bound`` as of a Passage."""

    from_site: str
    to_site: str
    edge: str
    bound: str
    elapsed_h: float
    distance_km: float | None
    velocity_m_s: float | None
    event: str
    confidence: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A reach of the river as the registry has it, with its length and whether a pool holds it."""

    id: str
    start: str | None
    end: str | None
    length_km: float | None
    is_impounded: bool | None
    confidence: str


@dataclass(frozen=True, slots=True)
class Line:
    """A river with its stops in the order of the water, its reaches and its travel times."""

    river: str
    name_zh: str
    name_en: str
    length_km: float | None
    flows_into: str | None
    confluence_km: float | None
    stops: tuple[Stop, ...]
    stretches: tuple[Stretch, ...]
    travel_times: tuple[TravelTime, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Place = Section | Gauge | Reservoir | Node


def line_of(registry: Registry, river_id: str, day: date) -> Line:
    """The line of one river.

    Sections stand in the order of :meth:`Registry.chain`; gauges, dams and confluences of known
    chainage between them. What has no known place along the river comes last and says so.

    Parameters
    ----------
    day : date
        On which a target holds.

    Raises
    ------
    RegistryError
        if there is no such river.
    """
    if river_id not in registry.rivers:
        raise RegistryError(f"no river {river_id!r}; one of {', '.join(sorted(registry.rivers))}")
    river = registry.rivers[river_id]
    placed, lost = _in_order(registry, river_id)
    stretches = [
        Stretch(one.id, *one.ends, one.length_km, one.is_impounded, one.confidence)
        for one in registry.reaches.values()
        if one.river == river_id
    ]
    return Line(
        river=river_id,
        name_zh=river.name_zh,
        name_en=river.name_en,
        length_km=river.length_km,
        flows_into=river.flows_into,
        confluence_km=river.confluence_km,
        stops=tuple(_stops(registry, placed, lost, day)),
        stretches=tuple(stretches),
        travel_times=tuple(_travel_times(registry, {one.id for one in (*placed, *lost)})),
    )


def _in_order(registry: Registry, river_id: str) -> tuple[list[Place], list[Place]]:
    """Placed stops in the order of the water, and those whose place is not known."""
    unplaced = {one.id for one in registry.unplaced(river_id)}
    placed: list[Place] = [one for one in registry.chain(river_id) if one.id not in unplaced]
    lost: list[Place] = list(registry.unplaced(river_id))
    others: list[Place] = [
        *(one for one in registry.nodes.values() if one.river == river_id),
        *(one for one in registry.reservoirs.values() if one.river == river_id),
        *(one for one in registry.gauges.values() if one.river == river_id),
    ]
    others.sort(key=lambda one: -(one.km_above_mouth or 0.0))
    for one in others:
        km = one.km_above_mouth
        if km is None:
            lost.append(one)
            continue
        placed.insert(_place_for(km, placed), one)
    return placed, lost


def _place_for(km: float, placed: list[Place]) -> int:
    """Where a stop of known chainage stands: a section without one keeps close to the next below."""
    below = (at for at, other in enumerate(placed) if _is_below(other, km))
    place = next(below, len(placed))
    while 0 < place < len(placed) and placed[place - 1].km_above_mouth is None:
        place -= 1
    return place


def _is_below(place: Place, km: float) -> bool:
    return place.km_above_mouth is not None and place.km_above_mouth < km


def _stops(registry: Registry, placed: list[Place], lost: list[Place], day: date) -> Iterator[Stop]:
    above: float | None = None
    for is_placed, place in (*((True, one) for one in placed), *((False, one) for one in lost)):
        km = place.km_above_mouth
        gap = round(above - km, 3) if is_placed and above is not None and km is not None else None
        above = km if km is not None else above
        yield Stop(
            kind=_kind_of(place),
            id=place.id,
            name_zh=place.name_zh,
            name_en=place.name_en,
            km_above_mouth=km,
            is_km_unverified=km is not None
            and (place.is_unverified or "km_above_mouth" in place.unverified_fields),
            from_previous_km=gap,
            is_placed=is_placed,
            target=_target(registry, place, day) if isinstance(place, Section) else None,
            confidence=place.confidence,
        )


def _kind_of(place: Place) -> str:
    match place:
        case Section():
            return "section"
        case Gauge():
            return "gauge"
        case Reservoir():
            return "reservoir"
        case _:
            return place.kind


def _target(registry: Registry, section: Section, day: date) -> str:
    target = registry.target(section.id, day)
    return GRADE_ZH[target.grade] if target else f"{TARGET_UNKNOWN_ZH} {TARGET_UNKNOWN_EN}"


def _travel_times(registry: Registry, along: set[str]) -> Iterator[TravelTime]:
    for _, event in sorted(registry.events.items()):
        for one in event.passages:
            if one.from_site in along and one.to_site in along:
                yield TravelTime(
                    one.from_site,
                    one.to_site,
                    one.edge,
                    one.bound,
                    one.elapsed_h,
                    one.distance_km,
                    one.velocity_m_s,
                    event.id,
                    one.confidence,
                    one.note,
                )
