"""The evidence of a statement, out of the store as it was known when the statement was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecomon.journey.make_statement import statement_files
from ecomon.journey.trace_statement import Trace, join_traces, trace_month
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.registry import Registry, read_snapshot
from ecomon.store import Store
from flows.installation import Run
from flows.load import read_for_loads


def files_with_evidence(
    run: Run, document: Mapping[str, Any], compared: Mapping[str, Any] | None
) -> dict[str, bytes]:
    """All files of one statement; the facts are those it was settled by, not today's."""
    ruleset = run.store.read_ruleset(document["provenance"]["ruleset"])
    trace = trace_document(run.store, read_snapshot(ruleset), document)
    return statement_files(document, run.registry, compared=compared, trace=trace, ruleset=ruleset)


def trace_document(store: Store, registry: Registry, document: Mapping[str, Any]) -> Trace:
    """The evidence of a statement, read month by month as the settlement reads."""
    agreement = Agreement.model_validate(document["agreement"])
    months: list[Trace] = []
    for month in Period.parse(document["period"]).split("month"):
        known_at = document["provenance"]["known_at"]
        flagged = read_for_loads(store, registry, agreement, month, known_at)
        origins = store.read_origins(flagged["revision"]).drop(columns="row")
        flagged = flagged.merge(origins, on="revision", how="left", validate="1:1")
        months.append(trace_month(flagged, registry, agreement, month))
    return join_traces(months)
