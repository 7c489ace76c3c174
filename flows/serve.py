"""``ecomon serve``: the Prefect server and the schedules of one home in one process tree."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from ecomon.logbook import keep_logbook
from ecomon.settings import read_settings
from flows.deployments import scheduled_deployments
from flows.desk import desk_open, run_on
from flows.metrics import metrics_beside
from flows.run import check_store, use_embedded_prefect
from flows.served import announced
from flows.timetable import SCHEDULES
from flows.watch import start_inbox_run, watch_inboxes


def serve_schedules(home: Path | None, port: int) -> None:
    """The Prefect server and the schedules in one process tree, until interrupted or terminated.

    With ``PREFECT_API_URL`` configured, that server is used and only the schedules run here.

    Raises
    ------
    StoreError
        where the home has no store.
    SourceUnavailable
        where the port is taken or the server does not answer.
    """
    settings = read_settings(home)
    check_store(settings)
    use_embedded_prefect(settings.home, log_level="WARNING")
    os.environ.setdefault("PREFECT_SERVER_UI_API_URL", f"http://127.0.0.1:{port}/api")
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.embedded import embedded_server

    if PREFECT_API_URL.value():
        with keep_logbook(settings), metrics_beside(settings):
            keep_schedules(settings.home)
        return
    with (
        keep_logbook(settings) as log,
        embedded_server(settings.home, port) as url,
        announced(settings.home, url),
        desk_open(settings.home, run_on(settings.home, url)),
        metrics_beside(settings) as metrics,
        temporary_settings({PREFECT_API_URL: url}),
    ):
        os.environ["PREFECT_API_URL"] = url  # scheduled runs are processes of their own
        print(f"ecomon: {url.removesuffix('/api')}  ({', '.join(SCHEDULES)})", flush=True)  # noqa: T201
        log.info("serve_started", api=url, metrics=metrics, schedules=list(SCHEDULES))
        keep_schedules(settings.home)
        log.info("serve_ended")


def keep_schedules(home: Path) -> None:
    """Start each scheduled run when it is due, and one when files have come, until interrupted."""
    from prefect.runner import Runner

    runner = Runner(pause_on_shutdown=False)
    for deployment in scheduled_deployments(home):
        runner.add_deployment(deployment)
    # Prefect's own handler leaves the event loop by SystemExit, amid a traceback and before the
    # runs it started are ended; an interrupt ends them in order.
    runner.handle_sigterm = lambda *_args, **_options: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    with watching(home), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(runner.start())


@contextlib.contextmanager
def watching(home: Path) -> Iterator[None]:
    """Look at the inboxes beside the schedules."""
    stop = threading.Event()
    watcher = threading.Thread(
        target=watch_inboxes, args=(home, start_inbox_run), kwargs={"stop": stop}, daemon=True
    )
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join(timeout=10)
