"""Readings and means → exceedances, each with the basis it was judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.assess.limits import Bounds, assessable, bounds_of
from ecomon.assess.months import round_means
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.flag import Flag
from ecomon.model.period import Period
from ecomon.model.standard import ClassLimits, SingleLimit, Standard
from ecomon.model.tables import EXCEEDANCES, MEANS, STORED

Basis = Literal["class_3", "target", "table_3"]
BASES: tuple[Basis, ...] = ("class_3", "target", "table_3")
CLASS_3 = 3

_KEY = ["site", "determinand", "start", "basis", "revision"]


@dataclass(frozen=True, slots=True)
class _Yardstick:
    """Bounds by (site, determinand), as matrices, so that a column of values is judged at once."""

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    has_factor: npt.NDArray[np.bool_]
    standard: npt.NDArray[np.object_]


def find_exceedances(
    readings: pd.DataFrame,
    standards: Mapping[str, Standard],
    targets: Mapping[str, int | None],
    determinands: Mapping[str, Determinand],
    *,
    intake_standards: Mapping[str, Standard] | None = None,
    bases: Sequence[Basis] = BASES,
) -> pd.DataFrame:
    """Readings worse than a limit, from unrounded values, flags carried and not judged.

    Parameters
    ----------
    readings : DataFrame, contract FLAGGED or STORED
        Canonical units. NaN and left-censored values (not detected) never exceed; a right-censored
        one exceeds by what is known of it.
    standards : mapping of site to Standard
        Class limits (Table 1), for the bases ``class_3`` and ``target``.
    targets : mapping of site to grade or None
        A site without a target has no exceedance of basis ``target``.
    determinands : mapping of key to Determinand
        For the units.
    intake_standards : mapping of site to Standard, optional
        Single limits (Tables 2 and 3) of the drinking-water intakes, and of sections where they
        serve as reference; basis ``table_3``.
    bases : sequence of {"class_3", "target", "table_3"}

    Returns
    -------
    DataFrame, contract EXCEEDANCES
        Sorted by site, determinand, start, basis. ``factor`` = C/limit - 1, NaN for pH, water
        temperature and DO. ``flag`` is 2 (not evaluated) where ``readings`` has none.

    Raises
    ------
    ContractError
        where a site has assessed determinands but no standard, or one not in force.
    UnitMismatch
        where a value is not in its determinand's canonical unit.

    Source
    ------
    GB 3838-2002 Tables 1 to 3, clause 5.1; factor by 环办〔2011〕22号. "超标 1 倍" is twice the limit.
    """
    STORED.check(readings)
    is_used = readings["value"].notna() & (readings["censor"] != "left")
    is_used &= readings["statistic"].isin(["value", "mean"])
    used = readings[is_used]
    flag = used["flag"] if "flag" in used.columns else int(Flag.NOT_EVALUATED)
    used = used.assign(flag=flag)
    intakes = intake_standards or {}
    return _compare(used, standards, targets, determinands, intake_standards=intakes, bases=bases)


def find_mean_exceedances(
    means: pd.DataFrame,
    standards: Mapping[str, Standard],
    targets: Mapping[str, int | None],
    determinands: Mapping[str, Determinand],
    *,
    intake_standards: Mapping[str, Standard] | None = None,
    bases: Sequence[Basis] = BASES,
) -> pd.DataFrame:
    """Means worse than a limit, rounded first; parameters and result as :func:`find_exceedances`.

    ``means`` keeps contract MEANS; only ``measured`` rows count. ``value`` of the result is the
    rounded one, ``revision`` 0, ``flag`` 1, ``duration_s`` the length of the period.

    Source
    ------
    As :func:`find_exceedances`; rounding by 环办监测函〔2020〕82号 (secondary source).
    """
    MEANS.check(means)
    used = means[means["status"] == "measured"].reset_index(drop=True)
    seconds = {label: Period.parse(label).seconds for label in used["period"].unique()}
    used = used.assign(
        value=np.array([float(value or 0) for value in round_means(used, determinands)]),
        duration_s=used["period"].map(seconds).astype("int64"),
        revision=0,
        flag=int(Flag.GOOD),
    )
    intakes = intake_standards or {}
    return _compare(used, standards, targets, determinands, intake_standards=intakes, bases=bases)


def _compare(
    used: pd.DataFrame,
    standards: Mapping[str, Standard],
    targets: Mapping[str, int | None],
    determinands: Mapping[str, Determinand],
    *,
    intake_standards: Mapping[str, Standard],
    bases: Sequence[Basis],
) -> pd.DataFrame:
    """Exceedances among rows that count; each basis is one comparison of whole columns."""
    if used.empty:
        return EXCEEDANCES.empty()
    used = assessable(used, standards, intake_standards)
    _check_units(used, determinands)
    site_codes, sites = pd.factorize(used["site"])
    item_codes, items = pd.factorize(used["determinand"])
    values = used["value"].to_numpy(dtype=np.float64)
    found: list[pd.DataFrame] = []
    for basis in bases:
        rule = _rule(basis, standards, targets, intake_standards)
        yardstick = _yardstick([str(site) for site in sites], [str(item) for item in items], rule)
        low, high = yardstick.low[site_codes, item_codes], yardstick.high[site_codes, item_codes]
        rows = np.flatnonzero((values > high) | (values < low))
        at = site_codes[rows], item_codes[rows]
        value, limit = values[rows], np.where(values[rows] > high[rows], high[rows], low[rows])
        part = used.iloc[rows][[*_KEY[:3], "duration_s", "value", "unit", "revision", "flag"]]
        factor = np.where(yardstick.has_factor[at], value / limit - 1.0, np.nan)
        standard = yardstick.standard[at]
        found.append(part.assign(limit=limit, factor=factor, basis=basis, standard=standard))
    table = pd.concat(found, ignore_index=True).sort_values(_KEY, ignore_index=True)
    return EXCEEDANCES.frame({name: table[name] for name in EXCEEDANCES.columns})


_Rule = Callable[[str, str], tuple[Bounds, str] | None]


def _rule(
    basis: Basis,
    standards: Mapping[str, Standard],
    targets: Mapping[str, int | None],
    intake_standards: Mapping[str, Standard],
) -> _Rule:
    """The bounds, and the standard they stand in, of a site and determinand by this basis."""
    kind = SingleLimit if basis == "table_3" else ClassLimits

    def by_basis(site: str, determinand: str) -> tuple[Bounds, str] | None:
        standard = (intake_standards if basis == "table_3" else standards).get(site)
        grade = targets.get(site) if basis == "target" else CLASS_3
        limits = standard.of(determinand) if standard and grade else None
        bounds = bounds_of(limits, grade or CLASS_3) if isinstance(limits, kind) else None
        return (bounds, standard.id) if bounds and standard else None

    return by_basis


def _yardstick(sites: list[str], items: list[str], rule: _Rule) -> _Yardstick:
    shape = (len(sites), len(items))
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    has_factor, names = np.zeros(shape, dtype=bool), np.full(shape, "", dtype=object)
    for row, site in enumerate(sites):
        for column, item in enumerate(items):
            if judged := rule(site, item):
                bounds, standard = judged
                low[row, column], high[row, column] = bounds.low, bounds.high
                has_factor[row, column], names[row, column] = bounds.has_factor, standard
    return _Yardstick(low, high, has_factor, names)


def _check_units(used: pd.DataFrame, determinands: Mapping[str, Determinand]) -> None:
    pairs = used[["determinand", "unit"]].drop_duplicates()
    for key, unit in zip(pairs["determinand"], pairs["unit"], strict=True):
        if key not in determinands:
            raise ContractError(f"unknown determinand {key!r}")
        if unit != determinands[key].unit:
            raise UnitMismatch(f"{key} in {unit}, not {determinands[key].unit}")
