"""What a gateway stores beside readings, on both engines: counts, checks, quirks, where it stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ecomon.model.instrument import InstrumentCheck, InstrumentCount
from ecomon.model.observation import Rejected
from ecomon.store import Store
from ecomon.store.instruments import ReceptionRun, name_run

NOON = datetime(2026, 11, 1, 12)
MN, SPOOL = "010000A8900016F000169DC0", "a" * 32
CHECK = InstrumentCheck(
    MN, "yaodu", "w21003", "2062", NOON, "NH3N", 0.52, 0.5, "mg/L", "N", {"sent": "x"}, 1
)


def run(first: int, last: int, octets: bytes = b"", mends: tuple[int, ...] = ()) -> ReceptionRun:
    given = octets or f"{first}-{last}".encode()
    return ReceptionRun(name_run(SPOOL, first, last), given, "hj212", "d", "1", {}, mends)


def count(at: datetime = NOON, mn: str = MN, **options: Any) -> InstrumentCount:
    quirks = Counter(options.pop("quirks", {}))
    return InstrumentCount(mn, options.pop("site", "yaodu"), at, at, quirks=quirks, **options)


def store_run(store: Store, one: ReceptionRun, **given: Any) -> Any:
    parts = {"batches": [], "rejected": [], "checks": [], "counts": [], **given}
    return store.ingest_receptions(one, **parts)


def test_counts_grow_with_each_run_and_once(store: Store) -> None:
    later = NOON + timedelta(hours=1)
    first = count(n_frames=2, n_rejected=1, quirks={"tail_LF": 2}, drift_s=5.0, drift_least_s=5.0,
                  drift_most_s=5.0, last_data=NOON)  # fmt: skip
    store_run(store, run(1, 3), counts=[first])
    store_run(store, run(1, 3), counts=[first])  # the same run again
    second = count(later, n_frames=1, n_backfilled=1, quirks={"tail_LF": 1, "crc_lower_case": 1},
                   drift_s=-9.0, drift_least_s=-9.0, drift_most_s=-9.0,
                   last_data=NOON - timedelta(hours=5))  # fmt: skip
    store_run(store, run(4, 4), counts=[second])
    (known,) = store.read_instruments()
    assert (known.n_frames, known.n_rejected, known.n_backfilled) == (3, 1, 1)
    assert (known.first_seen, known.last_seen, known.last_data) == (NOON, later, NOON)
    assert (known.drift_s, known.drift_least_s, known.drift_most_s) == (-9.0, -9.0, 5.0)
    assert known.quirks == {"tail_LF": 3, "crc_lower_case": 1}


def test_new_quirks_are_those_of_instruments_known_before(store: Store) -> None:
    day = timedelta(days=1)
    store_run(store, run(1, 1), counts=[count(NOON, quirks={"tail_LF": 1})])
    store_run(store, run(2, 2), counts=[count(NOON + 3 * day, quirks={"crc_lower_case": 1})])
    store_run(store, run(3, 3), counts=[count(NOON + 3 * day, "B" * 24)])
    # The other one had not been known for a day.
    soon = NOON + 3 * day + timedelta(hours=5)
    store_run(store, run(4, 4), counts=[count(soon, "B" * 24, quirks={"tail_LF": 1})])
    found = store.read_new_quirks(NOON + day)
    assert found == [(MN, "crc_lower_case", NOON + 3 * day)]
    assert store.read_new_quirks(NOON - 9 * day) == found  # what it always did is not new
    hour = timedelta(hours=1)
    assert len(store.read_new_quirks(NOON + day, known_for=hour)) == 2
    assert store.read_new_quirks(NOON + 4 * day) == []


def test_a_check_once_and_a_mended_one_instead_of_it(store: Store) -> None:
    def read() -> list[InstrumentCheck]:
        return store.read_instrument_checks(NOON, NOON + timedelta(seconds=1))

    store_run(store, run(1, 1), checks=[CHECK])
    store_run(store, run(2, 2), checks=[replace(CHECK, row=2)])
    assert read() == [CHECK]
    other = replace(CHECK, value=0.61, row=3)
    store_run(store, run(3, 3), checks=[other])
    assert read() == [other]
    assert store.read_instrument_checks(NOON, NOON + timedelta(days=1), sites=["shaxi"]) == []
    assert store.read_instrument_checks(NOON - timedelta(days=1), NOON) == []  # half-open


def test_a_spool_stands_where_its_last_run_ended(store: Store) -> None:
    assert store.read_spool_position("hj212", SPOOL) == (0, None)
    store_run(store, run(1, 3))
    store_run(store, run(4, 9, b"octets of the last"))
    last, address = store.read_spool_position("hj212", SPOOL)
    assert last == 9 and store.read_blob(address or "") == b"octets of the last"
    assert store.read_spool_position("hj212", "b" * 32) == (0, None)


def test_letters_are_settled_by_the_run_that_mends_them(store: Store) -> None:
    store_run(store, run(1, 2), rejected=[Rejected(1, "why", "[peer] a"), Rejected(2, "why", "b")])
    first, second = store.read_reception_letters("hj212")
    assert (first["row"], first["raw"], first["file_name"]) == (
        1,
        "[peer] a",
        name_run(SPOOL, 1, 2),
    )
    again = ReceptionRun(
        "again-1", b"again", "hj212", "d", "1", {}, mends=(first["dead_letter_id"],)
    )
    store_run(store, again, counts=[count(n_frames=7)])
    assert [one["dead_letter_id"] for one in store.read_reception_letters("hj212")] == [
        second["dead_letter_id"]
    ]
    assert len(store.read_reception_letters("hj212", state=None)) == 2
    assert store.read_instruments() == []  # what is replayed was counted when it came
    assert store.read_spool_position("hj212", SPOOL)[0] == 2


def test_a_run_that_fails_leaves_nothing(store: Store) -> None:
    broken = replace(CHECK, site=None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Exception, match=r"(?i)null"):
        store_run(store, run(1, 1), checks=[broken], counts=[count(n_frames=1)])
    assert store.read_instruments() == []
    assert store.read_spool_position("hj212", SPOOL) == (0, None)
