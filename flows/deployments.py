"""The deployments of an installation: for the process that serves one home, and for a pool of workers.

They have no concurrency limit of Prefect's: a run that dies with its machine keeps its slot, and
nothing would be started again. ``flows.turns`` keeps runs of one period from interleaving.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.run import FLOW_NAMES, flow_named
from flows.timetable import slots

TAG = "ecomon"
HOME_QUEUE, COMPUTE_QUEUE = "home", "compute"
"""Work for the machine that holds inbox, documents and outbox; work for any machine."""

OF_THE_STORE_ALONE = ("assess", "flag", "load", "settle")
"""Flows that touch no file of the home."""


def scheduled_deployments(home: Path, **options: Any) -> list[Any]:
    """One deployment a schedule, named as the schedule (or as ``options`` say)."""
    from prefect.schedules import Cron

    from flows import schedule

    return [
        _deployment(
            getattr(schedule, slot.flow),
            home,
            **{"name": name, **options},
            schedules=[Cron(slot.cron, timezone="Asia/Shanghai")],
        )
        for name, slot in slots(
            has_polls=schedule.has_polls(home),
            has_pulls=schedule.has_pulls(home),
            has_instruments=schedule.has_instruments(home),
        ).items()
    ]


def pool_deployments(home: Path, identity: str, pool: str) -> list[Any]:
    """Every flow and every schedule, for workers of a pool; named after the store.

    Two installations on one Prefect server so have deployments of their own, and a second call
    replaces the same ones.
    """
    on_pool = {"name": pool_name(identity), "work_pool_name": pool, "tags": [TAG, identity]}
    plain = [
        _deployment(flow_named(name), home, **on_pool, work_queue_name=queue_of(name))
        for name in FLOW_NAMES
    ]
    return plain + scheduled_deployments(home, **on_pool, work_queue_name=HOME_QUEUE)


def pool_name(identity: str) -> str:
    """The name of a store's deployments; each is ``FLOW/NAME`` to Prefect."""
    return f"ecomon-{identity[:8]}"


def queue_of(flow: str) -> str:
    """The queue whose workers have what a flow needs."""
    return COMPUTE_QUEUE if flow in OF_THE_STORE_ALONE else HOME_QUEUE


def _deployment(flow: Any, home: Path, **options: Any) -> Any:
    from prefect.types.entrypoint import EntrypointType

    return flow.to_deployment(
        **{"tags": [TAG], **options},
        parameters={"home": str(home)},
        # By module: a path would be told relative to where this process was started.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
