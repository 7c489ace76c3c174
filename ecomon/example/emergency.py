"""The thallium release of the example: its true course and the samples taken of it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import xarray as xr

from ecomon.example.course import Times
from ecomon.example.scenario import THALLIUM, added_concentration

EMERGENCY_SITES = tuple(THALLIUM.distances_km)
BACKGROUND_MG_L = 1.5e-5
DETECTION_LIMIT_MG_L = 2e-5
"""Of the example's laboratory (0.02 ug/L, what ICP-MS commonly reaches)."""

DECIMALS = 6
NOISE = 0.04
DENSE_H = 72  # hours of hourly sampling before it thins out to every four hours
LAST_H = 168


def true_release(hours: Times) -> xr.Dataset:
    """True thallium in the days of the release.

    Parameters
    ----------
    hours : ndarray of datetime64, shape (time,)
        hours of the basin, naive Beijing

    Returns
    -------
    xarray.Dataset, dims (section, time)
        TL in mg/L, hourly from the release for a week; no times where the period misses it
    """
    end = THALLIUM.start + timedelta(hours=LAST_H)
    inside = hours[(hours >= np.datetime64(THALLIUM.start)) & (hours < np.datetime64(end))]
    course = np.stack(
        [BACKGROUND_MG_L + added_concentration(THALLIUM, site, inside) for site in EMERGENCY_SITES]
    )
    return xr.Dataset(
        {"TL": (("section", "time"), course, {"units": "mg/L"})},
        coords={"section": list(EMERGENCY_SITES), "time": inside},
    )


def sample_release(release: xr.Dataset, rng: np.random.Generator) -> pd.DataFrame:
    """Emergency samples: hourly for three days from the first midnight, then every four hours.

    Parameters
    ----------
    release : Dataset of :func:`true_release`
    rng : numpy Generator
        noise of the laboratory, 4 % relative

    Returns
    -------
    DataFrame
        site, start, determinand, value (mg/L; the detection limit where censored), is_censored;
        in the order of time, then of the water
    """
    times = release["time"].to_numpy()
    midnight = np.datetime64(THALLIUM.start.date() + timedelta(days=1))
    since_h = (times - midnight).astype("timedelta64[h]").astype(np.int64)
    taken = (since_h >= 0) & ((since_h < DENSE_H) | (since_h % 4 == 0))
    true = release["TL"].to_numpy()[:, taken].T
    value = np.round(true * (1.0 + NOISE * rng.standard_normal(true.shape)), DECIMALS).ravel()
    is_censored = value < DETECTION_LIMIT_MG_L
    return pd.DataFrame(
        {
            "site": pd.Series(list(EMERGENCY_SITES) * int(taken.sum()), dtype="str"),
            "start": np.repeat(times[taken], len(EMERGENCY_SITES)),
            "determinand": pd.Series(["TL"] * value.size, dtype="str"),
            "value": np.where(is_censored, DETECTION_LIMIT_MG_L, value),
            "is_censored": is_censored,
        }
    )
