"""A worker: runs of the pool, each as a process of its own, until interrupted or terminated."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from ecomon.settings import read_settings
from ecomon.store import Store
from flows.deployments import COMPUTE_QUEUE
from flows.pool import HEARTBEAT_S, use_server


def run_worker(
    home: Path | None,
    *,
    pool: str,
    limit: int,
    is_compute_only: bool = False,
    api: str | None = None,
) -> None:
    """Take runs from the pool, ``limit`` at a time.

    Terminated, it ends the runs it has under way: each records that it failed and frees its turns,
    and another worker takes it up.

    Parameters
    ----------
    is_compute_only : bool
        Leave the runs that read or write files of the home to other workers.

    Raises
    ------
    StoreError
        where the home has no store.
    SourceUnavailable
        where no server is configured or it does not answer.
    """
    settings = read_settings(home)
    with Store.open(settings.store_url) as store:
        identity = store.identity
    url = use_server(settings, api)
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT_S))
    from prefect.workers.process import ProcessWorker

    worker = ProcessWorker(
        work_pool_name=pool,
        work_queues=[COMPUTE_QUEUE] if is_compute_only else None,
        name=f"{socket.gethostname()}-{os.getpid()}",
        limit=limit,
    )
    print(f"ecomon: {url}  {pool}  {settings.home}  {identity[:8]}", flush=True)  # noqa: T201
    asyncio.run(_work(worker))


async def _work(worker: Any) -> None:
    """Take runs until told to end. Then the runs under way are ended and given back to the pool.

    Prefect's own worker leaves them as they are: one that was just starting would stay "pending".
    """
    from prefect.client.orchestration import get_client

    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: loop.call_soon_threadsafe(told.set))
    working = asyncio.create_task(worker.start(printer=_say))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done():
        await working
        return
    async with get_client() as client:
        under_way = await _runs_of(client, worker)
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        for run_id in under_way:
            await _give_back(client, run_id)


async def _runs_of(client: Any, worker: Any) -> list[UUID]:
    """The runs this worker has under way; none where the server does not answer."""
    from httpx import HTTPError
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType

    under_way = filters.FlowRunFilterState(
        type=filters.FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING])
    )
    try:
        runs = await client.read_flow_runs(
            flow_run_filter=filters.FlowRunFilter(state=under_way),
            work_pool_filter=filters.WorkPoolFilter(
                name=filters.WorkPoolFilterName(any_=[worker.work_pool.name])
            ),
        )
    except HTTPError as error:
        _say(f"the Prefect server does not answer: {error}")
        return []
    return [run.id for run in runs if run.labels.get("prefect.worker.name") == worker.name]


async def _give_back(client: Any, run_id: UUID) -> None:
    """Schedule a run anew, unless it came to its own end; flows take up where they stopped."""
    from httpx import HTTPError
    from prefect.states import Scheduled

    try:
        state = (await client.read_flow_run(run_id)).state
        if state is None or not (state.is_completed() or state.is_failed() or state.is_cancelled()):
            again = Scheduled(message="its worker was ended; another takes it")
            await client.set_flow_run_state(run_id, again, force=True)
    except HTTPError as error:
        _say(f"the run {run_id} could not be given back: {error}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
