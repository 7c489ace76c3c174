"""invented instruments -> messages -> frames, and the facts by which a gateway knows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ecomon.decode.hj212.compose import Sender, compose
from ecomon.decode.hj212.frame import encode
from ecomon.decode.hj212.station import hash_password
from ecomon.example.instruments import FACTORS, InventedInstrument, measure

INTERVAL = timedelta(hours=1)
CN = "2061"
_BESIDE = timedelta(minutes=1)


def start_of(instrument: InventedInstrument, first: datetime, packet: int) -> datetime:
    """The DataTime of a packet: those that share a site keep apart by minutes, for two readings of
    one feed, site and time would be revisions of one another."""
    return first + packet * INTERVAL + instrument.beside * _BESIDE


def frame_octets(
    instrument: InventedInstrument,
    start: datetime,
    *,
    seed: int,
    drift: timedelta = timedelta(0),
) -> bytes:
    """The hourly message of an instrument, of the hour that begins at ``start``, on the wire.

    Parameters
    ----------
    start : naive Beijing datetime
    drift : timedelta
        How far the clock that forms QN is ahead.

    Source
    ------
    HJ 212-2017 C.26 (hourly data, 2061) with the factors of a surface-water station.
    """
    sender = Sender(instrument.mn, instrument.pw)
    groups = [
        (factor.code, {"Avg": text, "Flag": "N"})
        for factor, text in measure(instrument, start, seed=seed).items()
    ]
    qn = start + INTERVAL + timedelta(seconds=7 + instrument.number % 40) + drift
    frames = compose(sender, CN, qn, groups, data_time=start)
    return b"".join(encode(frame) for frame in frames)


def station_facts(instruments: Iterable[InventedInstrument]) -> dict[str, Any]:
    """What ``stations/instruments/*.yaml`` of a site says of them."""
    factors = [
        {"code": one.code, "determinand": one.determinand, "unit": one.unit} for one in FACTORS
    ]
    return {
        "instruments": [
            {
                "mn": one.mn,
                "site": one.site,
                "edition": "2017",
                "cadence_s": int(INTERVAL.total_seconds()),
                "password_sha256": hash_password(one.mn, one.pw),
                "factors": factors,
                "source": "示例 invented by ecomon gateway simulate",
                "confidence": "verified",
            }
            for one in instruments
        ]
    }
