"""What a store says of itself: facts for ``doctor`` and the metrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ecomon.model.operation import FlowFacts
from ecomon.model.period import Period, to_epoch_s
from ecomon.model.tables import RECEIPTS
from ecomon.store import IngestReport, Store
from ecomon.store.backup import backup_store

Ingest = Callable[..., IngestReport]
A = ("yaodu", "NH3N", "2021-04-01T08:00", 0.5)
B = ("yaodu", "NH3N", "2021-04-01T12:00", 0.6)
LATER_B = ("yaodu", "NH3N", "2021-04-01T12:00", 0.7)
DAY_S = 86_400


def test_a_new_store(store: Store) -> None:
    facts = store.health()
    assert (facts.kind, facts.seq, facts.last_commit_s) == ("golden", 0, None)
    assert (facts.n_revisions, facts.n_recent_revisions, facts.recent_s) == (0, 0, 0)
    assert (facts.flows, facts.sources, facts.actors, facts.operations_alerts) == ((), (), {}, {})
    assert (facts.last_root_day, facts.n_unchained, facts.last_backup_s) == (None, 0, None)
    assert facts.size_bytes > 0
    assert facts.engine_version.split(".")[0].isdigit()


def test_what_came_from_a_source(store: Store, ingest: Ingest, clock: Any) -> None:
    ingest([A, B])
    clock.now_s += DAY_S
    ingest([LATER_B])
    ingest([LATER_B])  # the same octets: nothing
    facts = store.health()
    (source,) = facts.sources
    assert (source.source, source.n_batches) == ("tabulated", 2)
    assert (source.n_new, source.n_revised, source.n_rejected) == (2, 1, 0)
    assert source.last_reading_s == to_epoch_s(datetime.fromisoformat(B[2]))
    assert source.last_batch_s == facts.last_commit_s == clock.now_s
    assert (facts.n_revisions, facts.n_recent_revisions, facts.recent_s) == (3, 3, DAY_S)


def test_only_the_last_thirty_days_tell_the_growth(
    store: Store, ingest: Ingest, clock: Any
) -> None:
    ingest([A])
    clock.now_s += 100 * DAY_S
    ingest([B])
    facts = store.health()
    assert (facts.n_recent_revisions, facts.recent_s) == (1, 30 * DAY_S)


def test_a_batch_with_a_wrong_year_that_was_mended_is_not_the_latest(
    store: Store, ingest: Ingest
) -> None:
    wrong = ingest([("yaodu", "NH3N", "2099-04-01T08:00", 0.5)])
    assert store.health().sources[0].last_reading_s == to_epoch_s(
        datetime.fromisoformat("2099-04-01T08:00")
    )
    ingest([A], supersedes=wrong.batch_id)
    assert store.health().sources[0].last_reading_s == to_epoch_s(datetime.fromisoformat(A[2]))


def _start(store: Store, flow: str) -> int:
    return store.start_run(flow, arguments={}, code_version="1", ruleset=None, input_seq=0)


def test_runs_that_succeeded_failed_and_never_ended(store: Store, clock: Any) -> None:
    begin_s = int(clock.now_s)
    for outcome in ("succeeded", "failed: no file", None):
        run_id = _start(store, "ingest")
        clock.now_s += 10
        if outcome:
            store.finish_run(run_id, outcome=outcome, counts={})
    _start(store, "load")
    ingest, load = store.health().flows
    assert ingest == FlowFacts(
        "ingest", 1, 1, 1, last_success_s=begin_s + 10, last_start_s=begin_s + 20,
        last_failure_s=begin_s + 20, first_unended_s=begin_s + 20,
    )  # fmt: skip
    assert (load.flow, load.n_succeeded, load.last_success_s) == ("load", 0, None)


def test_reviews_and_notices_wait_since_their_commit(
    store: Store, ingest: Ingest, clock: Any
) -> None:
    ingest([A, B])
    opened_s = int(clock.now_s)
    store.open_reviews([{"revision": 1, "reason": "spike"}])
    clock.now_s += 60
    store.open_reviews([{"revision": 2, "reason": "spike"}])
    notices = [
        {"idempotency_key": key, "fingerprint": "f", "office": "o", "subject_zh": "s"}
        for key in ("a", "b")
    ]
    store.enqueue_notices(notices[:1])
    clock.now_s += 60
    store.enqueue_notices(notices)
    facts = store.health()
    assert (facts.n_reviews, facts.first_review_s) == (2, opened_s)
    assert (facts.n_notices, facts.first_notice_s) == (2, opened_s + 60)
    first, _ = store.pending_notices("folder")
    store.record_delivery(first["notice_id"], channel="folder", outcome="failed", receipt="no room")
    assert store.health().n_notices == 2
    store.record_delivery(
        first["notice_id"], channel="folder", outcome="delivered", receipt="f.txt"
    )
    facts = store.health()
    assert (facts.n_notices, facts.first_notice_s) == (1, opened_s + 120)


def test_batches_wait_for_their_root(store: Store, ingest: Ingest, clock: Any) -> None:
    ingest([A])
    first_s = int(clock.now_s)
    clock.now_s += 5
    ingest([B])
    facts = store.health()
    assert (facts.n_unchained, facts.first_unchained_s) == (2, first_s)
    store.close_day()
    facts = store.health()
    assert (facts.last_root_day, facts.n_unchained) == ("2023-11-15", 0)
    ingest([LATER_B])
    assert store.health().n_unchained == 1


def test_a_backup_is_remembered(store: Store, store_url: str, clock: Any, tmp_path: Path) -> None:
    assert store.health().last_backup_s is None
    backup_store(store_url, tmp_path, clock=clock)
    assert store.health().last_backup_s == clock.now_s


def test_open_operations_alerts_by_what_is_wrong(store: Store) -> None:
    opened_at = "2021-04-01T08:00:00+08:00"
    alerts = [
        {"fingerprint": f"silent_source/cnemc-water/{site}", "state": state, "opened_at": opened_at}
        for site, state in (("yaodu", "open"), ("bamiaogou", "open"), ("qingfengxia", "over"))
    ]
    store.commit_operations_alerts(alerts)
    assert store.health().operations_alerts == {"silent_source": 2}


def test_those_who_may_act(store: Store) -> None:
    store.add_actor("王工", "administrator", by=None)
    assert store.health().actors == {"administrator": 1}


def test_what_should_have_come_on_the_last_day(store: Store, ingest: Ingest) -> None:
    ingest([A])
    run_id = _start(store, "receipts")
    table = RECEIPTS.frame(
        {
            "source": ["tabulated"] * 3,
            "site": ["yaodu", "bamiaogou", "yaodu"],
            "period": ["2021-04-02", "2021-04-02", "2021-04-01"],
            "start": np.array(["2021-04-02", "2021-04-02", "2021-04-01"], "datetime64[us]"),
            "n_expected": [6, 6, 6],
            "n_received": [6, 3, 0],
            "share": [1.0, 0.5, 0.0],
            "last_at": np.array(["2021-04-02T20:00", "2021-04-02T08:00", "NaT"], "datetime64[us]"),
            "status": ["complete", "partial", "silent"],
        }
    )
    store.write_receipts(run_id, table, Period.parse("2021-04-01/2021-04-02"))
    (source,) = store.health().sources
    assert (source.n_expected, source.n_received) == (12, 9)
