"""Retention: octets go, everything that was read from them stays, and it is written who let them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.period import Period, from_epoch_s
from ecomon.model.role import Actor
from ecomon.store import IngestReport, Octets, Store

Ingest = Callable[..., IngestReport]
DAY_S = 86_400


@pytest.fixture
def filled(store: Store, ingest: Ingest, clock: Any) -> Store:
    """Files of April 2021 and of 2019, ingested ten days apart."""
    ingest([("a", "TP", "2021-04-03", 0.1)], b"april")
    clock.now_s += 10 * DAY_S
    ingest([("a", "TP", "2019-04-03", 0.2)], b"old" * 1000)
    clock.now_s += 10 * DAY_S
    return store


@pytest.fixture
def administrator(filled: Store) -> Actor:
    issued = filled.add_actor("guan", "administrator", by=None)
    return filled.authenticate(issued.text)


def days_ago(clock: Any, days: float) -> datetime:
    return from_epoch_s(int(clock.now_s - days * DAY_S))


def settle(store: Store, period: str) -> None:
    store.write_statement(
        1, {"agreement": "A", "period": period, "run_type": "x", "mode": "y", "postings": []}
    )


def test_old_octets_go_and_the_rest_stays(
    filled: Store, clock: Any, administrator: Actor, ingest: Ingest
) -> None:
    filled.close_day()
    root = filled.read_root()
    sha256 = Octets.of(b"april").sha256
    report = filled.prune_blobs(days_ago(clock, 15), by=administrator)
    assert (report.n_blobs, report.size_bytes, report.n_spared) == (1, 5, 0)
    with pytest.raises(StoreError, match="let go by the retention"):
        filled.read_blob(sha256)
    assert filled.read_blob(Octets.of(b"old" * 1000).sha256) == b"old" * 1000
    assert len(filled.read_observations(Period.year(2021))) == 1
    assert filled.read_root() == root
    assert filled.check(is_deep=True) == []
    # the same file again is still a repeat; decoded otherwise, its octets come back
    assert ingest([], b"april").is_repeat
    ingest([("a", "TP", "2021-04-03", 0.1)], b"april", decoder_version="2")
    assert filled.read_blob(sha256) == b"april"


def test_the_act_is_written(filled: Store, clock: Any, administrator: Actor) -> None:
    filled.prune_blobs(days_ago(clock, 1), by=administrator)
    act = filled.read_acts(limit=1)[0]
    assert (act["actor"], act["what"]) == ("guan", "octets_pruned")
    assert act["detail"]["n_blobs"] == 2
    assert act["detail"]["size_bytes"] == 3005


def test_asking_lets_nothing_go(filled: Store, clock: Any) -> None:
    seq = filled.now_seq()
    assert filled.prunable_blobs(days_ago(clock, 1)).n_blobs == 2
    assert filled.read_blob(Octets.of(b"april").sha256) == b"april"
    assert filled.now_seq() == seq


def test_nothing_old_is_no_act(filled: Store, clock: Any, administrator: Actor) -> None:
    n_acts = len(filled.read_acts())
    assert filled.prune_blobs(days_ago(clock, 99), by=administrator).n_blobs == 0
    filled.prune_blobs(days_ago(clock, 1), by=administrator)
    assert filled.prune_blobs(days_ago(clock, 1), by=administrator).n_blobs == 0
    assert len(filled.read_acts()) == n_acts + 1


@pytest.mark.parametrize("period", ["2021-04", "2021", "2021-05", "第一期"])
def test_what_a_statement_rests_on_is_spared(
    filled: Store, clock: Any, administrator: Actor, period: str
) -> None:
    settle(filled, period)
    report = filled.prune_blobs(days_ago(clock, 15), by=administrator)
    assert (report.n_blobs, report.n_spared) == (0, 1)
    assert filled.read_blob(Octets.of(b"april").sha256) == b"april"
    forced = filled.prune_blobs(
        days_ago(clock, 15), by=administrator, is_evidence_spared=False
    )  # fmt: skip
    assert forced.n_blobs == 1
    assert filled.read_acts(limit=1)[0]["detail"]["is_evidence_spared"] is False


def test_a_statement_of_another_time_spares_nothing(
    filled: Store, clock: Any, administrator: Actor
) -> None:
    settle(filled, "2020-04")
    assert filled.prune_blobs(days_ago(clock, 15), by=administrator).n_blobs == 1


def test_by_rule_nothing_of_a_statement_goes(filled: Store, clock: Any) -> None:
    settle(filled, "2021-04")
    with pytest.raises(StoreError, match="by a person only"):
        filled.prune_blobs(days_ago(clock, 1), by=None, is_evidence_spared=False)
    assert filled.prune_blobs(days_ago(clock, 1), by=None).n_blobs == 1
    assert filled.read_acts(limit=1)[0]["actor"] == "-"


def test_who_may_not_lets_nothing_go(filled: Store, clock: Any, administrator: Actor) -> None:
    issued = filled.add_actor("shen", "reviewer", by=administrator)
    reviewer = filled.authenticate(issued.text)
    with pytest.raises(AccessDenied):
        filled.prune_blobs(days_ago(clock, 1), by=reviewer)
    assert filled.read_blob(Octets.of(b"april").sha256) == b"april"
