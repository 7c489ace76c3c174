"""``ecomon serve``: the server, the schedules and a scheduled run in one process tree, all gone after."""

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
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest

from ecomon.model.period import Period
from flows.timetable import slots

AS_A_COMMAND = "from ecomon.cli import main; main()"
SCHEDULED = tuple(slots(has_polls=False))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(home: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    """Started elsewhere than where the package lies, as an office would."""
    environment = {key: one for key, one in os.environ.items() if not key.startswith("PREFECT_")}
    environment["PREFECT_RUNNER_POLL_FREQUENCY"] = "1"
    with log.open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-c", AS_A_COMMAND, "serve", "--home", str(home), "--port", str(port)],
            stdout=sink,
            stderr=sink,
            env=environment,
            cwd=home,
        )


def call(port: int, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


def wait_for(what: Callable[[], Any], timeout_s: float = 120) -> Any:
    """The first true answer; the last one when time is up."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            found = what()
        except (urllib.error.URLError, OSError):
            found = None
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


class Served:
    """A running ``ecomon serve``."""

    def __init__(self, home: Any) -> None:
        self.home, self.port = home, free_port()
        self.log = home.home / "serve.log"
        self.process = serve(home.home, self.port, self.log)

    def deployments(self) -> dict[str, Any]:
        def all_of_them() -> dict[str, Any] | None:
            found = {one["name"]: one for one in call(self.port, "/deployments/filter", {})}
            return found if len(found) == len(SCHEDULED) else None

        return wait_for(all_of_them) or {}

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        """Whatever happened: nothing stays behind."""
        if self.process.poll() is None:
            for one in [*self.children(), psutil.Process(self.process.pid)]:
                one.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def served(make_installation: Callable[..., Any], basin_files: list[Any]) -> Iterator[Served]:
    home = make_installation("example")
    home.put(*(file for file in basin_files if file[1] == "thallium.csv"))
    running = Served(home)
    yield running
    running.end()


def test_the_deployments_stand_in_beijing_time(served: Served) -> None:
    found = served.deployments()
    assert set(found) == set(SCHEDULED), served.log.read_text()
    assert call(served.port, "/health") is True
    for one in found.values():
        (schedule,) = one["schedules"]
        assert schedule["active"]
        assert schedule["schedule"]["timezone"] == "Asia/Shanghai"
        assert one["parameters"] == {"home": str(served.home.home)}


def test_the_scheduler_has_laid_out_the_coming_runs(served: Served) -> None:
    """Nothing is started by hand here: these runs come of the schedules alone."""
    names = {one["id"]: one["name"] for one in served.deployments().values()}

    def scheduled() -> dict[str, list[datetime]] | None:
        found: dict[str, list[datetime]] = {}
        runs = call(served.port, "/flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
        for run in runs:
            if run["auto_scheduled"]:
                at = datetime.fromisoformat(run["expected_start_time"].replace("Z", "+00:00"))
                local = at.astimezone(ZoneInfo("Asia/Shanghai"))
                found.setdefault(names[run["deployment_id"]], []).append(local)
        return found if len(found) == len(SCHEDULED) else None

    found = wait_for(scheduled) or {}
    assert set(found) == set(SCHEDULED), (served.home.home / "prefect/server.log").read_text()
    assert {(at.hour % 4, at.minute) for at in found["water-every-4h"]} == {(0, 45)}
    assert {(at.hour, at.minute) for at in found["daily-assessment"]} == {(7, 30)}
    assert {at.minute for at in found["air-hourly"]} == {40}
    assert {(at.hour, at.minute) for at in found["monthly-close"]} == {(8, 0)}


def test_a_run_of_a_deployment_does_its_work(served: Served) -> None:
    one = served.deployments()["water-every-4h"]
    # While its scheduler writes, the server says 503 and is asked again, as its own client does.
    run = wait_for(lambda: call(served.port, f"/deployments/{one['id']}/create_flow_run", {}))

    def state() -> str | None:
        found = call(served.port, f"/flow_runs/{run['id']}")["state"]["type"]
        return found if found in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None

    assert wait_for(state) == "COMPLETED", served.log.read_text()
    # The watcher of the inboxes may have started a run of its own for the same file.
    assert set(served.home.outcomes()) == {
        ("ingest", "succeeded"),
        ("inbox", "succeeded"),
        ("alert", "succeeded"),
    }
    with served.home.store() as store:
        assert len(store.read_observations(Period.parse("2025-01"))) > 100
    assert set(served.home.files("inbox")) == {"tabulated/done/thallium.csv"}


def test_a_port_that_is_taken_is_said_so(served: Served, tmp_path: Path) -> None:
    served.deployments()
    second = serve(served.home.home, served.port, tmp_path / "second.log")
    assert second.wait(timeout=60) == 2
    said = (tmp_path / "second.log").read_text("utf-8").splitlines()
    assert len(said) == 1 and f"port {served.port} is taken" in said[0]


def test_terminated_it_leaves_nothing_running(served: Served) -> None:
    served.deployments()
    children = served.children()
    assert any("flows.embedded" in " ".join(child.cmdline()) for child in children)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=30) == 0
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    assert "Traceback" not in served.log.read_text()


def test_without_a_store_it_does_not_start(tmp_path: Path) -> None:
    process = serve(tmp_path, free_port(), tmp_path / "serve.log")
    assert process.wait(timeout=60) == 2
    (said,) = (tmp_path / "serve.log").read_text("utf-8").splitlines()
    assert "ecomon store init" in said
    assert not (tmp_path / "prefect").exists()
