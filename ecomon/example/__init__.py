"""The example (示例) and the real readings that travel with the package.

``simulate_basin`` gives a seeded, invented course of the rivers with known truth; ``files`` writes
it as offices would receive it; ``readings`` are measured values. The three kinds of data are never
mixed: a store holds one of them.
"""

from __future__ import annotations

from ecomon.example.basin import DEFAULT_PERIOD, Basin, simulate_basin
from ecomon.example.files import air_csv, cnemc_archive_csv, emergency_csv, st_river_r_csv
from ecomon.example.real_readings import readings
from ecomon.example.truth import true_exceedances, true_monthly_loads

__all__ = [
    "DEFAULT_PERIOD",
    "Basin",
    "air_csv",
    "cnemc_archive_csv",
    "emergency_csv",
    "readings",
    "simulate_basin",
    "st_river_r_csv",
    "true_exceedances",
    "true_monthly_loads",
]
