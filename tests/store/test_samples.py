"""Emergency samples in the store: a case that asks to confirm one, and who handed it in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.model.role import Actor
from ecomon.model.tables import OBSERVATIONS
from ecomon.store import IngestReport, Store
from ecomon.store.samples import SampleNotes

Ingest = Callable[..., IngestReport]
EIGHT = ("yaodu", "TP", "2021-04-03T08:00")
NOON = ("yaodu", "TP", "2021-04-03T12:00")


def test_a_later_report_settles_the_case_that_asked_for_it(store: Store, ingest: Ingest) -> None:
    ingest([(*EIGHT, 0.1), (*NOON, 0.1)], b"suspected")
    store.open_reviews(
        [{"revision": revision, "reason": reason} for revision, reason in ((1, "unconfirmed"), (2, "lone"))]
    )  # fmt: skip
    ingest([(*EIGHT, 0.2), (*NOON, 0.2)], b"confirmed")
    states = store.read_reviews(None)
    assert dict(zip(states["revision"], states["state"], strict=True)) == {
        1: "withdrawn", 2: "open",
    }  # fmt: skip


def test_a_case_of_an_unchanged_report_stays(store: Store, ingest: Ingest) -> None:
    ingest([(*EIGHT, 0.1)], b"suspected")
    store.open_reviews([{"revision": 1, "reason": "unconfirmed"}])
    ingest([(*NOON, 0.2)], b"another")
    assert store.read_reviews()["revision"].tolist() == [1]


def test_octets_are_signed_by_whoever_hands_them_in(store: Store, people: dict[str, Actor]) -> None:
    for actor in people.values():
        store.sign_octets("ab" * 32, actor=actor, what="sample", detail={"samples": 1})
        act = store.read_acts()[-1]
        assert (act["actor"], act["role"], act["what"]) == (actor.name, actor.role, "sample")
        assert act["subject"] == "blob/" + "ab" * 32
    assert store.check_acts() == []


def test_an_actor_that_is_disabled_signs_nothing(store: Store, people: dict[str, Actor]) -> None:
    store.disable_actor(people["reviewer"].name, by=people["administrator"])
    with pytest.raises(AccessDenied):
        store.sign_octets("ab" * 32, actor=people["reviewer"], what="sample", detail={})


# --- what is said beside the value ----------------------------------------------------------------

DAY = Period.day(2021, 4, 3)


def report(
    store: Store,
    blob: bytes,
    value: float,
    *,
    method: str | None,
    word: str = "疑似",
    **options: Any,
) -> IngestReport:
    """One report of one sample, as a laboratory's file brings it."""
    table = OBSERVATIONS.frame(
        {
            "site": ["xiwan"], "determinand": ["SB"], "statistic": ["value"],
            "start": np.array(["2021-04-03T08:30"], "datetime64[us]"), "duration_s": [0],
            "programme": ["emergency"], "source": ["samples"], "replicate": [0],
            "value": [value], "unit": ["mg/L"], "censor": ["none"], "source_flag": [word],
            "row": [4], "reported_at": np.array(["2021-04-03T10:00"], "datetime64[us]"),
            "place": ["西湾水厂"], "method": [method], "note": [None],
        }
    )  # fmt: skip
    notes = SampleNotes()
    return store.ingest(
        notes.noting([Batch(table)]), blob=blob, file_name="s.csv", source="samples",
        decoder="tests", beside=notes.write, **{"decoder_version": "1", **options},
    )  # fmt: skip


def told(store: Store, **options: int) -> list[tuple[Any, ...]]:
    table = store.read_samples(DAY, **options)
    columns = ("batch_id", "revision", "value", "method", "status")
    return list(zip(*(table[name].tolist() for name in columns), strict=True))


def test_method_place_and_time_of_the_result_are_in_the_store(store: Store) -> None:
    report(store, b"1", 0.02, method="HJ 700-2014")
    (row,) = store.read_samples(DAY).to_dict("records")
    assert (row["site"], row["place"], row["row"], row["unit"]) == ("xiwan", "西湾水厂", 4, "mg/L")
    assert (row["reported_at"], pd.isna(row["note"])) == (pd.Timestamp("2021-04-03 10:00"), True)
    assert told(store) == [(1, 1, 0.02, "HJ 700-2014", "疑似")]
    assert report(store, b"1", 0.02, method="HJ 700-2014").is_repeat
    assert len(told(store)) == 1
    assert store.read_samples(Period.day(2021, 4, 4)).empty


def test_of_one_sample_the_last_report_holds_and_the_first_was_known(store: Store) -> None:
    report(store, b"1", 0.02, method="XRF")
    seq = store.now_seq()
    report(store, b"2", 0.021, method="HJ 700-2014", word="确认")
    assert told(store) == [(2, 2, 0.021, "HJ 700-2014", "确认")]
    assert [row[3:] for row in told(store, as_known_at=seq)] == [("XRF", "疑似")]
    # a report that differs in its method only: nothing is revised, and the method is the last one
    report(store, b"3", 0.021, method="HJ 776-2015", word="确认")
    assert told(store) == [(3, 2, 0.021, "HJ 776-2015", "确认")]


def test_what_a_batch_said_goes_with_it_and_what_it_replaced_comes_back(
    store: Store, people: dict[str, Actor]
) -> None:
    report(store, b"1", 0.02, method="XRF")
    second = report(store, b"2", 0.2, method="HJ 700-2014")
    store.withdraw_batch(second.batch_id, actor=people["reviewer"], reason="wrong bottle")
    assert told(store) == [(1, 3, 0.02, "XRF", "疑似")]
    report(store, b"1", 0.02, method="ICP", decoder_version="2")  # read anew: it supersedes
    assert [row[3] for row in told(store)] == ["ICP"]
    store.withdraw_batch(4, actor=people["reviewer"], reason="wrong bottle")
    assert told(store) == []


def test_a_failed_ingest_leaves_no_note(store: Store) -> None:
    report(store, b"1", 0.02, method="XRF")
    with pytest.raises(StoreError):
        report(store, b"2", 0.03, method="XRF", supersedes=99)
    assert [row[3] for row in told(store)] == ["XRF"]
    assert [one for one in store.check() if one.is_fault] == []
