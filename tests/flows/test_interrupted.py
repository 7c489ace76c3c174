"""An ingest killed at any instant, and two at once: the next run leaves what an unbroken one leaves."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from postgresql_server import PostgresqlServer

from ecomon.model.period import Period

N_INSTANTS = int(os.environ.get("ECOMON_KILLS", "1"))
"""How often the run is killed; the instants are spread over what it does and drawn from a seed."""

AS_A_COMMAND = "from ecomon.cli import main; main()"


def start_ingest(home: Any, api: str) -> subprocess.Popen[bytes]:
    """``ecomon run ingest`` as a process of its own, on the session's server."""
    return subprocess.Popen(
        [
            sys.executable, "-c", AS_A_COMMAND,
            "run", "ingest", "--home", str(home.home), "--feed", "cnemc-water",
        ],
        env={**os.environ, "PREFECT_API_URL": api},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def progress(home: Any) -> tuple[int, int, int]:
    """Runs begun, batches stored, flags written."""
    with home.store() as store:
        status = store.status()
        return len(store.read_runs()), status["batches"], status["flags"]


def wait_until(process: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not is_so() and process.poll() is None:
        assert time.monotonic() < deadline, "the machine is too busy: the run never came so far"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def water_files(basin_files: list[Any]) -> list[Any]:
    return [file for file in basin_files if file[0] == "cnemc-water"]


@pytest.fixture(scope="module")
def unbroken(api: str, make_installation: Callable[..., Any], water_files: list[Any]) -> Any:
    home = make_installation("example")
    home.ingest(*water_files)
    return home


def left_by(home: Any) -> tuple[list[dict[str, Any]], set[str]]:
    """What the batches were, and where the files lie."""
    names = ("file_name", "sha256", "n_rows", "n_new", "n_revised", "n_unchanged", "n_rejected")
    with home.store() as store:
        batches = [{name: batch[name] for name in names} for batch in store.read_batches()]
    return batches, set(home.files("inbox"))


# What is waited for (runs begun, batches, flags), and within how many seconds after it to kill.
STAGES = [((1, 0, 0), 0.2), ((1, 1, 0), 0.2), ((1, 2, 0), 0.15), ((1, 2, 1), 0.05)]


def kill_at(instant: tuple[int, Any, str]) -> int:
    """Start an ingest and kill it; its return code (0: it had ended by then)."""
    number, home, api = instant
    reached, within_s = STAGES[number % len(STAGES)]
    process = start_ingest(home, api)
    wait_until(process, lambda: progress(home) >= reached)
    time.sleep(random.Random(number).uniform(0.0, within_s))  # drawn again by its number
    process.send_signal(signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGKILL, 0), (out, err)
    return process.returncode


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def homes(
    request: pytest.FixtureRequest, make_installation: Callable[..., Any]
) -> Iterator[list[Any]]:
    """One installation for each instant, on one engine."""
    if request.param == "sqlite":
        yield [make_installation("example") for _ in range(N_INSTANTS)]
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    names = [f"killed_{number}" for number in range(N_INSTANTS)]
    yield [make_installation("example", server.create_database(name)) for name in names]
    for name in names:
        server.drop_database(name)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_killed_at_any_instant_the_next_run_makes_it_whole(
    api: str, homes: list[Any], water_files: list[Any], unbroken: Any
) -> None:
    for home in homes:
        home.put(*water_files)
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(kill_at, ((number, home, api) for number, home in enumerate(homes))))
    assert codes[0] == -signal.SIGKILL
    for home, code in zip(homes, codes, strict=True):
        home.run("ingest", feed="cnemc-water")
        pd.testing.assert_frame_equal(
            observations_and_flags(home), observations_and_flags(unbroken)
        )
        assert left_by(home) == left_by(unbroken)
        with home.store() as store:
            last, broken = store.read_runs(flow="ingest")
            assert store.status()["flags"] == store.status()["observations"]
        assert last["is_success"]
        if code:
            assert broken["outcome"] in (None, "succeeded")
            assert broken["is_success"] is (broken["outcome"] == "succeeded")


def observations_and_flags(home: Any) -> pd.DataFrame:
    with home.store() as store:
        return store.read_observations(Period.parse("2024/2025"))


def test_two_at_once_leave_what_one_leaves(
    api: str, make_installation: Callable[..., Any], water_files: list[Any], unbroken: Any
) -> None:
    home = make_installation("example")
    home.put(*water_files)
    both = [start_ingest(home, api) for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, (out, err)
    pd.testing.assert_frame_equal(observations_and_flags(home), observations_and_flags(unbroken))
    assert left_by(home) == left_by(unbroken)
    assert home.outcomes() == {("ingest", "succeeded"): 2}
