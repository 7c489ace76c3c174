"""What can go wrong between the store and its database: what is worth waiting for, and what to say.

A database that is away (stopped, restarting, behind a broken network, locked by a long write) is
:class:`StoreUnavailable`: the same call may succeed later. A disk that is full or closed to
writing needs a person, and the message says what to do. Whatever it was, the transaction has
written nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

from ecomon.errors import StoreError, StoreUnavailable

# SQLSTATE classes and codes: PostgreSQL documentation, appendix A.
_AWAY_CLASSES = ("08", "57P")  # connection exceptions; shutdown, crash, cannot connect now
_AGAIN_CODES = ("40001", "40P01", "53300", "55P03")  # serialization, deadlock, too many, locked
_FULL_CODES = ("53100",)
_CLOSED_CODES = ("25006",)

# Words of SQLite's own messages (sqlite3_errstr); its driver names no code on Python 3.11's errors
# that SQLAlchemy passes on in every case.
_SQLITE_BUSY = ("database is locked", "database table is locked")
_SQLITE_FULL = ("database or disk is full",)
_SQLITE_CLOSED = ("readonly database", "unable to open database file", "disk i/o error")

NOTHING_WRITTEN = "nothing of this was written"


def store_error_of(error: SQLAlchemyError) -> StoreError:
    """The error of the store that stands for a database's error."""
    cause = getattr(error, "orig", None) or error
    text = f"{cause}".strip() or type(cause).__name__
    code = str(getattr(cause, "sqlstate", None) or "")
    said = text.lower()
    if is_away(error):
        return StoreUnavailable(f"the database cannot be reached now: {text}; {NOTHING_WRITTEN}")
    if code in _FULL_CODES or any(words in said for words in _SQLITE_FULL):
        return StoreError(
            f"the disk of the database is full: {text}; {NOTHING_WRITTEN};"
            " free space on it and run again"
        )
    if code in _CLOSED_CODES or any(words in said for words in _SQLITE_CLOSED):
        return StoreError(
            f"the database cannot be written: {text}; {NOTHING_WRITTEN};"
            " see that its file and folder may be written and that the disk is sound"
        )
    return StoreError(f"the database refused: {text}")


def is_away(error: BaseException) -> bool:
    """True where the database could not be reached, or gave way to another: worth trying again."""
    if not isinstance(error, DBAPIError):
        return False
    cause = error.orig
    code = str(getattr(cause, "sqlstate", None) or "")
    if error.connection_invalidated or code.startswith(_AWAY_CLASSES) or code in _AGAIN_CODES:
        return True
    if any(words in str(cause).lower() for words in _SQLITE_BUSY):
        return True
    # psycopg gives no SQLSTATE where no server answered at all.
    is_server = cause is not None and type(cause).__module__.startswith("psycopg")
    return (
        is_server and not code and type(cause).__name__ in ("OperationalError", "ConnectionTimeout")
    )


@contextmanager
def as_store_error() -> Iterator[None]:
    """Errors of the database leave the block as the store's own."""
    try:
        yield
    except SQLAlchemyError as error:
        raise store_error_of(error) from error


def connect_patiently(engine: Engine, patience_s: float) -> Connection:
    """A connection, waited for with growing pauses while the database is away.

    Only the connecting waits: what was begun is never repeated here, because it may have taken
    its input already.
    """
    waiting = Retrying(
        retry=retry_if_exception(is_away),
        stop=stop_after_delay(patience_s),
        wait=wait_exponential(multiplier=0.2, max=5.0),
        reraise=True,
    )
    return waiting(engine.connect)
