"""Publish: stored results -> bulletin page, load workbook, statements with their evidence."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.journey.make_bulletin import MonthResults, make_bulletin
from ecomon.journey.make_statement import agreed_statements, load_files
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from flows.evidence import files_with_evidence
from flows.installation import Run, recorded_run


@flow(name="publish", timeout_seconds=3600)
def publish(home: str, period: str) -> dict[str, Any]:
    """Write the documents of a period: a month has a bulletin; any period its loads and statements.

    Each file is written whole under another name, then renamed; its hash is recorded with the run.
    """
    span = Period.parse(period)
    with recorded_run(home, "publish", {"period": period}) as run:
        files: dict[str, bytes] = {}
        assessed, loaded = origin_of(run, "assess", span), origin_of(run, "load", span)
        if span.kind == "month":
            results = read_month(run, span, assessed.known_at)
            bulletin = make_bulletin(results, run.registry, span, assessed)
            files |= {f"bulletin-{span.label}/{name}": octets for name, octets in bulletin.items()}
        loads = run.store.read_loads(span)
        files |= load_files(loads, run.registry, span, loaded)
        stored = [one for one in run.store.read_statements() if one.period == span.label]
        for document, compared in agreed_statements([one.document for one in stored]):
            files |= files_with_evidence(run, document, compared)
        written = write_documents(run, files)
        run.counts = {"documents": len(files), "changed": written, "statements": len(stored)}
        if min(assessed.known_at, loaded.known_at) < run.known_at:
            run.counts["older_than_readings"] = True
        return run.counts


def origin_of(run: Run, flow: str, span: Period) -> Provenance:
    """What the stored results of a flow were made from: its last run that covered the period.

    Readings may have come since; a document says the sequence its numbers have, not the latest.
    """
    for past in run.store.read_runs(flow=flow, limit=1000):
        months = Period.parse(past["arguments"]["period"]).split("month")
        if past["is_success"] and months[0].start <= span.start and span.end <= months[-1].end:
            return Provenance(
                kind=run.store.kind,
                known_at=past["input_seq"],
                ruleset=past["ruleset"],
                code_version=past["code_version"],
            )
    return run.provenance


def read_month(run: Run, month: Period, known_at: int) -> MonthResults:
    """The stored results of one month, and the readings they were made from."""
    return MonthResults(
        means=run.store.read_means(month, "month"),
        grades=run.store.read_grades(month),
        exceedances=run.store.read_exceedances(month),
        flagged=run.store.read_observations(
            Period(month.start - timedelta(hours=8), month.end), as_known_at=known_at
        ),
        alerts=run.store.read_alerts(),
        reviews=pd.DataFrame(
            [
                {"revision": one.get("revision", 0), "context": {"start": one["first"]}}
                for one in run.store.read_cases("open")
            ],
            columns=["revision", "context"],
        ),
    )


@task(retries=2, retry_delay_seconds=5, timeout_seconds=600, cache_policy=NO_CACHE)
def write_documents(run: Run, files: dict[str, bytes]) -> int:
    """Write files under ``documents/`` that are not there as they should be; how many changed."""
    changed = 0
    for name, octets in sorted(files.items()):
        path = run.settings.documents / name
        if not path.exists() or path.read_bytes() != octets:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            part.write_bytes(octets)
            part.replace(path)
            changed += 1
        digest = hashlib.sha256(octets).hexdigest()
        run.store.record_document(name, sha256=digest, kind=path.suffix[1:], run_id=run.run_id)
    return changed
