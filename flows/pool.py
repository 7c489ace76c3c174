"""Work for a pool of workers: its deployments on a Prefect server, and runs submitted to them."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.settings import Settings, read_settings
from ecomon.store import Store
from flows.deployments import TAG, pool_deployments, pool_name
from flows.run import use_embedded_prefect

HEARTBEAT_S = 30
"""How often a run on a worker says that it lives; Prefect takes no shorter time."""

ZOMBIES = "ecomon: runs without a heartbeat"


def use_server(settings: Settings, api: str | None) -> str:
    """Make ``api``, else the configured server, this process's own; its URL.

    Raises
    ------
    SourceUnavailable
        where none is configured or it does not answer.
    """
    use_embedded_prefect(settings.home, log_level="WARNING")
    if api:
        os.environ["PREFECT_API_URL"] = api
    from prefect.settings import PREFECT_API_URL

    url = PREFECT_API_URL.value()
    if not url:
        raise SourceUnavailable(
            "no Prefect server is configured: give --api or set PREFECT_API_URL,"
            " e.g. http://127.0.0.1:4200/api; ecomon server starts one"
        )
    os.environ["PREFECT_API_URL"] = url  # runs are processes of their own
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=10):
            return url
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise SourceUnavailable(f"the Prefect server {url} does not answer: {error}") from None


def deploy(home: Path | None, *, pool: str, api: str | None = None) -> list[str]:
    """Make the work pool and this installation's deployments on the server; their names.

    What is there already is brought up to this version, what this version no longer has is taken
    away. A second call changes nothing.

    Raises
    ------
    StoreError
        where the home has no store.
    SourceUnavailable
        where no server is configured or it does not answer.
    """
    settings = read_settings(home)
    identity = _identity(settings)
    use_server(settings, api)
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

    with get_client(sync_client=True) as client:
        _make_pool(client, pool)
        wanted = {
            one.apply(): f"{one.flow_name}/{one.name}"
            for one in pool_deployments(settings.home, identity, pool)
        }
        mine = DeploymentFilter(tags=DeploymentFilterTags(all_=[identity]))
        for known in client.read_deployments(deployment_filter=mine):
            if known.id not in wanted:
                client.delete_deployment(known.id)
    _end_zombies()
    return list(wanted.values())


def _identity(settings: Settings) -> str:
    with Store.open(settings.store_url) as store:
        return store.identity


def _make_pool(client: Any, pool: str) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists
    from prefect.workers.process import ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    try:
        client.create_work_pool(
            WorkPoolCreate(name=pool, type="process", base_job_template=template)
        )
    except ObjectAlreadyExists:
        known = client.read_work_pool(pool)
        if known.type != "process":
            raise SourceRefused(
                f"the work pool {pool} is of type {known.type}, not process; choose another name"
            ) from None


def _end_zombies() -> None:
    """Have the server mark a run as crashed that has sent no heartbeat for three of their times.

    A worker that is killed, or whose machine stops, cannot say so itself. Of a run that ended just
    after a heartbeat the server may think so too, and then refuses to change what has ended.
    """
    from prefect.automations import Automation
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import EventTrigger, Posture

    beat, run = "prefect.flow-run.heartbeat", "prefect.flow-run"
    # Its models are called by aliases and defaults that a type checker does not see.
    crash: Any = ChangeFlowRunState(  # pyright: ignore[reportCallIssue]
        state=StateType.CRASHED, message="no heartbeat: its process or machine has ended"
    )
    wanted = Automation(
        name=ZOMBIES,
        trigger=EventTrigger(
            posture=Posture.Proactive,
            match={"prefect.resource.id": f"{run}.*"},
            match_related={
                "prefect.resource.id": f"prefect.tag.{TAG}",
                "prefect.resource.role": "tag",
            },
            after={beat},
            expect={
                beat,
                *(f"{run}.{end}" for end in ("Completed", "Failed", "Crashed", "Cancelled")),
            },
            for_each={"prefect.resource.id"},
            threshold=1,
            within=timedelta(seconds=3 * HEARTBEAT_S),
        ),
        actions=[crash],
    )
    try:
        known: Any = Automation.read(name=ZOMBIES)
    except ValueError:
        wanted.create()
        return
    wanted.id = known.id
    wanted.update()


def submit(home: Path | None, flow: str, arguments: dict[str, Any], *, api: str | None) -> UUID:
    """Give the pool one run of a flow; its id.

    Raises
    ------
    SourceRefused
        where this installation has no deployment of the flow on the server.
    """
    settings = read_settings(home)
    identity = _identity(settings)
    use_server(settings, api)
    from prefect.deployments import run_deployment
    from prefect.exceptions import ObjectNotFound

    name = f"{flow}/{pool_name(identity)}"
    try:
        run: Any = run_deployment(name, parameters=arguments, timeout=0, as_subflow=False)
    except ObjectNotFound:
        raise SourceRefused(
            f"the server has no deployment {name}; make it with: ecomon deploy"
        ) from None
    return run.id


def wait_for(run_id: UUID, *, poll_s: float = 1.0) -> dict[str, Any]:
    """Wait until a submitted run has ended; its state (``type``, ``name``, ``message``)."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        while True:
            state = client.read_flow_run(run_id).state
            if state is not None and state.is_final():
                return {"type": state.type.value, "name": state.name, "message": state.message}
            time.sleep(poll_s)
