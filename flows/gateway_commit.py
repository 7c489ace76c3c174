"""The committer: what a gateway has spooled goes into the store, run by run. No Prefect here.

It is a process of its own, so that a busy store slows no answer, and one that may be killed at any
instant: the store knows what it has (``ecomon.journey.commit_receptions``).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator

from ecomon.errors import SourceUnavailable, StoreUnavailable
from ecomon.host.endpoint import metrics_endpoint
from ecomon.host.gateway_metrics import GatewayCollector
from ecomon.host.metrics import make_registry
from ecomon.journey.commit_receptions import Position, commit_waiting, find_position
from ecomon.journey.read_receptions import FEED
from ecomon.journey.stations import StationFacts
from ecomon.model.instrument import InstrumentCount
from ecomon.settings import Settings
from ecomon.sources.spool import read_spool, spool_id, spool_octets, trim_spool
from ecomon.store import IngestReport, Store
from flows.gateway_facts import KnownStations, ask_for_facts
from flows.gateway_service import COUNTS
from flows.installation import read_site_registry

TURN = f"feed/{FEED}"
INTERVAL_S = 0.5
AWAY_S = 5.0

_log = logging.getLogger("ecomon.gateway")


def read_station_facts(settings: Settings) -> StationFacts:
    """The stations of the registry, the site's own folder over it."""
    registry = read_site_registry(settings)
    return StationFacts.of(registry.instruments.values(), registry.determinands)


def commit_spooled(
    settings: Settings,
    store: Store,
    stations: KnownStations,
    position: Position | None = None,
    *,
    said: Callable[[IngestReport], None] = lambda _: None,
) -> Position:
    """Store what the spool holds at the moment, in turn with other runs of the feed.

    Parameters
    ----------
    position : Position, optional
        Where the last call ended; asked of the store without it, or where another has committed
        since.
    said : callable
        Told of each run that was stored.

    Returns
    -------
    Position
        Where this call ended.
    """
    folder = settings.spool
    spool = spool_id(folder)
    with store.turn([TURN]):
        if position is None or store.read_spool_position(FEED, spool)[0] != position.stored:
            position = find_position(store, spool, stations.book)
        receptions = read_spool(folder, position.stored)
        for report in commit_waiting(
            store, stations.book, spool, stations.digest, position, receptions
        ):
            said(report)
    trim_spool(folder, position.stored)
    return position


def follow_spool(
    settings: Settings,
    stop: threading.Event,
    *,
    interval_s: float = INTERVAL_S,
    said: Callable[[IngestReport], None] = lambda _: None,
) -> None:
    """Store what comes until told to stop, and then what is left.

    A store that is away is waited for; the spool grows meanwhile.
    """
    stations = KnownStations.of(settings, ask_for_facts)
    position: Position | None = None
    while True:
        is_last = stop.is_set()
        try:
            with Store.open(settings.store_url) as store:
                while True:
                    stations.refresh()
                    position = commit_spooled(settings, store, stations, position, said=said)
                    if is_last:
                        return
                    is_last = stop.wait(interval_s)
        except StoreUnavailable as error:
            _log.warning("数据库不可用，稍后再试 the store is away, tried again: %s", error)
            position = None
            if is_last or stop.wait(AWAY_S):
                return


def stop_with_parent(stop: threading.Event, fd: int) -> None:
    """Set ``stop`` when the other end of a pipe is gone: the parent ended, however it did."""

    def watch() -> None:
        try:
            while os.read(fd, 64):
                continue
        except OSError:
            pass
        stop.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()


@contextlib.contextmanager
def gateway_metrics(settings: Settings, port: int) -> Iterator[None]:
    """Serve the gateway's metrics on this machine's loopback; 0 serves none.

    A port that is taken is said and stops nothing.
    """

    def read_counts() -> dict[str, int]:
        try:
            return json.loads((settings.spool / COUNTS).read_text("ascii"))
        except (OSError, ValueError):
            return {}

    def read_instruments() -> list[InstrumentCount]:
        with Store.open(settings.store_url) as store:
            return store.read_instruments()

    with contextlib.ExitStack() as served:
        if port:
            collector = GatewayCollector(
                read_counts, lambda: spool_octets(settings.spool), read_instruments
            )
            try:
                served.enter_context(metrics_endpoint(make_registry(collector), port))
            except SourceUnavailable as error:
                _log.warning("指标未提供 the metrics are not served: %s", error)
        yield
