"""A spool goes into the store once, whoever commits it again; dead letters settle when facts are mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from gateway_stations import FIRST, book, hourly, message, packages, stations

from ecomon.journey.commit_receptions import (
    Position,
    commit_waiting,
    find_position,
    replay_letters,
)
from ecomon.journey.read_receptions import FEED
from ecomon.journey.stations import WRONG_PW, StationBook
from ecomon.model.period import Period, to_epoch_s
from ecomon.model.reception import Reception
from ecomon.sources.spool import SpoolWriter, read_spool, spool_id
from ecomon.store import IngestReport, Store

PERIOD = Period(FIRST, FIRST + timedelta(days=2))
RECEIVED_US = to_epoch_s(FIRST + timedelta(days=1)) * 1_000_000


class Bench:
    """A spool and a store, and the committer between them."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        self.writer = SpoolWriter(folder, limit_octets=1 << 24)
        self.id = spool_id(folder)
        self.n = 0

    def spool(self, *octets: bytes) -> None:
        rows = [
            (RECEIVED_US + 1_000_000 * (self.n + place), 7, "10.20.0.7:50123", one)
            for place, one in enumerate(octets)
        ]
        self.n += len(rows)
        self.writer.write(rows)

    def commit(
        self, position: Position | None = None, of: StationBook | None = None
    ) -> list[IngestReport]:
        known = of or book()
        at = position or find_position(self.store, self.id, known)
        receptions: Iterator[Reception] = read_spool(self.folder, at.stored)
        return list(commit_waiting(self.store, known, self.id, "facts", at, receptions))

    def n_values(self) -> int:
        return len(self.store.read_observations(PERIOD, with_flags=False))

    def letters(self, state: str | None = "open") -> list[str]:
        return [str(one["reason"]) for one in self.store.read_reception_letters(FEED, state=state)]

    def n_frames(self) -> dict[str, int]:
        return {one.mn: one.n_frames for one in self.store.read_instruments()}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Store.create(f"sqlite:///{tmp_path / 'ecomon.sqlite'}", kind="example") as store:
        made = Bench(tmp_path / "spool", store)
        yield made
        made.writer.close()


def test_each_reception_is_stored_once_whoever_commits(bench: Bench) -> None:
    bench.spool(hourly(0), hourly(1))
    (report,) = bench.commit()
    assert (report.n_new, bench.n_values()) == (18, 18)
    assert bench.commit() == []  # the store knows what it has
    # Another committer that stood at the beginning: the same run again adds nothing, no count too.
    (again,) = bench.commit(Position(0))
    assert (again.n_new, again.n_revised) == (0, 0)
    assert bench.n_frames() == {stations()[0].mn: 2}
    bench.spool(hourly(2))
    (report,) = bench.commit()
    assert (report.n_new, bench.n_values()) == (9, 27)
    assert bench.n_frames() == {stations()[0].mn: 3}


def test_a_packet_that_is_sent_again_is_stored_once_and_counted_twice(bench: Bench) -> None:
    bench.spool(hourly(0), hourly(0))
    bench.commit()
    bench.spool(hourly(0))
    (report,) = bench.commit()
    assert (report.n_new, report.n_revised, bench.n_values()) == (0, 0, 9)
    assert bench.n_frames() == {stations()[0].mn: 3}


def test_an_unknown_station_is_replayed_after_it_is_registered(bench: Bench) -> None:
    bench.spool(hourly(0), hourly(0, station=1), hourly(1, station=1))
    bench.commit(of=book(1))
    assert (bench.n_values(), len(bench.letters())) == (9, 2)
    still = replay_letters(bench.store, book(1), "facts")
    assert (still.n_letters, still.n_mended, still.n_new) == (2, 0, 0)
    done = replay_letters(bench.store, book(2), "mended")
    assert (done.n_letters, done.n_mended, done.n_new) == (2, 2, 18)
    assert bench.n_values() == 27
    assert (bench.letters(), len(bench.letters("superseded"))) == ([], 2)
    again = replay_letters(bench.store, book(2), "mended")
    assert (again.n_letters, again.n_new, bench.n_values()) == (0, 0, 27)
    # What was replayed moves no mark: the spool goes on where it stood.
    assert find_position(bench.store, bench.id, book()).stored == 3
    bench.spool(hourly(1))
    (report,) = bench.commit()
    assert (report.n_new, bench.n_values()) == (9, 36)


def test_a_wrong_password_is_a_letter_with_octets_reason_and_peer(bench: Bench) -> None:
    wrong = message("2061", [("w01010", {"Avg": "17.1", "Flag": "N"})], pw="000000")
    bench.spool(wrong)
    bench.commit()
    (letter,) = bench.store.read_reception_letters(FEED)
    assert letter["reason"] == WRONG_PW
    assert letter["raw"].startswith("[10.20.0.7:50123] ##")
    assert wrong.decode().rstrip() in letter["raw"]
    assert bench.n_values() == 0
    assert [one.n_rejected for one in bench.store.read_instruments()] == [1]
    # Its octets are kept as they came.
    assert wrong in bench.store.read_blob(letter["sha256"])


def test_packages_are_joined_over_runs_and_over_a_restart(bench: Bench) -> None:
    first, second = packages()
    bench.spool(hourly(5), first)
    bench.commit()
    assert bench.n_values() == 9
    bench.spool(second)  # a new committer finds in the store what still waits
    (report,) = bench.commit()
    assert (report.n_new, bench.n_values()) == (2, 11)
    assert bench.n_frames() == {stations()[0].mn: 3}
    assert bench.letters() == []


def test_checks_stand_in_their_own_table(bench: Bench) -> None:
    check = message("2062", [("w21003", {"Check": "0.52", "StandardValue": "0.50"})])
    bench.spool(check, check)
    bench.commit()
    (found,) = bench.store.read_instrument_checks(PERIOD.start, PERIOD.end)
    assert (found.determinand, found.value, found.expected) == ("NH3N", 0.52, 0.5)
    assert bench.n_values() == 0


def test_a_commit_that_ends_early_is_taken_up_where_it_ended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ecomon.journey import commit_receptions

    monkeypatch.setattr(commit_receptions, "RUN_RECEPTIONS", 2)
    bench.spool(*(hourly(hour) for hour in range(5)))
    at = Position(0)
    runs = commit_waiting(bench.store, book(), bench.id, "facts", at, read_spool(bench.folder, 0))
    next(runs)
    runs.close()  # killed after the first of three runs  # pyright: ignore[reportAttributeAccessIssue]
    assert find_position(bench.store, bench.id, book()).stored == 2
    assert [one.n_new for one in bench.commit()] == [18, 9]
    assert bench.n_values() == 45
