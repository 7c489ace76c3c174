"""Results of stages: superseded by a later run, never deleted.

The columns of each table are those of its contract, so that a table and the frame that fills it
cannot drift apart. A current row has ``superseded_seq`` NULL and its key is unique.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Table, Text, text
from sqlalchemy.types import TypeEngine

from ecomon.model.tables import (
    EXCEEDANCES,
    GRADES,
    LOAD_ESTIMATES,
    LOADS,
    MEANS,
    READING_CLASSES,
    RECEIPTS,
    Contract,
    Kind,
)
from ecomon.store.schema.knowledge import METADATA, SURROGATE

_TYPES: dict[Kind, type[TypeEngine]] = {
    "text": Text,
    "time": BigInteger,  # epoch seconds
    "int": BigInteger,
    "float": Double,  # NULL for NaN
    "bool": Boolean,
    "object": Text,  # a fraction, numerator/denominator
}


def column_name(name: str, kind: Kind) -> str:
    """A time column is kept as epoch seconds, and says so."""
    return f"{name}_s" if kind == "time" else name


def data_columns(contract: Contract, key: tuple[str, ...], *, is_staging: bool) -> list[Column]:
    """The contract's columns for a table of results, or for the staging table that fills it."""
    return [
        Column(
            column_name(name, kind),
            _TYPES[kind],
            primary_key=is_staging and column_name(name, kind) in key,
            nullable=column_name(name, kind) not in key,
            autoincrement=False,
        )
        for name, kind in contract.columns.items()
    ]


def _result_table(name: str, contract: Contract, key: tuple[str, ...]) -> Table:
    current = text("superseded_seq IS NULL")
    return Table(
        name,
        METADATA,
        Column("result_id", SURROGATE, primary_key=True),
        *data_columns(contract, key, is_staging=False),
        Column("run_id", BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("superseded_seq", BigInteger),
        Column("superseded_by", BigInteger),  # the run that did
        Index(f"uq_{name}", *key, unique=True, sqlite_where=current, postgresql_where=current),
        Index(f"ix_{name}_start_s", "start_s", key[0]),  # a month is found, then its site
        info={"contract": contract, "key": key},
    )


result_mean = _result_table("result_mean", MEANS, ("site", "determinand", "period_kind", "period"))
result_grade = _result_table("result_grade", GRADES, ("site", "period_kind", "period"))
result_class = _result_table("result_class", READING_CLASSES, ("site", "start_s"))
exceedance = _result_table(
    "exceedance", EXCEEDANCES, ("site", "determinand", "start_s", "duration_s", "basis")
)
result_load = _result_table("result_load", LOADS, ("section", "determinand", "period", "method"))
result_load_estimate = _result_table(
    "result_load_estimate",
    LOAD_ESTIMATES,
    ("section", "determinand", "period", "method", "role"),
)
result_receipt = _result_table("result_receipt", RECEIPTS, ("source", "site", "period"))

RESULTS: dict[str, Table] = {
    table.name: table
    for table in (
        result_mean,
        result_grade,
        result_class,
        exceedance,
        result_load,
        result_load_estimate,
        result_receipt,
    )
}
