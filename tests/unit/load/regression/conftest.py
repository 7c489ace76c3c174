"""A river with a known relation of load to discharge, sampled now and then."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ecomon.load.regression import DischargeSteps, LoadSamples

River = Callable[..., tuple[LoadSamples, DischargeSteps]]


@pytest.fixture(scope="session")
def river() -> River:
    """``river(n, limit=...)``: n samples of three years of daily discharge, seeded."""

    def build(
        n: int = 40, *, limit: float = 0.0, seed: int = 5, scatter: float = 0.4
    ) -> tuple[LoadSamples, DischargeSteps]:
        generator = np.random.default_rng(seed)
        days = np.arange("2019-01-01", "2022-01-01", dtype="datetime64[D]").astype("datetime64[us]")
        season = np.sin(2 * np.pi * np.arange(len(days)) / 365.25)
        discharge = np.exp(4 + 0.8 * season + 0.5 * generator.standard_normal(len(days)))
        at = np.sort(generator.choice(len(days), n, replace=False))
        noise = scatter * generator.standard_normal(n)
        concentration = np.exp(-2 + 0.3 * (np.log(discharge[at]) - 4) + 0.2 * season[at] + noise)
        samples = LoadSamples.of_values(
            days[at], discharge[at], np.maximum(concentration, limit), concentration < limit
        )
        return samples, DischargeSteps(days, discharge)

    return build
