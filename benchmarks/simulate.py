"""How long the example basin takes: three years of truth, readings and files; then the whole basin.

python benchmarks/simulate.py [seed]
"""

from __future__ import annotations

import resource
import sys
import time
import tracemalloc
from collections import Counter

from ecomon.example import (
    DEFAULT_PERIOD,
    air_csv,
    cnemc_archive_csv,
    simulate_basin,
    st_river_r_csv,
)
from ecomon.example.whole import Plan, arrange_places, simulate_whole
from ecomon.registry import read_registry


def main(seed: int) -> None:
    started = time.process_time()
    basin = simulate_basin(DEFAULT_PERIOD, seed=seed)
    print(f"simulate {DEFAULT_PERIOD}: {time.process_time() - started:.2f} s CPU")
    for name, write in (
        ("CNEMC archive, 10 sections", cnemc_archive_csv),
        ("ST_RIVER_R, 3 gauges", st_river_r_csv),
        ("air, 5 stations", air_csv),
    ):
        started = time.process_time()
        size = sum(len(write(basin, month)) for month in DEFAULT_PERIOD.split("month"))
        print(f"{name}: {size / 1e6:.1f} MB in {time.process_time() - started:.2f} s CPU")
    del basin
    tracemalloc.start()
    simulate_basin(DEFAULT_PERIOD, seed=seed)
    print(f"peak of arrays while simulating: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")
    tracemalloc.stop()
    time_whole(seed)


def time_whole(seed: int) -> None:
    """Three years of every place of the registry, month by month, nothing written to disk."""
    registry = read_registry()
    places = arrange_places(
        rivers=registry.rivers, sections=registry.sections, gauges=registry.gauges,
        reservoirs=registry.reservoirs, air_sites=registry.air_sites,
        reaches=registry.reaches.values(),
    )  # fmt: skip
    plan = Plan(DEFAULT_PERIOD, seed, (*places.points, *places.air_sites), has_file_faults=True)
    size: Counter[str] = Counter()
    n_readings = 0
    started = time.process_time()
    for month in simulate_whole(places, plan):
        n_readings += len(month.readings)
        for one in month.deliveries:
            size[one.feed] += len(one.octets)
        del month
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"whole basin, {len(plan.sites)} places: {seconds:.0f} s CPU, {n_readings} true values,"
        f" peak of the process {peak:.0f} MB"
    )
    for feed, octets in sorted(size.items()):
        print(f"  {feed}: {octets / 1e6:.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2025)
