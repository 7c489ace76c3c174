"""Several processes and threads write at once and lose nothing; a killed one leaves nothing half."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest

from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

N_FILES, YEAR = 12, Period.year(2021)


def write_files(url: str, table: pd.DataFrame, name: str) -> None:
    with Store.open(url) as store:
        for number in range(N_FILES):
            moved = table.assign(
                site=pd.array([f"site-{name}"] * len(table), dtype="str"),
                start=table["start"] + pd.Timedelta(days=number),
            )
            store.ingest(
                [Batch(moved)], blob=f"{name}{number}".encode(), file_name=name, source="s",
                decoder="d", decoder_version="1",
            )  # fmt: skip


def write_and_die(url: str, table: pd.DataFrame) -> None:
    def broken() -> Any:
        yield Batch(table)
        os.kill(os.getpid(), signal.SIGKILL)

    with Store.open(url) as store:
        store.ingest(
            broken(), blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
        )


@pytest.fixture
def hundred(readings: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return readings([("x", f"D{n:02d}", "2021-04-03T08:00", float(n)) for n in range(100)])


def test_two_processes_lose_nothing(store: Store, store_url: str, hundred: pd.DataFrame) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=write_files, args=(store_url, hundred, name)) for name in ("a", "b")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    table = store.read_observations(YEAR, with_flags=False)
    assert len(table) == 2 * N_FILES * 100
    assert table["revision"].is_unique
    batches = store.read_batches()
    assert sorted(one["seq"] for one in batches) == list(range(1, 2 * N_FILES + 1))
    # revisions follow the order of knowledge, whoever wrote them
    firsts = [
        store.read_observations(YEAR, as_known_at=seq)["revision"].max()
        for seq in (1, N_FILES, 2 * N_FILES)
    ]
    assert firsts == sorted(firsts)


def test_threads_share_one_store(store: Store, ingest: Callable[..., IngestReport]) -> None:
    barrier = threading.Barrier(4)

    def write(name: str) -> int:
        barrier.wait()
        return sum(
            ingest(
                [(f"site-{name}", "TP", f"2021-04-{day:02d}", 0.1)], f"{name}{day}".encode()
            ).n_new
            for day in range(1, 8)
        )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, "abcd")) == 28
    assert len(store.read_observations(YEAR)) == 28


def test_a_reader_is_not_held_up_by_a_writer(store: Store, hundred: pd.DataFrame) -> None:
    seen: list[int] = []

    def slow() -> Any:
        yield Batch(hundred)
        seen.append(len(store.read_observations(YEAR)))

    store.ingest(slow(), blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1")
    assert seen == [0]
    assert len(store.read_observations(YEAR)) == 100


def test_a_killed_writer_leaves_nothing(
    store: Store, store_url: str, hundred: pd.DataFrame
) -> None:
    before = store.status()
    spawn = multiprocessing.get_context("spawn")
    victim = spawn.Process(target=write_and_die, args=(store_url, hundred))
    victim.start()
    victim.join(120)
    assert victim.exitcode == -signal.SIGKILL
    after = store.status()
    assert {**after, "size_bytes": 0} == {**before, "size_bytes": 0}
    store.ingest(
        [Batch(hundred)], blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
    )
    assert len(store.read_observations(YEAR)) == 100
