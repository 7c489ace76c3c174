"""On which days anything about readings changed since a sequence number: what a copy must redo."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, select, union

from ecomon.model.period import Period, from_epoch_s
from ecomon.store.lineage import read_changes
from ecomon.store.schema import approval, decision, flag, observation, observation_history

_BEIJING_S, _DAY_S = 8 * 3600, 86_400


def changed_months(conn: Connection, since_seq: int) -> set[str]:
    """Labels of the months in which a reading came, changed or went, or was judged otherwise.

    Of what batches brought, all months between their first and last change are meant.
    """
    periods = [change.period for change in read_changes(conn, since_seq=since_seq)]
    spans = select(approval.c.start_s, approval.c.end_s).where(approval.c.seq > since_seq)
    periods += [
        Period(from_epoch_s(start_s), from_epoch_s(end_s)) for start_s, end_s in conn.execute(spans)
    ]
    labels = {month.label for period in periods for month in period.split("month")}
    for day in _judged_days(conn, since_seq):
        labels.add(f"{from_epoch_s(day * _DAY_S - _BEIJING_S):%Y-%m}")
    return labels


def _judged_days(conn: Connection, since_seq: int) -> list[int]:
    """Beijing days since 1970 of readings that were flagged or decided on."""
    parts: list[Any] = [
        select(_day(observation)).join(table, table.c.revision == observation.c.revision)
        .where(table.c.seq > since_seq)
        for table in (flag, decision)
    ]  # fmt: skip
    gone = select(_day(observation_history)).where(observation_history.c.superseded_seq > since_seq)
    return list(conn.execute(union(*parts, gone)).scalars())


def _day(table: Table) -> Any:
    return (table.c.start_s + _BEIJING_S) // _DAY_S
