"""Settle: readings and discharges -> loads under each agreement's rules -> statements."""

from __future__ import annotations

from typing import Any, get_args

from prefect import flow

from ecomon.journey.compute_loads import agreements_in_force
from ecomon.model.agreement import Mode
from ecomon.settle import settle_period
from flows.installation import recorded_run
from flows.load import loads_of, whole_months


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
            loads = loads_of(run, agreement, span)
            for mode in get_args(Mode):
                statement = settle_period(
                    agreement, loads, span, mode=mode, provenance=run.provenance
                )
                run.store.write_statement(run.run_id, statement.as_document())
                counts["statements"] += 1
                counts[statement.status] += 1
        run.counts = counts
        return run.counts
