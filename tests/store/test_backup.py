"""A backup holds everything, goes from either engine to either, and is refused unless it is whole."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from postgresql_server import PostgresqlServer
from sqlalchemy import create_engine, inspect

import ecomon.store.backup_file
import ecomon.store.restore
from ecomon.errors import StoreError
from ecomon.model.observation import Rejected
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store
from ecomon.store.backup import backup_store
from ecomon.store.backup_file import MANIFEST, BackupReader
from ecomon.store.restore import restore_store

YEAR = Period.year(2021)
Ingest = Callable[..., IngestReport]
RULESET = hashlib.sha256(b"{}").hexdigest()


def fill(store: Store, ingest_rows: Ingest) -> None:
    """Rows of many tables, NULLs, booleans, Chinese, revisions and octets among them."""
    store.save_ruleset(RULESET, b"{}")
    rows = [("安家沟", "TP", f"2021-0{month}-03T08:00", 0.1 * month) for month in range(1, 8)]
    ingest_rows(store, [*rows, ("安家沟", "NH3N", "2021-04-03T08:00", None)], b"first")
    ingest_rows(
        store, [("安家沟", "TP", "2021-01-03T08:00", 0.5)], b"second" * 1000,
        rejected=[Rejected(3, "不是数字", "--", "TP"), Rejected(4, "empty", "")],
    )  # fmt: skip
    revision = int(store.read_observations(YEAR)["revision"].iloc[0])
    store.open_reviews([{"revision": revision, "reason": "x"}])
    store.add_actor("li", "administrator", by=None)
    store.start_run("f", arguments={"a": 1}, code_version="1", ruleset=RULESET, input_seq=1)
    run_id = store.start_run("g", arguments={}, code_version="1", ruleset=RULESET, input_seq=1)
    store.finish_run(run_id, "succeeded", {"n": 1})
    store.close_day()


@pytest.fixture
def filled(store: Store, ingest_rows: Ingest) -> Store:
    fill(store, ingest_rows)
    return store


@pytest.fixture
def elsewhere(postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[list[str]]:
    """An empty place on each engine."""
    empty = postgresql.create_database("elsewhere")
    yield [f"sqlite:///{tmp_path / 'elsewhere' / 'e.sqlite'}", empty]
    postgresql.drop_database("elsewhere")


def parts_of(path: Path) -> dict[str, str]:
    with BackupReader(path) as backup:
        return {part.name: part.sha256 for part in backup.manifest.parts if part.table != "meta"}


def contents_of(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_what_is_restored_is_what_was_backed_up(
    filled: Store, store_url: str, elsewhere: list[str], tmp_path: Path, ingest_rows: Ingest
) -> None:
    backup = backup_store(store_url, tmp_path / "kept" / "b.zip")
    assert backup.n_rows["observation_history"] == 1
    assert contents_of(tmp_path / "kept") == ["b.zip"]
    for number, url in enumerate(elsewhere):
        assert restore_store(backup.path, url).n_rows == backup.n_rows
        with Store.open(url) as restored:
            assert restored.check() == [one for one in filled.check() if not one.is_fault]
            for seq in (None, 1, 2, 3):
                assert restored.read_observations(YEAR, as_known_at=seq).equals(
                    filled.read_observations(YEAR, as_known_at=seq)
                )
            assert restored.read_dead_letters() == filled.read_dead_letters()
            assert restored.read_runs() == filled.read_runs()
            assert restored.identity == filled.identity
            assert restored.last_backup() == filled.last_backup()
            # the same rows in the same order, whatever the engine: the same octets
            again = backup_store(url, tmp_path / f"again{number}.zip")
            assert parts_of(again.path) == parts_of(backup.path)
            # and it can be written to: no key is handed out twice
            report = ingest_rows(restored, [("b", "NH3N", "2022-04-03", 1.0)], b"third")
            assert report.batch_id == 3
            run = {"arguments": {}, "code_version": "1", "ruleset": None, "input_seq": 1}
            assert restored.start_run("h", **run) == 3
            assert [one for one in restored.check() if one.is_fault] == []


def test_writers_go_on_while_a_backup_is_read(
    filled: Store, store_url: str, tmp_path: Path, ingest_rows: Ingest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = filled.now_seq()
    write_table = ecomon.store.backup_file.BackupWriter.write_table

    def write_and_go_on(self: Any, table: str, *args: Any) -> None:
        if table == "counter":
            ingest_rows(filled, [("late", "TP", "2021-04-03", 1.0)], b"late")
        write_table(self, table, *args)

    monkeypatch.setattr(ecomon.store.backup_file.BackupWriter, "write_table", write_and_go_on)
    backup = backup_store(store_url, tmp_path / "b.zip")
    assert filled.now_seq() == before + 1
    assert backup.seq == before
    assert backup.n_rows["batch"] == 2
    restore_store(backup.path, tmp_path / "r.sqlite")
    with Store.open(tmp_path / "r.sqlite") as restored:
        assert [one for one in restored.check() if one.is_fault] == []
        assert "late" not in set(restored.read_observations(YEAR)["site"])


def test_a_backup_is_only_for_its_owner(filled: Store, store_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    made = backup_store(store_url, folder, clock=lambda: 1_700_000_000)
    assert made.path.name == "ecomon-golden-20231115-061320.zip"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert filled.last_backup() == {
        "path": str(made.path), "at": "2023-11-15T06:13:20+08:00", "seq": made.seq,
    }  # fmt: skip
    with pytest.raises(StoreError, match="never written over another"):
        backup_store(store_url, made.path)


def test_a_store_never_backed_up_says_so(store: Store) -> None:
    assert store.last_backup() is None


def test_the_parts_are_parquet(filled: Store, store_url: str, tmp_path: Path) -> None:
    backup_store(store_url, tmp_path / "b.zip")
    with (
        zipfile.ZipFile(tmp_path / "b.zip") as file,
        file.open("observation/000001.parquet") as part,
    ):
        assert pq.read_table(part).num_rows == 8


def test_large_tables_are_cut_into_parts(
    filled: Store, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecomon.store.backup_file.PART_ROWS", 3)
    monkeypatch.setattr("ecomon.store.backup._ROWS_AT_ONCE", 2)
    backup_store(store_url, tmp_path / "b.zip")
    assert [name for name in parts_of(tmp_path / "b.zip") if name.startswith("observation/")] == [
        "observation/000001.parquet", "observation/000002.parquet",
    ]  # fmt: skip
    restore_store(tmp_path / "b.zip", tmp_path / "r.sqlite")
    with Store.open(tmp_path / "r.sqlite") as restored:
        assert restored.read_observations(YEAR).equals(filled.read_observations(YEAR))


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy of a zip with an entry changed, or left out for None."""
    other = path.with_name("other.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            octets = change(name, old.read(name))
            if octets is not None:
                new.writestr(name, octets)
    return other


def flip(path: Path, at: int) -> Path:
    octets = bytearray(path.read_bytes())
    octets[at] ^= 0xFF
    other = path.with_name("other.zip")
    other.write_bytes(octets)
    return other


BREAKAGES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "flipped": (lambda path: flip(path, 3000), "damaged"),
    "truncated": (
        lambda path: (path.with_name("other.zip").write_bytes(path.read_bytes()[:-500]),
                      path.with_name("other.zip"))[1], "no whole backup",
    ),
    "empty": (
        lambda path: (path.with_name("other.zip").write_bytes(b""),
                      path.with_name("other.zip"))[1], "no whole backup",
    ),
    "another part": (
        lambda path: rewritten(path, lambda name, it: b"x" if name.startswith("series/") else it),
        "series/000001.parquet is not what was written",
    ),
    "missing part": (
        lambda path: rewritten(path, lambda name, it: None if name.startswith("batch/") else it), "lacks batch/000001.parquet",
    ),
    "missing manifest": (
        lambda path: rewritten(path, lambda name, it: None if name == MANIFEST else it),
        "lacks manifest.json",
    ),
    "other manifest": (
        lambda path: rewritten(path, lambda name, it: b"{}" if name == MANIFEST else it),
        "no backup of ecomon",
    ),
    "newer schema": (
        lambda path: rewritten(
            path, lambda name, it: it.replace(b'"schema": "0', b'"schema": "9')
            if name == MANIFEST else it), "newer than this ecomon",
    ),
    "unknown column": (
        lambda path: rewritten(
            path, lambda name, it: it.replace(b'"source_flag"', b'"source_flaw"')
            if name == MANIFEST else it), "columns of observation",
    ),
    "smuggled": (
        lambda path: (zipfile.ZipFile(path, "a").writestr("more/1.parquet", b""), path)[1],
        "which its manifest does not name",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(ingest_rows: Ingest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    with Store.create(folder / "s.sqlite", kind="golden") as store:
        fill(store, ingest_rows)
    return backup_store(folder / "s.sqlite", folder / "b.zip").path.read_bytes()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("how", BREAKAGES)
def test_a_damaged_backup_is_refused_before_anything_is_written(
    how: str, whole: bytes, tmp_path: Path
) -> None:
    breaking, said = BREAKAGES[how]
    (tmp_path / "b.zip").write_bytes(whole)
    damaged = breaking(tmp_path / "b.zip")
    with pytest.raises(StoreError, match=said):
        restore_store(damaged, tmp_path / "into" / "r.sqlite")
    assert not (tmp_path / "into").exists() or contents_of(tmp_path / "into") == []


def test_no_flipped_octet_of_the_data_goes_unseen(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(whole)
    with zipfile.ZipFile(tmp_path / "b.zip") as file:
        last = file.getinfo(MANIFEST)
    end = last.header_offset + last.file_size
    for at in range(40, end, end // 60):
        other = flip(tmp_path / "b.zip", at)
        try:
            with BackupReader(other) as backup:
                backup.verify()
        except StoreError:
            continue
        # only what names no data may differ: the time and the flags in a local header
        with BackupReader(other) as backup, BackupReader(tmp_path / "b.zip") as first:
            assert backup.manifest == first.manifest


def test_there_is_no_backup_where_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no backup"):
        restore_store(tmp_path / "none.zip", tmp_path / "r.sqlite")


def test_a_full_database_is_never_restored_into(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    backup_store(store_url, tmp_path / "b.zip")
    with pytest.raises(StoreError, match=r"exists already|not empty"):
        restore_store(tmp_path / "b.zip", store_url)
    assert filled.now_seq() > 0


def test_there_is_nothing_to_back_up_where_there_is_no_store(
    store_url: str, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="holds no store to back up"):
        backup_store(store_url, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def die_in_backup(url: str, path: Path) -> None:
    write_table = ecomon.store.backup_file.BackupWriter.write_table

    def write_or_die(self: Any, table: str, *args: Any) -> None:
        if table == "observation":
            os.kill(os.getpid(), signal.SIGKILL)
        write_table(self, table, *args)

    ecomon.store.backup_file.BackupWriter.write_table = write_or_die  # pyright: ignore[reportAttributeAccessIssue]
    backup_store(url, path)


def die_in_restore(path: Path, url: str) -> None:
    write_rows = ecomon.store.restore._write_rows

    def write_or_die(conn: Any, table: Any, rows: Any) -> None:
        write_rows(conn, table, rows)
        if table.name == "observation":
            os.kill(os.getpid(), signal.SIGKILL)

    ecomon.store.restore._write_rows = write_or_die  # pyright: ignore[reportAttributeAccessIssue]
    restore_store(path, url)


def kill(target: Callable[..., None], *args: Any) -> None:
    victim = multiprocessing.get_context("fork").Process(target=target, args=args)
    victim.start()
    victim.join(120)
    assert victim.exitcode == -signal.SIGKILL


def test_a_killed_backup_leaves_no_file_under_its_name(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    filled.close()
    kill(die_in_backup, store_url, tmp_path / "kept" / "b.zip")
    assert not (tmp_path / "kept" / "b.zip").exists()
    assert filled.last_backup() is None
    restore_store(backup_store(store_url, tmp_path / "kept" / "b.zip").path, tmp_path / "r.sqlite")


def test_a_killed_restore_leaves_no_store(
    whole: bytes, elsewhere: list[str], tmp_path: Path
) -> None:
    (tmp_path / "b.zip").write_bytes(whole)
    for url in elsewhere:
        kill(die_in_restore, tmp_path / "b.zip", url)
        with pytest.raises(StoreError, match="holds no store"):
            Store.open(url)
        if url.startswith("postgresql"):
            engine = create_engine(url)
            assert inspect(engine).get_table_names() == []
            engine.dispose()
        restore_store(tmp_path / "b.zip", url)
        with Store.open(url) as restored:
            assert len(restored.read_observations(YEAR)) == 8
