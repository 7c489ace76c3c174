"""Points of rating curves, table ``ST_ZQRL_B`` of SL 323-2011: facts, not readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ecomon.decode.cells import CellColumn, CellKind
from ecomon.decode.civil_time import read_times
from ecomon.decode.delimited import DelimitedFile, RowBlock, read_delimited
from ecomon.decode.hydrology_table import SENTINEL, fold, read_station_code
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Rejected, isoformat

FEED = "st-zqrl-b"
_NEEDED = frozenset({"STCD", "BGTM", "Z", "Q"})
POINTS_READ = 1_000_000
"""A file of ratings with more rows is none: every point is kept until all are compared."""


@dataclass(frozen=True, slots=True)
class RatedPoint:
    """One point of a curve as the table gives it: ``station`` and ``curve`` are the source's own."""

    row: int
    station: str
    curve: str
    begins_at: datetime
    number: str
    stage_m: float
    discharge_m3_s: float

    @property
    def of_curve(self) -> tuple[str, str, datetime]:
        """What the points of one curve have in common."""
        return self.station, self.curve, self.begins_at

    def as_json(self) -> dict[str, Any]:
        told = asdict(self) | {"begins_at": isoformat(self.begins_at)}
        return {"kind": "rating_point", **told}


def decode_st_zqrl_b(
    chunks: Iterable[bytes],
    determinands: Mapping[str, Determinand],  # noqa: ARG001 - called as every decoder is
) -> Iterator[RatedPoint | Rejected]:
    """Decode an export of ``ST_ZQRL_B`` as CSV with SL 323 column names as header.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere.

    Yields
    ------
    RatedPoint
        In the order of the rows; ``stage_m`` above the station's datum, ``begins_at`` (BGTM) naive
        Beijing time; ``curve`` (LNNM) and ``number`` (PTNO) are empty where the table has none.
    Rejected
        Every other row: without station, time, stage or discharge, a repeat, or one of two that
        give a stage of one curve different discharges (both are).

    Raises
    ------
    SourceRefused
        if the file is empty, lacks STCD, BGTM, Z or Q, or holds over a million rows.
    """
    table = read_delimited(chunks, lambda cells: {fold(cell) for cell in cells} >= _NEEDED)
    points: list[RatedPoint] = []
    rejected: list[Rejected] = []
    for block in table.blocks():
        rejected += block.rejected
        for item in _read_block(table, block):
            (points if isinstance(item, RatedPoint) else rejected).append(item)  # pyright: ignore[reportArgumentType]
        if len(points) > POINTS_READ:
            raise SourceRefused(f"over {POINTS_READ} rows are no table of ratings")
    yield from _without_conflicts(table, points)
    yield from rejected


def _read_block(table: DelimitedFile, block: RowBlock) -> Iterator[RatedPoint | Rejected]:
    header = [fold(cell) for cell in table.header]

    def column(name: str) -> Sequence[str]:
        return block.columns[header.index(name)] if name in header else [""] * len(block.rows)

    begins, time_faults = read_times(column("BGTM"))
    stage, stage_faults = _read_numbers(column("Z"), "m")
    discharge, discharge_faults = _read_numbers(column("Q"), "m3/s")
    stations = [read_station_code(cell) for cell in column("STCD")]
    names, numbers = column("LNNM"), column("PTNO")
    for at, row in enumerate(block.rows):
        reason = "no station code that can be read" if stations[at] is None else None
        reason = reason or time_faults.get(at)
        reason = reason or (f"Z: {stage_faults[at]}" if at in stage_faults else None)
        reason = reason or (f"Q: {discharge_faults[at]}" if at in discharge_faults else None)
        if reason is not None:
            yield Rejected(row, reason, table.raw(row))
            continue
        yield RatedPoint(
            row, stations[at] or "", names[at].strip(), begins[at].item(), numbers[at].strip(),
            float(stage[at]), float(discharge[at]),
        )  # fmt: skip


def _read_numbers(
    texts: Sequence[str], unit: str
) -> tuple[npt.NDArray[np.float64], dict[int, str]]:
    """Plain numbers; what is none has a reason, a missing one and a limit too."""
    values, kinds, faults, _ = CellColumn(unit, unit, sentinels=frozenset({SENTINEL})).read(texts)
    for at in np.flatnonzero(kinds != CellKind.VALUE).tolist():
        faults.setdefault(at, f"not a number: {texts[at][:40]!r}")
    return values, faults


def _without_conflicts(
    table: DelimitedFile, points: Sequence[RatedPoint]
) -> Iterator[RatedPoint | Rejected]:
    """Each point once; where two of a curve disagree neither is taken."""
    first: dict[tuple[object, ...], RatedPoint] = {}
    conflicts: dict[int, int] = {}
    repeats: dict[int, int] = {}
    for point in points:
        twin = first.setdefault((*point.of_curve, point.stage_m), point)
        if twin is point:
            continue
        if twin.discharge_m3_s == point.discharge_m3_s:
            repeats[point.row] = twin.row
        else:
            conflicts[point.row] = twin.row
            conflicts.setdefault(twin.row, point.row)
    # Rows are shown in their order: the file is packed in blocks.
    for point in points:
        if point.row in conflicts:
            reason = f"row {conflicts[point.row]} gives this stage another discharge"
            yield Rejected(point.row, reason, table.raw(point.row))
        elif point.row in repeats:
            yield Rejected(point.row, f"repeat of row {repeats[point.row]}", table.raw(point.row))
        else:
            yield point


def curves_of(points: Iterable[RatedPoint]) -> dict[tuple[str, str, datetime], list[RatedPoint]]:
    """The points of each curve, stage rising, by station, curve name and beginning."""
    curves: dict[tuple[str, str, datetime], list[RatedPoint]] = {}
    for point in points:
        curves.setdefault(point.of_curve, []).append(point)
    return {
        key: sorted(curves[key], key=lambda point: point.stage_m)
        for key in sorted(curves, key=lambda key: (key[0], key[2], key[1]))
    }
