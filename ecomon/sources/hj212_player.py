"""Stations that speak to a gateway, many at once: for tests, demonstrations and load tests.

Each station keeps one connection, sends when it is due, waits for its acknowledgement and sends
again without one, as HJ 212-2017 6.7 asks of a field machine (three times, ten seconds).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FAULTS = ("drop", "duplicate", "split", "corrupt", "drift")
_ACKNOWLEDGED = re.compile(rb"QN=(\d{17});ST=91;CN=9014")
_SENT = re.compile(rb"QN=(\d{17});")
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How stations are played.

    Attributes
    ----------
    rate : float
        Packets a second of all stations together.
    packets : int
        How many each station sends.
    faults : mapping of str to float
        Share of packets that are not sent, sent twice, sent in pieces, corrupted, or stamped by a
        clock that drifts (see :data:`FAULTS`).
    answer_s : float
        How long an acknowledgement is waited for.
    retries : int
    """

    rate: float
    packets: int
    faults: dict[str, float] = field(default_factory=dict[str, float])
    answer_s: float = 10.0
    retries: int = 3
    seed: int = 1


@dataclass(slots=True)
class Played:
    """What came of it: counters, and seconds from sending to acknowledgement."""

    counts: Counter[str] = field(default_factory=Counter[str])
    waits_s: list[float] = field(default_factory=list[float])

    def wait_s(self, share: float) -> float:
        """The wait that this share of all stayed within; NaN where nothing was acknowledged."""
        ordered = sorted(self.waits_s)
        return (
            ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
        )


Compose = Callable[[int, int, bool], bytes]
"""Octets of packet ``k`` of station ``n``; the last says whether its clock drifts."""


async def play_stations(
    host: str,
    port: int,
    n_stations: int,
    compose: Compose,
    options: PlayOptions,
    *,
    acknowledged: Callable[[int, int], None] = lambda _n, _k: None,
    give_up: Callable[[], bool] = lambda: False,
) -> Played:
    """Play the stations until each has sent its packets.

    Parameters
    ----------
    acknowledged : callable
        Told station and packet at once when a 9014 came.
    give_up : callable
        Asked before each packet; True ends the station.
    """
    played = Played()
    step_s = n_stations / options.rate
    begin_s = asyncio.get_running_loop().time() + min(5.0, n_stations / 500)

    async def one(number: int) -> None:
        station = _Station(host, port, options, played, random.Random(f"{options.seed}/{number}"))
        try:
            await station.connect()
            for packet in range(options.packets):
                due_s = begin_s + (packet + number / n_stations) * step_s
                await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
                if give_up():
                    return
                if await station.deliver(lambda is_late, k=packet: compose(number, k, is_late)):
                    acknowledged(number, packet)
        finally:
            station.close()

    await asyncio.gather(*(one(number) for number in range(n_stations)))
    return played


class _Station:
    """One connection, made again when it is lost."""

    def __init__(
        self, host: str, port: int, options: PlayOptions, played: Played, chance: random.Random
    ) -> None:
        self._at, self._options, self._played, self._chance = (host, port), options, played, chance
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> bool:
        """Whether there is a connection now."""
        if self._writer is not None and not self._writer.is_closing():
            return True
        with contextlib.suppress(OSError):
            self._reader, self._writer = await asyncio.open_connection(*self._at, limit=1 << 14)
            return True
        self._played.counts["connect_failures"] += 1
        return False

    async def deliver(self, compose: Callable[[bool], bytes]) -> bool:
        """Send one packet, again without an answer; whether it was acknowledged."""
        counts = self._played.counts
        if self._has("drop"):
            counts["dropped"] += 1
            return False
        octets = compose(self._has("drift"))
        found = _SENT.search(octets)
        qn = found[1] if found else b""
        counts["packets"] += 1
        for attempt in range(1 + self._options.retries):
            counts["resent"] += attempt > 0
            if not await self.connect():
                await asyncio.sleep(_AGAIN_S)
                continue
            began_s = asyncio.get_running_loop().time()
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await self._send(octets, is_first=attempt == 0)
                async with asyncio.timeout(self._options.answer_s):
                    await self._wait_for(qn)
                self._played.waits_s.append(asyncio.get_running_loop().time() - began_s)
                counts["acknowledged"] += 1
                return True
            self.close()
        counts["unacknowledged"] += 1
        return False

    async def _send(self, octets: bytes, *, is_first: bool) -> None:
        writer, counts = self._writer, self._played.counts
        if writer is None:
            raise ConnectionResetError
        if is_first and self._has("corrupt"):
            place = self._chance.randrange(20, len(octets) - 10)
            octets = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
            counts["corrupted"] += 1
        if is_first and self._has("split"):
            counts["split"] += 1
            cut = self._chance.randrange(1, len(octets))
            writer.write(octets[:cut])
            await writer.drain()
            await asyncio.sleep(0.02)
            octets = octets[cut:]
        writer.write(octets)
        if is_first and self._has("duplicate"):
            counts["duplicated"] += 1
            writer.write(octets)
        await writer.drain()
        counts["sent"] += 1

    async def _wait_for(self, qn: bytes) -> None:
        """Read until the answer to this QN has come; answers to duplicates are passed over."""
        if self._reader is None:
            raise ConnectionResetError
        while True:
            line = await self._reader.readuntil(b"\r\n")
            found = _ACKNOWLEDGED.search(line)
            if found and found[1] == qn:
                return

    def _has(self, fault: str) -> bool:
        return self._chance.random() < self._options.faults.get(fault, 0.0)

    def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None


def parse_faults(texts: Sequence[str]) -> dict[str, float]:
    """``corrupt=0.01`` and the like; ValueError names what is none."""
    faults: dict[str, float] = {}
    for text in texts:
        name, _, share = text.partition("=")
        if name not in FAULTS:
            raise ValueError(f"{name!r} is none of {', '.join(FAULTS)}")
        faults[name] = float(share or 0.02)
        if not 0 <= faults[name] <= 1:
            raise ValueError(f"{text!r}: a share from 0 to 1")
    return faults
