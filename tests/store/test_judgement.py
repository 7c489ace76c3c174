"""Flags of machines and decisions of people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import AccessDenied, ContractError, StoreError
from ecomon.model.period import Period
from ecomon.model.role import Actor, Role
from ecomon.model.tables import FLAGGED, FLAGS
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
People = dict[str, Actor]
DAY = Period.day(2021, 4, 3)
ROWS = [
    ("bamiaogou", "TP", "2021-04-03T08:00", 0.12),
    ("bamiaogou", "TP", "2021-04-03T12:00", 0.31),
    ("bamiaogou", "TP", "2021-04-03T16:00", None),
]


@pytest.fixture
def revisions(store: Store, ingest: Ingest) -> list[int]:
    ingest(ROWS)
    return store.read_observations(DAY)["revision"].tolist()


def flags_of(
    revisions: list[int], flags: list[int], tests: list[str] | None = None
) -> pd.DataFrame:
    return FLAGS.frame({"revision": revisions, "flag": flags, "tests": tests or [""] * len(flags)})


def test_an_unjudged_observation_is_not_evaluated(store: Store, revisions: list[int]) -> None:
    table = FLAGGED.check(store.read_observations(DAY))
    assert table["flag"].tolist() == [2, 2, 2]
    assert table["decision"].isna().all()
    assert "flag" not in store.read_observations(DAY, with_flags=False)


def test_only_flags_that_changed_are_written(store: Store, revisions: list[int]) -> None:
    assert store.write_flags(flags_of(revisions, [1, 4, 9]), ruleset="a") == 3
    seq = store.now_seq()
    assert store.write_flags(flags_of(revisions, [1, 4, 9]), ruleset="b") == 0
    assert store.now_seq() == seq
    changed = flags_of(revisions, [1, 3, 9], ["", "spike:3", ""])
    assert store.write_flags(changed, ruleset="b") == 1
    assert store.write_flags(changed, ruleset="b") == 0
    assert store.read_observations(DAY)["flag"].tolist() == [1, 3, 9]
    assert store.trace_revision(revisions[1])["tests"] == "spike:3"


def test_no_flags_and_doubled_flags(store: Store, revisions: list[int]) -> None:
    assert store.write_flags(FLAGS.empty(), ruleset="a") == 0
    doubled = flags_of([revisions[0], revisions[0]], [4, 1])
    assert store.write_flags(doubled, ruleset="a") == 1
    assert store.read_observations(DAY)["flag"].iloc[0] == 1
    with pytest.raises(ContractError, match="flags"):
        store.write_flags(pd.DataFrame({"revision": [1.5]}), ruleset="a")


def test_a_person_outranks_the_machine(store: Store, revisions: list[int], people: People) -> None:
    store.write_flags(flags_of(revisions, [4, 1, 9]), ruleset="a")
    store.record_decision(
        revisions[0], "accept", actor=people["reviewer"], reason="confirmed by sample"
    )
    store.record_decision(revisions[1], "reject", actor=people["reviewer"], reason="pump failed")
    store.record_decision(
        revisions[2], "correct", actor=people["reviewer"], reason="read from log", value=0.2
    )
    table = store.read_observations(DAY)
    assert table["flag"].tolist() == [1, 4, 1]
    assert table["value"].tolist() == [0.12, 0.31, 0.2]
    assert table["decision"].tolist() == ["accept", "reject", "correct"]
    raw = store.read_observations(DAY, with_flags=False)["value"]
    assert raw.iloc[:2].tolist() == [0.12, 0.31]
    assert np.isnan(raw.iloc[2])  # a correction is an overlay: the observation stays as it came
    decisions = store.read_decisions()
    assert decisions["actor"].tolist() == ["reviewer"] * 3
    assert decisions["role"].tolist() == ["reviewer"] * 3
    assert decisions["value"].tolist()[2] == 0.2


def test_the_last_decision_holds_and_the_first_stays_on_record(
    store: Store, revisions: list[int], people: People
) -> None:
    store.record_decision(revisions[1], "reject", actor=people["reviewer"], reason="pump failed")
    seq = store.now_seq()
    store.record_decision(revisions[1], "accept", actor=people["second"], reason="pump was sound")
    assert store.read_observations(DAY)["decision"].tolist()[1] == "accept"
    known = store.read_observations(DAY, as_known_at=seq)
    assert (known["decision"].tolist()[1], known["flag"].tolist()[1]) == ("reject", 4)
    verdicts = [one["verdict"] for one in store.trace_revision(revisions[1])["decisions"]]
    assert verdicts == ["reject", "accept"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reason": " "}, "has a reason"),
        ({"verdict": "approve"}, "accept, reject or correct"),
        ({"verdict": "correct"}, "carries a value"),
        ({"value": 0.1}, "carries a value"),
        ({"verdict": "correct", "value": float("nan")}, "a correction is a number"),
        ({"revision": 999}, "no revision 999"),
    ],
)
def test_a_decision_is_complete_or_refused(
    store: Store, revisions: list[int], people: People, options: dict[str, object], said: str
) -> None:
    given = {
        "revision": revisions[0], "verdict": "accept", "actor": people["reviewer"], "reason": "r",
        **options,
    }  # fmt: skip
    with pytest.raises(StoreError, match=said):
        store.record_decision(**given)  # pyright: ignore[reportArgumentType]
    assert store.read_decisions().empty


def test_a_review_is_opened_once_and_settled_by_its_decision(
    store: Store, revisions: list[int], people: People
) -> None:
    case = {"revision": revisions[1], "reason": "lone", "determinand": "TP", "value": 0.31}
    assert store.open_reviews([case]) == 1
    seq = store.now_seq()
    assert store.open_reviews([case]) == 0
    assert store.now_seq() == seq
    (opened,) = store.read_reviews().to_dict("records")
    assert (opened["revision"], opened["reason"]) == (revisions[1], "lone")
    assert opened["context"] == {"determinand": "TP", "value": 0.31}
    store.record_decision(revisions[1], "accept", actor=people["reviewer"], reason="sampled again")
    assert store.read_reviews().empty
    assert store.read_reviews("decided")["revision"].tolist() == [revisions[1]]
    assert len(store.read_reviews(None)) == 1


def test_a_new_revision_of_a_judged_value_opens_a_review(
    store: Store, ingest: Ingest, revisions: list[int], people: People
) -> None:
    store.record_decision(revisions[1], "accept", actor=people["reviewer"], reason="sampled again")
    ingest([(*ROWS[0][:3], 0.13), (*ROWS[1][:3], 0.33)], b"later")
    (opened,) = store.read_reviews().to_dict("records")
    now = store.read_observations(DAY)
    assert opened["revision"] == now["revision"].tolist()[1]
    assert opened["reason"] == "revised_after_decision"
    assert opened["context"] == {
        "judged_revision": revisions[1], "verdict": "accept", "actor": "reviewer",
        "value_before": 0.31, "value_after": 0.33,
    }  # fmt: skip
    assert now["decision"].isna().all()  # the decision named the old revision, not this one


@pytest.mark.parametrize("role", ["administrator", "accountant", "viewer", "machine"])
def test_who_may_not_decide_is_refused(
    store: Store, revisions: list[int], people: People, role: Role
) -> None:
    founder = people["administrator"]
    who = founder
    if role != "administrator":
        who = store.authenticate(store.add_actor("other", role, by=founder).text)
    seq = store.now_seq()
    with pytest.raises(AccessDenied, match=rf"监测人员、批准人.*a {role} may not decide"):
        store.record_decision(revisions[0], "accept", actor=who, reason="r")
    assert store.read_decisions().empty
    assert store.now_seq() == seq


def test_a_decision_is_an_act(store: Store, revisions: list[int], people: People) -> None:
    store.record_decision(
        revisions[0], "correct", actor=people["reviewer"], reason="read from log", value=0.2,
        evidence="log p. 4",
    )  # fmt: skip
    act = store.read_acts(limit=1)[0]
    assert (act["actor"], act["role"], act["what"]) == ("reviewer", "reviewer", "decision")
    assert (act["subject"], act["seq"]) == (f"revision/{revisions[0]}", store.now_seq())
    assert act["detail"] == {
        "verdict": "correct", "value": 0.2, "reason": "read from log", "evidence": "log p. 4",
    }  # fmt: skip
