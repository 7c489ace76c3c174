"""Turns: of the runs that work on the same thing, one at a time, on however many machines.

On PostgreSQL a turn is a session-level advisory lock on a connection of its own; the server frees
it when that connection ends, however its process ends. Elsewhere it is a file lock beside the
database, which the operating system frees.

Deadlock cannot arise within one call, because its names are taken in sorted order. Who takes turns
in several calls, one inside the other, needs an order of his own (``flows/installation.py``).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import BigInteger, Connection, Engine, cast, func, select, text
from sqlalchemy.exc import DBAPIError

from ecomon.errors import StoreUnavailable
from ecomon.store.dialect import sqlite_path, upsert
from ecomon.store.outages import as_store_error, connect_patiently, is_away
from ecomon.store.schema import counter

SAY_AFTER_S = 3.0
"""A shorter wait is nobody's concern."""

# What the session that holds turns asks of its server. A machine that loses its power does not
# close its connections: keepalives free its turns in about a minute. It is idle for as long as a
# run works, and its waits are long. Settings that a server does not know are left aside.
_SESSION = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "idle_session_timeout": "0",
    "statement_timeout": "0",
}
_SET_SESSION = (
    "SELECT set_config(known.name, wanted.value, false) FROM pg_settings AS known JOIN (VALUES "
    + ", ".join(f"('{name}', '{value}')" for name, value in _SESSION.items())
    + ") AS wanted (name, value) ON wanted.name = known.name"
)
_NOT_IN_TIME = "55P03"  # SQLSTATE lock_not_available: PostgreSQL documentation, appendix A

_log = logging.getLogger(__name__)


class Turns(Protocol):
    """Turns that are held."""

    def check(self) -> None:
        """StoreUnavailable where one of them was lost and another run may have had it since."""
        ...


@contextlib.contextmanager
def hold_turns(
    engine: Engine,
    names: Iterable[str],
    *,
    prefix: str,
    timeout_s: float | None = None,
    patience_s: float = 0.0,
    say_after_s: float = SAY_AFTER_S,
) -> Iterator[Turns]:
    """Take the turns of ``names`` in sorted order, one after another; free them after the block.

    Parameters
    ----------
    names : iterable of str
        What is worked on, e.g. ``month/2021-04``. The same name twice in one call is one turn;
        asked for again inside the block, it would wait for itself.
    prefix : str
        What tells this store from another in the same database.
    timeout_s : float, optional
        How long to wait for each; without it, as long as it takes.
    patience_s : float
        How long a database that is away is waited for.
    say_after_s : float
        After how long a wait is said, once, in the log.

    Raises
    ------
    StoreUnavailable
        where a turn did not come within ``timeout_s``, or, at the end of the block, where one was
        lost meanwhile (:meth:`Turns.check`).
    """
    ordered = sorted(set(names))
    path = sqlite_path(engine.url)
    with contextlib.ExitStack() as held:
        turns: Turns
        if path is not None:
            turns = _FileTurns()
            folder = path.parent / "turns"
            folder.mkdir(parents=True, exist_ok=True)
            for name in ordered:
                lock = _file_turn(folder, name, _Patience(timeout_s, say_after_s))
                held.callback(lock.release)
        else:
            turns = _ServerTurns(engine, prefix, patience_s)
            held.callback(turns.close)
            for name in ordered:
                turns.take(name, _Patience(timeout_s, say_after_s))
        yield turns
        turns.check()


class _FileTurns:
    """Locks of this process on open files: they cannot be lost while it lives."""

    def check(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long one turn is waited for, and after how long that is said."""

    timeout_s: float | None
    say_after_s: float

    def attempts(self, name: str) -> Iterator[float | None]:
        """How long to try, twice at most (None: as long as it takes); then StoreUnavailable."""
        started = time.monotonic()
        timeout_s = self.timeout_s
        yield self.say_after_s if timeout_s is None else min(self.say_after_s, timeout_s)
        if timeout_s is None or timeout_s > self.say_after_s:
            _log.warning("等待 waiting for %s: another run works on it", name)
            yield None if timeout_s is None else timeout_s - (time.monotonic() - started)
        raise StoreUnavailable(
            f"{name} is still worked on by another run after {timeout_s or 0:.0f} s;"
            " try again later"
        )


def _file_turn(folder: Path, name: str, patience: _Patience) -> FileLock:
    lock = FileLock(folder / f"{quote(name, safe='')}.lock")
    for wait_s in patience.attempts(name):
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=-1 if wait_s is None else max(0.0, wait_s), poll_interval=0.1)
            break
    return lock


@dataclass
class _ServerTurns:
    """Advisory locks on one connection of their own.

    Each taking is counted in the store. After a break of the connection (the server was restarted)
    a turn is taken again, and the count says whether another run has had it in between.
    """

    engine: Engine
    prefix: str
    patience_s: float
    counts: dict[str, int] = field(default_factory=dict[str, int])
    _conn: Connection | None = None
    _lost: str | None = None
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str, patience: _Patience) -> None:
        with as_store_error():
            conn = self._connected()
            for wait_s in patience.attempts(name):
                if self._lock(conn, name, wait_s):
                    break
            self.counts[name] = self._count(conn, name)

    def check(self) -> None:
        with self._one_at_a_time, as_store_error():
            if self._lost is None and self.counts and not self._is_alive():
                self._lost = self._take_again()
            if self._lost is not None:
                raise StoreUnavailable(
                    f"the database was away, and {self._lost} is another run's now; run this again"
                )

    def _take_again(self) -> str | None:
        """After a break; the turn that another run has had since, with which all are lost."""
        self.close()
        conn = self._connected()
        for name in sorted(self.counts):
            is_free = self._lock(conn, name, SAY_AFTER_S)
            if not is_free or _times_taken(conn, name) != self.counts[name]:
                self.close()
                return name
        return None

    def close(self) -> None:
        """Free all turns: the server does when the connection ends."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def _connected(self) -> Connection:
        if self._conn is None:
            conn = connect_patiently(self.engine, self.patience_s)
            conn = conn.execution_options(isolation_level="AUTOCOMMIT")
            conn.detach()  # the pool keeps its connections; closing this one ends the session
            self._conn = conn
            conn.execute(text(_SET_SESSION))
        return self._conn

    def _is_alive(self) -> bool:
        """Whether the session that took the turns still stands, and so its locks."""
        if self._conn is None:
            return False
        try:
            self._conn.execute(text("SELECT 1"))
        except DBAPIError as error:
            if not is_away(error):
                raise
            self._conn.invalidate()
            return False
        return True

    def _lock(self, conn: Connection, name: str, timeout_s: float | None) -> bool:
        # Zero means for ever there; a wait of no time is one of a millisecond.
        wait_ms = 0 if timeout_s is None else max(1, round(timeout_s * 1000))
        conn.execute(
            text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": f"{wait_ms}"}
        )
        key = lock_key(self.prefix, name)
        try:
            conn.execute(select(func.pg_advisory_lock(cast(key, BigInteger))))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _NOT_IN_TIME:
                raise
            return False
        return True

    def _count(self, conn: Connection, name: str) -> int:
        """Note that the turn has been taken; how often by now."""
        taken = upsert(conn, counter).values(name=f"turn {name}", value=1)
        taken = taken.on_conflict_do_update(
            index_elements=["name"], set_={"value": counter.c.value + 1}
        )
        return conn.execute(taken.returning(counter.c.value)).scalar_one()


def _times_taken(conn: Connection, name: str) -> int:
    query = select(counter.c.value).where(counter.c.name == f"turn {name}")
    return conn.execute(query).scalar_one()


def lock_key(prefix: str, name: str) -> int:
    """The 64-bit key of a turn among the advisory locks of its database."""
    digest = hashlib.blake2b(f"{prefix}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
