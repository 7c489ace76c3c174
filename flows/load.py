"""Load: flagged readings and discharges -> monthly loads of the sections with an agreement."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from prefect import flow

from ecomon.errors import ContractError
from ecomon.journey.compute_loads import (
    LoadRule,
    agreements_in_force,
    compute_loads,
    count_derived,
    determinands_needed,
    sites_needed,
    span_for_loads,
)
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.tables import LOADS
from ecomon.registry import Registry
from ecomon.store import Store
from flows.installation import Run, recorded_run


@flow(name="load", timeout_seconds=6 * 3600)
def load(home: str, period: str) -> dict[str, Any]:
    """Monthly loads of whole months, for every agreement in force; supersedes its own results."""
    span = whole_months(period)
    with recorded_run(home, "load", {"period": period}) as run:
        agreements = agreements_in_force(run.registry, span)
        derived: Counter[str] = Counter()
        tables = [loads_of(run, agreement, span, derived) for agreement in agreements]
        loads = pd.concat(tables, ignore_index=True) if tables else LOADS.empty()
        run.store.write_loads(run.run_id, loads, span)
        run.counts = {
            "agreements": len(agreements),
            "measured": int((loads["status"] == "measured").sum()),
            "insufficient": int((loads["status"] == "insufficient").sum()),
            # Discharges out of stages, and stages that no rating table reaches; none is no word.
            **{name: count for name, count in derived.items() if count},
        }
        return run.counts


def whole_months(text: str) -> Period:
    """The period of that text; ContractError unless it is whole months, as loads and money are."""
    period = Period.parse(text)
    months = period.split("month")
    if (months[0].start, months[-1].end) != (period.start, period.end):
        raise ContractError(f"loads and statements are of whole months, not of {text}")
    return period


def loads_of(run: Run, agreement: Agreement, period: Period, derived: Counter[str]) -> pd.DataFrame:
    """Loads at the section of one agreement, read month by month so that memory stays bounded.

    ``derived`` counts the discharges that were derived on the way.
    """
    rule = LoadRule.of(agreement)
    months: list[pd.DataFrame] = []
    for month in period.split("month"):
        flagged = read_for_loads(run.store, run.registry, agreement, month, run.known_at)
        given = (flagged, run.registry, agreement.section, rule, month)
        months.append(compute_loads(*given))
        derived.update(count_derived(*given))
    return pd.concat(months, ignore_index=True)


def read_for_loads(
    store: Store, registry: Registry, agreement: Agreement, month: Period, known_at: int
) -> pd.DataFrame:
    """The readings of one month for one agreement, as known at a sequence (table FLAGGED)."""
    sections = [agreement.section]
    return store.read_observations(
        span_for_loads(registry, sections, month),
        sites=sites_needed(registry, sections, month),
        determinands=determinands_needed(registry, sections, LoadRule.of(agreement), month),
        as_known_at=known_at,
    )
