"""Runs, rule sets and documents: the trail of who made what."""

from __future__ import annotations

from typing import Any

import pytest

from ecomon.errors import StoreError
from ecomon.store import Store


def start(store: Store, flow: str = "assess") -> int:
    return store.start_run(
        flow, arguments={"period": "2021-04"}, code_version="0.1.0", ruleset="abc", input_seq=3
    )


def test_a_run_succeeds_only_when_it_says_so(store: Store, clock: Any) -> None:
    run_id = start(store)
    (under_way,) = store.read_runs()
    assert (under_way["is_success"], under_way["outcome"], under_way["ended_at_s"]) == (
        False, None, None,
    )  # fmt: skip
    clock.now_s += 60
    store.finish_run(run_id, outcome="succeeded", counts={"grades": 12})
    (done,) = store.read_runs()
    assert done["is_success"] is True
    assert done["ended_at_s"] - done["started_at_s"] == 60
    assert (done["arguments"], done["counts"]) == ({"period": "2021-04"}, {"grades": 12})


def test_a_failed_run_is_no_success_and_ends_once(store: Store) -> None:
    run_id = start(store)
    store.finish_run(run_id, outcome="failed: no such section", counts={})
    assert store.read_runs()[0]["is_success"] is False
    for wrong in (run_id, 99):
        with pytest.raises(StoreError, match=f"no run {wrong} under way"):
            store.finish_run(wrong, outcome="succeeded", counts={})
    assert store.read_runs()[0]["outcome"].startswith("failed")


def test_the_status_names_the_last_run_of_each_flow(store: Store) -> None:
    first, second, other = start(store), start(store), start(store, "load")
    store.finish_run(first, outcome="succeeded", counts={})
    last = store.status()["last_runs"]
    assert {flow: one["run_id"] for flow, one in last.items()} == {"assess": second, "load": other}
    assert last["assess"]["is_success"] is False
    assert [one["run_id"] for one in store.read_runs(flow="assess", limit=1)] == [second]
    assert store.now_seq() == 0  # a run by itself brings no knowledge


def test_a_rule_set_is_kept_once(store: Store) -> None:
    store.save_ruleset("abc", b'{"limit": 0.2}')
    seq = store.now_seq()
    store.save_ruleset("abc", b'{"limit": 0.2}')
    assert store.now_seq() == seq == 1
    assert store.read_ruleset("abc") == b'{"limit": 0.2}'
    with pytest.raises(StoreError, match="no rule set xyz"):
        store.read_ruleset("xyz")


def test_a_document_is_recorded_when_its_octets_change(store: Store) -> None:
    options: dict[str, Any] = {"kind": "bulletin", "run_id": 1}
    assert store.record_document("2021-04/bulletin.html", sha256="a", **options)
    assert not store.record_document("2021-04/bulletin.html", sha256="a", **options)
    assert store.record_document("2021-04/bulletin.html", sha256="b", **options)
    store.record_document("2021-04/book.xlsx", sha256="c", kind="workbook", run_id=1)
    last = {one["path"]: one["sha256"] for one in store.read_documents()}
    assert last == {"2021-04/book.xlsx": "c", "2021-04/bulletin.html": "b"}
    assert len(store.read_documents(kind="workbook")) == 1
