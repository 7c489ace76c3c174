"""The embedded server: flows run on it, it never outlives its command, two may start at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

TRIVIAL = """
import os, sys
from pathlib import Path
from flows.embedded import prefect_api, prefect_environment
home = Path(sys.argv[1])
os.environ.update(prefect_environment(home))
from prefect import flow, task

@task
def twice(number):
    return 2 * number

@flow
def doubled(numbers: list[int]) -> int:
    return sum(twice(number) for number in numbers)

with prefect_api(home) as url:
    print(doubled([1, 2, 3]), flush=True)
    if "linger" in sys.argv:
        print("waiting", flush=True)
        import time; time.sleep(300)
"""


def start(home: Path, *words: str) -> subprocess.Popen[str]:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")
    }
    return subprocess.Popen(
        [sys.executable, "-c", TRIVIAL, str(home), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.timeout(240)
def test_a_flow_runs_and_two_commands_may_start_at_once(tmp_path: Path) -> None:
    both = [start(tmp_path), start(tmp_path)]
    for process in both:
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        assert out.strip() == "12"


@pytest.mark.timeout(240)
def test_the_server_goes_when_its_command_is_killed(tmp_path: Path) -> None:
    process = start(tmp_path, "linger")
    assert process.stdout is not None
    assert [process.stdout.readline().strip(), process.stdout.readline().strip()] == [
        "12",
        "waiting",
    ]
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("flows.embedded" in " ".join(child.cmdline()) for child in children)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(is_alive(child) for child in children):
        time.sleep(0.2)
    assert not any(is_alive(child) for child in children)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
