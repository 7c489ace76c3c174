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
from flows.desk import ask_desk
from flows.embedded import prefect_api, prefect_at, prefect_environment
from flows.installation import read_site_registry
from flows.served import served_url

FLOW_NAMES = (
    "poll", "pull", "inbox", "ingest", "flag", "assess", "load", "settle", "alert", "publish", "receipts",
    "keeping", "sample", "gateway",
)  # fmt: skip
OF_NO_PERIOD = ("poll", "pull", "inbox", "keeping", "sample", "gateway")
"""Flows that find out for themselves what there is to do."""
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
    again: bool = False,
) -> dict[str, Any]:
    """Run one flow on the configured Prefect server, else on an embedded one; its counts.

    What can be refused without a server is refused before one is started.

    Raises
    ------
    ContractError
        for an unknown flow, where a flow that needs a period has none or no such one, where
        ``again`` is not of named files, or where ``tell`` (of an alert flow) is neither ``recent`` nor ``all``.
    SourceRefused
        for an unknown feed.
    StoreError
        where the home has no store.
    """
    settings = read_settings(home)
    arguments = flow_arguments(name, period=period, feed=feed, files=files, year=year, tell=tell)
    arguments |= again_argument(name, files, again)
    if name == "ingest":
        feed_named(feed, read_site_registry(settings))
    check_store(settings)
    use_embedded_prefect(settings.home)
    flow = flow_named(name)
    with prefect_api(settings.home):
        return flow(home=str(settings.home), **arguments)


def run_at_once(name: str, home: Path | None, *, meanwhile: Callable[[], None]) -> dict[str, Any]:
    """Run a flow of no period for somebody who waits.

    It runs on the server that is configured, else on the one that ``ecomon serve`` keeps for this
    home, and there in the serving process itself (``flows.desk``), which has all imported; only where
    there is neither, one is started, and ``meanwhile`` is done in that time. Raises
    as :func:`run_flow` does, and what ``meanwhile`` raises, before anything is run.
    """
    settings = read_settings(home)
    check_store(settings)
    use_embedded_prefect(settings.home)
    url = None if os.environ.get("PREFECT_API_URL") else served_url(settings.home)
    flows: list[Callable[..., Any]] = []

    def prepare() -> None:
        meanwhile()
        flows.append(flow_named(name))

    if url is not None:
        meanwhile()
        if (done := ask_desk(settings.home, name)) is not None:
            return done
        flows.append(flow_named(name))
    with prefect_at(url) if url else prefect_api(settings.home, meanwhile=prepare):
        return flows[0](home=str(settings.home))


def flow_arguments(
    name: str,
    *,
    period: str | None,
    feed: str,
    files: list[Path] | None,
    year: int | None,
    tell: str,
) -> dict[str, Any]:
    """What a flow is called with besides its home; raises as :func:`run_flow` does."""
    check_flow_name(name)
    if tell not in TELL:
        raise ContractError(f"--tell {tell!r} is not one of {', '.join(TELL)}")
    if name == "ingest":
        paths = [str(path.resolve()) for path in files] if files else None
        return {"feed": feed, "files": paths, "year": year}
    if name in OF_NO_PERIOD or (name == "receipts" and period is None):
        return {}
    if period is None:
        raise ContractError(
            f"the flow {name} needs --period, e.g. 2021-04 or 2021-04-01/2021-04-03"
        )
    arguments: dict[str, Any] = {"period": Period.parse(period).label}
    return arguments | ({"tell": tell} if name == "alert" else {})


def again_argument(name: str, files: list[Path] | None, again: bool) -> dict[str, Any]:
    """That files are read again, for an ingest of named files; ContractError for anything else."""
    if again and (name != "ingest" or not files):
        raise ContractError("--again is for an ingest of named files: --file FILE")
    return {"again": True} if again else {}


def check_store(settings: Settings) -> None:
    """StoreError, saying how to make one, unless the installation has a store."""
    with Store.open(settings.store_url):
        pass
