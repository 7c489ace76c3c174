from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError, LedgerError
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOADS
from ecomon.settle import Posting, Statement, document_bytes, settle_period

Row = Callable[..., pd.DataFrame]
APRIL = Period.month(2021, 4)
SECOND = Period.parse("2021-04/2021-05")


def amounts(statement: Statement) -> list[Decimal]:
    return [line.amount_cny for line in statement.lines if line.amount_cny is not None]


def test_a_complete_month_by_hand(
    agreement: Agreement, april: pd.DataFrame, real: Provenance
) -> None:
    # CODMN -450 000 (upstream pays), NH3N +800 000, TP 0: downstream pays 350 000.
    statement = settle_period(agreement, april, APRIL, provenance=real, approval="approved")
    assert statement.amount_cny == Decimal("350000.00")
    up, down = statement.totals
    assert (up.party.name_zh, up.amount_cny) == ("文县", Decimal("350000.00"))
    assert (down.party.name_zh, down.amount_cny) == ("青川县", Decimal("-350000.00"))
    assert (statement.status, statement.n_missing, statement.is_payable) == ("complete", 0, True)
    assert statement.labels == () and statement.run_type == "初算" and statement.mode == "two_sided"


def test_a_missing_factor_month_leaves_a_statement_that_is_not_payable(
    agreement: Agreement, april: pd.DataFrame, load_row: Row, real: Provenance
) -> None:
    loads = pd.concat([april, load_row("CODMN", "2021-05", "4.1", "1000000")], ignore_index=True)
    statement = settle_period(agreement, loads, SECOND, provenance=real)
    assert statement.amount_cny == Decimal("348500.00")
    assert (statement.status, statement.n_missing, len(statement.lines)) == ("incomplete", 2, 6)
    assert not statement.is_payable
    assert "6 个指标月中缺 2 个" in statement.labels[0].zh
    assert "2 of 6" in statement.labels[0].en
    assert len(statement.postings) == 8


def test_without_any_measured_month_there_is_no_amount(
    agreement: Agreement, load_row: Row, real: Provenance
) -> None:
    for loads in (LOADS.empty(), load_row("TP", "2021-04")):
        statement = settle_period(agreement, loads, APRIL, provenance=real)
        assert statement.status == "insufficient" and statement.amount_cny is None
        assert statement.postings == () and not statement.is_payable
        assert [total.amount_cny for total in statement.totals] == [None, None]
        assert statement.labels[0].zh == "数据不足，无金额"
        document = json.loads(document_bytes(statement))
        assert document["amount_cny"] is None
        assert {line["amount_cny"] for line in document["lines"]} == {None}


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"is_shadow": True}, "模拟核算"),
        ({"confidence": "unverified"}, "协议参数待核实"),
        ({"mode": "one_sided"}, "比较口径：双向"),
    ],
)
def test_what_is_not_agreed_or_not_sure_is_said_and_not_payable(
    agreement: Agreement, april: pd.DataFrame, real: Provenance,
    changes: dict[str, Any], label: str,
) -> None:  # fmt: skip
    changed = agreement.model_copy(update=changes)
    statement = settle_period(
        changed, april, APRIL, mode="two_sided", provenance=real, approval="approved"
    )
    assert statement.amount_cny == Decimal("350000.00")
    assert not statement.is_payable and label in statement.labels[0].zh


def test_example_data_and_a_doubtful_link_are_said(
    agreement: Agreement, april: pd.DataFrame, real: Provenance
) -> None:
    example = replace(real, kind="example")
    doubtful = april.assign(reason="流量关联待核实 / discharge link unverified")
    statement = settle_period(agreement, doubtful, APRIL, provenance=example)
    assert [label.zh for label in statement.labels] == [
        "示例数据",
        "数据未经审核",
        "流量关联待核实",
    ]
    assert not statement.is_payable
    reviewed = settle_period(agreement, doubtful, APRIL, provenance=real, approval="approved")
    assert not reviewed.is_payable


def test_provisional_data_are_said_and_never_payable(
    agreement: Agreement, april: pd.DataFrame, real: Provenance
) -> None:
    statement = settle_period(agreement, april, APRIL, provenance=real)
    assert [label.zh for label in statement.labels] == ["数据未经审核"]
    assert statement.labels[0].en == "PROVISIONAL DATA, NOT REVIEWED"
    assert statement.status == "complete" and not statement.is_payable
    document = json.loads(document_bytes(statement))
    assert (document["is_provisional"], document["is_payable"]) == (True, False)


def test_reviewed_data_are_not_approved_data(
    agreement: Agreement, april: pd.DataFrame, real: Provenance
) -> None:
    statement = settle_period(agreement, april, APRIL, provenance=real, approval="reviewed")
    assert [label.zh for label in statement.labels] == ["数据已审核，未批准"]
    assert statement.is_provisional and not statement.is_payable
    assert json.loads(document_bytes(statement))["approval"] == "reviewed"


def test_whole_months_in_force_only(
    agreement: Agreement, april: pd.DataFrame, real: Provenance
) -> None:
    with pytest.raises(ContractError, match="whole months"):
        settle_period(agreement, april, Period.parse("2021-04-01/2021-04-20"), provenance=real)
    ends = agreement.model_copy(update={"valid_to": date(2021, 5, 1)})
    assert settle_period(ends, april, APRIL, provenance=real, approval="approved").is_payable
    with pytest.raises(ContractError, match="not in force in 2021-05"):
        settle_period(ends, april, SECOND, provenance=real)


def test_a_statement_cannot_hold_postings_that_are_not_its_lines(
    agreement: Agreement, april: pd.DataFrame, real: Provenance
) -> None:
    statement = settle_period(agreement, april, APRIL, provenance=real)
    with pytest.raises(LedgerError, match="lines sum to"):
        replace(statement, postings=statement.postings[:2])
    with pytest.raises(LedgerError, match="do not sum to zero"):
        replace(statement, postings=(*statement.postings, Posting("510822", Decimal(1), "x")))


def test_the_document_by_hand(agreement: Agreement, april: pd.DataFrame, real: Provenance) -> None:
    statement = settle_period(agreement, april, APRIL, run_type="终算", provenance=real)
    octets = document_bytes(statement)
    assert octets.endswith(b"}\n") and octets.count(b"\n") == 1 and "青川县".encode() in octets
    document = json.loads(octets)
    assert list(document) == sorted(document)
    assert document["amount_cny"] == "350000.00" and document["run_type"] == "终算"
    assert document["agreement"]["factors"][0]["target_mg_l"] == "4"
    assert document["lines"][1] == {
        "reference": "pair@2021/yaodu/2021-04/NH3N", "agreement": "pair@2021", "section": "yaodu",
        "determinand": "NH3N", "month": "2021-04", "status": "measured", "reason": "",
        "target_mg_l": "0.5", "price_cny_per_t": "100000", "concentration_mg_l": "0.42",
        "difference_mg_l": "-0.08", "volume_m3": "100000000", "excess_load_t": "-8.000",
        "charged_load_t": "-8.000", "amount_cny": "800000.00",
        "evidence": {"n_days": 28, "coverage_volume": "1.0", "share_estimated": "0.0",
                     "censored_share": "0.0"},
        "unrounded": {"concentration_mg_l": "0.415", "volume_m3": "100000000",
                      "excess_load_t": "-8", "amount_cny": "800000"},
    }  # fmt: skip
    assert document["postings"][0] == {
        "party": "621222", "amount_cny": "-450000.00", "line": "pair@2021/yaodu/2021-04/CODMN",
    }  # fmt: skip
    assert document["provenance"] == {
        "kind": "real", "known_at": 12, "ruleset": "ab12", "code_version": "0.1.0",
    }  # fmt: skip


FIGURE = st.tuples(
    st.fractions(0, 20, max_denominator=1000), st.fractions(1, 10**9, max_denominator=100)
)


@given(
    figures=st.lists(st.one_of(st.none(), FIGURE), min_size=6, max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_the_same_loads_give_the_same_octets(
    agreement: Agreement, load_row: Row, real: Provenance,
    figures: list[tuple[Any, Any] | None], order: object,
) -> None:  # fmt: skip
    names = [(f, m) for m in ("2021-04", "2021-05") for f in ("CODMN", "NH3N", "TP")]
    rows = [
        load_row(factor, month, *map(str, figure or ()))
        for (factor, month), figure in zip(names, figures, strict=True)
    ]
    first = settle_period(agreement, pd.concat(rows, ignore_index=True), SECOND, provenance=real)
    order.shuffle(rows)  # type: ignore[attr-defined]
    again = settle_period(agreement, pd.concat(rows, ignore_index=True), SECOND, provenance=real)
    assert document_bytes(again) == document_bytes(first)
    measured = amounts(first)
    assert len(measured) == sum(figure is not None for figure in figures)
    cents = sum(int(amount.scaleb(2)) for amount in measured)
    expected = Decimal(cents).scaleb(-2) if measured else None
    assert first.amount_cny == expected
    up, down = first.totals
    assert up.amount_cny == expected
    assert down.amount_cny == (None if expected is None else -expected)
