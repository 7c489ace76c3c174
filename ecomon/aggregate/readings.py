"""The readings of a span of days, as columns of numbers, one reading for each series and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.aggregate.rules import AggregationRules, ExpectedReadings
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.codes import Codes, encode
from ecomon.model.determinand import Determinand

DAY_S = 86_400
_SECOND_US = 1_000_000
_STATISTICS = ("value", "mean")

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DayReadings:
    """Readings that may enter daily means; shapes (reading,) but for ``pairs``.

    Attributes
    ----------
    pairs : list of (site, determinand)
        In their order; ``series`` points into it.
    place : ndarray of int
        Which row of the table of readings each is.
    day : ndarray of int
        Days from the start of the span.
    value : ndarray of float
        NaN where the source gave none.
    is_usable, is_left : ndarray of bool
        May enter a mean; is below its limit of detection (then ``value`` is the limit).
    programme : ndarray of int
        Rank by the rules, 0 best.
    n_expected : ndarray of int
        Readings a day that a series like this should have.
    """

    pairs: list[tuple[str, str]]
    series: Codes
    place: Codes
    day: Ints
    value: npt.NDArray[np.float64]
    is_usable: Mask
    is_left: Mask
    programme: Codes
    n_expected: Ints

    def keep(self, which: Mask) -> DayReadings:
        if which.all():
            return self
        columns = {one.name: getattr(self, one.name)[which] for one in fields(self)[1:]}
        return replace(self, **columns)


def read_days(
    flagged: pd.DataFrame,
    determinands: Mapping[str, Determinand],
    rules: AggregationRules,
    days: npt.NDArray[np.datetime64],
) -> DayReadings:
    """Readings of whole days that may enter daily means, doubles picked by the rules' precedence.

    Parameters
    ----------
    flagged : table FLAGGED
    determinands : mapping of Determinand
    rules : AggregationRules
    days : ndarray of datetime64[us], shape (day + 1,)
        Starts of the days, and the end of the last.

    Raises
    ------
    ContractError
        where a row has no site or determinand, or an unknown one.
    UnitMismatch
        where a reading is not in its determinand's unit.

    Source
    ------
    Design, section 3 (precedence picks, nothing is averaged silently); over-range values out of
    means: project review rule R4.
    """
    enters = _enters(flagged, days)
    table = flagged[enters]
    sites, site_names = encode(table["site"])
    keys, names = encode(table["determinand"])
    if min(sites.min(initial=0), keys.min(initial=0)) < 0:
        raise ContractError("a reading without site or determinand")
    _check_units(keys, names, table["unit"], determinands)
    pairs, series = _pairs(sites, site_names, keys, names)
    start_us = table["start"].to_numpy().view(np.int64)
    value = table["value"].to_numpy(dtype=np.float64)
    censor, censors = encode(table["censor"])
    is_right = censor == (censors.index("right") if "right" in censors else -2)
    is_used = np.zeros(10, dtype=np.bool_)
    is_used[list(rules.use_flags)] = True
    texts = {name: encode(table[name]) for name in ("programme", "source")}
    duration_s = table["duration_s"].to_numpy()
    readings = DayReadings(
        pairs=pairs,
        series=series,
        place=np.flatnonzero(enters),
        day=(start_us - days[:1].view(np.int64)) // (DAY_S * _SECOND_US),
        value=value,
        is_usable=is_used[table["flag"].to_numpy()] & np.isfinite(value) & ~is_right,
        is_left=censor == (censors.index("left") if "left" in censors else -2),
        programme=_ranks(*texts["programme"], rules.programme_precedence),
        n_expected=_expected(
            {"sites": (sites, site_names), "determinands": (keys, names),
             "sources": texts["source"], "programmes": texts["programme"]},
            duration_s, rules,
        ),
    )  # fmt: skip
    order = (
        ~readings.is_usable,
        readings.programme,
        _ranks(*texts["source"], rules.source_precedence),
        table["replicate"].to_numpy(),
        -table["revision"].to_numpy(),
    )
    return _one_programme(readings.keep(_is_first(series, start_us, order)))


def _enters(flagged: pd.DataFrame, days: npt.NDArray[np.datetime64]) -> Mask:
    start = flagged["start"].to_numpy()
    statistic, names = encode(flagged["statistic"])
    is_mean = np.array([*(name in _STATISTICS for name in names), False], dtype=np.bool_)
    in_days = (start >= days[0]) & (start < days[-1])
    return in_days & is_mean[statistic] & (flagged["duration_s"].to_numpy() <= DAY_S)


def _check_units(
    keys: Codes, names: list[str], column: pd.Series[Any], determinands: Mapping[str, Determinand]
) -> None:
    units, unit_names = encode(column)
    seen = np.flatnonzero(np.bincount(keys * (len(unit_names) + 1) + units + 1))
    for code in seen.tolist():
        name, unit = names[code // (len(unit_names) + 1)], code % (len(unit_names) + 1)
        if name not in determinands:
            raise ContractError(f"{name!r} is no determinand of the registry")
        have = unit_names[unit - 1] if unit else ""
        if have != determinands[name].unit:
            raise UnitMismatch(f"{name} in {have!r}, not in {determinands[name].unit}")


def _pairs(
    sites: Codes, site_names: list[str], keys: Codes, names: list[str]
) -> tuple[list[tuple[str, str]], Codes]:
    """The (site, determinand) pairs of the rows in their order, and which of them each row is."""
    codes = sites * len(names) + keys
    found = np.flatnonzero(np.bincount(codes, minlength=len(site_names) * len(names)))
    pairs = [(site_names[code // len(names)], names[code % len(names)]) for code in found.tolist()]
    order = sorted(range(len(pairs)), key=pairs.__getitem__)
    rank = np.zeros(len(site_names) * len(names), dtype=np.intp)
    rank[found[order]] = np.arange(len(pairs))
    return [pairs[place] for place in order], rank[codes]


def _ranks(codes: Codes, names: list[str], precedence: tuple[str, ...]) -> Codes:
    """Rank of each row by precedence; names that are not listed follow, alphabetically."""
    ordered = [*precedence, *sorted(set(names) - set(precedence))]
    rank = np.array([*(ordered.index(name) for name in names), len(ordered)], dtype=np.intp)
    return rank[codes]


def _expected(
    columns: Mapping[str, tuple[Codes, list[str]]],
    duration_s: npt.NDArray[Any],
    rules: AggregationRules,
) -> Ints:
    sources, source_names = columns["sources"]
    default = rules.expected_per_day["default"]
    by_source = [rules.expected_per_day.get(name, default) for name in source_names]
    expected = np.array([*by_source, default], dtype=np.int64)[sources]
    is_interval = duration_s > 0
    if is_interval.any():
        expected[is_interval] = np.maximum(1, DAY_S // duration_s[is_interval])
    for override in rules.expected_overrides.values():
        expected[_fits(override, columns)] = override.n_per_day
    return expected


def _fits(
    override: ExpectedReadings, columns: Mapping[str, tuple[Codes, list[str]]]
) -> Mask | slice:
    fits: Mask | None = None
    for field, (codes, names) in columns.items():
        wanted = getattr(override, field)
        if wanted:
            is_wanted = np.array([*(name in wanted for name in names), False], dtype=np.bool_)
            fits = is_wanted[codes] if fits is None else fits & is_wanted[codes]
    return slice(None) if fits is None else fits


def _is_first(series: Codes, start_us: Ints, order: tuple[npt.NDArray[Any], ...]) -> Mask:
    """One reading for each series and time: the first by ``order``, the columns that weigh most
    coming first.
    """
    is_first = np.ones(len(series), dtype=np.bool_)
    if np.all(
        (series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & (start_us[1:] > start_us[:-1]))
    ):
        return is_first
    doubled = np.flatnonzero(
        pd.DataFrame({"series": series, "start": start_us}).duplicated(keep=False)
    )
    keys = [column[doubled] for column in (series, start_us, *order)]
    doubled = doubled[np.lexsort(keys[::-1])]
    same = (series[doubled[1:]] == series[doubled[:-1]]) & (
        start_us[doubled[1:]] == start_us[doubled[:-1]]
    )
    is_first[doubled[1:][same]] = False
    return is_first


def _one_programme(readings: DayReadings) -> DayReadings:
    """Without the readings of a day whose programme is not the best that is usable that day."""
    if np.all(readings.programme == readings.programme[:1]):
        return readings
    n_days = int(readings.day.max()) + 1
    group = readings.series * n_days + readings.day
    worst = int(readings.programme.max()) + 1
    best = np.full(len(readings.pairs) * n_days, worst)
    usable = readings.is_usable
    np.minimum.at(best, group[usable], readings.programme[usable])
    of_day = best[group]
    return readings.keep((of_day == worst) | (readings.programme == of_day))
