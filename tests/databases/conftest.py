"""A table ``ST_RIVER_R`` on a real PostgreSQL and on a real MariaDB, read as another office would."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import pytest
from mariadb_server import MariadbServer
from postgresql_server import PostgresqlServer

from ecomon.model.pull import Pull
from ecomon.sources.database import open_source
from ecomon.sources.pulling import Part, find_columns, read_parts

NOW = datetime(2026, 8, 20)
_numbers = itertools.count()
DDL = """
CREATE TABLE {table} (
  STCD CHAR(18) NOT NULL, TM {time} NOT NULL, Z DECIMAL(7,3), Q DECIMAL(9,3),
  FLWCHRSCD CHAR(1), WPTN CHAR(1), NOTE VARCHAR(20), MODITIME {time}, PRIMARY KEY (STCD, TM)
)"""


@dataclass
class Hydrology:
    """One table of a database; ``url`` is what a site would write into its settings."""

    server: PostgresqlServer | MariadbServer
    database: str
    table: str

    @property
    def engine(self) -> str:
        return "postgresql" if isinstance(self.server, PostgresqlServer) else "mariadb"

    @property
    def url(self) -> str:
        return self.server.url(self.database)

    def execute(self, *statements: str) -> None:
        """Run statements as the table's owner."""
        if isinstance(self.server, MariadbServer):
            self.server.execute(*statements, database=self.database)
            return
        address = self.url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]

    def insert(self, *rows: tuple[Any, ...]) -> None:
        """Rows of STCD, TM, Z, Q, MODITIME, as texts and numbers."""
        for part in itertools.batched(rows, 500) if hasattr(itertools, "batched") else [rows]:
            values = ", ".join(f"({', '.join(_literal(cell) for cell in row)})" for row in part)
            self.execute(f"INSERT INTO {self.table} (STCD, TM, Z, Q, MODITIME) VALUES {values}")

    def pull(self, **fields: Any) -> Pull:
        return Pull.model_validate(
            {
                "id": "river", "name_zh": "河道", "name_en": "river", "feed": "st-river-r",
                "url_variable": "ECOMON_HYDROLOGY_URL", "table": self.table,
                "increment": "modified", "since": datetime(2026, 1, 1), "overlap_h": 1,
                "source": "test", "confidence": "verified", **fields,
            }
        )  # fmt: skip

    def parts(
        self, pull: Pull, watermark: datetime | None = None, now: datetime = NOW
    ) -> list[Part]:
        """Everything one pull reads."""
        with open_source(self.url, statement_timeout_s=pull.statement_timeout_s) as source:
            found = find_columns(source, pull)
            return list(read_parts(source, pull, found, watermark=watermark, now=now))


def _literal(cell: Any) -> str:
    return "NULL" if cell is None else f"'{cell}'" if isinstance(cell, str) else str(cell)


def rows_of(*parts: Part) -> list[dict[str, str]]:
    """The rows of the files, station codes without their padding."""
    rows: list[dict[str, str]] = []
    for part in parts:
        read = list(csv.DictReader(io.StringIO(part.octets.decode(), newline="")))
        assert len(read) == part.n_rows
        rows += [{**row, "STCD": row["STCD"].strip()} for row in read]
    return rows


@pytest.fixture(scope="session")
def postgresql_hydrology(postgresql: PostgresqlServer) -> Iterator[str]:
    yield postgresql.create_database("hydrology")
    postgresql.drop_database("hydrology")


@pytest.fixture(params=["postgresql", "mariadb"])
def hydrology(request: pytest.FixtureRequest) -> Hydrology:
    server = request.getfixturevalue(request.param)
    made = Hydrology(server, "hydrology", f"river_{next(_numbers)}")
    time = "DATETIME(3)"
    if isinstance(server, PostgresqlServer):
        request.getfixturevalue("postgresql_hydrology")
        time = "TIMESTAMP(3)"
    made.execute(DDL.format(table=made.table, time=time))
    return made


@pytest.fixture(scope="session")
def read_rows() -> Any:
    return rows_of
