"""The words of estimated loads: methods, roles and standings, in both languages."""

from __future__ import annotations

import math

from ecomon.publish.wording import INSUFFICIENT, Words, number_shown

METHODS: dict[str, Words] = {
    "A": Words("A 平均浓度×平均瞬时流量", "A mean C × mean sampled Q"),
    "B": Words("B 平均浓度×时段平均流量", "B mean C × mean Q of the period"),
    "C": Words("C 瞬时通量平均", "C mean of sampled flux"),
    "D": Words("D 时段代表法", "D period-weighted"),
    "E": Words("E 流量加权平均", "E flow-weighted"),
    "A-E": Words("A–E 五种平均法", "averages A–E"),
    "beale": Words("Beale 比率估计", "Beale ratio"),
    "beale_stratified": Words("分层 Beale 比率估计", "stratified Beale ratio"),
    "linear": Words("线性插值", "linear interpolation"),
    "rectangular": Words("矩形插值", "rectangular interpolation"),
    "integration": Words("逐时积分", "direct integration"),
    "regression": Words("回归", "regression"),
    "regression_5": Words("五参数回归", "5-parameter regression"),
    "regression_7": Words("七参数回归", "7-parameter regression"),
    "composite": Words("回归＋残差插值", "composite"),
    "bridge": Words("回归＋AR(1) 桥", "regression + AR(1) bridge"),
    "wrtds": Words("WRTDS", "WRTDS"),
    "wrtds_k": Words("WRTDS-K", "WRTDS-K"),
    "none": Words("未计算", "none"),
}
ROLES: dict[str, Words] = {
    "best": Words("最佳估计", "best estimate"),
    "settlement": Words("协议核算", "settlement"),
    "cross_check": Words("对照", "cross-check"),
    "spread": Words("A–E 离散范围", "spread of A–E"),
}
STANDINGS: dict[str, Words] = {
    "measured": Words("实测", "measured"),
    "estimated": Words("含估算", "partly estimated"),
    "bracket_only": Words("仅给上下限", "bracket only"),
    "insufficient": INSUFFICIENT,
}
NO_NUMBER = ("bracket_only", "insufficient")
"""Standings of an estimate that has no load."""


def reason_words(text: str) -> Words:
    """A reason as it is stated, ``Chinese / English``, or several after ``；``, in two texts.

    What has no second half stands in both.
    """
    parts = [part.partition(" / ") for part in text.split("；") if part]
    chinese = "；".join(zh for zh, _, _ in parts)
    return Words(chinese, "; ".join(en or zh for zh, _, en in parts))


def figures_shown(value: float, digits: int = 4) -> str | None:
    """A mass with about ``digits`` figures, at most six decimals; None where there is no value."""
    if not math.isfinite(value):
        return None
    whole = math.floor(math.log10(abs(value))) + 1 if value else 1
    return number_shown(value, min(6, max(0, digits - whole)))


def span_shown(lower: float, upper: float) -> str | None:
    """``12.1 – 14.9``; None where neither end is known."""
    ends = [figures_shown(lower), figures_shown(upper)]
    return None if ends == [None, None] else " – ".join(end or "?" for end in ends)
