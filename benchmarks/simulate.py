"""How long the example basin takes: three years of truth, readings and files.

python benchmarks/simulate.py [seed]
"""

from __future__ import annotations

import sys
import time
import tracemalloc

from ecomon.example import (
    DEFAULT_PERIOD,
    air_csv,
    cnemc_archive_csv,
    simulate_basin,
    st_river_r_csv,
)


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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2025)
