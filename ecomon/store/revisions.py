"""Revisions: staged observations against the current ones, in three statements of SQL."""

from __future__ import annotations

from dataclasses import dataclass
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
    Select,
    SmallInteger,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from ecomon.errors import ContractError
from ecomon.model.codes import encode
from ecomon.store.canonical import read_json
from ecomon.store.columns import Texts, epoch_s, masked_times, take
from ecomon.store.dialect import bulk_load, empty_table, joining, upsert
from ecomon.store.knowledge import Commit
from ecomon.store.partitions import make_partitions
from ecomon.store.schema import (
    batch,
    dead_letter,
    observation,
    observation_history,
    series,
    site,
)

CENSORS = ("none", "left", "right")
"""The store keeps the place in this list."""

_SOUGHT_ROWS = 10_000  # of fewer staged rows each is sought by its key

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

_WRITTEN = (
    "series_id", "start_s", "revision", "value", "censor", "source_flag", "reported_at_s",
    "batch_id", "row", "seq",
)  # fmt: skip
_DIFFERS = or_(
    STAGED.c.value.is_distinct_from(observation.c.value),
    STAGED.c.censor != observation.c.censor,
    STAGED.c.source_flag.is_distinct_from(observation.c.source_flag),
)


@dataclass(frozen=True, slots=True)
class Staged:
    """What lies in the staging table: how many rows, and the span of their starts."""

    n_rows: int
    first_s: int
    last_s: int

    @property
    def is_same(self) -> ColumnElement[bool]:
        """A staged row and the current observation of its key.

        The span says nothing that the key does not, but by it a server passes over the months
        that are not meant; it is written out because a plan for any span would have to keep them.
        """
        return and_(
            STAGED.c.series_id == observation.c.series_id,
            STAGED.c.start_s == observation.c.start_s,
            observation.c.start_s >= bindparam(None, self.first_s, literal_execute=True),
            observation.c.start_s <= bindparam(None, self.last_s, literal_execute=True),
        )


def stage_observations(
    conn: Connection, observations: pd.DataFrame, series_ids: npt.NDArray[np.int64]
) -> Staged:
    """Lay a batch into the staging table in the order of the key; of equal keys the later row.

    Parameters
    ----------
    observations : table OBSERVATIONS, n rows; ``reported_at`` (time) may ride along
    series_ids : ndarray of int64, shape (n,)

    Returns
    -------
    Staged
        Its rows are n less the repeated keys.

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
    columns = [
        series_ids, start, observations["value"].to_numpy(np.float64),
        _censor_codes(observations["censor"]), Texts.of(observations["source_flag"]),
        _reported_s(observations), observations["row"].to_numpy(np.int64),
    ]  # fmt: skip
    make_partitions(conn, start[kept])
    empty_table(conn, STAGED)
    bulk_load(conn, STAGED, [np.arange(len(kept)), *(take(column, kept) for column in columns)])
    return Staged(len(kept), int(start[kept].min()), int(start[kept].max()))


def _censor_codes(censor: pd.Series) -> npt.NDArray[np.int64]:
    codes, words = encode(censor)
    strangers = {words[code] for code in np.unique(codes[codes >= 0])} - set(CENSORS)
    if strangers or (codes < 0).any():
        raise ContractError(f"censor is none, left or right, not {sorted(strangers) or 'missing'}")
    # A category that no row has may be any word.
    places = [CENSORS.index(word) if word in CENSORS else -1 for word in words]
    return np.array(places, dtype=np.int64)[codes]


def _reported_s(observations: pd.DataFrame) -> np.ma.MaskedArray[Any, Any]:
    if "reported_at" in observations:
        return masked_times(observations["reported_at"])
    return np.ma.masked_array(np.zeros(len(observations), dtype=np.int64), mask=True)


def write_revisions(commit: Commit, staged: Staged, batch_id: int) -> tuple[int, int]:
    """Write what is new or differs, after moving what it replaces to the history.

    A row that this same commit wrote before (an earlier part of the same file) is written over in
    place: nobody knew it yet.

    Returns
    -------
    tuple of int
        Observations new, and observations revised.
    """
    with joining(commit.conn, "seek" if staged.n_rows < _SOUGHT_ROWS else "hash"):
        return _write_revisions(commit, staged, batch_id)


def _write_revisions(commit: Commit, staged: Staged, batch_id: int) -> tuple[int, int]:
    n_known, n_revised, n_own = _classify_staged(commit, staged)
    n_new = staged.n_rows - n_known
    if n_new + n_revised + n_own == 0:
        return 0, 0
    if n_revised:
        _move_to_history(commit, staged)
    first = commit.next_id("revision")
    rows = select(
        STAGED.c.series_id, STAGED.c.start_s, STAGED.c.number + first, STAGED.c.value,
        STAGED.c.censor, STAGED.c.source_flag, STAGED.c.reported_at_s, literal(batch_id),
        STAGED.c.row, literal(commit.seq),
    )  # fmt: skip
    if n_revised + n_own:
        _write_over(commit, rows.join(observation, staged.is_same).where(_DIFFERS))
    if n_new:
        is_known = select(literal(1)).where(staged.is_same).correlate(STAGED).exists()
        rows = rows.where(~is_known) if n_known else rows
        commit.conn.execute(insert(observation).from_select(_WRITTEN, rows))
    commit.take_ids("revision", staged.n_rows)
    return n_new, n_revised


def _classify_staged(commit: Commit, staged: Staged) -> tuple[int, int, int]:
    """How many staged rows are known, revise what was known, or differ from this commit's own."""
    own = observation.c.seq == commit.seq
    counted: Any = commit.conn.execute(
        select(
            func.count(observation.c.seq),
            func.count(case((and_(~own, _DIFFERS), 1))),
            func.count(case((and_(own, _DIFFERS), 1))),
        ).select_from(STAGED.join(observation, staged.is_same))
    ).one()
    n_known, n_revised, n_own = (int(count) for count in counted)
    return n_known, n_revised, n_own


def _move_to_history(commit: Commit, staged: Staged) -> None:
    columns = [column.name for column in observation.columns]
    commit.conn.execute(
        insert(observation_history).from_select(
            [*columns, "superseded_seq", "reason"],
            select(*observation.columns, literal(commit.seq), literal("revised"))
            .select_from(STAGED.join(observation, staged.is_same))
            .where(observation.c.seq != commit.seq, _DIFFERS),
        )
    )


def _write_over(commit: Commit, rows: Select[*tuple[Any, ...]]) -> None:
    """Put rows in the place of current ones; what this commit wrote itself keeps its revision."""
    statement = upsert(commit.conn, observation).from_select(_WRITTEN, rows)
    given = statement.excluded
    is_own = observation.c.seq == commit.seq
    commit.conn.execute(
        statement.on_conflict_do_update(
            index_elements=["series_id", "start_s"],
            set_={
                **{name: given[name] for name in _WRITTEN[2:]},
                "revision": case((is_own, observation.c.revision), else_=given.revision),
            },
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
    still bears the number of the first that told it. Its open dead letters are settled with it. A
    value that the old batch had itself revised does not come back: the history keeps it, and its
    source can send it again.

    Returns
    -------
    int, tuple of int
        How many, and the first and last of their starts in epoch seconds (empty where none).
    """
    conn = commit.conn
    mended = mended_with(conn, batch_id)
    absent = and_(
        observation.c.batch_id.in_(mended),
        _where_told(conn, mended),
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


def _where_told(conn: Connection, batches: list[int]) -> ColumnElement[bool]:
    """The series and the span in which batches changed something: what they wrote lies there.

    It says nothing that the number of the batch does not, but by it the key is sought.
    """
    rows = conn.execute(
        select(batch.c.sites, batch.c.first_s, batch.c.last_s).where(
            batch.c.batch_id.in_(batches), batch.c.first_s.is_not(None)
        )
    ).all()
    if not rows:
        return false()
    names = {name for row in rows for name in read_json(row.sites)}
    ids = select(series.c.series_id).join(site).where(site.c.site.in_(sorted(names)))
    ends = min(row.first_s for row in rows), max(row.last_s for row in rows)
    first_s, last_s = (bindparam(None, end, literal_execute=True) for end in ends)
    return and_(
        observation.c.series_id.in_(ids),
        observation.c.start_s >= first_s,
        observation.c.start_s <= last_s,
    )


def mended_with(conn: Connection, batch_id: int) -> list[int]:
    """A batch and those it superseded, one after the other."""
    found = [batch_id]
    while (
        earlier := conn.execute(
            select(batch.c.supersedes).where(batch.c.batch_id == found[-1])
        ).scalar()
    ) is not None:
        found.append(earlier)
    return found
