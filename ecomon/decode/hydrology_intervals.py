"""How long the intervals of rainfall and inflow are, and the cells of which that is not known."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecomon.decode.cells import CellKind
from ecomon.decode.hydrology_table import TableRows
from ecomon.decode.readings import RAW_CELL_CHARS, Codes, Readings

IntervalForm = Literal["hh.mm", "hours", "whole"]
"""Hours and minutes (0.30 is 30 minutes), hours and their tenths, or whole hours alone."""

HOUR_S, DAY_S = 3600, 86_400
LONGEST_S = 31 * DAY_S
"""No rain gauge sums up longer."""

_HOURS = re.compile(r"(?P<hours>\d{0,3})(?:\.(?P<part>\d*))?", re.ASCII)
_DAY_ENDS_S = 8 * HOUR_S
Mask = npt.NDArray[np.bool_]


def read_interval_s(text: str, form: IntervalForm) -> int | str | None:
    """Seconds of an interval as SL 323 writes it; None for an empty cell, else why it is none.

    ``1.30`` (also ``1.3``, the number without its last zero) is an hour and a half in the form
    ``hh.mm`` and 78 minutes in ``hours``.
    """
    text = text.strip()
    if text.lower() in ("", "null", "none"):
        return None
    found = _HOURS.fullmatch(text)
    if found is None or not (found["hours"] or found["part"]):
        return f"no length of an interval: {text[:40]!r}"
    hours, part = int(found["hours"] or 0), (found["part"] or "").rstrip("0")
    seconds: int | str = hours * HOUR_S
    if part and form == "whole":
        seconds = f"a part of an hour, and whether in minutes is not known: {text[:40]!r}"
    elif part and form == "hh.mm":
        minutes = int(part.ljust(2, "0")) if len(part) <= 2 else 60
        seconds = seconds + 60 * minutes if minutes < 60 else f"no hours.minutes: {text[:40]!r}"
    elif part:
        exact_s = (hours * 10 ** len(part) + int(part)) * HOUR_S / 10 ** len(part)
        seconds = round(exact_s / 60) * 60
    if isinstance(seconds, int) and not 0 < seconds <= LONGEST_S:
        return f"no length of an interval: {text[:40]!r}"
    return seconds


def set_inflow_intervals(rows: TableRows) -> None:
    """The inflow is of the hours that INQDR says, where it says any; the rest are instants."""
    readings = rows.readings
    readings.interval_s = np.zeros(readings.kinds.shape, dtype=np.int64)
    at = _column(readings, "INQ")
    if at is None:
        return
    interval_s, reasons = _read_intervals(rows, "whole")
    readings.interval_s[:, at] = np.maximum(interval_s, 0)
    for position, reason in reasons.items():
        if readings.kinds[position, at] not in (CellKind.BLANK, CellKind.NOT_MEASURED):
            _refuse_cell(rows, position, at, f"INQDR: {reason}")


def set_rain_intervals(rows: TableRows, form: IntervalForm) -> None:
    """DRP is of the INTV that ends at TM, DYP of the day that ends at 08:00."""
    readings = rows.readings
    readings.interval_s = np.zeros(readings.kinds.shape, dtype=np.int64)
    drp, dyp = _column(readings, "DRP"), _column(readings, "DYP")
    interval_s, reasons = _read_intervals(rows, form)
    if drp is not None:
        if form == "hh.mm":
            reasons |= _contradicted(rows, interval_s)
        readings.interval_s[:, drp] = np.maximum(interval_s, 0)
        _refuse_rain_without_interval(rows, drp, interval_s, reasons)
    if dyp is not None:
        readings.interval_s[:, dyp] = DAY_S
        _refuse_other_days(rows, dyp)
        if drp is not None:
            _drop_doubled_days(rows, drp, dyp)


def _column(readings: Readings, heading: str) -> int | None:
    names = [column.heading for column in readings.columns]
    return names.index(heading) if heading in names else None


def _read_intervals(rows: TableRows, form: IntervalForm) -> tuple[Codes, dict[int, str]]:
    """Seconds of each row (0 where nothing stands, -1 where it makes no sense), and why not."""
    read = {text: read_interval_s(text, form) for text in dict.fromkeys(rows.intervals)}
    seconds = {text: one if isinstance(one, int) else 0 for text, one in read.items()}
    seconds |= {text: -1 for text, one in read.items() if isinstance(one, str)}
    interval_s = np.fromiter(
        map(seconds.__getitem__, rows.intervals), np.int64, len(rows.intervals)
    )
    reasons = {at: str(read[rows.intervals[at]]) for at in np.flatnonzero(interval_s < 0).tolist()}
    return interval_s, reasons


def _refuse_rain_without_interval(
    rows: TableRows, at: int, interval_s: Codes, reasons: dict[int, str]
) -> None:
    kinds = rows.readings.kinds
    for position in np.flatnonzero(interval_s == 0).tolist():
        if kinds[position, at] == CellKind.BLANK:
            kinds[position, at] = CellKind.NOT_MEASURED
        else:
            _refuse_cell(rows, position, at, "rain of an unknown interval: INTV is empty")
    for position, reason in reasons.items():
        _refuse_cell(rows, position, at, f"INTV: {reason}")


def _contradicted(rows: TableRows, interval_s: Codes) -> dict[int, str]:
    """Intervals with minutes that begin before the row before ends, though as hours they fit.

    So does a database show that it writes parts of an hour: half-hourly rows with an INTV of 0.50.
    """
    readings = rows.readings
    is_keyed = ~np.isnat(readings.start) & (readings.site >= 0)
    order = np.flatnonzero(is_keyed)
    order = order[np.lexsort((readings.start[order], readings.site[order]))]
    before, after = order[:-1], order[1:]
    step_s = (readings.start[after] - readings.start[before]).astype("timedelta64[s]")
    is_near = (readings.site[before] == readings.site[after]) & (step_s.astype(np.int64) > 0)
    is_over = is_near & (interval_s[after] > step_s.astype(np.int64))
    reasons: dict[int, str] = {}
    for position, step in zip(
        after[is_over].tolist(), step_s[is_over].astype(np.int64).tolist(), strict=True
    ):
        text = rows.intervals[position]
        if interval_s[position] % HOUR_S and read_interval_s(text, "hours") == step:
            reasons[position] = (
                f"{text.strip()!r} as hours.minutes begins before the row before ends, as parts of"
                " an hour it fits; state interval_form for this feed"
            )
    return reasons


def _refuse_other_days(rows: TableRows, at: int) -> None:
    readings = rows.readings
    kinds = readings.kinds
    kinds[kinds[:, at] == CellKind.BLANK, at] = CellKind.NOT_MEASURED
    of_day = readings.start - readings.start.astype("datetime64[D]")
    is_other = of_day != np.timedelta64(_DAY_ENDS_S, "s")
    for position in np.flatnonzero(is_other & (kinds[:, at] != CellKind.NOT_MEASURED)).tolist():
        _refuse_cell(rows, position, at, "rain of a day at another time than 08:00: which day?")


def _drop_doubled_days(rows: TableRows, drp: int, dyp: int) -> None:
    """A day that DRP gives too (an INTV of 24 hours at 08:00) is one observation, not two."""
    readings = rows.readings
    assert readings.interval_s is not None
    is_said = (readings.kinds != CellKind.NOT_MEASURED) & (readings.kinds != CellKind.UNREADABLE)
    both = is_said[:, drp] & is_said[:, dyp] & (readings.interval_s[:, drp] == DAY_S)
    for position in np.flatnonzero(both).tolist():
        one, other = readings.values[position, drp], readings.values[position, dyp]
        if one == other or (one != one and other != other):
            readings.kinds[position, dyp] = CellKind.NOT_MEASURED
            readings.quirks["rain of a day given twice"] += 1
        else:
            _refuse_cell(rows, position, dyp, "differs from the 24 hours that DRP gives")


def _refuse_cell(rows: TableRows, position: int, at: int, reason: str) -> None:
    readings = rows.readings
    if readings.kinds[position, at] in (CellKind.UNREADABLE, CellKind.NOT_MEASURED):
        return
    readings.kinds[position, at] = CellKind.UNREADABLE
    readings.values[position, at] = np.nan
    text = rows.texts[at][position][:RAW_CELL_CHARS]
    readings.cell_faults.setdefault(position, []).append((at, reason, text))
