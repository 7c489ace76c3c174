"""Pull, from a real database to flagged observations; off unless a site turns it on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mariadb_server import MariadbServer

from ecomon.errors import SourceRefused
from ecomon.model.period import Period

DAY = Period.day(2026, 8, 1)
OWN = """\
pulls:
  - id: sl323-river
    table: flow_river
    is_enabled: true
    since: 2026-08-01 00:00:00
    increment: time
    overlap_h: 6
  - {id: sl323-rain, is_enabled: true, table: no_such_table}
"""


@pytest.fixture
def home(
    api: str,
    make_installation: Callable[..., Any],
    mariadb: MariadbServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    hours = [datetime(2026, 8, 1) + timedelta(hours=hour) for hour in range(24)]
    values = ", ".join(
        f"('EXBIKOU', '{at}', 500.5, {-35 if at.hour == 12 else 300 + at.hour}, '4')"
        for at in hours
    )
    mariadb.execute(
        "DROP TABLE IF EXISTS flow_river",
        "CREATE TABLE flow_river (STCD VARCHAR(18), TM DATETIME, Z DECIMAL(7,3), Q DECIMAL(9,3),"
        " WPTN CHAR(1), PRIMARY KEY (STCD, TM))",
        f"INSERT INTO flow_river VALUES {values}",
        database="hydrology",
    )
    monkeypatch.setenv("ECOMON_HYDROLOGY_URL", mariadb.url())
    return make_installation("real")


def turn_on(home: Any) -> None:
    path: Path = home.home / "site" / "stations" / "pulls" / "own.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OWN, "utf-8")


def test_from_the_database_to_flags(home: Any, make_installation: Callable[..., Any]) -> None:
    assert home.run("pull")["pulls"] == 0  # as shipped
    turn_on(home)
    counts = home.run("pull")
    assert (counts["pulls"], counts["files"], counts["rows"]) == (2, 1, 24)
    assert "no_such_table" in counts["refused"]["sl323-rain"]
    assert home.run("ingest", feed="st-river-r")["n_new"] == 48
    with home.store() as store:
        table = store.read_observations(DAY, determinands=["DISCHARGE"])
        states = {one.source: one for one in store.read_polls()}
    suspect = table[table["flag"] == 3]
    assert suspect["value"].tolist() == [-35.0]  # reversed or a fault: out of loads, for a person
    assert set(table.loc[table["value"] > 0, "flag"]) == {1}
    assert set(table["source_flag"]) == {"WPTN=4"}
    assert states["sl323-river"].last_modified == "2026-08-01T23:00:00"
    assert states["sl323-rain"].n_failures == 1
    assert home.run("pull")["not_due"] == 2
    example = make_installation("example")
    turn_on(example)
    with pytest.raises(SourceRefused, match="example data"):
        example.run("pull")
