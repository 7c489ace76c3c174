"""WRTDS, WRTDS-K and the block bootstrap on EGRET's own records, beside the package ``wrtds``.

ECOMON_SHARED=<folder with data/> python benchmarks/wrtds.py [runs] [--peer PYTHON]

Medians of ``runs`` (5). The peer, ``wrtds`` 0.1.0 of PyPI, fits Choptank once in this run (half a
minute or more), in this interpreter or in the one ``--peer`` names. Goals are printed and not
enforced; peak memory is that of this process.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ecomon.load.wrtds import (
    WrtdsModel,
    WrtdsSettings,
    bootstrap_loads,
    fit_record,
    kalman,
    read_record,
)
from ecomon.load.wrtds.crossval import cross_validate
from ecomon.load.wrtds.lookup import read_daily
from ecomon.load.wrtds.normalise import normalise_flow
from ecomon.load.wrtds.predictors import Predictors
from ecomon.load.wrtds.record import WrtdsRecord
from ecomon.load.wrtds.surfaces import fit_surfaces
from ecomon.model.period import Period

GOALS_S = {"choptank": 0.5, "conowingo_po4": 1.5}
GOAL_KALMAN_S, GOAL_BOOTSTRAP_S, GOAL_RATIO = 0.020, 60.0, 100
# Quoted, not measured here: EGRET 3.0.12 modelEstimation on a comparable machine (loads.md 3).
EGRET_QUOTED_S = 41.9
N_REPLICATES = 100
# Run where the peer lives: it reads the same two tables and says how long its fit took.
PEER = """
import sys, time, warnings
import pandas as pd
warnings.simplefilter("ignore")
from wrtds import WRTDS
daily = pd.read_csv(sys.argv[1], usecols=["Date", "Q"])
sample = pd.read_csv(sys.argv[2], usecols=["Date", "ConcLow", "ConcHigh"])
def clocks(): return time.perf_counter(), time.process_time()
start = clocks()
model = WRTDS(daily, sample).fit()
fitted = clocks()
model.kalman(seed=1)
done = clocks()
print(*(b - a for a, b in zip(start, fitted)), *(b - a for a, b in zip(fitted, done)))
"""


def read_inputs(shared: Path, site: str) -> tuple[Path, Path]:
    folder = shared / "data" / "loads" / "egret" / site
    return folder / "input_daily.csv.gz", folder / "input_sample.csv"


@dataclass(frozen=True)
class Laps:
    """Medians of wall and processor time, s: on a busy machine the second is the fair figure."""

    wall_s: float
    cpu_s: float

    def line(self, what: str, goal_s: float) -> str:
        met = "met" if self.wall_s <= goal_s else "MISSED"
        return f"{what:34s} {self.wall_s:8.3f} s wall {self.cpu_s:8.3f} s CPU   goal {goal_s:g} s: {met}"


def time_runs(act: Callable[[], object], runs: int) -> Laps:
    wall: list[float] = []
    cpu: list[float] = []
    for _ in range(runs):
        start, start_cpu = time.perf_counter(), time.process_time()
        act()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    return Laps(statistics.median(wall), statistics.median(cpu))


def estimate(record: WrtdsRecord) -> None:
    """What EGRET's modelEstimation does: surfaces, leave-one-out, daily, flow-normalised."""
    settings = WrtdsSettings()
    predictors = Predictors.of(record)
    surfaces = fit_surfaces(record, settings, predictors=predictors)
    cross_validate(record, settings, predictors=predictors)
    read_daily(record, surfaces)
    normalise_flow(record, surfaces)


def bootstrap(model: WrtdsModel) -> None:
    periods = [Period.year(year) for year in range(1980, 2011)]
    bootstrap_loads(model, periods, seed=1, n_replicates=N_REPLICATES)


def time_peer(python: str, daily: Path, sample: Path) -> tuple[Laps, Laps] | None:
    """Times of the peer's fit and of its WRTDS-K (200 draws), or None where it is not installed."""
    asked = subprocess.run(
        [python, "-c", PEER, str(daily), str(sample)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    if asked.returncode:
        print(f"  {asked.stderr.strip().splitlines()[-1]}")
        return None
    wall, cpu, bridge_wall, bridge_cpu = map(float, asked.stdout.split())
    return Laps(wall, cpu), Laps(bridge_wall, bridge_cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=int, nargs="?", default=5)
    parser.add_argument("--peer", default=sys.executable, help="interpreter that has wrtds 0.1.0")
    arguments = parser.parse_args()
    if not (shared := os.environ.get("ECOMON_SHARED")):
        parser.error("set ECOMON_SHARED to the folder that holds data/loads")
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pandas"))
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} processors, one used")
    models: dict[str, WrtdsModel] = {}
    fits: dict[str, Laps] = {}
    bridges: dict[str, Laps] = {}
    for site, goal_s in GOALS_S.items():
        daily, sample = read_inputs(Path(shared), site)
        record = read_record(pd.read_csv(daily), pd.read_csv(sample))
        models[site] = model = fit_record(record, WrtdsSettings())
        fits[site] = time_runs(partial(estimate, record), arguments.runs)
        print(fits[site].line(f"{site}: full WRTDS", goal_s))
        act = partial(kalman, record, model.estimates, model.validation)
        bridges[site] = time_runs(act, arguments.runs)
        print(bridges[site].line(f"{site}: WRTDS-K, exact", GOAL_KALMAN_S))
    laps = time_runs(partial(bootstrap, models["choptank"]), 1)
    print(laps.line(f"choptank: {N_REPLICATES} replicates, once", GOAL_BOOTSTRAP_S))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print(
        f"EGRET 3.0.12 (quoted, comparable machine) {EGRET_QUOTED_S} s: {EGRET_QUOTED_S / fits['choptank'].wall_s:.0f} x"
    )
    peer = time_peer(arguments.peer, *read_inputs(Path(shared), "choptank"))
    if peer is None:
        print("the peer is not here: pip install wrtds==0.1.0, here or where --peer points")
        return
    fit, bridge = peer
    ratio = fit.cpu_s / fits["choptank"].cpu_s
    met = "met" if ratio >= GOAL_RATIO else "MISSED"
    print(
        f"wrtds 0.1.0, choptank: fit {fit.wall_s:.1f} s wall {fit.cpu_s:.1f} s CPU, {ratio:.0f} x "
        f"our CPU, goal {GOAL_RATIO} x: {met}"
    )
    ratio = bridge.cpu_s / bridges["choptank"].cpu_s
    print(f"wrtds 0.1.0, choptank: kalman {bridge.cpu_s:.1f} s CPU, {ratio:.0f} x our CPU")


if __name__ == "__main__":
    main()
