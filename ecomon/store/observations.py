"""Observations out of the store: current ones, or those known at a sequence number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Select,
    Table,
    and_,
    func,
    literal,
    select,
    true,
)

from ecomon.model.flag import Flag
from ecomon.model.period import Period, to_epoch_s
from ecomon.model.tables import STORED
from ecomon.store.approvals import overlay_approvals
from ecomon.store.columns import beijing_times, fetch_columns, fetch_tuples, floats, ints, texts
from ecomon.store.decisions import read_decisions
from ecomon.store.knowledge import read_seq
from ecomon.store.revisions import CENSORS
from ecomon.store.schema import (
    determinand,
    flag,
    flag_history,
    observation,
    observation_history,
    series,
    site,
)
from ecomon.store.series import select_series

Columns: TypeAlias = list[npt.NDArray[Any]]

COLUMNS = ("series_id", "start_s", "revision", "value", "censor", "source_flag", "row")
_SERIES: tuple[str, ...] = (
    "series_id", "site", "determinand", "statistic", "duration_s", "programme", "source",
    "replicate", "unit",
)  # fmt: skip
_CONVERTERS = {0: ints, 1: ints, 2: ints, 3: floats, 4: ints, 6: ints, 7: ints}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which series: of some sites and determinands (None: of all)."""

    sites: tuple[str, ...] | None
    determinands: tuple[str, ...] | None

    @classmethod
    def of(cls, sites: Iterable[str] | None, determinands: Iterable[str] | None) -> Wanted:
        return cls(
            None if sites is None else tuple(sites),
            None if determinands is None else tuple(determinands),
        )

    @property
    def condition(self) -> ColumnElement[bool]:
        """The same of rows of the table ``series``."""
        chosen: list[ColumnElement[bool]] = []
        if self.sites is not None:
            ids = select(site.c.site_id).where(site.c.site.in_(self.sites))
            chosen.append(series.c.site_id.in_(ids))
        if self.determinands is not None:
            ids = select(determinand.c.determinand_id)
            ids = ids.where(determinand.c.determinand.in_(self.determinands))
            chosen.append(series.c.determinand_id.in_(ids))
        return and_(true(), *chosen)


def read_observations(
    conn: Connection,
    period: Period,
    *,
    sites: Iterable[str] | None = None,
    determinands: Iterable[str] | None = None,
    as_known_at: int | None = None,
    with_flags: bool = True,
) -> pd.DataFrame:
    """Observations that start in a period, sorted by site, determinand, start.

    Parameters
    ----------
    sites, determinands : iterable of str, optional
        Only these; all by default.
    as_known_at : int, optional
        A sequence number: what was current then, flags and decisions included.
    with_flags : bool
        True: what stages after quality take. ``flag`` is the machine's (NOT_EVALUATED where it has
        not judged yet), outranked by a person's decision: accepted and corrected values are GOOD,
        rejected ones FAIL, a correction stands in ``value``; ``decision`` names the verdict
        (NA where nobody decided), ``approval`` is provisional, reviewed or approved. False: the
        source's own values, which quality judges.

    Returns
    -------
    table STORED (with flags: FLAGGED)
    """
    wanted = Wanted.of(sites, determinands)
    if as_known_at is not None and as_known_at >= read_seq(conn):
        as_known_at = None  # nothing has been learnt since: the current rows are the answer
    tables = (observation,) if as_known_at is None else (observation, observation_history)
    queries = [
        select_rows(table, as_known_at, with_flags).where(
            # Even for "all" the series are named, so that the key is sought by series and start.
            table.c.series_id.in_(select(series.c.series_id).where(wanted.condition)),
            table.c.start_s >= to_epoch_s(period.start),
            table.c.start_s < to_epoch_s(period.end),
            known_rows(table, as_known_at),
        )
        for table in tables
    ]
    columns = fetch_rows(conn, queries)
    return compose_table(conn, columns, read_names(conn, wanted), as_known_at)


def fetch_rows(conn: Connection, queries: Iterable[Executable]) -> Columns:
    """The columns of :func:`select_rows` of several queries, one below the other."""
    parts = [fetch_columns(conn, query, _CONVERTERS) for query in queries]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def read_names(conn: Connection, wanted: Wanted) -> list[tuple[Any, ...]]:
    """The series wanted, ids and names, as :func:`ecomon.store.series.select_series` has them."""
    named = select_series(sites=wanted.sites, determinands=wanted.determinands)
    return fetch_tuples(conn, named)


def compose_table(
    conn: Connection, columns: Columns, names: Iterable[tuple[Any, ...]], as_known_at: int | None
) -> pd.DataFrame:
    """Rows that were fetched, with the names of their series and what people decided on them.

    Returns
    -------
    table STORED (FLAGGED where the rows have flags), sorted by site, determinand, start
    """
    table = _frame(columns, names)
    if len(columns) > len(COLUMNS):
        table["flag"] = columns[-1][table.index.to_numpy()]
        _overlay_decisions(table, read_decisions(conn, as_known_at))
        overlay_approvals(conn, table, as_known_at)
    return STORED.check(table.reset_index(drop=True))


def known_rows(table: FromClause, as_known_at: int | None) -> ColumnElement[bool]:
    """The rows of the current or of the former revisions that were current at a sequence number."""
    if as_known_at is None:
        return true()
    is_known = table.c.seq <= as_known_at
    if "superseded_seq" in table.c:
        return and_(is_known, table.c.superseded_seq > as_known_at)
    return is_known


def select_rows(table: Table, as_known_at: int | None, with_flags: bool) -> Select[Any]:
    """Current or former revisions in the columns of :data:`COLUMNS`, then their flags."""
    query = select(*(table.c[name] for name in COLUMNS))
    if not with_flags:
        return query
    unjudged = literal(int(Flag.NOT_EVALUATED))
    is_current = and_(flag.c.revision == table.c.revision, known_rows(flag, as_known_at))
    if as_known_at is None:
        known_flag = func.coalesce(flag.c.flag, unjudged)
        return query.add_columns(known_flag).outerjoin_from(table, flag, is_current)
    past = flag_history
    is_past = and_(past.c.revision == table.c.revision, known_rows(past, as_known_at))
    return (
        query.add_columns(func.coalesce(flag.c.flag, past.c.flag, unjudged))
        .select_from(table)
        .outerjoin(flag, is_current)
        .outerjoin(past, is_past)
    )


def _frame(columns: Columns, names: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """The table in its order; its index says which row of ``columns`` each row was."""
    series_ids, start_s = columns[0], columns[1]
    by_name = sorted(names, key=lambda row: (row[1], row[2], row[0]))
    columns_of = zip(*by_name, strict=True) if by_name else [()] * len(_SERIES)
    dictionary: dict[str, tuple[Any, ...]] = dict(zip(_SERIES, columns_of, strict=True))
    ids = ints(dictionary["series_id"])
    place = np.zeros(ids.max(initial=0) + 1, dtype=np.int64)
    place[ids] = np.arange(len(ids))
    pairs = list(zip(dictionary["site"], dictionary["determinand"], strict=True))
    is_next = [pair != before for pair, before in pairwise(pairs)]
    rank = np.cumsum([False, *is_next])  # of the site and determinand that many series may share
    row_place = place[series_ids]
    order = np.lexsort((row_place, start_s, rank[row_place]))
    row_place = row_place[order]

    def named(column: str) -> Any:
        return texts(dictionary[column]).take(row_place)

    def numbered(column: str) -> npt.NDArray[np.int64]:
        return ints(dictionary[column])[row_place]

    return pd.DataFrame(
        {
            "site": named("site"),
            "determinand": named("determinand"),
            "statistic": named("statistic"),
            "start": beijing_times(start_s[order]),
            "duration_s": numbered("duration_s"),
            "programme": named("programme"),
            "source": named("source"),
            "replicate": numbered("replicate"),
            "value": columns[3][order],
            "unit": named("unit"),
            "censor": texts(CENSORS).take(columns[4][order]),
            "source_flag": texts(columns[5][order]),
            "row": columns[6][order],
            "revision": columns[2][order],
        },
        index=pd.Index(order),
    )


def _overlay_decisions(table: pd.DataFrame, decisions: pd.DataFrame) -> None:
    verdicts = np.full(len(table), None, dtype=object)
    is_judged = table["revision"].isin(decisions["revision"]).to_numpy()
    if is_judged.any():
        held = decisions.drop_duplicates("revision", keep="last").set_index("revision")
        revisions = table["revision"].to_numpy()[is_judged]
        verdicts[is_judged] = held["verdict"].loc[revisions].to_numpy(object)
        is_rejected, is_corrected = verdicts == "reject", verdicts == "correct"
        table.loc[is_judged & ~is_rejected, "flag"] = int(Flag.GOOD)
        table.loc[is_rejected, "flag"] = int(Flag.FAIL)
        corrections = held["value"].reindex(table["revision"].to_numpy()[is_corrected])
        table.loc[is_corrected, "value"] = corrections.to_numpy()
        # A corrected value was measured by somebody: it is a value, not a bound.
        table.loc[is_corrected, "censor"] = "none"
    table["decision"] = texts(verdicts)
