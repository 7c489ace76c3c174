"""What laboratories say of emergency samples beside their values: method, time of the result, note."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import Period, to_epoch_s
from ecomon.model.sample import PROGRAMME
from ecomon.store.columns import epoch_s, floats, ints, masked_times, texts, times
from ecomon.store.ingest import IngestReport
from ecomon.store.knowledge import Commit
from ecomon.store.revisions import CENSORS, mended_with
from ecomon.store.schema import observation, sample, series
from ecomon.store.series import select_series

_TEXTS = ("method", "status", "note")
_KEY = ("site", "determinand", "start_s", "replicate")


@dataclass(slots=True)
class SampleNotes:
    """Takes down what rides along with the observations of one file while they are stored.

    Both ends go to one ``Store.ingest``: its batches through :meth:`noting`, and :meth:`write` as
    its ``beside``, so that the notes are written in the transaction of their values or not at all.
    """

    tables: list[pd.DataFrame] = field(default_factory=list[pd.DataFrame])

    def noting(self, batches: Iterable[Batch | Rejected]) -> Iterator[Batch | Rejected]:
        """The same batches; ``place``, ``method`` and ``note`` of their rows are remembered."""
        for item in batches:
            if isinstance(item, Batch) and len(item):
                self.tables.append(item.observations)
            yield item

    def write(self, commit: Commit, report: IngestReport) -> int:
        """Write the notes of the batch; those of the batch it mends are superseded. How many."""
        supersede_samples(commit, mended_with(commit.conn, report.batch_id)[1:])
        rows = [
            {"batch_id": report.batch_id, "seq": commit.seq, **row}
            for table in self.tables
            for row in _rows_of(table)
        ]
        if rows:
            commit.conn.execute(insert(sample), rows)
        return len(rows)


def _rows_of(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    absent = pd.Series([None] * len(table), dtype="str", index=table.index)
    columns: dict[str, Any] = {
        "row": table["row"].tolist(), "site": table["site"].tolist(),
        "determinand": table["determinand"].tolist(), "start_s": epoch_s(table["start"]).tolist(),
        "replicate": table["replicate"].tolist(),
        "place": table.get("place", table["site"]).tolist(),
        "reported_at_s": [None] * len(table),
    }  # fmt: skip
    if "reported_at" in table:
        columns["reported_at_s"] = masked_times(table["reported_at"]).tolist()
    given = {"method": "method", "status": "source_flag", "note": "note"}
    for name, column in given.items():
        values = cast("pd.Series", table.get(column, absent))
        columns[name] = [one if isinstance(one, str) else None for one in values.tolist()]
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


def supersede_samples(commit: Commit, batches: Iterable[int]) -> None:
    """End what was said of the samples of some batches: they are superseded or withdrawn."""
    commit.conn.execute(
        update(sample)
        .where(sample.c.batch_id.in_(list(batches)), sample.c.superseded_seq.is_(None))
        .values(superseded_seq=commit.seq)
    )


def read_samples(
    conn: Connection, period: Period, *, as_known_at: int | None = None
) -> pd.DataFrame:
    """The emergency samples taken in a period, by time, site and determinand: of each its last report.

    Parameters
    ----------
    as_known_at : int, optional
        A sequence number: what had been reported by then. ``revision`` and ``value`` are of the
        current observation all the same, and NA where the value told then is not current any more.

    Returns
    -------
    DataFrame
        ``site, determinand, place`` (as written), ``method, status`` (疑似, 确认), ``note`` (text,
        NA where not given), ``start, reported_at`` (naive Beijing time; NaT where not given),
        ``replicate, batch_id, row, seq`` (int), ``revision`` (Int64, NA where no value is current:
        a person withdrew it), ``value`` (float, NaN there), ``unit, censor`` (text). The batch is
        that of the report, the observation may still be that of an earlier one that said the same.
    """
    last = func.row_number().over(
        partition_by=[sample.c[name] for name in _KEY],
        order_by=(sample.c.seq.desc(), sample.c.batch_id.desc(), sample.c.row.desc()),
    )
    reports = (
        select(sample, last.label("place_in_time"))
        .where(
            sample.c.start_s >= to_epoch_s(period.start),
            sample.c.start_s < to_epoch_s(period.end),
            _is_known(as_known_at),
        )
        .subquery()
    )
    kept = [column.name for column in sample.columns if column.name != "superseded_seq"]
    query = (
        select(*(reports.c[name] for name in kept))
        .where(reports.c.place_in_time == 1)
        .order_by(reports.c.start_s, reports.c.site, reports.c.determinand, reports.c.replicate)
    )
    rows = conn.execute(query).mappings().all()
    table = pd.DataFrame(
        {
            **{name: texts([row[name] for row in rows]) for name in ("site", "determinand", "place", *_TEXTS)},
            "start": times([row["start_s"] for row in rows]),
            "reported_at": times([row["reported_at_s"] for row in rows]),
            **{name: ints([row[name] for row in rows]) for name in ("replicate", "batch_id", "row", "seq")},
        }
    )  # fmt: skip
    values = _values(conn, period)
    nothing = (None, None, None, None)
    found = [values.get(tuple(row[name] for name in _KEY), nothing) for row in rows]
    revision, value, censor, unit = zip(*found, strict=True) if found else [()] * len(nothing)
    table["revision"] = pd.Series(revision, dtype="Int64")
    table["value"] = floats(value)
    table["censor"] = texts([None if one is None else CENSORS[one] for one in censor])
    table["unit"] = texts(unit)
    return table


def _is_known(as_known_at: int | None) -> ColumnElement[bool]:
    if as_known_at is None:
        return sample.c.superseded_seq.is_(None)
    is_standing = or_(sample.c.superseded_seq.is_(None), sample.c.superseded_seq > as_known_at)
    return and_(sample.c.seq <= as_known_at, is_standing)


def _values(conn: Connection, period: Period) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Revision, value, censor and unit of the current emergency samples, by their key."""
    named = select_series().where(series.c.programme == PROGRAMME)
    keys = {row[0]: row for row in conn.execute(named)}
    query = select(
        observation.c.series_id, observation.c.start_s, observation.c.revision,
        observation.c.value, observation.c.censor,
    ).where(
        observation.c.series_id.in_(list(keys)),
        observation.c.start_s >= to_epoch_s(period.start),
        observation.c.start_s < to_epoch_s(period.end),
    )  # fmt: skip
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for series_id, start_s, *said in conn.execute(query):
        own = keys[series_id]
        found[own.site, own.determinand, start_s, own.replicate] = (*said, own.unit)
    return found


__all__ = ["SampleNotes", "read_samples", "supersede_samples"]
