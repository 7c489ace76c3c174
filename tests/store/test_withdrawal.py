"""Withdrawal of a batch by a person: what goes, what comes back, what must be sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.observation import Rejected
from ecomon.model.period import Period
from ecomon.model.role import Actor
from ecomon.store import IngestReport, Store
from ecomon.store.withdrawal import Withdrawal

Ingest = Callable[..., IngestReport]
People = dict[str, Actor]
DAY = Period.day(2021, 4, 3)
EIGHT = ("yaodu", "TP", "2021-04-03T08:00")
NOON = ("yaodu", "TP", "2021-04-03T12:00")


def values(store: Store, **options: Any) -> dict[str, float]:
    table = store.read_observations(DAY, **options)
    return dict(zip(table["start"].dt.strftime("%H"), table["value"], strict=True))


@pytest.fixture
def withdraw(store: Store, people: People) -> Callable[..., Withdrawal]:
    def run(batch_id: int, role: str = "reviewer") -> Withdrawal:
        return store.withdraw_batch(batch_id, actor=people[role], reason="文件有误")

    return run


Withdraw = Callable[..., Withdrawal]


def test_what_a_batch_brought_goes_and_what_it_had_replaced_comes_back(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    first = ingest([(*EIGHT, 0.1)])
    wrong = ingest([(*EIGHT, 10.0), (*NOON, 20.0)], rejected=[Rejected(3, "no time", "?")])
    was = store.read_observations(DAY)["revision"].tolist()
    done = withdraw(wrong.batch_id)
    assert (done.n_withdrawn, done.n_restored, done.n_letters, done.n_reviews) == (2, 1, 1, 0)
    assert done.file_name == "readings.csv"
    assert values(store) == {"08": 0.1}
    assert [values(store, as_known_at=seq) for seq in (1, 2, 3)] == [
        {"08": 0.1}, {"08": 10.0, "12": 20.0}, {"08": 0.1},
    ]  # fmt: skip
    restored = int(store.read_observations(DAY)["revision"].iloc[0])
    assert restored > max(was)  # a knowledge of its own, of the batch that told it
    traced = store.trace_revision(restored)
    assert (traced["batch_id"], traced["flag"]) == (first.batch_id, None)
    assert store.trace_revision(was[1])["reason"] == "withdrawn"
    assert store.read_dead_letters() == []


def test_it_stands_among_the_batches_and_the_acts(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    wrong = ingest([(*EIGHT, 10.0)])
    seq = store.now_seq()
    done = withdraw(wrong.batch_id)
    (batch, _) = store.read_batches()
    assert (batch["batch_id"], batch["supersedes"]) == (done.batch_id, wrong.batch_id)
    assert (batch["n_withdrawn"], batch["quirks"]) == (1, {"withdrawal": 1})
    (change,) = store.read_changes(since_seq=seq)
    assert change.sites == {"yaodu"}
    assert store.input_seq() == done.seq
    act = store.read_acts(limit=1)[0]
    assert (act["actor"], act["what"], act["subject"], act["seq"]) == (
        "reviewer", "withdrawal", f"batch/{wrong.batch_id}", done.seq,
    )  # fmt: skip
    assert (act["detail"]["reason"], act["detail"]["n_withdrawn"]) == ("文件有误", 1)


def test_the_last_value_that_still_stands_comes_back(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    batches = [ingest([(*EIGHT, value)], str(value).encode()) for value in (0.1, 0.2, 0.3, 0.4)]
    assert withdraw(batches[1].batch_id).n_withdrawn == 0  # all it told was replaced since
    assert values(store) == {"08": 0.4}
    assert withdraw(batches[3].batch_id).n_restored == 1
    assert values(store) == {"08": 0.3}
    withdraw(batches[2].batch_id)
    assert values(store) == {"08": 0.1}
    withdraw(batches[0].batch_id)
    assert values(store) == {}


def test_a_value_of_a_superseded_batch_does_not_come_back(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    ingest([(*EIGHT, 0.1)], b"a")
    wrong = ingest([(*EIGHT, 10.0)], b"b")
    ingest([(*NOON, 0.2)], b"a", options={"year": 2020})  # the first file, read another way
    done = withdraw(wrong.batch_id)
    assert (done.n_withdrawn, done.n_restored) == (1, 0)
    assert values(store) == {"12": 0.2}


def test_batches_it_had_superseded_go_with_it(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    first = ingest([(*EIGHT, 0.1), (*NOON, 0.2)], b"a")
    second = ingest([(*EIGHT, 0.1), (*NOON, 0.3)], b"a", options={"year": 2021})
    with pytest.raises(StoreError, match=f"已由批次 {second.batch_id} 取代"):
        withdraw(first.batch_id)
    done = withdraw(second.batch_id)  # 08 still bears the number of the first
    assert (done.n_withdrawn, done.n_restored) == (2, 0)
    assert values(store) == {}


def test_a_withdrawn_file_stays_withdrawn_until_somebody_sends_it_again(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    rows = [(*EIGHT, 0.1)]
    wrong = ingest(rows)
    withdraw(wrong.batch_id)
    assert ingest(rows).is_repeat
    assert values(store) == {}
    again = ingest(rows, is_again=True)
    assert (again.is_repeat, again.n_new) == (False, 1)
    assert values(store) == {"08": 0.1}
    withdraw(again.batch_id)
    mended = ingest(rows, decoder_version="2")
    assert (mended.is_repeat, mended.n_new) == (False, 1)


def test_what_two_files_told_the_same_goes_and_can_be_sent_again(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    wrong = ingest([(*EIGHT, 0.1), (*NOON, 10.0)], b"a")
    ingest([(*EIGHT, 0.1)], b"b")
    withdraw(wrong.batch_id)
    assert values(store) == {}
    assert ingest([(*EIGHT, 0.1)], b"b", is_again=True).n_new == 1
    assert values(store) == {"08": 0.1}


def test_sending_again_what_still_holds_changes_nothing(store: Store, ingest: Ingest) -> None:
    first = ingest([(*EIGHT, 0.1)])
    again = ingest([(*EIGHT, 0.1)], is_again=True)
    assert (again.n_new, again.n_revised, again.n_unchanged, again.n_withdrawn) == (0, 0, 1, 0)
    assert again.batch_id != first.batch_id
    assert values(store) == {"08": 0.1}


def test_cases_of_what_is_gone_are_closed_and_of_what_came_back_opened(
    store: Store, ingest: Ingest, people: People, withdraw: Withdraw
) -> None:
    ingest([(*EIGHT, 0.1)])
    judged = int(store.read_observations(DAY)["revision"].iloc[0])
    store.record_decision(judged, "reject", actor=people["reviewer"], reason="pump failed")
    wrong = ingest([(*EIGHT, 10.0)])
    assert store.read_reviews()["reason"].tolist() == ["revised_after_decision"]
    assert withdraw(wrong.batch_id).n_reviews == 1
    (case,) = store.read_reviews().to_dict("records")
    assert case["reason"] == "restored_after_withdrawal"
    assert case["revision"] == store.read_observations(DAY)["revision"].iloc[0]
    assert case["context"] == {
        "judged_revision": judged, "verdict": "reject", "actor": "reviewer", "value": 0.1,
    }  # fmt: skip
    assert store.read_reviews("withdrawn")["reason"].tolist() == ["revised_after_decision"]
    assert store.read_observations(DAY)["decision"].isna().all()


def test_what_is_approved_is_withdrawn_by_an_approver(
    store: Store, ingest: Ingest, people: People, withdraw: Withdraw
) -> None:
    ingest([(*EIGHT, 0.1)])
    wrong = ingest([(*EIGHT, 10.0), (*NOON, 20.0)])
    store.record_approval("yaodu", DAY, "reviewed", actor=people["reviewer"], reason="r")
    store.record_approval("yaodu", DAY, "approved", actor=people["approver"], reason="r")
    with pytest.raises(AccessDenied, match=f"批次 {wrong.batch_id}已批准"):
        withdraw(wrong.batch_id)
    assert values(store) == {"08": 10.0, "12": 20.0}
    done = withdraw(wrong.batch_id, "approver")
    assert (done.n_withdrawn, done.n_restored, done.n_reviews) == (2, 1, 1)
    assert store.read_observations(DAY)["approval"].tolist() == ["provisional"]
    assert store.read_reviews()["reason"].tolist() == ["revised_after_approval"]


def test_a_withdrawal_is_complete_or_refused(
    store: Store, ingest: Ingest, people: People, withdraw: Withdraw
) -> None:
    wrong = ingest([(*EIGHT, 10.0)])
    with pytest.raises(StoreError, match="there is no batch 99"):
        withdraw(99)
    with pytest.raises(StoreError, match="has a reason"):
        store.withdraw_batch(wrong.batch_id, actor=people["reviewer"], reason=" ")
    with pytest.raises(AccessDenied, match="may not withdraw"):
        withdraw(wrong.batch_id, "administrator")
    assert values(store) == {"08": 10.0}
    done = withdraw(wrong.batch_id)
    with pytest.raises(StoreError, match="is withdrawn already"):
        withdraw(wrong.batch_id)
    with pytest.raises(StoreError, match="is a withdrawal itself"):
        withdraw(done.batch_id)
    assert store.check_acts() == []


def test_a_batch_of_nothing_but_dead_letters(
    store: Store, ingest: Ingest, withdraw: Withdraw
) -> None:
    wrong = store.ingest(
        [], blob=b"x", file_name="x.csv", source="tabulated", decoder="tests",
        decoder_version="1", rejected=[Rejected(1, "no time", "?")],
    )  # fmt: skip
    done = withdraw(wrong.batch_id)
    assert (done.n_withdrawn, done.n_restored, done.n_letters) == (0, 0, 1)
    assert store.read_dead_letters() == []
