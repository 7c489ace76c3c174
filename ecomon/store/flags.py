"""Flags of machines: one current row per revision, the former ones in the history."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    SmallInteger,
    Table,
    Text,
    and_,
    bindparam,
    insert,
    literal,
    or_,
    select,
)

from ecomon.model.tables import FLAGS
from ecomon.store.columns import Texts, take
from ecomon.store.dialect import bulk_load, upsert
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
_WRITTEN = ("revision", "flag", "tests", "ruleset", "seq")


def write_flags(commit: Commit, flags: pd.DataFrame, *, ruleset: str) -> int:
    """Write the flags that are new or differ (in the flag or in its tests); returns how many.

    A flag that comes out the same under another rule set stays as it is: its row names the rule
    set that first gave it, the run's record names the one used later.

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
    is_same = _stage_flags(conn, flags)
    differs = and_(is_same, or_(_STAGED.c.flag != flag.c.flag, _STAGED.c.tests != flag.c.tests))
    n_changed = conn.execute(
        insert(flag_history).from_select(
            [*_WRITTEN, "superseded_seq"],
            select(*flag.columns, literal(commit.seq)).join_from(_STAGED, flag, differs),
        )
    ).rowcount
    rows = select(*_STAGED.columns, literal(ruleset), literal(commit.seq))
    if n_changed:
        statement = upsert(conn, flag).from_select(_WRITTEN, rows.join(flag, differs))
        given = {name: statement.excluded[name] for name in _WRITTEN[1:]}
        conn.execute(statement.on_conflict_do_update(index_elements=["revision"], set_=given))
    is_known = select(literal(1)).where(is_same).correlate(_STAGED).exists()
    n_new = conn.execute(insert(flag).from_select(_WRITTEN, rows.where(~is_known))).rowcount
    _STAGED.drop(conn)
    if n_changed + n_new:
        commit.keep("flags")
    return n_changed + n_new


def _stage_flags(conn: Connection, flags: pd.DataFrame) -> ColumnElement[bool]:
    """Stage the last flag of each revision, in their order; what joins them to the current ones."""
    revision = flags["revision"].to_numpy(np.int64)
    order = np.argsort(revision, kind="stable")
    is_last = np.append(np.diff(revision[order]) != 0, True)
    kept = order[is_last]
    columns = [revision, flags["flag"].to_numpy(np.int64), Texts.of(flags["tests"].fillna(""))]
    bulk_load(conn, _STAGED, [take(column, kept) for column in columns])
    first, last = int(revision[kept[0]]), int(revision[kept[-1]])
    return and_(
        _STAGED.c.revision == flag.c.revision,
        # Nothing that the staged rows do not say; a server that reads the table from end to end
        # because the staged rows are many reads but this part of it.
        flag.c.revision >= bindparam(None, first, literal_execute=True),
        flag.c.revision <= bindparam(None, last, literal_execute=True),
    )
