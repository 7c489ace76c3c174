"""Values against the limits of one determinand: its class, and the bounds of one class (GB 3838-2002)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.standard import ClassLimits, SingleLimit, Standard

WORST_CLASS = 5
BEYOND = 6


@dataclass(frozen=True, slots=True)
class Bounds:
    """What complies: ``low <= value <= high``; NaN is an open side.

    ``has_factor`` is False where GB 3838 practice gives no exceedance factor (pH, water
    temperature, dissolved oxygen): a range or a lower limit.
    """

    low: float
    high: float
    has_factor: bool


def grade_values(values: npt.NDArray[np.float64], limits: ClassLimits) -> npt.NDArray[np.int8]:
    """The class 1..6 of values of one determinand; 0 where the value is NaN.

    Equality with a limit is compliance, and where neighbouring classes share a limit the best of
    them is given. The limits are decimals of few digits, so that a float64 read from the same text
    compares exactly.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Canonical unit; NaN = no valid value.
    limits : ClassLimits
        A row of GB 3838-2002 Table 1.

    Returns
    -------
    ndarray of int8, shape (n,)
        6 is worse than class V (劣Ⅴ). A range (pH) gives 1 inside and 6 outside.

    Source
    ------
    GB 3838-2002 Table 1 and clause 5.1.
    """
    if limits.low is not None and limits.high is not None:
        is_inside = (values >= float(limits.low)) & (values <= float(limits.high))
        grades = np.where(is_inside, 1, BEYOND).astype(np.int8)
    else:
        sign = 1.0 if limits.direction == "le" else -1.0
        steps = np.array([sign * float(limit) for limit in limits.classes])
        grades = (np.searchsorted(steps, sign * values, side="left") + 1).astype(np.int8)
    grades[np.isnan(values)] = 0
    return grades


def bounds_of(limits: ClassLimits | SingleLimit, grade: int = 3) -> Bounds | None:
    """What complies with class ``grade`` (1..5) or with a single limit; None where nothing can exceed.

    Source
    ------
    GB 3838-2002 Tables 1 to 3.
    """
    if isinstance(limits, SingleLimit):
        if limits.direction == "range":
            raise ContractError(f"{limits.determinand}: a single limit cannot be a range")
        return _one_sided(float(limits.limit), limits.direction == "le")
    if grade > WORST_CLASS or not limits.is_classed:
        return None
    if limits.low is not None and limits.high is not None:
        return Bounds(float(limits.low), float(limits.high), has_factor=False)
    limit = limits.limit(grade)
    return None if limit is None else _one_sided(float(limit), limits.direction == "le")


def _one_sided(limit: float, is_upper: bool) -> Bounds:
    nan = float("nan")
    return Bounds(nan, limit, True) if is_upper else Bounds(limit, nan, False)


def classed_items(
    standard: Standard, items: Collection[str] | None = None
) -> dict[str, ClassLimits]:
    """The classed determinands of a standard in the order of its table, or those of ``items``."""
    return {
        limits.determinand: limits
        for limits in standard.class_limits
        if limits.is_classed and (items is None or limits.determinand in items)
    }


def assessable(table: pd.DataFrame, *standards: Mapping[str, Standard]) -> pd.DataFrame:
    """The rows whose determinand stands in any of the standards, each with a standard in force.

    A site that measures nothing of them (a gauge, an air site) needs no standard and has no row.
    """
    known = {
        limits.determinand
        for given in standards
        for standard in given.values()
        for limits in (*standard.class_limits, *standard.single_limits)
    }
    rows = table[table["determinand"].isin(known)] if known else table
    require_standards([str(site) for site in rows["site"].unique()], rows["start"], *standards)
    return rows


def require_standards(
    sites: Collection[str], starts: pd.Series, *standards: Mapping[str, Standard]
) -> None:
    """ContractError where a site has no standard at all or one not in force on the days of its data.

    An edition is chosen by the date of the observation, so a table that spans two editions has to
    be cut by its caller.
    """
    lacking = sorted({site for site in sites if not any(site in given for given in standards)})
    if lacking:
        raise ContractError(f"no standard given for {', '.join(lacking)}")
    if starts.empty:
        return
    first, last = starts.min(), starts.max()
    days = {date(day.year, day.month, day.day) for day in (first, last)}
    used = {given[site].id: given[site] for given in standards for site in sites if site in given}
    for standard in used.values():
        for day in sorted(days):
            if not standard.in_force(day):
                raise ContractError(f"standard {standard.id} is not in force on {day}")
