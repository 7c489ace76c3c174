"""The edge to other databases: reads only, in bounded time, and says what is wrong."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from mariadb_server import PASSWORD, MariadbServer
from postgresql_server import PostgresqlServer
from sqlalchemy import text

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.sources.database import fetch, open_source, read_version

Rows = Callable[..., list[dict[str, str]]]


def test_a_writing_statement_fails_even_for_the_owner(hydrology: Any, read_rows: Rows) -> None:
    hydrology.insert(("A", "2026-08-01 08:00:00", 1, 10, "2026-08-01 08:05:00"))
    url = hydrology.url
    if hydrology.engine == "mariadb":
        hydrology.server.execute(
            "CREATE USER IF NOT EXISTS 'owner'@'%' IDENTIFIED BY 'x'",
            "GRANT ALL ON hydrology.* TO 'owner'@'%'",
        )
        url = f"mysql+pymysql://owner:x@127.0.0.1:{hydrology.server.port}/hydrology"
    with open_source(url, statement_timeout_s=5) as source:
        with pytest.raises((SourceRefused, SourceUnavailable), match=r"(?i)read.only"):
            fetch(source, text(f"DELETE FROM {hydrology.table}"))  # pyright: ignore[reportArgumentType]
        assert hydrology.engine in read_version(source)
    assert len(read_rows(*hydrology.parts(hydrology.pull()))) == 1


def test_a_statement_that_takes_too_long_is_ended(hydrology: Any) -> None:
    sleep = "pg_sleep(20)" if hydrology.engine == "postgresql" else "SLEEP(20)"
    with (
        open_source(hydrology.url, statement_timeout_s=1) as source,
        pytest.raises(SourceUnavailable, match=r"timeout|max_statement_time"),
    ):
        fetch(source, text(f"SELECT {sleep}"))  # pyright: ignore[reportArgumentType]


def test_no_such_table_is_refused_with_its_name(hydrology: Any) -> None:
    with pytest.raises(SourceRefused, match="no_such_table"):
        hydrology.parts(hydrology.pull(table="no_such_table"))


def test_a_wrong_password_is_never_told(mariadb: MariadbServer) -> None:
    url = mariadb.url().replace("reader:", "reader:not-")
    with (
        open_source(url, statement_timeout_s=5) as source,
        pytest.raises(SourceUnavailable, match="reader") as told,
    ):
        read_version(source)
    assert PASSWORD not in str(told.value)
    assert "not-see" not in str(told.value)


def test_a_database_that_is_not_there_may_come_back(postgresql: PostgresqlServer) -> None:
    url = "postgresql+psycopg://someone:secret@127.0.0.1:1/x"
    with (
        open_source(url, statement_timeout_s=5) as source,
        pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1"),
    ):
        read_version(source)


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("oracle+oracledb://u:p@h/x", "oracledb"),
        ("mssql+pymssql://u:p@h/x", "pymssql"),
        ("mssql+pyodbc://u:p@dsn", "pyodbc"),
    ],
)
def test_a_missing_driver_is_named_with_what_to_install(url: str, package: str) -> None:
    if importlib.util.find_spec(package):
        pytest.skip(f"{package} is installed here")
    with (
        pytest.raises(SourceRefused, match=f"pip install {package}"),
        open_source(url, statement_timeout_s=5),
    ):
        pass


@pytest.mark.parametrize(
    "url", ["", "not a url", "kingbase9://u:hidden@h/x", "mysql+pymysql://u:hidden@h:x/"]
)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with (
        pytest.raises(SourceRefused) as told,
        open_source(url, statement_timeout_s=5),
    ):
        pass
    assert "hidden" not in str(told.value)


def test_chinese_in_a_column_that_calls_itself_latin_1(
    mariadb: MariadbServer, hydrology: Any, read_rows: Rows
) -> None:
    if hydrology.engine != "mariadb":
        pytest.skip("a column of one character set with octets of another is MySQL's way")
    table = f"gbk_{hydrology.table}"
    octets = "汛".encode("gbk").hex()
    hydrology.execute(
        f"CREATE TABLE {table} (STCD CHAR(8), TM DATETIME, Z DECIMAL(7,3),"
        " WPTN VARCHAR(8) CHARACTER SET latin1, MODITIME DATETIME)",
        f"INSERT INTO {table} VALUES ('A', '2026-08-01 08:00:00', 1, x'{octets}',"
        " '2026-08-01 08:05:00')",
    )
    (row,) = read_rows(*hydrology.parts(hydrology.pull(table=table, text_encoding="gbk")))
    assert row["WPTN"] == "汛"
    (row,) = read_rows(*hydrology.parts(hydrology.pull(table=table)))
    assert row["WPTN"] != "汛"


def test_names_as_postgresql_folds_them(
    postgresql: PostgresqlServer, read_rows: Rows, hydrology: Any
) -> None:
    if hydrology.engine != "postgresql":
        pytest.skip("folding of names is PostgreSQL's")
    columns = '"STCD" CHAR(8), "TM" TIMESTAMP, "Z" NUMERIC(7,3), "MODITIME" TIMESTAMP'
    hydrology.execute(
        'CREATE SCHEMA "Sw"',
        f'CREATE TABLE "Sw"."ST_RIVER_R" ({columns})',
        "INSERT INTO \"Sw\".\"ST_RIVER_R\" VALUES ('A', '2026-08-01', 1, '2026-08-01')",
    )
    named = {"schema_name": "Sw", "table": "ST_RIVER_R"}
    with pytest.raises(SourceRefused):
        hydrology.parts(hydrology.pull(**named))
    (row,) = read_rows(*hydrology.parts(hydrology.pull(**named, is_quoted=True)))
    assert row["TM"] == "2026-08-01 00:00:00"
