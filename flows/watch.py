"""Inboxes watched by the minute: a cheap look at folders, and a run only when files have settled."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from ecomon.errors import EcomonError, SourceUnavailable
from ecomon.journey.read_readings import FEEDS, feed_names
from ecomon.settings import read_settings
from ecomon.sources.folder import Seen, list_inbox
from flows.installation import read_site_registry

INTERVAL_S = 10.0
AGAIN_S = 600.0
"""A file that is still there after a run is tried again so much later."""

DEPLOYMENT = "inboxes/inboxes"
FORGOTTEN_AFTER = timedelta(minutes=30)
"""An older run may have died with its machine; a second one beside it does no harm."""

_LOG = logging.getLogger("ecomon.watch")


class Stop(Protocol):
    """What ends the watching: a ``threading.Event``."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds; True when it is time to end."""
        ...


@dataclass(slots=True)
class InboxWatch:
    """What was seen in the inboxes of a home, since when it stands still, and what was told.

    Standing still is measured by a clock that only goes forward, from one look to the next: the
    stamps of files on another machine, or a clock that jumps, do not matter.
    """

    home: Path
    settle_s: float
    feeds: Sequence[str] = tuple(FEEDS)
    again_s: float = AGAIN_S
    _since: dict[Path, tuple[Seen, float]] = field(default_factory=dict)
    _told: dict[Path, tuple[Seen, float]] = field(default_factory=dict)

    def look(self, at_s: float) -> dict[Path, Seen]:
        """Files that stood still long enough and were not told of, or too long ago.

        Parameters
        ----------
        at_s : float
            Seconds of a monotonic clock.
        """
        seen: dict[Path, Seen] = {}
        for feed in self.feeds:
            listing = list_inbox(self.home / "inbox" / feed)
            seen |= listing.files
            if listing.manifest is not None:
                seen[self.home / "inbox" / feed] = listing.manifest
        self._since = {
            path: self._since[path] if one.is_still(self._last(path)) else (one, at_s)
            for path, one in seen.items()
        }
        self._told = {path: one for path, one in self._told.items() if path in seen}
        return {
            path: one
            for path, (one, since_s) in self._since.items()
            if at_s - since_s >= self.settle_s and not self._is_told(path, one, at_s)
        }

    def tell(self, files: dict[Path, Seen], at_s: float) -> None:
        """Note that a run was started for these files."""
        self._told |= {path: (one, at_s) for path, one in files.items()}

    def _last(self, path: Path) -> Seen | None:
        return self._since[path][0] if path in self._since else None

    def _is_told(self, path: Path, seen: Seen, at_s: float) -> bool:
        if path not in self._told:
            return False
        told, told_s = self._told[path]
        return seen.is_still(told) and at_s - told_s < self.again_s


def watch_inboxes(
    home: Path,
    start: Callable[[], bool],
    *,
    stop: Stop,
    interval_s: float = INTERVAL_S,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Look at the inboxes until told to stop; start a run when files in them have settled.

    Parameters
    ----------
    start : callable
        Starts a run that ingests what waits; False where one is under way already (it may have
        looked before these files came, so it is asked again at the next look).
    stop : threading.Event or the like
        Its ``wait`` paces the looks and ends them.
    clock : callable
        Seconds of a clock that only goes forward.
    """
    settings = read_settings(home)
    feeds = feed_names(read_site_registry(settings))
    watch = InboxWatch(home, settle_s=settings.inbox_settle_s, feeds=feeds)
    while True:
        try:
            ready = watch.look(clock())
            if ready and start():
                watch.tell(ready, clock())
        except (EcomonError, OSError) as error:
            # Whatever it was, the files are still there at the next look.
            _LOG.warning("inboxes: %s", error)
        if stop.wait(interval_s):
            return


def start_inbox_run(deployment: str = DEPLOYMENT) -> bool:
    """Start the deployment that ingests what waits, unless a run of it is due or under way.

    The server is the one of Prefect's settings in effect, else that of the environment: a thread
    does not see settings that hold for a block of another thread.

    Returns
    -------
    bool
        Whether a run was started.

    Raises
    ------
    SourceUnavailable
        where no Prefect server is known, it does not answer, or it has no such deployment.
    """
    from httpx import HTTPError
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType
    from prefect.exceptions import PrefectException
    from prefect.settings import PREFECT_API_URL, temporary_settings

    url = PREFECT_API_URL.value() or os.environ.get("PREFECT_API_URL")
    if not url:
        raise SourceUnavailable("no Prefect server is known to start a run on: PREFECT_API_URL")
    now = datetime.now(UTC)
    under_way = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]
    try:
        with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
            found = client.read_deployment_by_name(deployment)
            runs = client.read_flow_runs(
                flow_run_filter=filters.FlowRunFilter(
                    deployment_id=filters.FlowRunFilterDeploymentId(any_=[found.id]),
                    state=filters.FlowRunFilterState(
                        type=filters.FlowRunFilterStateType(any_=under_way)
                    ),
                )
            )
            # What its schedule will start later does not count.
            due = [one.expected_start_time for one in runs if one.expected_start_time]
            is_under_way = any(now - FORGOTTEN_AFTER <= one <= now for one in due)
            if not is_under_way:
                client.create_flow_run_from_deployment(found.id)
            return not is_under_way
    except (HTTPError, PrefectException, RuntimeError) as error:
        raise SourceUnavailable(f"the deployment {deployment}: {error}") from error
