"""What a monthly bulletin shows: the nouns that its page is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.approval import ApprovalState
from ecomon.model.determinand import Determinand
from ecomon.model.provenance import Provenance
from ecomon.model.standard import Standard
from ecomon.model.tables import EXCEEDANCES, MEANS, Contract

SERIES = Contract(
    "reading series",
    {
        "site": "text",
        "determinand": "text",
        "start": "time",
        "value": "float",
        "flag": "int",
    },
)
"""Readings for the charts: canonical unit of the determinand, QARTOD flag; NaN breaks the line."""

GAPS = Contract(
    "gaps", {"site": "text", "determinand": "text", "start": "time", "end": "time"}
)  # fmt: skip
"""Spans without readings, half-open; a ``determinand`` of "" speaks of the whole site."""


@dataclass(frozen=True, slots=True)
class RiverLine:
    """A river of the schematic line.

    ``joins`` is the id of the river it flows into and ``joins_at_km`` the chainage of that
    confluence, km above the mouth of the receiving river. Both are None for the main stem of the
    bulletin, whatever river that joins in turn.
    """

    id: str
    name_zh: str
    name_en: str
    joins: str | None = None
    joins_at_km: float | None = None


@dataclass(frozen=True, slots=True)
class SectionLine:
    """One section and its month.

    Attributes
    ----------
    km_above_mouth : float or None
        km above the mouth of its own river; None where no source gives it.
    grade : int
        1..6, 0 where the month is not graded.
    status, verdict : str
        As in ``tables.GRADES``.
    target_grade : int
        1..6, 0 where no target is configured (never shown as compliant).
    worst : str
        Keys of the determinands that set the grade, worst first, comma between.
    coverage : float
        Share of expected readings that are valid, 0..1; NaN where nothing was expected.
    is_unverified : bool
        True where the place itself rests on an unverified fact (shown as 待核实).
    unverified_fields : tuple of str
        Fields of the place that are 待核实 although the rest is better: ``km_above_mouth`` ...
    target_confidence : str
        verified, secondary or unverified; "" where there is no target.
    is_intake : bool
        An intake of drinking water is judged by Table 3; it need not have a grade.
    limited : tuple of (str, int)
        Of an intake, and for reference of a section above one: determinands that Table 3 limits,
        and how many valid readings each has.
    """

    id: str
    name_zh: str
    name_en: str
    river: str
    km_above_mouth: float | None
    grade: int
    status: str
    target_grade: int
    verdict: str
    worst: str = ""
    coverage: float = float("nan")
    missing_items: str = ""
    is_unverified: bool = False
    unverified_fields: tuple[str, ...] = ()
    target_confidence: str = ""
    is_intake: bool = False
    limited: tuple[tuple[str, int], ...] = ()
    note_zh: str = ""
    note_en: str = ""

    @property
    def has_unverified_km(self) -> bool:
        """True where its chainage is shown and 待核实."""
        return self.km_above_mouth is not None and "km_above_mouth" in self.unverified_fields

    @property
    def is_to_grade(self) -> bool:
        """False of an intake that is judged by Table 3 alone."""
        return not self.is_intake or self.grade > 0

    def __post_init__(self) -> None:
        if not 0 <= self.grade <= 6 or not 0 <= self.target_grade <= 6:
            raise ContractError(f"section {self.id}: a grade is 1..6, or 0 for none")
        if self.status != "measured" and self.grade:
            raise ContractError(f"section {self.id}: {self.status}, yet graded {self.grade}")
        if self.verdict == "compliant" and not (self.grade and self.target_grade):
            raise ContractError(f"section {self.id}: compliant without a grade and a target")


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert that was open in the period, closed since or not (naive Beijing times).

    ``fired_at`` is None of one that never fired; ``peak_factor`` where the limit has none (pH, DO).
    """

    section: str
    determinand: str
    basis: str
    state: str
    opened_at: datetime
    fired_at: datetime | None
    resolved_at: datetime | None
    peak_value: float
    peak_factor: float | None
    limit: float
    unit: str


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One period of one basin, ready to be shown.

    Attributes
    ----------
    sections : tuple of SectionLine
        In order of the water within each river.
    means : DataFrame, contract MEANS (month)
    exceedances : DataFrame, contract EXCEEDANCES
    series : DataFrame, contract SERIES
        Readings for the charts; a (site, determinand) without rows has no chart.
    gaps : DataFrame, contract GAPS
    standards : mapping of site id to Standard
        Class limits drawn in the charts (those in force for the period).
    intake_standards : mapping of site id to Standard
        Table 3 of the intakes.
    determinands : mapping of key to Determinand
        Names, units and decimals.
    alerts : tuple of AlertLine, or None
        Those that were open in the period, by the time they opened; None where no store was asked.
    n_open_reviews : int or None
        Readings of the period that wait for a person; None where no store was asked.
    approval : {"provisional", "reviewed", "approved"}
        The least state of the readings of the period.
    """

    title_zh: str
    title_en: str
    period: str
    provenance: Provenance
    rivers: tuple[RiverLine, ...]
    sections: tuple[SectionLine, ...]
    means: pd.DataFrame
    exceedances: pd.DataFrame
    series: pd.DataFrame
    gaps: pd.DataFrame
    determinands: Mapping[str, Determinand]
    standards: Mapping[str, Standard] = field(default_factory=dict[str, Standard])
    intake_standards: Mapping[str, Standard] = field(default_factory=dict[str, Standard])
    alerts: tuple[AlertLine, ...] | None = None
    n_open_reviews: int | None = None
    approval: ApprovalState = "provisional"

    def __post_init__(self) -> None:
        for table, contract in (
            (self.means, MEANS),
            (self.exceedances, EXCEEDANCES),
            (self.series, SERIES),
            (self.gaps, GAPS),
        ):
            contract.check(table)
        known = {river.id for river in self.rivers}
        strangers = sorted({line.river for line in self.sections} - known)
        if strangers:
            raise ContractError(f"bulletin: sections on unknown rivers {strangers}")
        named = set(self.means["determinand"]) | set(self.series["determinand"])
        if unnamed := sorted(named - set(self.determinands)):
            raise ContractError(f"bulletin: determinands without a name and unit {unnamed}")
        if len({line.id for line in self.sections}) != len(self.sections):
            raise ContractError("bulletin: a section stands twice")
