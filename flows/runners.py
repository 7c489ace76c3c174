"""Where heavy pieces of work run: in threads of this process, or on a Dask cluster."""

from __future__ import annotations

import importlib.util
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from ecomon.errors import RegistryError

N_THREADS = 4
"""The numerical work leaves Python's lock only in part; more threads wait for one another."""

_LOCAL = "local:"


def task_runner_of(dask: str | None) -> TaskRunner[Any]:
    """The runner for the pieces of one flow run, to be entered as a context.

    Parameters
    ----------
    dask : str or None
        The setting ``ECOMON_DASK``: the address of a scheduler whose workers have ecomon installed,
        or ``local:N`` for N processes on this machine; None for threads.

    Raises
    ------
    RegistryError
        where a cluster is asked for and the package for it is not installed.
    """
    if dask is None:
        return ThreadPoolTaskRunner(max_workers=N_THREADS)
    if importlib.util.find_spec("prefect_dask") is None:
        raise RegistryError(
            "ECOMON_DASK 须先安装 needs the extra packages: pip install 'ecomon[cube]'"
        )
    from prefect_dask.task_runners import DaskTaskRunner

    if not dask.startswith(_LOCAL):
        return DaskTaskRunner(address=dask)
    kwargs = {
        "n_workers": int(dask.removeprefix(_LOCAL)),
        "threads_per_worker": 1,
        "dashboard_address": ":0",  # its usual port may be somebody else's
    }
    return DaskTaskRunner(cluster_kwargs=kwargs)
