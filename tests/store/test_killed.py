"""``kill -9`` of an ingest at random instants: nothing lost, nothing twice, batch or no batch.

``ECOMON_KILLS`` says how often on each engine. The instants are drawn from a seed over the time that
the ingest takes, so they fall into every part of it: staging, moving to history, commit.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

N_KILLS = int(os.environ.get("ECOMON_KILLS", "4"))
N_FILES, N_ROWS = 8, 400
YEAR = Period.year(2021)

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")


@pytest.fixture(scope="module")
def files(readings: Callable[..., pd.DataFrame]) -> list[pd.DataFrame]:
    """Files of one station: each revises half of the one before it and goes on in time."""
    table = readings([("bamiaogou", "TP", "2021-04-03T00:00", 0.1)] * N_ROWS)
    made: list[pd.DataFrame] = []
    for number in range(N_FILES):
        minutes = np.arange(N_ROWS) + number * (N_ROWS // 2)
        start = table["start"] + pd.to_timedelta(minutes, unit="min")
        made.append(table.assign(start=start, value=0.1 + number / 1000))
    return made


def ingest_file(store: Store, number: int, table: pd.DataFrame) -> IngestReport:
    halves = [table.iloc[: N_ROWS // 2], table.iloc[N_ROWS // 2 :]]
    return store.ingest(
        [Batch(half.reset_index(drop=True)) for half in halves], blob=f"file {number}".encode(),
        file_name=f"{number}.csv", source="tabulated", decoder="d", decoder_version="1",
    )  # fmt: skip


def ingest_all(url: str, files: list[pd.DataFrame], acknowledge: Connection) -> None:
    with Store.open(url) as store:
        acknowledge.send("open")
        for number, table in enumerate(files):
            ingest_file(store, number, table)
            acknowledge.send(number)
    acknowledge.close()


def ingest_until_killed(url: str, files: list[pd.DataFrame], after_s: float) -> list[int]:
    """Start the ingest in a process of its own, kill it; the files it acknowledged."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    victim = multiprocessing.get_context("fork").Process(
        target=ingest_all, args=(url, files, theirs)
    )
    victim.start()
    theirs.close()
    assert ours.recv() == "open"
    time.sleep(after_s)
    os.kill(victim.pid or 0, signal.SIGKILL)
    victim.join(30)
    acknowledged: list[int] = []
    while True:
        try:
            acknowledged.append(ours.recv())
        except EOFError:
            return acknowledged


def expected_after(files: list[pd.DataFrame], n_files: int) -> dict[Any, float]:
    held: dict[Any, float] = {}
    for table in files[:n_files]:
        held |= dict(zip(table["start"], table["value"], strict=True))
    return held


def held_by(store: Store) -> dict[Any, float]:
    table = store.read_observations(YEAR, with_flags=False)
    assert table["revision"].is_unique
    return dict(zip(table["start"], table["value"], strict=True))


# Python 3.12 warns of any fork in a process with threads; the child opens a store of its own.
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_killed_at_random_instants(make_url: Callable[[], str], files: list[pd.DataFrame]) -> None:
    whole_url = make_url()
    Store.create(whole_url, kind="golden").close()
    started = time.monotonic()
    with Store.open(whole_url) as whole:
        for number, table in enumerate(files):
            ingest_file(whole, number, table)
        takes_s = time.monotonic() - started
        unbroken = held_by(whole)
        past = whole.status()["observations_superseded"]
    instants = random.Random(2026)
    n_broken = 0
    for _ in range(N_KILLS):
        url = make_url()
        Store.create(url, kind="golden").close()
        acknowledged = ingest_until_killed(url, files, instants.uniform(0.0, takes_s * 1.1))
        with Store.open(url, patience_s=10) as store:
            n_kept = store.status()["batches"]
            # What was acknowledged is there; at most one more was committed and not yet told.
            assert acknowledged == list(range(len(acknowledged)))
            assert len(acknowledged) <= n_kept <= len(acknowledged) + 1
            assert held_by(store) == expected_after(files, n_kept)
            n_broken += n_kept < N_FILES
            for number, table in enumerate(files):
                assert ingest_file(store, number, table).is_repeat is (number < n_kept)
            assert held_by(store) == unbroken
            assert store.status()["batches"] == N_FILES
            assert store.status()["observations_superseded"] == past
    assert n_broken > N_KILLS // 4  # the instants did fall into the work
