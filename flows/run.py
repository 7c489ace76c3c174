"""Run one flow by name, as ``ecomon run`` does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecomon.errors import ContractError
from ecomon.settings import read_settings
from flows.embedded import prefect_api, prefect_environment

FLOW_NAMES = ("ingest", "assess", "load", "settle", "alert", "publish")


def flow_named(name: str) -> Callable[..., Any]:
    """The flow of that name; ContractError lists the known ones."""
    from importlib import import_module

    if name not in FLOW_NAMES:
        raise ContractError(f"unknown flow {name!r}; one of {', '.join(FLOW_NAMES)}")
    return getattr(import_module(f"flows.{name}"), name)


def use_embedded_prefect(home: Path) -> None:
    """Set Prefect's environment for this process; before the first import of prefect."""
    (home / "prefect").mkdir(parents=True, exist_ok=True)
    for key, value in prefect_environment(home).items():
        os.environ.setdefault(key, value)


def run_flow(
    name: str,
    *,
    home: Path | None,
    period: str | None,
    feed: str,
    files: list[Path] | None,
    year: int | None,
) -> dict[str, Any]:
    """Run one flow on the configured Prefect server, else on an embedded one; its counts.

    Raises
    ------
    ContractError
        for an unknown flow, or where a flow that needs a period has none.
    """
    settings = read_settings(home)
    use_embedded_prefect(settings.home)
    flow = flow_named(name)
    arguments: dict[str, Any] = {"home": str(settings.home)}
    if name == "ingest":
        paths = [str(path.resolve()) for path in files] if files else None
        arguments |= {"feed": feed, "files": paths, "year": year}
    elif period is None:
        raise ContractError(
            f"the flow {name} needs --period, e.g. 2021-04 or 2021-04-01/2021-04-03"
        )
    else:
        arguments["period"] = period
    with prefect_api(settings.home):
        return flow(**arguments)
