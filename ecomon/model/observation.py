"""Observations as they leave a decoder, and the rows that did not become one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Censor = Literal["none", "left", "right"]
Programme = Literal[
    "automatic", "split_sampling", "joint", "local", "emergency", "satellite", "recognised"
]
Statistic = Literal["value", "mean", "min", "max", "total"]
DataKind = Literal["real", "example", "golden"]
"""*real* readings, the seeded *example* basin (示例), printed *golden* numbers: never mixed."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row, cell or frame that is no observation: kept with its octets and its reason.

    ``row`` counts data rows from 1 as the file shows them (0 for the file itself).
    """

    row: int
    reason: str
    raw: str
    column: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"kind": "rejected", **asdict(self)}


@dataclass(frozen=True, slots=True)
class Batch:
    """Decoded observations in columns (contract ``tables.OBSERVATIONS``), bounded in size.

    ``quirks`` counts accepted deviations by name (``mojibake``, ``year inferred`` ...).
    """

    observations: pd.DataFrame
    quirks: dict[str, int] = field(default_factory=dict[str, int])

    def __len__(self) -> int:
        return len(self.observations)


def isoformat(beijing: datetime) -> str:
    """ISO 8601 text of a naive Beijing time, with its offset: ``2021-04-03T08:00:00+08:00``."""
    return f"{beijing:%Y-%m-%dT%H:%M:%S}+08:00"
