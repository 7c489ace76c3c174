"""A pull from a real database into the inbox and the store; also one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ecomon.cli import app
from ecomon.errors import SourceRefused
from ecomon.journey.read_readings import FEEDS
from ecomon.model.period import Period
from ecomon.settings import read_settings
from ecomon.store import Store
from flows.databases import pull_rows
from flows.deliveries import ingest_file
from flows.installation import recorded_run

PULL = """\
pulls:
  - id: sl323-river
    table: {table}
    is_enabled: true
    since: 2026-08-01 00:00:00
    increment: {increment}
    page_rows: 50
    file_rows: 100
"""
HOURS = 24 * 14
PERIOD = Period(datetime(2026, 8, 1), datetime(2026, 8, 1) + timedelta(hours=HOURS))
KILLED = """\
import os, signal, sys, time
from flows.installation import recorded_run
from flows.databases import pull_rows

n_looks = 0

def clock():  # it is looked at once, and before each file is laid into the inbox
    global n_looks
    n_looks += 1
    if n_looks == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return time.time()

with recorded_run(sys.argv[1], "pull", {}) as run:
    one = run.registry.pulls["sl323-river"]
    state = run.store.begin_poll(one.key, source=one.id, lease_s=3600)
    pull_rows(run, one, state, clock)
"""


@pytest.fixture
def home(hydrology: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose gauges 碧口 and 三磊坝 stand in the other office's database."""
    monkeypatch.setenv("ECOMON_HYDROLOGY_URL", hydrology.url)
    Store.create(read_settings(tmp_path).store_url, kind="real").close()
    turn_on(tmp_path, hydrology)
    return tmp_path


def turn_on(home: Path, hydrology: Any, increment: str = "modified") -> None:
    folder = home / "site" / "stations" / "pulls"
    folder.mkdir(parents=True, exist_ok=True)
    text = PULL.format(table=hydrology.table, increment=increment)
    (folder / "own.yaml").write_text(text, "utf-8")


def fill(hydrology: Any, hours: int = HOURS) -> None:
    start = datetime(2026, 8, 1)
    hydrology.insert(
        *(
            (
                gauge, f"{start + timedelta(hours=hour)}", 500 + hour / 1000, 100 + hour,
                f"{start + timedelta(hours=hour, minutes=5)}",
            )
            for gauge in ("EXBIKOU", "EXSANLEIBA")
            for hour in range(hours)
        )
    )  # fmt: skip


def pull_once(home: Path) -> Any:
    """One pull that is due, without a Prefect server."""
    with recorded_run(str(home), "pull", {}) as run:
        one = run.registry.pulls["sl323-river"]
        state = run.store.begin_poll(one.key, source=one.id, lease_s=60)
        assert state is not None
        pulled = pull_rows(run, one, state)
        run.store.record_poll(replace(pulled.state, not_before_s=0))
        return pulled


def ingested(home: Path) -> list[tuple[str, datetime, float]]:
    """Discharges of the store after everything in the inbox was ingested."""
    with recorded_run(str(home), "ingest", {"feed": "st-river-r"}) as run:
        for path in sorted(run.settings.inbox("st-river-r").glob("*.csv")):
            ingest_file(run, FEEDS["st-river-r"], path, None)
    with Store.open(read_settings(home).store_url) as store:
        table = store.read_observations(PERIOD, determinands=["DISCHARGE"], with_flags=False)
    return list(zip(table["site"], table["start"], table["value"], strict=True))


def test_from_the_database_to_observations_and_then_only_what_is_new(
    home: Path, hydrology: Any
) -> None:
    fill(hydrology, hours=48)
    first = pull_once(home)
    assert (first.n_rows, len(first.files)) == (96, 1)
    assert first.state.last_modified == "2026-08-02T23:05:00"
    inbox = home / "inbox" / "st-river-r"
    (path,) = inbox.glob("*.csv")
    assert sorted(one.name.removeprefix(path.name) for one in inbox.iterdir()) == [
        "", ".fetched", ".sha256",
    ]  # fmt: skip
    found = ingested(home)
    assert len(found) == 96
    assert ("bikou", datetime(2026, 8, 2, 23), 147.0) in found
    hydrology.execute(
        f"UPDATE {hydrology.table} SET Q = 999, MODITIME = '2026-08-03 00:00:00'"
        " WHERE STCD = 'EXBIKOU' AND TM = '2026-08-01 00:00:00'"
    )
    second = pull_once(home)
    assert second.n_rows == 1 + 2 * 25  # and the overlap of a day
    assert ("bikou", datetime(2026, 8, 1), 999.0) in ingested(home)
    third = pull_once(home)  # the overlap begins later now
    assert third.n_rows == 1 + 2 * 24
    # Nothing new: the same octets are not laid down again.
    assert pull_once(home).files == []


def test_a_pull_killed_in_the_middle_loses_nothing(home: Path, hydrology: Any) -> None:
    fill(hydrology)
    inbox = home / "inbox" / "st-river-r"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(home)],
        env={**os.environ, "ECOMON_HYDROLOGY_URL": hydrology.url},
        cwd=Path(__file__).parents[2], capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert len(list(inbox.glob("*.csv"))) == 3
    with Store.open(read_settings(home).store_url) as store:
        (state,) = store.read_polls()
        assert not state.is_due(int(time.time()))  # nobody else takes it meanwhile
        store.record_poll(replace(state, not_before_s=0))  # the lease runs out
    pull_once(home)
    found = ingested(home)
    assert len(found) == 2 * HOURS
    assert {value for _, _, value in found} == {100.0 + hour for hour in range(HOURS)}


def test_without_a_url_it_is_said_which_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECOMON_HYDROLOGY_URL")
    with pytest.raises(SourceRefused, match="ECOMON_HYDROLOGY_URL"):
        pull_once(home)


def test_pull_test_shows_the_table(
    home: Path, hydrology: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(hydrology, hours=2)
    call: Callable[..., Any] = app
    call(["pull", "test", "sl323-river", "--home", str(home)], standalone_mode=False)
    said = capsys.readouterr().out
    assert hydrology.engine in said
    assert "EXBIKOU" in said
    assert "FLWCHRSCD" in said
    assert not (home / "inbox").exists()
