"""The last observation of each series: what a station said last, whenever that was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    bindparam,
    func,
    select,
    true,
)

from ecomon.store.dialect import joining
from ecomon.store.knowledge import read_seq
from ecomon.store.observations import (
    Columns,
    Wanted,
    compose_table,
    fetch_rows,
    known_rows,
    read_names,
    select_rows,
)
from ecomon.store.partitions import windows_back
from ecomon.store.schema import observation, observation_history, series

_ASKED_AT_ONCE = 10_000  # series named one by one in a statement; every database takes as many


def read_latest(
    conn: Connection,
    *,
    sites: Iterable[str] | None = None,
    determinands: Iterable[str] | None = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """The last observation of each series, however long ago; NaN where its source gave no value.

    Parameters
    ----------
    sites, determinands : iterable of str, optional
        Only these; all by default.
    as_known_at : int, optional
        A sequence number: the last one that was current then.

    Returns
    -------
    table FLAGGED
        One row a series, sorted by site, determinand, start; ``decision`` and ``approval`` as
        :func:`ecomon.store.observations.read_observations` gives them.
    """
    wanted = Wanted.of(sites, determinands)
    if as_known_at is not None and as_known_at >= read_seq(conn):
        as_known_at = None
    names = read_names(conn, wanted)
    with joining(conn, "seek"):
        parts = list(_seek_back(conn, wanted, {one[0] for one in names}, as_known_at))
        if as_known_at is not None:
            query = _select_last(observation_history, wanted.condition, as_known_at)
            parts.append(fetch_rows(conn, [query]))
    columns = [np.concatenate(part) for part in zip(*parts, strict=True)]
    # A series may have been found among the former revisions, too.
    series_ids, start_s = columns[:2]
    order = np.lexsort((start_s, series_ids))
    is_last = np.append(np.diff(series_ids[order]) != 0, True)[: len(order)]
    kept = order[is_last]
    return compose_table(conn, [column[kept] for column in columns], names, as_known_at)


def _seek_back(
    conn: Connection, wanted: Wanted, ids: set[int], as_known_at: int | None
) -> Iterator[Columns]:
    """Current rows, the last of each series (``ids``), sought from the newest partition back."""
    is_sought = wanted.condition
    first, *others = windows_back(conn)
    found = fetch_rows(conn, [_select_last(observation, is_sought, as_known_at, first)])
    yield found
    sought = ids.difference(found[0].tolist())
    for first_s in others:
        if not sought:
            return
        if len(sought) <= _ASKED_AT_ONCE:
            is_sought = series.c.series_id.in_(sorted(sought))
        found = fetch_rows(conn, [_select_last(observation, is_sought, as_known_at, first_s)])
        is_new = np.isin(found[0], list(sought))
        yield [column[is_new] for column in found]
        sought.difference_update(found[0].tolist())


def _select_last(
    table: Table,
    is_sought: ColumnElement[bool],
    as_known_at: int | None,
    first_s: int | None = None,
) -> Select[Any]:
    """The last known row of each series sought, of those that start at ``first_s`` or later."""
    earlier = table.alias()
    start_s = (
        select(func.max(earlier.c.start_s))
        .where(
            earlier.c.series_id == series.c.series_id,
            known_rows(earlier, as_known_at),
            _starts_from(earlier, first_s),
        )
        .scalar_subquery()
    )
    # Written out first, so that no plan asks for the last of a series at each of its rows.
    sought = select(series.c.series_id, start_s.label("start_s")).where(is_sought)
    last = sought.cte("last").prefix_with("MATERIALIZED")
    return select_rows(table, as_known_at, with_flags=True).where(
        table.c.series_id == last.c.series_id,
        table.c.start_s == last.c.start_s,
        known_rows(table, as_known_at),
        _starts_from(table, first_s),
    )


def _starts_from(table: FromClause, first_s: int | None) -> ColumnElement[bool]:
    if first_s is None:
        return true()
    # Written out, so that a server plans for the partitions from there on alone. An end as well
    # would make it take the readings of a month that it does not know yet for a handful.
    return table.c.start_s >= bindparam(None, first_s, literal_execute=True)
