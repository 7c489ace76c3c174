"""Exports: closed months as Parquet and Zarr, for whoever scans a basin or a country.

They are copies: the store is what counts, and each can be made again from it. A month is written
beside its place and then moved there; one that has not changed is not written again.

::

    exports/parquet/_manifest.json      of each month: known at which sequence number, how many rows
    exports/parquet/month=2021-04/observations.parquet
    exports/zarr/_manifest.json
    exports/zarr/2021-04.zarr           groups programme/statistic/duration/source
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

import ecomon
from ecomon.errors import StoreError
from ecomon.model.period import Period, from_epoch_s, to_epoch_s
from ecomon.store.changed_days import changed_months
from ecomon.store.export_files import WriteMonth, digest_of, remove, replace_file, writer_of
from ecomon.store.knowledge import read_meta, read_seq
from ecomon.store.observations import read_observations
from ecomon.store.schema import flag, observation

FORMAT = "ecomon export 2"
MANIFEST = "_manifest.json"  # readers of a folder of Parquet pass over what begins with _


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export did, by labels of months. ``removed`` have no reading any more."""

    folder: Path
    seq: int
    written: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class _Copies:
    """The copies of one form: where they are, who writes them, and what each month has."""

    folder: Path
    write: WriteMonth
    store: str
    kind: str
    months: dict[str, dict[str, Any]]

    def path_of(self, label: str) -> Path | None:
        """Where a month's copy stands; None where there is none."""
        if label not in self.months:
            return None
        path = self.folder / self.months[label]["path"]
        return path if path.exists() else None


def export_months(
    conn: Connection, folder: Path, *, form: str, period: Period | None = None, until: datetime
) -> ExportReport:
    """Bring the copies of months up to what the store knows.

    Parameters
    ----------
    folder : Path
        The exports' folder; each form has its own in it.
    form : {"parquet", "zarr"}
    period : Period, optional
        Whose months; by default all since the first reading.
    until : datetime
        Now, naive Beijing time: a month that has not ended by then is not closed and not exported.

    Raises
    ------
    StoreError
        for another form, or if it needs what is not installed.
    """
    write = writer_of(form)
    seq = read_seq(conn)
    copies = _read_copies(conn, folder / form, write)
    report = ExportReport(copies.folder, seq)
    months = _closed_months(conn, period, until)
    known = [copies.months[month.label]["seq"] for month in months if month.label in copies.months]
    changed = changed_months(conn, min(known)) if known else set[str]()
    for month in months:
        if month.label in changed or copies.path_of(month.label) is None:
            _export_month(conn, copies, month, report)
        else:
            copies.months[month.label]["seq"] = seq
            report.unchanged.append(month.label)
    _write_manifest(copies)
    return report


def _closed_months(conn: Connection, period: Period | None, until: datetime) -> list[Period]:
    if period is None:
        first_s, last_s = conn.execute(
            select(func.min(observation.c.start_s), func.max(observation.c.start_s))
        ).one()
        if first_s is None:
            return []
        period = Period(from_epoch_s(first_s), from_epoch_s(last_s + 1))
    return [month for month in period.split("month") if month.end <= until]


def _export_month(conn: Connection, copies: _Copies, month: Period, report: ExportReport) -> None:
    """Write a month unless its copy says the same already."""
    label, path = month.label, copies.path_of(month.label)
    last = copies.months.pop(label, None)
    table = read_observations(conn, month)
    if table.empty:
        if path is not None:
            remove(path)
            report.removed.append(label)
            _write_manifest(copies)
        return
    digest = digest_of(table)
    if path is not None and last is not None and last["content_sha256"] == digest:
        copies.months[label] = {**last, "seq": report.seq}
        report.unchanged.append(label)
        return
    facts = {
        "kind": copies.kind, "month": label, "known_at": str(report.seq),
        "rulesets": " ".join(_rulesets(conn, month)), "code_version": ecomon.__version__,
    }  # fmt: skip
    path = copies.write(copies.folder, label, table, facts)
    copies.months[label] = {
        "path": path.relative_to(copies.folder).as_posix(), "seq": report.seq,
        "n_rows": len(table), "content_sha256": digest,
    }  # fmt: skip
    report.written.append(label)
    _write_manifest(copies)


def _rulesets(conn: Connection, month: Period) -> list[str]:
    """The rule sets that gave the flags of a month's readings."""
    query = (
        select(flag.c.ruleset)
        .join(observation, observation.c.revision == flag.c.revision)
        .where(
            observation.c.start_s >= to_epoch_s(month.start),
            observation.c.start_s < to_epoch_s(month.end),
        )
        .distinct()
    )
    return sorted(conn.execute(query).scalars())


def _read_copies(conn: Connection, folder: Path, write: WriteMonth) -> _Copies:
    """The copies that stand in a folder; none of them is believed if another store made them."""
    folder.mkdir(parents=True, exist_ok=True)
    store, kind, file = read_meta(conn, "id"), read_meta(conn, "kind"), folder / MANIFEST
    copies = _Copies(folder, write, store, kind, {})
    if not file.is_file():
        return copies
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if (told["format"], told["store"]) == (FORMAT, store):
            # What is known later than the store itself was copied before it was restored.
            last = read_seq(conn)
            copies.months.update(
                {label: one for label, one in told["months"].items() if one["seq"] <= last}
            )
    except (ValueError, KeyError, TypeError) as broken:
        raise StoreError(
            f"{file} cannot be read ({broken}); delete the folder: it is a copy and is made again"
        ) from None
    return copies


def _write_manifest(copies: _Copies) -> None:
    told = {
        "format": FORMAT, "store": copies.store, "kind": copies.kind,
        "months": dict(sorted(copies.months.items())),
    }  # fmt: skip
    octets = (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
    file = copies.folder / MANIFEST
    if not file.is_file() or file.read_bytes() != octets:
        replace_file(file, octets)
