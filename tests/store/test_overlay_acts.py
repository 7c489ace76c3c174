"""Changes of a site's own facts: two people, one transaction with the files, both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.role import Actor, Role
from ecomon.store import Store

DETAIL = {"effective_from": "2026-07-01", "changes": []}


@pytest.fixture
def people(store: Store) -> Callable[[str, Role], Actor]:
    admin = store.authenticate(store.add_actor("admin", "administrator", by=None).text)

    def make(name: str, role: Role) -> Actor:
        return store.authenticate(store.add_actor(name, role, by=admin).text)

    return make


def test_who_proposed_does_not_approve_and_the_files_go_with_the_act(
    store: Store, people: Callable[[str, Role], Actor]
) -> None:
    wang, zhao = people("wang", "reviewer"), people("zhao", "approver")
    put: list[str] = []

    def approve(who: Actor, digest: str = "a") -> str:
        return store.approve_overlay(
            digest, actor=who, reason="r", detail=DETAIL, put=lambda: put.append(digest)
        )

    with pytest.raises(AccessDenied, match="somebody else"):
        approve(zhao)
    store.propose_overlay("a", actor=zhao, reason="r", detail=DETAIL)
    with pytest.raises(AccessDenied, match="somebody else"):
        approve(zhao)
    store.propose_overlay("a", actor=wang, reason="r", detail=DETAIL)
    with pytest.raises(AccessDenied):
        approve(wang)  # a reviewer
    with pytest.raises(AccessDenied, match="somebody else"):
        approve(zhao, "b")  # other changes than were proposed
    with pytest.raises(StoreError, match="reason"):
        store.propose_overlay("a", actor=wang, reason=" ", detail=DETAIL)
    assert put == []
    assert approve(zhao) == "wang"
    assert put == ["a"]
    last = store.read_acts(limit=1)[0]
    assert (last["what"], last["actor"], last["subject"]) == (
        "overlay_approved",
        "zhao",
        "overlay/a",
    )
    assert last["detail"] == {**DETAIL, "reason": "r", "proposed_by": "wang"}
    assert store.check_acts() == []


def test_files_that_could_not_be_written_leave_no_act(
    store: Store, people: Callable[[str, Role], Actor]
) -> None:
    wang, zhao = people("wang", "reviewer"), people("zhao", "approver")
    store.propose_overlay("a", actor=wang, reason="r", detail=DETAIL)

    def full() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        store.approve_overlay("a", actor=zhao, reason="r", detail=DETAIL, put=full)
    assert [one["what"] for one in store.read_acts(limit=1)] == ["overlay_proposed"]
