"""The gateway as a process: killed under load it loses and doubles nothing; its flow flags and judges."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from ecomon.example.instruments import measure
from ecomon.journey.play_stations import INTERVAL, frame_octets, start_of
from ecomon.model.period import Period, to_epoch_s
from ecomon.settings import read_settings
from ecomon.sources.hj212_player import PlayOptions
from ecomon.sources.spool import SpoolWriter, segments_of
from flows.gateway_play import Play, play, register_stations
from flows.timetable import today

KILLS = int(os.environ.get("ECOMON_GATEWAY_KILLS", "1"))
STATIONS, PACKETS, SEED = 12, 3 * (KILLS + 1), 1
RATE = 24.0


class Service:
    """``ecomon gateway`` on a port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def start(self) -> None:
        command = [
            sys.executable, "-m", "ecomon", "gateway", "--home", str(self.home),
            "--port", str(self.port), "--metrics-port", "0",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert f":{self.port}" in self.process.stdout.readline().decode()

    def kill(self, *, with_committer: bool) -> None:
        """As a power cut would end them, or the listener alone."""
        one = psutil.Process(self.process.pid)
        family = [one, *(one.children(recursive=True) if with_committer else ())]
        for each in family:
            each.kill()
        self.close()

    def kill_committer(self) -> None:
        for each in psutil.Process(self.process.pid).children(recursive=True):
            each.kill()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0
        self.close()

    def close(self) -> None:
        self.process.kill()
        self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def home(make_installation: Callable[..., Any]) -> Any:
    return make_installation("example")


@pytest.fixture
def service(home: Any) -> Iterator[Service]:
    one = Service(home.home)
    yield one
    if hasattr(one, "process"):
        one.close()


def setting_of(port: int, packets: int = PACKETS) -> Play:
    options = PlayOptions(RATE, packets, {"duplicate": 0.1, "split": 0.1}, retries=60, seed=SEED)
    return Play("127.0.0.1", port, STATIONS, options)


def test_what_is_acknowledged_is_stored_once_through_every_kill(
    home: Any, service: Service, tmp_path: Path
) -> None:
    setting, chance = setting_of(service.port), random.Random(212)
    register_stations(read_settings(home.home), setting)
    service.start()

    def kill_often() -> None:
        instant = threading.Event()
        for number in range(KILLS):
            instant.wait(chance.uniform(0.3, 1.5))
            service.kill_committer()
            instant.wait(chance.uniform(0.0, 0.5))
            service.kill(with_committer=number % 2 == 0)
            service.start()

    killer = threading.Thread(target=kill_often)
    killer.start()
    said = play(setting, tmp_path / "acknowledged")
    killer.join()
    service.end()  # which stores what the spool still holds

    acknowledged = {
        tuple(line.split()) for line in (tmp_path / "acknowledged").read_text().splitlines()
    }
    assert len(acknowledged) == said["acknowledged"] == STATIONS * PACKETS
    whole = Period(setting.first, setting.first + (PACKETS + 1) * INTERVAL)
    with home.store() as store:
        table = store.read_observations(whole, with_flags=False)
        known = {one.mn: one for one in store.read_instruments()}
        assert store.read_reception_letters("hj212") == []
    assert not table.duplicated(["site", "start", "determinand", "statistic"]).any()
    assert len(table) == 9 * STATIONS * PACKETS
    held = {
        (site, start.to_pydatetime(), determinand): value
        for site, start, determinand, value in table[
            ["site", "start", "determinand", "value"]
        ].itertuples(index=False)
    }
    instruments = {one.mn: one for one in setting.instruments}
    for mn, at in acknowledged:
        start = datetime.strptime(at, "%Y%m%d%H%M%S")
        for factor, text in measure(instruments[mn], start, seed=SEED).items():
            assert held[instruments[mn].site, start, factor.determinand] == float(text)
    # Every frame that came is counted once: a run that is read again after a kill adds nothing.
    n_frames = sum(one.n_frames for one in known.values())
    assert STATIONS * PACKETS <= n_frames <= said["sent"] + said.get("duplicated", 0)


def test_what_waits_is_stored_flagged_and_judged_by_its_flow(api: str, home: Any) -> None:
    from flows.schedule import gateway_every_5min

    assert gateway_every_5min(str(home.home)) == {}  # nothing is registered
    settings, setting = read_settings(home.home), setting_of(1, packets=2)
    register_stations(settings, setting)
    home.run("inbox")  # from now on new readings are judged
    one = setting.instruments[0]
    now_us = to_epoch_s(today()) * 1_000_000
    writer = SpoolWriter(settings.spool, limit_octets=1 << 24)
    for packet in range(2):
        frame = frame_octets(one, start_of(one, setting.first, packet), seed=SEED)
        writer.write([(now_us, 1, "127.0.0.1:5", frame)])
    writer.close()

    done = gateway_every_5min(str(home.home))["gateway"]
    assert done["gateway"]["n_new"] == 18 and done["gateway"]["flags"] > 0
    days = [Period.parse(label) for label in done["alert"]]
    assert any(setting.first in day for day in days)
    whole = Period(setting.first, setting.first + timedelta(hours=3))
    with home.store() as store:
        table = store.read_observations(whole, sites=[one.site])
    assert len(table) == 18 and set(table["source_flag"]) == {"N"}
    assert set(table["flag"]) <= {1, 2, 3} and 1 in set(table["flag"])
    assert len(segments_of(settings.spool)) <= 1

    again = home.run("gateway")
    assert (again["gateway"]["n_new"], again["gateway"]["flags"], again["alert"]) == (0, 0, {})
