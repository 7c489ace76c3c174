"""Emergency samples in the store: a case that asks to confirm one, and who handed it in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ecomon.errors import AccessDenied
from ecomon.model.role import Actor
from ecomon.store import IngestReport, Store

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
