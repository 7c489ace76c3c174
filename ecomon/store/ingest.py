"""Ingest: decoded batches into the store, in one transaction, by revision.

Each batch is laid into a temporary table and met with the current revisions there, in SQL: what
differs moves to the history, what is new or differs is written, what is equal stays untouched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from ecomon.errors import StoreError
from ecomon.model.observation import Batch, DataKind, Rejected
from ecomon.model.period import to_epoch_s
from ecomon.model.tables import OBSERVATIONS
from ecomon.store.approving import review_approved
from ecomon.store.blobs import Octets, write_blob
from ecomon.store.canonical import canonical_json, instant_s, read_json
from ecomon.store.decisions import review_revised
from ecomon.store.doubts import refresh_changed
from ecomon.store.knowledge import Commit, Transactions, read_meta
from ecomon.store.reviews import close_replaced, close_withdrawn
from ecomon.store.revisions import (
    ASSERTED,
    STAGED,
    assert_staged,
    stage_observations,
    withdraw_absent,
    write_revisions,
)
from ecomon.store.schema import batch, dead_letter
from ecomon.store.series import SeriesBook

_STAGING = (STAGED, ASSERTED)
_TAKEN_FIRST = 100_000  # observations and rejected rows held in memory before a transaction begins


@dataclass(frozen=True, slots=True)
class Origin:
    """Where batches came from: the octets, and what decoded them how."""

    octets: Octets
    file_name: str
    source: str
    decoder: str
    decoder_version: str
    options: str  # canonical JSON
    received_at: datetime | None
    supersedes: int | None

    @property
    def sha256(self) -> str:
        return self.octets.sha256


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one file. ``is_repeat``: these octets, decoded this way, were here already."""

    batch_id: int
    seq: int
    n_new: int
    n_revised: int
    n_unchanged: int
    n_rejected: int
    n_withdrawn: int = 0
    is_repeat: bool = False


@dataclass(slots=True)
class _Tally:
    n_rows: int = 0
    n_new: int = 0
    n_revised: int = 0
    starts_s: list[int] = field(default_factory=list[int])  # ends of the spans that changed
    sites: set[str] = field(default_factory=set[str])
    quirks: Counter[str] = field(default_factory=Counter[str])

    @property
    def n_unchanged(self) -> int:
        return self.n_rows - self.n_new - self.n_revised


def ingest(
    transactions: Transactions,
    batches: Iterable[Batch | Rejected],
    *,
    blob: bytes | Octets,
    file_name: str,
    source: str,
    decoder: str,
    decoder_version: str,
    options: Mapping[str, Any] | None = None,
    rejected: Iterable[Rejected] = (),
    received_at: datetime | None = None,
    supersedes: int | None = None,
    kind: DataKind | None = None,
    is_again: bool = False,
    beside: Callable[[Commit, IngestReport], object] | None = None,
) -> IngestReport:
    """Write what a file says, in one transaction; nothing at all if it was here before.

    The same octets from the same source, by the same decoder, version and options, are a repeat:
    they bring no knowledge, even where another file has revised their values since. Decoded in
    another way (a later decoder, another year, a place that is registered now), they supersede
    the batch they made before.

    Parameters
    ----------
    batches : iterable of Batch or Rejected
        Observations with ids of the registry as ``site`` (contract OBSERVATIONS; ``reported_at``
        may ride along); within the file the later of two rows of one key wins. The first
        hundred thousand are taken before the transaction begins, so that decoding a small file
        keeps nobody from writing, the others inside it; none at all where the file is a repeat.
    blob : bytes or Octets
        The file itself; kept, content-addressed.
    rejected : iterable of Rejected
        More rows for the dead letters; read after ``batches`` are consumed.
    received_at : datetime, optional
        When it came (aware or naive Beijing time); the time of the commit by default.
    supersedes : int, optional
        The batch that this one mends: what that one wrote and this one does not tell again is
        withdrawn, and its dead letters are settled. By default the last batch of the same octets.
    kind : {"real", "example", "golden"}, optional
        What kind of data these are, checked against the store's.
    is_again : bool
        True: read even what was here before, for a person who sends a file once more because its
        values were withdrawn or replaced since.
    beside : callable, optional
        Writes, in the same transaction, what the file says and is no observation; not called
        where the file is a repeat.

    Raises
    ------
    ContractError
        if a batch breaks the contract or has an unknown ``censor``.
    UnitMismatch
        if a determinand comes in another unit than the store keeps it in.
    StoreError
        if the kind is not the store's, or ``supersedes`` names no batch.
    """
    origin = Origin(
        Octets.of(blob) if isinstance(blob, bytes) else blob, file_name, source, decoder, decoder_version, canonical_json(options or {}),
        received_at, supersedes,
    )  # fmt: skip
    with transactions.read() as conn:
        if kind is not None and kind != (own := read_meta(conn, "kind")):
            raise StoreError(f"{kind} data do not go into a store of {own} data")
        last = _last_of_octets(conn, origin)
        if not is_again and (repeat := _repeat_of(last, origin)) is not None:
            return repeat
    ready = _take_first(batches)
    with transactions.write() as commit:
        # Another process may have brought the same file meanwhile.
        last = _last_of_octets(commit.conn, origin)
        if not is_again and (repeat := _repeat_of(last, origin)) is not None:
            return repeat
        if last is not None and supersedes is None:
            origin = replace(origin, supersedes=last["batch_id"])
        report = _write_file(commit, origin, ready, rejected)
        if beside is not None:
            beside(commit, report)
        return report


def _take_first(batches: Iterable[Batch | Rejected]) -> Iterator[Batch | Rejected]:
    """The same, the first of them decoded now."""
    coming = iter(batches)
    taken, n_rows = list[Batch | Rejected](), 0
    while n_rows < _TAKEN_FIRST and (item := next(coming, None)) is not None:
        taken.append(item)
        n_rows += len(item) if isinstance(item, Batch) else 1
    return chain(taken, coming)


def _write_file(
    commit: Commit,
    origin: Origin,
    batches: Iterable[Batch | Rejected],
    rejected: Iterable[Rejected],
) -> IngestReport:
    conn = commit.conn
    batch_id = _open_batch(commit, origin)
    tally, letters = _Tally(), list[Rejected]()
    book = SeriesBook(conn)
    for table in _STAGING:
        table.create(conn)
    for item in batches:
        if isinstance(item, Rejected):
            letters.append(item)
            continue
        tally.quirks.update(item.quirks)
        if len(item):
            _write_batch(commit, book, item, batch_id, tally)
            if origin.supersedes is not None:
                assert_staged(conn)
    n_withdrawn = 0
    if origin.supersedes is not None:
        n_withdrawn, starts_s = withdraw_absent(commit, origin.supersedes)
        tally.starts_s.extend(starts_s)
        mended = select(batch.c.sites).where(batch.c.batch_id == origin.supersedes)
        tally.sites.update(read_json(conn.execute(mended).scalar_one()))
    for table in _STAGING:
        table.drop(conn)
    letters.extend(rejected)
    _write_letters(conn, letters, batch_id)
    if tally.n_revised:
        review_revised(commit)
        close_replaced(commit)
    if n_withdrawn:
        close_withdrawn(commit)
    if tally.n_revised or n_withdrawn:
        refresh_changed(commit, tally.sites, tally.starts_s)
    review_approved(commit, tally.sites, tally.starts_s)
    report = IngestReport(
        batch_id, commit.seq, tally.n_new, tally.n_revised, tally.n_unchanged, len(letters),
        n_withdrawn,
    )  # fmt: skip
    _close_batch(conn, report, tally)
    commit.keep("ingest")
    return report


def _write_batch(
    commit: Commit, book: SeriesBook, item: Batch, batch_id: int, tally: _Tally
) -> None:
    table = OBSERVATIONS.check(item.observations)
    staged = stage_observations(commit.conn, table, book.ids_of(table))
    n_new, n_revised = write_revisions(commit, staged, batch_id)
    tally.n_rows += len(table)
    tally.n_new += n_new
    tally.n_revised += n_revised
    if n_new + n_revised:
        start = table["start"]
        tally.starts_s.extend((to_epoch_s(start.min()), to_epoch_s(start.max())))
        tally.sites.update(table["site"].unique().tolist())


def _last_of_octets(conn: Connection, origin: Origin) -> RowMapping | None:
    """The last batch of the same octets from the same source."""
    return (
        conn.execute(
            select(batch)
            .where(batch.c.sha256 == origin.sha256)
            .where(batch.c.source == origin.source)
            .order_by(batch.c.batch_id.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )


def _repeat_of(last: RowMapping | None, origin: Origin) -> IngestReport | None:
    """What became of the same octets, if they were last decoded in the same way."""
    decoded = ("decoder", "decoder_version", "options")
    if last is None or any(last[name] != getattr(origin, name) for name in decoded):
        return None
    n_rows, n_rejected = last["n_rows"], last["n_rejected"]
    return IngestReport(last["batch_id"], last["seq"], 0, 0, n_rows, n_rejected, is_repeat=True)


def _open_batch(commit: Commit, origin: Origin) -> int:
    conn, sha256 = commit.conn, origin.sha256
    if origin.supersedes is not None:
        old = select(batch.c.batch_id).where(batch.c.batch_id == origin.supersedes)
        if conn.execute(old).one_or_none() is None:
            raise StoreError(f"there is no batch {origin.supersedes} to supersede")
    write_blob(commit, origin.octets)
    received_at_s = commit.at_s if origin.received_at is None else instant_s(origin.received_at)
    result = conn.execute(
        insert(batch).values(
            seq=commit.seq, sha256=sha256, file_name=origin.file_name, source=origin.source,
            decoder=origin.decoder, decoder_version=origin.decoder_version,
            options=origin.options, received_at_s=received_at_s,
            n_rows=0, n_new=0, n_revised=0, n_unchanged=0, n_withdrawn=0, n_rejected=0,
            quirks="{}", sites="[]", supersedes=origin.supersedes,
        )
    )  # fmt: skip
    assert result.inserted_primary_key is not None
    return result.inserted_primary_key[0]


def _close_batch(conn: Connection, report: IngestReport, tally: _Tally) -> None:
    conn.execute(
        update(batch)
        .where(batch.c.batch_id == report.batch_id)
        .values(
            n_rows=tally.n_rows, n_new=report.n_new, n_revised=report.n_revised,
            n_unchanged=report.n_unchanged, n_withdrawn=report.n_withdrawn,
            n_rejected=report.n_rejected, quirks=canonical_json(tally.quirks),
            first_s=min(tally.starts_s, default=None), last_s=max(tally.starts_s, default=None),
            sites=canonical_json(sorted(tally.sites)),
        )
    )  # fmt: skip


def _write_letters(conn: Connection, letters: list[Rejected], batch_id: int) -> None:
    if letters:
        conn.execute(
            insert(dead_letter),
            [
                {
                    "batch_id": batch_id, "row": letter.row, "column_name": letter.column,
                    "reason": letter.reason, "raw": letter.raw, "state": "open",
                }
                for letter in letters
            ],
        )  # fmt: skip
