"""The daily means of one place and one determinand, out of a table of means."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.quantity import exact


def daily_means_of(means: pd.DataFrame, *, site: str, determinand: str, unit: str) -> pd.DataFrame:
    """Measured daily means of one series, in the order of time.

    Parameters
    ----------
    means : MEANS
        Rows of other places, determinands, periods than a day, or that are not ``measured``, are
        left aside.
    unit : str
        The unit the caller reckons in.

    Returns
    -------
    DataFrame
        Columns of MEANS; ``exact`` is a Fraction in every row (of the decimal text of ``value``
        where the table had none).

    Raises
    ------
    UnitMismatch
        if a mean is in another unit.
    ContractError
        if a day stands twice: which of two sources counts is decided before this stage.

    Source
    ------
    Contract ``tables.MEANS``.
    """
    wanted = (
        (means["site"] == site)
        & (means["determinand"] == determinand)
        & (means["period_kind"] == "day")
        & (means["status"] == "measured")
    )
    series = means[wanted].sort_values("start", kind="stable").reset_index(drop=True)
    others = sorted(set(series["unit"]) - {unit})
    if others:
        raise UnitMismatch(f"{site} {determinand}: {', '.join(others)} where {unit} is needed")
    twice = series.loc[series["start"].duplicated(), "period"]
    if len(twice):
        raise ContractError(f"{site} {determinand}: {twice.iloc[0]} stands twice among the means")
    series["exact"] = pd.Series(
        [_fraction(*pair) for pair in zip(series["exact"], series["value"], strict=True)],
        index=series.index,
        dtype="object",
    )
    return series


def _fraction(known: object, value: float) -> Fraction:
    return known if isinstance(known, Fraction) else Fraction(exact(value))
