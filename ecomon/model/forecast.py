"""Forecasts as they leave a decoder: what somebody expects is never an observation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecomon.model.observation import isoformat

if TYPE_CHECKING:
    import pandas as pd

AQI = "AQI"
"""The item of a forecast that is the index itself; others are keys of determinands."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts in columns (contract ``tables.FORECASTS``)."""

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def as_json(self) -> list[dict[str, Any]]:
        """Each as a JSON object; times ISO 8601 with +08:00."""
        return [
            {
                "kind": "forecast",
                **{str(name): None if value != value else value for name, value in row.items()},
                "issued_at": isoformat(row["issued_at"]),
                "start": isoformat(row["start"]),
            }
            for row in self.table.to_dict(orient="records")
        ]
