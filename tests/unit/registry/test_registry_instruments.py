"""Instruments that speak to a gateway among the facts: what is refused, shown, missing and kept in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ecomon.decode.hj212.station import hash_password
from ecomon.errors import RegistryError
from ecomon.registry import describe, find_gaps, read_registry, read_snapshot
from ecomon.registry.difference import compare_with_shipped

MN = "010000A8900016F000169DC0"
OTHER = "010000A8900016F000169DC1"
SECRET = hash_password(MN, "123456")
Overlay = Callable[[dict[str, str]], Path]


def station(mn: str = MN, more: str = "", factors: str = "") -> str:
    factors = factors or "{code: w21003, determinand: NH3N, unit: mg/L}"
    return (
        f'  - {{mn: "{mn}", site: yaodu, factors: [{factors}], source: 合同附件,'
        f" confidence: verified{more}}}\n"
    )


def site_with(overlay: Overlay, *stations: str) -> Path:
    return overlay({"stations/instruments/own.yaml": "instruments:\n" + "".join(stations)})


def test_a_snapshot_never_holds_a_password(overlay: Overlay) -> None:
    bare = read_registry(overlay=site_with(overlay, station()))
    folder = site_with(overlay, station(more=f", password_sha256: {SECRET}"))
    registry = read_registry(overlay=folder)
    assert registry.instruments[MN].password_sha256 == SECRET
    assert SECRET.encode() not in registry.snapshot and b"password" not in registry.snapshot
    assert registry.hash == bare.hash  # a new password changes nothing that a run computes
    again = read_snapshot(registry.snapshot)
    assert again.instruments[MN].factors == registry.instruments[MN].factors
    assert again.instruments[MN].password_sha256 is None
    for shown in (describe(registry, MN), compare_with_shipped(folder)):
        assert shown and SECRET not in json.dumps(shown, ensure_ascii=False)


def test_an_instrument_is_shown_by_its_number_and_with_its_site(overlay: Overlay) -> None:
    registry = read_registry(overlay=site_with(overlay, station()))
    (shown,) = describe(registry, MN.lower())
    assert shown["entry"] == "instrument" and shown["site"] == "yaodu 姚渡"
    (place,) = describe(registry, "yaodu")
    assert place["instruments"] == [MN]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (station(factors="{code: w21003, determinand: NH3N, unit: m3/s}"), "w21003"),
        (station(factors="{code: w21003, determinand: NH4, unit: mg/L}"), "NH4"),
        (station().replace("yaodu", "nowhere"), "nowhere"),
        (station() + station(MN.lower()), "case of letters"),
        (station(more=", password: '123456'"), "password"),
    ],
)
def test_a_wrong_instrument_is_named(overlay: Overlay, wrong: str, said: str) -> None:
    with pytest.raises(RegistryError, match=said) as error:
        read_registry(overlay=site_with(overlay, wrong))
    assert "instruments/own.yaml" in str(error.value)


def test_what_a_gateway_would_have_to_guess_is_a_gap(overlay: Overlay) -> None:
    whole = station(more=f", password_sha256: {SECRET}, cadence_s: 3600")
    registry = read_registry(overlay=site_with(overlay, whole))
    assert [gap for gap in find_gaps(registry) if gap.kind == "instrument"] == []
    registry = read_registry(overlay=site_with(overlay, whole, station(OTHER)))
    gaps = {(gap.place, gap.field): gap for gap in find_gaps(registry) if gap.kind == "instrument"}
    assert set(gaps) == {
        (OTHER, "password_sha256"), (OTHER, "cadence_s"), (OTHER, "site"), (MN, "site"),
    }  # fmt: skip
    assert MN in gaps[OTHER, "site"].text_en
