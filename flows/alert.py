"""Alert: exceedances of readings -> alerts, notices in the outbox and as files, review cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import structlog
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.journey.raise_alerts import (
    exceedances_of_readings,
    raise_alerts,
    span_to_watch,
    told_and_withheld,
)
from ecomon.model.period import BEIJING, Period
from ecomon.notify import CHANNEL, deliver_to_folder
from flows.installation import Run, recorded_run

_log = structlog.get_logger()
Tell = Literal["recent", "all"]
"""Of which events offices are told: of recent ones, or also of those found in old data."""


@flow(name="alert", timeout_seconds=3600)
def alert(home: str, period: str, tell: Tell = "recent") -> dict[str, Any]:
    """Judge the readings of a period, month by month; deliver what is waiting in the outbox.

    Alerts, notices and review cases of one month are one transaction. A notice has a key of its
    event, so a second run tells nobody a second time. With ``tell="recent"``, notices of events
    older than ``max_notice_age_h`` of the alert rules are withheld and counted; alerts and review
    cases are kept as ever.
    """
    with recorded_run(home, "alert", {"period": period, "tell": tell}) as run:
        counts: dict[str, int] = dict.fromkeys(
            ("exceedances", "alerts", "notices", "notices_withheld", "reviews"), 0
        )
        whole = Period.parse(period)
        for month in whole.split("month"):
            part = Period(max(month.start, whole.start), min(month.end, whole.end))
            for name, count in judge(run, part, tell).items():
                counts[name] += count
        run.counts = counts | {"delivered": deliver(run)}
        return run.counts


def judge(run: Run, period: Period, tell: Tell) -> dict[str, int]:
    """Advance the alerts through one period and commit what came of it."""
    # As known at the start: later readings may still lack their flags.
    span = span_to_watch(run.registry, period)
    flagged = run.store.read_observations(span, as_known_at=run.known_at)
    samples = run.store.read_samples(span).dropna(subset=["revision", "method"])
    decisions = run.store.read_decisions()
    now = datetime.now(BEIJING).replace(tzinfo=None)
    outcome = raise_alerts(
        run.store.read_alerts(),
        flagged,
        run.registry,
        period,
        as_of=min(period.end, now),
        decisions=dict(zip(decisions["revision"], decisions["verdict"], strict=True)),
        kind=run.store.kind,
        methods=dict(zip(samples["revision"].astype(int), samples["method"], strict=True)),
    )
    is_inside = flagged["start"] >= period.start
    exceedances = exceedances_of_readings(flagged[is_inside], run.registry, period)
    run.store.write_exceedances(run.run_id, exceedances, period, of="reading")
    told, withheld = told_and_withheld(outcome.notices, run.registry.alerts, now)
    if tell == "all":
        told, withheld = list(outcome.notices), []
    committed = run.store.commit_alerts(
        [one.as_document() for one in outcome.alerts],
        [one.as_document() for one in told],
        [one.as_document() for one in outcome.reviews],
    )
    counts = {"exceedances": len(exceedances), "notices_withheld": len(withheld)}
    return counts | dict(committed)


@task(retries=2, retry_delay_seconds=[5, 30], timeout_seconds=600, cache_policy=NO_CACHE)
def deliver(run: Run) -> int:
    """Write the waiting notices as files, one folder an office, and record what became of each."""
    deliveries = deliver_to_folder(run.store.pending_notices(CHANNEL), run.settings.outbox)
    for one in deliveries:
        run.store.record_delivery(
            one.notice_id, channel=one.channel, outcome=one.outcome, receipt=one.receipt
        )
        say = _log.info if one.outcome == "delivered" else _log.error
        say(f"notice_{one.outcome}", notice=one.notice_id, channel=one.channel, receipt=one.receipt)
    return sum(one.outcome == "delivered" for one in deliveries)
