"""A line of a statement: one factor in one month, with every number on the way to its amount.

Source: the union of columns of real notices (核算通报 of 河北 and 保定, 评分表 of 十堰): status,
measured, target, amount, remark; the numbers between them, so that a reader can reckon again.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from ecomon.model.agreement import Agreement, Factor
from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.quantity import round_gbt8170
from ecomon.settle.month_load import Evidence, MonthLoad

LineStatus = Literal["measured", "insufficient"]
_UNROUNDED_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Unrounded:
    """The same numbers before each was rounded, as text to 18 places, trailing zeros dropped."""

    concentration_mg_l: str
    volume_m3: str
    excess_load_t: str
    amount_cny: str


@dataclass(frozen=True, slots=True)
class Line:
    """One factor-month.

    The order of the columns is the order of the reckoning: concentration (rounded), its difference
    from the target, volume (whole m³), signed excess load, load that is charged under the mode,
    price, amount. A positive amount is paid by the downstream party to the upstream one. All of
    them are None where the month is insufficient (数据不足); an amount of zero is a measured zero.
    """

    agreement: str
    section: str
    determinand: str
    month: str
    status: LineStatus
    reason: str
    target_mg_l: Decimal
    price_cny_per_t: Decimal
    evidence: Evidence
    concentration_mg_l: Decimal | None = None
    difference_mg_l: Decimal | None = None
    volume_m3: Decimal | None = None
    excess_load_t: Decimal | None = None
    charged_load_t: Decimal | None = None
    amount_cny: Decimal | None = None
    unrounded: Unrounded | None = None

    @property
    def reference(self) -> str:
        """What a posting names it by; unique in a statement."""
        return line_reference(self.agreement, self.section, self.month, self.determinand)

    @property
    def is_unverified(self) -> bool:
        """True where the load behind it says 待核实 (its discharge link)."""
        return CONFIDENCE_ZH["unverified"] in self.reason


def line_reference(agreement: str, section: str, month: str, determinand: str) -> str:
    """The name of a line, for whoever speaks of it without having it (its evidence).

    Source: project rule, the key of ``model.agreement.Agreement`` before the place and the time.
    """
    return f"{agreement}/{section}/{month}/{determinand}"


def insufficient_line(agreement: Agreement, factor: Factor, load: MonthLoad) -> Line:
    """A line without an amount: the month cannot be settled, and ``reason`` says why."""
    return Line(
        agreement=agreement.key,
        section=agreement.section,
        determinand=factor.determinand,
        month=load.month,
        status="insufficient",
        reason=load.reason,
        target_mg_l=factor.target_mg_l,
        price_cny_per_t=factor.price_cny_per_t,
        evidence=load.evidence,
    )


def unrounded_text(value: Fraction) -> str:
    """A number before its rounding, to be read by people: plain digits, at most 18 places."""
    text = format(round_gbt8170(value, _UNROUNDED_DECIMALS), "f")
    return text.rstrip("0").rstrip(".")
