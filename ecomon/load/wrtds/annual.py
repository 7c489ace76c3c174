"""Water-year means of the daily values, as EGRET tabulates them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecomon.load.wrtds.record import water_year

# A year is tabulated when more than this share of its days has an estimate.
SHARE_MIN = 0.9
# kg/day -> 10^6 kg/yr.
_MILLION_KG_A_YEAR = 365.25 / 1e6
_MEANS = {
    "ConcDay": "Conc",
    "FluxDay": "Flux",
    "FNConc": "FNConc",
    "FNFlux": "FNFlux",
    "GenConc": "GenConc",
    "GenFlux": "GenFlux",
}


def tabulate_years(daily: pd.DataFrame, record: pd.DataFrame) -> pd.DataFrame:
    """Means of daily values over each water year with enough days.

    Parameters
    ----------
    daily : DataFrame
        ``Date ConcDay FluxDay FNConc FNFlux GenConc GenFlux`` (mg/L, kg/day).
    record : DataFrame
        ``Q`` (m3/s) and ``DecYear`` of the same rows.

    Returns
    -------
    DataFrame
        ``DecYear WaterYear Q Conc Flux FNConc FNFlux GenConc GenFlux PeriodLong PeriodStart
        Flux_1e6kg_yr FNFlux_1e6kg_yr``; fluxes kg/day. A water year with a tenth of its days or
        more without an estimate is absent; means are over the days that have one.

    Source
    ------
    EGRET 3.0.12, setupYears (data/loads/README: water years October to September).
    """
    days = daily["Date"].to_numpy().astype("datetime64[D]")
    years = water_year(days)
    ends = np.arange(years[0] - 1, years[-1] + 1) - 1970
    starts = ends.astype("datetime64[Y]").astype("datetime64[M]") + 9
    length = np.diff(starts.astype("datetime64[D]")).astype(np.int64)
    table = pd.concat(
        [record[["DecYear", "Q"]], daily[list(_MEANS)].rename(columns=_MEANS)], axis=1
    )
    groups = table.groupby(years)
    means, counts = groups.mean(), groups["Conc"].count()
    expected = pd.Series(length, index=np.arange(years[0], years[-1] + 1)).reindex(means.index)
    kept = means[counts > SHARE_MIN * expected].copy()
    kept.insert(1, "WaterYear", kept.index.to_numpy())
    kept["PeriodLong"], kept["PeriodStart"] = 12, 10
    for name in ("Flux", "FNFlux"):
        kept[f"{name}_1e6kg_yr"] = kept[name] * _MILLION_KG_A_YEAR
    return kept.reset_index(drop=True)
