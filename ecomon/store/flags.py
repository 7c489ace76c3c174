"""Flags of machines: one current row per revision, the former ones in the history."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    SmallInteger,
    Table,
    Text,
    insert,
    literal,
    or_,
    select,
    true,
)

from ecomon.model.tables import FLAGS
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
    conn = commit.conn
    latest = flags.drop_duplicates("revision", keep="last") if len(flags) else flags
    _STAGED.create(conn)
    bulk_load(
        conn,
        _STAGED,
        zip(
            latest["revision"].tolist(),
            latest["flag"].tolist(),
            latest["tests"].astype("str").fillna("").tolist(),
            strict=True,
        ),
    )
    differs = or_(_STAGED.c.flag != flag.c.flag, _STAGED.c.tests != flag.c.tests)
    conn.execute(
        insert(flag_history).from_select(
            ["revision", "flag", "tests", "ruleset", "seq", "superseded_seq"],
            select(*flag.columns, literal(commit.seq))
            .select_from(_STAGED.join(flag, _STAGED.c.revision == flag.c.revision))
            .where(differs),
        )
    )
    statement = upsert(conn, flag).from_select(
        ["revision", "flag", "tests", "ruleset", "seq"],
        select(*_STAGED.columns, literal(ruleset), literal(commit.seq)).where(true()),
    )
    given = statement.excluded
    n_written = conn.execute(
        statement.on_conflict_do_update(
            index_elements=["revision"],
            set_={name: given[name] for name in ("flag", "tests", "ruleset", "seq")},
            where=or_(given.flag != flag.c.flag, given.tests != flag.c.tests),
        )
    ).rowcount
    _STAGED.drop(conn)
    if n_written:
        commit.keep("flags")
    return n_written
