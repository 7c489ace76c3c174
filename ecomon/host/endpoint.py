"""The metrics over HTTP: one address, ``GET /metrics``, to this machine unless configured otherwise."""

from __future__ import annotations

import contextlib
import ipaddress
import threading
from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import make_wsgi_app

from ecomon.errors import ContractError, SourceUnavailable

LOOPBACK = "127.0.0.1"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 30  # of a client that says nothing

    def log_message(self, format: str, *args: object) -> None:
        """A scrape is no act."""


@contextlib.contextmanager
def metrics_endpoint(
    registry: CollectorRegistry, port: int, *, host: str = LOOPBACK
) -> Iterator[str]:
    """Serve a registry in a thread while the block lasts; yields the URL.

    Parameters
    ----------
    port : int
        0 takes a free one.
    host : str
        An IP address of this machine. One that other machines reach shows them what is here, so
        that it has to be asked for.

    Raises
    ------
    ContractError
        where ``host`` is no IP address.
    SourceUnavailable
        where the port is taken or the address is not of this machine.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ContractError(
            f"metrics_host is an IP address such as 127.0.0.1, not {host!r}"
        ) from None
    if address.version == 6:
        raise ContractError(f"metrics_host is an IPv4 address, not {host}")
    try:
        server = make_server(host, port, _application(registry), _Server, _Handler)
    except OSError as error:
        raise SourceUnavailable(f"no metrics at {host}:{port}: {error.strerror}") from error
    thread = threading.Thread(
        target=server.serve_forever, args=(0.1,), name="ecomon-metrics", daemon=True
    )
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def is_for_this_machine_only(host: str) -> bool:
    """Whether no other machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _application(registry: CollectorRegistry) -> Any:
    metrics = make_wsgi_app(registry)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return _plainly(start, "405 Method Not Allowed", [("Allow", "GET")])
        if environ["PATH_INFO"] != "/metrics":
            return _plainly(start, "404 Not Found", [])
        return metrics(environ, start)

    return application


def _plainly(start: Callable[..., Any], status: str, headers: list[tuple[str, str]]) -> list[bytes]:
    start(status, [("Content-Type", "text/plain"), *headers])
    return [f"{status}\nGET /metrics\n".encode()]
