"""One year of 90 sections x 9 determinands, four-hourly C and hourly Q, by the default method.

    python benchmarks/loads.py [--sections 90] [--determinands 9] [--repeats 5]

Every section is simulated with gaps (of a reading; of one station in three for ten days and
for forty), values below detection and a gauge of its own, estimated with
uncertainty, cross-checks, the agreed method and the spread of A to E, and let go. Prints the median
time of the estimates, the peak of memory of the whole process, and versions.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from importlib.metadata import version

import numpy as np
import pandas as pd

from ecomon.journey.estimate_loads import estimate_loads
from ecomon.load.flux_series import DischargeSeries
from ecomon.model.period import Period
from ecomon.registry import read_registry

YEAR = Period.year(2024)
START, HOUR = np.datetime64("2024-01-01", "us"), np.timedelta64(3_600_000_000, "us")
HOURS = 366 * 24


def simulate_section(number: int, determinands: int) -> tuple[pd.DataFrame, DischargeSeries]:
    """Four-hourly samples (plain table) and hourly discharge of one invented section."""
    generator = np.random.default_rng([2024, number])
    noise = np.cumsum(generator.normal(0, 0.05, HOURS))
    season = -0.6 * np.cos(2 * np.pi * np.arange(HOURS) / HOURS)
    discharge = np.exp(5 + season + noise - np.linspace(0, noise[-1], HOURS))
    time_h = START + np.arange(HOURS) * HOUR
    taken = np.arange(0, HOURS, 4)
    parts: list[pd.DataFrame] = []
    for one in range(determinands):
        level = np.exp(0.3 * np.log(discharge[taken] / 150) + generator.normal(0, 0.2, len(taken)))
        limit = float(np.quantile(level, 0.05))
        kept = generator.random(len(taken)) > 0.04
        outages = ((3000, 10), (6500, 40)) if number % 3 == 0 else ()
        for begins, days in outages:
            kept &= ~((taken >= begins) & (taken < begins + 24 * days))
        parts.append(
            pd.DataFrame(
                {
                    "section": f"section-{number}",
                    "determinand": f"D{one}",
                    "time": time_h[taken][kept],
                    "concentration_mg_l": np.maximum(level, limit)[kept],
                    "is_censored": (level < limit)[kept],
                }
            )
        )
    record = np.where(generator.random(HOURS) > 0.01, discharge, np.nan)
    return pd.concat(parts, ignore_index=True), DischargeSeries.of(time_h, record, step_s=3600.0)


def run_once(sections: int, determinands: int) -> tuple[float, float, int]:
    """Seconds and processor seconds of the estimates alone, and how many loads came out with an interval."""
    rules = read_registry().estimation
    elapsed, used, n_loads = 0.0, 0.0, 0
    for number in range(sections):
        samples, discharge = simulate_section(number, determinands)
        begun, cpu = time.perf_counter(), time.process_time()
        found = estimate_loads(samples, {f"section-{number}": discharge}, YEAR, rules=rules)
        elapsed += time.perf_counter() - begun
        used += time.process_time() - cpu
        best = found.table[found.table["role"] == "best"]
        n_loads += int(best["upper"].notna().sum())
    return elapsed, used, n_loads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", type=int, default=90)
    parser.add_argument("--determinands", type=int, default=9)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    runs = [run_once(asked.sections, asked.determinands) for _ in range(asked.repeats)]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times, used = [one for one, _, _ in runs], [one for _, one, _ in runs]
    print(f"{asked.sections} sections x {asked.determinands} determinands, one year, 4-hourly")
    print(f"loads with an interval: {runs[0][2]}")
    print(
        f"median {statistics.median(times):.2f} s of {asked.repeats} (bar 20 s); {min(times):.2f} .. {max(times):.2f}"
    )
    print(f"median of processor seconds {statistics.median(used):.2f}")
    print(f"peak {peak_mb:.0f} MB (bar 1000 MB)")
    names = ("numpy", "scipy", "pandas", "xarray")
    print(f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in names))


if __name__ == "__main__":
    main()
