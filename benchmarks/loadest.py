"""LOADEST model 9 on 32 years of days: fit, days, total and standard error; and all pairs of days.

python benchmarks/loadest.py [runs]

The Choptank record (11 688 days, 606 samples) from the reference folder when ECOMON_SHARED is
set, else a seeded one of the same size. ``whole``: calibration by AMLE, every day's load, the
total with its delta-method standard error and AR(1) standard error of prediction, the goal of
issue 5 (0.1 s). ``pairs``: the exact double sum over all pairs of days for the same total, which
``rloadest`` 0.4.5 takes 118 s for on a comparable machine (quoted). Medians; goals are printed and
not enforced.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from ecomon.load.regression import (
    DischargeSteps,
    LoadSamples,
    PeriodRules,
    fit_regression,
    period_load,
    predict_loads,
    samples_of_frames,
    steps_of_frame,
    total_of,
)

GOAL_S = 0.1
QUOTED_PAIRS_S = 118.0


def read_record() -> tuple[str, LoadSamples, DischargeSteps]:
    """The Choptank where it is at hand, else a made record of its size."""
    folder = Path(os.environ.get("ECOMON_SHARED", "")) / "data/loads/egret/choptank"
    if (folder / "input_sample.csv").exists():
        daily = pd.read_csv(folder / "input_daily.csv.gz", parse_dates=["Date"])
        sample = pd.read_csv(folder / "input_sample.csv", parse_dates=["Date"])
        return "choptank", samples_of_frames(sample, daily), steps_of_frame(daily)
    generator = np.random.default_rng(1)
    days = np.arange("1979-10-01", "2011-10-01", dtype="datetime64[D]").astype("datetime64[us]")
    discharge = np.exp(1 + generator.standard_normal(len(days)))
    at = np.sort(generator.choice(len(days), 606, replace=False))
    concentration = np.exp(0.3 * generator.standard_normal(606))
    made = LoadSamples.of_values(days[at], discharge[at], concentration, concentration < 0.5)
    return "made (seed 1)", made, DischargeSteps(days, discharge)


def median_s(job: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median seconds on the wall and of the processor."""
    job()
    seconds = []
    for _ in range(runs):
        start, busy = time.perf_counter(), time.process_time()
        job()
        seconds.append((time.perf_counter() - start, time.process_time() - busy))
    wall, processor = zip(*seconds, strict=True)
    return statistics.median(wall), statistics.median(processor)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    name, samples, steps = read_record()
    fit = fit_regression(samples, 9)
    loads = predict_loads(fit, steps)
    total = total_of(steps)
    exact = PeriodRules(sum_error="exact")

    def whole() -> object:
        return period_load(fit_regression(samples, 9), steps, total)

    jobs: dict[str, Callable[[], object]] = {
        "fit": lambda: fit_regression(samples, 9),
        "days": lambda: predict_loads(fit, steps),
        "total, delta": lambda: period_load(fit, loads, total),
        "whole": whole,
    }
    print(f"{name}: {fit.n_samples} samples, {len(steps.time)} days, {runs} runs, medians")
    found = {job: median_s(work, runs) for job, work in jobs.items()}
    found["pairs"] = median_s(lambda: period_load(fit, loads, total, rules=exact), min(runs, 3))
    for job, (wall, processor) in found.items():
        print(f"  {job:14s} {wall:9.4f} s wall {processor:9.4f} s processor")
    whole_s, pairs_s, delta_s = (found[job][0] for job in ("whole", "pairs", "total, delta"))
    errors = [
        period_load(fit, loads, total, rules=rules)["standard_error_t"][0]
        for rules in (PeriodRules(), exact)
    ]
    print(f"  goal {GOAL_S} s for whole: {'met' if whole_s <= GOAL_S else 'MISSED'}")
    print(f"  pairs / delta {pairs_s / delta_s:.0f} x; quoted rloadest")
    print(f"  {QUOTED_PAIRS_S:.0f} s for pairs: {QUOTED_PAIRS_S / pairs_s:.0f} x ours")
    print(f"  standard error delta / exact {errors[0] / errors[1]:.5f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    packages = ", ".join(f"{one} {version(one)}" for one in ("numpy", "scipy", "pandas"))
    print(f"  peak memory {peak:.0f} MiB; Python {platform.python_version()}, {packages}")


if __name__ == "__main__":
    main()
