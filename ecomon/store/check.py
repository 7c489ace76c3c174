"""Checking a store: does what it holds still hang together, whoever wrote to the database meanwhile?

Each check is one question in SQL or one walk along a chain. Rows that fault are counted and the
first of them named; memory does not grow with the store.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import SQLAlchemyError

from ecomon.model.canonical import canonical_octets
from ecomon.model.observation import isoformat
from ecomon.model.period import Period, from_epoch_s, to_epoch_s
from ecomon.store.acts import check_acts
from ecomon.store.canonical import read_json
from ecomon.store.check_rows import ROW_CHECKS
from ecomon.store.migrate import compare_schema
from ecomon.store.roots import check_roots
from ecomon.store.schema import blob, blob_piece, knowledge, posting, ruleset, run, statement

_BLOBS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that is wrong; ``is_fault`` False where it is only worth knowing."""

    check: str
    place: str
    text: str
    is_fault: bool = True

    def __str__(self) -> str:
        return f"{self.check}: {self.place}: {self.text}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Told = Iterator[tuple[str, str]]  # place and words


def check_store(conn: Connection, *, is_deep: bool = False) -> list[Discrepancy]:
    """Everything that is wrong with a store, in the order of the checks; nothing if it is sound.

    Parameters
    ----------
    is_deep : bool
        Read every kept octet against its hash, and every page of an SQLite file against its
        indexes; this takes as long as reading all of it.
    """
    found: list[Discrepancy] = []
    for name, check, is_fault in _checks(is_deep):
        # On a server an error ends the transaction; a savepoint keeps the next check possible.
        save = conn.begin_nested()
        try:
            found += [Discrepancy(name, place, said, is_fault) for place, said in check(conn)]
        except SQLAlchemyError as error:
            found.append(Discrepancy(name, "database", f"{getattr(error, 'orig', None) or error}"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            found.append(Discrepancy(name, "database", f"holds what cannot be read: {error!r}"))
        finally:
            save.rollback()
    if (reading := conn.get_transaction()) is not None:
        reading.rollback()  # a damaged SQLite file would refuse the end of a transaction otherwise
    return found


def _checks(is_deep: bool) -> Iterator[tuple[str, Callable[[Connection], Told], bool]]:
    yield "engine", (_check_engine_deep if is_deep else _check_engine), True
    yield "schema", _check_schema, True
    yield "partitions", _check_partitions, True
    yield "knowledge", _check_knowledge, True
    yield "clock", _note_clock, False
    for name, check in ROW_CHECKS.items():
        yield name, check, True
    yield "roots", lambda conn: (("day_root", said) for said in check_roots(conn)), True
    yield "acts", lambda conn: (("act", said) for said in check_acts(conn)), True
    yield "statements", _check_statements, True
    yield "rulesets", _check_rulesets, True
    yield "runs", _note_open_runs, False
    if is_deep:
        yield "octets", _check_octets, True


def _check_engine(conn: Connection, pragma: str = "quick_check") -> Told:
    if conn.dialect.name != "sqlite":
        return
    for (said,) in conn.execute(text(f"PRAGMA {pragma}(20)")):
        if said != "ok":
            yield "file", said
    for table, row, parent, _ in conn.execute(text("PRAGMA foreign_key_check")).fetchmany(20):
        yield table, f"row {row} refers to a row of {parent} that is not there"


def _check_engine_deep(conn: Connection) -> Told:
    return _check_engine(conn, "integrity_check")


def _check_schema(conn: Connection) -> Told:
    for said in compare_schema(conn):
        yield "schema", said


def _check_partitions(conn: Connection) -> Told:
    """On a server each month of readings has its own partition with that month's bounds."""
    if conn.dialect.name != "postgresql":
        return
    query = text(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i"
        " JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = to_regclass('observation') ORDER BY c.relname"
    )
    for name, bounds in conn.execute(query).all():
        year, month = name.removeprefix("observation_")[:4], name[-2:]
        if name != f"observation_{year}{month}" or not f"{year}{month}".isdigit():
            yield name, "is a partition of no month"
            continue
        period = Period.month(int(year), int(month))
        first, after = to_epoch_s(period.start), to_epoch_s(period.end)
        if bounds.replace("'", "") != f"FOR VALUES FROM ({first}) TO ({after})":
            yield name, f"has not the bounds of its Beijing month: {bounds}"


def _check_knowledge(conn: Connection) -> Told:
    expected = 0
    for (seq,) in _stream(conn, select(knowledge.c.seq).order_by(knowledge.c.seq)):
        expected += 1
        if seq != expected:
            yield "knowledge", f"sequence {expected} is missing: {seq} follows {expected - 1}"
            expected = seq


def _note_clock(conn: Connection) -> Told:
    previous_s = None
    query = select(knowledge.c.seq, knowledge.c.at_s).order_by(knowledge.c.seq)
    for seq, at_s in _stream(conn, query):
        if previous_s is not None and at_s < previous_s:
            yield f"sequence {seq}", f"the clock had gone back by {previous_s - at_s} s"
        previous_s = at_s


def _check_statements(conn: Connection) -> Told:
    for row in conn.execute(select(statement).order_by(statement.c.statement_id)).mappings():
        place = f"statement {row['statement_id']}"
        document = read_json(row["document"])
        if hashlib.sha256(canonical_octets(document)).hexdigest() != row["sha256"]:
            yield place, "its document is not that of its SHA-256"
        told = [
            tuple(str(one.get(name)) for name in ("line", "party", "amount_cny"))
            for one in document.get("postings") or []
        ]
        kept = conn.execute(
            select(posting.c.line, posting.c.party, posting.c.amount_cny)
            .where(posting.c.statement_id == row["statement_id"])
            .order_by(posting.c.number)
        ).all()
        if told != [tuple(one) for one in kept]:
            yield place, "its postings are not those of its document"
        if (total := _sum([one.amount_cny for one in kept])) != 0:
            yield place, f"its postings sum to {total} CNY, not to zero"


def _sum(amounts: list[str]) -> Decimal | str:
    with localcontext() as context:
        context.prec = 60
        try:
            return sum((Decimal(amount) for amount in amounts), Decimal(0))
        except InvalidOperation:
            return f"what is no number: {amounts}"


def _check_rulesets(conn: Connection) -> Told:
    for hash_ in conn.execute(select(ruleset.c.hash).order_by(ruleset.c.hash)).scalars().all():
        octets = conn.execute(select(ruleset.c.octets).where(ruleset.c.hash == hash_)).scalar_one()
        if _digest([octets]) != hash_:
            yield f"rule set {hash_}", "its octets are not those of its hash"


def _note_open_runs(conn: Connection) -> Told:
    query = select(run.c.run_id, run.c.flow, run.c.started_at_s).where(run.c.ended_at_s.is_(None))
    for run_id, flow, started_at_s in conn.execute(query.order_by(run.c.run_id)).fetchmany(20):
        yield (
            f"run {run_id}",
            f"{flow} began {isoformat(from_epoch_s(started_at_s))} and never ended",
        )


def _check_octets(conn: Connection) -> Told:
    after = ""
    while True:
        query = select(blob.c.sha256).where(blob.c.pruned_at_s.is_(None), blob.c.sha256 > after)
        names = conn.execute(query.order_by(blob.c.sha256).limit(_BLOBS_AT_ONCE)).scalars().all()
        for sha256 in names:
            if _digest(_pieces(conn, sha256)) != sha256:
                yield f"blob {sha256}", "its octets are not those of its hash"
        if not names:
            return
        after = names[-1]


def _pieces(conn: Connection, sha256: str) -> Iterator[bytes]:
    numbers = select(blob_piece.c.number).where(blob_piece.c.sha256 == sha256)
    for number in conn.execute(numbers.order_by(blob_piece.c.number)).scalars().all():
        mine = (blob_piece.c.sha256 == sha256) & (blob_piece.c.number == number)
        yield conn.execute(select(blob_piece.c.octets).where(mine)).scalar_one()


def _digest(pieces: Iterator[bytes] | list[bytes]) -> str:
    """SHA-256 of deflated pieces; no hash at all where one cannot be inflated."""
    digest = hashlib.sha256()
    try:
        for piece in pieces:
            digest.update(zlib.decompress(piece))
    except (zlib.error, TypeError):  # SQLite lets a text stand where octets should
        return ""
    return digest.hexdigest()


def _stream(conn: Connection, query: Any) -> Iterator[Any]:
    return iter(conn.execute(query, execution_options={"yield_per": 10_000}))
