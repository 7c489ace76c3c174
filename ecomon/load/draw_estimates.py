"""Draws of estimated loads, with the parts of their errors that loads share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pandas as pd

from ecomon.errors import ContractError
from ecomon.load.draw import KEYS, Draws, arrange_draws
from ecomon.load.gauge_shares import read_shares
from ecomon.model.tables import LOAD_ERRORS

if TYPE_CHECKING:
    import xarray as xr


def draw_estimates(
    estimates: pd.DataFrame, *, n_draws: int, seed: int, role: str = "best"
) -> xr.DataArray:
    """Draws of each load of one role: own error, error of the rating, error of the sensor.

    A draw is (load + own error) x rating x sensor. The factor of the rating depends on ``seed`` and
    the gauge alone, so that all determinands, periods and sections of one gauge move together and
    a difference of two of them keeps little of it; where a section has several gauges each brings
    its share (:mod:`ecomon.load.gauge_shares`), and sections that have one of them in common move
    together by that share. The factor of the sensor depends on section and
    determinand, the own error on section, determinand and period. Nothing else in the table
    matters: a load drawn in two calls is the same draw.

    Parameters
    ----------
    estimates : LOAD_ERRORS
        Rows of other roles are left aside.
    n_draws : int
    seed : int
        Not negative.
    role : {"best", "settlement"}

    Returns
    -------
    xarray.DataArray, dims (section, determinand, time, draw), float64, t
        ``time`` is the start of the period. NaN where there is no load, or none with an error, or
        the table has no such row. Student draws are not cut at zero, which would move their mean.

    Raises
    ------
    ContractError
        if a section, determinand and period stands twice in that role, or two periods of a series
        start at one time.

    Source
    ------
    Errors that are common to all steps do not average out and are drawn once: Le Coz et al. 2014
    (BaRatin), Slaets et al. 2017 (HESS 21). Lognormal part: Gilroy, Hirsch & Cohn 1990.
    """
    rows = LOAD_ERRORS.check(estimates)
    rows = rows[rows["role"] == role]
    if rows.duplicated(list(KEYS)).any():
        raise ContractError(f"a section, determinand and start stands twice among the {role} loads")
    drawn = {
        tuple(row[key] for key in KEYS): draw_one(row, n_draws=n_draws, seed=seed)
        for row in rows.to_dict("records")
    }
    array = arrange_draws(rows, drawn, n_draws=n_draws)
    return array.assign_attrs(long_name=f"load, {role}", seed=seed)


def draw_one(row: Mapping[Any, Any], *, n_draws: int, seed: int) -> Draws:
    """Draws of one row of LOAD_ERRORS, shape (n_draws,), t; NaN where it has no load or no error.

    Source
    ------
    As :func:`draw_estimates`.
    """
    load_t, error_t = float(row["load_t"]), float(row["sampling_error_t"])
    if not (np.isfinite(load_t) and error_t >= 0):
        return np.full(n_draws, np.nan)
    series = f"{row['section']}|{row['determinand']}"
    own = _stream(seed, f"own|{series}|{row['start']}|{row['end']}")
    if row["shape"] == "lognormal" and load_t > 0:
        log_error = np.sqrt(np.log1p((error_t / load_t) ** 2))
        drawn = load_t * np.exp(log_error * own.standard_normal(n_draws) - log_error**2 / 2)
    else:
        drawn = load_t + error_t * _student(own, float(row["degrees_of_freedom"]), n_draws)
    if row["gauge"]:
        rating = np.zeros(n_draws)
        for gauge, share in read_shares(str(row["gauge"])).items():
            rating += share * _stream(seed, f"gauge|{gauge}").standard_normal(n_draws)
        drawn = drawn * _factor(rating, float(row["discharge_error"]))
    sensor = _stream(seed, f"sensor|{series}").standard_normal(n_draws)
    return drawn * _factor(sensor, float(row["concentration_error"]))


def _stream(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(name.encode())])


def _student(generator: np.random.Generator, degrees: float, n_draws: int) -> Draws:
    if not np.isfinite(degrees):
        return generator.standard_normal(n_draws)
    return generator.standard_t(max(degrees, 1.0), n_draws)


def _factor(normal: Draws, relative_error: float) -> Draws:
    """Lognormal factors of mean 1 from standard normal numbers."""
    if not relative_error > 0:
        return np.ones(len(normal))
    log_error = np.sqrt(np.log1p(relative_error**2))
    return np.exp(log_error * normal - log_error**2 / 2)
