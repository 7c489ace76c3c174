"""Means of a period → grade and verdict, rounding first (环办〔2011〕22号, 环办监测函〔2020〕82号)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from ecomon.assess.limits import assessable, bounds_of, classed_items, grade_values
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.quantity import exact, round_assessed
from ecomon.model.standard import ClassLimits, Standard
from ecomon.model.tables import GRADES, MEANS


@dataclass(frozen=True, slots=True)
class ItemGrade:
    """One item of one section and period: its rounded value, class, and factor over class III."""

    determinand: str
    value: Decimal
    grade: int
    factor: float


def round_means(means: pd.DataFrame, determinands: Mapping[str, Determinand]) -> pd.Series:
    """The values that are compared with limits: each mean rounded to its assessment decimals.

    Parameters
    ----------
    means : DataFrame, contract MEANS
        ``exact`` is rounded; ``value`` only where there is no exact one.
    determinands : mapping of key to Determinand
        For ``decimals_assessed`` and the canonical unit.

    Returns
    -------
    Series of object (Decimal or None), index of ``means``
        None where the status is not ``measured``.

    Raises
    ------
    UnitMismatch
        where a mean is not in the determinand's canonical unit.

    Source
    ------
    环办监测函〔2020〕82号: round half to even, then compare (secondary source).
    """
    rounded: list[Decimal | None] = []
    columns = (means[name] for name in ("determinand", "status", "exact", "value", "unit"))
    for key, status, exact_value, value, unit in zip(*columns, strict=True):
        if status != "measured":
            rounded.append(None)
            continue
        determinand = determinands.get(key)
        if determinand is None:
            raise ContractError(f"unknown determinand {key!r}")
        if unit != determinand.unit:
            raise UnitMismatch(f"{key} in {unit}, not {determinand.unit}")
        mean = exact_value if isinstance(exact_value, Fraction | Decimal) else exact(value)
        rounded.append(round_assessed(mean, determinand.decimals_assessed))
    return pd.Series(rounded, index=means.index, dtype=object)


def grade_months(
    means: pd.DataFrame,
    standards: Mapping[str, Standard],
    targets: Mapping[str, int | None],
    determinands: Mapping[str, Determinand],
    *,
    items: Collection[str] | None = None,
    min_items: int = 4,
) -> pd.DataFrame:
    """Grade of each section and period: the worst class of its rounded means, and the verdict.

    Parameters
    ----------
    means : DataFrame, contract MEANS
        Means of the periods to be graded (months, or any other kind).
    standards : mapping of site to Standard
        Table 1 as it applies to the site, in force in those periods.
    targets : mapping of site to grade 1..6 or None
        A site that is absent or None has no target; it is never called compliant.
    determinands : mapping of key to Determinand
        For the assessment decimals.
    items : collection of str, optional
        Items to assess; by default all classed items of the standard (the 21 of Table 1).
    min_items : int
        Fewer measured items than this, among those the site's programme brought, give no grade.

    Returns
    -------
    DataFrame, contract GRADES
        Sorted by site and start; a site that measures nothing of its standard has no row. ``status`` is ``missing`` where no item has any valid value, else
        ``insufficient`` below ``min_items``, else ``measured``; ``grade`` is 0 unless measured.
        ``worst`` names the items that set a grade below I, the largest factor over class III first.
        ``missing_items`` are the assessed items without a mean, in the table's order.

    Raises
    ------
    ContractError
        where a site has no standard in force, or a mean stands twice.

    Source
    ------
    地表水环境质量评价办法(试行) 环办〔2011〕22号 (single factor); GB 3838-2002 clause 5.1.
    """
    MEANS.check(means)
    if means.empty:
        return GRADES.empty()
    rows: list[dict[str, Any]] = []
    table = assessable(means, standards)
    table = table.assign(_rounded=round_means(table, determinands))
    for (site, start), group in table.groupby(["site", "start"], sort=True, observed=True):
        standard = standards[str(site)]
        assessed = classed_items(standard, items)
        programme = group[group["determinand"].isin(list(assessed))]
        if programme["determinand"].duplicated().any():
            raise ContractError(f"{site} {start}: a mean stands twice")
        graded = grade_items(programme, assessed)
        status = _status(programme, len(graded), min_items)
        rows.append(
            {
                "site": site, "start": start, "standard": standard.id, "status": status,
                "period": group["period"].iloc[0], "period_kind": group["period_kind"].iloc[0],
                **_outcome(graded if status == "measured" else [], targets.get(str(site))),
                "n_items": len(graded),
                "missing_items": _missing(assessed, graded),
            }
        )  # fmt: skip
    return GRADES.frame({name: [row[name] for row in rows] for name in GRADES.columns})


def grade_items(means: pd.DataFrame, assessed: Mapping[str, ClassLimits]) -> list[ItemGrade]:
    """The measured items of one section and period, in the table's order.

    ``means`` has columns ``determinand`` and ``_rounded`` (Decimal, or None where not measured).
    """
    values = dict(zip(means["determinand"], means["_rounded"], strict=True))
    graded: list[ItemGrade] = []
    for name, limits in assessed.items():
        value = values.get(name)
        if isinstance(value, Decimal):
            grade = int(grade_values(np.array([float(value)]), limits)[0])
            graded.append(ItemGrade(name, value, grade, factor_over(value, limits)))
    return graded


def factor_over(value: Decimal, limits: ClassLimits, grade: int = 3) -> float:
    """C/limit - 1 over the limit of ``grade``; NaN for pH, water temperature and DO."""
    bounds = bounds_of(limits, grade)
    limit = limits.limit(grade)
    if bounds is None or not bounds.has_factor or not limit:
        return float("nan")
    return float((value - limit) / limit)


def worst_first(graded: list[ItemGrade]) -> list[ItemGrade]:
    """By class, then by factor over class III; items without a factor after those with one."""
    return sorted(
        graded,
        key=lambda item: (-item.grade, item.factor != item.factor, -_zero_if_nan(item.factor)),
    )


def _zero_if_nan(number: float) -> float:
    return 0.0 if number != number else number


def _status(programme: pd.DataFrame, n_graded: int, min_items: int) -> str:
    if programme.empty or bool((programme["status"] == "missing").all()):
        return "missing"
    return "measured" if n_graded >= max(min_items, 1) else "insufficient"


def _outcome(graded: list[ItemGrade], target: int | None) -> dict[str, Any]:
    grade = max((item.grade for item in graded), default=0)
    setters = [item for item in worst_first(graded) if item.grade == grade > 1]
    if not graded:
        verdict = "insufficient"
    elif target is None:
        verdict = "no_target"
    else:
        verdict = "compliant" if grade <= target else "exceeding"
    return {
        "grade": grade,
        "worst": ",".join(item.determinand for item in setters),
        "target_grade": target or 0,
        "verdict": verdict,
    }


def _missing(assessed: Mapping[str, ClassLimits], graded: list[ItemGrade]) -> str:
    have = {item.determinand for item in graded}
    return ",".join(name for name in assessed if name not in have)
