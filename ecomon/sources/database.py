"""Another office's database, opened for reading: its driver, its transactions, its errors.

Nothing is ever written there: every transaction is read-only where the engine has such a thing, the
one kind of statement is SELECT, and each transaction ends by being rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Select,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from ecomon.errors import SourceRefused, SourceUnavailable

CONNECT_TIMEOUT_S = 15
HOW_TO_INSTALL = {
    "psycopg": "pip install 'ecomon[postgres]'",
    "pymysql": "pip install 'ecomon[databases]'",
    "pyodbc": "pip install pyodbc, and the ODBC driver of the server",
    "pymssql": "pip install pymssql",
    "oracledb": "pip install oracledb",
}
"""By the Python package of a driver."""

_GONE = (OperationalError, InterfaceError)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A database that is read; ``address`` is its URL without the password, as messages say it."""

    engine: Engine
    address: str
    password: str | None
    statement_timeout_s: int
    utc_offset_h: int


@contextmanager
def open_source(url: str, *, statement_timeout_s: int, utc_offset_h: int = 8) -> Iterator[Source]:
    """Open a database for reading and close it again; one connection, made at the first query.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: ``mssql+pyodbc://``, ``mssql+pymssql://``, ``mysql+pymysql://``,
        ``oracle+oracledb://`` or ``postgresql+psycopg://`` (its relatives too).
    statement_timeout_s : int
        How long one query may run.
    utc_offset_h : int
        The civil time that sessions speak, where a column holds a zone.

    Raises
    ------
    SourceRefused
        where the URL makes no sense or the driver is not installed, saying what to install.
    """
    try:
        parsed = make_url(url)
        engine = create_engine(
            parsed,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args=_connect_args(parsed, statement_timeout_s),
        )
    except ModuleNotFoundError as missing:
        name = (missing.name or "").partition(".")[0]
        how = HOW_TO_INSTALL.get(name, f"pip install {name}")
        raise SourceRefused(f"缺少数据库驱动 the driver {name} is not installed: {how}") from None
    except NoSuchModuleError as unknown:
        raise SourceRefused(f"未知的数据库类型 no such kind of database: {unknown}") from None
    except (ArgumentError, ValueError, TypeError) as wrong:
        # What SQLAlchemy says of a URL may repeat it, password and all.
        raise SourceRefused(f"数据库地址有误 no database URL: {type(wrong).__name__}") from None
    source = Source(
        engine, parsed.render_as_string(), parsed.password, statement_timeout_s, utc_offset_h
    )
    event.listen(engine, "connect", lambda raw, _: _prepare_session(source, raw))
    try:
        yield source
    finally:
        engine.dispose()


def fetch(source: Source, query: Select[Any]) -> tuple[list[str], list[Row]]:
    """Names of the columns and all rows of one query, in a read-only transaction of its own.

    The caller bounds the rows by a LIMIT.

    Raises
    ------
    SourceUnavailable
        where the database is not there, goes away, or takes too long.
    SourceRefused
        where it refuses the query, or the texts of the answer cannot be read.
    """
    with _told_as_ours(source), source.engine.connect() as conn:
        _begin_read_only(conn)
        try:
            answer = conn.execute(query)
            return list(answer.keys()), [tuple(row) for row in answer]
        finally:
            conn.rollback()


def stream(source: Source, query: Select[Any], page_rows: int) -> Iterator[list[Row]]:
    """The rows of one query page by page from a cursor of the server; raises as :func:`fetch`."""
    with _told_as_ours(source), source.engine.connect() as conn:
        _begin_read_only(conn)
        options = {"stream_results": True, "max_row_buffer": page_rows}
        try:
            answer = conn.execute(query, execution_options=options)
            for rows in answer.partitions(page_rows):
                yield [tuple(row) for row in rows]
        finally:
            conn.rollback()


def read_version(source: Source) -> str:
    """Kind and version of the server, as a person is told it; raises as :func:`fetch`."""
    with _told_as_ours(source), source.engine.connect() as conn:
        found = conn.dialect.server_version_info or ()
        name = "mariadb" if getattr(conn.dialect, "is_mariadb", False) else conn.dialect.name
        return f"{name} {'.'.join(str(part) for part in found)}".strip()


def _connect_args(url: URL, statement_timeout_s: int) -> dict[str, Any]:
    """What each driver calls its time limits; a driver not listed has its own."""
    backend, driver = url.get_backend_name(), url.get_driver_name()
    if backend == "postgresql" and driver.startswith("psycopg"):
        return {"connect_timeout": CONNECT_TIMEOUT_S}
    if driver in ("pymysql", "mysqldb", "mysqlclient"):
        limits = {"read_timeout": statement_timeout_s + CONNECT_TIMEOUT_S}
        return {"connect_timeout": CONNECT_TIMEOUT_S, **limits}
    if driver == "pyodbc":
        return {"timeout": CONNECT_TIMEOUT_S}
    if driver == "pymssql":
        return {"login_timeout": CONNECT_TIMEOUT_S, "timeout": statement_timeout_s}
    if driver == "oracledb":
        return {"tcp_connect_timeout": CONNECT_TIMEOUT_S}
    return {}


def _prepare_session(source: Source, raw: Any) -> None:
    """Bound how long a statement of a new connection may run, and fix its civil time.

    An engine too old to know one of the settings is read without it; the driver's own time limit
    holds then.
    """
    dialect, limit_s = source.engine.dialect, source.statement_timeout_s
    offset = f"{source.utc_offset_h:+03d}:00"
    match dialect.name:
        case "oracle":
            raw.call_timeout = limit_s * 1000
            _set(source, raw, f"ALTER SESSION SET TIME_ZONE = '{offset}'")
        case "mssql" if dialect.driver == "pyodbc":
            raw.timeout = limit_s
        case "postgresql":
            _set(source, raw, f"SET statement_timeout = {limit_s * 1000}")
            _set(source, raw, f"SET TIME ZONE INTERVAL '{offset}' HOUR TO MINUTE")
        case "mysql" | "mariadb":
            # Which of the two knows which is found out by asking: the wrong one is refused.
            _set(source, raw, f"SET SESSION max_statement_time = {limit_s}")
            _set(source, raw, f"SET SESSION max_execution_time = {limit_s * 1000}")
            _set(source, raw, f"SET SESSION time_zone = '{offset}'")
        case _:
            pass


def _set(source: Source, raw: Any, statement: str) -> None:
    dbapi = source.engine.dialect.dbapi
    cursor = raw.cursor()
    try:
        cursor.execute(statement)
        raw.commit()
    except getattr(dbapi, "Error", ()):
        raw.rollback()
    finally:
        cursor.close()


def _begin_read_only(conn: Connection) -> None:
    if conn.dialect.name in ("postgresql", "mysql", "mariadb", "oracle"):
        conn.execute(text("SET TRANSACTION READ ONLY"))


@contextmanager
def _told_as_ours(source: Source) -> Iterator[None]:
    """Errors of the driver as ours, without the statement and without the password."""
    try:
        yield
    except _GONE as away:
        reason = _said(source, away)
        raise SourceUnavailable(f"数据库暂不可用 {source.address}: {reason}") from None
    except AssertionError as wrong:
        # A relative of PostgreSQL whose version is written another way.
        raise SourceRefused(
            f"{source.address}: 无法识别服务器 not a server this driver knows: {wrong}; use the"
            " dialect of its maker"
        ) from None
    except UnicodeDecodeError as wrong:
        raise SourceRefused(
            f"{source.address}: 字符集不符 a text is no {wrong.encoding}; state the character set in"
            " the URL (?charset=gbk) or text_encoding in the pull"
        ) from None
    except DBAPIError as wrong:
        reason = _said(source, wrong)
        raise SourceRefused(f"数据库拒绝查询 {source.address}: {reason}") from None
    except SQLAlchemyError as wrong:
        raise SourceUnavailable(f"{source.address}: {_said(source, wrong)}") from None


def _said(source: Source, wrong: SQLAlchemyError) -> str:
    said = str(wrong.orig if isinstance(wrong, DBAPIError) else wrong)
    if source.password:
        said = said.replace(source.password, "***")
    return " ".join(said.split())[:500]
