"""``ecomon gateway …``: what it says and takes, in words and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_stations import FIRST, hourly, message, stations
from ruamel.yaml import YAML

from ecomon.journey.play_stations import station_facts
from ecomon.model.period import to_epoch_s
from ecomon.settings import read_settings
from ecomon.sources.spool import SpoolWriter
from ecomon.store import Store

Ecomon = Callable[..., Any]
PEER = "10.20.0.7:50123"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    Store.create(read_settings(folder).store_url, kind="example").close()
    return folder


def register(home: Path, n: int) -> None:
    path = home / "site" / "stations" / "instruments" / "own.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(station_facts(stations()[:n]), file)


def spool(home: Path, *octets: bytes) -> None:
    at_us = to_epoch_s(FIRST + timedelta(days=1)) * 1_000_000
    writer = SpoolWriter(read_settings(home).spool, limit_octets=1 << 24)
    writer.write([(at_us, 1, PEER, one) for one in octets])
    writer.close()


def test_from_the_spool_to_stations_checks_and_letters(ecomon: Ecomon, home: Path) -> None:
    register(home, 1)
    check = message("2062", [("w21003", {"Check": "0.52", "StandardValue": "0.50"})])
    spool(home, hourly(0), check, hourly(0, station=1))
    (said,) = ecomon("gateway", "commit", "--home", home, "--json").records
    assert set(said) == {"batch", "new", "revised", "unchanged", "rejected"}
    assert (said["new"], said["rejected"]) == (9, 1)

    known = {
        one["mn"]: one for one in ecomon("gateway", "stations", "--home", home, "--json").records
    }
    mine = known[stations()[0].mn]
    assert (mine["site"], mine["frames"], mine["rejected"]) == ("yaodu", 2, 0)
    assert {"backfilled", "last_seen", "last_data", "drift_s", "quirks"} <= set(mine)
    assert known[""]["rejected"] == 1
    assert "未登记 unregistered" in ecomon("gateway", "stations", "--home", home).out

    (one,) = ecomon("gateway", "checks", "--period", "2026-11", "--home", home, "--json").records
    assert (one["site"], one["determinand"], one["value"], one["expected"]) == (
        "yaodu", "NH3N", 0.52, 0.5,
    )  # fmt: skip

    (letter,) = ecomon("gateway", "dead-letters", "--home", home, "--json").records
    assert set(letter) == {"id", "reception", "state", "peer", "reason", "octets"}
    assert (letter["peer"], letter["state"]) == (PEER, "open")
    assert letter["octets"].rstrip() == hourly(0, station=1).decode().rstrip()
    assert PEER in ecomon("gateway", "dead-letters", "--home", home).out

    register(home, 2)
    (said,) = ecomon("gateway", "replay", "--home", home, "--json").records
    assert said == {"letters": 1, "mended": 1, "observations": 9}
    assert ecomon("gateway", "dead-letters", "--home", home, "--json").records == []
    (letter,) = ecomon("gateway", "dead-letters", "--settled", "--home", home, "--json").records
    assert letter["state"] == "superseded"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tls-cert", "a.pem"), "--tls-key"),
        (("--tls-cert", "a.pem", "--tls-key", "b.pem"), "a.pem"),
        (("--allow", "10.20"), "10.20"),
        (("simulate", "--fault", "fire"), "fire"),
        (("simulate", "--begin", "soon"), "soon"),
        (("checks", "--period", "2026-13"), "2026-13"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    ecomon: Ecomon, home: Path, words: tuple[str, ...], said: str
) -> None:
    register(home, 1)
    answer = ecomon("gateway", *words, "--home", home)
    assert answer.code != 0
    assert said in answer.err and "Traceback" not in answer.err


def test_invented_stations_are_registered_only_where_data_are_invented(
    ecomon: Ecomon, home: Path, tmp_path: Path
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    Store.create(read_settings(real).store_url, kind="real").close()
    words = (
        "gateway",
        "simulate",
        "--register",
        "--stations",
        "2",
        "--seconds",
        "0.1",
        "--port",
        "9",
    )
    answer = ecomon(*words, "--home", real)
    assert answer.code != 0 and "real" in answer.err
    assert not (real / "site").exists()
