"""Each revision, current or former, and the row of the file it was read from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pandas as pd
import pytest

from ecomon.errors import StoreError
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
DAY = Period.day(2021, 4, 3)
ROWS = [
    ("bamiaogou", "TP", "2021-04-03T08:00", 0.12),
    ("bamiaogou", "TP", "2021-04-03T12:00", 0.31),
]


@pytest.fixture
def first(store: Store, ingest: Ingest) -> list[int]:
    """Revisions of a first file; a second one has revised the value of 12:00 since."""
    ingest(ROWS, b"first", file_name="first.csv", decoder_version="7")
    known = store.read_observations(DAY)["revision"].tolist()
    ingest([("yaodu", "TP", "2021-04-03T12:00", 0.1), (*ROWS[1][:3], 0.3)], b"second",
           file_name="second.csv")  # fmt: skip
    return known


def test_current_and_former_revisions_name_their_row(store: Store, first: list[int]) -> None:
    second = store.read_observations(DAY)["revision"].tolist()
    origins = store.read_origins([*reversed(second), *first])
    table = origins.set_index("revision")
    assert origins["revision"].tolist() == sorted({*first, *second})
    assert table.loc[first, "file_name"].tolist() == ["first.csv", "first.csv"]
    assert table.loc[first, "row"].tolist() == [1, 2]
    assert table.loc[first[1], "sha256"] == hashlib.sha256(b"first").hexdigest()
    assert table.loc[first[1], "decoder_version"] == "7"
    (revised,) = set(second) & set(table.index) - set(first) - {second[-1]}
    assert (table.loc[revised, "file_name"], table.loc[revised, "row"]) == ("second.csv", 2)
    assert store.read_blob(str(table.loc[revised, "sha256"])) == b"second"


def test_it_says_what_a_trace_of_one_says(store: Store, first: list[int]) -> None:
    for origin in store.read_origins(first).to_dict("records"):
        traced = store.trace_revision(origin["revision"])
        shared = ("file_name", "sha256", "row", "batch_id", "decoder")
        assert {name: origin[name] for name in shared} == {name: traced[name] for name in shared}


def test_of_no_revisions(store: Store) -> None:
    table = store.read_origins([])
    assert len(table) == 0
    assert str(table["revision"].dtype) == "int64"


def test_a_revision_that_is_not_there_is_named(store: Store, first: list[int]) -> None:
    with pytest.raises(StoreError, match="no revision 999"):
        store.read_origins([first[0], 999, 1000])


def test_more_than_are_asked_at_once(store: Store, ingest: Ingest) -> None:
    starts = pd.date_range("2021-01-01", periods=12_000, freq="h")
    ingest([("yaodu", "TP", str(start), 0.1) for start in starts])
    revisions = store.read_observations(Period.parse("2021/2022"))["revision"]
    origins = store.read_origins(revisions)
    assert origins["row"].tolist() == list(range(1, 12_001))
