"""Approvals: how far a person stands for the readings of a site and period.

An approval covers the revisions there were when it was given, as they had been decided by then. A
later revision of the same reading, and a value decided on later, is provisional again: nobody has
approved that one. The last approval that covers a revision holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, Select, func, select

from ecomon.model.approval import APPROVAL_STATES
from ecomon.model.codes import encode, run_starts
from ecomon.store.columns import beijing_times, ints, texts
from ecomon.store.schema import approval, decision

_COLUMNS = (
    approval.c.approval_id, approval.c.site, approval.c.determinand, approval.c.start_s,
    approval.c.end_s, approval.c.state, approval.c.actor, approval.c.role, approval.c.reason,
    approval.c.seq, approval.c.last_revision,
)  # fmt: skip
_US = 1_000_000
NONE = -1
"""In the place of an approval: no approval covers the reading."""


def read_approvals(conn: Connection, as_known_at: int | None = None) -> pd.DataFrame:
    """Every approval, oldest first; of those that cover a revision the last holds.

    Returns
    -------
    DataFrame
        ``approval_id`` (int), ``site`` (text), ``determinand`` (text; NA: all of the site),
        ``start, end`` (time, half-open), ``state, actor, role, reason`` (text), ``seq`` (int),
        ``last_revision`` (int): it covers no revision after this one.
    """
    return _frame(conn, _select(as_known_at))


def approvals_over(
    conn: Connection,
    first_s: int,
    last_s: int,
    *,
    sites: Iterable[str] | None = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """The approvals, as :func:`read_approvals` gives them, that reach into a span of epoch seconds
    (both ends included), of some sites or all."""
    query = _select(as_known_at).where(approval.c.start_s <= last_s, approval.c.end_s > first_s)
    if sites is not None:
        query = query.where(approval.c.site.in_(sorted(sites)))
    return _frame(conn, query)


def overlay_approvals(
    conn: Connection, table: pd.DataFrame, as_known_at: int | None = None
) -> pd.DataFrame:
    """The table with a column ``approval``: a category of provisional, reviewed, approved.

    Parameters
    ----------
    table : table STORED
        Sorted by site, determinand, start, as ``read_observations`` gives it; the column is added
        to it in place.
    as_known_at : int, optional
        A sequence number: what was approved then.
    """
    codes = np.zeros(len(table), dtype=np.int8)
    if len(table):
        start_s = table["start"].to_numpy().view(np.int64) // _US - 8 * 3600
        over = approvals_over(conn, int(start_s.min()), int(start_s.max()), as_known_at=as_known_at)
        if len(over):
            decided = decided_since(conn, int(over["seq"].min()), as_known_at)
            holding = holding_approvals(table, over, decided)
            states = np.append(over["state"].map(APPROVAL_STATES.index).to_numpy(np.int8), 0)
            codes = states[holding]  # NONE is the last of them: provisional
    table["approval"] = pd.Categorical.from_codes(codes, list(APPROVAL_STATES), validate=False)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return table


def holding_approvals(
    table: pd.DataFrame, approvals: pd.DataFrame, decided: pd.Series
) -> npt.NDArray[np.int64]:
    """Which approval holds for each reading: its place among ``approvals``, or NONE.

    Parameters
    ----------
    table : DataFrame
        ``site, determinand, start, revision``, sorted by the first three: an approval is then a
        few slices of it, however many rows it covers.
    approvals : DataFrame
        As :func:`read_approvals` gives them, oldest first.
    decided : Series
        Sequence number of the last decision by revision: an earlier approval does not cover it.

    Returns
    -------
    ndarray of int, shape (row,)
    """
    start = table["start"].to_numpy().view(np.int64)
    revision = table["revision"].to_numpy(np.int64)
    decided_seq = _by_row(revision, decided)
    blocks = _blocks(table)
    holding = np.full(len(table), NONE, dtype=np.int64)
    ends = [
        approvals[name].to_numpy().astype("datetime64[us]").view(np.int64)
        for name in ("start", "end")
    ]
    rows = zip(
        approvals["site"], approvals["determinand"], *ends, approvals["seq"],
        approvals["last_revision"], strict=True,
    )  # fmt: skip
    for place, (site, determinand, first, end, seq, last_revision) in enumerate(rows):
        is_all = not isinstance(determinand, str)
        for name, low, high in blocks.get(site, ()):
            if is_all or name == determinand:
                low, high = low + np.searchsorted(start[low:high], (first, end))
                covered = revision[low:high] <= last_revision
                if decided_seq is not None:
                    covered &= decided_seq[low:high] < seq
                holding[low:high][covered] = place
    return holding


def decided_since(conn: Connection, seq: int, as_known_at: int | None = None) -> pd.Series:
    """Sequence number of the last decision, by revision, of those decided after ``seq``."""
    query = (
        select(decision.c.revision, func.max(decision.c.seq))
        .where(decision.c.seq > seq)
        .group_by(decision.c.revision)
    )
    if as_known_at is not None:
        query = query.where(decision.c.seq <= as_known_at)
    rows = conn.execute(query).all()
    return pd.Series([row[1] for row in rows], [row[0] for row in rows], dtype=np.int64)


def _by_row(revision: npt.NDArray[np.int64], decided: pd.Series) -> npt.NDArray[np.int64] | None:
    if decided.empty:
        return None
    by_row = np.zeros(len(revision), dtype=np.int64)
    places = np.flatnonzero(np.isin(revision, decided.index.to_numpy(np.int64)))
    by_row[places] = decided.reindex(revision[places]).to_numpy()
    return by_row


def _blocks(table: pd.DataFrame) -> dict[str, list[tuple[str, int, int]]]:
    """Determinand, first row and end of each site's runs of rows of one determinand."""
    blocks: dict[str, list[tuple[str, int, int]]] = {}
    if table.empty:
        return blocks
    sites, site_names = encode(table["site"])
    keys, names = encode(table["determinand"])
    heads = run_starts((sites[1:] != sites[:-1]) | (keys[1:] != keys[:-1]))
    for low, high in zip(heads.tolist(), [*heads[1:].tolist(), len(table)], strict=True):
        blocks.setdefault(site_names[sites[low]], []).append((names[keys[low]], low, high))
    return blocks


def _select(as_known_at: int | None) -> Any:
    query = select(*_COLUMNS).order_by(approval.c.approval_id)
    return query if as_known_at is None else query.where(approval.c.seq <= as_known_at)


def _frame(conn: Connection, query: Select[Any]) -> pd.DataFrame:
    rows = conn.execute(query).all()
    return _table(rows) if rows else _no_approvals().copy()


@cache
def _no_approvals() -> pd.DataFrame:
    """Made once: most readings are read and written where nobody has approved anything."""
    return _table([])


def _table(rows: Sequence[Any]) -> pd.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    named = dict(zip((column.name for column in _COLUMNS), columns, strict=True))
    return pd.DataFrame(
        {
            "approval_id": ints(named["approval_id"]),
            "site": texts(named["site"]),
            "determinand": texts(named["determinand"]),
            "start": beijing_times(ints(named["start_s"])),
            "end": beijing_times(ints(named["end_s"])),
            **{name: texts(named[name]) for name in ("state", "actor", "role", "reason")},
            "seq": ints(named["seq"]),
            "last_revision": ints(named["last_revision"]),
        }
    )
