"""Records that load programmes exchange: daily discharge, and samples with their censoring.

Two layouts, both CSV with a header, gzipped or not. That of WRTDS (EGRET)::

    Date,Q,DecYear                                     daily; Q in m3/s
    Date,ConcLow,ConcHigh,Uncen,DecYear,SinDY,CosDY    samples; mg/L

An empty ``Q`` is a day without discharge, a negative one a reversed river. An empty ``ConcLow`` is
left-censored at ``ConcHigh``, an empty ``ConcHigh`` over the range above ``ConcLow``; ``ConcLow`` below
``ConcHigh`` is an interval. All but ``Date``, ``Q``, ``ConcLow`` and ``ConcHigh`` may be left out. That of LOADEST (rloadest)::

    DATES,TIMES,FLOW                          days to estimate; FLOW in ft3/s
    DATES,TIMES,FLOW,Buty.rmk,Buty,...        samples; ``<`` in ``NAME.rmk`` is below detection

A record is read whole or not at all: everything wrong with it is said at once, by row and field.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from ecomon.errors import SourceRefused

SHOWN_PROBLEMS = 20
M3_S_PER_CFS = 0.028317
"""As the reference programme has it: it takes 28.317 L/s for 1 ft3/s (loads.md 6.3)."""

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31  # of zlib: the largest window, in a gzip's frame
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_AT_MOST_BYTES = 200_000_000
_NOT_CONSTITUENTS = frozenset({"DATES", "TIMES", "FLOW"})


@dataclass(slots=True)
class _Rows:
    """A record's cells by column, and what is wrong with them so far."""

    name: str
    columns: dict[str, list[str]]
    numbers: list[int]  # of the rows, as a person counts them in the file
    problems: list[str] = field(default_factory=list[str])

    def refuse(self, row: int, column: str, value: str, reason: str) -> None:
        self.problems.append(
            f"{self.name}: 第 {row} 行 row {row}: {column}: {reason} (found {value!r})"
        )

    def require(self, *names: str) -> None:
        lacking = [name for name in names if name not in self.columns]
        if lacking:
            raise SourceRefused(
                f"{self.name}: 第 1 行 row 1: 缺少列 no column {', '.join(lacking)}; it has"
                f" {', '.join(self.columns) or 'none'}"
            )

    def days(self, column: str) -> np.ndarray:
        def read(text: str) -> np.datetime64:
            found = _DAY.fullmatch(text)
            if not found:
                raise ValueError("须写作 write a date as 2021-03-31")
            return np.datetime64(date(*map(int, found.groups())), "us")

        return np.array(self._each(column, read, np.datetime64("NaT")), dtype="datetime64[us]")

    def floats(self, column: str, *, takes_empty: bool = False) -> np.ndarray:
        def read(text: str) -> float:
            if not text and takes_empty:
                return math.nan
            value = float(text) if text else math.nan
            if not math.isfinite(value):
                raise ValueError("须为数值 is to be a number")
            return value

        return np.array(self._each(column, read, math.nan), dtype=np.float64)

    def _each(self, column: str, read: Callable[[str], object], lacking: object) -> list[object]:
        values: list[object] = []
        for number, text in zip(self.numbers, self.columns[column], strict=True):
            try:
                values.append(read(text))
            except ValueError as wrong:
                told = str(wrong)
                reason = "须为数值 is to be a number" if "convert" in told else told
                self.refuse(number, column, text, reason)
                values.append(lacking)
        return values

    def settle(self) -> None:
        """SourceRefused with all that is wrong, where anything is."""
        if self.problems:
            told, more = self.problems[:SHOWN_PROBLEMS], len(self.problems) - SHOWN_PROBLEMS
            if more > 0:
                told.append(f"{self.name}: 另有 {more} 处 and {more} more")
            raise SourceRefused("\n".join(told))


def read_daily(octets: bytes, name: str) -> pd.DataFrame:
    """The daily discharges of a record, of either layout.

    Parameters
    ----------
    octets : bytes
        CSV, or the same gzipped.
    name : str
        Of the file, for what is said of it.

    Returns
    -------
    DataFrame
        ``Date`` (datetime64[us], rising), ``Q`` (m3/s; NaN: missing) and, where it is given,
        ``DecYear``.

    Raises
    ------
    SourceRefused
        naming file, row and field of everything that is wrong: no such column, no date, a discharge
        that is no number, a day that stands twice.
    """
    rows = _read_rows(octets, name)
    if "DATES" in rows.columns:
        rows.require("FLOW")
        days, discharge = rows.days("DATES"), rows.floats("FLOW", takes_empty=True)
        columns = {"Date": days, "Q": discharge * M3_S_PER_CFS}
    else:
        rows.require("Date", "Q")
        columns = {"Date": rows.days("Date"), "Q": rows.floats("Q", takes_empty=True)}
        if "DecYear" in rows.columns:
            columns["DecYear"] = rows.floats("DecYear")
    table = pd.DataFrame(columns)
    for place in np.flatnonzero(table["Date"].duplicated() & table["Date"].notna()):
        rows.refuse(rows.numbers[place], "Date", str(table["Date"][place].date()), "重复 twice")
    rows.settle()
    return table.sort_values("Date", kind="stable", ignore_index=True)


def read_sample(octets: bytes, name: str, *, constituent: str | None = None) -> pd.DataFrame:
    """The samples of a record, of either layout.

    Parameters
    ----------
    octets : bytes
        CSV, or the same gzipped.
    name : str
        Of the file, for what is said of it.
    constituent : str or None
        The column to read in the layout of LOADEST; needed where it has several.

    Returns
    -------
    DataFrame
        ``Date`` (datetime64[us]), ``ConcLow`` (mg/L, NaN where left-censored), ``ConcHigh`` (mg/L,
        NaN where over the range), ``Uncen`` (int: 1 exact, 0 censored), and, where they are given, ``DecYear, SinDY, CosDY, Q``
        (m3/s). In the order of the file; several samples of a day are kept.

    Raises
    ------
    SourceRefused
        naming file, row and field of everything that is wrong.
    """
    rows = _read_rows(octets, name)
    table = _loadest_sample(rows, constituent) if "DATES" in rows.columns else _wrtds_sample(rows)
    low, high = table["ConcLow"].to_numpy(), table["ConcHigh"].to_numpy()
    for place in np.flatnonzero(high <= 0):
        rows.refuse(rows.numbers[place], "ConcHigh", f"{high[place]:g}", "须大于零 above zero")
    for place in np.flatnonzero((low > high) | (low < 0)):
        rows.refuse(
            rows.numbers[place], "ConcLow", f"{low[place]:g}", "须在 0 与 ConcHigh 之间 within 0..ConcHigh"
        )  # fmt: skip
    rows.settle()
    return table


def _wrtds_sample(rows: _Rows) -> pd.DataFrame:
    rows.require("Date", "ConcLow", "ConcHigh")
    low = rows.floats("ConcLow", takes_empty=True)
    high = rows.floats("ConcHigh", takes_empty=True)
    for place in np.flatnonzero(np.isnan(low) & np.isnan(high)):
        if not (rows.columns["ConcLow"][place] or rows.columns["ConcHigh"][place]):
            rows.refuse(rows.numbers[place], "ConcHigh", "", "没有浓度 no concentration")
    low = np.where(low == 0, np.nan, low)  # nothing below: the same as an empty cell
    is_exact = low == high
    columns = {
        "Date": rows.days("Date"),
        "ConcLow": low,
        "ConcHigh": high,
        "Uncen": is_exact.astype(np.int64),
    }
    if "Uncen" in rows.columns:
        stated = rows.floats("Uncen")
        for place in np.flatnonzero(np.isfinite(stated) & (high > 0) & (stated != is_exact)):
            rows.refuse(
                rows.numbers[place], "Uncen", rows.columns["Uncen"][place],
                f"与 ConcLow、ConcHigh 不符 they say {int(is_exact[place])}",
            )  # fmt: skip
    for name in ("DecYear", "SinDY", "CosDY", "Q"):
        if name in rows.columns:
            columns[name] = rows.floats(name)
    return pd.DataFrame(columns)


def _loadest_sample(rows: _Rows, constituent: str | None) -> pd.DataFrame:
    rows.require("FLOW")
    named = [
        name for name in rows.columns if name not in _NOT_CONSTITUENTS and not name.endswith(".rmk")
    ]
    if constituent is None and len(named) != 1:
        raise SourceRefused(
            f"{rows.name}: 第 1 行 row 1: 有 {len(named)} 个成分 constituents ({', '.join(named)});"
            " 请指定 choose one with --constituent"
        )
    wanted = constituent or named[0]
    rows.require(wanted)
    value = rows.floats(wanted, takes_empty=True)
    remarks = rows.columns.get(f"{wanted}.rmk", [""] * len(value))
    for number, remark in zip(rows.numbers, remarks, strict=True):
        if remark not in ("", "<"):
            rows.refuse(number, f"{wanted}.rmk", remark, "只能是 < 或空 is '<' or empty")
    is_below = np.array([remark == "<" for remark in remarks], dtype=bool)
    table = pd.DataFrame(
        {
            "Date": rows.days("DATES"),
            "ConcLow": np.where(is_below, np.nan, value),
            "ConcHigh": value,
            "Uncen": (~is_below).astype(np.int64),
            "Q": rows.floats("FLOW") * M3_S_PER_CFS,
        }
    )
    has_value = table["ConcHigh"].notna().to_numpy()
    rows.numbers = [
        number for number, is_kept in zip(rows.numbers, has_value, strict=True) if is_kept
    ]
    return table[has_value].reset_index(drop=True)


def _read_rows(octets: bytes, name: str) -> _Rows:
    text = _text_of(octets, name)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as wrong:
        raise SourceRefused(
            f"{name}: 第 {reader.line_num} 行 row {reader.line_num}: {wrong}"
        ) from None
    doubled = sorted({one for one in header if header.count(one) > 1})
    if doubled:
        raise SourceRefused(
            f"{name}: 第 1 行 row 1: 列名重复 a column stands twice: {doubled[0]!r}"
        )
    if not lines:
        raise SourceRefused(f"{name}: 没有数据行 no rows")
    rows = _Rows(name, {one: [] for one in header}, [])
    for number, line in lines:
        if len(line) != len(header):
            rows.refuse(number, "-", ",".join(line)[:60], f"须有 {len(header)} 格 is to have {len(header)} cells")  # fmt: skip
            continue
        rows.numbers.append(number)
        _add(rows.columns, header, line)
    if not rows.numbers:
        rows.settle()
    return rows


def _add(columns: dict[str, list[str]], header: Sequence[str], line: Sequence[str]) -> None:
    for one, cell in zip(header, line, strict=True):
        columns[one].append(cell.strip())


def _text_of(octets: bytes, name: str) -> str:
    try:
        if octets.startswith(_GZIP):
            packed = zlib.decompressobj(wbits=_GZIP_WINDOW)
            octets = packed.decompress(octets, _AT_MOST_BYTES)
            if not packed.eof:
                raise EOFError("压缩文件残缺或过大 the gzip ends early, or holds too much")
        return octets.decode("utf-8-sig")
    except (zlib.error, EOFError, UnicodeDecodeError) as wrong:
        raise SourceRefused(f"{name}: 不是 UTF-8 文本或 gzip no UTF-8 text, nor such gzipped: {wrong}") from None  # fmt: skip
