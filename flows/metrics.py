"""The metrics of one installation: its store and its machine, read when they are asked for.

Nothing here imports Prefect.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

from ecomon.errors import SourceUnavailable
from ecomon.host.endpoint import metrics_endpoint
from ecomon.host.machine import read_host
from ecomon.host.metrics import InstallationCollector, make_registry
from ecomon.model.operation import HostFacts, StoreFacts
from ecomon.settings import Settings
from ecomon.store import Store
from ecomon.store.dialect import sqlite_path, to_url

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def metrics_of(settings: Settings, port: int | None = None) -> Iterator[str]:
    """Serve the installation's metrics in a thread while the block lasts; yields their URL.

    Parameters
    ----------
    port : int, optional
        By default ``settings.metrics_port``; 0 takes a free one.

    Raises
    ------
    ContractError
        where ``settings.metrics_host`` is no IP address.
    SourceUnavailable
        where the port is taken.
    """
    collector = InstallationCollector(
        lambda: read_store_facts(settings), lambda: read_host_facts(settings)
    )
    where = settings.metrics_port if port is None else port
    with metrics_endpoint(make_registry(collector), where, host=settings.metrics_host) as url:
        yield url


@contextlib.contextmanager
def metrics_beside(settings: Settings) -> Iterator[str | None]:
    """The metrics beside something that matters more; None where they cannot be served.

    ``settings.metrics_port`` 0 asks for none. A port that is taken, perhaps by a second
    installation of this machine, is said and stops nothing.
    """
    with contextlib.ExitStack() as served:
        url = None
        if settings.metrics_port:
            try:
                url = served.enter_context(metrics_of(settings))
            except SourceUnavailable as error:
                _log.warning("指标未提供 the metrics are not served: %s", error)
        yield url


def serve_metrics(settings: Settings, port: int | None, stop: threading.Event) -> None:
    """Serve the metrics until ``stop`` is set; errors as :func:`metrics_of`."""
    with metrics_of(settings, port):
        stop.wait()


def read_store_facts(settings: Settings) -> StoreFacts:
    """The facts of the store; StoreError where it is away."""
    with Store.open(settings.store_url) as store:
        return store.health()


def read_host_facts(settings: Settings) -> HostFacts:
    """The facts of the machine and the home."""
    return read_host(settings.home, sqlite_path(to_url(settings.store_url)))
