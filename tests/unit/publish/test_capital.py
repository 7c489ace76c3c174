"""Amounts in capital numerals."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.publish.capital import capital_cny


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("10", "壹拾元整"),
        ("100000", "壹拾万元整"),
        ("100010000", "壹亿零壹万元整"),
        ("20000000000.00", "贰佰亿元整"),
    ],
)
def test_by_hand(amount: str, words: str) -> None:
    assert capital_cny(Decimal(amount)) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        # 《支付结算办法》附一, the worked examples of its rules on zeros (from memory, unverified).
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
    ],
)
def test_the_printed_examples(amount: str, words: str) -> None:
    assert capital_cny(Decimal(amount)) == words


def read_back(words: str) -> int:
    """Cents of capital numerals: an independent reading, sign by sign."""
    digits = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
    units = {"拾": 10, "佰": 100, "仟": 1000}
    cents = whole = group = digit = 0
    for sign in words.removesuffix("整"):
        if sign in digits:
            digit = digits[sign]
        elif sign in units:
            group, digit = group + digit * units[sign], 0
        elif sign in "万亿":
            whole = whole + (group + digit) * {"万": 10**4, "亿": 10**8}[sign]
            group = digit = 0
        elif sign == "元":
            whole, group, digit = whole + group + digit, 0, 0
        elif sign == "角":
            cents, digit = cents + digit * 10, 0
        elif sign == "分":
            cents, digit = cents + digit, 0
    return whole * 100 + cents


@given(st.integers(min_value=0, max_value=10**14 - 1))
def test_words_read_back_as_the_amount(cents: int) -> None:
    words = capital_cny(Decimal(cents).scaleb(-2))
    assert read_back(words) == cents
    assert "零零" not in words and "零元" not in words.removeprefix("零元")


@pytest.mark.parametrize("amount", ["-1", "0.001", "1000000000000"])
def test_what_cannot_be_written_is_refused(amount: str) -> None:
    with pytest.raises(ContractError):
        capital_cny(Decimal(amount))
