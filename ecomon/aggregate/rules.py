"""Aggregation rules as data: what enters a mean, and how much of it makes a mean."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from ecomon.model.fact import Fact, Slug

Share = Annotated[Decimal, Field(gt=0, le=1, decimal_places=4)]
Count = Annotated[int, Field(ge=1, le=86400)]


class ExpectedReadings(Fact):
    """How many readings a day some series should have, where the source alone does not tell.

    An empty list means all of them; the entry that comes last in the rules wins.
    """

    sites: tuple[Slug, ...] = ()
    determinands: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    n_per_day: Count


class AggregationRules(Fact):
    """All that the means of days and months go by; one version of it.

    Attributes
    ----------
    expected_per_day : dict
        Readings a day of instants, by source; ``default`` for the others. An interval of
        ``duration_s`` seconds is expected 86400 / duration_s times.
    expected_overrides : dict
        By a label that an overlay can name.
    use_flags : tuple of int
        QARTOD flags of values that enter means.
    min_share_per_day, min_share_per_month : Decimal
        Least share of the expected readings, and of the days of the month.
    censored : {"half_limit", "zero"}
        What a value below its limit of detection counts.
    programme_precedence, source_precedence : tuple of str
        Best first; those not named come after, in alphabetical order.
    """

    id: Slug
    version: str
    effective_from: date
    expected_per_day: dict[str, Count]
    expected_overrides: dict[str, ExpectedReadings] = Field(default_factory=dict)
    use_flags: tuple[Literal[1, 2, 3, 4], ...] = Field(min_length=1)
    min_share_per_day: Share
    min_share_per_month: Share
    censored: Literal["half_limit", "zero"]
    programme_precedence: tuple[str, ...]
    source_precedence: tuple[str, ...]

    @field_validator("expected_per_day")
    @classmethod
    def _has_default(cls, expected: dict[str, int]) -> dict[str, int]:
        if "default" not in expected:
            raise ValueError("names the default among the sources")
        return expected

    @property
    def key(self) -> str:
        """Name and version, as runs cite them."""
        return f"{self.id}@{self.version}"
