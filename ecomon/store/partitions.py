"""Partitions of readings on PostgreSQL: one a Beijing month, made before rows move into it.

SQLite has none. A partition is made by the side and then attached, which does not hold up readers;
there is no default partition, because its rows would block making their month.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from ecomon.model.period import Period, to_epoch_s
from ecomon.store.columns import beijing_times

_BEFORE_ALL = -(1 << 62)


def make_partitions(conn: Connection, start_s: npt.NDArray[np.int64]) -> list[str]:
    """Make the months of these epoch seconds that are not there yet; the names of the new ones.

    Called under the store's write lock, so that no two processes make the same month.
    """
    if conn.dialect.name != "postgresql":
        return []
    made: list[str] = []
    for month in months_of(start_s):
        name = f"observation_{month.start:%Y%m}"
        if conn.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar() is None:
            ends = f"FROM ({to_epoch_s(month.start)}) TO ({to_epoch_s(month.end)})"
            conn.execute(text(f"CREATE TABLE {name} (LIKE observation INCLUDING ALL)"))
            conn.execute(text(f"ALTER TABLE observation ATTACH PARTITION {name} FOR VALUES {ends}"))
            made.append(name)
    return made


def windows_back(conn: Connection) -> list[int]:
    """Epoch seconds from which on to seek what is newest: ever earlier, the last before all.

    On PostgreSQL they take in whole partitions, first one and then ever more, so that what stands
    among the newest readings is found in few of them; elsewhere there is one.
    """
    if conn.dialect.name != "postgresql":
        return [_BEFORE_ALL]
    names = conn.execute(
        text(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = to_regclass('observation') ORDER BY relname DESC"
        )
    ).scalars()
    months = [Period.parse(f"{name[-6:-2]}-{name[-2:]}") for name in names]
    firsts_s: list[int] = []
    at = 0
    while at < len(months) - 1:
        firsts_s.append(to_epoch_s(months[at].start))
        at = 2 * at + 1
    return [*firsts_s, _BEFORE_ALL]


def months_of(start_s: npt.NDArray[np.int64]) -> list[Period]:
    """The Beijing months that epoch seconds fall into, in order."""
    months = np.unique(beijing_times(start_s).astype("datetime64[M]"))
    return [Period.month(moment.year, moment.month) for moment in months.tolist()]
