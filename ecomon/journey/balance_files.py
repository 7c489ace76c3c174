"""readings of files -> loads of the sections of a scope -> what the scope itself adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.journey.load_report import ReportOptions, estimate_from_files
from ecomon.load.balance import BalanceScope, balance_loads
from ecomon.load.draw_estimates import draw_estimates
from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ERRORS

if TYPE_CHECKING:
    from ecomon.registry import Registry

N_DRAWS = 2000
SEED = 1
"""Stated, so that another office draws the same."""
NAN = float("nan")


def balance_from_files(
    flagged: pd.DataFrame,
    registry: Registry,
    scope: BalanceScope,
    period: Period,
    *,
    determinands: Sequence[str] = (),
    water_temperature_c: float = NAN,
) -> pd.DataFrame:
    """The balance of a scope in one period, by the readings given and no others.

    Parameters
    ----------
    flagged : table FLAGGED
        Readings of the scope's sections and of their gauges.
    determinands : sequence of str
        Empty: all that were measured at some section of the scope; a load that is lacking is told.
    water_temperature_c : float
        Mean of the water; NaN: not known.

    Returns
    -------
    table LOAD_BALANCES
        At the central rate of decay and at those of its sensitivity.
    """
    sections = [*(one.section for one in scope.inflows), *scope.outlets]
    options = [ReportOptions(one, period, tuple(determinands)) for one in sections]
    found = [estimate_from_files(flagged, registry, one) for one in options]
    tables = [one.table for one in found if one is not None]
    table = pd.concat(tables, ignore_index=True) if tables else LOAD_ERRORS.empty()
    draws = draw_estimates(table, n_draws=N_DRAWS, seed=SEED)
    return balance_loads(
        table,
        draws,
        scope,
        decay=registry.estimation.decay,
        water_temperature_c=water_temperature_c,
    )
