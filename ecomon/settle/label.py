"""What a reader must know before the amount: the words over every page of a statement (水印)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecomon.model.agreement import Agreement, Mode
from ecomon.model.approval import ApprovalState
from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.provenance import Provenance
from ecomon.settle.line import Line

_MODE_WORDS: dict[Mode, tuple[str, str]] = {
    "one_sided": ("单向", "one-sided"),
    "two_sided": ("双向", "two-sided"),
}


@dataclass(frozen=True, slots=True)
class Label:
    """Words in both languages."""

    zh: str
    en: str


_APPROVAL_LABELS: dict[ApprovalState, Label] = {
    "provisional": Label("数据未经审核", "PROVISIONAL DATA, NOT REVIEWED"),
    "reviewed": Label("数据已审核，未批准", "DATA REVIEWED, NOT APPROVED"),
}


def has_unverified_terms(agreement: Agreement) -> bool:
    """True where the agreement or one of its targets and prices is 待核实."""
    return agreement.is_unverified or any(factor.is_unverified for factor in agreement.factors)


def labels_for(
    agreement: Agreement,
    mode: Mode,
    lines: Sequence[Line],
    provenance: Provenance,
    *,
    approval: ApprovalState,
) -> tuple[Label, ...]:
    """The labels of a statement, most important first.

    Only a complete, binding, verified statement of approved data bears none.

    Source
    ------
    Project rule: example and golden data are watermarked, provisional data say so, and unverified
    facts say 待核实 on the page.
    """
    labels: list[Label] = []
    if provenance.watermark_zh and provenance.watermark_en:
        labels.append(Label(provenance.watermark_zh, provenance.watermark_en))
    if agreement.is_shadow:
        labels.append(Label("模拟核算，非应付款项", "SHADOW CALCULATION, NOTHING IS DUE"))
    if mode != agreement.mode:
        zh, en = _MODE_WORDS[mode]
        labels.append(Label(f"比较口径：{zh}", f"FOR COMPARISON: {en}"))
    labels.extend(_data_labels(lines))
    if approval in _APPROVAL_LABELS:
        labels.append(_APPROVAL_LABELS[approval])
    unverified = CONFIDENCE_ZH["unverified"]
    if has_unverified_terms(agreement):
        labels.append(Label(f"协议参数{unverified}", "AGREEMENT TERMS UNVERIFIED"))
    if any(line.is_unverified for line in lines):
        labels.append(Label(f"流量关联{unverified}", "DISCHARGE LINK UNVERIFIED"))
    return tuple(labels)


def _data_labels(lines: Sequence[Line]) -> list[Label]:
    missing = sum(line.status == "insufficient" for line in lines)
    if not missing:
        return []
    if missing == len(lines):
        return [Label("数据不足，无金额", "INSUFFICIENT DATA, NO AMOUNT")]
    zh = f"数据不完整：{len(lines)} 个指标月中缺 {missing} 个，暂不结算"
    en = f"INCOMPLETE: {missing} of {len(lines)} factor-months missing, not payable"
    return [Label(zh, en)]
