"""A day of the example basin from files to stored, flagged and assessed; and ``ecomon --help``.

python benchmarks/basin_day.py [runs]

The store holds the thirty days before; the day comes as three files (ten sections every four
hours, three gauges and five air stations every hour), is ingested and flagged, and its month is
assessed and written. Prefect's start is not part of it: the steps of the flows are called. Beside
our ingest stands ``DataFrame.to_sql`` of the same decoded rows into a new SQLite file, which keeps
no revision, no origin and no rejected row. Medians; goals are printed and not enforced.
"""

from __future__ import annotations

import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ecomon.example import Basin, air_csv, cnemc_archive_csv, simulate_basin, st_river_r_csv
from ecomon.journey.assess_period import assess_month
from ecomon.journey.read_readings import feed_named, read_readings
from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import Period
from ecomon.registry import Registry, read_registry
from ecomon.settings import read_settings
from ecomon.store import Store
from flows.assess import write_assessment
from flows.ingest import flag_changes, ingest_file
from flows.installation import recorded_run

MONTH = Period.parse("2025-01")
BEFORE = Period.parse("2025-01-01/2025-01-30")
DAY = Period.parse("2025-01-31")
GOAL_DAY_S = 3.0
GOAL_HELP_S = 0.5
WRITERS: dict[str, Callable[[Basin, Period], bytes]] = {
    "cnemc-water": cnemc_archive_csv,
    "st-river-r": st_river_r_csv,
    "tabulated": air_csv,
}


@dataclass
class Laps:
    """Seconds of each part of a run, in order."""

    seconds: dict[str, float]
    last: float

    @classmethod
    def start(cls) -> Laps:
        return cls({}, time.perf_counter())

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = now - self.last
        self.last = now


def write_files(folder: Path, basin: Basin, period: Period) -> dict[str, Path]:
    """The period as offices would receive it; feed to file."""
    folder.mkdir()
    paths: dict[str, Path] = {}
    for feed, write in WRITERS.items():
        paths[feed] = folder / f"{feed}.csv"
        paths[feed].write_bytes(write(basin, period))
    return paths


def take_in(home: Path, paths: dict[str, Path], laps: Laps) -> int:
    """Ingest files and flag what is new, as the ingest flow does; how many observations came."""
    with recorded_run(str(home), "ingest", {}) as run:
        since = run.store.now_seq()
        reports = [
            ingest_file(run, feed_named(feed, run.registry), path, MONTH.start.year)
            for feed, path in paths.items()
        ]
        laps.lap("decode and store")
        flag_changes.fn(run, since)
        laps.lap("flag")
    return sum(report.n_new for report in reports)


def assess(home: Path, laps: Laps) -> None:
    """Assess the month so far and write it, as the assess flow does."""
    with recorded_run(str(home), "assess", {}) as run:
        assessment = assess_month(run.store.read_observations(MONTH), run.registry, MONTH)
        write_assessment.fn(run, assessment, MONTH)
    laps.lap("assess and write")


def one_day(primed: Path, folder: Path, paths: dict[str, Path]) -> tuple[int, Laps]:
    """One run over a copy of the primed installation."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(primed, folder)
    laps = Laps.start()
    n_new = take_in(folder, paths, laps)
    assess(folder, laps)
    return n_new, laps


def decoded(paths: dict[str, Path], registry: Registry) -> dict[str, list[Batch | Rejected]]:
    """What the files say, by feed."""
    year = MONTH.start.year
    return {
        feed: list(
            read_readings(feed_named(feed, registry), [path.read_bytes()], registry, year=year)
        )
        for feed, path in paths.items()
    }


def store_rows(items: dict[str, list[Batch | Rejected]], path: Path) -> float:
    """Seconds of our ingest of decoded rows into a new store."""
    with Store.create(path, kind="example") as store:
        started = time.perf_counter()
        for feed, batches in items.items():
            store.ingest(
                batches, blob=feed.encode(), file_name=feed, source=feed, decoder="benchmark",
                decoder_version="1",
            )  # fmt: skip
        return time.perf_counter() - started


def to_sql_rows(items: dict[str, list[Batch | Rejected]], path: Path) -> float:
    """Seconds of ``DataFrame.to_sql`` of the same rows into a new file."""
    tables = [
        item.observations for batches in items.values() for item in batches
        if isinstance(item, Batch)
    ]  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    with closing(sqlite3.connect(path)) as db:
        started = time.perf_counter()
        table.to_sql("observation", db, index=False)
        db.commit()
        return time.perf_counter() - started


def compare_ingest(title: str, paths: dict[str, Path], folder: Path, runs: int) -> None:
    items = decoded(paths, read_registry())
    n_rows = sum(len(item) for one in items.values() for item in one if isinstance(item, Batch))
    own, naive = (
        statistics.median(write(items, folder / f"{write.__name__}-{title}-{run}.sqlite") for run in range(runs))
        for write in (store_rows, to_sql_rows)
    )  # fmt: skip
    print(
        f"{title}, {n_rows} rows decoded: our ingest {own:.3f} s, to_sql {naive:.3f} s,"
        f" ratio {own / naive:.1f}"
    )


def time_help(runs: int) -> float:
    """Median wall seconds of ``ecomon --help`` as a new process."""
    command = [sys.executable, "-c", "from ecomon.cli import main; main()", "--help"]
    seconds: list[float] = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def main(runs: int) -> None:
    basin = simulate_basin(MONTH, seed=2025)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        primed = folder / "primed"
        Store.create(read_settings(primed).store_url, kind="example").close()
        days_before = write_files(folder / "before", basin, BEFORE)
        take_in(primed, days_before, Laps.start())
        assess(primed, Laps.start())
        day = write_files(folder / "day", basin, DAY)
        done = [one_day(primed, folder / "home", day) for _ in range(runs)]
        n_new = done[0][0]
        total_s = statistics.median(sum(laps.seconds.values()) for _, laps in done)
        print(f"basin-day, {n_new} observations: {total_s:.2f} s (goal {GOAL_DAY_S:.0f} s)")
        for part in done[0][1].seconds:
            part_s = statistics.median(laps.seconds[part] for _, laps in done)
            print(f"  {part}: {part_s:.3f} s")
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  peak of the process, Prefect imported: {peak_mb:.0f} MB")
        compare_ingest("a day", day, folder, runs)
        compare_ingest("thirty days", days_before, folder, runs)
    print(f"ecomon --help: {time_help(2 * runs + 1):.2f} s (goal {GOAL_HELP_S} s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
