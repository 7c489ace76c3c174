"""The order of knowledge: one number per writing transaction that changed something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from ecomon.store.outages import connect_patiently
from ecomon.store.schema import counter, knowledge, meta

_INPUTS = ("ingest", "flags", "decision", "approval", "withdrawal")


@dataclass(slots=True)
class Commit:
    """One writing transaction: its connection, the sequence number it holds and its wall time.

    Whoever changes something in it says what with :meth:`keep`; a transaction that changed
    nothing leaves no number behind.
    """

    conn: Connection
    seq: int
    at_s: int
    kept: list[str] = field(default_factory=list[str])

    def keep(self, what: str) -> None:
        """Say that this transaction changed something that "as known at" must tell apart."""
        if what not in self.kept:
            self.kept.append(what)

    def next_id(self, name: str) -> int:
        """The next number of a counter; it stays free until :meth:`take_ids` takes it."""
        query = select(counter.c.value).where(counter.c.name == name)
        return self.conn.execute(query).scalar_one() + 1

    def take_ids(self, name: str, count: int) -> None:
        """Take ``count`` consecutive numbers of a counter, from :meth:`next_id` on."""
        mine = counter.c.name == name
        self.conn.execute(update(counter).where(mine).values(value=counter.c.value + count))


@dataclass(frozen=True, slots=True)
class Transactions:
    """How a call begins its own, where part of its work is done outside of them."""

    read: Callable[[], AbstractContextManager[Connection]]
    write: Callable[[], AbstractContextManager[Commit]]


@contextmanager
def begin_commit(
    writer: Engine, clock: Callable[[], float], patience_s: float = 0.0
) -> Iterator[Commit]:
    """A writing transaction under the store's write lock; rolled back whole if the block raises.

    The lock is taken before the number is read, so that numbers follow the order of commits:
    SQLite locks at BEGIN IMMEDIATE, a server locks the counter's row.
    """
    with connect_patiently(writer, patience_s) as conn, conn.begin():
        conn.execute(select(counter.c.value).where(counter.c.name == "revision").with_for_update())
        commit = Commit(conn, read_seq(conn) + 1, int(clock()))
        yield commit
        if commit.kept:
            conn.execute(
                insert(knowledge).values(
                    seq=commit.seq, at_s=commit.at_s, what=", ".join(commit.kept)
                )
            )


def read_seq(conn: Connection) -> int:
    """The last sequence number; 0 where nothing is known yet."""
    return conn.execute(select(func.coalesce(func.max(knowledge.c.seq), 0))).scalar_one()


def read_seq_at(conn: Connection, moment_s: int) -> int:
    """The last sequence number that was known at a wall time (epoch seconds).

    A clock can jump: what was committed after the first commit stamped later than ``moment_s``
    was not known yet, whatever its own stamp says.
    """
    later = conn.execute(
        select(func.min(knowledge.c.seq)).where(knowledge.c.at_s > moment_s)
    ).scalar_one()
    return read_seq(conn) if later is None else later - 1


def read_input_seq(conn: Connection) -> int:
    """The last sequence number at which readings, flags, decisions or approvals changed.

    Results, notices and documents do not move it: what is computed from the same input names the
    same number.
    """
    inputs = or_(*(knowledge.c.what.contains(what) for what in _INPUTS))
    # From the last one back: the first that fits is the answer, and mostly near.
    query = select(knowledge.c.seq).where(inputs).order_by(knowledge.c.seq.desc()).limit(1)
    return conn.execute(query).scalar_one_or_none() or 0


def read_meta(conn: Connection, key: str) -> str:
    """One of the facts fixed when the store was made."""
    return conn.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one()
