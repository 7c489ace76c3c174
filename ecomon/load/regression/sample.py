"""Samples of concentration with the discharge at them, and the discharge to predict for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError
from ecomon.load.regression.decimal_time import Times, Values


@dataclass(frozen=True, slots=True)
class LoadSamples:
    """Samples of one determinand at one section, in the order of time.

    Parameters
    ----------
    time : ndarray of datetime64, shape (n,)
        Naive Beijing time; a stamp at midnight is a daily value.
    discharge_m3_s : ndarray of float64, shape (n,)
        NaN where not known.
    lower_mg_l, upper_mg_l : ndarray of float64, shape (n,)
        Equal: a value. ``lower`` 0 or NaN: below ``upper``. ``upper`` infinite: above ``lower``.
        Otherwise between the two.
    columns : mapping of str to ndarray of float64, shape (n,)
        Further explanatory variables by name.
    decimal_year : ndarray of float64, shape (n,), optional
        Given decimal times, where results on a given calendar are to be met.

    Raises
    ------
    ContractError
        where lengths differ.
    """

    time: Times
    discharge_m3_s: Values
    lower_mg_l: Values
    upper_mg_l: Values
    columns: Mapping[str, Values] = field(default_factory=dict)
    decimal_year: Values | None = None

    def __post_init__(self) -> None:
        n = len(self.time)
        series = [self.discharge_m3_s, self.lower_mg_l, self.upper_mg_l, *self.columns.values()]
        if any(len(one) != n for one in series):
            raise ContractError(f"the series of a set of samples must all have {n} values")

    @classmethod
    def of_values(
        cls,
        time: Times,
        discharge_m3_s: Values,
        concentration_mg_l: Values,
        is_censored: npt.NDArray[np.bool_],
        *,
        columns: Mapping[str, Values] | None = None,
    ) -> LoadSamples:
        """Samples that are values, or lie below the value where ``is_censored``."""
        return cls(
            time,
            discharge_m3_s,
            np.where(is_censored, 0.0, concentration_mg_l),
            np.asarray(concentration_mg_l, dtype=np.float64),
            columns or {},
        )

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> LoadSamples:
        """The samples of a mask or of indices, in that order."""
        return LoadSamples(
            self.time[rows],
            self.discharge_m3_s[rows],
            self.lower_mg_l[rows],
            self.upper_mg_l[rows],
            {name: values[rows] for name, values in self.columns.items()},
            None if self.decimal_year is None else self.decimal_year[rows],
        )


@dataclass(frozen=True, slots=True)
class DischargeSteps:
    """Steps of the record to predict for: daily, or of any equal or unequal length.

    Parameters
    ----------
    time : ndarray of datetime64, shape (m,)
        Start of each step, strictly increasing, naive Beijing time.
    discharge_m3_s : ndarray of float64, shape (m,)
        Mean over the step; NaN where missing.
    step_s : float
        Length of a step, s.
    columns, decimal_year
        As in :class:`LoadSamples`.
    """

    time: Times
    discharge_m3_s: Values
    step_s: float = 86_400.0
    columns: Mapping[str, Values] = field(default_factory=dict)
    decimal_year: Values | None = None

    def __post_init__(self) -> None:
        if any(len(one) != len(self.time) for one in (self.discharge_m3_s, *self.columns.values())):
            raise ContractError(f"the series of a record must all have {len(self.time)} steps")
        if not (np.diff(self.time.astype("datetime64[us]").astype(np.int64)) > 0).all():
            raise ContractError("the steps of a discharge record must follow one another in time")


def samples_of_frames(sample: pd.DataFrame, daily: pd.DataFrame) -> LoadSamples:
    """Samples in the egret layout, with the discharge of their day.

    Parameters
    ----------
    sample : DataFrame
        ``Date``, ``ConcLow``, ``ConcHigh`` (mg/L; ``ConcLow`` empty: below ``ConcHigh``); ``Q``
        (m3/s) where the discharge at the sample is known. Other numeric columns are kept by name.
    daily : DataFrame
        ``Date``, ``Q``.

    Returns
    -------
    LoadSamples
        In the order of time, duplicates included; discharge NaN where the day has none.

    Raises
    ------
    ContractError
        naming a column that is missing.

    Source
    ------
    Layout of the data sets of EGRET (Hirsch & De Cicco 2015, USGS TM4-A10).
    """
    for frame, name, needed in (
        (sample, "sample", ("Date", "ConcLow", "ConcHigh")),
        (daily, "daily", ("Date", "Q")),
    ):
        missing = [column for column in needed if column not in frame]
        if missing:
            raise ContractError(f"{name}: no column {', '.join(missing)}")
    rows = _by_date(sample)
    day = pd.DatetimeIndex(rows["Date"])
    known = _by_date(daily).drop_duplicates("Date").set_index("Date")["Q"]
    discharge = rows["Q"] if "Q" in rows else known.reindex(day.normalize())
    layout = {"Date", "ConcLow", "ConcHigh", "Uncen", "Q", "DecYear", "SinDY", "CosDY"}
    extra = {
        str(name): rows[name].to_numpy(dtype=np.float64)
        for name in rows.columns
        if name not in layout and pd.api.types.is_numeric_dtype(rows[name])
    }
    return LoadSamples(
        day.to_numpy(),
        np.asarray(discharge, dtype=np.float64),
        rows["ConcLow"].to_numpy(dtype=np.float64),
        rows["ConcHigh"].to_numpy(dtype=np.float64),
        extra,
    )


def steps_of_frame(daily: pd.DataFrame) -> DischargeSteps:
    """Daily discharge in the egret layout (``Date``, ``Q`` m3/s, further numeric columns by name).

    Raises
    ------
    ContractError
        if a day stands twice or the table has no such columns.

    Source
    ------
    As :func:`samples_of_frames`.
    """
    missing = [column for column in ("Date", "Q") if column not in daily]
    if missing:
        raise ContractError(f"daily: no column {', '.join(missing)}")
    rows = _by_date(daily)
    if rows["Date"].duplicated().any():
        twice = rows.loc[rows["Date"].duplicated(), "Date"].iloc[0]
        raise ContractError(f"daily: {twice:%Y-%m-%d} stands twice; keep one discharge per day")
    extra = {
        str(name): rows[name].to_numpy(dtype=np.float64)
        for name in rows.columns
        if name not in {"Date", "Q", "DecYear"} and pd.api.types.is_numeric_dtype(rows[name])
    }
    return DischargeSteps(
        pd.DatetimeIndex(rows["Date"]).to_numpy(),
        rows["Q"].to_numpy(dtype=np.float64),
        columns=extra,
    )


def _by_date(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of ``Date``, which may still be text (2021-03-01)."""
    try:
        dates = pd.to_datetime(frame["Date"])
    except (ValueError, TypeError) as wrong:
        raise ContractError(f"Date: {wrong}; write 2021-03-01") from None
    return frame.assign(Date=dates).sort_values("Date", kind="stable")
