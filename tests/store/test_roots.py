"""The chain of daily roots: it follows from the batches, whatever the clock says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, text

from ecomon.store import IngestReport, Store
from ecomon.store.roots import check_roots

Ingest = Callable[..., IngestReport]
ROWS = [("a", "TP", "2021-04-03T08:00", 0.1)]


def check(store: Store) -> list[str]:
    with store._read() as conn:
        return check_roots(conn)


def damage(store: Store, sql: str) -> None:
    with store._commit() as commit:
        commit.conn.execute(text(sql))


@pytest.fixture
def chained(store: Store, ingest: Ingest, clock: Any) -> Store:
    """Three roots over 2, 1 and 1 batches; the clock went back a day before the last."""
    for days, names in ((0, b"ab"), (1, b"c"), (-1, b"d")):
        clock.now_s += days * 86_400
        for name in names:
            ingest(ROWS, bytes([name]))
        store.close_day()
    return store


def test_a_store_without_batches_has_no_root(store: Store) -> None:
    assert store.close_day() == {"number": 0, "root": "", "n_open": 0}
    assert store.now_seq() == 0


def test_closing_twice_changes_nothing(store: Store, ingest: Ingest) -> None:
    ingest(ROWS)
    first = store.close_day()
    assert first["number"] == first["n_batches"] == 1
    assert len(first["root"]) == 64
    seq = store.now_seq()
    assert store.close_day() == first
    assert store.now_seq() == seq


def test_the_chain_goes_by_batches_not_by_the_clock(chained: Store) -> None:
    head = chained.read_root()
    assert (head["number"], head["first_batch"], head["last_batch"]) == (3, 4, 4)
    assert head["day"] < "2023-11-16"
    assert check(chained) == []


def test_the_same_batches_give_the_same_root(
    store: Store, ingest: Ingest, tmp_path: Any, clock: Any, ingest_rows: Callable[..., Any]
) -> None:
    ingest(ROWS)
    with Store.create(tmp_path / "other.sqlite", kind="golden", clock=clock) as other:
        ingest_rows(other, ROWS)
        assert other.close_day()["root"] == store.close_day()["root"]


def test_batches_since_the_last_root_are_counted(chained: Store, ingest: Ingest) -> None:
    ingest(ROWS, b"e")
    ingest(ROWS, b"f")
    assert chained.read_root()["n_open"] == 2


def test_a_root_that_was_written_down_is_found_again(chained: Store) -> None:
    head = chained.read_root()
    assert chained.read_root(head["root"][:16].upper()) == head
    assert chained.read_root("0" * 64)["number"] == 0
    assert chained.read_root("%")["number"] == 0


def test_a_day_can_be_named(store: Store, ingest: Ingest) -> None:
    ingest(ROWS)
    assert store.close_day(date(2021, 4, 3))["day"] == "2021-04-03"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE batch SET n_new = 7 WHERE batch_id = 2", "root 1 of .* batches 1 to 2"),
        ("UPDATE batch SET file_name = 'x' WHERE batch_id = 3", "root 2 of"),
        ("DELETE FROM day_root WHERE number = 2", "root 2 is missing"),
        ("UPDATE day_root SET root = 'ab' WHERE number = 2", "root 3 does not follow"),
        ("UPDATE day_root SET day = '2021-01-01' WHERE number = 1", "root 1 of 2021-01-01"),
    ],
)
def test_a_change_behind_the_back_is_found(chained: Store, sql: str, said: str) -> None:
    damage(chained, sql)
    assert any(re.search(said, one) for one in check(chained))


def test_a_batch_taken_out_is_found(chained: Store) -> None:
    damage(chained, "UPDATE observation SET batch_id = 1")
    damage(chained, "DELETE FROM batch WHERE batch_id = 2")
    (said,) = check(chained)
    assert "batches 1 to 2" in said


def root_of(conn: Connection) -> str:
    return conn.execute(text("SELECT root FROM day_root ORDER BY number DESC LIMIT 1")).scalar_one()


def test_pruned_octets_leave_the_chain_whole(chained: Store) -> None:
    with chained._read() as conn:
        before = root_of(conn)
    damage(chained, "DELETE FROM blob_piece")
    damage(chained, "UPDATE blob SET pruned_at_s = 1")
    assert check(chained) == []
    assert chained.read_root()["root"] == before
