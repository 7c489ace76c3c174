"""Two invented stations, the book a gateway knows them by, and what they send."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from ecomon.decode.hj212.compose import Sender, compose
from ecomon.decode.hj212.frame import Frame, encode
from ecomon.decode.hj212.station import Station
from ecomon.example.instruments import InventedInstrument, invent_instruments
from ecomon.journey.play_stations import frame_octets, station_facts
from ecomon.journey.stations import StationBook, StationFacts, book_stations
from ecomon.registry import read_registry

SEED = 1
FIRST = datetime(2026, 11, 1)


@cache
def stations() -> list[InventedInstrument]:
    """A station at Yaodu and one at Bamiaogou."""
    return invent_instruments(2, ["yaodu", "bamiaogou"], seed=SEED)


@cache
def book(n: int = 2) -> StationBook:
    """What is known of the first ``n`` of them."""
    return book_stations(facts(n), {})


@cache
def facts(n: int = 2) -> StationFacts:
    given = station_facts(stations()[:n])["instruments"]
    return StationFacts.of(
        [Station.model_validate(one) for one in given], read_registry().determinands
    )


def hourly(hour: int = 0, station: int = 0) -> bytes:
    """The frame of one hour, nine factors."""
    return frame_octets(stations()[station], FIRST + timedelta(hours=hour), seed=SEED)


def message(
    cn: str, groups: list[tuple[str, dict[str, str]]], hour: int = 0, *, pw: str | None = None
) -> bytes:
    """Another message of the first station, with any password."""
    one = stations()[0]
    at = FIRST + timedelta(hours=hour)
    frames = compose(
        Sender(one.mn, pw or one.pw), cn, at + timedelta(hours=1, seconds=5), groups, data_time=at
    )
    return b"".join(encode(frame) for frame in frames)


def packages(time_in: int = 1) -> tuple[bytes, bytes]:
    """One upload in two packages of which only one has a DataTime, as some loggers send them."""
    one = stations()[0]
    head = f"QN=20261101010007000;ST=21;CN=2061;PW={one.pw};MN={one.mn};Flag=7;PNUM=2;PNO="
    items = ("w01010-Avg=17.1,w01010-Flag=N", "w01001-Avg=8.02,w01001-Flag=N")
    first, second = (
        encode(
            Frame(
                f"{head}{number};CP=&&{'DataTime=20261101000000;' * (number == time_in)}{item}&&".encode()
            )
        )
        for number, item in enumerate(items, 1)
    )
    return first, second
