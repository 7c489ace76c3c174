"""How fast the quality tests are and how well they find faults that were put in and labelled.

python benchmarks/quality.py [runs]

Prints median seconds (wall and processor), the peak memory of the process, recall by kind of fault and precision;
and the same of ioos_qc 3 in the same run where it can be imported (it is no dependency). A table
is made once; decoding and storing are not part of the time. Faults: seasonal and daily sine, AR(1)
noise, 1 % NaN; spikes of 3 to 5 units and values out of range (one in 2,000 each, at least three a
series), flat stretches of 18 to 39 readings. A reading is found when any test marks it.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from ecomon.model.tables import STORED
from ecomon.quality import QualityRules, evaluate
from ecomon.quality.rules import (
    Checks,
    FlatLineTest,
    FlatRun,
    RangeTest,
    RateTest,
    SpikeStep,
    SpikeTest,
)

try:
    from ioos_qc import qartod
except ImportError:
    qartod = None

SPARE = 20
Faults = dict[str, np.ndarray]


def spoilt_series(n: int, step_h: float, seed: int) -> tuple[np.ndarray, Faults]:
    """Values of one series and the places of its faults, labelled where a value is left."""
    rng = np.random.default_rng(seed)
    hours = np.arange(n) * step_h
    value = 8 + 2 * np.sin(2 * np.pi * hours / 8766) + 0.8 * np.sin(2 * np.pi * hours / 24)
    value += lfilter([1.0], [1.0, -0.9], rng.normal(0, 0.05, n))
    count = max(3, n // 2000)
    places = rng.choice(np.arange(SPARE, n - SPARE), size=2 * count, replace=False)
    spikes, outside = places[:count], places[count:]
    value[spikes] += rng.choice([-1, 1], count) * rng.uniform(3, 5, count)
    value[outside] = rng.choice([-5.0, 40.0], count)
    is_flat = np.zeros(n, dtype=bool)
    for start in rng.choice(np.arange(SPARE, n - 60), size=max(2, n // 10_000), replace=False):
        length = int(rng.integers(18, 40))
        value[start : start + length] = value[start]
        is_flat[start : start + length] = True
    is_missing = rng.random(n) < 0.01
    value[is_missing] = np.nan
    masks = {"spike": spikes, "out of range": outside}
    faults = {
        name: (np.bincount(where, minlength=n) > 0) & ~is_missing & ~is_flat
        for name, where in masks.items()
    }
    return value, {**faults, "flat line": is_flat & ~is_missing}


def rules_for(determinands: list[str], step_h: float) -> QualityRules:
    """Range 0 to 20, spike 1.5 and 2.0, flat 6 and 12 readings, rate 2.5 a step."""
    checks = Checks(
        determinands=tuple(determinands),
        unit="mg/L",
        source="benchmark",
        confidence="unverified",
        range=RangeTest(fail_low=0, fail_high=20),
        spike=SpikeTest(
            suspect=SpikeStep(absolute=1.5),
            fail=SpikeStep(absolute=2.0),
            window_h=24,
            calm_share=0.75,
        ),
        flat_line=FlatLineTest(
            tolerance=0.001,
            suspect=FlatRun(span_h=5 * step_h, n_readings=6),
            fail=FlatRun(span_h=11 * step_h, n_readings=12),
        ),
        rate=RateTest(suspect_rise_per_h=2.5 / step_h, suspect_fall_per_h=2.5 / step_h),
        gap_h=6.5 * step_h,
        cycle_h=step_h,
    )
    return QualityRules(
        id="benchmark", version="1", effective_from=date(2020, 1, 1), source="benchmark",
        confidence="unverified", source_flags={"正常": 1}, unknown_source_flag=3,
        gap_h=6.5 * step_h, cycle_h=step_h, checks={"all": checks},
    )  # fmt: skip


def stored(values: np.ndarray, sites: int, determinands: list[str], step_h: float) -> pd.DataFrame:
    """A STORED table of series after series, text columns as plain str."""
    n = values.shape[1]
    total = values.size
    none = np.zeros(total, dtype=np.int64)

    def texts(names: list[str], codes: np.ndarray) -> object:
        return pd.array(np.array(names, dtype=object)[codes], dtype="str")

    times = np.datetime64("2024-01-01", "us") + (np.arange(n) * step_h * 3600).astype(
        "timedelta64[s]"
    )
    count = len(determinands)
    return STORED.frame(
        {
            "site": texts([f"site-{one}" for one in range(sites)], np.repeat(np.arange(sites), n * count)),
            "determinand": texts(determinands, np.tile(np.repeat(np.arange(count), n), sites)),
            "statistic": texts(["value"], none),
            "start": np.tile(times, sites * count),
            "duration_s": none,
            "programme": texts(["automatic"], none),
            "source": texts(["cnemc-water"], none),
            "replicate": none,
            "value": values.ravel(),
            "unit": texts(["mg/L"], none),
            "censor": texts(["none"], none),
            "source_flag": texts(["正常"], none),
            "row": none,
            "revision": np.arange(total) + 1,
        }
    )  # fmt: skip


def timed(act: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median wall and processor seconds after one warm-up."""
    act()
    wall_s: list[float] = []
    cpu_s: list[float] = []
    for _ in range(runs):
        started, cpu_started = time.perf_counter(), time.process_time()
        act()
        cpu_s.append(time.process_time() - cpu_started)
        wall_s.append(time.perf_counter() - started)
    return statistics.median(wall_s), statistics.median(cpu_s)


def run_ioos(values: np.ndarray, step_h: float) -> np.ndarray:
    """The worst flag of the four ioos_qc tests, series by series."""
    assert qartod is not None
    step_s = step_h * 3600
    times = np.datetime64("2024-01-01", "s") + (np.arange(values.shape[1]) * step_s).astype(
        "timedelta64[s]"
    )
    worst = np.empty(values.shape, dtype=np.int8)
    for row, value in enumerate(values):
        flags = [
            qartod.gross_range_test(value, fail_span=(0, 20), suspect_span=(2, 16)),
            qartod.spike_test(value, suspect_threshold=1.5, fail_threshold=2.0),
            qartod.flat_line_test(
                value, times, suspect_threshold=int(6 * step_s),
                fail_threshold=int(12 * step_s), tolerance=1e-3,
            ),
            qartod.rate_of_change_test(value, times, threshold=2.5 / step_s),
        ]  # fmt: skip
        levels = [np.where(np.isin(flag, (3, 4)), np.asarray(flag), 0) for flag in flags]
        worst[row] = np.max(levels, axis=0)
    return worst


def report(name: str, found: np.ndarray, faults: Faults) -> None:
    is_fault = np.logical_or.reduce(list(faults.values()))
    recall = ", ".join(f"{kind} {found[is_it].mean():.4f}" for kind, is_it in faults.items())
    precision = (found & is_fault).sum() / max(found.sum(), 1)
    print(f"  {name}: recall {recall}; precision {precision:.4f}")


def bench(title: str, shape: tuple[int, int, int], step_h: float, runs: int) -> None:
    sites, count, n = shape
    determinands = [f"D{one}" for one in range(count)]
    series = [
        spoilt_series(n, step_h, 10 * site + one) for site in range(sites) for one in range(count)
    ]
    values = np.stack([value for value, _ in series])
    faults = {
        kind: np.stack([labels[kind] for _, labels in series]).ravel() for kind in series[0][1]
    }
    table, rules = stored(values, sites, determinands, step_h), rules_for(determinands, step_h)
    print(title)
    own_s, cpu_s = timed(lambda: evaluate(table, rules), runs)
    print(f"  ecomon: {own_s:.3f} s (CPU {cpu_s:.3f}), peak of the process {_peak_mb():.0f} MB")
    flag = evaluate(table, rules)["flag"].to_numpy()
    report("ecomon", (flag == 3) | (flag == 4), faults)
    if qartod is None:
        print("  ioos_qc: not installed")
        return
    other_s, cpu_s = timed(lambda: run_ioos(values, step_h), max(1, runs // 2))
    print(f"  ioos_qc: {other_s:.3f} s (CPU {cpu_s:.3f}), {other_s / own_s:.1f} times as long")
    report("ioos_qc", run_ioos(values, step_h).ravel() >= 3, faults)


def bench_tick(runs: int) -> None:
    """The last week of 300 series, as a schedule evaluates it."""
    determinands = [f"D{one}" for one in range(10)]
    values = np.stack([spoilt_series(2_190, 4.0, seed)[0][-42:] for seed in range(300)])
    table, rules = stored(values, 30, determinands, 4.0), rules_for(determinands, 4.0)
    print("300 series x the last 42 readings")
    print(f"  ecomon: {timed(lambda: evaluate(table, rules), runs)[0]:.4f} s")
    if qartod is not None:
        print(f"  ioos_qc: {timed(lambda: run_ioos(values, 4.0), 1)[0]:.4f} s")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(runs: int) -> None:
    bench("1 series x 1,000,000 readings, every minute", (1, 1, 1_000_000), 1 / 60, runs)
    bench("300 series x 2,190 readings, every 4 hours", (30, 10, 2_190), 4.0, runs)
    bench_tick(runs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
