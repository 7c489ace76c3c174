"""What every fact printed in a document carries: its source and how sure we are of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

Confidence = Literal["verified", "secondary", "unverified"]

CONFIDENCE_ZH: dict[str, str] = {
    "verified": "已核实",
    "secondary": "二手来源",
    "unverified": "待核实",
}


def _slug(value: object) -> object:
    if isinstance(value, str) and (
        not value
        or value != value.strip().lower()
        or not value.replace("-", "").replace("_", "").isalnum()
    ):
        raise ValueError("an id is lower-case letters, digits, - and _")
    return value


Slug = Annotated[str, BeforeValidator(_slug)]
"""A stable identifier of ours; names that people use drift and repeat, ids do not."""


class Noun(BaseModel):
    """Frozen; an unknown field is an error, so that a typing slip in a YAML file cannot pass."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fact(Noun):
    """A noun that stands in some document."""

    source: str
    confidence: Confidence

    @property
    def is_unverified(self) -> bool:
        """True where every output must say 待核实."""
        return self.confidence == "unverified"


class Dated(Fact):
    """A fact that holds from one date (inclusive) to another (exclusive); None is open."""

    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )
