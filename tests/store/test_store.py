"""Making and opening a store: one kind of data, one schema, no silent mixture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import ecomon.store
from ecomon.errors import StoreError
from ecomon.store import Store
from ecomon.store.schema import METADATA, SCHEMA


def run_sql(url: str, sql: str) -> None:
    engine = create_engine(url)
    with engine.begin() as conn:
        conn.execute(text(sql))
    engine.dispose()


def test_a_store_keeps_its_kind(store_url: str) -> None:
    with Store.create(store_url, kind="example") as made:
        assert made.kind == "example"
        assert made.now_seq() == 0
    with Store.open(store_url) as opened:
        assert opened.kind == "example"


def test_a_path_is_an_sqlite_store(tmp_path: Path) -> None:
    path = tmp_path / "a b%20c" / "ecomon.sqlite"
    Store.create(path, kind="real").close()
    with Store.open(str(path)) as store:
        assert store.kind == "real"
    assert path.is_file()


def test_a_store_is_not_made_twice(store: Store, store_url: str) -> None:
    with pytest.raises(StoreError, match="holds a store already"):
        Store.create(store_url, kind="real")
    assert store.kind == "golden"


def test_an_unknown_kind_is_refused(store_url: str) -> None:
    with pytest.raises(StoreError, match="real, example, golden"):
        Store.create(store_url, kind="simulated")  # pyright: ignore[reportArgumentType]


def test_a_missing_store_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="ecomon store init"):
        Store.open(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_another_database_is_not_taken_for_a_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    run_sql(url, "CREATE TABLE reading (value REAL)")
    with pytest.raises(StoreError, match="holds no store"):
        Store.open(url)


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_text("these are notes, not a database" * 100)
    with pytest.raises(StoreError, match="database refused"):
        Store.open(tmp_path / "notes.sqlite")


def test_memory_is_no_store() -> None:
    with pytest.raises(StoreError, match="would be lost"):
        Store.create("sqlite://", kind="golden")


@pytest.mark.parametrize(("schema", "advice"), [("0000", "store upgrade"), ("9999", "newer than")])
def test_another_schema_is_refused_with_advice(
    store: Store, store_url: str, schema: str, advice: str
) -> None:
    run_sql(store_url, f"UPDATE alembic_version SET version_num = '{schema}'")
    with pytest.raises(StoreError, match=advice):
        Store.open(store_url)


def test_upgrading_a_current_store_changes_nothing(store: Store, store_url: str) -> None:
    Store.upgrade(store_url)
    with Store.open(store_url) as opened:
        assert opened.status() == store.status()


def test_there_is_nothing_to_upgrade_where_there_is_no_store(
    store_url: str, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir(exist_ok=True)
    with pytest.raises(StoreError, match="no store to upgrade"):
        Store.upgrade(store_url)


def is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    """A month of readings on PostgreSQL is a table that no metadata knows."""
    return kind != "table" or re.fullmatch(r"observation_\d{6}", str(name)) is None


def test_the_migrations_make_exactly_the_schema(store: Store, store_url: str) -> None:
    engine = create_engine(store_url)
    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"include_name": is_no_partition})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()
    folder = Path(ecomon.store.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == SCHEMA


def test_the_tables_are_clustered_by_their_key(tmp_path: Path) -> None:
    Store.create(tmp_path / "s.sqlite", kind="golden").close()
    engine = create_engine(f"sqlite:///{tmp_path / 's.sqlite'}")
    query = "SELECT sql FROM sqlite_master WHERE name = 'observation'"
    with engine.connect() as conn:
        assert "WITHOUT ROWID" in conn.execute(text(query)).scalar_one()
    engine.dispose()


def test_the_schema_can_be_said_in_postgresql() -> None:
    dialect = postgresql.dialect()
    words = "\n".join(
        str(part.compile(dialect=dialect))
        for table in METADATA.sorted_tables
        for part in (CreateTable(table), *(CreateIndex(index) for index in table.indexes))
    )
    assert "WITHOUT ROWID" not in words
    assert "WHERE superseded_seq IS NULL" in words
    assert "revision BIGINT NOT NULL" in words


def test_sqlite_takes_the_lock_first_and_reaches_the_disk(tmp_path: Path) -> None:
    said: list[str] = []
    with Store.create(tmp_path / "s.sqlite", kind="golden") as store:
        engine: Engine = store._reader  # the settings are the store's own affair
        event.listen(
            engine, "before_cursor_execute", lambda *given: said.append(given[2]), named=False
        )
        with engine.begin() as conn:
            values = {
                name: conn.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
            }
        store.save_ruleset("hash", b"{}")
    assert values == {
        "journal_mode": "wal", "synchronous": 2, "busy_timeout": 60_000, "foreign_keys": 1,
    }  # fmt: skip
    assert "BEGIN" in said
    assert "BEGIN IMMEDIATE" in said


def test_status_of_an_empty_store(store: Store) -> None:
    status = store.status()
    assert status["kind"] == "golden"
    assert status["schema"] == SCHEMA
    assert status["created_at"] == "2023-11-15T06:13:20+08:00"
    assert status["observations"] == status["batches"] == status["notices_pending"] == 0
    assert status["last_batch"] is None
    assert status["last_runs"] == {}
    assert status["size_bytes"] > 0


def test_an_unknown_older_schema_is_a_store_error(store: Store, store_url: str) -> None:
    run_sql(store_url, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(StoreError, match="cannot be brought to"):
        Store.upgrade(store_url)
