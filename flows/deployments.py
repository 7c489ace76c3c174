"""The schedules of an installation, and the process that keeps them.

Each scheduled flow is thin: it says which period is due now and runs the flow of that period.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ecomon.model.period import BEIJING, Period
from ecomon.settings import read_settings
from flows.run import check_store, use_embedded_prefect

# Minute hour day month weekday, Beijing time. Water readings stand on 00, 04 ... 20 h and are
# published within the hour; a month closes on its second day, when late readings have come.
SCHEDULES: dict[str, str] = {
    "water-every-4h": "45 0,4,8,12,16,20 * * *",
    "daily-assessment": "30 7 * * *",
    "monthly-close": "0 8 2 * *",
}


def today() -> datetime:
    """Now, in naive Beijing time."""
    return datetime.now(BEIJING).replace(tzinfo=None)


def day_before(moment: datetime) -> Period:
    """Yesterday."""
    last = moment - timedelta(days=1)
    return Period.day(last.year, last.month, last.day)


def month_before(moment: datetime) -> Period:
    """The last whole month."""
    last = moment.replace(day=1) - timedelta(days=1)
    return Period.month(last.year, last.month)


def deployments(home: Path) -> list[Any]:
    """Prefect deployments of this installation, one a schedule.

    They have no concurrency limit of Prefect's: a run that dies with the machine keeps its slot,
    and nothing would be started again. ``own_turn`` keeps flows from interleaving.
    """
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    from flows.schedule import daily_assessment, monthly_close, water_every_4h

    scheduled = {
        "water-every-4h": water_every_4h,
        "daily-assessment": daily_assessment,
        "monthly-close": monthly_close,
    }
    return [
        flow.to_deployment(
            name=name,
            parameters={"home": str(home)},
            schedules=[Cron(SCHEDULES[name], timezone="Asia/Shanghai")],
            tags=["ecomon"],
            # By module: a path would be told relative to where this process was started.
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for name, flow in scheduled.items()
    ]


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
        keep_schedules(settings.home)
        return
    with embedded_server(settings.home, port) as url, temporary_settings({PREFECT_API_URL: url}):
        os.environ["PREFECT_API_URL"] = url  # scheduled runs are processes of their own
        print(f"ecomon: {url.removesuffix('/api')}  ({', '.join(SCHEDULES)})", flush=True)  # noqa: T201
        keep_schedules(settings.home)


def keep_schedules(home: Path) -> None:
    """Start each scheduled run when it is due, as a process of its own, until interrupted."""
    from prefect.runner import Runner

    runner = Runner(pause_on_shutdown=False)
    for deployment in deployments(home):
        runner.add_deployment(deployment)
    # Prefect's own handler leaves the event loop by SystemExit, amid a traceback and before the
    # runs it started are ended; an interrupt ends them in order.
    runner.handle_sigterm = lambda *_args, **_options: signal.raise_signal(signal.SIGINT)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(runner.start())


__all__ = ["SCHEDULES", "day_before", "deployments", "month_before", "serve_schedules"]
