"""Revisions: staged observations against the current ones, in three statements of SQL."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Double,
    MetaData,
    SmallInteger,
    Table,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from ecomon.errors import ContractError
from ecomon.store.columns import epoch_s, floats_or_null, texts_or_null, times_or_null
from ecomon.store.dialect import bulk_load, upsert
from ecomon.store.knowledge import Commit
from ecomon.store.partitions import make_partitions
from ecomon.store.schema import batch, dead_letter, observation, observation_history

CENSORS = ("none", "left", "right")
"""The store keeps the place in this list."""

STAGED = Table(
    "staged_observation",
    MetaData(),
    Column("number", BigInteger),  # 0, 1, 2 ...: its revision, less the first of the batch
    Column("series_id", BigInteger),
    Column("start_s", BigInteger),
    Column("value", Double),
    Column("censor", SmallInteger),
    Column("source_flag", Text),
    Column("reported_at_s", BigInteger),
    Column("row", BigInteger),
    prefixes=["TEMPORARY"],
)
ASSERTED = Table(
    "asserted_observation",
    MetaData(),
    Column("series_id", BigInteger, primary_key=True, autoincrement=False),
    Column("start_s", BigInteger, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)

_SAME_KEY = and_(
    STAGED.c.series_id == observation.c.series_id, STAGED.c.start_s == observation.c.start_s
)


def _differs(staged: Table, current: Table) -> ColumnElement[bool]:
    return or_(
        staged.c.value.is_distinct_from(current.c.value),
        staged.c.censor != current.c.censor,
        staged.c.source_flag.is_distinct_from(current.c.source_flag),
    )


def stage_observations(
    conn: Connection, observations: pd.DataFrame, series_ids: npt.NDArray[np.int64]
) -> int:
    """Lay a batch into the staging table in the order of the key; of equal keys the later row.

    Parameters
    ----------
    observations : table OBSERVATIONS, n rows; ``reported_at`` (time) may ride along
    series_ids : ndarray of int64, shape (n,)

    Returns
    -------
    int
        Rows staged: n less the repeated keys.

    Raises
    ------
    ContractError
        on a row without a start, or a ``censor`` that is none of none, left, right.
    """
    if observations["start"].isna().any():
        raise ContractError("observations: a row has no 'start'")
    start = epoch_s(observations["start"])
    order = np.lexsort((start, series_ids))
    series_sorted, start_sorted = series_ids[order], start[order]
    is_last = np.ones(len(order), dtype=bool)
    is_last[:-1] = (series_sorted[1:] != series_sorted[:-1]) | (
        start_sorted[1:] != start_sorted[:-1]
    )
    kept = order[is_last]
    table = observations.iloc[kept]
    reported = times_or_null(table["reported_at"]) if "reported_at" in table else [None] * len(kept)
    make_partitions(conn, start[kept])
    conn.execute(delete(STAGED))
    bulk_load(
        conn,
        STAGED,
        zip(
            range(len(kept)),
            series_ids[kept].tolist(),
            start[kept].tolist(),
            floats_or_null(table["value"]),
            _censor_codes(table["censor"]),
            texts_or_null(table["source_flag"]),
            reported,
            table["row"].tolist(),
            strict=True,
        ),
    )
    return len(kept)


def _censor_codes(censor: pd.Series) -> list[int]:
    codes, words = pd.factorize(censor)
    strangers = set(words) - set(CENSORS)
    if strangers or (codes < 0).any():
        raise ContractError(f"censor is none, left or right, not {sorted(strangers) or 'missing'}")
    return np.array([CENSORS.index(word) for word in words], dtype=np.int64)[codes].tolist()


def write_revisions(commit: Commit, n_staged: int, batch_id: int) -> tuple[int, int]:
    """Write what is new or differs, after moving what it replaces to the history.

    A row that this same commit wrote before (an earlier part of the same file) is written over in
    place: nobody knew it yet.

    Returns
    -------
    tuple of int
        Observations new, and observations revised.
    """
    conn, seq = commit.conn, commit.seq
    n_new, n_revised, n_own = _classify_staged(commit)
    if n_new + n_revised + n_own == 0:
        return 0, 0
    if n_revised:
        _move_to_history(commit)
    first = commit.next_id("revision")
    is_own = observation.c.seq == seq
    statement = upsert(conn, observation).from_select(
        [
            "series_id", "start_s", "revision", "value", "censor", "source_flag",
            "reported_at_s", "batch_id", "row", "seq",
        ],
        select(
            STAGED.c.series_id, STAGED.c.start_s, STAGED.c.number + first, STAGED.c.value,
            STAGED.c.censor, STAGED.c.source_flag, STAGED.c.reported_at_s, literal(batch_id),
            STAGED.c.row, literal(seq),
        ).where(true()),  # SQLite needs a WHERE before ON CONFLICT
    )  # fmt: skip
    given = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["series_id", "start_s"],
        set_={
            "revision": case((is_own, observation.c.revision), else_=given.revision),
            **{
                name: given[name]
                for name in (
                    "value", "censor", "source_flag", "reported_at_s", "batch_id", "row", "seq",
                )
            },
        },
        where=or_(
            given.value.is_distinct_from(observation.c.value),
            given.censor != observation.c.censor,
            given.source_flag.is_distinct_from(observation.c.source_flag),
        ),
    )  # fmt: skip
    conn.execute(statement)
    commit.take_ids("revision", n_staged)
    return n_new, n_revised


def _classify_staged(commit: Commit) -> tuple[int, int, int]:
    """How many staged rows are new, revise what was known, or differ from this commit's own."""
    own = observation.c.seq == commit.seq
    classes = (
        observation.c.seq.is_(None),
        and_(~own, _differs(STAGED, observation)),
        and_(own, _differs(STAGED, observation)),
    )
    counts = (func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in classes)
    counted: Any = commit.conn.execute(
        select(*counts).select_from(STAGED.outerjoin(observation, _SAME_KEY))
    ).one()
    n_new, n_revised, n_own = (int(count) for count in counted)
    return n_new, n_revised, n_own


def _move_to_history(commit: Commit) -> None:
    columns = [column.name for column in observation.columns]
    commit.conn.execute(
        insert(observation_history).from_select(
            [*columns, "superseded_seq", "reason"],
            select(*observation.columns, literal(commit.seq), literal("revised"))
            .select_from(STAGED.join(observation, _SAME_KEY))
            .where(observation.c.seq != commit.seq, _differs(STAGED, observation)),
        )
    )


def assert_staged(conn: Connection) -> None:
    """Note the staged keys as told again, so that :func:`withdraw_absent` spares them."""
    conn.execute(
        upsert(conn, ASSERTED)
        .from_select(
            ["series_id", "start_s"],
            select(STAGED.c.series_id, STAGED.c.start_s).where(true()),
        )
        .on_conflict_do_nothing()
    )


def withdraw_absent(commit: Commit, batch_id: int) -> tuple[int, tuple[int, ...]]:
    """Withdraw the current observations of a superseded batch that its successor did not tell again.

    Those of the batches it superseded in turn are among them: what a later batch told unchanged
    still bears the number of the first that told it. Its open dead letters are settled with it. A value that the old batch had itself revised does
    not come back: the history keeps it, and its source can send it again.

    Returns
    -------
    int, tuple of int
        How many, and the first and last of their starts in epoch seconds (empty where none).
    """
    conn = commit.conn
    mended = _mended_with(conn, batch_id)
    absent = and_(
        observation.c.batch_id.in_(mended),
        ~select(ASSERTED.c.start_s)
        .where(
            ASSERTED.c.series_id == observation.c.series_id,
            ASSERTED.c.start_s == observation.c.start_s,
        )
        .exists(),
    )
    columns = [column.name for column in observation.columns]
    ends: Any = conn.execute(
        select(func.min(observation.c.start_s), func.max(observation.c.start_s)).where(absent)
    ).one()
    conn.execute(
        insert(observation_history).from_select(
            [*columns, "superseded_seq", "reason"],
            select(*observation.columns, literal(commit.seq), literal("withdrawn")).where(absent),
        )
    )
    conn.execute(
        update(dead_letter)
        .where(dead_letter.c.batch_id.in_(mended), dead_letter.c.state == "open")
        .values(state="superseded")
    )
    n_withdrawn = conn.execute(delete(observation).where(absent)).rowcount
    return n_withdrawn, tuple(ends) if n_withdrawn else ()


def _mended_with(conn: Connection, batch_id: int) -> list[int]:
    """A batch and those it superseded, one after the other."""
    found = [batch_id]
    while (
        earlier := conn.execute(
            select(batch.c.supersedes).where(batch.c.batch_id == found[-1])
        ).scalar()
    ) is not None:
        found.append(earlier)
    return found
