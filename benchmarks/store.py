"""How fast the store is, on SQLite and on PostgreSQL, beside ``DataFrame.to_sql`` and ``read_sql``.

python benchmarks/store.py [--engine sqlite|postgresql|both] [--rows 1800000]

Years of an example basin (``basin_years``: 1.8 million observations each, a file a month) are
ingested and flagged as the flow does it; then the last year comes again unchanged, again with one
value in a hundred revised, and a moment of every series as small files; then it is read. A line
says wall seconds, processor seconds of this process and of the server, and the goal, which is not
enforced. Prefect's start, and decoding, are not part of it. The naive table holds the last year
only: no key, no revision, no flag, no index. With ``--rows 40000000`` the first and the last year
stand beside one another.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from basin_years import SECTIONS, STEP, moment_of_stations, revised, year_of
from sqlalchemy import create_engine

from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.registry import read_registry
from ecomon.settings import read_settings
from ecomon.store import IngestReport, Store
from flows.ingest import flag_changes
from flows.installation import Run

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from postgresql_server import PostgresqlServer

LAST_YEAR = 2025
YEAR_ROWS = 1_821_600
SECTION = SECTIONS[7]
GOAL_BULK = {"sqlite": 100_000, "postgresql": 80_000}
GOAL_UNCHANGED = 250_000
GOAL_SMALL_S, GOAL_SECTION_S, GOAL_KNOWN_S, GOAL_LATEST_S = 0.040, 0.1, 0.15, 0.020
SEED = 2025
SERVER_TICKS = (13, 14, 15, 16)  # utime, stime, cutime, cstime of /proc/PID/stat, counted from 0
TICKS_A_S = 100


@dataclass
class Bench:
    """One store under measurement, and how to ask for the processor seconds of its server."""

    engine: str
    run: Run
    server: PostgresqlServer | None
    laps: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def store(self) -> Store:
        return self.run.store

    def server_cpu_s(self) -> float:
        """Processor seconds of the server and its children so far; 0 where that is not told."""
        if self.server is None or not Path("/proc").is_dir():
            return 0.0
        main = int((self.server.data / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, rest = stat.read_text().split(" (", 1)
            except OSError:
                continue  # ended meanwhile
            values = rest.rsplit(") ", 1)[1].split()
            if int(pid) == main:
                ticks += sum(int(values[at - 2]) for at in SERVER_TICKS)
            elif int(values[1]) == main:
                ticks += sum(int(values[at - 2]) for at in SERVER_TICKS[:2])
        return ticks / TICKS_A_S

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the wall and processor seconds of the block to the laps of that name."""
        cpu, server = time.process_time(), self.server_cpu_s()
        started = time.perf_counter()
        yield
        wall = time.perf_counter() - started
        for part, seconds in (
            ("", wall),
            (" cpu", time.process_time() - cpu),
            (" server", self.server_cpu_s() - server),
        ):
            self.laps[name + part] = self.laps.get(name + part, 0.0) + seconds

    def take(self, batches: Iterable[Batch], name: str) -> IngestReport:
        """Ingest batches as one file; its octets are but its name."""
        return self.store.ingest(
            batches, blob=name.encode(), file_name=name, source="cnemc-water",
            decoder="benchmark", decoder_version="1",
        )  # fmt: skip

    def say_rate(self, title: str, laps: list[str], n_rows: int, goal: int | None) -> None:
        """A line of rows a second over the laps together."""
        wall, cpu, server = (
            sum(self.laps[name + part] for name in laps) for part in ("", " cpu", " server")
        )
        aim = "" if goal is None else f" (goal {goal:,})"
        print(
            f"  {title}: {n_rows / wall:,.0f}/s{aim}; {n_rows:,} rows in {wall:.2f} s,"
            f" processor {cpu:.2f} s, server {server:.2f} s",
            flush=True,
        )

    def say_time(
        self, title: str, act: Callable[[int], object], goal_s: float | None, runs: int = 9
    ) -> float:
        """A line of the median seconds of some runs, after one that is not counted."""
        act(0)
        name = f"{title} cpu"
        walls: list[float] = []
        for number in range(1, runs + 1):
            started = time.perf_counter()
            with self.timed(title):
                act(number)
            walls.append(time.perf_counter() - started)
        median = statistics.median(walls)
        aim = "" if goal_s is None else f" (goal {1000 * goal_s:.0f} ms)"
        print(
            f"  {title}: {1000 * median:.1f} ms{aim}; least {1000 * min(walls):.1f},"
            f" most {1000 * max(walls):.1f}, processor {1000 * self.laps[name] / runs:.1f},"
            f" server {1000 * self.laps[title + ' server'] / runs:.1f}",
            flush=True,
        )
        return median


def fill_year(bench: Bench, year: int) -> None:
    """Ingest and flag a year, and say how fast."""
    since, n_rows = bench.store.now_seq(), 0
    laps = [f"ingest {year}", f"flag {year}"]
    for month, batches in year_of(year, seed=SEED):
        with bench.timed(laps[0]):
            n_rows += bench.take(batches, f"{month.label}.csv").n_new
    with bench.timed(laps[1]):
        flag_changes.fn(bench.run, since)
    bench.say_rate(f"{year}, new, quality included", laps, n_rows, GOAL_BULK[bench.engine])
    for name in laps:
        bench.say_rate(f"  of it {name}", [name], n_rows, None)


def send_again(bench: Bench, year: int) -> None:
    """The year as other octets: unchanged, then with one value in a hundred revised."""
    rng, n_rows = np.random.default_rng(SEED), 0
    since = bench.store.now_seq()
    for month, batches in year_of(year, seed=SEED):
        with bench.timed("unchanged"):
            n_rows += bench.take(batches, f"{month.label}-again.csv").n_unchanged
    bench.say_rate("unchanged, other octets", ["unchanged"], n_rows, GOAL_UNCHANGED)
    n_revised = 0
    for month, batches in year_of(year, seed=SEED):
        changed = [revised(batch, 0.01, rng) for batch in batches]
        with bench.timed("revised"):
            n_revised += bench.take(changed, f"{month.label}-revised.csv").n_revised
    with bench.timed("flag revised"):
        flag_changes.fn(bench.run, since)
    title = f"{n_revised:,} of them revised, quality included"
    bench.say_rate(title, ["revised", "flag revised"], n_rows, None)


def bench_small(bench: Bench) -> None:
    """Files of one moment of every series, each ended by a commit that is on the disk."""
    first = np.datetime64(f"{LAST_YEAR + 1}-01-01", "us")
    batches = [moment_of_stations(first + number * STEP, seed=number) for number in range(10)]
    bench.say_time(
        f"a file of {len(batches[0]):,} rows",
        lambda number: bench.take([batches[number]], f"moment {number}"),
        GOAL_SMALL_S,
    )


def bench_reading(bench: Bench, year: int, known_at: int) -> float:
    """A section's year as arrays, now and as known before its revisions; the latest of the basin."""
    store, period = bench.store, Period.year(year)
    data = store.read_dataset(period, sites=[SECTION])
    title = f"a section's year to xarray, {len(data.data_vars)} variables of {data.sizes['time']:,}"
    section_s = bench.say_time(
        title, lambda _: store.read_dataset(period, sites=[SECTION]), GOAL_SECTION_S
    )
    bench.say_time(
        "  the same as known before it was revised",
        lambda _: store.read_dataset(period, sites=[SECTION], as_known_at=known_at),
        GOAL_KNOWN_S,
    )
    bench.say_time(
        f"latest of {len(store.read_latest()):,} series",
        lambda _: store.read_latest(),
        GOAL_LATEST_S,
    )
    bench.say_time(
        "  the same as known before", lambda _: store.read_latest(as_known_at=known_at), None
    )
    return section_s


def bench_naive(bench: Bench, year: int, url: str, section_s: float) -> None:
    """The year by ``to_sql`` into a table of its own, and a section of it by ``read_sql``."""
    engine, n_rows = create_engine(url), 0
    for _, batches in year_of(year, seed=SEED):
        table = pd.concat([batch.observations for batch in batches], ignore_index=True)
        with bench.timed("to_sql"):
            table.to_sql("naive", engine, index=False, if_exists="append")
        n_rows += len(table)
    bench.say_rate("naive to_sql", ["to_sql"], n_rows, None)
    query = f"SELECT * FROM naive WHERE site = '{SECTION}'"
    read_s = bench.say_time(
        "naive read_sql of the section's year to xarray",
        lambda _: pd.read_sql(query, engine).pivot_table("value", "start", "determinand").to_xarray(),
        None,
        runs=3,
    )  # fmt: skip
    engine.dispose()
    own = sum(bench.laps[f"{part} {year}"] for part in ("ingest", "flag"))
    print(
        f"  ratios, ours to the naive: ingest {bench.laps[f'ingest {year}'] / bench.laps['to_sql']:.2f}"
        f" ({own / bench.laps['to_sql']:.2f} with quality), section's year {section_s / read_s:.2f}"
    )


def measure(engine: str, n_years: int, folder: Path, server: PostgresqlServer | None) -> None:
    """All lines of one engine."""
    url = f"sqlite:///{folder / 'store.sqlite'}" if server is None else server.create_database("b")
    naive = (
        f"sqlite:///{folder / 'naive.sqlite'}" if server is None else server.create_database("n")
    )
    print(f"{engine}, {n_years} year(s); peak of the process before {peak_mb():.0f} MB")
    with Store.create(url, kind="example") as store:
        run = Run(read_settings(folder), read_registry(), store, 0, 0)
        bench = Bench(engine, run, server)
        for year in range(LAST_YEAR - n_years + 1, LAST_YEAR + 1):
            fill_year(bench, year)
        print(f"  peak of the process {peak_mb():.0f} MB")
        known_at = store.now_seq()
        send_again(bench, LAST_YEAR)
        bench_small(bench)
        section_s = bench_reading(bench, LAST_YEAR, known_at)
        status = store.status()
        print(
            f"  {status['observations']:,} observations, {status['flags']:,} flags,"
            f" {status['size_bytes'] / 2**20:,.0f} MB; peak of the process {peak_mb():.0f} MB"
        )
        bench_naive(bench, LAST_YEAR, naive, section_s)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(engine: str, rows: int) -> None:
    if engine == "both":
        # A process each, so that each has a peak of its own.
        for one in GOAL_BULK:
            words = ["--engine", one, "--rows", str(rows)]
            subprocess.run([sys.executable, __file__, *words], check=True)
        return
    server = PostgresqlServer(is_durable=True) if engine == "postgresql" else None
    try:
        if server is not None:
            server.start()
        with tempfile.TemporaryDirectory() as folder:
            measure(engine, max(1, round(rows / YEAR_ROWS)), Path(folder), server)
    finally:
        if server is not None:
            server.remove()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=[*GOAL_BULK, "both"], default="both")
    parser.add_argument("--rows", type=int, default=1_800_000)
    chosen = parser.parse_args()
    main(chosen.engine, chosen.rows)
