"""A daily record of discharge and the samples taken in it, checked and in arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError
from ecomon.load.wrtds.settings import WrtdsSettings

Values = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class RecordNote:
    """Something about the record a reader of the loads must know.

    ``code`` is one of ``zero_discharge``, ``reversed_discharge``, ``missing_discharge`` (days),
    ``sample_without_discharge``, ``sample_not_usable``, ``duplicate_samples`` (samples); ``reason``
    is in words, Chinese first.
    """

    code: str
    n: int
    reason: str


@dataclass(frozen=True, slots=True)
class WrtdsRecord:
    """N days of discharge and n samples that stand on days with discharge.

    Parameters
    ----------
    day : ndarray of datetime64[D], shape (N,)
        Ascending, each once; days may be missing.
    discharge_m3_s, log_q, dec_year : ndarray of float64, shape (N,)
        ``log_q`` is NaN where discharge is missing, zero or negative.
    sample_row : ndarray of int64, shape (n,)
        The day each sample was taken on. Several samples may share one.
    sample_dec_year, lower, upper : ndarray of float64, shape (n,)
        Bounds of the concentration, mg/L: equal where exact, ``lower`` 0 where below detection,
        ``upper`` inf where over range.
    notes : tuple of RecordNote
    """

    day: Days
    discharge_m3_s: Values
    log_q: Values
    dec_year: Values
    sample_row: npt.NDArray[np.int64]
    sample_dec_year: Values
    lower: Values
    upper: Values
    notes: tuple[RecordNote, ...]

    @property
    def n_samples(self) -> int:
        return len(self.sample_row)

    @property
    def is_exact(self) -> npt.NDArray[np.bool_]:
        return self.lower == self.upper


def decimal_year(day: Days) -> Values:
    """Clean decimal time of the noon of each day: year + (day of year - 1/2)/length of the year.

    Parameters
    ----------
    day : ndarray of datetime64[D], shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)

    Source
    ------
    loads.md 4: the calendar for production; reference data bring their own ``DecYear``.
    """
    year = day.astype("datetime64[Y]")
    first = year.astype("datetime64[D]")
    length = (year + 1).astype("datetime64[D]") - first
    into = (day - first).astype(np.float64) + 0.5
    return year.astype(np.int64) + 1970 + into / length.astype(np.float64)


def water_year(day: Days) -> npt.NDArray[np.int64]:
    """Water year of each day: October to September, named after the year it ends in.

    Parameters
    ----------
    day : ndarray of datetime64[D], shape (n,)

    Returns
    -------
    ndarray of int64, shape (n,)

    Source
    ------
    USGS water year, as in EGRET (data/loads/README).
    """
    month = day.astype("datetime64[M]") + 3
    return month.astype("datetime64[Y]").astype(np.int64) + 1970


def read_record(daily: pd.DataFrame, sample: pd.DataFrame) -> WrtdsRecord:
    """Check two tables and bring them into arrays; what cannot be used is left out and noted.

    Parameters
    ----------
    daily : DataFrame
        ``Date``, ``Q`` (m3/s, NaN = missing) and, if the record has its own, ``DecYear``.
    sample : DataFrame
        ``Date``, ``ConcLow`` (mg/L, NaN = below ``ConcHigh``), ``ConcHigh`` (mg/L, NaN = above
        ``ConcLow``) and, if the record has its own, ``DecYear``.

    Returns
    -------
    WrtdsRecord

    Raises
    ------
    ContractError
        where a column is missing, a date stands twice in ``daily`` or is none, a concentration is
        negative or its bounds are crossed; every such row is named.

    Source
    ------
    Layout of data/loads/egret; project rule: a day without discharge is never guessed.
    """
    _require_columns(daily, ("Date", "Q"), "daily")
    _require_columns(sample, ("Date", "ConcLow", "ConcHigh"), "sample")
    day, order = _days(daily, "daily")
    if (twice := np.flatnonzero(np.diff(day.astype(np.int64)) == 0)).size:
        raise ContractError(f"daily: {day[twice[0]]} stands twice; give each day once")
    discharge = daily["Q"].to_numpy(dtype=np.float64, na_value=np.nan)[order]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_q = np.where(discharge > 0, np.log(discharge), np.nan)
    has_own = "DecYear" in daily
    dec_year = daily["DecYear"].to_numpy(dtype=np.float64)[order] if has_own else decimal_year(day)
    if not (np.isfinite(dec_year).all() and (np.diff(dec_year) > 0).all()):
        raise ContractError("daily: DecYear must grow from day to day and never be empty")
    sample_day, sample_order = _days(sample, "sample")
    lower, upper = _bounds(sample, sample_order)
    row = np.minimum(np.searchsorted(day, sample_day), len(day) - 1)
    has_discharge = (day[row] == sample_day) & np.isfinite(log_q[row])
    is_usable = np.isfinite(lower) & ((lower > 0) | np.isfinite(upper)) & (upper > 0)
    own = "DecYear" in sample
    time = sample["DecYear"].to_numpy(dtype=np.float64)[sample_order] if own else dec_year[row]
    kept = has_discharge & is_usable & np.isfinite(time)
    notes = _notes(discharge, is_usable, has_discharge, sample_day[kept])
    return WrtdsRecord(
        day, discharge, log_q, dec_year, row[kept], time[kept], lower[kept], upper[kept], notes
    )


def find_obstacles(record: WrtdsRecord, settings: WrtdsSettings) -> tuple[RecordNote, ...]:
    """Why this record carries no WRTDS model; empty where it does.

    Parameters
    ----------
    record : WrtdsRecord
    settings : WrtdsSettings

    Returns
    -------
    tuple of RecordNote
        Codes ``no_discharge``, ``all_censored``, ``too_few_samples``, ``too_few_uncensored``.

    Source
    ------
    EGRET's minNumObs and minNumUncen (loads.md 5.1); windows cannot grow beyond the record.
    """
    found: list[RecordNote] = []
    n, exact = record.n_samples, int(record.is_exact.sum())
    if not np.isfinite(record.log_q).any():
        found.append(RecordNote("no_discharge", 0, "没有可用的流量 no day with positive discharge"))
    if n and not exact:
        found.append(RecordNote("all_censored", n, f"{n} 个样品全部删失 all samples are censored"))
    if n < settings.min_obs:
        found.append(
            RecordNote(
                "too_few_samples",
                n,
                f"可用样品 {n} 个，少于 {settings.min_obs} 个 {n} usable samples, {settings.min_obs} needed",
            )
        )
    if 0 < exact < settings.min_uncensored:
        found.append(
            RecordNote(
                "too_few_uncensored",
                exact,
                f"未删失样品 {exact} 个，少于 {settings.min_uncensored} 个 "
                f"{exact} uncensored samples, {settings.min_uncensored} needed",
            )
        )
    return tuple(found)


def _require_columns(table: pd.DataFrame, names: tuple[str, ...], which: str) -> None:
    if missing := [name for name in names if name not in table]:
        raise ContractError(f"{which}: column {', '.join(missing)} is missing; found {list(table)}")


def _days(table: pd.DataFrame, which: str) -> tuple[Days, npt.NDArray[np.int64]]:
    """Dates in ascending order (ties as they stand) and the rows they come from."""
    dates = pd.to_datetime(table["Date"], errors="coerce")
    if dates.isna().any():
        row = int(np.flatnonzero(dates.isna())[0])
        raise ContractError(f"{which} row {row + 1}: Date {table['Date'].iloc[row]!r} is no date")
    if not len(dates):
        raise ContractError(f"{which}: the table has no row")
    day = dates.to_numpy().astype("datetime64[D]")
    order = np.argsort(day, kind="stable")
    return day[order], order


def _bounds(sample: pd.DataFrame, order: npt.NDArray[np.int64]) -> tuple[Values, Values]:
    """Bounds mg/L; both NaN where neither is given, which leaves the sample out."""
    low = sample["ConcLow"].to_numpy(dtype=np.float64, na_value=np.nan)[order]
    high = sample["ConcHigh"].to_numpy(dtype=np.float64, na_value=np.nan)[order]
    is_wrong = (low < 0) | (high < 0) | (low > high)
    if is_wrong.any():
        row = int(order[np.flatnonzero(is_wrong)[0]])
        raise ContractError(
            f"sample row {row + 1}: ConcLow {sample['ConcLow'].iloc[row]}, ConcHigh "
            f"{sample['ConcHigh'].iloc[row]}: give 0 <= ConcLow <= ConcHigh"
        )
    is_empty = np.isnan(low) & np.isnan(high)
    lower = np.where(is_empty, np.nan, np.where(np.isnan(low), 0.0, low))
    return lower, np.where(is_empty, np.nan, np.where(np.isnan(high), np.inf, high))


def _notes(
    discharge: Values,
    is_usable: npt.NDArray[np.bool_],
    has_discharge: npt.NDArray[np.bool_],
    kept_day: Days,
) -> tuple[RecordNote, ...]:
    """What was left out or counts twice, in words."""
    n_twice = len(kept_day) - len(np.unique(kept_day))
    counts = [
        ("zero_discharge", int((discharge == 0).sum()),
         "天流量为零：负荷记 0，不取对数 days of zero discharge: load 0, kept out of logarithms"),
        ("reversed_discharge", int((discharge < 0).sum()),
         "天流量为负（倒流）：不估算 days of reversed discharge: not estimated"),
        ("missing_discharge", int(np.isnan(discharge).sum()),
         "天缺流量：不估算 days without discharge: not estimated"),
        ("sample_without_discharge", int((is_usable & ~has_discharge).sum()),
         "个样品当日无正流量，未用 samples on days without positive discharge, left out"),
        ("sample_not_usable", int((~is_usable).sum()),
         "个样品没有正浓度，未用 samples without a positive concentration, left out"),
        ("duplicate_samples", n_twice,
         "个样品与同日另一样品并存，均使用 samples share their day with another, all used"),
    ]  # fmt: skip
    return tuple(RecordNote(code, n, f"{n} {words}") for code, n, words in counts if n)
