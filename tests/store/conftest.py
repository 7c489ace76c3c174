"""A fresh store for each test, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from postgresql_server import PostgresqlServer

from ecomon.model.observation import Batch
from ecomon.model.role import Actor
from ecomon.model.tables import OBSERVATIONS
from ecomon.store import IngestReport, Store

_numbers = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def make_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes places where a store can be made."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path / f'store-{next(_numbers)}' / 'ecomon.sqlite'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    names: list[str] = []

    def make() -> str:
        names.append(f"store_{next(_numbers)}")
        return server.create_database(names[-1])

    yield make
    for name in names:
        server.drop_database(name)


@pytest.fixture
def store_url(make_url: Callable[[], str]) -> str:
    """Where a store can be made."""
    return make_url()


class Clock:
    """A wall clock that stands still unless told otherwise."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[Store]:
    with Store.create(store_url, kind="golden", clock=clock) as made:
        yield made


Row = tuple[str, str, str, float | None]


def _readings(rows: Sequence[Row], **columns: Any) -> pd.DataFrame:
    """Table OBSERVATIONS of rows (site, determinand, start, value)."""
    n = len(rows)
    table = pd.DataFrame(
        {
            "site": [row[0] for row in rows],
            "determinand": [row[1] for row in rows],
            "statistic": "value",
            "start": np.array([row[2] for row in rows], dtype="datetime64[us]"),
            "duration_s": 0,
            "programme": "automatic",
            "source": "tabulated",
            "replicate": 0,
            "value": [np.nan if row[3] is None else row[3] for row in rows],
            "unit": "mg/L",
            "censor": "none",
            "source_flag": None,
            "row": range(1, n + 1),
            **columns,
        }
    )
    return OBSERVATIONS.frame(table.to_dict("series"))


def _ingest_rows(
    store: Store, rows: Sequence[Row], blob: bytes | None = None, **options: Any
) -> IngestReport:
    return store.ingest(
        [Batch(_readings(rows))],
        **{
            "blob": repr(rows).encode() if blob is None else blob, "file_name": "readings.csv",
            "source": "tabulated", "decoder": "tests", "decoder_version": "1", **options,
        },
    )  # fmt: skip


@pytest.fixture(scope="session")
def readings() -> Callable[..., pd.DataFrame]:
    """Makes a table OBSERVATIONS of rows (site, determinand, start, value)."""
    return _readings


@pytest.fixture(scope="session")
def ingest_rows() -> Callable[..., IngestReport]:
    """Ingests rows into a store, as one file of their own (``blob`` says which)."""
    return _ingest_rows


@pytest.fixture
def people(store: Store) -> dict[str, Actor]:
    """An actor of some roles in the test's store, by role; ``second`` is one more reviewer."""
    founder = store.authenticate(store.add_actor("admin", "administrator", by=None).text)
    tokens = {
        name: store.add_actor(name, role, by=founder).text
        for name, role in (
            ("reviewer", "reviewer"),
            ("second", "reviewer"),
            ("approver", "approver"),
        )
    }
    return {"administrator": founder} | {
        name: store.authenticate(token) for name, token in tokens.items()
    }


@pytest.fixture
def ingest(store: Store) -> Callable[..., IngestReport]:
    """Ingests rows into the test's store."""
    return partial(_ingest_rows, store)
