"""Tests that look at one reading alone: its range, and what the station says of itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ecomon.model.codes import encode
from ecomon.model.flag import Flag
from ecomon.quality.rules import Checks, Limit, QualityRules, RangeTest, limit_of_month
from ecomon.quality.series import Floats, Levels, Mask, Param, Places, Readings


def find_out_of_range(readings: Readings, never_fail: Param) -> Levels | None:
    """Physical range (QARTOD gross range test; project rules R1 negative, R2 physical range).

    Parameters
    ----------
    readings : Readings, shape (reading,)
        NaN passes here: it is missing, not out of range.
    never_fail : float or ndarray of float
        1 where a machine may make a high value suspect only.

    Returns
    -------
    ndarray of int8, shape (reading,), or None where no reading has a range test
    """
    levels = untested(readings, lambda found: found.range)
    if levels is None:
        return None
    month = _months(readings)
    limits = {
        name: _limit(readings, name, month)
        for name in ("fail_low", "suspect_low", "suspect_high", "fail_high")
    }
    value = readings.value
    is_too_high = value > limits["fail_high"]
    levels[(value < limits["suspect_low"]) | (value > limits["suspect_high"])] = Flag.SUSPECT
    levels[is_too_high & (never_fail == 1)] = Flag.SUSPECT
    levels[(value < limits["fail_low"]) | (is_too_high & (never_fail != 1))] = Flag.FAIL
    return levels


def untested(readings: Readings, of: Callable[[Checks], object]) -> Levels | None:
    """GOOD where the checks hold a test, NOT_EVALUATED where not; None if nowhere (QARTOD flags)."""
    has = readings.param(lambda found: float(of(found) is not None))
    if np.all(has != 1):
        return None
    levels = np.empty(len(readings.value), dtype=np.int8)
    levels[...] = np.where(has == 1, Flag.GOOD, Flag.NOT_EVALUATED)
    return levels


def read_source_flags(column: pd.Series, rules: QualityRules) -> Levels | None:
    """The station's own word on its readings (project rule R10: maintenance is excluded).

    Parameters
    ----------
    column : Series of text, shape (row,)
        ``source_flag``, letter for letter; no text is no test.

    Returns
    -------
    ndarray of int8, shape (row,), or None where no row has a text
    """
    codes, names = encode(column)
    known = [_flag_of_text(name, rules) for name in names]
    by_code = np.array([*known, Flag.NOT_EVALUATED], dtype=np.int8)
    return by_code[codes] if names else None


def _flag_of_text(text: str, rules: QualityRules) -> int:
    if rules.is_remark(text):
        return Flag.NOT_EVALUATED
    return rules.source_flags.get(text, rules.unknown_source_flag)


def count_unknown_source_flags(observations: pd.DataFrame, rules: QualityRules) -> dict[str, int]:
    """How often each text stands in ``source_flag`` that the rules do not know (project rule R10)."""
    codes, names = encode(observations["source_flag"])
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    return {
        name: int(count)
        for name, count in zip(names, counts, strict=True)
        if count and name not in rules.source_flags and not rules.is_remark(name)
    }


def _months(readings: Readings) -> Places | None:
    """Month 1..12 of each reading; None where no limit depends on it."""
    if not any(found and found.range and found.range.is_monthly for found in readings.checks):
        return None
    months = readings.time_us.view("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months % 12 + 1


def _limit(readings: Readings, name: str, month: Places | None) -> Param:
    if month is None:
        return readings.param(lambda found: limit_of_month(_named(found.range, name), 1))
    limit = np.full(len(readings.value), np.nan)
    for number in range(1, 13):
        in_month: Mask = month == number
        if in_month.any():
            of_month = readings.param(
                lambda found, number=number: limit_of_month(_named(found.range, name), number)
            )
            limit = _put(limit, in_month, of_month)
    return limit


def _named(test: RangeTest | None, name: str) -> Limit | None:
    return None if test is None else getattr(test, name)


def _put(limit: Floats, where: Mask, param: Param) -> Floats:
    return np.where(where, param, limit)
