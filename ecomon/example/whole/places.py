"""The registry's places as one tree of water: what flows to which, how long, and how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ecomon.errors import ContractError
from ecomon.example.whole.assumptions import (
    FREE_M_S,
    IMPOUNDED_M_S,
    JIALING_ALTITUDE_M,
    JIALING_MEAN,
    KM_OF,
    LONGEST_RESIDENCE_H,
    RIVERS,
    UNKNOWN_M_S,
    UNKNOWN_RIVER,
    WAVE_RATIO,
)
from ecomon.example.whole.draws import fixed_share
from ecomon.model.place import AirSite, Gauge, Section
from ecomon.model.river import Reach, Reservoir, River


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the water.

    ``km`` is above the mouth of its own river. To the next point the water takes ``travel_h``, a
    flood wave ``wave_h``, over ``distance_km``. ``local_m3_s`` joins between the points above and
    here; ``mean_m3_s`` is all of it. A reservoir holds water for ``residence_h``.
    """

    id: str
    river: str
    region: str
    km: float
    altitude_m: float
    mean_m3_s: float = 0.0
    local_m3_s: float = 0.0
    downstream: str | None = None
    distance_km: float = 0.0
    travel_h: float = 0.0
    wave_h: int = 0
    residence_h: float = 0.0
    upstream: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """All places that are simulated; ``points`` stand upstream before downstream."""

    points: dict[str, Point]
    sections: dict[str, Section]
    gauges: dict[str, Gauge]
    reservoirs: dict[str, Reservoir]
    air_sites: dict[str, AirSite]
    provinces: dict[str, str] = field(default_factory=dict[str, str])

    def path(self, start: str) -> list[Point]:
        """The points from one on, down to the last.

        Raises
        ------
        ContractError
            where the place is none of the river's.
        """
        if start not in self.points:
            raise ContractError(f"no place on the water is called {start!r}")
        found = [self.points[start]]
        while (following := found[-1].downstream) is not None:
            found.append(self.points[following])
        return found


def arrange_places(
    *,
    rivers: Mapping[str, River],
    sections: Mapping[str, Section],
    gauges: Mapping[str, Gauge],
    reservoirs: Mapping[str, Reservoir],
    air_sites: Mapping[str, AirSite],
    reaches: Iterable[Reach],
) -> Places:
    """Arrange the places of a registry along the water.

    Parameters
    ----------
    rivers, sections, gauges, reservoirs, air_sites : mapping of id to place
        as the registry holds them
    reaches : iterable of Reach
        those between two sections say where a pool holds the water

    Returns
    -------
    Places
        every section, gauge and reservoir is a point of the tree; what joins nothing known is a
        tree of its own

    Notes
    -----
    Chainage and confluences are the registry's where it knows them, assumptions of
    ``whole.assumptions`` elsewhere.
    """
    seats = {**sections, **gauges, **reservoirs}
    by_river: dict[str, list[str]] = {}
    for name, seat in seats.items():
        by_river.setdefault(seat.river or f"none:{name}", []).append(name)
    km: dict[str, float] = {}
    for river, names in by_river.items():
        km |= _chainage(river, names, seats, sections)
    bare = {
        name: _bare(name, seat.river or f"none:{name}", km[name]) for name, seat in seats.items()
    }
    slow = {
        one.from_section: one.is_impounded for one in reaches if one.from_section and one.to_section
    }
    linked = _link(bare, rivers, slow, reservoirs)
    return Places(
        _with_discharge(linked), dict(sections), dict(gauges), dict(reservoirs), dict(air_sites)
    )  # fmt: skip


def _chainage(
    river: str, names: list[str], seats: Mapping[str, object], sections: Mapping[str, Section]
) -> dict[str, float]:
    """Km above the river's mouth of each place: printed, assumed, or spread in the water's order."""
    length = RIVERS.get(river, UNKNOWN_RIVER).length_km

    def hops(name: str) -> int:
        count, seen = 0, {name}
        step = sections[name].downstream if name in sections else None
        while (
            step is not None
            and step in sections
            and step not in seen
            and sections[step].river == river
        ):
            seen.add(step)
            count, step = count + 1, sections[step].downstream
        return count

    order = sorted(names, key=lambda name: (-hops(name), name))
    found: dict[str, float] = {}
    for position, name in enumerate(order):
        printed: float | None = getattr(seats[name], "km_above_mouth", None)
        spread = length * (0.9 - 0.8 * (position + 0.5) / len(order))
        found[name] = KM_OF.get(name, spread) if printed is None else printed
    return found


def _bare(name: str, river: str, km: float) -> Point:
    profile = RIVERS.get(river, UNKNOWN_RIVER)
    share = min(km / profile.length_km, 1.0)
    high, low = profile.altitude_m
    # A river falls steeply above and gently below.
    altitude = low + (high - low) * share**3
    if river == "jialing":
        altitude = float(
            np.interp(
                km, [one[0] for one in JIALING_ALTITUDE_M], [one[1] for one in JIALING_ALTITUDE_M]
            )
        )
    region = "middle" if river == "jialing" and km < 740.0 else profile.region
    return Point(name, river, region, km, altitude, mean_m3_s=_mean_discharge(river, km))


def _mean_discharge(river: str, km: float) -> float:
    if river == "jialing":
        return float(
            np.interp(km, [one[0] for one in JIALING_MEAN], [one[1] for one in JIALING_MEAN])
        )
    profile = RIVERS.get(river, UNKNOWN_RIVER)
    mouth = profile.mouth_m3_s
    if profile is UNKNOWN_RIVER:
        mouth *= 0.3 + fixed_share(f"mouth of {river}")
    return max(mouth * (1.0 - 0.9 * min(km / profile.length_km, 1.0)), 0.5)


def _link(
    points: Mapping[str, Point],
    rivers: Mapping[str, River],
    slow: Mapping[str, bool | None],
    reservoirs: Mapping[str, Reservoir],
) -> dict[str, Point]:
    """Each point with what lies below it and the time to there."""
    chains: dict[str, list[Point]] = {}
    for point in sorted(points.values(), key=lambda one: (one.river, -one.km, one.id)):
        chains.setdefault(point.river, []).append(point)
    linked: dict[str, Point] = {}
    for river, chain in chains.items():
        is_slow: bool | None = None
        for point, below in zip(chain, [*chain[1:], None], strict=True):
            is_slow = slow.get(point.id, is_slow)
            distance = point.km - below.km if below else point.km
            following: Point | None = below
            if below is None:
                following, beyond = _beyond_mouth(river, rivers, chains)
                distance += beyond
            speed = UNKNOWN_M_S if is_slow is None else IMPOUNDED_M_S if is_slow else FREE_M_S
            residence = _residence_h(reservoirs.get(point.id), point.mean_m3_s)
            hours = max(distance, 0.5) / speed / 3.6
            linked[point.id] = replace(
                point, downstream=following.id if following else None, distance_km=distance,
                travel_h=hours + residence, wave_h=max(1, round(hours / WAVE_RATIO)),
                residence_h=residence,
            )  # fmt: skip
    return linked


def _beyond_mouth(
    river: str, rivers: Mapping[str, River], chains: Mapping[str, list[Point]]
) -> tuple[Point | None, float]:
    """The first point below a river's mouth, and how far below the mouth it lies."""
    own = rivers.get(river)
    beyond = 0.0
    while own is not None and own.flows_into is not None:
        into = own.flows_into
        profile = RIVERS.get(into, UNKNOWN_RIVER)
        at = own.confluence_km if own.confluence_km is not None else 0.5 * profile.length_km
        for point in chains.get(into, ()):
            if point.km <= at:
                return point, beyond + at - point.km
        beyond += at
        own = rivers.get(into)
    return None, beyond


def _residence_h(reservoir: Reservoir | None, mean_m3_s: float) -> float:
    if reservoir is None or reservoir.storage_1e8_m3 is None:
        return 0.0
    return min(reservoir.storage_1e8_m3 * 1e8 / mean_m3_s / 3600.0, LONGEST_RESIDENCE_H)


def _with_discharge(points: Mapping[str, Point]) -> dict[str, Point]:
    """Points upstream first, with what joins at each so that what arrives is the sum of all above."""
    above: dict[str, list[str]] = {name: [] for name in points}
    for point in points.values():
        if point.downstream is not None:
            above[point.downstream].append(point.id)
    ready = sorted(name for name, names in above.items() if not names)
    waiting = {name: len(names) for name, names in above.items()}
    done: dict[str, Point] = {}
    while ready:
        point = points[ready.pop(0)]
        arriving = sum(done[name].mean_m3_s for name in above[point.id])
        local = max(point.mean_m3_s - arriving, 0.002 * point.mean_m3_s)
        done[point.id] = replace(
            point,
            local_m3_s=local,
            mean_m3_s=arriving + local,
            upstream=tuple(sorted(above[point.id])),
        )
        if (below := point.downstream) is not None:
            waiting[below] -= 1
            if not waiting[below]:
                ready.append(below)
    return done
