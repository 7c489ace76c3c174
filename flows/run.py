"""Run one flow by name, as ``ecomon run`` does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecomon.errors import ContractError
from ecomon.journey.read_readings import feed_named
from ecomon.model.period import Period
from ecomon.settings import Settings, read_settings
from ecomon.store import Store
from flows.embedded import prefect_api, prefect_environment

FLOW_NAMES = ("ingest", "flag", "assess", "load", "settle", "alert", "publish")
TELL = ("recent", "all")
"""Of which events an alert flow tells the offices."""


def flow_named(name: str) -> Callable[..., Any]:
    """The flow of that name; ContractError lists the known ones."""
    from importlib import import_module

    check_flow_name(name)
    return getattr(import_module(f"flows.{name}"), name)


def check_flow_name(name: str) -> None:
    """ContractError, listing the known ones, unless there is a flow of that name."""
    if name not in FLOW_NAMES:
        raise ContractError(f"unknown flow {name!r}; one of {', '.join(FLOW_NAMES)}")


def use_embedded_prefect(home: Path, *, log_level: str = "CRITICAL") -> None:
    """Set Prefect's environment for this process; before the first import of prefect.

    A command says itself what went wrong, so Prefect's own account of it (a traceback) is left out
    unless another ``log_level`` is asked for.
    """
    (home / "prefect").mkdir(parents=True, exist_ok=True)
    settings = {**prefect_environment(home), "PREFECT_LOGGING_LEVEL": log_level}
    for key, value in settings.items():
        os.environ.setdefault(key, value)


def run_flow(
    name: str,
    *,
    home: Path | None,
    period: str | None,
    feed: str,
    files: list[Path] | None,
    year: int | None,
    tell: str = "recent",
) -> dict[str, Any]:
    """Run one flow on the configured Prefect server, else on an embedded one; its counts.

    What can be refused without a server is refused before one is started.

    Raises
    ------
    ContractError
        for an unknown flow, where a flow that needs a period has none or no such one, or where
        ``tell`` (of an alert flow) is neither ``recent`` nor ``all``.
    SourceRefused
        for an unknown feed.
    StoreError
        where the home has no store.
    """
    settings = read_settings(home)
    check_flow_name(name)
    if tell not in TELL:
        raise ContractError(f"--tell {tell!r} is not one of {', '.join(TELL)}")
    arguments: dict[str, Any] = {"home": str(settings.home)}
    if name == "ingest":
        paths = [str(path.resolve()) for path in files] if files else None
        arguments |= {"feed": feed_named(feed).name, "files": paths, "year": year}
    elif period is None:
        raise ContractError(
            f"the flow {name} needs --period, e.g. 2021-04 or 2021-04-01/2021-04-03"
        )
    else:
        arguments["period"] = Period.parse(period).label
        arguments |= {"tell": tell} if name == "alert" else {}
    check_store(settings)
    use_embedded_prefect(settings.home)
    flow = flow_named(name)
    with prefect_api(settings.home):
        return flow(**arguments)


def check_store(settings: Settings) -> None:
    """StoreError, saying how to make one, unless the installation has a store."""
    with Store.open(settings.store_url):
        pass
