"""``ecomon gateway``: the listener, its spool, and the committer it keeps running.

Neither Prefect nor tables are imported here: the listener keeps thousands of connections, and is
small. What it counted it leaves beside the spool, where the committer finds it for the metrics.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ecomon.errors import ContractError
from ecomon.journey.hear_station import StationConversation
from ecomon.logbook import keep_logbook
from ecomon.settings import Settings
from ecomon.sources.hj212_gateway import Gateway, GatewayLimits, Network
from ecomon.sources.spool import SpoolWriter
from ecomon.sources.tls import present
from flows.gateway_facts import KnownStations, ask_for_facts

COUNTS = "listener.json"
RESTART_S = 1.0
RESTART_MOST_S = 30.0
ENDING_S = 60.0

_log = logging.getLogger("ecomon.gateway")


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """How a gateway listens.

    ``tls`` is (certificate, key, authorities of clients); without it the connection is plain.
    ``metrics_port`` 0 serves none; ``has_committer`` False leaves the spool to another process.
    """

    host: str = "127.0.0.1"
    port: int = 9212
    tls: tuple[Path, Path, Path | None] | None = None
    networks: Sequence[str] = ()
    is_read_only: bool = False
    spool_mb: int = 1024
    limits: GatewayLimits = field(default_factory=GatewayLimits)
    metrics_port: int = 9465
    has_committer: bool = True


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks like ``10.20.0.0/16``; ContractError names one that is none."""
    networks: list[Network] = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError as wrong:
            raise ContractError(f"{text!r} is no network such as 10.20.0.0/16: {wrong}") from None
    return tuple(networks)


def serve_gateway(settings: Settings, options: GatewayOptions) -> None:
    """Listen, spool, answer and commit until interrupted or terminated.

    Raises
    ------
    ContractError, SourceRefused, SourceUnavailable
        where the address, a network, the certificate or the spool cannot be had.
    RegistryError
        where the home has no store, or the facts of its stations are amiss.
    """
    networks = parse_networks(options.networks)
    tls = present(*options.tls) if options.tls else None
    stations = KnownStations.of(settings, ask_for_facts)
    spool = SpoolWriter(settings.spool, limit_octets=options.spool_mb << 20)
    with keep_logbook(settings) as log, contextlib.ExitStack() as stack:
        stack.callback(spool.close)
        if options.has_committer:
            stack.enter_context(committing(settings, options.metrics_port))
        log.info("gateway_started", host=options.host, port=options.port)
        counts = asyncio.run(_listen(settings, options, stations, spool, networks, tls))
        log.info("gateway_ended", **counts)


async def _listen(
    settings: Settings,
    options: GatewayOptions,
    stations: KnownStations,
    spool: SpoolWriter,
    networks: tuple[Network, ...],
    tls: ssl.SSLContext | None,
) -> dict[str, int]:
    """Serve until a signal; what was counted."""
    gateway = Gateway(
        lambda: StationConversation(lambda: stations.book, is_read_only=options.is_read_only),
        spool,
        now_us=lambda: time.time_ns() // 1000,
        networks=networks,
        limits=options.limits,
    )
    stop = asyncio.Event()
    _stop_by_signals(stop)
    beside = asyncio.create_task(_look_around(settings, stations, gateway, stop))
    await gateway.serve(
        options.host, options.port, tls=tls, stop=stop,
        ready=lambda port: _say_ready(options, port, len(stations.book.plans)),
    )  # fmt: skip
    await beside
    return dict(gateway.counts)


def _stop_by_signals(stop: asyncio.Event) -> None:
    """An interrupt or a termination ends the service in order, on systems without such handlers too."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _say_ready(options: GatewayOptions, port: int, n_stations: int) -> None:
    mark = "，只收不答 read-only" if options.is_read_only else ""
    print(  # noqa: T201
        f"ecomon gateway: {options.host}:{port}  {n_stations} 个站 stations{mark}", flush=True
    )


async def _look_around(
    settings: Settings, stations: KnownStations, gateway: Gateway, stop: asyncio.Event
) -> None:
    """Every second: leave the counters beside the spool, and look for changed facts in a thread."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1.0)
        await asyncio.to_thread(stations.refresh)
        told = {**gateway.counts, "connections": gateway.n_open}
        with contextlib.suppress(OSError):  # a full disk must not end the listener
            await asyncio.to_thread(_leave_counts, settings.spool, told)


def _leave_counts(folder: Path, counts: dict[str, int]) -> None:
    part = folder / f"{COUNTS}.part"
    part.write_text(json.dumps(counts), "ascii")
    part.replace(folder / COUNTS)


@contextlib.contextmanager
def committing(settings: Settings, metrics_port: int = 0) -> Iterator[None]:
    """A committer beside, started again when it ends by itself; told to end with the block."""
    ending = threading.Event()
    keeper = threading.Thread(
        target=_keep_committer, args=(settings, metrics_port, ending), daemon=True
    )
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join(timeout=ENDING_S)


def _keep_committer(settings: Settings, metrics_port: int, ending: threading.Event) -> None:
    wait_s = RESTART_S
    while not ending.is_set():
        began_s = time.monotonic()
        child = _start_committer(settings, metrics_port)
        while child.poll() is None and not ending.wait(0.2):
            pass
        if child.stdin is not None:
            child.stdin.close()  # which tells it to store what is left and to end
        code = _wait_for(child)
        if ending.is_set():
            return
        wait_s = RESTART_S if time.monotonic() - began_s > ENDING_S else 2 * wait_s
        _log.warning("入库进程退出 the committer ended with %s; started again", code)
        ending.wait(min(wait_s, RESTART_MOST_S))


def _wait_for(child: subprocess.Popen[bytes]) -> int:
    """Its exit code; one that does not end is killed, for the store knows what it has."""
    try:
        return child.wait(timeout=ENDING_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _start_committer(settings: Settings, metrics_port: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-P", "-m", "ecomon", "gateway", "commit", "--follow",
        "--home", str(settings.home), "--metrics-port", str(metrics_port),
    ]  # fmt: skip
    # An interrupt at the keyboard reaches the whole group; the child ends when its pipe does.
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, start_new_session=os.name == "posix", env=os.environ.copy()
    )
