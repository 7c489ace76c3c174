"""The statement (核算单) of one agreement and period, and its canonical document."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any, Literal

from ecomon.errors import LedgerError
from ecomon.model.agreement import Agreement, Mode, Party
from ecomon.model.approval import ApprovalState
from ecomon.model.canonical import canonical_octets
from ecomon.model.provenance import Provenance
from ecomon.settle.label import Label, has_unverified_terms, labels_for
from ecomon.settle.ledger import Posting, check_balance, sum_money, total_by_party
from ecomon.settle.line import Line

RunType = Literal["初算", "复算", "终算"]
RUN_TYPES_EN: dict[RunType, str] = {
    "初算": "first settlement",
    "复算": "recalculation",
    "终算": "final settlement",
}
StatementStatus = Literal["complete", "incomplete", "insufficient"]
STATUS_ZH: dict[StatementStatus, str] = {
    "complete": "数据完整",
    "incomplete": "数据不完整",
    "insufficient": "数据不足",
}
DOCUMENT_FORM = "ecomon-statement-1"


@dataclass(frozen=True, slots=True)
class PartyTotal:
    """What a party receives (positive) or pays (negative); None where nothing could be settled."""

    party: Party
    side: Literal["upstream", "downstream"]
    amount_cny: Decimal | None


@dataclass(frozen=True, slots=True)
class Statement:
    """Lines in the order of month and factor, and two postings for each measured one.

    ``amount_cny`` and the totals are over the measured lines; they are None when there is none.
    ``n_missing`` says how many factor-months they leave out. ``approval`` is the least state of the
    readings that the loads were formed of.

    Raises
    ------
    LedgerError
        on construction, if postings do not sum to zero or are not those of the lines.
    """

    agreement: Agreement
    mode: Mode
    run_type: RunType
    period: str
    lines: tuple[Line, ...]
    postings: tuple[Posting, ...]
    provenance: Provenance
    approval: ApprovalState = "provisional"

    def __post_init__(self) -> None:
        check_balance(self.postings)
        received = total_by_party(self.postings).get(self.agreement.upstream.jurisdiction)
        if received != self.amount_cny:
            raise LedgerError(f"lines sum to {self.amount_cny}, postings to {received}")

    @property
    def amount_cny(self) -> Decimal | None:
        """Sum of the measured lines: positive, the downstream party pays; None of no such line."""
        amounts = [line.amount_cny for line in self.lines if line.amount_cny is not None]
        return sum_money(amounts) if amounts else None

    @property
    def is_provisional(self) -> bool:
        """False only where a person has approved every reading the loads were formed of."""
        return self.approval != "approved"

    @property
    def n_missing(self) -> int:
        """Factor-months without an amount."""
        return sum(line.status == "insufficient" for line in self.lines)

    @property
    def status(self) -> StatementStatus:
        if self.n_missing == 0:
            return "complete"
        return "insufficient" if self.n_missing == len(self.lines) else "incomplete"

    @property
    def has_unverified_facts(self) -> bool:
        """True where the agreement, a target, a price or a discharge link is 待核实."""
        return has_unverified_terms(self.agreement) or any(
            line.is_unverified for line in self.lines
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        """Words that stand over every page (水印)."""
        return labels_for(
            self.agreement,
            self.mode,
            self.lines,
            self.provenance,
            approval=self.approval,
        )

    @property
    def is_shadow(self) -> bool:
        """True where no agreement binds: 模拟核算."""
        return self.agreement.is_shadow

    @property
    def is_payable(self) -> bool:
        """True only where every factor-month is there, real, approved, verified, and as agreed."""
        return (
            self.status == "complete"
            and not self.is_provisional
            and not self.is_shadow
            and self.mode == self.agreement.mode
            and self.provenance.kind == "real"
            and not self.has_unverified_facts
        )

    @property
    def totals(self) -> tuple[PartyTotal, PartyTotal]:
        """Upstream, then downstream, from the postings."""
        received = total_by_party(self.postings)
        upstream, downstream = self.agreement.upstream, self.agreement.downstream
        return (
            PartyTotal(upstream, "upstream", received.get(upstream.jurisdiction)),
            PartyTotal(downstream, "downstream", received.get(downstream.jurisdiction)),
        )

    def as_document(self) -> dict[str, Any]:
        """All of it as JSON values: numbers that were reckoned are text, missing ones are null.

        No run's id is in it, so that the same facts and data give the same document whenever and
        wherever they are settled.
        """
        provenance = self.provenance
        return {
            "form": DOCUMENT_FORM,
            "agreement": self.agreement.model_dump(mode="json"),
            "mode": self.mode,
            "run_type": self.run_type,
            "period": self.period,
            "status": self.status,
            "is_shadow": self.is_shadow,
            "is_payable": self.is_payable,
            "is_provisional": self.is_provisional,
            "approval": self.approval,
            "n_lines": len(self.lines),
            "n_missing": self.n_missing,
            "amount_cny": _as_json(self.amount_cny),
            "totals": _as_json(self.totals),
            "lines": [{"reference": line.reference, **_as_json(line)} for line in self.lines],
            "postings": _as_json(self.postings),
            "labels": _as_json(self.labels),
            "provenance": {
                "kind": provenance.kind,
                "known_at": provenance.known_at,
                "ruleset": provenance.ruleset,
                "code_version": provenance.code_version,
            },
        }


def document_bytes(statement: Statement) -> bytes:
    """The statement as canonical JSON: UTF-8, keys sorted, no spaces, one newline at the end.

    Byte-identical for the same loads, agreement, period and provenance, whatever the order of the
    loads' rows; both provinces can compare a hash of it.

    Source
    ------
    Project rule: both parties replay the account to the cent.
    """
    return canonical_octets(statement.as_document())


def _as_json(value: Any) -> Any:
    """Dataclasses and tuples as JSON values, Decimal and float as their text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, Party):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _as_json(getattr(value, field.name)) for field in fields(value)}
    return value
