"""Restoring: a backup into an empty database of either engine, whole or not at all.

An SQLite store is built beside its place and moved there when it is whole; a server takes
everything in one transaction.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from ecomon.errors import StoreError
from ecomon.store.backup import BackupReport, kind_of, note_backup, report_of, store_tables
from ecomon.store.backup_file import BackupReader, Manifest, sync_folder
from ecomon.store.columns import Column as Values
from ecomon.store.columns import Texts
from ecomon.store.dialect import bulk_load, connect, sqlite_path, to_url
from ecomon.store.migrate import upgrade_schema
from ecomon.store.outages import as_store_error
from ecomon.store.partitions import make_partitions
from ecomon.store.schema import SCHEMA

_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "int": BigInteger, "float": Double, "bool": Boolean, "text": Text, "octets": LargeBinary,
}  # fmt: skip
_WIDTHS: dict[str, type[TypeEngine[Any]]] = {"SMALLINT": SmallInteger, "INTEGER": Integer}
_SINCE_MONTHS = "0002"  # the schema since which a server keeps readings by month
_BULKY = frozenset({BigInteger, SmallInteger, Double, Boolean, Text})
"""What a server's bulk load carries: no octets, and no integers of four octets."""


def restore_store(path: Path, url_or_path: str | Path) -> BackupReport:
    """Make a store of a backup, in an empty database; one of an older schema is upgraded.

    Every octet of the backup is verified before anything is written. After a failure, or a kill,
    there is no store.

    Returns
    -------
    BackupReport
        What was restored.

    Raises
    ------
    StoreError
        if the backup is damaged or newer than this ecomon, or the database is not empty.
    """
    url = to_url(url_or_path)
    with BackupReader(path) as backup:
        manifest = backup.manifest
        if manifest.schema > SCHEMA:
            raise StoreError(
                f"{path} has schema {manifest.schema}, newer than this ecomon's {SCHEMA};"
                " install the ecomon that made it: uv tool upgrade ecomon"
            )
        _require_empty(url)
        backup.verify()
        with as_store_error(), _empty_database(url) as engine, engine.begin() as conn:
            _fill(conn, backup)
            note_backup(conn, path, manifest)
    return report_of(path, manifest)


def _require_empty(url: URL) -> None:
    file = sqlite_path(url)
    if file is not None:
        if file.exists():
            raise StoreError(
                f"{file} exists already; a backup is restored into an empty place only:"
                " move the old store away first"
            )
        return
    reader, _ = connect(url)
    try:
        with as_store_error(), reader.begin() as conn:
            found = inspect(conn).get_table_names()
    finally:
        reader.dispose()
    if found:
        raise StoreError(
            f"{url.render_as_string()} is not empty: it has a table {sorted(found)[0]};"
            " make a new database and restore into that"
        )


@contextmanager
def _empty_database(url: URL) -> Iterator[Engine]:
    """An engine of the database; of SQLite on a file beside, that takes its place at the end."""
    file = sqlite_path(url)
    if file is None:
        _, writer = connect(url)
        try:
            yield writer
        finally:
            writer.dispose()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    _, writer = connect(to_url(part))
    try:
        yield writer
        writer.dispose()  # the last to close moves the log into the file, which is all there is then
        if part.with_name(f"{part.name}-wal").exists():
            raise StoreError(f"{part} is still in use")
        with part.open("rb") as octets:
            os.fsync(octets.fileno())
        if file.exists():
            raise StoreError(f"{file} was made meanwhile by somebody else")
        part.rename(file)
        sync_folder(file.parent)
    finally:
        writer.dispose()
        for tail in ("", "-wal", "-shm", "-journal"):
            part.with_name(part.name + tail).unlink(missing_ok=True)


def _fill(conn: Connection, backup: BackupReader) -> None:
    manifest = backup.manifest
    upgrade_schema(conn, manifest.schema)
    tables = {table.name: table for table in store_tables(conn)}
    _require_columns(tables, manifest, backup.path)
    conn.execute(tables["meta"].delete())  # what the migrations wrote of their own
    has_months = manifest.schema >= _SINCE_MONTHS
    for part in manifest.parts:
        for rows in backup.batches(part):
            if has_months and part.table == "observation":
                make_partitions(conn, rows.column("start_s").to_numpy(zero_copy_only=False))
            _write_rows(conn, tables[part.table], rows)
    for name, n_rows in manifest.n_rows.items():
        found = conn.execute(select(func.count()).select_from(tables[name])).scalar_one()
        if found != n_rows:
            raise StoreError(f"{backup.path}: of {name} {n_rows} rows were kept, {found} restored")
    _advance_sequences(conn, tables)
    if manifest.schema != SCHEMA:
        upgrade_schema(conn)


def _require_columns(tables: dict[str, Table], manifest: Manifest, path: Path) -> None:
    for name, columns in manifest.tables.items():
        if name not in tables:
            raise StoreError(f"{path} has a table {name}, which schema {manifest.schema} has not")
        made = {column.name: kind_of(column) for column in tables[name].columns}
        if made != columns:
            raise StoreError(f"{path}: the columns of {name} are not those of its schema")


def _write_rows(conn: Connection, table: Table, rows: pa.RecordBatch) -> None:
    plain = _plain(table)
    if conn.dialect.name == "sqlite" or {type(one.type) for one in plain.columns} <= _BULKY:
        bulk_load(conn, plain, [_values(column) for column in rows.columns])
    else:
        conn.execute(insert(plain), rows.to_pylist())


def _plain(table: Table) -> Table:
    """The table in the types of SQLAlchemy itself; those a database tells of are its dialect's."""
    return Table(
        table.name,
        MetaData(),
        *(
            Column(column.name, _WIDTHS.get(type(column.type).__name__, _TYPES[kind_of(column)]))
            for column in table.columns
        ),
    )


def _values(column: pa.Array) -> Values:
    """A column of a part as the bulk load takes it."""
    if pa.types.is_string(column.type):
        found = column.dictionary_encode()
        codes = found.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return Texts(codes.astype(np.intp), found.dictionary.to_pylist())
    if pa.types.is_floating(column.type):
        return column.to_numpy(zero_copy_only=False)
    if column.null_count:
        is_null = column.is_null().to_numpy(zero_copy_only=False)
        return np.ma.masked_array(
            column.fill_null(0).to_numpy(zero_copy_only=False), mask=is_null
        )  # fmt: skip
    return column.to_numpy(zero_copy_only=False)


def _advance_sequences(conn: Connection, tables: dict[str, Table]) -> None:
    """Let a server hand out keys after the last one; SQLite does so by itself."""
    if conn.dialect.name != "postgresql":
        return
    for table in tables.values():
        for column in table.primary_key.columns:
            found = {"table": table.name, "column": column.name}
            sequence = conn.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"), found
            ).scalar()
            last = conn.execute(select(func.max(column))).scalar() if sequence else None
            if last is not None:
                conn.execute(text("SELECT setval(:name, :last)"), {"name": sequence, "last": last})
