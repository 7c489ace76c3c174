"""What differs between databases: connecting, bulk load into a staging table, upsert, size.

Everything else in the store is standard SQL by SQLAlchemy Core. SQLite is the default; a
PostgreSQL-family database is reached by URL through the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Connection,
    Double,
    Engine,
    SmallInteger,
    Table,
    Text,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from ecomon.errors import StoreError
from ecomon.store.columns import AS_OCTETS, Column, is_all_null, length_of, to_list
from ecomon.store.copy_format import pack_rows

BUSY_TIMEOUT_MS = 60_000
CONNECT_TIMEOUT_S = 10
PRAGMAS = (
    f"busy_timeout = {BUSY_TIMEOUT_MS}",
    "journal_mode = WAL",
    # A person or a device is told "stored" when a commit returns, so the commit reaches the disk.
    "synchronous = FULL",
    "wal_autocheckpoint = 20000",
    "cache_size = -32768",
    "temp_store = MEMORY",
    "foreign_keys = ON",
)
_WRITE = "ecomon_write"
_ROWS_A_STATEMENT = 50
_BINARY = 1  # PQexecParams, resultFormat
_COPY_TYPES: dict[type[Any], str] = {
    SmallInteger: "i2", BigInteger: "i8", Double: "f8", Boolean: "u1", Text: "text",
}  # fmt: skip


def to_url(url_or_path: str | Path) -> URL:
    """A database URL; what has no ``://`` is the path of an SQLite file."""
    if isinstance(url_or_path, str) and "://" in url_or_path:
        url = make_url(url_or_path)
    else:
        url = URL.create("sqlite", database=str(Path(url_or_path).resolve()))
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError("the store is a file: an SQLite database in memory would be lost")
    return url


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite URL; None for a server."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    return Path(url.database)


def connect(url: URL) -> tuple[Engine, Engine]:
    """An engine whose transactions read, and one of the same pool whose transactions write.

    A writing transaction takes SQLite's write lock when it begins (BEGIN IMMEDIATE): it waits its
    turn instead of failing half-way, and nothing it read can change under it.
    """
    try:
        engine = reader = create_engine(url, **_engine_options(url))
    except ModuleNotFoundError as missing:
        driver = f"{url.get_backend_name()} needs the Python package {missing.name}"
        raise StoreError(f"{driver}, which is not installed") from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "before_cursor_execute", _ask_for_octets)
        # What one call reads belongs together; SQLite's transactions see one snapshot anyway.
        reader = engine.execution_options(isolation_level="REPEATABLE READ")
    # A server's driver reports the rows of INSERT ... SELECT only when asked to keep the count.
    return reader, engine.execution_options(**{_WRITE: True, "preserve_rowcount": True})


def _engine_options(url: URL) -> dict[str, Any]:
    """A server may have gone and come back since a connection was last used: it is asked first."""
    if url.get_backend_name() == "sqlite":
        return {}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT_TIMEOUT_S}}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN is switched off; _begin_sqlite says which one is meant.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _ask_for_octets(*told: Any) -> None:
    _conn, cursor, _statement, _parameters, context, _is_many = told
    if context is not None and context.execution_options.get(AS_OCTETS):
        cursor.format = _BINARY


def _begin_sqlite(conn: Connection) -> None:
    is_write = conn.get_execution_options().get(_WRITE, False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def bulk_load(conn: Connection, table: Table, columns: Sequence[Column]) -> None:
    """Put rows into a staging table by the fastest way: one column an entry, in the table's order."""
    if conn.dialect.name == "sqlite":
        _insert_many(conn, table, columns)
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    statement = f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT binary)'
    types = [_COPY_TYPES[type(column.type)] for column in table.columns]
    _copy_in(conn, statement, pack_rows(columns, types))


def _insert_many(conn: Connection, table: Table, columns: Sequence[Column]) -> None:
    """Rows by executemany, many in one statement, since each statement costs as much as a row.

    A column of NULLs is left out: the driver is slow to bind None. It binds NaN as NULL.
    """
    told = {
        column.name: values
        for column, values in zip(table.columns, columns, strict=True)
        if not is_all_null(values)
    }
    n_rows, width = length_of(columns[0]), len(told)
    flat: list[Any] = [None] * (n_rows * width)
    for place, values in enumerate(told.values()):
        flat[place::width] = to_list(values)
    n_whole = n_rows - n_rows % _ROWS_A_STATEMENT
    names = ", ".join(f'"{name}"' for name in told)
    marks = "(" + ", ".join("?" * width) + ")"
    for n_at_once, first, end in ((_ROWS_A_STATEMENT, 0, n_whole), (1, n_whole, n_rows)):
        rows = [
            tuple(flat[at * width : (at + n_at_once) * width])
            for at in range(first, end, n_at_once)
        ]
        if rows:
            values = ", ".join([marks] * n_at_once)
            conn.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES {values}', rows)


def _copy_in(conn: Connection, statement: str, octets: Iterable[bytes]) -> None:
    driver: Any = conn.connection.driver_connection
    dbapi_error: Any = conn.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in octets:
                copy.write(piece)
    except dbapi_error as error:
        # What bypasses SQLAlchemy fails like all else.
        is_gone = conn.dialect.is_disconnect(error, driver, None)
        raise DBAPIError.instance(
            statement, None, error, dbapi_error, connection_invalidated=is_gone,
            dialect=conn.dialect,
        ) from error  # fmt: skip


def empty_table(conn: Connection, table: Table) -> None:
    """Delete all rows of a staging table.

    SQLite's DELETE without a condition cuts the table off; PostgreSQL's would leave the rows to be
    passed over by every later scan of the same transaction.
    """
    verb = "DELETE FROM" if conn.dialect.name == "sqlite" else "TRUNCATE"
    conn.exec_driver_sql(f'{verb} "{table.name}"')


@contextmanager
def joining(conn: Connection, how: Literal["seek", "hash"]) -> Iterator[None]:
    """Joins inside the block seek each row by its key, or put one side whole into a hash table.

    A server knows little of a table that it has just been given, and plans at random: millions of
    rows into a hash table for the sake of some thousand, or a search of a month for each row.
    """
    if conn.dialect.name != "postgresql":
        yield
        return
    is_seek = how == "seek"
    _allow_joins(conn, nestloop=is_seek, hashjoin=not is_seek, mergejoin=not is_seek)
    yield
    _allow_joins(conn, nestloop=True, hashjoin=True, mergejoin=True)


def _allow_joins(conn: Connection, **allowed: bool) -> None:
    states = (f"set_config('enable_{kind}', '{state}', true)" for kind, state in allowed.items())
    conn.exec_driver_sql(f"SELECT {', '.join(states)}")


def upsert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that takes ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    if conn.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def size_bytes(conn: Connection) -> int:
    """Octets the database takes on its disk."""
    if conn.dialect.name == "sqlite":
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        return pages * conn.execute(text("PRAGMA page_size")).scalar_one()
    return conn.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
