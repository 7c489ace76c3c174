"""Daily means -> monthly means."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.aggregate.days import mean_of_ph
from ecomon.aggregate.means import Counts, Floats, Ints, frame_means
from ecomon.aggregate.rules import AggregationRules
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.period import Period
from ecomon.model.quantity import exact
from ecomon.model.tables import MEANS


def monthly_means(
    daily: pd.DataFrame,
    determinands: Mapping[str, Determinand],
    rules: AggregationRules,
    period: Period,
) -> pd.DataFrame:
    """Means of the measured daily means, by site, determinand and month.

    Parameters
    ----------
    daily : table MEANS
        Rows of days; days outside the months of the period are left aside.
    determinands : mapping of str to Determinand
    rules : AggregationRules
    period : Period
        Every month it touches gets a row for every series of the table; a month is always
        measured against all of its days.

    Returns
    -------
    table MEANS
        In the order of site, determinand, month. The counts are of *days*: ``n_valid`` measured,
        ``n_expected`` of the calendar, ``n_excluded`` with readings but too few or none usable,
        ``n_censored`` measured with a value below its limit in them. Status is ``missing`` with no
        measured day and ``insufficient`` below ``min_share_per_month``; then ``value`` is NaN.

    Raises
    ------
    ContractError
        where the table breaks its contract, a day stands twice or a determinand is unknown.
    UnitMismatch
        where a mean is not in its determinand's unit.

    Source
    ------
    Mean of the valid daily means, 十四五 scheme (secondary source); the least share of days is a
    placeholder of the rules.
    """
    MEANS.check(daily)
    parts = period.split("month")
    table = daily[
        (daily["period_kind"] == "day")
        & (daily["start"] >= parts[0].start)
        & (daily["start"] < parts[-1].end)
    ].sort_values(["site", "determinand", "start"], kind="stable", ignore_index=True)
    pairs = _pairs(table, determinands)
    group = _groups(table, parts)
    counts = _count(table, group, pairs, parts)
    is_measured = counts.is_measured(rules.min_share_per_month)
    value, fractions = _means(table, group, is_measured, determinands)
    return frame_means(
        pairs, parts, "month", determinands,
        counts=counts, value=value, exact=fractions, is_measured=is_measured,
    )  # fmt: skip


def _pairs(table: pd.DataFrame, determinands: Mapping[str, Determinand]) -> list[tuple[str, str]]:
    seen = table[["site", "determinand", "unit"]].drop_duplicates()
    for key, unit in zip(seen["determinand"], seen["unit"], strict=True):
        if key not in determinands:
            raise ContractError(f"{key!r} is no determinand of the registry")
        if unit != determinands[key].unit:
            raise UnitMismatch(f"{key} in {unit!r}, not in {determinands[key].unit}")
    twice = table[table.duplicated(["site", "determinand", "start"])]
    if len(twice):
        raise ContractError(f"{twice['site'].iloc[0]}: {twice['period'].iloc[0]} stands twice")
    return list(zip(seen["site"], seen["determinand"], strict=True))


def _groups(table: pd.DataFrame, parts: list[Period]) -> Ints:
    """The row of the result that each day belongs to; the table is in the order of the pairs."""
    is_new = table[["site", "determinand"]].ne(table[["site", "determinand"]].shift()).any(axis=1)
    month = table["start"].to_numpy().astype("datetime64[M]").astype(np.int64)
    first = np.datetime64(parts[0].start, "M").astype(np.int64)
    return (np.cumsum(is_new.to_numpy()) - 1) * len(parts) + month - first


def _count(
    table: pd.DataFrame, group: Ints, pairs: list[tuple[str, str]], parts: list[Period]
) -> Counts:
    def count(which: pd.Series) -> Ints:
        return np.bincount(group[which.to_numpy()], minlength=len(pairs) * len(parts))

    is_measured = table["status"] == "measured"
    days = np.array([int(part.n_days) for part in parts], dtype=np.int64)
    return Counts(
        n_valid=count(is_measured),
        n_expected=np.tile(days, len(pairs)),
        n_excluded=count(~is_measured & (table["n_valid"] + table["n_excluded"] > 0)),
        n_censored=count(is_measured & (table["n_censored"] > 0)),
    )


def _means(
    table: pd.DataFrame,
    group: Ints,
    wanted: npt.NDArray[np.bool_],
    determinands: Mapping[str, Determinand],
) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Exact means of the wanted groups; the rows of a group stand together."""
    value = np.full(len(wanted), np.nan)
    fractions = np.full(len(wanted), None, dtype=object)
    rows = np.flatnonzero((table["status"] == "measured").to_numpy() & wanted[group])
    groups, firsts = np.unique(group[rows], return_index=True)
    bounds = [*firsts.tolist(), len(rows)]
    daily, exacts = table["value"].to_numpy()[rows], table["exact"].to_numpy()[rows]
    keys = table["determinand"].to_numpy(dtype=object)[rows[firsts]]
    for place, key, first, last in zip(groups, keys, bounds[:-1], bounds[1:], strict=True):
        if determinands[key].mean == "hydrogen_ion":
            ions = np.power(10.0, -daily[first:last])
            found, (fraction,) = mean_of_ph(np.array([ions.mean()]))
            value[place], fractions[place] = found[0], fraction
        else:
            fraction = _mean(exacts[first:last], daily[first:last])
            value[place], fractions[place] = float(fraction), fraction
    return value, fractions


def _mean(exacts: npt.NDArray[np.object_], daily: Floats) -> Fraction:
    """Mean of fractions over their common denominator."""
    parts = [
        one if isinstance(one, Fraction) else Fraction(exact(value))
        for one, value in zip(exacts, daily, strict=True)
    ]
    common = lcm(*(part.denominator for part in parts))
    total = sum(part.numerator * (common // part.denominator) for part in parts)
    return Fraction(total, common * len(parts))
