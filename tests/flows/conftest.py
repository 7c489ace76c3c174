"""One Prefect server for the session, and installations that flows are called on in this process."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ecomon.example import (
    Basin,
    air_csv,
    cnemc_archive_csv,
    emergency_csv,
    simulate_basin,
    st_river_r_csv,
)
from ecomon.model.observation import DataKind
from ecomon.model.period import Period, to_epoch_s
from ecomon.settings import read_settings
from ecomon.sources.journal import JOURNAL
from ecomon.store import Store
from flows.demo import put, write_real_files
from flows.embedded import prefect_environment

BASIN_PERIOD = Period.parse("2024-12/2025-01")
"""Two months in the low-water season; the second holds the release of thallium."""
SECTIONS = ["bamiaogou", "qingfengxia", "yaodu"]
SEED = 11

FileOf = tuple[str, str, bytes, int | None]
"""Feed, name, octets, and when it was fetched (epoch seconds)."""


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an embedded Prefect server, in effect for flows called in this process."""
    home = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_API_URL", raising=False)
        for key, value in prefect_environment(home).items():
            patch.setenv(key, value)
        patch.setenv("PREFECT_LOGGING_LEVEL", "CRITICAL")
        from flows.embedded import prefect_api

        with prefect_api(home) as url:
            yield url


@dataclass(frozen=True)
class Installation:
    """A home with a store, and what tests do with it."""

    home: Path

    def put(self, *files: FileOf) -> None:
        """Lay files into the inboxes."""
        for feed, name, octets, fetched_s in files:
            put(self.home / "inbox" / feed / name, octets, fetched_s=fetched_s)

    def run(self, flow: str, **arguments: Any) -> dict[str, Any]:
        """Run one flow in this process; its counts."""
        from flows.run import flow_named

        return flow_named(flow)(home=str(self.home), **arguments)

    def ingest(self, *files: FileOf) -> list[dict[str, Any]]:
        """Lay files into the inboxes and ingest the feeds that have any."""
        from flows.ingest import feeds_waiting

        self.put(*files)
        return [self.run("ingest", feed=feed) for feed in feeds_waiting(self.home)]

    def store(self) -> Store:
        return Store.open(read_settings(self.home).store_url)

    def contents(self) -> dict[str, tuple[int, str]]:
        """Rows and digest of every table but ``run``, which alone may grow with a second run."""
        with closing(sqlite3.connect(read_settings(self.home).store_path)) as db:
            names = [
                name
                for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if name != "run"
            ]
            return {name: _digest(db.execute(f"SELECT * FROM {name}")) for name in names}

    def files(self, folder: str) -> dict[str, bytes]:
        """What stands under a folder of the home, by relative name; journals apart."""
        where = self.home / folder
        return {
            path.relative_to(where).as_posix(): path.read_bytes()
            for path in sorted(where.rglob("*"))
            if path.is_file() and path.name != JOURNAL
        }

    def outcomes(self) -> Counter[tuple[str, str]]:
        """How often each flow ended how, from the run records."""
        with self.store() as store:
            return Counter((run["flow"], run["outcome"]) for run in store.read_runs(limit=1000))


def _digest(rows: sqlite3.Cursor) -> tuple[int, str]:
    texts = sorted(repr(row) for row in rows)
    return len(texts), hashlib.sha256("\n".join(texts).encode()).hexdigest()


@pytest.fixture(scope="session")
def make_installation(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Installation]:
    """Makes an empty installation of one kind of data, on SQLite or on a database by URL."""

    def make(kind: DataKind, url: str | None = None) -> Installation:
        home = tmp_path_factory.mktemp(kind)
        # What tests put into an inbox is whole: nothing needs to stand still first.
        lines = ["ECOMON_INBOX_SETTLE_S=0", *([f"ECOMON_STORE={url}"] if url else [])]
        (home / "ecomon.env").write_text("\n".join([*lines, ""]), "utf-8")
        settings = read_settings(home)
        Store.create(settings.store_url, kind=kind).close()
        return Installation(settings.home)

    return make


@pytest.fixture(scope="session")
def basin() -> Basin:
    """Two months of three sections and the gauges, with known truth."""
    return simulate_basin(BASIN_PERIOD, seed=SEED, sites=SECTIONS)


@pytest.fixture(scope="session")
def basin_files(basin: Basin) -> list[FileOf]:
    """The basin as offices would receive it, a month a file."""
    files: list[FileOf] = []
    for month in basin.period.split("month"):
        water, river = cnemc_archive_csv(basin, month), st_river_r_csv(basin, month)
        files.append(("cnemc-water", f"water-{month.label}.csv", water, to_epoch_s(month.end)))
        files.append(("st-river-r", f"river-{month.label}.csv", river, None))
    days = Period.parse("2025-01-01/2025-01-05")
    files.append(("tabulated", "air.csv", air_csv(basin, days), None))
    files.append(("tabulated", "thallium.csv", emergency_csv(basin), None))
    return files


@pytest.fixture(scope="session")
def example(
    api: str,
    make_installation: Callable[..., Installation],
    basin_files: list[FileOf],
) -> Installation:
    """The example basin after every flow has run once. Tests only read it."""
    home = make_installation("example")
    home.ingest(*basin_files)
    walk(home, EXAMPLE_STEPS)
    return home


@pytest.fixture(scope="session")
def real(api: str, make_installation: Callable[..., Installation]) -> Installation:
    """The packaged real readings after every flow has run once. Tests only read it."""
    home = make_installation("real")
    write_real_files(read_settings(home.home))
    home.ingest()
    walk(home, REAL_STEPS)
    return home


Steps = list[tuple[str, dict[str, Any]]]

EXAMPLE_STEPS: Steps = [
    ("assess", {"period": "2024-12/2025-01"}),
    ("load", {"period": "2024-12/2025-01"}),
    ("settle", {"period": "2024-12/2025-01"}),
    ("settle", {"period": "2025-01"}),
    ("alert", {"period": "2025-01", "tell": "all"}),
    ("publish", {"period": "2025-01"}),
    ("publish", {"period": "2024-12/2025-01"}),
]
REAL_STEPS: Steps = [
    ("assess", {"period": "2021-04"}),
    ("load", {"period": "2021-04"}),
    ("settle", {"period": "2021-04"}),
    ("alert", {"period": "2021-04-01/2021-04-03", "tell": "all"}),
    ("publish", {"period": "2021-04"}),
]


def walk(home: Installation, steps: Steps) -> None:
    """Run flows in order."""
    for flow, arguments in steps:
        home.run(flow, **arguments)


@pytest.fixture(scope="session")
def steps() -> dict[str, Steps]:
    """What was run on each of the two installations after the ingest."""
    return {"example": EXAMPLE_STEPS, "real": REAL_STEPS}
