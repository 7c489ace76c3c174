"""Flags of machines: one current row per revision, the former ones in the history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    SmallInteger,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
)

from ecomon.model.flag import Flag
from ecomon.model.tables import FLAGS
from ecomon.store.columns import Texts, fetch_tuples, take
from ecomon.store.dialect import bulk_load, joining, upsert
from ecomon.store.doubts import doubted_among, moments_of, refresh_around
from ecomon.store.knowledge import Commit
from ecomon.store.schema import flag, flag_history

_STAGED = Table(
    "staged_flag",
    MetaData(),
    Column("revision", BigInteger),
    Column("flag", SmallInteger),
    Column("tests", Text),
    prefixes=["TEMPORARY"],
)
_DIFFERS = or_(_STAGED.c.flag != flag.c.flag, _STAGED.c.tests != flag.c.tests)
_WRITTEN = ("revision", "flag", "tests", "ruleset", "seq")


def write_flags(commit: Commit, flags: pd.DataFrame, *, ruleset: str) -> int:
    """Write the flags that are new or differ (in the flag or in its tests); returns how many.

    A flag that comes out the same under another rule set stays as it is: its row names the rule
    set that first gave it, the run's record names the one used later. The cases of suspect readings
    follow in the same transaction.

    Parameters
    ----------
    flags : table FLAGS
        One row per revision; of two rows of one revision the later wins.
    ruleset : str
        Hash of the rule set.
    """
    FLAGS.check(flags)
    if not len(flags):
        return 0
    conn = commit.conn
    _STAGED.create(conn)
    n_staged, is_same = _stage_flags(conn, flags)
    rows = select(*_STAGED.columns, literal(ruleset), literal(commit.seq))
    left: list[tuple[int, int]] = []
    with joining(conn, "seek"):
        n_known, n_changed = _classify_staged(conn, is_same)
        if n_changed:
            left = moments_of(conn, _cleared(conn, is_same))
            _replace_changed(commit, rows, is_same)
        if n_new := n_staged - n_known:
            is_known = select(literal(1)).where(is_same).correlate(_STAGED).exists()
            rows = rows.where(~is_known) if n_known else rows
            conn.execute(insert(flag).from_select(_WRITTEN, rows))
        doubted = doubted_among(conn, _STAGED)
    _STAGED.drop(conn)
    refresh_around(commit, doubted, left)
    if n_changed + n_new:
        commit.keep("flags")
    return n_changed + n_new


def _cleared(conn: Connection, is_same: ColumnElement[bool]) -> list[int]:
    """The staged revisions whose current flag is suspect, and differs.

    That it is suspect is asked here: a server that were asked would begin with all suspect flags
    and look for each of them through the staged rows.
    """
    changed = select(_STAGED.c.revision, flag.c.flag).select_from(_STAGED.join(flag, is_same))
    rows = fetch_tuples(conn, changed.where(_DIFFERS))
    return [revision for revision, former in rows if former == int(Flag.SUSPECT)]


def _classify_staged(conn: Connection, is_same: ColumnElement[bool]) -> tuple[int, int]:
    """How many of the staged revisions have a flag, and how many another one."""
    counts = func.count(), func.count(case((_DIFFERS, 1)))
    n_known, n_changed = conn.execute(
        select(*counts).select_from(_STAGED.join(flag, is_same))
    ).one()
    return n_known, n_changed


def _replace_changed(
    commit: Commit, rows: Select[*tuple[Any, ...]], is_same: ColumnElement[bool]
) -> None:
    """Move the flags that differ to the history, and put the staged ones in their place."""
    conn = commit.conn
    conn.execute(
        insert(flag_history).from_select(
            [*_WRITTEN, "superseded_seq"],
            select(*flag.columns, literal(commit.seq))
            .join_from(_STAGED, flag, is_same)
            .where(_DIFFERS),
        )
    )
    changed = rows.join(flag, is_same).where(_DIFFERS)
    statement = upsert(conn, flag).from_select(_WRITTEN, changed)
    given = {name: statement.excluded[name] for name in _WRITTEN[1:]}
    conn.execute(statement.on_conflict_do_update(index_elements=["revision"], set_=given))


def _stage_flags(conn: Connection, flags: pd.DataFrame) -> tuple[int, ColumnElement[bool]]:
    """Stage the last flag of each revision, in their order; how many, and what joins them to the
    current ones."""
    revision = flags["revision"].to_numpy(np.int64)
    order = np.argsort(revision, kind="stable")
    is_last = np.append(np.diff(revision[order]) != 0, True)
    kept = order[is_last]
    columns = [revision, flags["flag"].to_numpy(np.int64), Texts.of(flags["tests"].fillna(""))]
    bulk_load(conn, _STAGED, [take(column, kept) for column in columns])
    first, last = int(revision[kept[0]]), int(revision[kept[-1]])
    return len(kept), and_(
        _STAGED.c.revision == flag.c.revision,
        # Nothing that the staged rows do not say; a server that reads the table from end to end
        # because the staged rows are many reads but this part of it.
        flag.c.revision >= bindparam(None, first, literal_execute=True),
        flag.c.revision <= bindparam(None, last, literal_execute=True),
    )
