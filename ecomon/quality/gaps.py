"""Where readings are missing for several cycles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.codes import encode
from ecomon.model.period import Period
from ecomon.model.tables import STORED, Contract
from ecomon.quality.rules import QualityRules
from ecomon.quality.series import HOUR_US, Ints, Places

GAPS = Contract(
    "gaps",
    {
        "site": "text",
        "determinand": "text",
        "start": "time",  # the last reading before, or the start of the period
        "end": "time",  # the next reading, or the end of the period
        "hours": "float",
        "n_missing": "int",  # readings that did not come
    },
)


def find_gaps(observations: pd.DataFrame, rules: QualityRules, period: Period) -> pd.DataFrame:
    """Gaps longer than ``gap_h`` within a period, in all sources of a determinand together.

    Parameters
    ----------
    observations : table STORED
        Rows outside the period are left aside. A row whose value is no finite number is a reading
        that did not come. A series of which no row is here at all cannot be listed.
    rules : QualityRules
        ``gap_h`` and ``cycle_h`` of each determinand, the general ones where it has no checks.

    Returns
    -------
    table
        Columns site, determinand (text), start, end (naive Beijing), hours, n_missing; in the
        order of site, determinand and time. At the edges of the period a reading is expected one
        cycle before its start and at its end.

    Source
    ------
    Project rule R13 (three missing cycles; an alert, never an interpolation); QARTOD time gap test.
    """
    STORED.check(observations)
    bounds = np.array([period.start, period.end], dtype="datetime64[us]")
    start_us, end_us = (int(bound) for bound in bounds.view(np.int64))
    time_us = observations["start"].to_numpy().view(np.int64)
    table = observations[(time_us >= start_us) & (time_us < end_us)]
    if table.empty:
        return GAPS.empty()
    places, pairs = _pairs(table)
    checks = [rules.checks_of(*pair) for pair in pairs]
    cycle_us = _hours_us([(found and found.cycle_h) or rules.cycle_h for found in checks])
    gap_us = _hours_us([(found and found.gap_h) or rules.gap_h for found in checks])

    came = np.isfinite(table["value"].to_numpy(dtype=np.float64))
    every = np.arange(len(pairs))
    which = np.concatenate([places[came], every, every])
    moment_us = np.concatenate(
        [
            table["start"].to_numpy().view(np.int64)[came],
            start_us - cycle_us,
            np.full_like(cycle_us, end_us),
        ]
    )
    order = np.lexsort((moment_us, which))
    which, moment_us = which[order], moment_us[order]
    step_us = np.diff(moment_us)
    found = np.flatnonzero((which[1:] == which[:-1]) & (step_us > gap_us[which[:-1]]))
    before, after = np.maximum(moment_us[found], start_us), moment_us[found + 1]
    return GAPS.frame(
        {
            "site": pd.array([pairs[place][0] for place in which[found]], dtype="str"),
            "determinand": pd.array([pairs[place][1] for place in which[found]], dtype="str"),
            "start": before.view("datetime64[us]"),
            "end": after.view("datetime64[us]"),
            "hours": (after - before) / HOUR_US,
            "n_missing": np.rint(step_us[found] / cycle_us[which[found]]).astype(np.int64) - 1,
        }
    )


def _pairs(table: pd.DataFrame) -> tuple[Places, list[tuple[str, str]]]:
    """Which series each row is of, and the (site, determinand) of each, in their order."""
    sites, site_names = encode(table["site"])
    determinands, names = encode(table["determinand"])
    if min(sites.min(), determinands.min()) < 0:
        raise ContractError("an observation without site or determinand")
    codes, places = np.unique(sites * len(names) + determinands, return_inverse=True)
    pairs = [(site_names[code // len(names)], names[code % len(names)]) for code in codes.tolist()]
    order = sorted(range(len(pairs)), key=pairs.__getitem__)
    rank = np.empty(len(pairs), dtype=np.intp)
    rank[order] = np.arange(len(pairs))
    return rank[places], [pairs[place] for place in order]


def _hours_us(hours: list[float]) -> Ints:
    return np.rint(np.array(hours) * HOUR_US).astype(np.int64)
