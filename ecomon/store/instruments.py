"""What a gateway received: readings, checks and counts of one run of receptions in one transaction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, insert, select, update

from ecomon.model.instrument import InstrumentCheck, InstrumentCount
from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import from_epoch_s, to_epoch_s
from ecomon.store.canonical import canonical_json, read_json
from ecomon.store.dialect import upsert
from ecomon.store.ingest import IngestReport, ingest
from ecomon.store.knowledge import Commit, Transactions
from ecomon.store.schema import (
    batch,
    dead_letter,
    instrument,
    instrument_check,
    instrument_quirk,
)

_RUN = re.compile(r"hj212-(?P<spool>[0-9a-f]{32})-(?P<first>\d+)-(?P<last>\d+)")
_ASKED_AT_ONCE = 500
_SAID = ("site", "determinand", "value", "expected", "unit", "letter", "detail")


@dataclass(frozen=True, slots=True)
class ReceptionRun:
    """A run of receptions as it is stored: whose, which, and how it was read.

    ``name`` is what :func:`name_run` gives; ``mends`` the dead letters (ids) that it settles, of a
    run that is read again after the facts of its stations were mended. Such a run adds nothing to
    the counts of instruments.
    """

    name: str
    octets: bytes
    source: str
    decoder: str
    decoder_version: str
    options: Mapping[str, Any]
    mends: tuple[int, ...] = ()


def name_run(spool: str, first: int, last: int) -> str:
    """The name of a run in the table of batches; ``spool`` is the spool's id."""
    return f"hj212-{spool}-{first}-{last}"


def ingest_receptions(
    transactions: Transactions,
    run: ReceptionRun,
    *,
    batches: Iterable[Batch],
    rejected: Iterable[Rejected],
    checks: Sequence[InstrumentCheck],
    counts: Iterable[InstrumentCount],
) -> IngestReport:
    """Store what one run of receptions says, in one transaction; nothing at all if it was here before.

    Raises
    ------
    as :func:`ecomon.store.ingest.ingest`
    """

    def write_beside(commit: Commit, report: IngestReport) -> None:
        write_instrument_checks(commit, report.batch_id, checks)
        if run.mends:
            settled = dead_letter.c.dead_letter_id.in_(run.mends)
            commit.conn.execute(update(dead_letter).where(settled).values(state="superseded"))
        else:
            add_instrument_counts(commit, counts)

    return ingest(
        transactions,
        batches,
        blob=run.octets,
        file_name=run.name,
        source=run.source,
        decoder=run.decoder,
        decoder_version=run.decoder_version,
        options=run.options,
        rejected=rejected,
        beside=write_beside,
    )


def read_spool_position(conn: Connection, source: str, spool: str) -> tuple[int, str | None]:
    """The number of the last reception of a spool that is stored, and the octets' address of its run.

    0 and None where nothing of that spool was stored yet.
    """
    query = (
        select(batch.c.file_name, batch.c.sha256)
        .where(batch.c.source == source, batch.c.file_name.startswith(f"hj212-{spool}-"))
        .order_by(batch.c.batch_id.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    found = _RUN.fullmatch(row.file_name) if row else None
    return (int(found["last"]), row.sha256) if row and found else (0, None)


def read_reception_letters(
    conn: Connection, source: str, *, state: str | None = "open", limit: int | None = None
) -> list[dict[str, Any]]:
    """Dead letters of a gateway, oldest first, with the run each stood in and the run's address."""
    query = (
        select(dead_letter, batch.c.file_name, batch.c.sha256, batch.c.received_at_s)
        .join(batch, batch.c.batch_id == dead_letter.c.batch_id)
        .where(batch.c.source == source)
        .order_by(dead_letter.c.dead_letter_id)
    )
    if state is not None:
        query = query.where(dead_letter.c.state == state)
    return [dict(row) for row in conn.execute(query.limit(limit)).mappings()]


def add_instrument_counts(commit: Commit, counts: Iterable[InstrumentCount]) -> None:
    """Add what one run of receptions says to what is known of each instrument.

    Called in the transaction that stores the run (``beside`` of ``ingest``), so that a run that is
    read again adds nothing.
    """
    counts = list(counts)
    if not counts:
        return
    known = {row["mn"]: row for row in _rows_of(commit.conn, [one.mn for one in counts])}
    rows = [_added(known.get(one.mn), one) for one in counts]
    statement = upsert(commit.conn, instrument)
    given = {name: statement.excluded[name] for name in rows[0] if name != "mn"}
    commit.conn.execute(statement.on_conflict_do_update(index_elements=["mn"], set_=given), rows)
    _add_quirks(commit.conn, counts)


def _rows_of(conn: Connection, names: Sequence[str]) -> Iterator[RowMapping]:
    for at in range(0, len(names), _ASKED_AT_ONCE):
        wanted = instrument.c.mn.in_(names[at : at + _ASKED_AT_ONCE])
        yield from conn.execute(select(instrument).where(wanted)).mappings()


def _added(known: RowMapping | None, one: InstrumentCount) -> dict[str, Any]:
    was: dict[str, Any] = dict(known) if known else {}
    return {
        "mn": one.mn,
        "site": one.site or was.get("site"),
        "n_frames": was.get("n_frames", 0) + one.n_frames,
        "n_rejected": was.get("n_rejected", 0) + one.n_rejected,
        "n_backfilled": was.get("n_backfilled", 0) + one.n_backfilled,
        "first_seen_s": was.get("first_seen_s", to_epoch_s(one.first_seen)),
        "last_seen_s": max(was.get("last_seen_s", 0), to_epoch_s(one.last_seen)),
        "last_data_s": _most(was.get("last_data_s"), one.last_data and to_epoch_s(one.last_data)),
        "drift_s": was.get("drift_s") if one.drift_s is None else one.drift_s,
        "drift_least_s": _least(was.get("drift_least_s"), one.drift_least_s),
        "drift_most_s": _most(was.get("drift_most_s"), one.drift_most_s),
    }


def _most(*values: float | None) -> float | None:
    return max((one for one in values if one is not None), default=None)


def _least(*values: float | None) -> float | None:
    return min((one for one in values if one is not None), default=None)


def _add_quirks(conn: Connection, counts: Iterable[InstrumentCount]) -> None:
    rows = [
        {
            "mn": one.mn,
            "quirk": quirk,
            "n": n,
            "first_seen_s": to_epoch_s(one.first_seen),
            "last_seen_s": to_epoch_s(one.last_seen),
        }
        for one in counts
        for quirk, n in sorted(one.quirks.items())
    ]
    if rows:
        statement = upsert(conn, instrument_quirk)
        set_ = {
            "n": instrument_quirk.c.n + statement.excluded.n,
            "last_seen_s": statement.excluded.last_seen_s,
        }
        index = ["mn", "quirk"]
        conn.execute(statement.on_conflict_do_update(index_elements=index, set_=set_), rows)


def write_instrument_checks(
    commit: Commit, batch_id: int, checks: Sequence[InstrumentCheck]
) -> int:
    """Write checks of instruments; the same one again changes nothing, another value supersedes it.

    What the batch that this one mends had written and this one does not say again is withdrawn.

    Returns
    -------
    int
        How many are new or differ from what was known.
    """
    mended = commit.conn.execute(
        select(batch.c.supersedes).where(batch.c.batch_id == batch_id)
    ).scalar()
    if mended is not None:
        commit.conn.execute(
            update(instrument_check)
            .where(
                instrument_check.c.batch_id == mended, instrument_check.c.superseded_seq.is_(None)
            )
            .values(superseded_seq=commit.seq)
        )
    return sum(_write_check(commit, batch_id, one) for one in checks)


def _write_check(commit: Commit, batch_id: int, one: InstrumentCheck) -> bool:
    said = {
        "mn": one.mn, "site": one.site, "code": one.code, "kind": one.kind,
        "at_s": to_epoch_s(one.at), "determinand": one.determinand, "value": one.value,
        "expected": one.expected, "unit": one.unit, "letter": one.letter,
        "detail": canonical_json(one.detail),
    }  # fmt: skip
    is_current = and_(
        *(instrument_check.c[name] == said[name] for name in ("mn", "code", "kind", "at_s")),
        instrument_check.c.superseded_seq.is_(None),
    )
    known = commit.conn.execute(select(instrument_check).where(is_current)).mappings().first()
    if known is not None:
        if all(known[name] == said[name] for name in _SAID):
            return False
        commit.conn.execute(
            update(instrument_check).where(is_current).values(superseded_seq=commit.seq)
        )
    commit.conn.execute(
        insert(instrument_check).values(**said, batch_id=batch_id, row=one.row, seq=commit.seq)
    )
    return True


def read_instruments(conn: Connection) -> list[InstrumentCount]:
    """What is known of every instrument that ever spoke to a gateway, in the order of MN."""
    quirks: dict[str, Counter[str]] = {}
    for row in conn.execute(select(instrument_quirk)).mappings():
        quirks.setdefault(row["mn"], Counter())[row["quirk"]] = row["n"]
    return [
        InstrumentCount(
            row["mn"],
            row["site"],
            from_epoch_s(row["first_seen_s"]),
            from_epoch_s(row["last_seen_s"]),
            row["n_frames"],
            row["n_rejected"],
            row["n_backfilled"],
            quirks.get(row["mn"], Counter()),
            None if row["last_data_s"] is None else from_epoch_s(row["last_data_s"]),
            row["drift_s"],
            row["drift_least_s"],
            row["drift_most_s"],
        )
        for row in conn.execute(select(instrument).order_by(instrument.c.mn)).mappings()
    ]


def read_new_quirks(
    conn: Connection, since: datetime, *, known_for: timedelta = timedelta(days=1)
) -> list[tuple[str, str, datetime]]:
    """(MN, quirk, when first seen) of quirks that began since, of instruments known so long before."""
    known_s = int(known_for.total_seconds())
    query = (
        select(instrument_quirk.c.mn, instrument_quirk.c.quirk, instrument_quirk.c.first_seen_s)
        .join(instrument, instrument.c.mn == instrument_quirk.c.mn)
        .where(
            instrument_quirk.c.first_seen_s >= to_epoch_s(since),
            instrument_quirk.c.first_seen_s >= instrument.c.first_seen_s + known_s,
        )
        .order_by(instrument_quirk.c.mn, instrument_quirk.c.quirk)
    )
    return [(mn, quirk, from_epoch_s(at_s)) for mn, quirk, at_s in conn.execute(query)]


def read_instrument_checks(
    conn: Connection,
    start: datetime,
    end: datetime,
    *,
    sites: Sequence[str] | None = None,
) -> list[InstrumentCheck]:
    """Checks of instruments within a half-open span, in the order of time, MN and code."""
    table = instrument_check
    query = select(table).where(
        table.c.at_s >= to_epoch_s(start),
        table.c.at_s < to_epoch_s(end),
        table.c.superseded_seq.is_(None),
    )
    if sites is not None:
        query = query.where(table.c.site.in_(sites))
    rows = conn.execute(query.order_by(table.c.at_s, table.c.mn, table.c.code)).mappings()
    return [
        InstrumentCheck(
            row["mn"], row["site"], row["code"], row["kind"], from_epoch_s(row["at_s"]),
            row["determinand"], row["value"], row["expected"], row["unit"], row["letter"],
            read_json(row["detail"]), row["row"],
        )
        for row in rows
    ]  # fmt: skip
