"""Statements: one in force per agreement, period, run type and mode; postings that balance."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest

from ecomon.errors import LedgerError, StoreError
from ecomon.model.canonical import canonical_octets
from ecomon.store import Store


def document(amount: str = "1200.50", known_at: int = 5, **changes: Any) -> dict[str, Any]:
    return {
        "agreement": {"id": "bailong-border", "version": "2021a", "name_zh": "白龙江"},
        "period": "2021-04", "run_type": "初算", "mode": "two_sided", "amount_cny": amount,
        "postings": [
            {"party": "621200", "amount_cny": amount, "line": "2021-04/TP"},
            {"party": "510800", "amount_cny": f"-{amount}", "line": "2021-04/TP"},
        ],
        "provenance": {"kind": "golden", "known_at": known_at, "ruleset": "abc"},
        **changes,
    }  # fmt: skip


def test_a_statement_comes_back_with_its_postings(store: Store) -> None:
    statement_id = store.write_statement(1, document())
    (kept,) = store.read_statements("2021-04")
    assert kept.statement_id == statement_id
    assert (kept.agreement, kept.run_type) == ("bailong-border@2021a", "初算")
    assert kept.document == document()
    assert [one["amount_cny"] for one in kept.postings] == [Decimal("1200.50"), Decimal("-1200.50")]
    assert kept.sha256 == hashlib.sha256(canonical_octets(document())).hexdigest()
    assert store.read_statements("2021-05") == []


def test_the_same_statement_again_changes_nothing(store: Store) -> None:
    first = store.write_statement(1, document())
    seq = store.now_seq()
    assert store.write_statement(2, document(known_at=9)) == first
    assert store.now_seq() == seq
    assert [one.run_id for one in store.read_statements()] == [1]


def test_another_amount_supersedes_and_keeps_the_old(store: Store) -> None:
    first = store.write_statement(1, document())
    seq = store.now_seq()
    second = store.write_statement(2, document("1300.00"))
    store.write_statement(2, document(mode="one_sided"))
    store.write_statement(2, document(run_type="复算"))
    in_force = store.read_statements()
    assert len(in_force) == 3
    assert second in [one.statement_id for one in in_force]
    (old,) = store.read_statements(as_known_at=seq)
    assert (old.statement_id, old.superseded_seq) == (first, seq + 1)
    assert old.postings[0]["amount_cny"] == Decimal("1200.50")


def test_postings_that_do_not_balance_are_never_written(store: Store) -> None:
    lame = document(postings=[{"party": "621200", "amount_cny": "0.01", "line": "x"}])
    with pytest.raises(LedgerError, match=r"sum to 0\.01 CNY"):
        store.write_statement(1, lame)
    assert store.read_statements() == []
    assert store.now_seq() == 0


def test_a_statement_without_an_amount_has_no_postings(store: Store) -> None:
    store.write_statement(1, document(postings=[], amount_cny=None))
    assert store.read_statements()[0].postings == ()


@pytest.mark.parametrize("missing", ["agreement", "period", "mode", "postings"])
def test_a_document_names_its_key(store: Store, missing: str) -> None:
    lame = {name: item for name, item in document().items() if name != missing}
    with pytest.raises(StoreError, match=missing):
        store.write_statement(1, lame)
