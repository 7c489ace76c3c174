"""Alerts with their past, notices sent once, deliveries on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from ecomon.errors import StoreError
from ecomon.store import Store

OPENED = datetime(2021, 4, 3, 8)


def alert(state: str = "pending", opened_at: datetime = OPENED, **changes: Any) -> dict[str, Any]:
    return {
        "fingerprint": "bamiaogou/TP/class_3/repeated", "state": state, "opened_at": opened_at,
        "peak_value": 0.31, "limit": float("nan"), "sightings": ({"revision": 4},), **changes,
    }  # fmt: skip


def notice(key: str = "k1", **changes: Any) -> dict[str, Any]:
    return {
        "idempotency_key": key, "fingerprint": "bamiaogou/TP/class_3/repeated",
        "office": "guangyuan-ecology", "subject_zh": "总磷超标", "subject_en": "TP", "body_zh": "…",
        "body_en": "…", "at": OPENED, **changes,
    }  # fmt: skip


def test_an_alert_comes_back_as_json_values(store: Store) -> None:
    assert store.upsert_alerts([alert()]) == 1
    (kept,) = store.read_alerts()
    assert kept["opened_at"] == "2021-04-03T08:00:00+08:00"
    assert kept["limit"] is None
    assert kept["sightings"] == [{"revision": 4}]
    assert kept["seq"] == 1


def test_states_follow_one_another_and_stay_known(store: Store) -> None:
    store.upsert_alerts([alert()])
    assert store.upsert_alerts([alert()]) == 0
    assert store.now_seq() == 1
    store.upsert_alerts([alert("firing")])
    store.upsert_alerts([alert("resolved"), alert("pending", datetime(2021, 4, 9))])
    assert [one["state"] for one in store.read_alerts()] == ["resolved", "pending"]
    assert len(store.read_alerts("pending")) == 1
    assert [
        [one["state"] for one in store.read_alerts(as_known_at=seq)] for seq in (0, 1, 2, 3)
    ] == [[], ["pending"], ["firing"], ["resolved", "pending"]]
    assert store.status()["alerts"] == {"pending": 1, "resolved": 1}


def test_times_as_text_are_the_same_alert(store: Store) -> None:
    store.upsert_alerts([alert()])
    assert store.upsert_alerts([alert(opened_at="2021-04-03T08:00:00+08:00")]) == 0  # pyright: ignore[reportArgumentType]


def test_a_notice_is_queued_once_and_pending_until_delivered(store: Store) -> None:
    assert store.enqueue_notices([notice(), notice("k2"), notice()]) == 2
    assert store.enqueue_notices([notice(subject_en="again")]) == 0
    first, second = store.pending_notices("folder")
    assert (first["idempotency_key"], first["subject_en"]) == ("k1", "TP")
    store.record_delivery(first["notice_id"], channel="folder", receipt="a.txt")
    store.record_delivery(second["notice_id"], channel="folder", outcome="failed", receipt="full")
    assert [one["idempotency_key"] for one in store.pending_notices("folder")] == ["k2"]
    assert len(store.pending_notices("e-mail")) == 2


def test_a_delivery_of_no_notice_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        store.record_delivery(99, channel="folder")


def test_alerts_notices_and_reviews_are_written_together_or_not_at_all(store: Store) -> None:
    review = {"revision": 4, "reason": "lone"}
    with pytest.raises(StoreError, match="office"):
        store.commit_alerts([alert()], [notice(), notice("k2", office="")], [review])
    assert store.read_alerts() == store.pending_notices("folder") == []
    done = store.commit_alerts([alert()], [notice()], [review])
    assert done == {"alerts": 1, "notices": 1, "reviews": 1}
    assert store.now_seq() == 1
    again = store.commit_alerts([alert()], [notice()], [review])
    assert again == {"alerts": 0, "notices": 0, "reviews": 0}
    assert store.now_seq() == 1
