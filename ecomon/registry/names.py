"""What a person may call a section: for files and commands that people write by hand."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date

from ecomon.model.place import Section
from ecomon.registry.registry import Registry


def sections_named(registry: Registry, name: str, day: date) -> tuple[str, ...]:
    """Ids of all sections and intakes that ``name`` may mean on ``day``; none is guessed.

    Parameters
    ----------
    name : str
        An id, Chinese name, pinyin, national code, or a name in any feed; width, case and outer
        space do not matter, a part of a name does not do. Names repeat across provinces:
        ``四川省/南渡`` (or ``四川/南渡``) means the one of that province.

    Returns
    -------
    tuple of str
        Empty where nothing is called so; several where the name has to be told apart.
    """
    whole = _folded(name)
    province, _, bare = whole.rpartition("/")
    sections = [one for one in registry.sections.values() if one.holds_on(day)]
    if whole in registry.sections and registry.sections[whole].holds_on(day):
        return (whole,)
    found = tuple(one.id for one in sections if whole in set(_names_of(one, day)))
    if found or not province:
        return found
    return tuple(
        one.id
        for one in sections
        if bare in set(_names_of(one, day)) and _lies_in(registry, one, province)
    )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _names_of(section: Section, day: date) -> Iterator[str]:
    for name in (section.id, section.name_zh, section.name_en, section.national_code):
        if name:
            yield _folded(name)
    for alias in section.aliases:
        if alias.holds_on(day):
            yield _folded(alias.key)
            yield _folded(alias.key).rpartition("/")[2]


def _lies_in(registry: Registry, section: Section, province: str) -> bool:
    lineage = registry.lineage(section.located_in)
    return any(one.name_zh.startswith(province) for one in lineage)


def section_choices(registry: Registry, day: date) -> tuple[str, ...]:
    """One text for each section of ``day`` that means it alone: its name, with its province, or its id."""
    chosen: list[str] = []
    for one in registry.sections.values():
        if not one.holds_on(day):
            continue
        lineage = registry.lineage(one.located_in)
        province = f"{lineage[0].name_zh}/{one.name_zh}" if lineage else one.id
        texts = (one.name_zh, province, one.id)
        chosen.append(
            next(text for text in texts if sections_named(registry, text, day) == (one.id,))
        )
    return tuple(chosen)
