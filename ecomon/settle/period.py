"""Settle one agreement over a period."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.agreement import Agreement, Mode
from ecomon.model.approval import ApprovalState
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.settle.f2 import charge_excess_load
from ecomon.settle.ledger import post_line
from ecomon.settle.line import Line
from ecomon.settle.month_load import month_loads
from ecomon.settle.statement import RunType, Statement

_CHARGE: dict[str, Callable[..., Line]] = {"F2": charge_excess_load}


def settle_period(
    agreement: Agreement,
    loads: pd.DataFrame,
    period: Period,
    *,
    mode: Mode | None = None,
    run_type: RunType = "初算",
    provenance: Provenance,
    approval: ApprovalState = "provisional",
) -> Statement:
    """Lines, postings and statement of one agreement over whole months.

    A factor-month whose load is insufficient is a line without an amount. The statement is then
    ``incomplete`` and not payable; its totals are over the lines that have one and it says how
    many have not. Where none has, there is no amount at all.

    Parameters
    ----------
    agreement : Agreement
    loads : LOADS
        Monthly loads; rows of other sections, determinands and months are left aside.
    period : Period
        Whole calendar months, all within the agreement's validity.
    mode : {"one_sided", "two_sided"}, optional
        The agreement's own unless given; another mode is for comparison and never payable.
    run_type : {"初算", "复算", "终算"}
    provenance : Provenance
    approval : {"provisional", "reviewed", "approved"}
        The least state of the readings the loads were formed of; payable is only ``approved``.

    Returns
    -------
    Statement

    Raises
    ------
    ContractError
        if the period is not whole months, the agreement is not in force in one of them, or the
        loads were not formed as the agreement says.
    LedgerError
        if postings do not balance.

    Source
    ------
    Family F2 and the sign convention of ``model.agreement.Agreement``.
    """
    mode = mode or agreement.mode
    months = _months_in_force(agreement, period)
    factors = {factor.determinand: factor for factor in agreement.factors}
    charge = _CHARGE[agreement.family]
    lines = tuple(
        charge(agreement, factors[load.determinand], load, mode=mode)
        for load in month_loads(loads, agreement, months)
    )
    return Statement(
        agreement=agreement,
        mode=mode,
        run_type=run_type,
        period=period.label,
        lines=lines,
        postings=tuple(posting for line in lines for posting in post_line(agreement, line)),
        provenance=provenance,
        approval=approval,
    )


def _months_in_force(agreement: Agreement, period: Period) -> list[str]:
    months = period.split("month")
    if months[0].start != period.start or months[-1].end != period.end:
        raise ContractError(f"settled by whole months; {period} is not")
    for month in months:
        if not agreement.holds_on(month.start.date()):
            raise ContractError(f"{agreement.key} is not in force in {month}")
    return [month.label for month in months]
