"""One place, standard, determinand or agreement, with its sources, as a person asks for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.place import GRADE_ZH, TARGET_UNKNOWN_EN, TARGET_UNKNOWN_ZH, Section
from ecomon.registry.gaps import FIELDS_ZH, UNVERIFIED_ZH
from ecomon.registry.registry import Registry
from ecomon.registry.snapshot import KEPT_OUT, plain

_KINDS = {
    "section": "sections", "gauge": "gauges", "reservoir": "reservoirs", "air site": "air_sites",
    "water plant": "water_plants", "river": "rivers", "node": "nodes", "reach": "reaches",
    "course": "courses", "event": "events",
    "jurisdiction": "jurisdictions", "office": "offices", "poll": "polls",
    "feed": "feeds", "calendar": "calendars", "instrument": "instruments",
    "determinand": "determinands", "standard": "standards", "agreement": "agreements",
}  # fmt: skip
_JURISDICTION_FIELDS = (
    "located_in", "assessed_for", "upstream_jurisdiction", "downstream_jurisdiction",
    "jurisdiction", "jurisdictions", "parent",
)  # fmt: skip
_LINKS = {
    "river": "rivers", "flows_into": "rivers", "downstream": "sections", "section": "sections",
    "from_section": "sections", "to_section": "sections", "gauge": "gauges", "joins": "rivers",
    "from_node": "nodes", "to_node": "nodes", "reservoir": "reservoirs",
    "reservoirs": "reservoirs", "intakes": "sections", "office": "offices",
    "site": "sites", "from_site": "sites", "to_site": "sites",
}  # fmt: skip


def describe(registry: Registry, name: str) -> list[dict[str, Any]]:
    """All entries that ``name`` may mean, each as fields in reading order.

    Parameters
    ----------
    name : str
        An id, Chinese name, pinyin, national code, key of a determinand or name in a feed. Names
        repeat across provinces: ``四川省/南渡`` (or ``四川/南渡``) means the one of that province.
        What nothing is called exactly is looked for as a part of names.

    Returns
    -------
    list of dict
        JSON-ready. ``entry`` (section, gauge ...) first, ``source`` and ``confidence`` last; a
        section without target says 目标未配置, what is unverified says 待核实. Empty where nothing
        fits.
    """
    whole = _folded(name)
    province, _, bare = whole.rpartition("/")
    found = list(_matches(registry, bare, province, is_part=False))
    if province and not found:
        found = list(_matches(registry, whole, "", is_part=False))
    if not found:
        found = list(_matches(registry, bare, province, is_part=True))
    unique = dict.fromkeys(found)
    return [_told(registry, kind, key) for kind, key in unique]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _matches(
    registry: Registry, name: str, province: str, *, is_part: bool
) -> Iterator[tuple[str, str]]:
    for kind, group in _KINDS.items():
        for key, fact in getattr(registry, group).items():
            names = {_folded(one) for one in _names_of(key, fact)}
            is_meant = any(name in one for one in names) if is_part else name in names
            if name and is_meant and _lies_in(registry, fact, province):
                yield kind, key


def _names_of(key: str, fact: Any) -> Iterator[str]:
    yield key
    for field in (
        "name_zh",
        "name_en",
        "national_code",
        "code",
        "title_zh",
        "symbol",
        "title",
        "listed_as",
    ):
        if value := getattr(fact, field, None):
            yield value
            yield value.replace(" ", "")
    for alias in getattr(fact, "aliases", ()):
        yield alias if isinstance(alias, str) else alias.key
        if not isinstance(alias, str):
            yield alias.key.rpartition("/")[2]


def _lies_in(registry: Registry, fact: Any, province: str) -> bool:
    if not province:
        return True
    adcode = getattr(fact, "located_in", None) or getattr(fact, "jurisdiction", None)
    lineage = registry.lineage(adcode) if adcode else ()
    return any(one.name_zh.startswith(province) for one in lineage)


def _told(registry: Registry, kind: str, key: str) -> dict[str, Any]:
    fact = getattr(registry, _KINDS[kind])[key]
    kept_out = KEPT_OUT.get(_KINDS[kind], frozenset())
    shown = {name: value for name, value in plain(fact).items() if name not in kept_out}
    told: dict[str, Any] = {"entry": kind, **_spelt_out(registry, shown)}
    if isinstance(fact, Section):
        told["targets"] = told.get("targets", f"{TARGET_UNKNOWN_ZH} {TARGET_UNKNOWN_EN}")
        told["offices_to_tell"] = [office.name_zh for office in registry.offices_to_tell(key)]
    if standing := [mn for mn, one in registry.instruments.items() if one.site == key]:
        told["instruments"] = sorted(standing)
    if listed := told.pop("unverified_fields", None):
        told["unverified"] = [
            f"{FIELDS_ZH.get(field, field)} {field} {UNVERIFIED_ZH}" for field in listed
        ]
    told["is_local"] = key in registry.local
    ending = {name: told.pop(name) for name in ("source", "confidence")}
    return told | ending


def _spelt_out(registry: Registry, fields: dict[str, Any]) -> dict[str, Any]:
    """Ids and codes with the names they stand for, grades in words; nothing that is empty."""
    return {
        name: _in_words(registry, name, value)
        for name, value in fields.items()
        if value is not None and value != []
    }


def _in_words(registry: Registry, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _spelt_out(registry, value)
    if isinstance(value, list):
        return [_in_words(registry, name, one) for one in value]
    if name == "line":
        return f"{value.count(',') + 1} points"
    if name in _JURISDICTION_FIELDS:
        return f"{value} {''.join(one.name_zh for one in registry.lineage(value))}"
    if name in _LINKS and value in getattr(registry, _LINKS[name]):
        return f"{value} {getattr(registry, _LINKS[name])[value].name_zh}"
    if name == "confidence":
        return f"{value} {CONFIDENCE_ZH[value]}"
    if name == "grade":
        return GRADE_ZH[value]
    return value
