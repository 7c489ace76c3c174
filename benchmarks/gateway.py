"""The HJ 212 gateway under load: acknowledged, stored, each once, and how soon; with kills if asked.

python benchmarks/gateway.py [--stations 2000] [--rate 1000] [--seconds 60] [--kills 0]

A gateway of its own home (SQLite), its committer beside it, and stations on the loopback that send
hourly surface-water frames of nine factors. Goals, printed and not enforced: every packet
acknowledged within 200 ms and in the store within 2 s (99 in 100), at most 400 MB for listener and
committer together, none lost, none twice; every stored value is compared with what was sent. With
``--kills`` the listener and its committer are killed (SIGKILL) so often at random instants and
started again: what was acknowledged must stand in the store, once.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil

from ecomon.example.instruments import measure
from ecomon.journey.play_stations import INTERVAL
from ecomon.journey.read_receptions import FEED
from ecomon.model.period import Period
from ecomon.settings import read_settings
from ecomon.sources.hj212_player import PlayOptions, parse_faults
from ecomon.store import Store
from flows.gateway_play import Play, play, register_stations

GOAL_ANSWER_MS, GOAL_STORED_S, GOAL_MB = 200, 2.0, 400
BEGIN = "2026-01-01T00"


@dataclass
class Watch:
    """What is seen of the gateway's processes and its store while stations send."""

    peak_mb: float = 0.0
    stored: dict[int, float] = field(default_factory=dict)  # reception to seconds it took
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass
class Listener:
    """The gateway's process, started again after a kill."""

    home: Path
    port: int
    peer_octets_s: float
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "ecomon", "gateway", "--home", str(self.home), "--port",
            str(self.port), "--metrics-port", "0", "--peer-octets-s", str(self.peer_octets_s),
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        if f":{self.port}" not in line:
            raise SystemExit(f"the gateway did not start: {line}")

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        one = psutil.Process(self.process.pid)
        return [one, *one.children(recursive=True)]

    def kill(self) -> None:
        """Listener and committer at once, as a power cut would end them."""
        assert self.process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            for one in self.family():
                one.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)


@contextlib.contextmanager
def watching(listener: Listener, store_url: str) -> Iterator[Watch]:
    """Memory of the processes, and how long receptions take to be stored, twice a second."""
    watch = Watch()

    def look() -> None:
        seen = 0
        with Store.open(store_url) as store:
            while not watch.stop.wait(0.25):
                try:
                    used = sum(one.memory_info().rss for one in listener.family())
                    watch.peak_mb = max(watch.peak_mb, used / 2**20)
                except psutil.Error:
                    continue
                now_us = time.time_ns() // 1000
                for batch in reversed(store.read_batches(limit=20)):
                    if batch["source"] != FEED or batch["batch_id"] <= seen:
                        continue
                    seen = batch["batch_id"]
                    watch.stored[seen] = (now_us - first_us(store, batch["sha256"])) / 1e6

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop.set()
        thread.join()


def first_us(store: Store, address: str) -> int:
    """When the oldest reception of a run came in."""
    line = store.read_blob(address)[:200].split(b"\n", 1)[0]
    return int(line.split(b" ")[2])


def verify(store: Store, setting: Play, acknowledged: list[str]) -> tuple[int, int, int]:
    """Packets acknowledged that are not stored as they were sent, values stored twice, all values."""
    by_mn = {one.mn: one for one in setting.instruments}
    first = datetime.fromisoformat(BEGIN)
    end = first + (setting.options.packets + 2) * INTERVAL
    table = store.read_observations(Period(first, end), with_flags=False)
    held = table.groupby(["site", "start", "determinand"], observed=True)["value"].agg(list)
    sites: dict[str, int] = {}
    for one in by_mn.values():
        sites[one.site] = sites.get(one.site, 0) + 1
    n_lost = 0
    values = held.to_dict()
    for line in sorted(set(acknowledged)):
        mn, at = line.split()
        instrument, start = by_mn[mn], datetime.strptime(at, "%Y%m%d%H%M%S")
        sent = measure(instrument, start, seed=setting.options.seed)
        n_lost += any(
            float(text) not in values.get((instrument.site, start, factor.determinand), ())
            for factor, text in sent.items()
        )
    n_twice = int(table.duplicated(["site", "start", "determinand", "statistic"]).sum())
    return n_lost, n_twice, len(table)


def main(chosen: argparse.Namespace, folder: Path) -> None:
    stations, rate, seconds, kills = chosen.stations, chosen.rate, chosen.seconds, chosen.kills
    packets = max(1, round(rate * seconds / stations))
    faults = parse_faults(chosen.fault)
    options = PlayOptions(rate, packets, faults, seed=1, retries=20 if kills else 3)
    home, port = folder, 19212
    settings = read_settings(home)
    setting = Play("127.0.0.1", port, stations, options, BEGIN)
    Store.create(settings.store_url, kind="example").close()
    register_stations(settings, setting)
    listener = Listener(home, port, peer_octets_s=max(262_144.0, 2000 * rate))
    listener.start()
    atexit.register(listener.kill)  # whatever goes wrong here, nothing of it is left behind
    warm_up(settings.store_url, port)
    journal = home / "acknowledged"
    killer = threading.Thread(target=kill_often, args=(listener, kills, seconds), daemon=True)
    killer.start()
    with watching(listener, settings.store_url) as watch:
        began_s = time.monotonic()
        said = play(setting, journal)
        took_s = time.monotonic() - began_s
        time.sleep(3)
    killer.join()
    listener.end()
    with Store.open(settings.store_url) as store:
        acknowledged = journal.read_text("ascii").split("\n")[:-1]
        n_lost, n_twice, n_values = verify(store, setting, acknowledged)
    waits = sorted(watch.stored.values())
    n = said.get("acknowledged", 0)
    print(
        f"{stations} stations, {said['packets']} packets in {took_s:.1f} s: {said['packets'] / took_s:.0f}/s"
    )
    print(f"  {said}")
    print(
        f"  acknowledged {n} of {said['packets']}; p99 {said['wait_ms_p99']} ms"
        f" (goal {GOAL_ANSWER_MS} ms), most {said['wait_ms_most']} ms"
    )
    if waits:
        print(
            f"  oldest reception of each of {len(waits)} runs in the store after"
            f" {waits[int(0.99 * (len(waits) - 1))]:.2f} s p99 (goal {GOAL_STORED_S} s), most {waits[-1]:.2f} s"
        )
    print(f"  peak of listener and committer {watch.peak_mb:.0f} MB (goal {GOAL_MB} MB)")
    print(
        f"  {n_values} values stored; of acknowledged packets lost {n_lost}, values twice {n_twice}"
    )
    if n_lost or n_twice:
        raise SystemExit(1)


def warm_up(store_url: str, port: int) -> None:
    """One packet, until it is stored: then listener and committer have both come up."""
    play(Play("127.0.0.1", port, 1, PlayOptions(1, 1), "2025-12-31T00"), None)
    with Store.open(store_url) as store:
        while not store.read_batches(limit=1):
            time.sleep(0.1)


def kill_often(listener: Listener, kills: int, seconds: float) -> None:
    chance = random.Random(212)
    for _ in range(kills):
        time.sleep(chance.uniform(0.3, 1.7) * seconds / kills)
        listener.kill()
        listener.start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument(
        "--home", type=Path, help="kept, to be looked at; default a folder that goes"
    )
    given = parser.parse_args()
    if given.home:
        main(given, given.home)
    else:
        with tempfile.TemporaryDirectory() as made:
            main(given, Path(made))
