"""Standards (标准) and their limits (限值), by document, table and edition."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from ecomon.model.fact import Fact, Noun

Direction = Literal["le", "ge", "range"]


class ClassLimits(Noun):
    """The five class limits of one determinand, in the order of the printed table.

    ``le``: value <= limit complies. ``ge``: value >= limit complies. ``range``: ``low`` to ``high``
    is classes I to V alike, outside is worse than V. Equality is compliance.
    """

    determinand: str
    direction: Direction
    classes: tuple[Decimal, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    is_classed: bool = True
    note: str | None = None

    @model_validator(mode="after")
    def _sensible(self) -> ClassLimits:
        if self.direction == "range":
            if self.low is None or self.high is None or self.classes or self.low >= self.high:
                raise ValueError("a range has low < high and no class list")
            return self
        if len(self.classes) != 5 or self.low is not None or self.high is not None:
            raise ValueError("five class limits, I to V")
        steps = zip(self.classes, self.classes[1:], strict=False)
        tightens = (
            any(later < earlier for earlier, later in steps)
            if self.direction == "le"
            else any(later > earlier for earlier, later in steps)
        )
        if tightens:
            raise ValueError("limits tighten from class I to class V")
        return self

    def limit(self, grade: int) -> Decimal | None:
        """The limit of class ``grade`` (1..5); None for a range."""
        return self.classes[grade - 1] if self.classes else None


class SingleLimit(Noun):
    """One limit for one determinand (GB 3838 Tables 2 and 3)."""

    determinand: str
    limit: Decimal = Field(gt=0)
    direction: Direction = "le"
    printed_number: int | None = None


class Standard(Fact):
    """One table of one edition of a document; chosen by the date of the observation."""

    id: str
    code: str
    title_zh: str
    title_en: str
    table: str
    unit_note: str | None = None
    applies_to: Literal["river", "lake", "intake"]
    effective_from: date
    effective_to: date | None = None
    class_limits: tuple[ClassLimits, ...] = ()
    single_limits: tuple[SingleLimit, ...] = ()

    @model_validator(mode="after")
    def _one_limit_each(self) -> Standard:
        names = [limit.determinand for limit in (*self.class_limits, *self.single_limits)]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled or not names:
            raise ValueError(f"each determinand stands once; doubled or empty: {sorted(doubled)}")
        return self

    def in_force(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)

    def of(self, determinand: str) -> ClassLimits | SingleLimit | None:
        """The limits of one determinand, or None where the table does not hold it."""
        for limit in (*self.class_limits, *self.single_limits):
            if limit.determinand == determinand:
                return limit
        return None
