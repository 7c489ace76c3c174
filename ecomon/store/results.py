"""Results of stages: what a run finds is met with what is current in its scope.

Equal rows stay untouched, rows that changed or vanished are superseded (never deleted), new ones
are inserted; so a run repeated over the same input writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    Table,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from ecomon.errors import ContractError
from ecomon.model.period import Period, to_epoch_s
from ecomon.model.tables import Contract, Kind
from ecomon.store.canonical import fraction_text, read_fraction
from ecomon.store.columns import (
    Column,
    Convert,
    Texts,
    fetch_columns,
    floats,
    ints,
    masked_times,
    texts,
    times,
)
from ecomon.store.dialect import bulk_load
from ecomon.store.knowledge import Commit
from ecomon.store.schema.result import column_name, data_columns

_CONVERTERS: dict[Kind, Convert] = {"time": times, "int": ints, "float": floats}

Choice = str | Collection[str] | None


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows a run answers for: those that start in ``period`` and hold the chosen values.

    ``chosen`` maps a column to one text, several, or None (any). ``bounds`` maps a column of
    integers to its least and greatest.
    """

    period: Period
    chosen: Mapping[str, Choice] = field(default_factory=dict[str, Choice])
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def _sets(self) -> dict[str, list[str]]:
        return {
            name: [choice] if isinstance(choice, str) else sorted(choice)
            for name, choice in self.chosen.items()
            if choice is not None
        }

    def condition(self, table: Table) -> ColumnElement[bool]:
        """The scope as SQL."""
        return and_(
            table.c.start_s >= to_epoch_s(self.period.start),
            table.c.start_s < to_epoch_s(self.period.end),
            *(table.c[name].in_(values) for name, values in self._sets().items()),
            *(table.c[name].between(*ends) for name, ends in self.bounds.items()),
        )

    def check(self, frame: pd.DataFrame) -> None:
        """ContractError if a row lies outside: it would be written without being answered for."""
        start = frame["start"]
        is_inside = ((start >= self.period.start) & (start < self.period.end)).to_numpy()
        for name, values in self._sets().items():
            is_inside = is_inside & frame[name].isin(values).to_numpy()
        for name, ends in self.bounds.items():
            is_inside = is_inside & frame[name].between(*ends).to_numpy()
        if not is_inside.all():
            stray = frame[~is_inside].iloc[0].to_dict()
            raise ContractError(
                f"{(~is_inside).sum()} rows outside of the run's scope, e.g. {stray}"
            )


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What a run's results came to."""

    n_written: int
    n_superseded: int
    n_unchanged: int


def write_results(
    commit: Commit, table: Table, run_id: int, frame: pd.DataFrame, scope: Scope
) -> WriteReport:
    """Make ``frame`` the current rows of ``table`` inside ``scope``.

    Parameters
    ----------
    table : Table
        One of ``schema.RESULTS``; its contract says what the frame holds. Further columns of the
        frame are not kept.

    Raises
    ------
    ContractError
        if the frame breaks the contract, holds a key twice or reaches out of the scope.
    """
    contract: Contract = table.info["contract"]
    key: tuple[str, ...] = table.info["key"]
    contract.check(frame)
    scope.check(frame)
    conn, staged = commit.conn, _stage(commit.conn, contract, key, frame)
    names = [column.name for column in staged.columns]
    is_current = and_(table.c.superseded_seq.is_(None), scope.condition(table))
    has_equal = (
        select(literal(1))
        .where(*(staged.c[name].is_not_distinct_from(table.c[name]) for name in names))
        .correlate(table)
        .exists()
    )
    n_superseded = conn.execute(
        update(table)
        .where(is_current, ~has_equal)
        .values(superseded_seq=commit.seq, superseded_by=run_id)
    ).rowcount
    has_current = (
        select(literal(1))
        .where(*(table.c[name] == staged.c[name] for name in key), table.c.superseded_seq.is_(None))
        .correlate(staged)
        .exists()
    )
    n_written = conn.execute(
        insert(table).from_select(
            [*names, "run_id", "seq"],
            select(*staged.columns, literal(run_id), literal(commit.seq)).where(~has_current),
        )
    ).rowcount
    staged.drop(conn)
    if n_written or n_superseded:
        commit.keep(table.name)
    return WriteReport(n_written, n_superseded, len(frame) - n_written)


def _stage(
    conn: Connection, contract: Contract, key: tuple[str, ...], frame: pd.DataFrame
) -> Table:
    staged = Table(
        "staged_result",
        MetaData(),
        *data_columns(contract, key, is_staging=True),
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=False,
    )
    doubled = frame.duplicated(
        [name for name, kind in contract.columns.items() if column_name(name, kind) in key]
    )
    if doubled.any():
        stray = frame[doubled].iloc[0].to_dict()
        raise ContractError(f"{contract.name}: a key stands twice: {stray}")
    staged.create(conn)
    bulk_load(
        conn, staged, [_to_staged(frame[name], kind) for name, kind in contract.columns.items()]
    )
    return staged


def _to_staged(values: pd.Series, kind: Kind) -> Column:
    match kind:
        case "text":
            return Texts.of(values)
        case "time":
            return masked_times(values)
        case "object":
            return Texts.of(pd.Series([fraction_text(value) for value in values], dtype="str"))
        case "float":
            return values.to_numpy(np.float64)
        case "int" | "bool":
            return values.to_numpy(np.int64)


def read_results(
    conn: Connection, table: Table, scope: Scope, *, as_known_at: int | None = None
) -> pd.DataFrame:
    """The current rows of a scope (or those that were, as known at), in the order of the key.

    Returns
    -------
    DataFrame
        The table's contract, and ``result_id, run_id`` (int) riding along.
    """
    contract: Contract = table.info["contract"]
    columns = [
        *(table.c[column_name(name, kind)] for name, kind in contract.columns.items()),
        table.c.result_id,
        table.c.run_id,
    ]
    is_known = table.c.superseded_seq.is_(None)
    if as_known_at is not None:
        is_known = and_(
            table.c.seq <= as_known_at, or_(is_known, table.c.superseded_seq > as_known_at)
        )
    query = (
        select(*columns)
        .where(is_known, scope.condition(table))
        .order_by(*(table.c[name] for name in table.info["key"]))
    )
    kinds: dict[str, Kind] = {**contract.columns, "result_id": "int", "run_id": "int"}
    converters = {
        number: _CONVERTERS[kind]
        for number, kind in enumerate(kinds.values())
        if kind in _CONVERTERS
    }
    arrays = fetch_columns(conn, query, converters)
    return contract.check(
        pd.DataFrame(
            {
                name: _to_column(values, kind)
                for (name, kind), values in zip(kinds.items(), arrays, strict=True)
            }
        )
    )


def _to_column(values: npt.NDArray[Any], kind: Kind) -> Any:
    match kind:
        case "text":
            return texts(values)
        case "object":
            return pd.Series([read_fraction(value) for value in values], dtype=object)
        case "bool":
            return values.astype(bool)
        case "time" | "int" | "float":
            return values


def count_current(conn: Connection, table: Table) -> int:
    """Rows that no later run has superseded."""
    query = select(func.count()).select_from(table).where(table.c.superseded_seq.is_(None))
    return conn.execute(query).scalar_one()
