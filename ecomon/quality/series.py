"""Rows of a table put into series, one after the other, each in the order of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.codes import encode, run_starts
from ecomon.quality.rules import Checks, QualityRules

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]
Levels = npt.NDArray[np.int8]
Param = float | Floats
"""A parameter of a test: one number where all readings share it, else one per reading."""

HOUR_US = 3_600_000_000
_NOT_A_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings in series order. Shapes: ``value time_us`` (reading,), ``lengths which`` (series,).

    ``which`` points into ``checks``; a series may have length 0 after :meth:`keep`.
    """

    value: Floats
    time_us: Ints
    lengths: Ints
    which: Places
    checks: list[Checks | None]

    def param(self, of: Callable[[Checks], float | None]) -> Param:
        """What the checks of each reading say; NaN where they say nothing."""
        said = [None if found is None else of(found) for found in self.checks]
        by_checks = np.array([np.nan if one is None else one for one in said], dtype=np.float64)
        by_series = by_checks[self.which]
        first = by_series[0] if len(by_series) else np.nan
        if np.all((by_series == first) | (np.isnan(by_series) & np.isnan(first))):
            return float(first)
        return np.repeat(by_series, self.lengths)

    def keep(self, mask: Mask) -> Readings:
        """These readings without those that ``mask`` leaves out."""
        if not len(mask) or mask.all():
            return self
        ends = np.cumsum(self.lengths)
        kept = np.append(0, np.cumsum(mask))
        lengths = kept[ends] - kept[ends - self.lengths]
        return replace(self, value=self.value[mask], time_us=self.time_us[mask], lengths=lengths)


@dataclass(frozen=True, slots=True)
class Layout:
    """All rows of a table as series, and the way back to the table's order.

    ``order`` takes the table's rows to series order, None where they stand so already.
    ``determinands`` (codes into ``names``) and ``companions`` are per series; series of equal
    ``companions`` differ in determinand and unit only.
    """

    order: Places | None
    readings: Readings
    names: list[str]
    determinands: Places
    companions: Places

    def arrange(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows if self.order is None else rows[self.order]

    def restore(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.order is None:
            return rows
        back = np.empty_like(rows)
        back[self.order] = rows
        return back


def cut(param: Param, where: slice | Places) -> Param:
    """A parameter for some of the readings (the project rule set has one per determinand and site)."""
    return param[where] if isinstance(param, np.ndarray) else param


def lay_out(table: pd.DataFrame, rules: QualityRules) -> Layout:
    """Rows of a STORED table sorted by series, time and (where a time stands twice) revision.

    A series is what shares the observation's key but for the time (design, section 3).

    Raises
    ------
    ContractError
        where a row has no site, determinand or time.
    UnitMismatch
        where a reading is in another unit than the limits of its checks.
    """
    sites, site_names = encode(table["site"])
    determinands, names = encode(table["determinand"])
    time_us = table["start"].to_numpy().view(np.int64)
    least = min(sites.min(initial=0), determinands.min(initial=0))
    if least < 0 or time_us.min(initial=0) == _NOT_A_TIME:
        raise ContractError("an observation without site, determinand or time")
    companions = sites * np.int64(1)
    for codes, count in _other_keys(table):
        companions = companions * count + codes
    units, unit_names = encode(table["unit"])
    series = (companions * len(names) + determinands) * (len(unit_names) + 1) + units + 1
    order = _order(series, time_us, table["revision"].to_numpy())
    if order is not None:
        series, time_us = series[order], time_us[order]
    firsts = run_starts(series[1:] != series[:-1])[: len(series)]
    rows = firsts if order is None else order[firsts]
    checks, table_of_checks = rules.table_of_checks(site_names, names)
    which = table_of_checks[sites[rows], determinands[rows]] if len(rows) else rows
    _check_units(which, checks, units[rows], unit_names)
    value = table["value"].to_numpy(dtype=np.float64)
    readings = Readings(
        value=value if order is None else value[order],
        time_us=time_us,
        lengths=np.diff(firsts, append=len(series)),
        which=which,
        checks=checks,
    )
    return Layout(order, readings, names, determinands[rows], companions[rows])


def _other_keys(table: pd.DataFrame) -> list[tuple[npt.NDArray[Any], int]]:
    """Codes and their number for each further column of the key in which rows differ."""
    keys: list[tuple[npt.NDArray[Any], int]] = []
    for name in ("statistic", "programme", "source"):
        codes, names = encode(table[name])
        if len(names) > 1 or codes.min(initial=0) < 0:
            keys.append((codes + 1, len(names) + 1))
    for name in ("duration_s", "replicate"):
        numbers = table[name].to_numpy()
        if len(numbers) and numbers.min() != numbers.max():
            codes, distinct = pd.factorize(numbers, sort=True)
            keys.append((codes, len(distinct)))
    return keys


def _order(series: Ints, time_us: Ints, revisions: Ints) -> Places | None:
    """Permutation into series order, or None where the rows already stand so."""
    is_later = time_us[1:] > time_us[:-1]
    if np.all((series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & is_later)):
        return None
    return np.lexsort((revisions, time_us, series))


def _check_units(
    which: Places, checks: list[Checks | None], units: Places, names: list[str]
) -> None:
    for index, unit in set(zip(which.tolist(), units.tolist(), strict=True)):
        found = checks[index]
        have = names[unit] if unit >= 0 else ""
        if found and found.unit and found.unit != have:
            wanted = "/".join(found.determinands)
            raise UnitMismatch(f"limits of {wanted} are in {found.unit}, a reading is in {have!r}")


@dataclass(frozen=True, slots=True)
class Links:
    """What lies between readings i and i + 1; shapes (reading - 1,).

    ``is_linked``: one series, and no gap between. ``is_apart``: two series.
    """

    is_linked: Mask
    is_apart: Mask


def link(readings: Readings, rules: QualityRules) -> Links:
    """Where a series goes on without a gap (project rule R13: a gap is a break, never bridged)."""
    is_apart = series_ends(readings)
    gap_us = readings.param(lambda found: (found.gap_h or rules.gap_h) * HOUR_US)
    step_us = readings.time_us[1:] - readings.time_us[:-1]
    is_linked = ~is_apart & (step_us <= cut(gap_us, slice(1, None)))
    return Links(is_linked, is_apart)


def running_clock(readings: Readings) -> Ints:
    """Time that runs on from series to series, so that one search serves all (project rule set)."""
    lengths = readings.lengths[readings.lengths > 0]
    ends = np.cumsum(lengths)
    begin, end = readings.time_us[ends - lengths], readings.time_us[ends - 1]
    offset = np.append(0, np.cumsum(end - begin + 1)[:-1])[: len(begin)] - begin
    return readings.time_us + np.repeat(offset, lengths)


def series_ends(readings: Readings) -> Mask:
    """True where reading i is the last of its series and another follows (bookkeeping, no source)."""
    n = len(readings.value)
    is_apart = np.zeros(max(n - 1, 0), dtype=np.bool_)
    ends = np.cumsum(readings.lengths)[:-1]
    is_apart[ends[(ends > 0) & (ends < n)] - 1] = True
    return is_apart
