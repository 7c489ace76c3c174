"""WRTDS-K over the days of a period, with the flow-normalised course of its years."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from ecomon.load.bridge import sum_variance
from ecomon.load.estimate.case import LoadCase
from ecomon.load.estimate.daily_discharge import DailyDischarge
from ecomon.load.estimate.model_run import ModelRun, no_trend
from ecomon.load.estimate.regression_run import PeriodDays
from ecomon.load.regression.predict import lognormal_limits
from ecomon.load.wrtds.bootstrap import bootstrap_loads
from ecomon.load.wrtds.kalman import estimated_days
from ecomon.load.wrtds.lookup import DailyEstimates
from ecomon.load.wrtds.model import WrtdsModel, fit_record
from ecomon.load.wrtds.record import WrtdsRecord, find_obstacles, read_record
from ecomon.load.wrtds.settings import WrtdsSettings
from ecomon.load.wrtds.surfaces import Surfaces
from ecomon.model.period import Period

_TO_T_D = 0.0864
BRIDGE_ONLY = "误差只含残差桥，不含局部回归的参数误差 / error of the bridge alone, not of the local regressions"


def run_wrtds(case: LoadCase, daily: DailyDischarge) -> ModelRun:
    """WRTDS over the whole record, bent to its samples, read off on the days of the period.

    Parameters
    ----------
    case : LoadCase
    daily : DailyDischarge

    Returns
    -------
    ModelRun
        ``trend`` holds the flow-normalised loads of the whole calendar years of the record.

    Source
    ------
    Hirsch, Moyer & Archfield 2010, JAWRA 46; Zhang & Hirsch 2019, WRR 55; loads.md 5 and 6.6.
    """
    days = PeriodDays.of(case, daily)
    if not len(days.day) or not len(case.record.time):
        return ModelRun("wrtds_k", lack="时段内无流量或无样品 / no discharge or no sample")
    settings = WrtdsSettings()
    record = read_record(*_tables(case, daily))
    obstacles = find_obstacles(record, settings)
    if obstacles:
        return ModelRun("wrtds_k", lack="；".join(one.reason for one in obstacles))
    model = fit_record(record, settings, rho=case.rules.model.ar1_per_day)
    surfaces, estimates, bridge = model.grid_fits, model.estimates, model.bridge
    rows = estimated_days(estimates)
    place = np.searchsorted(record.day[rows], days.day)
    place = np.minimum(place, len(rows) - 1)
    found = record.day[rows][place] == days.day
    if not found.all():
        lack = f"{(~found).sum()} 天在采样流量之外，无估算 / days beyond what WRTDS can tell"
        return ModelRun("wrtds_k", lack=lack)
    conc = bridge.conc_mg_l[place]
    day_load = conc * days.discharge_m3_s * days.share * _TO_T_D
    factor, period = np.zeros(len(rows)), np.full(len(rows), -1, dtype=np.int64)
    factor[place], period[place] = days.discharge_m3_s * days.share * _TO_T_D * days.scale, 0
    spread = np.sqrt(np.expm1(bridge.log_sd[place] ** 2 * bridge.variance[place]))
    lower, upper = lognormal_limits(day_load, day_load * spread, None)
    return ModelRun(
        "wrtds_k",
        load_t=float(day_load.sum()) * days.scale,
        standard_error_t=float(np.sqrt(sum_variance(bridge, factor, period)[0])),
        day=days.day,
        discharge_m3_s=days.discharge_m3_s,
        concentration_mg_l=conc,
        day_load_t=day_load,
        lower_t=lower,
        upper_t=upper,
        is_sampled=np.isin(days.day, record.day[record.sample_row]),
        trend=_trend(model),
        wrtds=model,
        note=BRIDGE_ONLY,
        **_at_samples(record, estimates),
        **_curve(surfaces, days),
    )


def with_model_error(run: ModelRun, case: LoadCase) -> ModelRun:
    """The run with the error of its local regressions, told by drawing the samples again in blocks.

    Parameters
    ----------
    run : ModelRun
        Of :func:`run_wrtds`; any other comes back as it is.
    case : LoadCase
        Its seed is that of the rules, mixed with section and determinand: the same data have the
        same error wherever they are estimated.

    Returns
    -------
    ModelRun
        Without its ``wrtds``; the note says what the error holds.

    Source
    ------
    Block bootstrap (outer), to be added in quadrature to the bridge (inner): Hirsch, Archfield &
    De Cicco 2015, Environmental Modelling & Software 73; loads.md 6.6.
    """
    if run.wrtds is None:
        return run
    how = case.rules.model
    days = Period(
        datetime.combine(run.day[0].item(), time.min),
        datetime.combine(run.day[-1].item() + timedelta(days=1), time.min),
    )
    found = bootstrap_loads(
        run.wrtds,
        [days],
        seed=crc32(f"{how.bootstrap_seed}|{case.section}|{case.determinand}".encode()),
        n_replicates=how.bootstrap_replicates,
        block_d=how.bootstrap_block_d,
        span=days,
    )
    relative = float(found.outer_se_t[0] / found.load_t[0])
    if not np.isfinite(relative):
        return replace(run, wrtds=None)
    n = how.bootstrap_replicates - found.n_failed
    note = f"误差含残差桥与 {n} 次分块自助抽样 / error of the bridge and of {n} block bootstrap replicates"
    return replace(run, model_error_t=run.load_t * relative, note=note, wrtds=None)


def _tables(case: LoadCase, daily: DailyDischarge) -> tuple[pd.DataFrame, pd.DataFrame]:
    record = case.record
    discharge = pd.DataFrame(
        {"Date": daily.day.astype("datetime64[us]"), "Q": daily.discharge_m3_s}
    )
    samples = pd.DataFrame(
        {
            "Date": record.time.astype("datetime64[D]").astype("datetime64[us]"),
            "ConcLow": np.where(record.is_censored, np.nan, record.concentration_mg_l),
            "ConcHigh": record.concentration_mg_l,
        }
    )
    return discharge, samples


def _at_samples(record: WrtdsRecord, estimates: DailyEstimates) -> dict[str, Any]:
    rows = record.sample_row
    seen = np.isfinite(estimates.conc[rows])
    rows, exact = rows[seen], record.is_exact[seen]
    fitted = estimates.conc[rows]
    residual = np.full(len(rows), np.nan)
    residual[exact] = np.log(record.upper[seen][exact]) - np.log(fitted[exact])
    return {
        "sample_time": record.day[rows].astype("datetime64[us]"),
        "sampled_m3_s": record.discharge_m3_s[rows],
        "fitted_mg_l": fitted,
        "residual": residual,
    }


def _curve(surfaces: Surfaces, days: PeriodDays) -> dict[str, Any]:
    """Mean of the surface over the year around the middle of the period, by level of discharge."""
    middle = days.day[len(days.day) // 2]
    year = middle.astype("datetime64[Y]")
    into = (middle - year.astype("datetime64[D]")).astype(np.int64) / 365.25
    at = float(year.astype(np.int64)) + 1970 + into
    near = np.abs(surfaces.grid.dec_year - at) <= 0.5
    conc = np.nanmean(surfaces.conc[:, near], axis=1) if near.any() else surfaces.conc[:, 0]
    known = np.isfinite(conc)
    return {"curve_m3_s": np.exp(surfaces.grid.log_q[known]), "curve_mg_l": conc[known]}


def _trend(model: WrtdsModel) -> pd.DataFrame:
    """Loads and flow-normalised loads of whole calendar years, t."""
    record, estimates, normalised = model.record, model.estimates, model.normalised.flux_kg_day
    year = record.day.astype("datetime64[Y]")
    known = np.isfinite(estimates.flux_kg_day) & np.isfinite(normalised)
    number = (year - year[0]).astype(np.int64)
    n_years = int(number[-1]) + 1
    days = np.bincount(number[known], minlength=n_years)
    starts = year[0] + np.arange(n_years)
    length = ((starts + 1).astype("datetime64[D]") - starts.astype("datetime64[D]")).astype(
        np.int64
    )
    whole = days == length
    if not whole.any():
        return no_trend()
    sums = [
        np.bincount(number[known], weights=values[known], minlength=n_years)[whole] / 1000
        for values in (estimates.flux_kg_day, normalised)
    ]
    return pd.DataFrame(
        {
            "start": starts[whole].astype("datetime64[us]"),
            "load_t": sums[0],
            "flow_normalised_t": sums[1],
        }
    )
