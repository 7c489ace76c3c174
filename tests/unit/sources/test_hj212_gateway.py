"""The gateway on real sockets: limits, floods, a full spool, TLS, and no answer before the disk has it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from gateway_stations import book, hourly

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.journey.hear_station import StationConversation
from ecomon.sources import hj212_gateway, spool
from ecomon.sources.hj212_gateway import Gateway, GatewayLimits
from ecomon.sources.spool import SpoolWriter, read_spool, trim_spool
from ecomon.sources.tls import present

MB = 1 << 20
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Listening:
    """A gateway that listens on the loopback, and how stations speak to it."""

    def __init__(self, gateway: Gateway, folder: Path, port: int, writer: SpoolWriter) -> None:
        self.gateway, self.folder, self.port, self.writer = gateway, folder, port, writer

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.gateway.counts)

    async def connect(self, **options: Any) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self.port, **options)

    async def answer_to(self, octets: bytes, streams: Streams | None = None) -> bytes:
        """What comes back: one line, or nothing where the connection ends."""
        reader, writer = streams or await self.connect()
        try:
            writer.write(octets)
            return await asyncio.wait_for(reader.readline(), 10)
        except ConnectionError:
            return b""

    def held(self) -> list[bytes]:
        return [one.octets for one in read_spool(self.folder, 0)]


@contextlib.asynccontextmanager
async def listening(
    folder: Path,
    *,
    limit_octets: int = 64 * MB,
    is_read_only: bool = False,
    tls: ssl.SSLContext | None = None,
    **options: Any,
) -> AsyncIterator[Listening]:
    writer = SpoolWriter(folder, limit_octets=limit_octets, segment_octets=1)
    gateway = Gateway(
        lambda: StationConversation(book, is_read_only=is_read_only),
        writer,
        now_us=lambda: 1_764_000_000_000_000,
        **options,
    )
    stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        gateway.serve("127.0.0.1", 0, tls=tls, ready=port.set_result, stop=stop)
    )
    try:
        yield Listening(gateway, folder, await port, writer)
    finally:
        stop.set()
        await serving
        writer.close()


def run(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scene(), 30))  # pyright: ignore[reportArgumentType]


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.01)


def test_a_frame_is_acknowledged_when_the_disk_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, asked, sync = threading.Event(), threading.Event(), os.fsync

    def slow(file: int) -> None:
        asked.set()
        assert disk.wait(10)
        sync(file)

    async def scene() -> None:
        async with listening(tmp_path) as one:
            monkeypatch.setattr(spool.os, "fsync", slow)
            waiting = asyncio.create_task(one.answer_to(hourly()))
            await asyncio.to_thread(asked.wait, 10)
            await asyncio.sleep(0)
            assert not waiting.done() and one.counts.get("answers", 0) == 0
            disk.set()
            answer = await waiting
            assert b"CN=9014" in answer and b"QN=20261101010007000" in answer
            assert one.held() == [hourly()]
            # A packet that is sent again is spooled and acknowledged again.
            assert await one.answer_to(hourly()) == answer

    run(scene)


def test_read_only_spools_and_never_answers(tmp_path: Path) -> None:
    async def scene() -> None:
        async with listening(tmp_path, is_read_only=True) as one:
            reader, writer = await one.connect()
            writer.write(hourly())
            writer.write_eof()
            assert await reader.read() == b""
            assert one.held() == [hourly()] and one.counts.get("answers", 0) == 0

    run(scene)


def test_a_strange_frame_and_a_cut_one_are_kept_and_not_answered(tmp_path: Path) -> None:
    strange = hourly().replace(b"MN=EC0DE", b"MN=FFFFF")

    async def scene() -> None:
        async with listening(tmp_path) as one:
            reader, writer = await one.connect()
            writer.write(strange + hourly()[:100])
            writer.write_eof()
            assert await reader.read() == b""
            await until(lambda: one.gateway.n_open == 0)
            assert one.held() == [strange, hourly()[:100]]
            assert one.counts.get("welcome", 0) == 0

    run(scene)


def test_networks_and_numbers_of_connections(tmp_path: Path) -> None:
    async def scene() -> None:
        elsewhere = (ipaddress.ip_network("10.0.0.0/8"),)
        async with listening(tmp_path / "a", networks=elsewhere) as one:
            assert await one.answer_to(hourly()) == b""
            assert (one.counts["refused_network"], one.held()) == (1, [])
        here = (ipaddress.ip_network("127.0.0.0/8"),)
        limits = GatewayLimits(connections=2)
        async with listening(tmp_path / "b", networks=here, limits=limits) as one:
            first, second = await one.connect(), await one.connect()
            assert await one.answer_to(hourly(0), first) and await one.answer_to(hourly(1), second)
            assert await one.answer_to(hourly(2)) == b""
            assert one.counts["refused_limit"] == 1
            second[1].close()
            await until(lambda: one.gateway.n_open == 1)
            assert await one.answer_to(hourly(2))

    run(scene)


def test_silence_and_a_frame_that_never_ends(tmp_path: Path) -> None:
    async def scene() -> None:
        async with listening(tmp_path / "a", limits=GatewayLimits(idle_s=0.1)) as one:
            reader, _ = await one.connect()
            assert await reader.read() == b""
            assert one.counts["closed_for_silence"] == 1
        async with listening(tmp_path / "b", limits=GatewayLimits(frame_s=0.2)) as one:
            reader, writer = await one.connect()
            closed = asyncio.create_task(reader.read())
            n_sent = 0
            while not closed.done():  # an octet at a time, never idle
                with contextlib.suppress(ConnectionError):
                    writer.write(hourly()[n_sent : n_sent + 1])
                    await writer.drain()
                n_sent += 1
                await asyncio.sleep(0.02)
            assert n_sent < 60
            assert one.counts["closed_for_silence"] == 1
            assert b"".join(one.held()) == hourly()[: len(b"".join(one.held()))] != b""

    run(scene)


@pytest.mark.parametrize("rubbish", [b"\xff#\x00", b"##0300QN=", b"##9999", hourly()[:60]])
def test_a_flood_of_rubbish_ends_within_its_bound(tmp_path: Path, rubbish: bytes) -> None:
    """64 KB without a good frame, whatever is begun over and over; and what is held stays small."""

    async def scene() -> None:
        async with listening(tmp_path) as one:
            reader, writer = await one.connect()
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof() and one.counts.get("closed_for_rubbish", 0) == 0:
                    writer.write(rubbish * (4096 // len(rubbish)))
                    await writer.drain()
                    await asyncio.sleep(0)
            await until(lambda: one.gateway.n_open == 0)
            assert one.counts["closed_for_rubbish"] == 1
            assert one.counts["octets"] < 65_536 + 2 * 16_384
            assert sum(map(len, one.held())) <= one.counts["octets"]
            assert await one.answer_to(hourly())  # others are served

    run(scene)


def test_a_peer_beyond_its_rate_is_read_more_slowly_and_loses_nothing(tmp_path: Path) -> None:
    frames = b"".join(hourly(hour) for hour in range(280))

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        async with listening(tmp_path, limits=GatewayLimits(peer_octets_s=40_000)) as one:
            began_s = loop.time()
            reader, writer = await one.connect()
            writer.write(frames)
            for _ in range(280):
                assert await reader.readline()
            assert one.counts["slowed_down"] >= 1
            unpaid = len(frames) - 80_000 - 16_384
            assert loop.time() - began_s > unpaid / 40_000 > 0
            # Who connects anew has no new allowance.
            writer.close()
            slowed = one.counts["slowed_down"]
            again = await one.connect()
            again[1].write(frames)
            for _ in range(60):
                assert await again[0].readline()
            assert one.counts["slowed_down"] > slowed

    run(scene)


def test_a_peer_that_reads_no_answers_is_left(tmp_path: Path) -> None:
    async def scene() -> None:
        limits = GatewayLimits(frame_s=0.3, peer_octets_s=1e9)
        async with listening(tmp_path, limits=limits) as one:
            # Of the gateway's own end too: the kernel would hold some megabytes of answers.
            (server,) = one.gateway._server.sockets  # pyright: ignore[reportOptionalMemberAccess]
            server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            small = socket.socket()
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            small.connect(("127.0.0.1", one.port))
            reader, writer = await asyncio.open_connection(sock=small, limit=1)
            reader._transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue]
            frame = hourly()
            with contextlib.suppress(ConnectionError):
                while one.counts.get("closed_for_silence", 0) == 0:
                    writer.write(frame * 200)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(writer.drain(), 0.05)
            await until(lambda: one.gateway.n_open == 0)
            assert one.counts["closed_for_silence"] == 1

    run(scene)


def test_a_full_spool_refuses_and_takes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hj212_gateway, "_TRY_AGAIN_S", 0.02)

    async def scene() -> None:
        async with listening(tmp_path, limit_octets=400_000) as one:
            streams = await one.connect()
            assert await one.answer_to(hourly(0), streams)
            one.writer.write([(1, 1, "peer:1", b"x" * 398_000)])
            n_held = len(one.held())
            # What cannot be kept is not acknowledged: the connection ends, and no other begins.
            answers = [await one.answer_to(hourly(hour) * 9, streams) for hour in (1,)]
            assert answers == [b""] and len(one.held()) == n_held
            assert one.counts["spool_full"] == 1
            with pytest.raises(OSError):
                await one.connect()
            trim_spool(tmp_path, n_held)
            one.writer.write([(1, 1, "peer:1", b"a new segment, so that the old one may go")])
            trim_spool(tmp_path, n_held)
            while True:
                with contextlib.suppress(OSError):
                    assert await one.answer_to(hourly(1))
                    break
                await asyncio.sleep(0.01)
            assert one.held()[-1] == hourly(1)

    run(scene)


def test_a_disk_that_refuses_ends_the_connection_unanswered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_file: int) -> None:
        raise OSError(28, "No space left on device")

    async def scene() -> None:
        async with listening(tmp_path) as one:
            with monkeypatch.context() as patch:
                patch.setattr(spool.os, "fsync", broken)
                assert await one.answer_to(hourly(0)) == b""
            assert one.counts["spool_failures"] == 1
            assert await one.answer_to(hourly(0))

    run(scene)


def test_tls_with_and_without_a_certificate_of_the_client(tmp_path: Path) -> None:
    authority, clients = trustme.CA(), trustme.CA()
    paths = {name: tmp_path / f"{name}.pem" for name in ("cert", "key", "clients")}
    server = authority.issue_cert("127.0.0.1")
    server.cert_chain_pems[0].write_to_path(paths["cert"])
    server.private_key_pem.write_to_path(paths["key"])
    clients.cert_pem.write_to_path(paths["clients"])
    bare, known = (ssl.create_default_context() for _ in range(2))
    for context in (bare, known):
        authority.configure_trust(context)
    clients.issue_cert("yaodu@example.org").configure_cert(known)

    async def scene() -> None:
        open_to_all = present(paths["cert"], paths["key"])
        async with listening(tmp_path / "a", tls=open_to_all) as one:
            assert b"CN=9014" in await one.answer_to(hourly(), await one.connect(ssl=bare))
            with contextlib.suppress(ConnectionError):
                assert await one.answer_to(hourly()) == b""  # without TLS
        closed = present(paths["cert"], paths["key"], paths["clients"])
        async with listening(tmp_path / "b", tls=closed) as one:
            assert b"CN=9014" in await one.answer_to(hourly(), await one.connect(ssl=known))
            with pytest.raises((ssl.SSLError, ConnectionError)):
                # In TLS 1.3 a client learns of it when it reads.
                assert await one.answer_to(hourly(1), await one.connect(ssl=bare)) == b""
                raise ConnectionError
            assert one.held() == [hourly()]

    run(scene)
    with pytest.raises(SourceRefused, match="cert"):
        present(paths["cert"], paths["clients"])


def test_an_address_in_use_is_said(tmp_path: Path) -> None:
    async def scene() -> None:
        async with listening(tmp_path / "a") as one:
            writer = SpoolWriter(tmp_path / "b", limit_octets=MB)
            other = Gateway(lambda: StationConversation(book), writer, now_us=lambda: 0)
            with pytest.raises(SourceUnavailable, match=f"127.0.0.1:{one.port}"):
                await other.serve("127.0.0.1", one.port, stop=asyncio.Event())
            writer.close()

    run(scene)


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")
def test_ipv6_peers_and_mapped_ones(tmp_path: Path) -> None:
    async def scene() -> None:
        networks = (ipaddress.ip_network("::1/128"), ipaddress.ip_network("fe80::/10"))
        writer = SpoolWriter(tmp_path, limit_octets=MB)
        gateway = Gateway(
            lambda: StationConversation(book), writer, now_us=lambda: 0, networks=networks
        )
        assert gateway._is_let_in("fe80::1%eth0") and not gateway._is_let_in("::ffff:10.0.0.1")
        stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(gateway.serve("::1", 0, ready=port.set_result, stop=stop))
        reader, to_gateway = await asyncio.open_connection("::1", await port)
        to_gateway.write(hourly())
        assert b"CN=9014" in await reader.readline()
        (one,) = read_spool(tmp_path, 0)
        own = to_gateway.get_extra_info("sockname")[1]
        assert one.peer == f"::1:{own}"
        to_gateway.close()
        stop.set()
        await serving
        writer.close()

    run(scene)
