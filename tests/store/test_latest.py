"""The last observation of each series, now and as known at any sequence number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ecomon.model.flag import Flag
from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.model.tables import FLAGGED, FLAGS
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
EVER = Period.parse("2015-01-01/2025-01-01")
SERIES = ["site", "determinand", "statistic", "duration_s", "programme", "source", "replicate"]


def last_of(table: pd.DataFrame) -> pd.DataFrame:
    """The row of each series that starts last, by hand."""
    last = table.sort_values("start", kind="stable").drop_duplicates(SERIES, keep="last")
    return last.sort_values(["site", "determinand", "start"], ignore_index=True)


def test_the_last_of_each_series_however_old(store: Store, ingest: Ingest) -> None:
    ingest(
        [
            ("bamiaogou", "NH3N", "2021-04-03T08:00", 0.2),
            ("bamiaogou", "NH3N", "2021-04-03T12:00", None),
            ("bamiaogou", "TP", "2021-03-01", 0.03),
            ("yaodu", "TP", "2016-01-01", 0.01),
        ]
    )
    found = store.read_latest()
    assert FLAGGED.check(found) is found
    assert [
        *zip(found["site"], found["determinand"], found["start"].astype("str"), strict=True)
    ] == [
        ("bamiaogou", "NH3N", "2021-04-03 12:00:00"),
        ("bamiaogou", "TP", "2021-03-01 00:00:00"),
        ("yaodu", "TP", "2016-01-01 00:00:00"),
    ]
    np.testing.assert_array_equal(found["value"], [np.nan, 0.03, 0.01])
    assert (found["flag"] == Flag.NOT_EVALUATED).all()


def test_only_what_is_asked_for(store: Store, ingest: Ingest) -> None:
    ingest(
        [
            ("bamiaogou", "NH3N", "2021-04-03", 0.2),
            ("bamiaogou", "TP", "2021-04-03", 0.03),
            ("yaodu", "TP", "2021-04-03", 0.01),
        ]
    )
    assert len(store.read_latest(sites=["bamiaogou"])) == 2
    assert store.read_latest(sites=["yaodu"], determinands=["TP"])["value"].tolist() == [0.01]
    assert store.read_latest(determinands=["CODMN"]).empty


def test_a_store_without_readings(store: Store) -> None:
    assert list(store.read_latest().columns) == list(store.read_observations(EVER).columns)
    assert store.read_latest().empty


def test_flags_and_revisions_as_they_were_known(store: Store, ingest: Ingest) -> None:
    first = ingest([("yaodu", "TP", "2021-04-03", 0.1), ("yaodu", "TP", "2021-04-02", 0.2)])
    revision = int(store.read_latest()["revision"].iloc[0])
    store.write_flags(
        FLAGS.frame({"revision": [revision], "flag": [4], "tests": ["range:4"]}), ruleset="r"
    )
    flagged = store.now_seq()
    ingest([("yaodu", "TP", "2021-04-03", 0.3)])
    later = ingest([("yaodu", "TP", "2021-04-04", 0.4)])

    def known(seq: int) -> list[tuple[float, int]]:
        found = store.read_latest(as_known_at=seq)
        return [*zip(found["value"], found["flag"], strict=True)]

    assert known(0) == []
    assert known(first.seq) == [(0.1, Flag.NOT_EVALUATED)]
    assert known(flagged) == [(0.1, Flag.FAIL)]
    assert known(later.seq - 1) == [(0.3, Flag.NOT_EVALUATED)]
    assert known(later.seq) == [(0.4, Flag.NOT_EVALUATED)]


def test_it_is_what_reading_everything_gives(
    store: Store, readings: Callable[..., pd.DataFrame]
) -> None:
    rng = np.random.default_rng(3)
    options: dict[str, Any] = {
        "file_name": "f", "source": "tabulated", "decoder": "tests", "decoder_version": "1",
    }  # fmt: skip
    for number in range(8):
        days = rng.integers(0, 2_000, 6)
        rows = [
            (f"site-{rng.integers(3)}", str(rng.choice(["TP", "TN"])), day, float(number))
            for day in (np.datetime64("2016-01-01") + days).astype(str)
        ]
        # The third file is decoded again without most of its rows: those are withdrawn.
        blob = b"2" if number == 5 else str(number).encode()
        part = rows[:1] if number == 5 else rows
        store.ingest([Batch(readings(part))], blob=blob, options={"n": number}, **options)
    for seq in range(store.now_seq() + 1):
        everything = store.read_observations(EVER, as_known_at=seq)
        pd.testing.assert_frame_equal(store.read_latest(as_known_at=seq), last_of(everything))
