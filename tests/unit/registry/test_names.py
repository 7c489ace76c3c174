"""What a person may call a section."""

from __future__ import annotations

from datetime import date

import pytest

from ecomon.registry import Registry, read_registry
from ecomon.registry.names import section_choices, sections_named

DAY = date(2026, 1, 21)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.mark.parametrize(
    "name", ["xiwan-intake", "西湾水厂取水口", "西湾水厂", "四川省/西湾水厂", "四川/西湾水厂取水口", " XIWAN-intake"]
)  # fmt: skip
def test_an_intake_by_all_its_names(name: str, registry: Registry) -> None:
    assert sections_named(registry, name, DAY) == ("xiwan-intake",)


@pytest.mark.parametrize("name", ["", "西湾", "水厂", "甘肃省/西湾水厂取水口", "2523A", "黑石坡"])
def test_what_is_no_name_of_a_section_means_none(name: str, registry: Registry) -> None:
    assert sections_named(registry, name, DAY) == ()


def test_a_name_that_repeats_is_told_apart(registry: Registry) -> None:
    names = [one.name_zh for one in registry.sections.values() if one.holds_on(DAY)]
    for name in names:
        found = sections_named(registry, name, DAY)
        assert found
        assert len(found) >= names.count(name)


def test_each_choice_means_one_section(registry: Registry) -> None:
    choices = section_choices(registry, DAY)
    meant = [sections_named(registry, choice, DAY) for choice in choices]
    assert sorted(one for (one,) in meant) == sorted(
        one.id for one in registry.sections.values() if one.holds_on(DAY)
    )
