from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecomon.example import Basin, simulate_basin
from ecomon.example.whole import Places, Plan, Simulated, arrange_places, read_spill, simulate_whole
from ecomon.model.period import Period
from ecomon.registry import Registry, read_registry

FEW_SITES = (
    "bamiaogou", "qingfengxia", "yaodu", "huangniupu", "yangquanba", "xindianzi", "bikou",
    "baozhusi-shuiku", "shangshipan-shuiku", "laocheng", "heishipo",
)  # fmt: skip


@pytest.fixture(scope="session")
def basin() -> Basin:
    """Three years of the example, one seed for all tests of this folder."""
    return simulate_basin(seed=2025)


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The shipped facts."""
    return read_registry()


@pytest.fixture(scope="session")
def places(registry: Registry) -> Places:
    """Every place of the registry, along the water."""
    return arrange_places(
        rivers=registry.rivers, sections=registry.sections, gauges=registry.gauges,
        reservoirs=registry.reservoirs, air_sites=registry.air_sites,
        reaches=registry.reaches.values(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def simulate(places: Places) -> Callable[..., list[Simulated]]:
    """Simulates a few places, seed 7, with faults of instruments and late rows unless told otherwise."""

    def run(period: str, **changes: Any) -> list[Simulated]:
        options: dict[str, Any] = {"seed": 7, "sites": FEW_SITES, **changes}
        return list(simulate_whole(places, Plan(Period.parse(period), **options)))

    return run


@pytest.fixture(scope="session")
def june(simulate: Callable[..., list[Simulated]]) -> Simulated:
    """June 2024 of a few places with everything in it, a spill too."""
    (month,) = simulate("2024-06", spills=(read_spill("bamiaogou@2024-06-03T08:00:TL:40"),))
    return month
