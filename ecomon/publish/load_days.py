"""The daily loads of an estimate as CSV and as CF netCDF."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from ecomon.model.provenance import Provenance
from ecomon.publish.cf_netcdf import netcdf_octets

_VALUES = ("concentration_mg_l", "discharge_m3_s", "load_t_d", "lower", "upper")
_BEIJING_S = 8 * 3600
_UDUNITS = {"mg/L": "mg L-1", "m3/s": "m3 s-1", "t/d": "t d-1"}


def days_csv_octets(daily: xr.Dataset) -> bytes:
    """One row a section, determinand and Beijing day; an empty cell is no value.

    Parameters
    ----------
    daily : Dataset, dims (section, determinand, time)
        ``concentration_mg_l``, ``load_t_d``, ``lower``, ``upper`` (t/d, 95 %), ``load_status`` with
        ``flag_meanings``, and ``discharge_m3_s`` over (section, time).

    Source
    ------
    Daily series beside the load table: issue 5, item 5.
    """
    meanings = np.array(str(daily["load_status"].attrs["flag_meanings"]).split())
    rows: list[pd.DataFrame] = []
    for section in daily["section"].to_numpy():
        for determinand in daily["determinand"].to_numpy():
            one = daily.sel(section=section, determinand=determinand)
            columns: dict[str, Any] = {
                "section": section,
                "determinand": determinand,
                "day": pd.DatetimeIndex(one["time"].to_numpy()).strftime("%Y-%m-%d"),
            }
            columns |= {name: one[name].to_numpy() for name in _VALUES}
            rows.append(
                pd.DataFrame({**columns, "status": meanings[one["load_status"].to_numpy()]})
            )
    return pd.concat(rows, ignore_index=True).to_csv(index=False, lineterminator="\n").encode()


def days_netcdf(daily: xr.Dataset, provenance: Provenance) -> bytes:
    """The same as netCDF-4 with CF attributes; times are UTC, a day starts at 16:00 of the day before.

    Parameters
    ----------
    daily : Dataset
        As for :func:`days_csv_octets`.

    Returns
    -------
    bytes
        The same for the same input.

    Source
    ------
    CF-1.11: times with a stated reference, flags as ancillary variables.
    """
    time = daily["time"].to_numpy().astype("datetime64[s]").astype(np.int64) - _BEIJING_S
    encoded: dict[str, Any] = {
        "time": (
            ("time",), time,
            {"units": "seconds since 1970-01-01T00:00:00Z", "standard_name": "time", "calendar": "standard"},
        ),
        **{
            name: ((name,), daily[name].to_numpy().astype(object), {"long_name": name})
            for name in ("section", "determinand")
        },
    }  # fmt: skip
    for name, variable in daily.data_vars.items():
        attrs = dict(variable.attrs)
        if "units" in attrs:
            attrs["units"] = _UDUNITS.get(attrs["units"], attrs["units"])
        if variable.dtype == np.float64:
            attrs["_FillValue"] = np.nan
        encoded[str(name)] = (variable.dims, variable.to_numpy(), attrs)
    marks = {
        "Conventions": "CF-1.11",
        "title": f"{provenance.watermark_zh or ''} 逐日污染负荷 daily pollutant loads".strip(),
        "kind": provenance.kind,
        "ruleset": provenance.ruleset,
        "source": f"ecomon {provenance.code_version}",
    }
    return netcdf_octets(xr.Dataset(encoded, attrs=marks))
