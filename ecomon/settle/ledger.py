"""Postings (分录): who receives and who pays, in amounts that sum to zero.

Source: conservation (in an agreement of two parties, payer + receiver = 0) and the sign convention
of ``model.agreement.Agreement``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from ecomon.errors import LedgerError
from ecomon.model.agreement import Agreement
from ecomon.settle.line import Line

_PREC = 60  # exact for any sum of money, whatever the caller's own decimal context


@dataclass(frozen=True, slots=True)
class Posting:
    """Money to (positive) or from (negative) one party, and the line it comes of."""

    party: str  # jurisdiction, GB/T 2260 code
    amount_cny: Decimal
    line: str


def post_line(agreement: Agreement, line: Line) -> tuple[Posting, ...]:
    """Two postings of one measured line, upstream first; none of a line without an amount.

    A measured zero is posted too: the month is settled, at nothing.
    """
    if line.amount_cny is None:
        return ()
    return (
        Posting(agreement.upstream.jurisdiction, line.amount_cny, line.reference),
        Posting(agreement.downstream.jurisdiction, _opposite(line.amount_cny), line.reference),
    )


def check_balance(postings: Iterable[Posting]) -> None:
    """Pass if every line's postings sum to zero, and with them the whole.

    Raises
    ------
    LedgerError
        naming the lines that do not balance, or a posting that is no finite amount.
    """
    by_line: dict[str, list[Decimal]] = defaultdict(list)
    for posting in postings:
        if not posting.amount_cny.is_finite():
            raise LedgerError(f"{posting.line}: {posting.amount_cny} is no amount of money")
        by_line[posting.line].append(posting.amount_cny)
    off = [f"{line} by {sum_money(own)}" for line, own in by_line.items() if sum_money(own) != 0]
    if off:
        raise LedgerError("postings do not sum to zero: " + "; ".join(off))


def total_by_party(postings: Iterable[Posting]) -> dict[str, Decimal]:
    """What each party receives (positive) or pays in all, CNY; empty of no postings."""
    by_party: dict[str, list[Decimal]] = defaultdict(list)
    for posting in postings:
        by_party[posting.party].append(posting.amount_cny)
    return {party: sum_money(own) for party, own in by_party.items()}


def sum_money(amounts: Iterable[Decimal]) -> Decimal:
    """Exact sum; the decimals of the finest amount are kept."""
    with localcontext() as context:
        context.prec = _PREC
        return sum(amounts, Decimal(0))


def _opposite(amount: Decimal) -> Decimal:
    # copy_negate alone would make -0.00 of a zero, which reads as a payment in print.
    return amount.copy_negate() if amount else amount
