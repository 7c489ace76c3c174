"""A made-up river: nine years of discharge and two samples a month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ecomon.load.wrtds import WrtdsModel, WrtdsSettings, fit_wrtds

SETTINGS = WrtdsSettings(min_obs=60, min_uncensored=30)


@pytest.fixture(scope="session")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """``(daily, sample)`` with 12 values below detection, one range and one above it."""
    generator = np.random.default_rng(5)
    day = pd.date_range("2010-01-01", "2018-12-31", freq="D")
    angle = 2 * np.pi * day.day_of_year.to_numpy() / 365.25
    noise = np.zeros(len(day))
    for i in range(1, len(day)):
        noise[i] = 0.93 * noise[i - 1] + 0.25 * generator.normal()
    discharge = np.exp(3.0 + 0.8 * np.sin(angle) + noise)
    rows = np.arange(7, len(day), 16)
    log_c = 0.3 + 0.2 * np.log(discharge[rows]) + 0.3 * np.cos(angle[rows])
    log_c += 0.3 * generator.normal(size=len(rows))
    high = np.exp(log_c)
    low = high.copy()
    below = high < np.sort(high)[12]
    high[below], low[below] = np.sort(np.exp(log_c))[12], np.nan
    low[100] *= 0.8
    high[101] = np.nan
    daily = pd.DataFrame({"Date": day, "Q": discharge})
    return daily, pd.DataFrame({"Date": day[rows], "ConcLow": low, "ConcHigh": high})


@pytest.fixture(scope="session")
def model(tables: tuple[pd.DataFrame, pd.DataFrame]) -> WrtdsModel:
    return fit_wrtds(*tables, SETTINGS)
