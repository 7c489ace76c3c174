"""Flag: judge stored readings again, by the rule set in force now."""

from __future__ import annotations

from typing import Any

from prefect import flow

from ecomon.journey.flag_readings import stretches_to_flag
from ecomon.model.period import Period
from flows.ingest import flag_period
from flows.installation import recorded_run


@flow(name="flag", timeout_seconds=6 * 3600)
def flag(home: str, period: str) -> dict[str, Any]:
    """Judge every reading of the months a period touches; only flags that change are written.

    Ingest judges what is new; after a change of the quality rules this judges what is old. Assess
    the months afterwards.
    """
    with recorded_run(home, "flag", {"period": period}) as run:
        months = Period.parse(period).split("month")
        stretches = stretches_to_flag({month: run.registry.sites.keys() for month in months})
        n_changed = sum(flag_period(run, *stretch) for stretch in stretches)
        run.counts = {"months": len(months), "flags": n_changed}
        return run.counts
