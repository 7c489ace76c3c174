"""Checks between files: every name that one fact gives another must exist and make sense."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date
from itertools import combinations
from typing import Any

from ecomon.decode.hj212.station import plan_station
from ecomon.errors import Problem, RegistryError
from ecomon.model.agreement import Agreement
from ecomon.model.fact import Dated
from ecomon.model.place import AirSite, Gauge, Jurisdiction, Section
from ecomon.model.poll import Poll
from ecomon.model.rating import RatingCurve
from ecomon.model.river import Reservoir, River
from ecomon.model.standard import Standard
from ecomon.registry.fact_file import Where
from ecomon.registry.layers import Entries, Entry
from ecomon.registry.network import check_network, follow
from ecomon.registry.snapshot import Facts

REFERENCES: dict[str, dict[str, str]] = {
    "jurisdictions": {"parent": "jurisdictions"},
    "rivers": {"flows_into": "rivers"},
    "courses": {"river": "rivers"},
    "nodes": {
        "river": "rivers", "joins": "rivers", "located_in": "jurisdictions",
        "reservoir": "reservoirs",
    },
    "reaches": {
        "river": "rivers", "from_section": "sections", "to_section": "sections",
        "from_node": "nodes", "to_node": "nodes", "reservoirs": "reservoirs",
        "jurisdictions": "jurisdictions",
    },
    "reservoirs": {"river": "rivers", "located_in": "jurisdictions"},
    "water_plants": {
        "located_in": "jurisdictions", "intakes": "sections", "office": "offices",
    },
    "events": {
        "river": "rivers", "determinand": "determinands", "sightings.site": "sites",
        "passages.from_site": "sites", "passages.to_site": "sites",
    },
    "sections": {
        "river": "rivers", "located_in": "jurisdictions", "assessed_for": "jurisdictions",
        "upstream_jurisdiction": "jurisdictions", "downstream_jurisdiction": "jurisdictions",
        "downstream": "sections", "offices": "offices", "discharge.gauge": "gauges",
        "discharge.also.gauge": "gauges",
    },
    "ratings": {"gauge": "gauges"},
    "instruments": {
        "site": "sites", "factors.determinand": "determinands",
        "factors.total_determinand": "determinands",
    },
    "quality_media": {"checks.determinands": "determinands", "checks.sites": "sites"},
    "gauges": {"river": "rivers", "located_in": "jurisdictions"},
    "air_sites": {"located_in": "jurisdictions"},
    "offices": {"jurisdiction": "jurisdictions"},
    "feeds": {"suspensions.site": "sites"},
    "standards": {
        "class_limits.determinand": "determinands", "single_limits.determinand": "determinands",
    },
    "agreements": {
        "section": "sections", "factors.determinand": "determinands",
        "upstream.jurisdiction": "jurisdictions", "downstream.jurisdiction": "jurisdictions",
    },
    "quality": {
        "checks.determinands": "determinands", "checks.sites": "sites",
        "totals.part": "determinands", "totals.total": "determinands",
    },
    "load_rules": {"targets.section": "sections", "targets.determinand": "determinands"},
    "aggregation": {
        "expected_overrides.sites": "sites", "expected_overrides.determinands": "determinands",
    },
}  # fmt: skip
"""Which field names an entry of which kind."""

SITE_KINDS = ("sections", "gauges", "reservoirs", "air_sites")
NATIONAL_FEED = "cnemc-water"
_LEVELS = ("province", "prefecture", "county")


def check_references(facts: Facts, entries: Entries) -> Iterator[Problem]:
    """Every problem between entries that are, each by itself, right.

    An entry that is itself wrong counts as existing, so that one slip is told once.
    """
    for name, fields in REFERENCES.items():
        for key, fact in facts[name].items():
            for field, wanted in fields.items():
                known = _ids(wanted, entries)
                for where, named in _named(fact, tuple(field.split(".")), ()):
                    if named is not None and named not in known:
                        reason = f"names nothing that is known among {wanted}"
                        yield entries[name][key].problem(where, reason, named)
    for key, fact in facts["jurisdictions"].items():
        yield from _check_level(entries["jurisdictions"][key], fact, facts["jurisdictions"])
    yield from _check_cycles(facts["rivers"], entries["rivers"], "flows_into")
    yield from _check_cycles(facts["sections"], entries["sections"], "downstream")
    for key, section in facts["sections"].items():
        yield from _check_section(entries["sections"][key], section, facts["sections"])
    for name, group in facts.items():
        for key, fact in group.items():
            yield from _check_field_names(entries[name][key], fact)
    yield from check_network(facts, entries)
    yield from _check_site_ids(entries)
    yield from _check_aliases(facts, entries)
    yield from _check_headers(facts, entries)
    yield from _check_editions(facts["standards"], entries["standards"])
    yield from _check_labels(facts["polls"], entries["polls"])
    yield from _check_ratings(facts["ratings"], entries["ratings"])
    yield from _check_media(facts, entries)
    yield from _check_instruments(facts, entries["instruments"])
    for key, agreement in facts["agreements"].items():
        yield from _check_factors(entries["agreements"][key], agreement, facts)
    for key, rules in facts["alerts"].items():
        for determinand in rules.absolute_deadbands.keys() - entries["determinands"].keys():
            where: Where = ("absolute_deadbands", determinand)
            yield entries["alerts"][key].problem(where, "no determinand", determinand)
    for key, rules in facts["load_rules"].items():
        for determinand in rules.decay.keys() - entries["determinands"].keys():
            where = ("decay", determinand)
            yield entries["load_rules"][key].problem(where, "no determinand", determinand)
        pairs = [
            (gauge, one) for gauge, other in rules.neighbours.items() for one in (gauge, other)
        ]
        for gauge, named in pairs:
            if named not in entries["gauges"]:
                where = ("neighbours", gauge)
                yield entries["load_rules"][key].problem(where, "no gauge", named)


def _ids(wanted: str, entries: Entries) -> Set[str]:
    if wanted == "sites":
        return {key for name in SITE_KINDS for key in entries[name]}
    return entries[wanted].keys()


def _named(value: Any, path: tuple[str, ...], where: Where) -> Iterator[tuple[Where, str | None]]:
    """All names at a dotted path, through lists and mappings, each with its place."""
    if isinstance(value, tuple):
        for position, one in enumerate(value):
            yield from _named(one, path, (*where, position))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _named(one, path, (*where, key))
    elif path and value is not None:
        yield from _named(getattr(value, path[0]), path[1:], (*where, path[0]))
    else:
        yield where, value


def _check_level(
    entry: Entry, one: Jurisdiction, known: Mapping[str, Jurisdiction]
) -> Iterator[Problem]:
    parent = known.get(one.parent) if one.parent else None
    if one.parent is None and one.level != "province":
        yield entry.problem(("parent",), f"a {one.level} names what it belongs to")
    if parent is not None and _LEVELS.index(parent.level) >= _LEVELS.index(one.level):
        yield entry.problem(("parent",), f"a {one.level} belongs to no {parent.level}", one.parent)


def _check_cycles(
    facts: Mapping[str, River | Section], entries: Mapping[str, Entry], field: str
) -> Iterator[Problem]:
    is_told: set[str] = set()
    for start in facts:
        way = list(follow(start, facts, field))
        last = getattr(facts[way[-1]], field)
        if last in way and not is_told.intersection(way):
            is_told.update(way)
            circle = " -> ".join([*way[way.index(last) :], last])
            yield entries[way[-1]].problem((field,), f"the water runs in a circle: {circle}")


def _check_section(
    entry: Entry, section: Section, sections: Mapping[str, Section]
) -> Iterator[Problem]:
    following = sections.get(section.downstream) if section.downstream else None
    is_same_river = following is not None and following.river == section.river
    if following is not None and is_same_river:
        here, there = section.km_above_mouth, following.km_above_mouth
        if here is not None and there is not None and there > here:
            reason = f"{there} km is above this section's {here} km: water does not flow there"
            yield entry.problem(("downstream",), reason, section.downstream)
    for field in ("targets", "discharge"):
        for (_, one), (later, other) in combinations(enumerate(getattr(section, field)), 2):
            if _overlap(one, other):
                yield entry.problem((field, later), "holds on the same days as another one")


def _check_field_names(entry: Entry, fact: Any) -> Iterator[Problem]:
    for position, name in enumerate(getattr(fact, "unverified_fields", ())):
        if name not in type(fact).model_fields:
            yield entry.problem(("unverified_fields", position), "no field of this kind", name)


def _overlap(one: Dated, other: Dated) -> bool:
    """True where some day holds both (open ends reach as far as a date can)."""
    start = max(one.valid_from or date.min, other.valid_from or date.min)
    return start < min(one.valid_to or date.max, other.valid_to or date.max)


def _check_site_ids(entries: Entries) -> Iterator[Problem]:
    """Observations name their site by id alone, whatever it is."""
    taken: dict[str, str] = {}
    for name in SITE_KINDS:
        for key, entry in entries[name].items():
            if taken.setdefault(key, name) != name:
                reason = f"also an id of {taken[key]}; observations could not tell them apart"
                yield entry.problem(("id",), reason, key)


def _check_aliases(facts: Facts, entries: Entries) -> Iterator[Problem]:
    seen: dict[tuple[str, str], list[tuple[Dated, str]]] = {}
    for name in SITE_KINDS:
        sites: Iterable[Section | Gauge | Reservoir | AirSite] = facts[name].values()
        for site in sites:
            for position, alias in enumerate(site.aliases):
                where: Where = ("aliases", position, "key")
                entry = entries[name][site.id]
                if alias.feed == NATIONAL_FEED and alias.key != without_brackets(alias.key):
                    reason = "write it as the feed is read: no brackets, no spaces, no full width"
                    yield entry.problem(where, reason, alias.key)
                others = seen.setdefault((alias.feed, alias.key), [])
                for other, owner in others:
                    if _overlap(alias, other):
                        reason = f"{owner} has this name in {alias.feed} on the same days"
                        yield entry.problem(where, reason, alias.key)
                others.append((alias, site.id))


def without_brackets(name: str) -> str:
    """A place's name as the national feed is read: NFKC, without brackets and spaces.

    Half- and full-width brackets and what stands in them change between dates (文成镇,
    清泉乡（文成镇）), so names are compared without.
    """
    kept, depth = "", 0
    for letter in unicodedata.normalize("NFKC", name):
        depth += (letter in "([【") - (letter in ")]】" and depth > 0)
        if depth == 0 and letter not in ")]】" and not letter.isspace():
            kept += letter
    return unicodedata.normalize("NFKC", kept)


def _check_headers(facts: Facts, entries: Entries) -> Iterator[Problem]:
    """A column header must not mean two determinands of one medium."""
    taken: dict[tuple[str, str], str] = {}
    for key, one in facts["determinands"].items():
        for position, header in enumerate(one.aliases):
            owner = taken.setdefault((one.medium, header), key)
            if owner != key or header in one.aliases[:position]:
                reason = f"{owner} has this name already"
                yield entries["determinands"][key].problem(("aliases", position), reason, header)


def _check_labels(polls: Mapping[str, Poll], entries: Mapping[str, Entry]) -> Iterator[Problem]:
    """A time of one feed names one end of its interval, whoever is asked for it."""
    seen: dict[str, Poll] = {}
    for key, poll in polls.items():
        first = seen.setdefault(poll.feed, poll)
        if first.interval_label != poll.interval_label:
            reason = f"{first.id} of the same feed says {first.interval_label}"
            yield entries[key].problem(("interval_label",), reason, poll.interval_label)


def _check_ratings(
    ratings: Mapping[str, RatingCurve], entries: Mapping[str, Entry]
) -> Iterator[Problem]:
    """A stage means one discharge: of the curves of a gauge one is in force at a time."""
    for one, other in combinations(ratings.values(), 2):
        if one.gauge == other.gauge and one.overlaps(other):
            reason = f"in force at the same time as {one.id}, of the same gauge"
            yield entries[other.id].problem(("begins_at",), reason, str(other.begins_at))


def _check_media(facts: Facts, entries: Entries) -> Iterator[Problem]:
    """The tests of all media make one rule set: no determinand has two general entries."""
    for rules in facts["quality"].values():
        for key, medium in facts["quality_media"].items():
            try:
                rules.with_medium(medium)
            except ValueError as wrong:
                reason = str(wrong).partition("Value error, ")[2] or str(wrong)
                yield entries["quality_media"][key].problem(("checks",), reason.split(" [type=")[0])


def _check_instruments(facts: Facts, entries: Mapping[str, Entry]) -> Iterator[Problem]:
    """What a code is sent in must be a unit of its determinand; no MN is another in other letters."""
    taken: dict[str, str] = {}
    for mn, station in facts["instruments"].items():
        owner = taken.setdefault(mn.casefold(), mn)
        if owner != mn:
            yield entries[mn].problem(("mn",), f"differs from {owner} by the case of letters", mn)
        named = {key for one in station.factors for key in (one.determinand, one.total_determinand)}
        if named - {None, *facts["determinands"]}:
            continue  # told already: a factor names no determinand
        try:
            plan_station(station, facts["determinands"])
        except RegistryError as wrong:
            yield entries[mn].problem(("factors",), str(wrong).partition(": ")[2], mn)


def _check_editions(
    standards: Mapping[str, Standard], entries: Mapping[str, Entry]
) -> Iterator[Problem]:
    """On any day at most one edition of a document's table holds for a kind of water."""
    for one, other in combinations(standards.values(), 2):
        documents = {each.code.replace(" ", "").partition("-")[0] for each in (one, other)}
        is_same = len(documents) == 1 and (one.table, one.applies_to) == (
            other.table,
            other.applies_to,
        )
        start = max(one.effective_from, other.effective_from)
        if is_same and start < min(one.effective_to or date.max, other.effective_to or date.max):
            reason = f"in force on the same days as {one.id}"
            yield entries[other.id].problem(("effective_from",), reason, str(other.effective_from))


def _check_factors(entry: Entry, agreement: Agreement, facts: Facts) -> Iterator[Problem]:
    """A load in tonnes needs a mass concentration."""
    for position, factor in enumerate(agreement.factors):
        determinand = facts["determinands"].get(factor.determinand)
        if determinand is not None and determinand.unit != "mg/L":
            reason = f"measured in {determinand.unit}, so it has no load in tonnes"
            where: Where = ("factors", position, "determinand")
            yield entry.problem(where, reason, factor.determinand)
