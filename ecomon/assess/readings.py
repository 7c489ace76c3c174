"""Readings → the class of each reading, from unrounded values."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.assess.limits import classed_items, grade_values, require_standards
from ecomon.model.flag import Flag
from ecomon.model.standard import Standard
from ecomon.model.tables import READING_CLASSES, STORED

NATIONAL_FEED_ITEMS = ("PH", "DO", "CODMN", "NH3N", "TP")
"""What the class of the national feed is made of: recomputing the published class of 2020-05-08
(raw values) and 2021-04 (basin) gives the same class with these five and no others."""

_READING = ["site", "start", "programme", "source", "replicate"]


def classify_readings(
    flagged: pd.DataFrame,
    standards: Mapping[str, Standard],
    *,
    items: Collection[str] = NATIONAL_FEED_ITEMS,
    min_items: int = 4,
    excluded: Collection[Flag] = (Flag.FAIL, Flag.MISSING),
) -> pd.DataFrame:
    """Class of each reading: the worst class of its classed determinands, from unrounded values.

    Parameters
    ----------
    flagged : DataFrame, contract FLAGGED or STORED
        Canonical units. NaN contributes nothing; nor does a row whose ``flag`` (where the column
        is there) is ``excluded``. A left-censored value stands for its limit, the worst it can be.
    standards : mapping of site to Standard
        Table 1 as it applies to the site (river or lake), in force on the days of the readings.
    items : collection of str
        Determinands that count; the default is the national feed's.
    min_items : int
        Fewer classed determinands than this give no row. The national feed publishes a class for
        stations with four of its five (清风峡 has no TP).

    Returns
    -------
    DataFrame, contract READING_CLASSES
        One row per site, start, programme, source and replicate (the last three ride along: the
        same reading by two feeds is two readings), sorted by them. ``worst`` lists the determinands
        that set a grade below I, in the order of ``items``, ``DO,TP``; it is empty at grade I.

    Raises
    ------
    ContractError
        where a site of the table has no standard, or the standard is not in force.

    Source
    ------
    GB 3838-2002 clause 5.1 (single factor); unrounded values as the CNEMC real-time feed does.
    """
    STORED.check(flagged)
    is_used = flagged["determinand"].isin(list(items)) & flagged["value"].notna()
    is_used &= flagged["statistic"].isin(["value", "mean"])
    if "flag" in flagged.columns:
        is_used &= ~flagged["flag"].isin([int(flag) for flag in excluded])
    used = flagged.loc[is_used, [*_READING, "determinand", "value"]]
    if used.empty:
        return READING_CLASSES.empty()
    site_codes, sites = pd.factorize(used["site"])
    require_standards([str(site) for site in sites], used["start"], standards)
    group = np.asarray(used.groupby(_READING, sort=True, observed=True).ngroup(), np.int64)
    given = {str(site): standards[str(site)] for site in sites}
    grades = _grade_matrix(used, group, site_codes, list(given.values()), list(items))
    return _as_classes(used, group, given, grades, list(items), min_items=min_items)


def _grade_matrix(
    used: pd.DataFrame,
    group: npt.NDArray[np.int64],
    site_codes: npt.NDArray[np.int64],
    standards: list[Standard],
    names: list[str],
) -> npt.NDArray[np.int8]:
    """Classes, shape (readings, items); 0 where the reading has no such item."""
    values = used["value"].to_numpy(dtype=np.float64)
    item_codes, found = pd.factorize(used["determinand"])
    grades = np.zeros((int(group.max()) + 1, len(names)), dtype=np.int8)
    distinct = {standard.id: standard for standard in standards}
    of_site = np.array([list(distinct).index(standard.id) for standard in standards])
    standard_codes = of_site[site_codes]
    for item, name in enumerate(found):
        is_item, column = item_codes == item, names.index(str(name))
        for code, standard in enumerate(distinct.values()):
            limits = classed_items(standard).get(str(name))
            rows = np.flatnonzero(is_item & (standard_codes == code))
            if limits is None or rows.size == 0:
                continue
            np.maximum.at(grades[:, column], group[rows], grade_values(values[rows], limits))
    return grades


def _as_classes(
    used: pd.DataFrame,
    group: npt.NDArray[np.int64],
    standards: Mapping[str, Standard],
    grades: npt.NDArray[np.int8],
    names: list[str],
    *,
    min_items: int,
) -> pd.DataFrame:
    _, first = np.unique(group, return_index=True)
    grade, n_items = grades.max(axis=1), (grades > 0).sum(axis=1)
    is_worst = (grades == grade[:, None]) & (grade[:, None] > 1)
    masks, of_mask = np.unique(is_worst @ (1 << np.arange(len(names))), return_inverse=True)
    words = np.array([_names_in(int(mask), names) for mask in masks], dtype=object)
    table = used.iloc[first][_READING].reset_index(drop=True)
    table["grade"] = grade.astype(np.int64)
    table["worst"] = words[of_mask]
    table["n_items"] = n_items.astype(np.int64)
    table["standard"] = table["site"].map({site: standards[site].id for site in standards})
    is_classed = n_items >= max(min_items, 1)
    table = table[is_classed].reset_index(drop=True)
    return READING_CLASSES.frame({str(name): table[name] for name in table.columns})


def _names_in(mask: int, names: list[str]) -> str:
    return ",".join(name for bit, name in enumerate(names) if mask >> bit & 1)
