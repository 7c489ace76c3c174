"""Receptions become readings, checks, counts and dead letters: each somewhere, none raises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from gateway_stations import FIRST, SEED, book, hourly, message, packages, stations

from ecomon.decode.hj212.frame import Frame, FrameReader, encode
from ecomon.example.instruments import measure
from ecomon.journey.read_receptions import NO_OTHERS, PACKAGE_WAIT, read_receptions
from ecomon.journey.stations import UNKNOWN_MN, WRONG_PW
from ecomon.model.period import to_epoch_s
from ecomon.model.reception import Reception

RECEIVED = to_epoch_s(FIRST + timedelta(hours=1, seconds=9)) * 1_000_000
PARTS = [
    [("w01010", {"Avg": "17.1", "Flag": "N"})],
    [("w01001", {"Avg": "8.02", "Flag": "N"})],
]


def received(*octets: bytes, step_s: int = 1, first: int = 1) -> list[Reception]:
    return [
        Reception(first + place, RECEIVED + place * step_s * 1_000_000, 7, "10.20.0.7:50123", one)
        for place, one in enumerate(octets)
    ]


def test_an_hour_of_nine_factors() -> None:
    found = read_receptions(received(hourly()), book())
    (batch,) = found.batches
    rows = batch.observations.set_index("determinand")
    sent = measure(stations()[0], FIRST, seed=SEED)
    assert {key: rows.loc[key, "value"] for key in rows.index} == {
        factor.determinand: float(text) for factor, text in sent.items()
    }
    assert set(rows["site"]) == {"yaodu"} and set(rows["row"]) == {1}
    assert set(rows["start"]) == {FIRST} and set(rows["duration_s"]) == {3600}
    count = found.counts[stations()[0].mn]
    assert (count.site, count.n_frames, count.n_rejected, count.n_backfilled) == ("yaodu", 1, 0, 0)
    assert (count.last_data, count.drift_s) == (FIRST, 7.0)
    assert (found.rejected, found.checks, found.waiting) == ([], [], [])


def test_strangers_wrong_passwords_and_broken_frames_are_dead_letters() -> None:
    wrong = message("2061", PARTS[0], pw="000000")
    broken = hourly(1).replace(b"w01010", b"w01011", 1)
    found = read_receptions(received(hourly(0, station=1), wrong, broken, b"noise"), book(1))
    assert found.batches == []
    reasons = [one.reason for one in found.rejected]
    assert [one.row for one in found.rejected] == [1, 2, 3, 4]
    assert reasons[0].startswith(UNKNOWN_MN) and stations()[1].mn in reasons[0]
    assert reasons[1] == WRONG_PW
    assert "bad_checksum" in reasons[2] or "noise" in reasons[2]
    for letter, octets in zip(found.rejected, (hourly(0, station=1), wrong), strict=False):
        assert letter.raw.startswith("[10.20.0.7:50123] ##")
        assert octets.decode().rstrip() in letter.raw
    # Names that nobody registered are counted together: anybody may invent them.
    assert {mn: one.n_rejected for mn, one in found.counts.items()} == {"": 3, stations()[0].mn: 1}


def test_what_is_sent_late_is_counted() -> None:
    (frame,) = FrameReader().receive(hourly())
    assert isinstance(frame, Frame)
    late = encode(Frame(frame.segment.replace(b";CP=", b";RF=1;CP=")))
    found = read_receptions(received(late), book())
    assert found.counts[stations()[0].mn].n_backfilled == 1
    assert len(found.batches[0].observations) == 9


def test_checks_of_instruments_are_no_observations() -> None:
    groups = [("w21003", {"Check": "0.52", "StandardValue": "0.50", "Flag": "sc"})]
    found = read_receptions(received(message("2062", groups)), book())
    assert found.batches == []
    (check,) = found.checks
    assert (check.site, check.code, check.kind, check.determinand) == (
        "yaodu", "w21003", "2062", "NH3N",
    )  # fmt: skip
    assert (check.value, check.expected) == (0.52, 0.5)
    assert "0.52" in check.detail["sent"]


@pytest.mark.parametrize("time_in", [1, 2])
def test_packages_wait_for_their_others_over_runs(time_in: int) -> None:
    first, second = packages(time_in)
    alone = read_receptions(received(first), book())
    assert alone.batches == [] and alone.rejected == []
    assert [one.octets for one in alone.waiting] == [first]
    assert alone.counts[stations()[0].mn].n_frames == 0  # counted when it is read for good
    both = read_receptions([*alone.waiting, *received(second, first=2)], book())
    rows = both.batches[0].observations
    assert set(rows["determinand"]) == {"WT", "PH"} and set(rows["start"]) == {FIRST}
    assert both.waiting == [] and both.counts[stations()[0].mn].n_frames == 2


def test_packages_whose_others_never_come_are_read_by_the_time_they_state_or_not_at_all() -> None:
    wait_s = int(PACKAGE_WAIT.total_seconds())
    first, second = packages()
    later = hourly(station=1)
    found = read_receptions(received(first, later, step_s=wait_s), book())
    rows = found.batches[0].observations
    mine = rows[rows["site"] == "yaodu"]
    assert list(mine["determinand"]) == ["WT"] and list(mine["start"]) == [FIRST]
    assert found.rejected == [] and found.waiting == []
    # A package that is sent again by itself is of no time that anybody knows.
    found = read_receptions(received(second, later, step_s=wait_s), book())
    assert set(found.batches[0].observations["site"]) == {"bamiaogou"}
    assert [one.reason for one in found.rejected] == [NO_OTHERS]
