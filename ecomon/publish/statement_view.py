"""A statement's document (``Statement.as_document()``) in the words that print and workbook share.

Nothing is reckoned here: every figure is one of the document's own. What it lacks is said in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from ecomon.errors import ContractError
from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.observation import DataKind
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.publish.capital import capital_cny
from ecomon.publish.wording import (
    INSUFFICIENT,
    NOT_BINDING,
    Words,
    provenance_rows,
    watermarks,
)

FORM = "ecomon-statement-1"
Names = Mapping[str, tuple[str, str]]

MODES: dict[str, Words] = {
    "one_sided": Words(
        "单向（只计超出目标的负荷）", "one-sided (only load above the target counts)"
    ),
    "two_sided": Words("双向（超出与低于目标均计）", "two-sided (load above and below counts)"),
}
MODES_SHORT: dict[str, Words] = {
    "one_sided": Words("单向", "one-sided"),
    "two_sided": Words("双向", "two-sided"),
}
RUN_TYPES: dict[str, Words] = {
    "初算": Words("初算", "first settlement"),
    "复算": Words("复算", "recalculation"),
    "终算": Words("终算", "final settlement"),
}
STATUSES: dict[str, Words] = {
    "complete": Words("数据完整", "complete"),
    "incomplete": Words("数据不完整，暂不结算", "incomplete, not to be settled yet"),
    "insufficient": Words("数据不足，无金额", "insufficient data, no amount"),
}
SIDES: dict[str, Words] = {
    "upstream": Words("上游", "upstream"),
    "downstream": Words("下游", "downstream"),
}
_CENSORED: dict[str, Words] = {
    "zero": Words("未检出按零计入负荷", "values below detection count as zero in loads"),
    "half_limit": Words(
        "未检出按半检出限计入负荷", "values below detection count as half the limit"
    ),
}


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement to be set: the document beside the words made from it."""

    document: Mapping[str, Any]
    names: Names
    compared: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for document in (self.document, self.compared or self.document):
            if document.get("form") != FORM:
                raise ContractError(f"not a statement of form {FORM}: {document.get('form')!r}")
        if self.compared is not None:
            _check_comparable(self.document, self.compared)

    @property
    def agreement(self) -> Mapping[str, Any]:
        return self.document["agreement"]

    @property
    def period(self) -> Period:
        return Period.parse(self.document["period"])

    @property
    def provenance(self) -> Provenance:
        stated = self.document["provenance"]
        return Provenance(
            kind=cast(DataKind, stated["kind"]),
            known_at=int(stated["known_at"]),
            ruleset=str(stated["ruleset"]),
            code_version=str(stated["code_version"]),
        )

    @property
    def is_shadow(self) -> bool:
        return bool(self.document["is_shadow"])

    @property
    def title(self) -> Words:
        """What kind of paper this is."""
        if self.is_shadow:
            return Words("生态补偿模拟核算单", "Shadow calculation of compensation")
        return Words("生态补偿核算单", "Compensation statement")

    @property
    def heading(self) -> str:
        """The agreement's name as the name of a statement."""
        return f"{str(self.agreement['name_zh']).removesuffix('核算')}核算单"

    @property
    def side_by_side(self) -> tuple[Mapping[str, Any], ...]:
        """The documents that are set beside one another, always in the same order of modes."""
        documents = (self.document,) if self.compared is None else (self.document, self.compared)
        return tuple(sorted(documents, key=lambda one: list(MODES).index(one["mode"])))

    @property
    def marks(self) -> tuple[Words, ...]:
        """Marks set across each page: 模拟核算 of a shadow, 示例数据 of example data."""
        return watermarks(self.provenance, is_shadow=self.is_shadow)

    @property
    def labels(self) -> tuple[Words, ...]:
        """All that a reader must know first, as the settlement says it."""
        labels = [Words(label["zh"], label["en"]) for label in self.document["labels"]]
        if not self.document["is_payable"]:
            labels.append(Words("不作为支付依据", "NOT A BASIS FOR PAYMENT"))
        return (*labels, NOT_BINDING) if self.marks else tuple(labels)

    def name(self, key: str) -> Words:
        return Words(*self.names[key]) if key in self.names else Words(key, key)


def _check_comparable(document: Mapping[str, Any], compared: Mapping[str, Any]) -> None:
    for part in ("agreement", "period", "provenance"):
        if document[part] != compared[part]:
            raise ContractError(f"compared statements differ in their {part}")
    if document["mode"] == compared["mode"]:
        raise ContractError("compared statements are of one mode; nothing to compare")


def money_shown(amount: str | None) -> str | None:
    """An amount of the document with its thousands apart; None where there is none."""
    return None if amount is None else f"{Decimal(amount):,f}"


def party_words(view: StatementView, side: str) -> Words:
    party = view.agreement[side]
    return Words(party["name_zh"], party["name_en"])


def direction_words(view: StatementView, amount: str | None) -> Words:
    """Who pays whom, in a sentence; no amount where there is none."""
    if amount is None:
        return Words(
            "数据不足，不计算金额。", "Data are insufficient; no amount is given."
        )  # fmt: skip
    value = Decimal(amount)
    if not value:
        return Words("双方互不支付。", "Neither party pays.")
    payer, payee = ("downstream", "upstream") if value > 0 else ("upstream", "downstream")
    pays, gets = party_words(view, payer), party_words(view, payee)
    words = "" if view.is_shadow else f"（大写：人民币{_capital(abs(value))}）"
    sum_zh = f"{abs(value):,f} 元{words}"
    mood_zh, mood_en = (
        ("应", "owes") if view.document["is_payable"] else ("（测算）应", "would owe")
    )
    return Words(
        f"{SIDES[payer].zh}{pays.zh}{mood_zh}向{SIDES[payee].zh}{gets.zh}支付 {sum_zh}。",
        f"{SIDES[payer].en.capitalize()} {pays.en} {mood_en} {SIDES[payee].en} {gets.en} CNY {abs(value):,f}.",
    )


def _capital(amount: Decimal) -> str:
    # An agreement may round to finer places than a bank writes; the words then stop at the digits.
    cents = amount * 100
    return capital_cny(amount) if cents == cents.to_integral_value() else f"{amount:f}元"


def outcome_rows(view: StatementView) -> list[tuple[str, ...]]:
    """Of a shadow account, each mode with who would pay and how much: equals, for none is agreed.

    Empty for an agreement in force; there one mode is the agreed one.
    """
    if not view.is_shadow:
        return []
    return [
        (str(MODES[one["mode"]]), _payer(one["amount_cny"]), amount_shown(one["amount_cny"]))
        for one in view.side_by_side
    ]


def amount_shown(amount: str | None) -> str:
    """An amount without its sign, thousands apart; 数据不足 where there is none."""
    return str(INSUFFICIENT) if amount is None else f"{abs(Decimal(amount)):,f}"


def mode_words(view: StatementView) -> Words:
    """The mode of a statement; a shadow account shows both and prefers neither."""
    if view.is_shadow:
        return Words(
            "单向与双向并列，均未约定", "one-sided and two-sided side by side, neither agreed"
        )
    return MODES[view.document["mode"]]


def agreement_rows(view: StatementView) -> list[tuple[Words, str]]:
    """What was agreed, as label and value."""
    stated = view.agreement
    confidence = CONFIDENCE_ZH[stated["confidence"]]
    rules = _CENSORED[stated["censored_in_load"]]
    valid = f"{stated['valid_from'] or '—'} 至 {stated['valid_to'] or '长期'}（不含止日）"
    return [
        (Words("协议名称", "Agreement"), f"{stated['name_zh']} {stated['name_en']}"),
        (Words("协议编号与版本", "Key and version"), f"{stated['id']} @ {stated['version']}"),
        (Words("有效期", "In force"), valid),
        (Words("核算依据", "Legal basis"), f"{stated['legal_basis']}（{confidence} {stated['confidence']}）"),
        (Words("来源", "Source"), str(stated["source"])),
        (Words("考核断面", "Section"), str(view.name(stated["section"]))),
        (Words("上游方", "Upstream party"), _party(view, "upstream")),
        (Words("下游方", "Downstream party"), _party(view, "downstream")),
        (Words("核算口径", "Mode"), str(mode_words(view))),
        (Words("核算公式", "Formula"), f"{stated['family']}：金额 = −(C − T) × V ÷ 1 000 000 × 单价；正值由下游方支付 positive: the downstream party pays"),
        (Words("数据规则", "Data rules"), f"每月至少 {stated['min_days_per_month']} 天有效浓度，水量有效率不低于 {float(stated['min_coverage_discharge']):.0%}；{rules.zh}"),
        (Words("修约规则", "Rounding"), f"GB/T 8170；负荷 {stated['decimals_load_t']} 位小数 (t)，金额 {stated['decimals_money']} 位小数 (元)"),
    ]  # fmt: skip


def _party(view: StatementView, side: str) -> str:
    party = view.agreement[side]
    return f"{party['name_zh']} {party['name_en']}（行政区划代码 {party['jurisdiction']}）"


def factor_rows(view: StatementView) -> list[tuple[str, ...]]:
    """Factor, target, price, confidence and source, as agreed."""
    return [
        (
            str(view.name(factor["determinand"])),
            factor["target_mg_l"],
            money_shown(factor["price_cny_per_t"]) or "",
            f"{CONFIDENCE_ZH[factor['confidence']]} {factor['confidence']}",
            factor["source"],
        )
        for factor in view.agreement["factors"]
    ]


def total_rows(view: StatementView) -> list[tuple[str, ...]]:
    """Party, side, receives or pays, amount or 数据不足."""
    rows: list[tuple[str, ...]] = []
    for total in view.document["totals"]:
        amount = total["amount_cny"]
        rows.append(
            (
                f"{total['party']['name_zh']} {total['party']['name_en']}",
                str(SIDES[total["side"]]),
                _way(amount),
                amount_shown(amount),
            )
        )
    return rows


def _way(amount: str | None) -> str:
    if amount is None:
        return "— 无金额 no amount"
    value = Decimal(amount)
    if not value:
        return "互不支付 nothing"
    return "收取 receives" if value > 0 else "支付 pays"


def comparison_rows(view: StatementView) -> list[tuple[str, ...]]:
    """Mode, amount, who would pay: the agreed mode first; empty without another, or of a shadow."""
    if view.compared is None or view.is_shadow:
        return []
    rows: list[tuple[str, ...]] = []
    for document, note in ((view.document, "本核算单 this statement"), (view.compared, "仅供比较 for comparison")):  # fmt: skip
        amount = document["amount_cny"]
        rows.append(
            (
                str(MODES[document["mode"]]),
                note,
                amount_shown(amount),
                _payer(amount),
            )
        )
    return rows


def _payer(amount: str | None) -> str:
    if amount is None:
        return "—"
    value = Decimal(amount)
    if not value:
        return "互不支付 nobody"
    return "下游付上游 downstream pays" if value > 0 else "上游付下游 upstream pays"


def missing_rows(view: StatementView) -> list[tuple[str, ...]]:
    """Month, factor and reason of each factor-month without an amount."""
    return [
        (line["month"], str(view.name(line["determinand"])), line["reason"])
        for line in view.document["lines"]
        if line["status"] != "measured"
    ]


def provenance_notes(view: StatementView) -> Sequence[tuple[Words, str]]:
    """What the document was made from, and its form."""
    return [*provenance_rows(view.provenance), (Words("文档格式", "Document form"), FORM)]
