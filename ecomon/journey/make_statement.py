"""loads, statement documents and their evidence -> workbooks, PDF, JSON, CSV and a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ecomon.journey.trace_statement import Trace
from ecomon.model.canonical import canonical_octets
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.publish.assets import packaged_fonts
from ecomon.publish.evidence_csv import days_csv, readings_csv
from ecomon.publish.load_pdf import load_pdf
from ecomon.publish.load_workbook import load_workbook
from ecomon.publish.manifest import manifest_json
from ecomon.publish.statement_pdf import statement_pdf
from ecomon.publish.statement_workbook import statement_workbook

if TYPE_CHECKING:
    from ecomon.registry import Registry

Names = dict[str, tuple[str, str]]


def names_of(registry: Registry) -> Names:
    """Chinese and English names of sections and determinands, by id."""
    named = (*registry.sections.items(), *registry.determinands.items())
    return {key: (one.name_zh, one.name_en) for key, one in named}


def load_files(
    loads: pd.DataFrame, registry: Registry, period: Period, provenance: Provenance
) -> dict[str, bytes]:
    """The load table of a period as workbook and PDF; nothing where no load was computed."""
    if loads.empty:
        return {}
    shadow = {one.section for one in registry.agreements.values() if one.is_shadow}
    names, is_shadow = names_of(registry), bool(set(loads["section"]) & shadow)
    stem = f"loads-{file_label(period.label)}"
    return {
        f"{stem}.xlsx": load_workbook(loads, provenance, names=names, is_shadow=is_shadow),
        f"{stem}.pdf": load_pdf(
            loads, packaged_fonts(), provenance, period, names=names, is_shadow=is_shadow
        ),
    }


def agreed_statements(
    documents: Sequence[Mapping[str, Any]],
) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """The statements in the mode agreed, each beside the same settled in the other mode."""
    return [
        (one, next((other for other in documents if is_other_mode(one, other)), None))
        for one in documents
        if one["mode"] == one["agreement"]["mode"]
    ]


def is_other_mode(document: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """The same agreement, period and run type, settled in the other mode."""
    same = ("agreement", "period", "run_type")
    return document["mode"] != other["mode"] and all(document[name] == other[name] for name in same)


def statement_files(
    document: Mapping[str, Any],
    registry: Registry,
    *,
    compared: Mapping[str, Any] | None,
    trace: Trace,
    ruleset: bytes,
) -> dict[str, bytes]:
    """A statement as PDF, workbook and JSON, its evidence, its rule set, and the manifest of these.

    Parameters
    ----------
    document, compared : mapping
        The statement in the mode agreed, and in the other where there is one.
    registry : Registry
        For the names of places and determinands.
    trace : Trace
        The evidence, as known when the statement was made.
    ruleset : bytes
        The snapshot of facts whose hash the statement names.
    """
    names = names_of(registry)
    stem = f"statement-{document['agreement']['id']}-{file_label(document['period'])}"
    printed = statement_pdf(document, packaged_fonts(), names=names, compared=compared)
    workbook = statement_workbook(document, names=names, compared=compared)
    listed: dict[str, tuple[str, bytes]] = {
        "statement": (f"{stem}.json", canonical_octets(document)),
        "print": (f"{stem}.pdf", printed),
        "workbook": (f"{stem}.xlsx", workbook),
        "readings": (f"{stem}-readings.csv", readings_csv(trace.readings, document)),
        "days": (f"{stem}-days.csv", days_csv(trace.days, document)),
        "ruleset": (f"ruleset-{document['provenance']['ruleset'][:16]}.json", ruleset),
    }
    return dict(listed.values()) | {f"{stem}-manifest.json": manifest_json(document, listed)}


def file_label(period: str) -> str:
    """A period's label as part of a file name."""
    return period.replace("/", "_").replace(":", "")
