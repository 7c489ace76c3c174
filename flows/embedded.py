"""The embedded Prefect server: one per command, never orphaned, safe when two start at once.

``python -m flows.embedded PORT [lasting]`` is the child. It serves the Prefect API until its standard input
closes. The parent holds the other end of that pipe and never writes to it, so the operating system
closes it however the parent ends (return, exception, ``kill -9``), and the server goes too.

The database of one home is migrated under a file lock, because two servers that migrate a fresh
database at the same time break each other.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from ecomon.errors import SourceUnavailable

START_TIMEOUT_S = 120.0
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
}


def prefect_environment(home: Path) -> dict[str, str]:
    """Environment of an embedded Prefect: its files under ``home/prefect``, nothing sent outside."""
    return {**QUIET, "PREFECT_HOME": str(home / "prefect")}


@contextlib.contextmanager
def prefect_api(home: Path, meanwhile: Callable[[], None] | None = None) -> Iterator[str]:
    """The API that flows run against: the configured server, else an embedded one for this command.

    Parameters
    ----------
    meanwhile : callable, optional
        Work that needs no server and is done while the embedded one starts.

    Yields
    ------
    str
        The URL of the API, which is also in effect for flows called inside the block.

    Raises
    ------
    SourceUnavailable
        if the embedded server does not answer within two minutes.
    """
    from prefect.settings import PREFECT_API_URL, temporary_settings

    configured = PREFECT_API_URL.value()
    if configured:
        if meanwhile:
            meanwhile()
        yield configured
        return
    with (
        embedded_server(home, meanwhile=meanwhile) as url,
        temporary_settings({PREFECT_API_URL: url}),
        _no_heartbeat(),
    ):
        yield url


@contextlib.contextmanager
def prefect_at(url: str) -> Iterator[str]:
    """The API of a server that is known to run, for a command that is over in seconds."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: url}), _no_heartbeat():
        yield url


@contextlib.contextmanager
def _no_heartbeat() -> Iterator[None]:
    """Without heartbeats: the engine's heartbeat thread costs each flow run a full second to join.

    A heartbeat tells a server that outlives its client that a run is a zombie. The embedded server
    does not outlive its client.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@contextlib.contextmanager
def embedded_server(
    home: Path, port: int | None = None, *, meanwhile: Callable[[], None] | None = None
) -> Iterator[str]:
    """Start the child, wait until it is healthy, yield its API URL, and end it.

    Without ``port`` the server serves one command on a free port and runs no services; with one it
    is the lasting server of a small office, with Prefect's scheduler and pages.
    """
    (home / "prefect").mkdir(parents=True, exist_ok=True)
    words = [str(untaken_port(port)), "lasting"] if port else [str(_free_port())]
    url = f"http://127.0.0.1:{words[0]}/api"
    log = home / "prefect" / "server.log"
    environment = {**os.environ, **prefect_environment(home)}
    environment.pop("PREFECT_API_URL", None)
    with FileLock(home / "prefect" / "start.lock"), log.open("ab") as sink:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "flows.embedded", *words],
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            env=environment,
            start_new_session=True,  # Ctrl-C is the parent's: the server ends after its last word
        )
        try:
            if meanwhile:
                meanwhile()
            _wait_until_healthy(child, url, log)
        except BaseException:
            child.kill()
            raise
    try:
        yield url
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin:
        child.stdin.close()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def untaken_port(port: int) -> int:
    """The port; SourceUnavailable where somebody listens: their server would pass for ours."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SourceUnavailable(f"port {port} is taken; choose another with --port")
    return port


def _wait_until_healthy(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise SourceUnavailable(f"the embedded Prefect server ended at its start; see {log}")
        try:
            with opener.open(f"{url}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SourceUnavailable(
        f"the embedded Prefect server did not answer in {START_TIMEOUT_S:.0f} s; see {log}"
    )


def _serve(port: int, *, is_lasting: bool) -> None:
    """The child: run the API until standard input closes."""
    import uvicorn
    from prefect.server.api.server import create_app

    let_scheduler_insert()
    app = create_app(ephemeral=not is_lasting, ignore_cache=True)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))

    def end_with_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True
        # Background services may hold the loop; the parent is gone, so nobody waits for them.
        time.sleep(3)
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    server.run()
    os._exit(0)


def let_scheduler_insert() -> None:
    """Let Prefect's scheduler insert its runs under SQLAlchemy 2.1.

    Prefect 3.8 hands the insert each run's ``state``, which is no column and which it wants back
    afterwards. SQLAlchemy 2.0 left such a key aside; 2.1 asks how to set it, and refuses when the
    model does not say. Without this, no schedule ever starts anything.
    """
    from prefect.server.database.orm_models import FlowRun

    state = vars(FlowRun)["state"]
    if getattr(state, "bulk_dml_setter", True) is None:
        state.inplace.bulk_dml(lambda _cls, _mapping, _value: None)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), is_lasting="lasting" in sys.argv)
