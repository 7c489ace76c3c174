"""A TCP gateway: stations connect and send, and are answered when the disk has what they sent.

What octets mean and what is answered is decided by a *conversation* that the caller passes in, one
a connection: here are sockets, the spool and the limits alone. Receptions of all connections that
arrive while the disk works are written together in the next turn (one ``fsync`` for many), and only
then answered. A process that is killed at any instant has answered nothing that its spool lacks.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from ecomon.errors import SourceUnavailable
from ecomon.model.reception import Heard
from ecomon.sources.spool import SpoolFull, SpoolWriter

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_READ_OCTETS = 1 << 14
_BACKLOG = 1024
_TRY_AGAIN_S = 1.0
_HANDSHAKE_S = 15.0


class Conversation(Protocol):
    """What one connection says, piece by piece."""

    def receive(self, octets: bytes) -> list[Heard]:
        """What these octets complete."""
        ...

    def end(self) -> list[Heard]:
        """What was left unfinished when the connection ended."""
        ...

    @property
    def is_midway(self) -> bool:
        """Whether a frame has begun that is not complete."""
        ...


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """What one gateway bears. Who goes beyond is slowed down, or his connection ends.

    Attributes
    ----------
    connections, connections_per_peer : int
        At one time; further ones are closed at once.
    idle_s : float
        A connection that says nothing for so long ends.
    frame_s : float
        So long a frame that has begun may take to be complete.
    peer_octets_s : float
        Octets a second that are read of one address, in the long run; what it sends beyond waits
        in its own machine. Twice that at once.
    bad_octets : int
        A connection that sends so much in a row without a welcome frame ends.
    """

    connections: int = 4000
    connections_per_peer: int = 4000
    idle_s: float = 1800.0
    frame_s: float = 60.0
    peer_octets_s: float = 262_144.0
    bad_octets: int = 65_536


@dataclass(slots=True)
class _Peer:
    """One address: its open connections, and how many octets may be read of it now."""

    n_open: int
    allowance: float
    at_s: float


@dataclass(slots=True)
class _Disk:
    """Receptions that wait for the next write, and who waits for them."""

    rows: list[tuple[int, int, str, bytes]] = field(default_factory=list)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)


class Gateway:
    """Listens, spools, answers.

    Parameters
    ----------
    begin : callable
        A new conversation, for each connection.
    spool : SpoolWriter
    now_us : callable
        Microseconds of the epoch.
    networks : sequence of networks
        From where stations may connect; empty for everywhere.
    """

    def __init__(
        self,
        begin: Callable[[], Conversation],
        spool: SpoolWriter,
        *,
        now_us: Callable[[], int],
        networks: Sequence[Network] = (),
        limits: GatewayLimits | None = None,
    ) -> None:
        self._begin, self._spool, self._now_us = begin, spool, now_us
        self._networks, self._limits = tuple(networks), limits or GatewayLimits()
        self.counts: Counter[str] = Counter()
        self._peers: dict[str, _Peer] = {}
        self._n_open = self._n_begun = 0
        self._disk = _Disk()
        self._wake = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def n_open(self) -> int:
        """Connections that are open."""
        return self._n_open

    async def serve(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        ready: Callable[[int], None] = lambda _: None,
        stop: asyncio.Event,
    ) -> None:
        """Listen until told to stop; then what was received is on the disk and answered.

        Parameters
        ----------
        port : int
            0 takes a free one.
        ready : callable
            Told the port when stations can connect.
        stop : asyncio.Event

        Raises
        ------
        SourceUnavailable
            where the address cannot be listened at.
        """
        writes = ThreadPoolExecutor(1, thread_name_prefix="spool")
        keeper = asyncio.create_task(self._keep_writing(writes))
        try:
            port = await self._listen(host, port, tls)
            ready(port)
            ended = asyncio.create_task(stop.wait())
            while not ended.done():
                await asyncio.wait([ended], timeout=_TRY_AGAIN_S)
                await self._open_or_refuse(host, port, tls)
                self._forget_peers()
        finally:
            self._refuse()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            writes.shutdown()

    async def _listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        try:
            self._server = await asyncio.start_server(
                self._accept,
                host,
                port,
                ssl=tls,
                backlog=_BACKLOG,
                limit=_READ_OCTETS,
                ssl_handshake_timeout=_HANDSHAKE_S if tls else None,
            )
        except OSError as error:
            raise SourceUnavailable(f"{host}:{port}: {error.strerror or error}") from error
        return int(self._server.sockets[0].getsockname()[1])

    async def _open_or_refuse(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """No new connections while the spool is full; listen again once there is room."""
        is_room = self._spool.has_room()
        if not is_room and self._server is not None:
            self._refuse()
        elif is_room and self._server is None:
            with contextlib.suppress(SourceUnavailable):  # tried again in a second
                await self._listen(host, port, tls)

    def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
                await self._attend(reader, writer)
        except asyncio.CancelledError:
            pass  # the gateway ends; asyncio would print what is no fault
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = writer.get_extra_info("peername")
        if not name:
            return  # gone before anybody looked
        address, port = name[:2]
        peer = self._peers.get(address)
        n_open = peer.n_open if peer else 0
        limits = self._limits
        if not self._is_let_in(address):
            self.counts["refused_network"] += 1
        elif self._n_open >= limits.connections or n_open >= limits.connections_per_peer:
            self.counts["refused_limit"] += 1
        else:
            peer = peer or _Peer(0, 2 * limits.peer_octets_s, asyncio.get_running_loop().time())
            self._peers[address] = peer
            peer.n_open += 1
            self._n_open += 1
            self._n_begun += 1
            try:
                await self._converse(reader, writer, peer, f"{address}:{port}")
            finally:
                self._n_open -= 1
                peer.n_open -= 1

    def _forget_peers(self) -> None:
        """Those that left and whose allowance is whole again: who connects anew gains nothing by it."""
        now_s, rate = asyncio.get_running_loop().time(), self._limits.peer_octets_s
        for address, peer in tuple(self._peers.items()):
            if not peer.n_open and peer.allowance + (now_s - peer.at_s) * rate >= 2 * rate:
                del self._peers[address]

    def _is_let_in(self, address: str) -> bool:
        if not self._networks:
            return True
        found = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks)

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: _Peer,
        name: str,
    ) -> None:
        conversation, connection, n_bad = self._begin(), self._n_begun, 0
        loop = asyncio.get_running_loop()
        frame_end_s: float | None = None
        try:
            while n_bad < self._limits.bad_octets:
                await self._slow_down(peer)
                end_s = loop.time() + self._limits.idle_s
                end_s = end_s if frame_end_s is None else min(end_s, frame_end_s)
                async with asyncio.timeout_at(end_s):
                    octets = await reader.read(_READ_OCTETS)
                if not octets:
                    return
                peer.allowance -= len(octets)
                self.counts["octets"] += len(octets)
                heard = conversation.receive(octets)
                is_welcome = any(one.is_welcome for one in heard)
                n_bad = 0 if is_welcome else n_bad + len(octets)
                if not conversation.is_midway:
                    frame_end_s = None
                elif frame_end_s is None or is_welcome:
                    frame_end_s = loop.time() + self._limits.frame_s
                if heard:
                    await self._spool_and_answer(heard, connection, name, writer)
            self.counts["closed_for_rubbish"] += 1
        except TimeoutError:
            self.counts["closed_for_silence"] += 1
        finally:
            left = conversation.end()
            if left:
                with contextlib.suppress(SourceUnavailable):
                    await self._keep(left, connection, name)

    async def _slow_down(self, peer: _Peer) -> None:
        """Wait until the peer may be read from; its allowance grows with time."""
        loop, rate = asyncio.get_running_loop(), self._limits.peer_octets_s
        while True:
            now_s = loop.time()
            peer.allowance = min(2 * rate, peer.allowance + (now_s - peer.at_s) * rate)
            peer.at_s = now_s
            if peer.allowance > 0:
                return
            self.counts["slowed_down"] += 1
            await asyncio.sleep(-peer.allowance / rate + 0.001)

    async def _spool_and_answer(
        self, heard: list[Heard], connection: int, name: str, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._keep(heard, connection, name)
        except SpoolFull:
            self.counts["spool_full"] += 1
            self._refuse()
            raise ConnectionResetError from None
        except SourceUnavailable:
            self.counts["spool_failures"] += 1
            raise ConnectionResetError from None
        answers = b"".join(one.answer for one in heard)
        if answers:
            writer.write(answers)
            async with asyncio.timeout(self._limits.frame_s):  # a peer that never reads
                await writer.drain()
            self.counts["answers"] += sum(bool(one.answer) for one in heard)

    async def _keep(self, heard: list[Heard], connection: int, name: str) -> None:
        """Have the receptions written with those of others, and wait until the disk has them."""
        now_us = self._now_us()
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._disk.rows.extend((now_us, connection, name, one.octets) for one in heard)
        self._disk.waiting.append(kept)
        self._wake.set()
        await asyncio.shield(kept)
        self.counts["receptions"] += len(heard)
        self.counts["welcome"] += sum(one.is_welcome for one in heard)

    async def _keep_writing(self, writes: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            disk, self._disk = self._disk, _Disk()
            try:
                await loop.run_in_executor(writes, self._spool.write, disk.rows)
            except SourceUnavailable as error:
                for waiting in disk.waiting:
                    waiting.set_exception(error)
                    waiting.exception()  # who waited may be gone
            else:
                for waiting in disk.waiting:
                    waiting.set_result(None)
