"""the registry's river -> between which sections a balance runs, and what stores water on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ecomon.errors import ContractError
from ecomon.journey.travel_times import travel_of_way
from ecomon.load.balance import BalanceScope, Inflow
from ecomon.model.fact import CONFIDENCE_ZH

if TYPE_CHECKING:
    from ecomon.model.river import Reach
    from ecomon.registry import Registry

_DAY_H = 24.0


def scope_of_reach(
    registry: Registry,
    upstream: str,
    downstream: str,
    *,
    tributaries: Sequence[str] = (),
    travel_time_h: Mapping[str, float] | None = None,
) -> BalanceScope:
    """The balance between two sections of one water, tributaries coming in between.

    Parameters
    ----------
    upstream, downstream : str
        Sections; the water of the first reaches the second.
    tributaries : sequence of str
        Sections whose water joins between them.
    travel_time_h : mapping of section to hours, optional
        To the lower section, from whatever source the caller has; of one not in it the registry's
        (:func:`ecomon.journey.travel_times.travel_of_way`), which the caveat names, or not known.

    Returns
    -------
    BalanceScope
        An inflow whose way leads through a pool (a reservoir of a reach, or a reach that is known
        to be impounded) names it, and every net is then marked as decoupled.

    Raises
    ------
    ContractError
        if the water of a section does not reach the lower one.
    """
    travels = _Travels(registry, travel_time_h or {})
    inflows: list[Inflow] = []
    for section in (upstream, *tributaries):
        way = _way(registry, section, downstream)
        inflows.append(
            Inflow(
                section,
                "border" if section == upstream else "tributary",
                travels.days(section, way),
                _pools(registry, way),
            )
        )
    caveat = _caveat(registry, inflows, travels.words)
    return BalanceScope(f"{upstream}-{downstream}", tuple(inflows), (downstream,), caveat)


def scope_of_jurisdiction(
    registry: Registry, adcode: str, *, travel_time_h: Mapping[str, float] | None = None
) -> BalanceScope:
    """The balance of a jurisdiction: in over its upstream borders, out over its downstream ones.

    A border section belongs to a jurisdiction if it, or what it belongs to, is named on that side
    of the border. An inflow goes to the first outlet its water reaches.

    Parameters
    ----------
    adcode : str
        Of a province, a prefecture or a county.

    Raises
    ------
    ContractError
        if no section of the registry stands where its water leaves.
    """
    inlets: list[str] = []
    outlets: list[str] = []
    for name, section in sorted(registry.sections.items()):
        above = _belongs(registry, section.upstream_jurisdiction, adcode)
        below = _belongs(registry, section.downstream_jurisdiction, adcode)
        if below and not above:
            inlets.append(name)
        if above and not below:
            outlets.append(name)
    if not outlets:
        raise ContractError(f"{adcode}: no border section stands where its water leaves")
    travels = _Travels(registry, travel_time_h or {})
    inflows: list[Inflow] = []
    for name in inlets:
        ways = [way for outlet in outlets if (way := _find_way(registry, name, outlet))]
        way = min(ways, key=len) if ways else []
        inflows.append(
            Inflow(name, travel_time_d=travels.days(name, way), reservoirs=_pools(registry, way))
        )
    caveat = _caveat(registry, inflows, travels.words)
    return BalanceScope(adcode, tuple(inflows), tuple(outlets), caveat)


class _Travels:
    """Travel times of the inflows of one scope: the caller's first; where the others stand."""

    def __init__(self, registry: Registry, stated_h: Mapping[str, float]) -> None:
        self._registry, self._stated_h = registry, stated_h
        self.words: list[str] = []

    def days(self, section: str, way: Sequence[str]) -> float | None:
        if section in self._stated_h:
            return self._stated_h[section] / _DAY_H
        known = travel_of_way(self._registry, way)
        if known is None:
            return None
        self.words.append(known.in_words)
        return known.hours / _DAY_H


def _belongs(registry: Registry, code: str | None, adcode: str) -> bool:
    return code is not None and any(one.adcode == adcode for one in registry.lineage(code))


def _find_way(registry: Registry, start: str, end: str) -> list[str]:
    """Sections from start to end in the order of the water; empty where none leads there."""
    way, step = [start], registry.sections[start].downstream
    while step is not None and step in registry.sections and step not in way:
        way.append(step)
        if step == end:
            return way
        step = registry.sections[step].downstream
    return []


def _way(registry: Registry, start: str, end: str) -> list[str]:
    for name in (start, end):
        if name not in registry.sections:
            raise ContractError(f"no section {name!r}")
    way = _find_way(registry, start, end)
    if not way:
        raise ContractError(f"the water of {start} does not reach {end} by the registry")
    return way


def _reaches(registry: Registry, way: Sequence[str]) -> list[Reach]:
    """Reaches between two sections of the way, also where a section was set up between them since."""
    place = {name: number for number, name in enumerate(way)}
    found = (one for _, one in sorted(registry.reaches.items()))
    return [
        one
        for one in found
        if one.from_section in place
        and one.to_section in place
        and place[one.from_section] < place[one.to_section]
    ]


def _pools(registry: Registry, way: Sequence[str]) -> tuple[str, ...]:
    """What holds the water on a way, in words."""
    pools: list[str] = []
    for reach in _reaches(registry, way):
        named = [registry.reservoirs[one].name_zh for one in reach.reservoirs]
        if named:
            pools += named
        elif reach.is_impounded:
            ends = " → ".join(
                registry.sections[one].name_zh
                for one in (reach.from_section, reach.to_section)
                if one
            )
            pools.append(f"{ends} 蓄水河段" + (f"，{reach.note}" if reach.note else ""))
    return tuple(dict.fromkeys(pools))


def _caveat(registry: Registry, inflows: Sequence[Inflow], travels: Sequence[str]) -> str:
    doubtful = [one.section for one in inflows if registry.sections[one.section].is_unverified]
    told = list(travels)
    if doubtful:
        names = ", ".join(doubtful)
        told.append(f"断面资料{CONFIDENCE_ZH['unverified']}：{names} / section facts unverified")
    return "；".join(told)
