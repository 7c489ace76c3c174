"""Approvals: what they cover, what they need, and what a later reading does to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.period import Period
from ecomon.model.role import Actor
from ecomon.store import IngestReport, Store
from ecomon.store.approvals import NONE, holding_approvals

Ingest = Callable[..., IngestReport]
People = dict[str, Actor]
DAY = Period.day(2021, 4, 3)
APRIL = Period.month(2021, 4)
ROWS = [
    ("bamiaogou", "TP", "2021-04-03T08:00", 0.12),
    ("yaodu", "NH3N", "2021-04-03T08:00", 0.5),
    ("yaodu", "TP", "2021-04-02T23:59:59", 0.3),
    ("yaodu", "TP", "2021-04-03T00:00", 0.31),
    ("yaodu", "TP", "2021-04-03T23:59:59", 0.32),
    ("yaodu", "TP", "2021-04-04T00:00", 0.33),
]


@pytest.fixture(autouse=True)
def revisions(store: Store, ingest: Ingest) -> list[int]:
    """Of the rows, in their order."""
    ingest(ROWS)
    return store.read_observations(APRIL)["revision"].tolist()


def states(store: Store, **options: Any) -> list[str]:
    return store.read_observations(APRIL, **options)["approval"].tolist()


def review(store: Store, people: People, period: Period = DAY, **options: Any) -> int:
    who = options.pop("actor", people["reviewer"])
    return store.record_approval(
        "yaodu", period, "reviewed", actor=who, reason="月审", **options
    ).n_readings


def approve(store: Store, people: People, period: Period = DAY, **options: Any) -> int:
    return store.record_approval(
        "yaodu", period, "approved", actor=people["approver"], reason="批准", **options
    ).n_readings


def test_a_span_is_half_open_and_of_its_site(store: Store, people: People) -> None:
    assert states(store) == ["provisional"] * 6
    assert review(store, people) == 3
    assert states(store) == [
        "provisional", "reviewed", "provisional", "reviewed", "reviewed", "provisional",
    ]  # fmt: skip
    assert approve(store, people, determinand="TP") == 2
    assert states(store)[3:5] == ["approved", "approved"]
    assert states(store)[1] == "reviewed"
    assert states(store, sites=["bamiaogou"]) == ["provisional"]
    assert "approval" not in store.read_observations(APRIL, with_flags=False)


def test_each_answer_stays_as_it_was(store: Store, people: People) -> None:
    review(store, people)
    approve(store, people)
    store.record_approval("yaodu", DAY, "provisional", actor=people["approver"], reason="重审")
    seen = [states(store, as_known_at=seq)[1] for seq in range(1, 5)]
    assert seen == ["provisional", "reviewed", "approved", "provisional"]
    known = store.read_approvals()
    assert known["state"].tolist() == ["reviewed", "approved", "provisional"]
    assert known["actor"].tolist() == ["reviewer", "approver", "approver"]
    assert known["determinand"].isna().all()
    assert known["end"].tolist() == [pd.Timestamp("2021-04-04")] * 3
    assert store.read_approvals(as_known_at=2)["state"].tolist() == ["reviewed"]


def test_a_later_revision_is_provisional_and_asked_about(
    store: Store, ingest: Ingest, people: People, revisions: list[int]
) -> None:
    review(store, people)
    approve(store, people)
    ingest([(*ROWS[3][:3], 0.41), (*ROWS[0][:3], 0.2)], b"later")
    assert states(store)[3] == "provisional"
    assert states(store)[4] == "approved"
    (case,) = store.read_reviews().to_dict("records")
    revised = store.read_observations(APRIL)["revision"].tolist()[3]
    assert (case["revision"], case["reason"]) == (revised, "revised_after_approval")
    assert case["context"] == {
        "judged_revision": revisions[3], "value_before": 0.31, "value_after": 0.41, "state": "approved",
        "actor": "approver", "site": "yaodu", "determinand": "TP",
        "start": "2021-04-03T00:00:00+08:00",
    }  # fmt: skip


def test_another_look_settles_what_changed_after_an_approval(
    store: Store, ingest: Ingest, people: People, revisions: list[int]
) -> None:
    review(store, people)
    ingest([(*ROWS[3][:3], 0.41), ("yaodu", "TP", "2021-04-03T12:00", 0.4)], b"later")
    store.open_reviews([{"revision": revisions[4], "reason": "lone"}])
    with pytest.raises(StoreError, match=f"有 1 个审核事项未决.*revision {revisions[4]} lone"):
        review(store, people)
    with pytest.raises(StoreError, match="有 3 个审核事项未决"):
        approve(store, people)
    store.record_decision(revisions[4], "accept", actor=people["reviewer"], reason="r")
    with pytest.raises(StoreError, match="有 2 个审核事项未决"):
        approve(store, people)
    assert review(store, people) == 4
    assert store.read_reviews().empty
    assert approve(store, people) == 4


def test_a_reading_that_comes_late_is_provisional_and_asked_about(
    store: Store, ingest: Ingest, people: People
) -> None:
    review(store, people)
    ingest([("yaodu", "TP", "2021-04-03T12:00", 0.4), ("yaodu", "TP", "2021-04-05", 0.4)], b"late")
    assert states(store)[4] == "provisional"
    (case,) = store.read_reviews().to_dict("records")
    assert case["reason"] == "added_after_approval"
    assert case["context"]["value_after"] == 0.4


def test_a_reading_that_a_new_decoding_withdraws_is_asked_about(
    store: Store, ingest: Ingest, people: People, revisions: list[int]
) -> None:
    review(store, people)
    ingest(ROWS[:3] + ROWS[4:], repr(ROWS).encode(), decoder_version="2")
    (case,) = store.read_reviews().to_dict("records")
    assert (case["revision"], case["reason"]) == (revisions[3], "withdrawn_after_approval")
    assert case["context"]["value_before"] == 0.31


def test_a_decision_sets_a_value_back(store: Store, people: People, revisions: list[int]) -> None:
    review(store, people)
    store.record_decision(revisions[3], "correct", actor=people["second"], reason="r", value=0.3)
    seq = store.now_seq()
    assert states(store)[3:5] == ["provisional", "reviewed"]
    review(store, people)
    assert states(store)[3:5] == ["reviewed", "reviewed"]
    assert states(store, as_known_at=seq)[3:5] == ["provisional", "reviewed"]


def test_a_value_set_back_is_asked_about_no_more(
    store: Store, ingest: Ingest, people: People
) -> None:
    review(store, people)
    store.record_approval("yaodu", DAY, "provisional", actor=people["reviewer"], reason="重审")
    ingest([(*ROWS[3][:3], 0.41)], b"later")
    assert store.read_reviews().empty


def test_open_cases_block(store: Store, people: People, revisions: list[int]) -> None:
    cases = [{"revision": revision, "reason": "lone"} for revision in (revisions[3], revisions[5])]
    assert store.open_reviews([*cases, cases[0]]) == 2
    with pytest.raises(StoreError, match=f"有 1 个审核事项未决.*revision {revisions[3]} lone"):
        review(store, people)
    store.record_decision(revisions[3], "accept", actor=people["reviewer"], reason="r")
    assert review(store, people) == 3
    with pytest.raises(StoreError, match=f"revision {revisions[5]} lone"):
        review(store, people, APRIL)


def test_an_open_case_of_a_revision_that_was_replaced_blocks_too(
    store: Store, ingest: Ingest, people: People, revisions: list[int]
) -> None:
    store.open_reviews([{"revision": revisions[3], "reason": "lone"}])
    ingest([(*ROWS[3][:3], 0.41)], b"later")
    with pytest.raises(StoreError, match=f"revision {revisions[3]} lone"):
        review(store, people)


def test_what_is_approved_was_reviewed_by_somebody_else(store: Store, people: People) -> None:
    with pytest.raises(StoreError, match=r"3 个监测值未经审核.*e\.g\. NH3N 2021-04-03 08:00"):
        approve(store, people)
    review(store, people, actor=people["approver"])
    with pytest.raises(AccessDenied, match="nobody approves what he himself"):
        approve(store, people)
    review(store, people)
    assert approve(store, people) == 3
    assert approve(store, people) == 3  # once more changes nothing of it


def test_who_approves_does_not_pass_his_own_decision_alone(
    store: Store, people: People, revisions: list[int]
) -> None:
    review(store, people)
    store.record_decision(revisions[3], "correct", actor=people["approver"], reason="r", value=0.2)
    with pytest.raises(
        StoreError, match=re.escape(f"TP 2021-04-03 00:00 (revision {revisions[3]})")
    ):
        approve(store, people)
    review(store, people)
    approve(store, people)
    assert states(store)[3] == "approved"


def test_only_an_approver_touches_what_is_approved(
    store: Store, people: People, revisions: list[int]
) -> None:
    review(store, people)
    approve(store, people)
    for state in ("provisional", "reviewed"):
        with pytest.raises(AccessDenied, match="a reviewer may not approve"):
            store.record_approval("yaodu", DAY, state, actor=people["second"], reason="r")
    with pytest.raises(AccessDenied, match="已批准"):
        store.record_decision(revisions[3], "reject", actor=people["reviewer"], reason="r")
    store.record_approval("yaodu", DAY, "provisional", actor=people["approver"], reason="r")
    store.record_decision(revisions[3], "reject", actor=people["reviewer"], reason="r")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reason": " "}, "has a reason"),
        ({"state": "final"}, "a state is one of"),
        ({"site": "none"}, "no reading in none"),
        ({"determinand": "PH"}, "no reading in yaodu PH 2021-04-03"),
        ({"period": Period.day(2021, 5, 1)}, "no reading"),
    ],
)
def test_an_approval_is_complete_or_refused(
    store: Store, people: People, options: dict[str, Any], said: str
) -> None:
    given = {"site": "yaodu", "period": DAY, "state": "reviewed", "reason": "r", **options}
    with pytest.raises(StoreError, match=said):
        store.record_approval(**given, actor=people["reviewer"])
    assert store.read_approvals().empty
    assert store.check_acts() == []


def test_an_approval_moves_the_input(store: Store, people: People) -> None:
    seq = store.input_seq()
    review(store, people)
    assert store.input_seq() == store.now_seq() > seq


def test_the_view_says_the_same(
    store: Store, store_url: str, ingest: Ingest, people: People, revisions: list[int]
) -> None:
    review(store, people)
    store.record_decision(revisions[3], "accept", actor=people["second"], reason="r")
    review(store, people, determinand="TP")
    approve(store, people, determinand="TP")
    ingest([(*ROWS[4][:3], 0.5)], b"later")
    engine = create_engine(store_url)
    for seq in range(store.now_seq() + 1):
        query = text(
            "SELECT o.revision, COALESCE(a.state, 'provisional') FROM observation_known o"
            " LEFT JOIN approval_known a ON a.revision = o.revision AND a.seq <= :seq"
            " AND (a.superseded_seq IS NULL OR a.superseded_seq > :seq)"
            " WHERE o.seq <= :seq AND (o.superseded_seq IS NULL OR o.superseded_seq > :seq)"
            " ORDER BY o.site, o.determinand, o.start_s"
        )
        with engine.connect() as conn:
            viewed = [tuple(row) for row in conn.execute(query, {"seq": seq})]
        table = store.read_observations(APRIL, as_known_at=seq)
        assert viewed == list(zip(table["revision"], table["approval"], strict=True))
    engine.dispose()


def test_holding_approvals_against_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    n = 300
    table = pd.DataFrame(
        {
            "site": rng.choice(["a", "b"], n),
            "determinand": rng.choice(["TP", "PH"], n),
            "start": np.datetime64("2021-01-01", "us") + rng.integers(0, 30, n) * np.timedelta64(1, "D"),
            "revision": np.arange(1, n + 1),
        }
    ).sort_values(["site", "determinand", "start"], ignore_index=True)  # fmt: skip
    first = rng.integers(0, 28, 40)
    approvals = pd.DataFrame(
        {
            "site": rng.choice(["a", "b", "c"], 40),
            "determinand": pd.array(rng.choice(np.array(["TP", "PH", None], dtype=object), 40), dtype="str"),
            "start": np.datetime64("2021-01-01", "us") + first * np.timedelta64(1, "D"),
            "end": np.datetime64("2021-01-01", "us") + (first + rng.integers(1, 20, 40)) * np.timedelta64(1, "D"),
            "seq": np.arange(101, 141),
            "last_revision": np.sort(rng.integers(0, n, 40)),
        }
    )  # fmt: skip
    decided = pd.Series({10: 120, 20: 139, 250: 141})
    found = holding_approvals(table, approvals, decided)
    for row, place in zip(table.itertuples(), found, strict=True):
        holding = [
            number
            for number, one in enumerate(approvals.itertuples())
            if one.site == row.site
            and (one.determinand == row.determinand or pd.isna(one.determinand))
            and one.start <= row.start < one.end
            and row.revision <= one.last_revision
            and one.seq > decided.get(row.revision, 0)
        ]
        assert place == (holding[-1] if holding else NONE)
