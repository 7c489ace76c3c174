"""The store: one object over the tables, one transaction per call.

What a call does, takes and raises stands at the function of its family.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast, get_args

from sqlalchemy import Connection, Engine, insert

from ecomon.errors import StoreError
from ecomon.model.observation import DataKind, isoformat
from ecomon.model.period import from_epoch_s
from ecomon.store import (
    alerts,
    blobs,
    decisions,
    flags,
    ingest,
    lineage,
    observations,
    result_tables,
    runs,
    statements,
    status,
)
from ecomon.store.dialect import connect, sqlite_path, to_url
from ecomon.store.knowledge import (
    Commit,
    begin_commit,
    read_input_seq,
    read_meta,
    read_seq,
    read_seq_at,
)
from ecomon.store.migrate import check_schema, read_schema, upgrade_schema
from ecomon.store.outages import as_store_error, connect_patiently
from ecomon.store.schema import counter, meta

P = ParamSpec("P")
R = TypeVar("R")


def _reading(
    function: Callable[Concatenate[Connection, P], R],
) -> Callable[Concatenate[Store, P], R]:
    """A method that calls the function in a reading transaction."""

    @wraps(function)
    def method(self: Store, /, *args: P.args, **options: P.kwargs) -> R:
        with self._read() as conn:
            return function(conn, *args, **options)

    return method


def _writing(function: Callable[Concatenate[Commit, P], R]) -> Callable[Concatenate[Store, P], R]:
    """A method that calls the function in a writing transaction of its own."""

    @wraps(function)
    def method(self: Store, /, *args: P.args, **options: P.kwargs) -> R:
        with self._commit() as commit:
            return function(commit, *args, **options)

    return method


class Store:
    """The system of record, open. Made by :meth:`create` or :meth:`open`; a context manager.

    ``kind`` is that of its data (real, example, golden), fixed when it was made. Every database
    error leaves as StoreError; a call that raises has written nothing. A database that is away is
    waited for, ``patience_s`` long, before each call; then the error is StoreUnavailable.
    """

    def __init__(
        self,
        reader: Engine,
        writer: Engine,
        clock: Callable[[], float],
        patience_s: float = 0.0,
    ) -> None:
        self._reader, self._writer, self._clock = reader, writer, clock
        self._patience_s = patience_s
        try:
            with self._read() as conn:
                check_schema(conn, reader.url.render_as_string())
                self.kind: DataKind = cast(DataKind, read_meta(conn, "kind"))
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(
        cls, url_or_path: str | Path, *, kind: DataKind, clock: Callable[[], float] = time.time
    ) -> Store:
        """Make a store and open it; StoreError if one is there already or ``kind`` is unknown."""
        if kind not in get_args(DataKind):
            raise StoreError(f"data are one of {', '.join(get_args(DataKind))}, not {kind!r}")
        url = to_url(url_or_path)
        if (path := sqlite_path(url)) is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        reader, writer = connect(url)
        with as_store_error(), writer.begin() as conn:
            if read_schema(conn) is not None:
                raise StoreError(f"{url.render_as_string()} holds a store already")
            upgrade_schema(conn)
            created_at = isoformat(from_epoch_s(int(clock())))
            facts = {"kind": kind, "created_at": created_at}
            conn.execute(insert(meta), [{"key": k, "value": v} for k, v in facts.items()])
            conn.execute(insert(counter).values(name="revision", value=0))
        return cls(reader, writer, clock)

    @classmethod
    def open(
        cls,
        url_or_path: str | Path,
        *,
        clock: Callable[[], float] = time.time,
        patience_s: float = 0.0,
    ) -> Store:
        """Open a store; StoreError, saying what to run, if there is none or of another schema."""
        url = to_url(url_or_path)
        if (path := sqlite_path(url)) is not None and not path.is_file():
            raise StoreError(f"{path} holds no store; make one with: ecomon store init")
        return cls(*connect(url), clock, patience_s)

    @staticmethod
    def upgrade(url_or_path: str | Path) -> None:
        """Bring a store of an older schema up to this one, in one transaction."""
        url = to_url(url_or_path)
        if (path := sqlite_path(url)) is not None and not path.is_file():
            raise StoreError(f"{path} holds no store to upgrade")
        _, writer = connect(url)
        with as_store_error(), writer.begin() as conn:
            if read_schema(conn) is None:
                raise StoreError(f"{url.render_as_string()} holds no store to upgrade")
            upgrade_schema(conn)
        writer.dispose()

    def close(self) -> None:
        """Give the connections back; the store can be opened again."""
        self._reader.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with (
            as_store_error(),
            connect_patiently(self._reader, self._patience_s) as conn,
            conn.begin(),
        ):
            yield conn

    @contextmanager
    def _commit(self) -> Iterator[Commit]:
        with (
            as_store_error(),
            begin_commit(self._writer, self._clock, self._patience_s) as commit,
        ):
            yield commit

    now_seq = _reading(read_seq)
    input_seq = _reading(read_input_seq)
    seq_at = _reading(read_seq_at)
    status = _reading(status.read_status)

    ingest = _writing(ingest.ingest)
    read_observations = _reading(observations.read_observations)
    trace_revision = _reading(lineage.trace_revision)
    read_origins = _reading(lineage.read_origins)
    read_blob = _reading(blobs.read_blob)
    read_batches = _reading(lineage.read_batches)
    read_changes = _reading(lineage.read_changes)
    read_dead_letters = _reading(lineage.read_dead_letters)

    write_flags = _writing(flags.write_flags)
    open_reviews = _writing(decisions.open_reviews)
    read_reviews = _reading(decisions.read_reviews)
    record_decision = _writing(decisions.record_decision)
    read_decisions = _reading(decisions.read_decisions)

    save_ruleset = _writing(runs.save_ruleset)
    read_ruleset = _reading(runs.read_ruleset)
    start_run = _writing(runs.start_run)
    finish_run = _writing(runs.finish_run)
    read_runs = _reading(runs.read_runs)
    record_document = _writing(runs.record_document)
    read_documents = _reading(runs.read_documents)

    write_means = _writing(result_tables.write_means)
    read_means = _reading(result_tables.read_means)
    write_classes = _writing(result_tables.write_classes)
    read_classes = _reading(result_tables.read_classes)
    write_grades = _writing(result_tables.write_grades)
    read_grades = _reading(result_tables.read_grades)
    write_exceedances = _writing(result_tables.write_exceedances)
    read_exceedances = _reading(result_tables.read_exceedances)
    write_loads = _writing(result_tables.write_loads)
    read_loads = _reading(result_tables.read_loads)
    write_statement = _writing(statements.write_statement)
    read_statements = _reading(statements.read_statements)

    commit_alerts = _writing(alerts.commit_alerts)
    upsert_alerts = _writing(alerts.upsert_alerts)
    read_alerts = _reading(alerts.read_alerts)
    enqueue_notices = _writing(alerts.enqueue_notices)
    pending_notices = _reading(alerts.pending_notices)
    record_delivery = _writing(alerts.record_delivery)
