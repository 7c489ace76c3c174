"""Mappings: how the columns of one kind of spreadsheet are read, proposed by a tool, reviewed by a person.

A mapping is a fact about a source (``stations/mappings/*.yaml`` or the site's own folder). Without a
reviewer it serves a dry run and nothing else: what a column means is never guessed into the store.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ecomon.errors import UnitMismatch
from ecomon.model.fact import Fact, Slug
from ecomon.model.observation import Programme, Statistic
from ecomon.model.quantity import unit_symbol

Role = Literal[
    "value", "flag", "site", "site_code", "province", "river", "time", "factor", "unit", "note",
    "ignored",
]  # fmt: skip
SiteKey = Literal["code", "name", "province/name", "river/name"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMapping(_Model):
    """One column by its heading (parts of a heading of several rows joined by `` / ``).

    Attributes
    ----------
    role : str
        ``value`` (a determinand), ``flag`` (of the value column ``of``), ``site``, ``site_code``,
        ``province``, ``river``, ``time``, ``factor`` (names the determinand, in a long layout),
        ``unit`` (of a long layout), ``note`` (remarks), ``ignored`` (with its ``reason``).
    determinand, unit : str or None
        Of a value column; in a long layout the value column has neither.
    """

    heading: str
    role: Role
    determinand: str | None = None
    unit: str | None = None
    of: str | None = None
    reason: str | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if self.unit is not None:
            try:
                unit_symbol(self.unit)
            except UnitMismatch as wrong:
                raise ValueError(str(wrong)) from None
        if self.determinand is not None and self.unit is None:
            raise ValueError(f"{self.heading}: a determinand needs its unit; it is never guessed")
        if self.role == "flag" and self.of is None:
            raise ValueError(f"{self.heading}: a flag column says of which value column (of)")
        if self.role == "ignored" and not self.reason:
            raise ValueError(f"{self.heading}: an ignored column says why (reason)")
        return self


class FactorMapping(_Model):
    """What a name in the factor column of a long layout means."""

    determinand: str
    unit: str


class SheetMapping(_Model):
    """One sheet by its name (``*``: every sheet that no other mapping names)."""

    name: str = "*"
    columns: tuple[ColumnMapping, ...]

    @property
    def is_long(self) -> bool:
        return any(column.role == "factor" for column in self.columns)

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        roles = [column.role for column in self.columns]
        if "time" not in roles or not {"site", "site_code"} & set(roles):
            raise ValueError(f"sheet {self.name}: no column of the time or of the site")
        for column in self.columns:
            if column.role == "value" and not self.is_long and column.determinand is None:
                raise ValueError(f"{column.heading}: a value column names its determinand")
        headings = [column.heading for column in self.columns]
        for heading in headings:
            if headings.count(heading) > 1:
                raise ValueError(f"sheet {self.name}: the heading {heading} stands twice")
        return self


class WorkbookMapping(Fact):
    """How one kind of spreadsheet is read.

    Attributes
    ----------
    feed : str
        The ``source`` of the observations, and the feed by whose aliases sites are known.
    site_key : str
        What a site is known by.
    interval : {"instant", "hour", "day", "month"}
        What one value speaks of. A month is written ``2026-08`` or ``2026年8月``.
    label : {"start", "end"}
        Which end of its interval a time names.
    not_monitored : tuple of float
        Numbers that stand for "not sampled" (``-1``) where a whole row holds nothing else.
    totals, parallel : tuple of str
        Words by which a line of means or sums, and a parallel sample, are known.
    document : str or None
        Of recognised values (国家/省认定): the document that declares them; required there.
    reviewed_by, reviewed_on : str or None
        Who read the mapping over; without it nothing is ingested by it.
    """

    id: Slug
    title_zh: str
    feed: Slug
    programme: Programme = "split_sampling"
    statistic: Statistic = "value"
    interval: Literal["instant", "hour", "day", "month"] = "instant"
    label: Literal["start", "end"] = "start"
    site_key: SiteKey = "name"
    not_monitored: tuple[float, ...] = (-1.0,)
    totals: tuple[str, ...] = ("平均值", "均值", "合计", "总计", "最大值", "最小值", "中位值")
    parallel: tuple[str, ...] = ("平行",)
    factors: dict[str, FactorMapping] = Field(default_factory=dict)
    sheets: tuple[SheetMapping, ...]
    ignored_sheets: dict[str, str] = Field(default_factory=dict)
    document: str | None = None
    reviewed_by: str | None = None
    reviewed_on: str | None = None

    @model_validator(mode="after")
    def _names_its_document(self) -> Self:
        if self.programme == "recognised" and not self.document:
            raise ValueError("recognised values name the document that declares them")
        if self.programme == "recognised" and self.statistic == "value":
            raise ValueError("a recognised value is a mean or a total of its interval")
        return self

    @property
    def is_reviewed(self) -> bool:
        """A person has read it over: files may be ingested by it."""
        return bool(self.reviewed_by and self.reviewed_on)

    def sheet_named(self, name: str) -> SheetMapping | None:
        """The mapping of a sheet; None where none names it."""
        own = {sheet.name: sheet for sheet in self.sheets}
        return own.get(name, own.get("*"))
