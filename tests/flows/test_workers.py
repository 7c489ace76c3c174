"""A Prefect server on PostgreSQL, two workers, one store: they share the work and never interleave."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from postgresql_server import PostgresqlServer, find_programs

from ecomon.errors import StoreUnavailable
from ecomon.model.period import Period
from ecomon.store import Store
from flows.demo import put

AS_A_COMMAND = "from ecomon.cli import main; main()"
FEEDS = ("cnemc-water", "st-river-r")
MONTHS = ("2024-12", "2025-01")
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]


def wait_until(what: Callable[[], Any], timeout_s: float = 150) -> Any:
    """The first true answer; a failure when time is up."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if found := what():
                return found
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"not in {timeout_s:.0f} s: {what}")


class Site:
    """One store on PostgreSQL, a Prefect server on another database, and what runs there."""

    def __init__(self, postgresql: PostgresqlServer, folder: Path) -> None:
        self.home, self.logs = folder / "home", folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.store_url = postgresql.create_database("store")
        inherited = {key: one for key, one in os.environ.items() if not key.startswith("PREFECT_")}
        self.environment = {
            **inherited,
            "ECOMON_HOME": str(self.home),
            "ECOMON_STORE": self.store_url,
            "PREFECT_API_DATABASE_CONNECTION_URL": postgresql.create_database("prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }
        Store.create(self.store_url, kind="example").close()
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start ``ecomon WORDS`` elsewhere than where the package lies; its output goes to a file."""
        with (self.logs / f"{name}.log").open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-c", AS_A_COMMAND, *words],
                stdout=sink,
                stderr=sink,
                env=self.environment,
                cwd=self.logs,
            )
        self.processes.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text("utf-8", "replace")

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def submit(self, flow: str, **parameters: Any) -> str:
        """Give the pool one run; its id."""
        found = self.call(f"/deployments/name/{flow}/{self.deployment}")
        run = self.call(f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        return run["id"]

    def ended(self, run_id: str) -> dict[str, Any]:
        """The run when it has ended."""

        def look() -> dict[str, Any] | None:
            run = self.call(f"/flow_runs/{run_id}")
            return run if run["state_type"] in ENDED else None

        return wait_until(look)

    def store(self) -> Store:
        return Store.open(self.store_url)

    @property
    def deployment(self) -> str:
        with self.store() as store:
            return f"ecomon-{store.identity[:8]}"

    def is_free(self, turn: str) -> bool:
        with self.store() as store:
            try:
                with store.turn([turn], timeout_s=0.0):
                    return True
            except StoreUnavailable:
                return False

    def end(self) -> None:
        """Whatever happened: nothing stays behind."""
        for process in reversed(self.processes):
            if process.poll() is None:
                kill_tree(process.pid)
                process.wait()


def kill_tree(pid: int) -> None:
    """As when a machine stops: the process and all it started, at once."""
    for one in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
        one.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, basin_files: list[Any]) -> Iterator[Site]:
    if find_programs("pg_trgm") is None:
        reason = "no PostgreSQL with pg_trgm here, which Prefect needs: apt install postgresql"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    postgresql = PostgresqlServer(extension="pg_trgm")
    running: Site | None = None
    try:
        postgresql.start()
        running = Site(postgresql, tmp_path_factory.mktemp("site"))
        for feed, name, octets, fetched_s in basin_files:
            if feed in FEEDS:
                put(running.home / "inbox" / feed / name, octets, fetched_s=fetched_s)
        running.start("server", "server", "--port", str(running.port))
        wait_until(lambda: running and running.call("/health"))
        running.start("deploy", "deploy", "--json").wait(timeout=150)
        # The schedules would take the same files at their own time.
        for one in running.call("/deployments/filter", {}):
            running.call(f"/deployments/{one['id']}/pause_deployment", {}) if one[
                "schedules"
            ] else None
        yield running
    finally:
        if running:
            running.end()
        postgresql.remove()


@pytest.fixture(scope="module")
def workers(site: Site) -> dict[str, subprocess.Popen[bytes]]:
    """Two workers by the names Prefect knows them by; each takes one run at a time."""
    started = [site.start(f"worker-{number}", "worker", "--limit", "1") for number in (1, 2)]
    for number in (1, 2):
        wait_until(lambda number=number: "started!" in site.log(f"worker-{number}"))
    return {f"{socket.gethostname()}-{process.pid}": process for process in started}


def test_deployments_are_made_once(site: Site) -> None:
    names = [json.loads(line)["deployment"] for line in site.log("deploy").splitlines()]
    assert {f"{flow}/{site.deployment}" for flow in ("ingest", "assess", "settle")} < set(names)
    before = {one["id"] for one in site.call("/deployments/filter", {})}
    assert site.start("deploy-again", "deploy").wait(timeout=150) == 0
    again = site.call("/deployments/filter", {})
    assert {one["id"] for one in again} == before
    assert len(again) == len(names)
    assert all(len(one["schedules"]) <= 1 for one in again)
    assert all(one["parameters"] == {"home": str(site.home)} for one in again)
    zombies = site.call("/automations/filter", {})
    assert [one["name"] for one in zombies] == ["ecomon: runs without a heartbeat"]
    for one in again:
        if one["schedules"]:
            site.call(f"/deployments/{one['id']}/pause_deployment", {})


def test_two_feeds_go_side_by_side_and_leave_what_one_process_leaves(
    site: Site,
    workers: dict[str, Any],
    api: str,
    make_installation: Callable[..., Any],
    basin_files: list[Any],
) -> None:
    with site.store() as holder, holder.turn([f"feed/{feed}" for feed in FEEDS]):
        submitted = [site.submit("ingest", feed=feed) for feed in FEEDS]
        for number in (1, 2):  # each is at work before either can end
            wait_until(lambda number=number: "waiting for feed/" in site.log(f"worker-{number}"))
    ended = [site.ended(one) for one in submitted]
    assert [one["state_type"] for one in ended] == ["COMPLETED"] * 2
    assert {one["labels"]["prefect.worker.name"] for one in ended} == set(workers)
    alone = make_installation("example")
    alone.ingest(*(file for file in basin_files if file[0] in FEEDS))
    with site.store() as store, alone.store() as one:
        period = Period.parse("2024-12/2025-01")
        same(store.read_observations(period), one.read_observations(period))
        assert store.status()["flags"] == one.status()["flags"] > 10_000


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Equal but for the numbers the store gave the revisions, which follow the order of arrival."""
    pd.testing.assert_frame_equal(
        *(
            one.drop(columns="revision", errors="ignore")
            .sort_values(list(one.columns[:8]))
            .reset_index(drop=True)
            for one in (left, right)
        )
    )


def test_two_runs_of_one_period_do_not_interleave(
    site: Site, workers: dict[str, Any], make_installation: Callable[..., Any]
) -> None:
    with site.store() as holder, holder.turn(["month/2025-01"]):
        both = [site.submit("assess", period="2025-01") for _ in range(2)]
        for number in (1, 2):
            wait_until(
                lambda number=number: "waiting for month/2025-01" in site.log(f"worker-{number}")
            )
        other = site.submit("assess", period="2024-12")
    ended = [site.ended(one) for one in [*both, other]]
    assert [one["state_type"] for one in ended] == ["COMPLETED"] * 3
    assert {one["labels"]["prefect.worker.name"] for one in ended[:2]} == set(workers)
    with site.store() as store:
        runs = [
            one for one in store.read_runs(flow="assess") if one["arguments"]["period"] == "2025-01"
        ]
        second, first = runs
        assert first["is_success"] and second["is_success"]
        assert second["started_at_s"] >= first["ended_at_s"]
        assert first["counts"] == second["counts"]
        for month in MONTHS:
            assert len(store.read_grades(Period.parse(month))) > 0


def test_a_worker_killed_in_a_run_blocks_nobody(site: Site, workers: dict[str, Any]) -> None:
    with site.store() as holder, holder.turn(["feed/cnemc-water"]):
        # With its month's turn in hand it waits until no ingest is half done.
        lost = site.submit("assess", period="2025-01")
        wait_until(lambda: not site.is_free("month/2025-01"))
        name = site.call(f"/flow_runs/{lost}")["labels"]["prefect.worker.name"]
        kill_tree(workers[name].pid)
        workers[name].wait()
        wait_until(lambda: site.is_free("month/2025-01"))
    assert site.call(f"/flow_runs/{lost}")["state_type"] == "RUNNING"  # nobody could say otherwise
    again = site.start("submit", "submit", "assess", "--period", "2025-01", "--wait")
    assert again.wait(timeout=150) == 0, site.log("submit")
    assert json.loads(site.log("submit"))["type"] == "COMPLETED"
    with site.store() as store:
        assert store.read_runs(flow="assess", limit=1)[0]["is_success"]


def test_a_worker_that_is_terminated_gives_its_run_back(
    site: Site, workers: dict[str, Any]
) -> None:
    (left,) = [one for one in workers.values() if one.poll() is None]
    with site.store() as holder, holder.turn(["feed/cnemc-water"]):
        run_id = site.submit("assess", period="2025-01")
        wait_until(lambda: not site.is_free("month/2025-01"))
        children = psutil.Process(left.pid).children(recursive=True)
        left.send_signal(signal.SIGTERM)
        assert left.wait(timeout=60) == 0
        assert psutil.wait_procs(children, timeout=20)[1] == []
        assert site.is_free("month/2025-01")
    run = site.call(f"/flow_runs/{run_id}")
    assert run["state_type"] == "SCHEDULED"
    third = site.start("worker-3", "worker", "--compute", "--limit", "1")
    assert site.ended(run_id)["state_type"] == "COMPLETED", site.log("worker-3")
    third.terminate()
    assert third.wait(timeout=60) == 0


def test_the_server_ends_in_order(site: Site) -> None:
    server = site.processes[0]
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) in (0, -signal.SIGTERM)
    assert "Traceback" not in site.log("server")
    first = site.log("server").splitlines()[0]
    assert first.startswith(f"ecomon: http://127.0.0.1:{site.port}  postgresql+asyncpg://")
