"""The store: one object over the tables, one transaction per call.

What a call does, takes and raises stands at the function of its family.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast, get_args

from sqlalchemy import Connection, Engine, insert

from ecomon.errors import StoreError
from ecomon.model.observation import DataKind, isoformat
from ecomon.model.period import from_epoch_s
from ecomon.model.role import Actor
from ecomon.store import (
    actors,
    acts,
    alerts,
    approvals,
    approving,
    backup,
    blobs,
    cases,
    check,
    datasets,
    decisions,
    exports,
    flags,
    health,
    ingest,
    instruments,
    latest,
    lineage,
    observations,
    operations_alerts,
    overlay_acts,
    polls,
    receipts,
    result_tables,
    retention,
    reviews,
    roots,
    runs,
    samples,
    signatures,
    statements,
    status,
    withdrawal,
)
from ecomon.store.dialect import connect, sqlite_path, to_url
from ecomon.store.knowledge import (
    Commit,
    Transactions,
    begin_commit,
    read_input_seq,
    read_meta,
    read_seq,
    read_seq_at,
)
from ecomon.store.migrate import check_schema, read_schema, upgrade_schema
from ecomon.store.outages import as_store_error, connect_patiently
from ecomon.store.schema import counter, meta
from ecomon.store.turns import Turns, hold_turns

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


def _transacting(
    function: Callable[Concatenate[Transactions, P], R],
) -> Callable[Concatenate[Store, P], R]:
    """A method that calls the function with the means to begin transactions."""

    @wraps(function)
    def method(self: Store, /, *args: P.args, **options: P.kwargs) -> R:
        return function(Transactions(self._read, self._commit), *args, **options)

    return method


class Store:
    """The system of record, open. Made by :meth:`create` or :meth:`open`; a context manager.

    ``kind`` is that of its data (real, example, golden) and ``identity`` what tells it from other
    stores (hexadecimal), both fixed when it was made. Every database
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
        self._held: list[Turns] = []
        try:
            with self._read() as conn:
                check_schema(conn, reader.url.render_as_string())
                self.kind: DataKind = cast(DataKind, read_meta(conn, "kind"))
                self.identity: str = read_meta(conn, "id")
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
    def upgrade(url_or_path: str | Path) -> list[str]:
        """Bring a store of an older schema up to this one, in one transaction; the steps it took."""
        url = to_url(url_or_path)
        if (path := sqlite_path(url)) is not None and not path.is_file():
            raise StoreError(f"{path} holds no store to upgrade")
        _, writer = connect(url)
        with as_store_error(), writer.begin() as conn:
            if read_schema(conn) is None:
                raise StoreError(f"{url.render_as_string()} holds no store to upgrade")
            steps = upgrade_schema(conn)
        writer.dispose()
        return steps

    def close(self) -> None:
        """Give the connections back; the store can be opened again."""
        self._reader.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def turn(self, names: Iterable[str], *, timeout_s: float | None = None) -> Iterator[None]:
        """Hold the turns of ``names`` (:func:`ecomon.store.turns.hold_turns`) through the block.

        Inside it a write is refused (StoreUnavailable) once a turn was lost to another run.
        """
        with hold_turns(
            self._reader,
            names,
            prefix=self.identity,
            timeout_s=timeout_s,
            patience_s=self._patience_s,
        ) as held:
            self._held.append(held)
            try:
                yield
            finally:
                self._held.remove(held)

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
            # Inside the transaction: a restart of the server after this ends the transaction too.
            for held in self._held:
                held.check()
            yield commit

    now_seq = _reading(read_seq)
    input_seq = _reading(read_input_seq)
    seq_at = _reading(read_seq_at)
    status = _reading(status.read_status)
    health = _reading(health.read_health)

    ingest = _transacting(ingest.ingest)
    ingest_receptions = _transacting(instruments.ingest_receptions)
    read_instruments = _reading(instruments.read_instruments)
    read_new_quirks = _reading(instruments.read_new_quirks)
    read_instrument_checks = _reading(instruments.read_instrument_checks)
    read_spool_position = _reading(instruments.read_spool_position)
    read_reception_letters = _reading(instruments.read_reception_letters)
    read_observations = _reading(observations.read_observations)
    read_latest = _reading(latest.read_latest)
    read_dataset = _reading(datasets.read_dataset)
    trace_revision = _reading(lineage.trace_revision)
    read_origins = _reading(lineage.read_origins)
    read_blob = _reading(blobs.read_blob)
    read_batches = _reading(lineage.read_batches)
    close_day = _writing(roots.close_day)
    read_root = _reading(roots.read_root)
    prunable_blobs = _reading(retention.prunable_blobs)
    prune_blobs = _writing(retention.prune_blobs)
    check = _reading(check.check_store)
    export_months = _reading(exports.export_months)
    last_backup = _reading(backup.last_backup)
    read_changes = _reading(lineage.read_changes)
    read_dead_letters = _reading(lineage.read_dead_letters)

    read_samples = _reading(samples.read_samples)

    write_flags = _writing(flags.write_flags)
    open_reviews = _writing(reviews.open_reviews)
    read_reviews = _reading(reviews.read_reviews)
    read_cases = _reading(cases.read_cases)
    decide_case = _writing(cases.decide_case)
    record_decision = _writing(decisions.record_decision)
    read_decisions = _reading(decisions.read_decisions)
    record_approval = _writing(approving.record_approval)
    read_approvals = _reading(approvals.read_approvals)
    withdraw_batch = _writing(withdrawal.withdraw_batch)

    def authenticate(self, token: str) -> Actor:
        """The actor whose token this is (:func:`ecomon.store.actors.authenticate`)."""
        with self._read() as conn:
            return actors.authenticate(conn, token, at_s=int(self._clock()))

    add_actor = _writing(actors.add_actor)
    disable_actor = _writing(actors.disable_actor)
    issue_token = _writing(actors.issue_token)
    revoke_token = _writing(actors.revoke_token)
    read_actors = _reading(actors.read_actors)
    read_tokens = _reading(actors.read_tokens)
    sign_octets = _writing(signatures.sign_octets)
    propose_overlay = _writing(overlay_acts.propose_overlay)
    approve_overlay = _writing(overlay_acts.approve_overlay)
    read_acts = _reading(acts.read_acts)
    check_acts = _reading(acts.check_acts)

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
    write_load_estimates = _writing(result_tables.write_load_estimates)
    read_load_estimates = _reading(result_tables.read_load_estimates)
    write_receipts = _writing(result_tables.write_receipts)
    read_receipts = _reading(result_tables.read_receipts)
    read_arrivals = _reading(receipts.read_arrivals)
    read_last_starts = _reading(receipts.read_last_starts)
    write_statement = _writing(statements.write_statement)
    read_statements = _reading(statements.read_statements)

    commit_operations_alerts = _writing(operations_alerts.commit_operations_alerts)
    read_operations_alerts = _reading(operations_alerts.read_operations_alerts)
    read_operations_history = _reading(operations_alerts.read_operations_history)
    commit_alerts = _writing(alerts.commit_alerts)
    upsert_alerts = _writing(alerts.upsert_alerts)
    read_alerts = _reading(alerts.read_alerts)
    enqueue_notices = _writing(alerts.enqueue_notices)
    pending_notices = _reading(alerts.pending_notices)
    record_delivery = _writing(alerts.record_delivery)

    read_polls = _reading(polls.read_polls)
    begin_poll = _writing(polls.begin_poll)
    record_poll = _writing(polls.record_poll)
    claim_host = _writing(polls.claim_host)
    release_host = _writing(polls.release_host)
    read_hosts = _reading(polls.read_hosts)
