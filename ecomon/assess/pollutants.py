"""Main pollutants (主要污染指标) of a section, and how a bulletin writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from ecomon.assess.limits import classed_items
from ecomon.assess.months import ItemGrade, grade_items, round_means, worst_first
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand
from ecomon.model.quantity import exact, round_assessed
from ecomon.model.standard import Standard
from ecomon.model.tables import GRADES, MEANS, Contract

MAIN_POLLUTANTS = Contract(
    "main pollutants",
    {
        "site": "text",
        "period": "text",
        "start": "time",
        "rank": "int",  # 1 = named first
        "determinand": "text",
        "grade": "int",
        "factor": "float",  # over class III; NaN for pH and DO
    },
)

GOOD_ENOUGH = 3
CYANIDE = "CN"


def main_pollutants(
    means: pd.DataFrame,
    grades: pd.DataFrame,
    standards: Mapping[str, Standard],
    determinands: Mapping[str, Determinand],
    *,
    items: Collection[str] | None = None,
    n_named: int = 3,
) -> pd.DataFrame:
    """The items a bulletin names for each section that is worse than class III.

    Parameters
    ----------
    means, grades : DataFrame, contracts MEANS and GRADES
        The grades made from these means.
    standards, determinands, items
        As for :func:`ecomon.assess.grade_months`.
    n_named : int
        At most this many items.

    Returns
    -------
    DataFrame, contract MAIN_POLLUTANTS
        Nothing for a section of class I to III (优, 良好) or without a grade. Cyanide and heavy
        metals come first, then by class, then by the factor over class III.

    Raises
    ------
    ContractError
        where a grade stands without its means.

    Source
    ------
    地表水环境质量评价办法(试行) 环办〔2011〕22号, main pollutants of a section (from memory: 待核实).
    """
    MEANS.check(means)
    GRADES.check(grades)
    table = means.assign(_rounded=round_means(means, determinands))
    groups = dict(list(table.groupby(["site", "start"], observed=True)))
    rows: list[dict[str, Any]] = []
    worse = grades[(grades["status"] == "measured") & (grades["grade"] > GOOD_ENOUGH)]
    for site, start, period in zip(worse["site"], worse["start"], worse["period"], strict=True):
        if (site, start) not in groups:
            raise ContractError(f"{site} {period}: a grade without its means")
        graded = grade_items(groups[site, start], classed_items(standards[site], items))
        over = worst_first([item for item in graded if item.grade > GOOD_ENOUGH])
        over.sort(key=lambda item: not _is_named_first(item, determinands))
        rows += [
            {
                "site": site, "period": period, "start": start, "rank": rank,
                "determinand": item.determinand, "grade": item.grade, "factor": item.factor,
            }
            for rank, item in enumerate(over[:n_named], start=1)
        ]  # fmt: skip
    return MAIN_POLLUTANTS.frame(
        {name: [row[name] for row in rows] for name in MAIN_POLLUTANTS.columns}
    )


def _is_named_first(item: ItemGrade, determinands: Mapping[str, Determinand]) -> bool:
    return item.determinand == CYANIDE or determinands[item.determinand].is_toxic_metal


def name_main_pollutants(
    pollutants: pd.DataFrame, determinands: Mapping[str, Determinand]
) -> dict[tuple[str, str], str]:
    """As a bulletin writes them, by (site, period label): ``总磷(0.4)、溶解氧``.

    The factor over class III stands in brackets with one decimal; pH and DO have none.

    Source
    ------
    环办〔2011〕22号: 高锰酸盐指数(1.2).
    """
    MAIN_POLLUTANTS.check(pollutants)
    names: dict[tuple[str, str], list[str]] = {}
    ordered = pollutants.sort_values(["site", "period", "rank"])
    columns = (ordered[name] for name in ("site", "period", "determinand", "factor"))
    for site, period, key, factor in zip(*columns, strict=True):
        bracket = "" if factor != factor else f"({round_assessed(exact(factor), 1)})"
        names.setdefault((site, period), []).append(determinands[key].name_zh + bracket)
    return {place: "、".join(words) for place, words in names.items()}
