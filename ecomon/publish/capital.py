"""Amounts of money in Chinese capital numerals (人民币大写)."""

from __future__ import annotations

from decimal import Decimal

from ecomon.errors import ContractError

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_WITHIN = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def capital_cny(amount: Decimal) -> str:
    """An amount in CNY as it is written on a settlement paper: ``壹仟肆佰零玖元伍角``.

    Parameters
    ----------
    amount : Decimal
        Not negative, at most two decimals, below 1e12.

    Raises
    ------
    ContractError
        of an amount that cannot be written so.

    Source
    ------
    《支付结算办法》附一 "正确填写票据和结算凭证的基本规定", 二至三 (rules restated from memory:
    unverified).
    """
    cents = amount * 100
    if amount < 0 or cents != cents.to_integral_value() or amount >= Decimal(10) ** 12:
        raise ContractError(f"not an amount in yuan and cents: {amount}")
    yuan, rest = divmod(int(cents), 100)
    jiao, fen = divmod(rest, 10)
    whole = f"{_whole(yuan)}元" if yuan else ""
    if not rest:
        return (whole or "零元") + "整"
    # A zero stands before the cents where the last written digit is not of the next lower place.
    gap = "零" if yuan and (yuan % 10 == 0 or not jiao) else ""
    tail = (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[fen]}分" if fen else "")
    return whole + gap + tail


def _whole(number: int) -> str:
    """Digits in groups of four; one zero between digits that are not neighbours."""
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text = ""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            continue
        is_apart = group < 1000 or (place + 1 < len(groups) and groups[place + 1] == 0)
        text += ("零" if text and is_apart else "") + _four(group) + _GROUPS[place]
    return text


def _four(group: int) -> str:
    text, is_apart = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            text += ("零" if text and is_apart else "") + _DIGITS[digit] + _WITHIN[place]
            is_apart = False
        else:
            is_apart = True
    return text
