"""A full disk, a closed file system, a database that goes away, a clock that jumps: a clear error or a
wait, then right."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from postgresql_server import PostgresqlServer
from sqlalchemy import event

from ecomon.errors import StoreError, StoreUnavailable
from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

YEAR = Period.year(2021)
OUTAGE_S = float(os.environ.get("ECOMON_OUTAGE_S", "1.5"))
"""How long a database is away; a whole minute is tried by hand."""

Readings = Callable[..., pd.DataFrame]
IngestRows = Callable[..., IngestReport]
NOON = ("bamiaogou", "TP", "2021-04-03T12:00", 0.1)
EVENING = ("bamiaogou", "TP", "2021-04-03T20:00", 0.2)


def many(readings: Readings, n: int) -> pd.DataFrame:
    table = readings([NOON] * n)
    return table.assign(start=table["start"] + pd.to_timedelta(range(n), unit="min"))


def ingest_many(store: Store, table: pd.DataFrame) -> IngestReport:
    return store.ingest(
        [Batch(table)], blob=os.urandom(100_000), file_name="f", source="tabulated", decoder="d",
        decoder_version="1",
    )  # fmt: skip


# --- a full disk ---------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, ingest_rows: IngestRows, readings: Readings
) -> None:
    with Store.create(tmp_path / "s.sqlite", kind="golden") as store:
        ingest_rows(store, [NOON])
        limit = limit_pages(store, extra=40)
        with pytest.raises(StoreError, match=r"disk of the database is full.*nothing of this was"):
            ingest_many(store, many(readings, 20_000))
        assert len(store.read_observations(YEAR)) == 1
        assert store.status()["batches"] == 1
        limit["pages"] = 1_000_000  # somebody freed space
        assert ingest_many(store, many(readings, 20_000)).n_new == 19_999


def limit_pages(store: Store, *, extra: int) -> dict[str, int]:
    """SQLite's own limit on its file: beyond it the engine says, truly, that the disk is full."""
    engine = store._reader  # the file is the store's own affair
    with engine.connect() as conn:
        used = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit = {"pages": used + extra}
    event.listen(
        engine,
        "begin",
        lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count = {limit['pages']}"),
    )
    return limit


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of four mebibytes."""
    folder = Path(tempfile.mkdtemp(prefix="ecomon-small-"))
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        folder.rmdir()
        pytest.skip("this machine lets no test mount a file system; the limit on pages is tested")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may mount")
def test_a_disk_that_is_really_full(
    small_disk: Path, ingest_rows: IngestRows, readings: Readings
) -> None:
    with Store.create(small_disk / "s.sqlite", kind="golden") as store:
        ingest_rows(store, [NOON])
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 200_000))
        with pytest.raises(StoreError, match="disk of the database is full"):
            ingest_many(store, many(readings, 20_000))
        ballast.unlink()
        assert len(store.read_observations(YEAR)) == 1
        assert ingest_many(store, many(readings, 5_000)).n_new == 4_999


# --- a file system closed to writing ---------------------------------------------------------------


@pytest.fixture
def closed_store(ingest_rows: IngestRows) -> Iterator[Path]:
    """A store in a folder that nobody may write, seen as somebody who is not root."""
    folder = Path(tempfile.mkdtemp(prefix="ecomon-closed-"))
    path = folder / "s.sqlite"
    with Store.create(path, kind="golden") as store:
        ingest_rows(store, [NOON])
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield path
    if is_root:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name != "posix", reason="no effective user on this system")
def test_a_closed_file_system_is_said(closed_store: Path, ingest_rows: IngestRows) -> None:
    with pytest.raises(StoreError, match="cannot be written"), Store.open(closed_store) as store:
        ingest_rows(store, [EVENING])


def test_a_database_that_only_reads_is_said(
    postgresql: PostgresqlServer, ingest_rows: IngestRows
) -> None:
    url = postgresql.create_database("only_reads")
    with Store.create(url, kind="golden") as store:
        ingest_rows(store, [NOON])
    postgresql._sql('ALTER DATABASE "only_reads" SET default_transaction_read_only = on')
    with (
        Store.open(url) as store,
        pytest.raises(StoreError, match="cannot be written"),
    ):
        ingest_rows(store, [EVENING])
    postgresql.drop_database("only_reads")


# --- a database that goes away -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """A server of these tests' own, because they stop it."""
    server = PostgresqlServer()
    server.start()
    yield server
    server.remove()


def test_a_store_without_patience_says_that_the_database_is_away(
    server: PostgresqlServer, ingest_rows: IngestRows
) -> None:
    with Store.create(server.create_database("away"), kind="golden") as store:
        ingest_rows(store, [NOON])
        server.stop("immediate")
        try:
            with pytest.raises(StoreUnavailable, match="cannot be reached now"):
                ingest_rows(store, [EVENING])
            with pytest.raises(StoreUnavailable):
                Store.open(server.url("away"))
        finally:
            server.start()
        assert ingest_rows(store, [EVENING]).n_new == 1  # the same object, without opening it anew


def test_a_patient_store_waits_until_the_database_is_back(
    server: PostgresqlServer, ingest_rows: IngestRows
) -> None:
    url = server.create_database("patient")
    Store.create(url, kind="golden").close()
    with Store.open(url, patience_s=OUTAGE_S + 60) as store:
        ingest_rows(store, [NOON])
        server.stop("immediate")
        back = threading.Timer(OUTAGE_S, server.start)
        back.start()
        started = time.monotonic()
        assert ingest_rows(store, [EVENING]).n_new == 1
        assert time.monotonic() - started > OUTAGE_S - 0.5
        back.join()
        assert len(store.read_observations(YEAR)) == 2


def test_a_database_that_goes_in_the_middle_leaves_nothing_half(
    server: PostgresqlServer, ingest_rows: IngestRows, readings: Readings
) -> None:
    def broken(table: pd.DataFrame) -> Any:
        for _ in range(20):  # more than is looked at before the transaction begins
            yield Batch(table)
        server.stop("immediate")
        yield Batch(table)

    url = server.create_database("middle")
    with Store.create(url, kind="golden") as store:
        ingest_rows(store, [NOON])
        table = many(readings, 500)
        options = {"blob": b"x", "file_name": "f", "source": "s", "decoder": "d"}
        with pytest.raises(StoreUnavailable):
            store.ingest(broken(table), **options, decoder_version="1")
        server.start()
        assert len(store.read_observations(YEAR)) == 1
        report = store.ingest([Batch(table)], **options, decoder_version="1")
        assert (report.n_new, report.is_repeat) == (499, False)


# --- a clock that jumps ------------------------------------------------------------------------------


def test_a_clock_that_jumps_back_changes_no_order(
    store: Store, clock: Any, ingest: Callable[..., IngestReport]
) -> None:
    ingest([NOON])
    first_s = clock.now_s
    clock.now_s -= 86_400
    ingest([(*NOON[:3], 0.3)])
    clock.now_s += 2 * 86_400
    ingest([(*NOON[:3], 0.4)])
    known = [store.read_observations(YEAR, as_known_at=seq)["value"].tolist() for seq in (1, 2, 3)]
    assert known == [[0.1], [0.3], [0.4]]
    # The wall time of a day ago names what was known before the jump, not after it.
    assert store.seq_at(int(first_s) - 1) == 0
    assert store.seq_at(int(first_s)) == 2
    assert store.seq_at(int(first_s) + 86_400) == 3
