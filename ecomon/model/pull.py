"""What is read from another office's database, and how (取数)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ecomon.model.fact import Fact, Slug

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$#]{0,127}$")]
"""A name as a database takes it without quotes: no other text ever becomes part of a query."""

TABLES = {
    "st-river-r": "ST_RIVER_R",
    "st-rsvr-r": "ST_RSVR_R",
    "st-pptn-r": "ST_PPTN_R",
    "st-zqrl-b": "ST_ZQRL_B",
}
"""SL 323 table by feed."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "st-river-r": (
        "STCD", "TM", "Z", "Q", "XSA", "XSAVV", "XSMXV", "FLWCHRCD", "FLWCHRSCD", "WPTN", "MSQMT",
        "MSAMT", "MSVMT", "MODITIME",
    ),
    "st-rsvr-r": (
        "STCD", "TM", "RZ", "INQ", "W", "BLRZ", "OTQ", "RWCHRCD", "RWPTN", "INQDR", "MSQMT",
        "MODITIME",
    ),
    "st-pptn-r": ("STCD", "TM", "DRP", "INTV", "PDR", "DYP", "WTH", "MODITIME"),
    "st-zqrl-b": ("STCD", "LNNM", "BGTM", "PTNO", "Z", "Q", "MODITIME"),
}  # fmt: skip
"""Columns that are read where the table has them, in the order of the file that is written."""

NEEDED: dict[str, tuple[str, ...]] = {
    "st-river-r": ("STCD", "TM", "Z"),
    "st-rsvr-r": ("STCD", "TM", "RZ"),
    "st-pptn-r": ("STCD", "TM", "DRP", "INTV"),
    "st-zqrl-b": ("STCD", "BGTM", "Z", "Q"),
}
MODIFIED = "MODITIME"


class Pull(Fact):
    """A table of a database that is read at times. Shipped ones are off; a site turns them on.

    Attributes
    ----------
    feed : str
        Whose decoder reads the rows.
    url_variable : str
        Name of the environment variable (or line of ``ecomon.env``) that holds the SQLAlchemy URL
        with user and password; the URL itself never stands among the facts.
    schema_name, table : str
        Where the rows stand; the table's SL 323 name unless another is given (a view serves too).
    is_quoted : bool
        The database keeps these names as they are spelt here (PostgreSQL with capital letters).
    columns : dict
        SL 323 name to the name in this database, of columns that are called otherwise.
    increment : {"modified", "time", "whole"}
        By which column rows are known to be new: MODITIME, TM, or none (the table is read whole).
    overlap_h : float
        So far before the last row seen reading begins again: for rows that come late.
    since : naive datetime
        Rows older than this (by the increment's column) are never asked for.
    stations : tuple of str
        Only rows of these STCD; all where empty.
    times_are : {"beijing", "utc"}
        Which civil time the database writes; it writes no zone.
    text_encoding : str, optional
        What the octets of texts really are, where the database says something else of them (GBK in
        a column that calls itself Latin-1).
    page_rows : int
        Rows asked for at once; so many are held in memory.
    file_rows : int
        Rows of one file laid into the inbox.
    statement_timeout_s, interval_s : int
        How long one query may run; a pull is not made again sooner than the interval.
    """

    id: Slug
    name_zh: str
    name_en: str
    feed: Literal["st-river-r", "st-rsvr-r", "st-pptn-r", "st-zqrl-b"]
    url_variable: str = Field(pattern=r"^ECOMON_[A-Z0-9_]{1,100}$")
    schema_name: Identifier | None = None
    table: Identifier | None = None
    is_quoted: bool = False
    columns: dict[str, Identifier] = Field(default_factory=dict[str, str])
    increment: Literal["modified", "time", "whole"]
    overlap_h: float = Field(default=24.0, ge=0, le=24 * 400)
    since: datetime | None = None
    stations: tuple[str, ...] = ()
    times_are: Literal["beijing", "utc"] = "beijing"
    text_encoding: Literal["gbk", "gb18030", "utf-8"] | None = None
    page_rows: int = Field(default=5_000, ge=1, le=100_000)
    file_rows: int = Field(default=50_000, ge=1, le=1_000_000)
    statement_timeout_s: int = Field(default=60, ge=1, le=3600)
    interval_s: int = Field(default=1800, ge=60)
    is_enabled: bool = False
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None

    @field_validator("unverified_fields")
    @classmethod
    def _are_fields(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in cls.model_fields:
                raise ValueError(f"no field of a pull: {name!r}")
        return names

    @model_validator(mode="after")
    def _can_be_read(self) -> Pull:
        others = sorted(self.columns.keys() - set(COLUMNS[self.feed]))
        if others:
            raise ValueError(f"columns that {TABLES[self.feed]} does not have: {', '.join(others)}")
        if self.feed == "st-zqrl-b" and self.increment == "time":
            raise ValueError("ratings have no TM: increment is whole or modified")
        if self.increment != "whole" and self.since is None:
            raise ValueError("since says from which time on rows are read the first time")
        if self.since is not None and (self.since.tzinfo or self.since.microsecond):
            raise ValueError("since is a whole second without a zone, in the database's own time")
        return self

    @property
    def table_name(self) -> str:
        return self.table or TABLES[self.feed]

    @property
    def key(self) -> str:
        """Under which name the store remembers how far it has come."""
        return f"pull:{self.id}"

    @property
    def increment_column(self) -> str | None:
        """SL 323 name of the column that tells new rows; None where the table is read whole."""
        return {"modified": MODIFIED, "time": "TM", "whole": None}[self.increment]

    def column(self, name: str) -> str:
        """What this database calls an SL 323 column."""
        return self.columns.get(name, name)
