"""Alerts about the running of the system: written once, every state known, told once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from ecomon.errors import StoreError
from ecomon.store import Store

OPENED = datetime(2021, 4, 3, 21)
SOURCE = "silent_source/cnemc-water"


def alert(state: str = "open", **changes: Any) -> dict[str, Any]:
    return {
        "fingerprint": SOURCE, "state": state, "opened_at": OPENED, "over_at": None,
        "evidence": 3, **changes,
    }  # fmt: skip


def notice(key: str = "k1", **changes: Any) -> dict[str, Any]:
    return {
        "idempotency_key": key, "fingerprint": SOURCE, "office": "operations", "subject_zh": "中断",
        "subject_en": "silent", "body_zh": "…", "body_en": "…", **changes,
    }  # fmt: skip


def test_an_alert_and_its_notice_are_written_once(store: Store) -> None:
    assert store.commit_operations_alerts([alert()], [notice()]) == {"alerts": 1, "notices": 1}
    seq = store.now_seq()
    assert store.commit_operations_alerts([alert()], [notice()]) == {"alerts": 0, "notices": 0}
    assert store.now_seq() == seq
    (kept,) = store.read_operations_alerts("open")
    assert (kept["opened_at"], kept["over_at"]) == ("2021-04-03T21:00:00+08:00", None)
    assert [one["office"] for one in store.pending_notices("folder")] == ["operations"]


def test_every_state_stays_known(store: Store) -> None:
    store.commit_operations_alerts([alert()])
    before = store.now_seq()
    over_at = datetime(2021, 4, 4, 1)
    store.commit_operations_alerts([alert("over", over_at=over_at)])
    assert store.read_operations_alerts("open") == []
    assert [one["state"] for one in store.read_operations_alerts(as_known_at=before)] == ["open"]
    history = store.read_operations_history(SOURCE)
    assert [(one["state"], one["over_at"]) for one in history] == [
        ("open", None), ("over", "2021-04-04T01:00:00+08:00"),
    ]  # fmt: skip
    assert store.read_operations_history("silent_source/cnemc-air") == []


def test_a_second_outage_is_an_alert_of_its_own(store: Store) -> None:
    store.commit_operations_alerts([alert("over", over_at=datetime(2021, 4, 4, 1))])
    store.commit_operations_alerts([alert(opened_at=datetime(2021, 4, 9))])
    assert [one["state"] for one in store.read_operations_alerts()] == ["over", "open"]


def test_nothing_is_written_where_one_alert_is_wrong(store: Store) -> None:
    with pytest.raises(StoreError, match="opened_at"):
        store.commit_operations_alerts([alert(), alert(opened_at=None)], [notice()])
    assert store.read_operations_alerts() == store.pending_notices("folder") == []


def test_results_of_the_water_do_not_move_the_input(store: Store) -> None:
    store.commit_operations_alerts([alert()], [notice()])
    assert store.input_seq() == 0
