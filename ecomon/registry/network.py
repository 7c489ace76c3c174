"""Checks of the river network: what joins where, where a reach runs, from which water a plant drinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecomon.errors import Problem
from ecomon.model.event import RiverEvent
from ecomon.model.place import Section, WaterPlant
from ecomon.model.river import Course, Node, Reach, River
from ecomon.registry.layers import Entries, Entry
from ecomon.registry.snapshot import Facts


def check_network(facts: Facts, entries: Entries) -> Iterator[Problem]:
    """Every problem of the network; names that nothing bears are told by the references."""
    for key, node in facts["nodes"].items():
        yield from _check_node(entries["nodes"][key], node, facts["rivers"])
    for key, reach in facts["reaches"].items():
        yield from _check_reach(entries["reaches"][key], reach, facts)
    for key, plant in facts["water_plants"].items():
        yield from _check_plant(entries["water_plants"][key], plant, facts)
    for key, event in facts["events"].items():
        yield from _check_passages(entries["events"][key], event, facts)
    for key, course in facts["courses"].items():
        yield from _check_course(entries["courses"][key], course, facts["rivers"])


def follow(start: str, sections: Mapping[str, Any], field: str = "downstream") -> Iterator[str]:
    """``start`` and what follows it, up to the mouth or to where a circle closes."""
    seen: set[str] = set()
    step: str | None = start
    while step is not None and step in sections and step not in seen:
        seen.add(step)
        yield step
        step = getattr(sections[step], field)


def _check_node(entry: Entry, node: Node, rivers: Mapping[str, River]) -> Iterator[Problem]:
    joining = rivers.get(node.joins) if node.joins else None
    if joining is not None and joining.flows_into != node.river:
        reason = f"flows into {joining.flows_into}, so it does not join {node.river}"
        yield entry.problem(("joins",), reason, node.joins)
    if joining is not None and joining.confluence_km not in (None, node.km_above_mouth):
        reason = f"{joining.id} joins at {joining.confluence_km} km by its own entry"
        yield entry.problem(("km_above_mouth",), reason, node.km_above_mouth)


def _check_reach(entry: Entry, reach: Reach, facts: Facts) -> Iterator[Problem]:
    places: dict[str, Section | Node] = {**facts["nodes"], **facts["sections"]}
    start, end = reach.ends
    if start is None or start not in places or end not in places:
        return
    field = "to_section" if reach.to_section else "to_node"
    high, low = places[start].km_above_mouth, places[end].km_above_mouth
    is_same_river = places[start].river == places[end].river
    if is_same_river and high is not None and low is not None and low > high:
        reason = f"{low} km is above {start} at {high} km: water does not flow there"
        yield entry.problem((field,), reason, end)
    if reach.from_section and reach.to_section:
        way = list(follow(reach.from_section, facts["sections"]))
        if reach.to_section not in way[1:]:
            reason = f"no water runs there from {reach.from_section}"
            yield entry.problem(("to_section",), reason, reach.to_section)


def _check_plant(entry: Entry, plant: WaterPlant, facts: Facts) -> Iterator[Problem]:
    for position, name in enumerate(plant.intakes):
        section = facts["sections"].get(name)
        if section is not None and section.kind != "intake":
            reason = f"a section of kind {section.kind}, not an intake"
            yield entry.problem(("intakes", position), reason, name)
    office = facts["offices"].get(plant.office)
    if office is not None and office.kind != "water_plant":
        yield entry.problem(("office",), f"an office of kind {office.kind}", plant.office)


def _check_passages(entry: Entry, event: RiverEvent, facts: Facts) -> Iterator[Problem]:
    places = {**facts["sections"], **facts["reservoirs"]}
    for position, one in enumerate(event.passages):
        start, end = places.get(one.from_site), places.get(one.to_site)
        if start is None or end is None or start.river != end.river:
            continue
        high, low = start.km_above_mouth, end.km_above_mouth
        if high is not None and low is not None and low > high:
            reason = f"{low} km is above {one.from_site} at {high} km"
            yield entry.problem(("passages", position, "to_site"), reason, one.to_site)


def _check_course(entry: Entry, course: Course, rivers: Mapping[str, River]) -> Iterator[Problem]:
    river = rivers.get(course.river)
    if river is not None and river.length_km and course.points[0][2] > river.length_km:
        reason = (
            f"starts {course.points[0][2]} km above the mouth of a river of {river.length_km} km"
        )
        yield entry.problem(("line",), reason)
