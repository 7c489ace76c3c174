"""Settle: readings and discharges -> loads under each agreement's rules -> statements."""

from __future__ import annotations

from typing import Any, get_args

import pandas as pd
from prefect import flow

from ecomon.journey.compute_loads import (
    LoadRule,
    agreements_in_force,
    approvals_used,
    compute_loads,
)
from ecomon.model.agreement import Agreement, Mode
from ecomon.model.approval import ApprovalState, least_approval
from ecomon.model.period import Period
from ecomon.settle import settle_period
from flows.installation import Run, recorded_run
from flows.load import read_for_loads, whole_months


@flow(name="settle", timeout_seconds=6 * 3600)
def settle(home: str, period: str) -> dict[str, Any]:
    """A statement for each agreement, in the mode agreed and, for comparison, in the other.

    The loads are formed here from the readings as known at this run's input, and not taken from
    the load flow's results, so that the statement names one moment from which all of it can be
    made again.
    """
    span = whole_months(period)
    with recorded_run(home, "settle", {"period": period}) as run:
        counts = {"statements": 0, "complete": 0, "incomplete": 0, "insufficient": 0}
        for agreement in agreements_in_force(run.registry, span):
            loads, approval = loads_and_approval(run, agreement, span)
            for mode in get_args(Mode):
                statement = settle_period(
                    agreement,
                    loads,
                    span,
                    mode=mode,
                    provenance=run.provenance,
                    approval=approval,
                )
                run.store.write_statement(run.run_id, statement.as_document())
                counts["statements"] += 1
                counts[statement.status] += 1
        run.counts = counts
        return run.counts


def loads_and_approval(
    run: Run, agreement: Agreement, period: Period
) -> tuple[pd.DataFrame, ApprovalState]:
    """Loads of one agreement, and the least state of approval of the readings they were formed of."""
    rule, section = LoadRule.of(agreement), agreement.section
    loads: list[pd.DataFrame] = []
    states: set[str] = set()
    for month in period.split("month"):
        flagged = read_for_loads(run.store, run.registry, agreement, month, run.known_at)
        loads.append(compute_loads(flagged, run.registry, section, rule, month))
        states |= approvals_used(flagged, run.registry, section, rule, month)
    return pd.concat(loads, ignore_index=True), least_approval(states)
