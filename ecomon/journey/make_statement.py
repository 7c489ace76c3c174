"""loads and statement documents -> workbooks, PDF and canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.publish.assets import packaged_fonts
from ecomon.publish.load_workbook import load_workbook
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
    """The load workbook of a period; nothing where no load was computed."""
    if loads.empty:
        return {}
    shadow = {one.section for one in registry.agreements.values() if one.is_shadow}
    workbook = load_workbook(
        loads,
        provenance,
        names=names_of(registry),
        is_shadow=set(loads["section"]) <= shadow,
    )
    return {f"loads-{file_label(period.label)}.xlsx": workbook}


def statement_files(documents: Sequence[Mapping[str, Any]], registry: Registry) -> dict[str, bytes]:
    """Workbook, PDF and JSON of each statement in the mode agreed, set beside the other mode."""
    files: dict[str, bytes] = {}
    names = names_of(registry)
    for document in documents:
        agreement = document["agreement"]
        if document["mode"] != agreement["mode"]:
            continue
        other = next((one for one in documents if is_other_mode(document, one)), None)
        stem = f"statement-{agreement['id']}-{file_label(document['period'])}"
        files[f"{stem}.pdf"] = statement_pdf(
            document, packaged_fonts(), names=names, compared=other
        )
        files[f"{stem}.xlsx"] = statement_workbook(document, names=names, compared=other)
        files[f"{stem}.json"] = canonical_octets(document)
    return files


def is_other_mode(document: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """The same agreement, period and run type, settled in the other mode."""
    same = ("agreement", "period", "run_type")
    return document["mode"] != other["mode"] and all(document[name] == other[name] for name in same)


def canonical_octets(document: Mapping[str, Any]) -> bytes:
    """The octets of a statement document, as ``settle.document_bytes`` gives them."""
    text = json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return (text + "\n").encode()


def file_label(period: str) -> str:
    """A period's label as part of a file name."""
    return period.replace("/", "_").replace(":", "")
