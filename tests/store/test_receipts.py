"""Receipts, and what they are counted from: times for which anything came, and the last of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd

from ecomon.model.period import Period
from ecomon.model.tables import RECEIPTS
from ecomon.store import IngestReport, Store

DAY = Period.parse("2021-04-03")
Ingest = Callable[..., IngestReport]


def receipts(**changes: object) -> pd.DataFrame:
    columns: dict[str, object] = {
        "source": ["cnemc-water", "cnemc-water"],
        "site": ["shaxi", "yaodu"],
        "period": ["2021-04-03"] * 2,
        "start": np.array(["2021-04-03"] * 2, dtype="datetime64[us]"),
        "n_expected": [6, 0],
        "n_received": [5, 0],
        "share": [5 / 6, np.nan],
        "last_at": np.array(["2021-04-03T16:00", "NaT"], dtype="datetime64[us]"),
        "status": ["partial", "not_expected"],
    }
    return RECEIPTS.frame({**columns, **changes})


def test_receipts_come_back_with_what_is_not_known(store: Store) -> None:
    store.write_receipts(1, receipts(), DAY)
    found = store.read_receipts(DAY)
    pd.testing.assert_frame_equal(found[list(RECEIPTS.columns)], receipts(), check_dtype=False)
    assert store.read_receipts(DAY, sources="cnemc-air").empty
    assert list(store.read_receipts(DAY, sites=["yaodu"])["status"]) == ["not_expected"]


def test_a_second_count_supersedes_only_what_changed(store: Store) -> None:
    store.write_receipts(1, receipts(), DAY)
    seq = store.now_seq()
    again = store.write_receipts(2, receipts(), DAY)
    assert (again.n_written, again.n_superseded, store.now_seq()) == (0, 0, seq)
    later = store.write_receipts(3, receipts(n_received=[6, 0], share=[1.0, np.nan]), DAY)
    assert (later.n_written, later.n_superseded, later.n_unchanged) == (1, 1, 1)
    assert store.read_receipts(DAY, as_known_at=seq)["n_received"].tolist() == [5, 0]


def test_each_time_once_whatever_was_measured(store: Store, ingest: Ingest) -> None:
    ingest(
        [
            ("yaodu", "TP", "2021-04-03T04:00", 0.1),
            ("yaodu", "NH3N", "2021-04-03T04:00", None),
            ("shaxi", "TP", "2021-04-03T08:00", 0.1),
            ("shaxi", "TP", "2021-04-04T00:00", 0.1),
        ]
    )
    found = store.read_arrivals(DAY)
    assert found.to_numpy().tolist() == [
        ["tabulated", "shaxi", pd.Timestamp("2021-04-03T08:00")],
        ["tabulated", "yaodu", pd.Timestamp("2021-04-03T04:00")],
    ]


def test_the_last_start_before_a_time(store: Store, ingest: Ingest) -> None:
    ingest(
        [
            ("yaodu", "TP", "2021-03-01T04:00", 0.1),
            ("yaodu", "NH3N", "2021-04-02T20:00", 0.1),
            ("shaxi", "TP", "2021-04-03T00:00", 0.1),
        ]
    )
    assert store.read_last_starts(DAY.start) == {
        ("tabulated", "yaodu"): datetime(2021, 4, 2, 20),
    }
    assert store.read_last_starts(DAY.end)["tabulated", "shaxi"] == datetime(2021, 4, 3)
