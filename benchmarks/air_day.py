"""A national hourly air day (1,700 stations, 24 hours, 15 types) from octets to observations.

python benchmarks/air_day.py [runs]

Beside our decoder stands ``pandas.read_csv`` and ``melt`` of the same file in the same run: text to
long rows, with no types picked, no ozone settled, no missing cell told from an absent station, no row
accounted for. Medians; the goal is printed and not enforced.
"""

from __future__ import annotations

import io
import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from ecomon.decode import air_wide
from ecomon.model.observation import Batch
from ecomon.registry import read_registry

STATIONS, HOURS = 1700, 24
GOAL_S = 0.5
MISSING_SHARE = 0.03
POLLUTANTS = ("PM2.5", "PM10", "SO2", "NO2", "O3", "CO")
CHUNK_BYTES = 1 << 20


def national_day(seed: int) -> bytes:
    """One day of the wide layout; the maxima of ozone are never below its hours."""
    dice = np.random.default_rng(seed)
    names = ",".join(f"{1001 + number}A" for number in range(STATIONS))
    lines = [f"date,hour,type,{names}"]
    for hour in range(HOURS):
        ozone = dice.integers(2, 120, STATIONS)
        lines.append(_line(dice, hour, "AQI", dice.integers(20, 200, STATIONS)))
        for name in POLLUTANTS:
            values = ozone if name == "O3" else dice.integers(1, 180, STATIONS)
            values = values / 100 if name == "CO" else values
            lines.append(_line(dice, hour, name, values))
            beside = ozone + dice.integers(0, 60, STATIONS) if name == "O3" else values
            lines.append(_line(dice, hour, f"{name}_24h", beside))
        lines += [_line(dice, hour, name, ozone) for name in ("O3_8h", "O3_8h_24h")]
    return ("\ufeff" + "\n".join(lines) + "\n").encode()


def _line(dice: np.random.Generator, hour: int, name: str, values: np.ndarray) -> str:
    is_missing = dice.random(STATIONS) < MISSING_SHARE
    cells = ["" if gone else f"{value}" for value, gone in zip(values, is_missing, strict=True)]
    return f"20260105,{hour},{name}," + ",".join(cells)


def decode(octets: bytes) -> int:
    chunks = (octets[at : at + CHUNK_BYTES] for at in range(0, len(octets), CHUNK_BYTES))
    items = air_wide.decode(chunks, DETERMINANDS)
    return sum(len(item) for item in items if isinstance(item, Batch))


def melt(octets: bytes) -> int:
    table = pd.read_csv(io.BytesIO(octets))
    return len(table.melt(id_vars=["date", "hour", "type"], var_name="site"))


def timed(act: Callable[[bytes], int], octets: bytes) -> tuple[float, float, int]:
    """Seconds by the wall and of this process's processor, and how many rows came."""
    started, worked = time.perf_counter(), time.process_time()
    n = act(octets)
    return time.perf_counter() - started, time.process_time() - worked, n


def main(runs: int) -> None:
    octets = national_day(seed=2026)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ours, plain = [], []
    for _ in range(runs):
        ours.append(timed(decode, octets))
        plain.append(timed(melt, octets))
    own_s, plain_s = median_of(ours, 0), median_of(plain, 0)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(octets) / 1e6:.1f} MB, {STATIONS * HOURS * 15} cells")
    print(
        f"our decoder: {own_s:.3f} s (processor {median_of(ours, 1):.3f} s)"
        f" for {ours[0][2]} observations (goal {GOAL_S} s)"
    )
    print(
        f"pandas read_csv and melt: {plain_s:.3f} s (processor {median_of(plain, 1):.3f} s)"
        f" for {plain[0][2]} rows"
    )
    print(
        f"ratio {own_s / plain_s:.2f}; peak of the process {peak_mb:.0f} MB, before {before_mb:.0f}"
    )


def median_of(runs: list[tuple[float, float, int]], column: int) -> float:
    return statistics.median(run[column] for run in runs)


DETERMINANDS = read_registry().determinands

if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
