"""A part that is larger than its total: NH3N above TN, CODMN above COD."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecomon.model.flag import Flag
from ecomon.quality.rules import QualityRules
from ecomon.quality.series import Layout, Levels, Mask, Places


def find_parts_over_total(
    layout: Layout, rules: QualityRules, *, is_left: Mask, is_right: Mask
) -> Levels | None:
    """Both of a pair are suspect where the part exceeds its total (project rules R5 and R11).

    Parameters
    ----------
    layout : Layout, rows in series order
        Readings pair where all of the key but the determinand is equal.
    is_left, is_right : ndarray of bool, shape (row,)
        Censored readings, in series order. A part below its detection limit exceeds nothing, and
        a total over range is not exceeded.

    Returns
    -------
    ndarray of int8, shape (row,), or None where no two readings pair
    """
    levels: Levels | None = None
    for pair in rules.totals:
        part, total = pair_rows(layout, pair.part, pair.total)
        if not len(part):
            continue
        if levels is None:
            levels = np.full(len(layout.readings.value), Flag.NOT_EVALUATED, dtype=np.int8)
        value = layout.readings.value
        is_over = value[part] > value[total] * pair.ratio + pair.absolute
        is_over &= ~(is_left[part] | is_right[total])
        is_judged = np.isfinite(value[part]) & np.isfinite(value[total])
        for side in (part, total):
            good = side[is_judged & ~is_over]
            levels[good[levels[good] == Flag.NOT_EVALUATED]] = Flag.GOOD
            levels[side[is_judged & is_over]] = Flag.SUSPECT
    return levels


def pair_rows(layout: Layout, one: str, other: str) -> tuple[Places, Places]:
    """Rows of two determinands that belong together: all else of their key is equal (design, section 3)."""
    first, second = (_rows_of(layout, name) for name in (one, other))
    if first.empty or second.empty:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    both = first.merge(second, on=["companion", "time_us"], suffixes=("_one", "_other"))
    return both["row_one"].to_numpy(), both["row_other"].to_numpy()


def _rows_of(layout: Layout, determinand: str) -> pd.DataFrame:
    is_it = np.array([name == determinand for name in layout.names], dtype=np.bool_)
    of_series = is_it[layout.determinands] if len(is_it) else np.zeros(0, dtype=np.bool_)
    lengths = layout.readings.lengths
    rows = np.flatnonzero(np.repeat(of_series, lengths))
    return pd.DataFrame(
        {
            "companion": np.repeat(layout.companions[of_series], lengths[of_series]),
            "time_us": layout.readings.time_us[rows],
            "row": rows,
        }
    )
