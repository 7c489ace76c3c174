"""Backups: the whole store as one file, read in one snapshot while others keep writing.

Tables and columns are those the database has, not those this code knows: a store of an older
schema is backed up by the ecomon that is about to upgrade it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    collate,
    func,
    inspect,
    select,
)

import ecomon
from ecomon.errors import StoreError
from ecomon.model.observation import isoformat
from ecomon.model.period import from_epoch_s
from ecomon.store.backup_file import BackupReader, BackupWriter, Manifest, new_file
from ecomon.store.dialect import connect, sqlite_path, to_url, upsert
from ecomon.store.knowledge import read_meta, read_seq
from ecomon.store.migrate import read_schema
from ecomon.store.outages import as_store_error
from ecomon.store.schema import meta

LAST_BACKUP = "last_backup"
_PARTITION = re.compile(r"observation_\d{6}")
_NO_DATA = frozenset({"alembic_version"})
# Few rows at once stay in the processor's cache and give Python's collector little to walk.
_ROWS_AT_ONCE, _OCTETS_AT_ONCE = 500, 16
_ARROW: dict[str, pa.DataType] = {
    "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string(),
    "octets": pa.binary(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was written and read again; ``sha256`` is that of its manifest's octets."""

    path: Path
    size_bytes: int
    seq: int
    n_rows: dict[str, int]
    sha256: str


def backup_name(kind: str, at_s: int) -> str:
    """The name of a backup's file, if nobody gives another."""
    return f"ecomon-{kind}-{from_epoch_s(at_s):%Y%m%d-%H%M%S}.zip"


def backup_store(
    url_or_path: str | Path, path: Path, *, clock: Callable[[], float] = time.time
) -> BackupReport:
    """Write all of a store into one file, verify it, and note in the store that it was done.

    Readers and writers go on meanwhile; the file holds what was committed when it began. Memory is
    bounded by a part of some tens of megabytes.

    Parameters
    ----------
    path : Path
        The file to make, or a folder to make it in. Nothing stands there before it is whole.

    Raises
    ------
    StoreError
        if there is no store, or the file exists already.
    """
    url = to_url(url_or_path)
    if (file := sqlite_path(url)) is not None and not file.is_file():
        raise StoreError(f"{file} holds no store to back up")
    reader, writer = connect(url)
    at_s = int(clock())
    try:
        with as_store_error(), reader.begin() as conn:
            manifest = _describe(conn, url.render_as_string(), at_s)
            if path.is_dir():
                path = path / backup_name(manifest.kind, at_s)
            with new_file(path) as octets:
                _write_tables(conn, BackupWriter(octets, manifest))
                octets.flush()
                with BackupReader(path, octets) as written:
                    written.verify()
        report = report_of(path, manifest)
        with as_store_error(), writer.begin() as conn:
            note_backup(conn, path, manifest)
        return report
    finally:
        reader.dispose()


def report_of(path: Path, manifest: Manifest) -> BackupReport:
    """What a whole backup holds."""
    size = path.stat().st_size
    return BackupReport(path, size, manifest.seq, manifest.n_rows, manifest.sha256())


def note_backup(conn: Connection, path: Path, manifest: Manifest) -> None:
    """Note in the store which backup of it is the last."""
    told = {"path": str(path.resolve()), "at": manifest.created_at, "seq": manifest.seq}
    statement = upsert(conn, meta).values(key=LAST_BACKUP, value=json.dumps(told))
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"value": statement.excluded.value}
        )
    )


def last_backup(conn: Connection) -> dict[str, Any] | None:
    """The last backup of this store: ``path``, ``at`` (ISO 8601, Beijing), ``seq``; None if never.

    Of a store that was restored it is the backup it came from.
    """
    found = conn.execute(select(meta.c.value).where(meta.c.key == LAST_BACKUP)).scalar()
    return None if found is None else json.loads(found)


def store_tables(conn: Connection) -> list[Table]:
    """The tables of a store as they are in the database; each refers to earlier ones only."""
    names = [
        name
        for name in inspect(conn).get_table_names()
        if name not in _NO_DATA and not _PARTITION.fullmatch(name)
    ]
    metadata = MetaData()
    metadata.reflect(conn, only=names)
    return metadata.sorted_tables


def _describe(conn: Connection, where: str, at_s: int) -> Manifest:
    schema = read_schema(conn)
    if schema is None:
        raise StoreError(f"{where} holds no store to back up")
    tables = {
        table.name: {column.name: kind_of(column) for column in table.columns}
        for table in store_tables(conn)
    }
    id_ = conn.execute(select(meta.c.value).where(meta.c.key == "id")).scalar()
    return Manifest(
        schema=schema, kind=read_meta(conn, "kind"), id=id_ or "", seq=read_seq(conn),
        created_at=isoformat(from_epoch_s(at_s)), code_version=ecomon.__version__, tables=tables,
    )  # fmt: skip


def kind_of(column: Column[Any]) -> str:
    """Which kind of values a column of a database holds."""
    match column.type:
        case Boolean():
            return "bool"
        case Integer():
            return "int"
        case Float():
            return "float"
        case LargeBinary():
            return "octets"
        case Text():
            return "text"
        case other:
            raise StoreError(f"{column}: a {other} has no place in a backup")


def _write_tables(conn: Connection, writer: BackupWriter) -> None:
    for table in store_tables(conn):
        kinds = writer.manifest.tables[table.name]
        schema = pa.schema([pa.field(name, _ARROW[kind]) for name, kind in kinds.items()])
        writer.write_table(table.name, schema, _read_rows(conn, table, schema))
        n_rows = conn.execute(select(func.count()).select_from(table)).scalar_one()
        if n_rows != (written := writer.manifest.n_rows[table.name]):
            raise StoreError(f"of {table.name} {written} rows were written, not {n_rows}")
    writer.close()


def _read_rows(conn: Connection, table: Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a table in the order of its key, a few hundred at a time."""
    has_octets = any(pa.types.is_binary(one.type) for one in schema)
    at_once = _OCTETS_AT_ONCE if has_octets else _ROWS_AT_ONCE
    query = select(table).order_by(*_order(conn, table))
    with conn.execute(query, execution_options={"yield_per": at_once}) as result:
        for rows in result.partitions():
            columns = [
                pa.array(values, type=one.type)
                for one, values in zip(schema, zip(*rows, strict=True), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _order(conn: Connection, table: Table) -> list[Any]:
    """The key; texts by their octets, so that two engines tell the same rows in the same order."""
    is_server = conn.dialect.name == "postgresql"
    return [
        collate(column, "C") if is_server and isinstance(column.type, Text) else column
        for column in table.primary_key.columns
    ]
