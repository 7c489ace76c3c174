"""Observations of a table of readings: repeats found, every row accounted for, batches bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.decode.cells import IS_OBSERVATION, IS_READABLE, CellKind
from ecomon.decode.readings import FILTERED_FLAG, Codes, Feed, Readings, flag_of, with_status
from ecomon.model.observation import Batch, Rejected
from ecomon.model.tables import OBSERVATIONS

BATCH_OBSERVATIONS = 50_000

_TEXT = pd.StringDtype(na_value=np.nan)
_CENSOR = np.full(9, "none", dtype=object)
_CENSOR[CellKind.BELOW], _CENSOR[CellKind.ABOVE] = "left", "right"
_SAYS_SOMETHING = IS_OBSERVATION.copy()
_SAYS_SOMETHING[CellKind.BLANK] = False


def emit(readings: Readings, feed: Feed) -> Iterator[Batch | Rejected]:
    """Rejected records and batches of the rows of one file, in the order of the rows.

    Of rows with the same site and time the last complete one stays (most numbers; the later of
    equals); each other is rejected as ``repeat of row N`` (it says the same) or ``superseded by
    row N``. A row that says nothing is rejected with its status. So every row ends in
    observations or in exactly one record without a column. The quirks of the file ride on its
    first batch; a file without observations that has quirks gives one empty batch.
    """
    yield from readings.rejected
    replaced = readings.row_faults | _find_repeats(readings)
    silent = _find_silent(readings, replaced)
    faults = replaced | silent
    is_alive = np.ones(len(readings.row), dtype=bool)
    is_alive[list(faults)] = False
    marked = np.array(sorted({*faults, *readings.cell_faults}), dtype=np.int64)
    quirks: dict[str, int] = dict(readings.quirks)
    step = max(1, BATCH_OBSERVATIONS // max(1, len(readings.columns)))
    for first in range(0, len(readings.row), step):
        last = first + step
        for position in marked[(marked >= first) & (marked < last)].tolist():
            if position in faults:
                row = int(readings.row[position])
                yield Rejected(row, faults[position], readings.raw(row))
            if position not in replaced:
                yield from _cell_records(readings, position)
        if is_alive[first:last].any():
            yield Batch(_frame(readings, feed, is_alive, slice(first, last)), quirks)
            quirks = {}
    if quirks:
        yield Batch(_frame(readings, feed, is_alive, slice(0, 0)), quirks)


def _cell_records(readings: Readings, position: int) -> Iterator[Rejected]:
    row = int(readings.row[position])
    for column, reason, text in readings.cell_faults.get(position, ()):
        yield Rejected(row, reason, text, readings.columns[column].heading)


def _find_silent(readings: Readings, replaced: Mapping[int, str]) -> dict[int, str]:
    """Rows with neither a number nor a mark for a missing one, and what the station says."""
    is_silent = ~_SAYS_SOMETHING[readings.kinds].any(axis=1)
    return {
        position: with_status("no reading", flag_of(readings, position))
        for position in np.flatnonzero(is_silent).tolist()
        if position not in replaced
    }


def _find_repeats(readings: Readings) -> dict[int, str]:
    """Rows that another row of the same site and time replaces, and why."""
    is_alive = np.ones(len(readings.row), dtype=bool)
    is_alive[list(readings.row_faults)] = False
    rows = np.flatnonzero(is_alive)
    if rows.size == 0:
        return {}
    n_numbers = IS_READABLE[readings.kinds].sum(axis=1)
    order = rows[np.lexsort((rows, n_numbers[rows], readings.start[rows], readings.site[rows]))]
    is_last = np.ones(len(order), dtype=bool)
    is_last[:-1] = (readings.site[order[1:]] != readings.site[order[:-1]]) | (
        readings.start[order[1:]] != readings.start[order[:-1]]
    )
    kept = order[is_last][np.cumsum(is_last) - is_last]
    lost, kept = order[~is_last], kept[~is_last]
    is_same = _says_the_same(readings, lost, kept)
    numbers = readings.row[kept].tolist()
    return {
        position: f"repeat of row {number}" if same else f"superseded by row {number}"
        for position, number, same in zip(lost.tolist(), numbers, is_same.tolist(), strict=True)
    }


def _says_the_same(readings: Readings, ours: Codes, theirs: Codes) -> npt.NDArray[np.bool_]:
    """Whether two rows of one site and time give the same values, marks, flag and class."""
    mine, other = readings.values[ours], readings.values[theirs]
    is_same = ((mine == other) | (np.isnan(mine) & np.isnan(other))).all(axis=1)
    is_same &= (readings.kinds[ours] == readings.kinds[theirs]).all(axis=1)
    is_same &= readings.flag[ours] == readings.flag[theirs]
    for column in readings.extra.values():
        is_same &= column[ours] == column[theirs]
    return is_same


def _frame(
    readings: Readings, feed: Feed, is_alive: npt.NDArray[np.bool_], rows: slice
) -> pd.DataFrame:
    """Observations of some rows, row by row and column by column within."""
    kinds = readings.kinds[rows]
    at_row, at_column = np.nonzero(IS_OBSERVATION[kinds] & is_alive[rows, None])
    kind = kinds[at_row, at_column]
    n = len(at_row)
    determinands = _labels([column.determinand for column in readings.columns])
    units = _labels([column.to_unit for column in readings.columns])
    sites, flags = _labels(readings.sites), _labels([*readings.flags, FILTERED_FLAG, None])
    flag = readings.flag[rows][at_row]
    flag = np.where(kind == CellKind.FILTERED, len(flags) - 2, flag)
    start = readings.start[rows][at_row]
    duration_s = np.full(n, feed.duration_s, dtype=np.int64)
    statistic = _constant(feed.statistic, n)
    if readings.interval_s is not None:
        duration_s = readings.interval_s[rows][at_row, at_column]
        start = start - duration_s.astype("timedelta64[s]")
        named = [column.statistic or feed.statistic for column in readings.columns]
        statistic = _text(
            _labels([*named, feed.statistic]), np.where(duration_s > 0, at_column, len(named))
        )
    columns: dict[str, object] = {
        "site": _text(sites, readings.site[rows][at_row]),
        "determinand": _text(determinands, at_column),
        "statistic": statistic,
        "start": start,
        "duration_s": duration_s,
        "programme": _constant(feed.programme, n),
        "source": _constant(feed.source, n),
        "replicate": np.zeros(n, dtype=np.int64),
        "value": readings.values[rows][at_row, at_column],
        "unit": _text(units, at_column),
        "censor": _text(_CENSOR, kind),
        "source_flag": _text(flags, flag),
        "row": readings.row[rows][at_row],
    }
    for name, extra in readings.extra.items():
        columns[name] = extra[rows][at_row]
    return OBSERVATIONS.frame(columns)


def _labels(texts: Sequence[str | None]) -> npt.NDArray[np.object_]:
    """Texts to be picked by code; None is NA. A code of -1 picks the last."""
    labels = np.empty(len(texts), dtype=object)
    labels[:] = [np.nan if text is None else text for text in texts]
    return labels


def _text(labels: npt.NDArray[np.object_], codes: npt.NDArray[np.integer]) -> pd.Series:
    return pd.Series(labels[codes], dtype=_TEXT)


def _constant(text: str, n: int) -> pd.Series:
    return pd.Series(np.full(n, text, dtype=object), dtype=_TEXT)
