"""What an exported slice of readings says of itself, in whatever format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

from ecomon.model.determinand import Determinand
from ecomon.model.observation import isoformat
from ecomon.model.period import Period
from ecomon.model.place import AirSite, Gauge, Section
from ecomon.model.provenance import Provenance
from ecomon.model.river import Reservoir
from ecomon.publish.wording import KIND, Words

Place: TypeAlias = Section | Gauge | Reservoir | AirSite

KEY = (
    "site", "determinand", "statistic", "start", "duration_s", "programme", "source", "replicate",
)  # fmt: skip
"""What tells one observation from another."""


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What is said of a slice; the names of its places and determinands are looked up in it.

    A site or determinand that the mappings do not hold keeps its bare id.
    """

    provenance: Provenance
    period: Period
    determinands: Mapping[str, Determinand]
    sites: Mapping[str, Place]
    institution: str | None = None
    licence: str | None = None

    @property
    def title(self) -> Words:
        """What it is; data that are not real say so first."""
        stated = self.provenance
        mark = f"【{stated.watermark_zh}】", f"{stated.watermark_en}: "
        zh, en = mark if stated.watermark_zh else ("", "")
        return Words(f"{zh}监测值 {self.period}", f"{en}Observations, {self.period}")

    def determinand(self, key: str) -> Words:
        """The names of a determinand."""
        found = self.determinands.get(key)
        return Words(key, key) if found is None else Words(found.name_zh, found.name_en)

    def site(self, site_id: str) -> Words:
        """The names of a site."""
        found = self.sites.get(site_id)
        return Words(site_id, site_id) if found is None else Words(found.name_zh, found.name_en)

    def stated(self, flagged: pd.DataFrame) -> dict[str, str]:
        """What every format says, as text by name; nothing of when or by whom it was exported."""
        stated = self.provenance
        told = {
            "title": str(self.title), "institution": self.institution, "licence": self.licence,
            "source": "; ".join(names_in(flagged, "source")),
            "programme": "; ".join(names_in(flagged, "programme")),
            "kind": stated.kind, "kind_of_data": str(KIND[stated.kind]),
            "period_start": isoformat(self.period.start), "period_end": isoformat(self.period.end),
            "known_at": str(stated.known_at), "ruleset": stated.ruleset,
            "code_version": stated.code_version,
        }  # fmt: skip
        return {name: text for name, text in told.items() if text is not None}


def names_in(flagged: pd.DataFrame, column: str) -> list[str]:
    """The texts that stand in a column, each once, sorted."""
    return sorted(str(name) for name in flagged[column].dropna().unique())
