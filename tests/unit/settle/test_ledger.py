from __future__ import annotations

from decimal import Decimal, localcontext

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import LedgerError
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.settle import Posting, check_balance, settle_period, total_by_party
from ecomon.settle.ledger import sum_money

CENTS = st.integers(-(10**13), 10**13).map(lambda cents: Decimal(cents).scaleb(-2))


def pair(line: str, amount: str | Decimal) -> list[Posting]:
    return [Posting("621222", Decimal(amount), line), Posting("510822", -Decimal(amount), line)]


def test_two_lines_by_hand() -> None:
    postings = [*pair("a", "-100.10"), *pair("b", "30.05")]
    check_balance(postings)
    assert total_by_party(postings) == {"621222": Decimal("-70.05"), "510822": Decimal("70.05")}
    assert total_by_party([]) == {}


def test_a_cent_off_is_an_error_that_names_the_line() -> None:
    postings = [*pair("a", "100.10"), Posting("621222", Decimal("0.01"), "b")]
    with pytest.raises(LedgerError, match=r"b by 0\.01"):
        check_balance(postings)


def test_two_lines_may_not_balance_each_other() -> None:
    with pytest.raises(LedgerError, match="a by 5; b by -5"):
        check_balance([Posting("621222", Decimal(5), "a"), Posting("510822", Decimal(-5), "b")])


def test_nothing_that_is_no_number_is_posted() -> None:
    with pytest.raises(LedgerError, match="NaN is no amount"):
        check_balance([Posting("621222", Decimal("NaN"), "a")])


@given(amounts=st.lists(CENTS, max_size=30), order=st.randoms(use_true_random=False))
def test_postings_sum_to_zero_in_any_order(amounts: list[Decimal], order: object) -> None:
    postings = [posting for i, amount in enumerate(amounts) for posting in pair(str(i), amount)]
    before = total_by_party(postings)
    order.shuffle(postings)  # type: ignore[attr-defined]
    check_balance(postings)
    assert total_by_party(postings) == before
    assert sum(before.values()) == 0


@given(amounts=st.lists(CENTS, min_size=1, max_size=30))
def test_sums_do_not_depend_on_the_callers_decimal_context(amounts: list[Decimal]) -> None:
    cents = sum(int(amount.scaleb(2)) for amount in amounts)
    with localcontext(prec=3):
        total = sum_money(amounts)
    assert total == Decimal(cents).scaleb(-2)


def test_each_measured_line_is_posted_twice(
    agreement: Agreement, april: pd.DataFrame, real: Provenance
) -> None:
    # CODMN 4.3 - 4: 30 t, -450 000; NH3N 0.415 -> 0.42 (even), -8 t, +800 000; TP 0.105 -> 0.10: 0.
    statement = settle_period(agreement, april, Period.month(2021, 4), provenance=real)
    upstream = [str(p.amount_cny) for p in statement.postings if p.party == "621222"]
    downstream = [str(p.amount_cny) for p in statement.postings if p.party == "510822"]
    assert upstream == ["-450000.00", "800000.00", "0.00"]
    assert downstream == ["450000.00", "-800000.00", "0.00"]
    assert [p.line for p in statement.postings][::2] == [line.reference for line in statement.lines]
