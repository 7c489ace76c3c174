"""A LOADEST run as tables: parameters, days, water years, leave-one-out, surfaces.

Source: layouts of EGRET (Hirsch & De Cicco 2015, USGS TM4-A10) and of ``rloadest`` 0.4.5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from ecomon.load.regression.decimal_time import Convention, midday_years
from ecomon.load.regression.fit import Method, RegressionFit, fit_regression
from ecomon.load.regression.leave_one_out import leave_one_out
from ecomon.load.regression.period_sum import (
    LOADEST_RULES,
    PeriodRules,
    months_of,
    period_load,
    total_of,
    water_years_of,
)
from ecomon.load.regression.predict import StepLoads, predict_loads
from ecomon.load.regression.sample import samples_of_frames, steps_of_frame
from ecomon.load.regression.selection import compare_models

Values = npt.NDArray[np.float64]

# g/s to kg/d; mg/L times m3/s to kg/d.
_KG_D = 86.4
_KG_PER_T = 1e3
_GRID_LEVELS = 14
_GRID_PER_YEAR = 16
_LOADEST_NAMES = {
    "t": "DECTIME",
    "t2": "DECTIME2",
    "sin": "sin.DECTIME",
    "cos": "cos.DECTIME",
}


def loadest_tables(
    sample: pd.DataFrame,
    daily: pd.DataFrame,
    model: int | Sequence[str] = 9,
    *,
    method: Method = "amle",
    convention: Convention = "loadest",
    rules: PeriodRules | None = None,
    case: str = "ecomon",
) -> dict[str, pd.DataFrame]:
    """Everything a LOADEST run prints, as tables by the name of their file.

    Parameters
    ----------
    sample : DataFrame
        ``Date, ConcLow, ConcHigh`` mg/L (``ConcLow`` empty: below ``ConcHigh``), optionally ``Q``.
    daily : DataFrame
        ``Date, Q`` m3/s.
    model, method, convention
        As :func:`fit.fit_regression`; the convention is LOADEST's own unless told otherwise.
    rules : PeriodRules, optional
        Of the periods; LOADEST's with its convention, else the AR(1) rules of ``period_sum``.
    case : str
        Name in ``params`` and ``summary``.

    Returns
    -------
    dict of DataFrame
        ``daily``: Date, Flow, Flux, Std.Err, SEP, L95, U95 (kg/d), yHat, SE (ln mg/L), ConcDay,
        FluxDay, status. ``month``, ``annual``, ``total``: Period, Ndays, Flux ... U95 as means in
        kg/d, status; ``annual`` (water years) also DecYear, WaterYear, Q, Conc, Flux_1e6kg_yr.
        ``crossval``: Date, yHat, SE, ConcHat, each sample predicted without itself.
        ``surfaces``: LogQ, DecYear, yHat, SE, ConcHat (empty where the model needs a further
        column). ``params``, ``summary``, ``models``.

    Raises
    ------
    ContractError
        naming a missing column, or a day that stands twice.

    Source
    ------
    Layouts as above; LOADEST: Runkel, Crawford & Cohn 2004.
    """
    samples, steps = samples_of_frames(sample, daily), steps_of_frame(daily)
    fit = fit_regression(samples, model, method=method, convention=convention)
    if rules is None:
        rules = LOADEST_RULES if convention == "loadest" else PeriodRules()
    loads = predict_loads(fit, steps)
    days = _daily_table(fit, loads)
    annual = _period_table(period_load(fit, loads, water_years_of(steps), rules=rules))
    return {
        "daily": days,
        "month": _period_table(period_load(fit, loads, months_of(steps), rules=rules)),
        "annual": _with_egret_columns(annual, days),
        "total": _period_table(period_load(fit, loads, total_of(steps), rules=rules)),
        "crossval": _crossval_table(fit),
        "surfaces": _surface_table(fit, steps.discharge_m3_s, midday_years(steps.time)),
        "params": _parameter_table(fit, case),
        "summary": _summary_table(fit, case),
        "models": compare_models(samples, method=method, steps=steps, convention=convention),
    }


def _daily_table(fit: RegressionFit, loads: StepLoads) -> pd.DataFrame:
    q = loads.steps.discharge_m3_s
    figures = {
        "Flux": loads.mean,
        "Std.Err": loads.standard_error,
        "SEP": loads.standard_error_of_prediction,
        "L95": loads.lower,
        "U95": loads.upper,
    }
    table = pd.DataFrame({"Date": loads.steps.time, "Flow": q})
    for name, values in figures.items():
        table[name] = values * _KG_D
    positive = np.where(q > 0, q, np.nan)
    log_load = np.full(len(q), np.nan)
    if fit.is_fitted:
        log_load = loads.design @ fit.coefficients
    table["yHat"] = log_load - np.log(positive)
    table["SE"] = np.where(loads.has_estimate, np.sqrt(fit.variance), np.nan)
    table["ConcDay"] = loads.mean / positive
    table["FluxDay"] = table["Flux"]
    table["status"] = loads.status
    return table


def _period_table(periods: pd.DataFrame) -> pd.DataFrame:
    """Means in kg/d over the steps estimated."""
    to_kg_d = _KG_PER_T / periods["n_steps"].where(periods["n_steps"] > 0)
    names = {
        "Flux": "load_t",
        "Std.Err": "standard_error_t",
        "SEP": "standard_error_of_prediction_t",
        "L95": "lower_t",
        "U95": "upper_t",
    }
    table = pd.DataFrame(
        {
            "Period": periods["start"].dt.strftime("%Y-%m-%d")
            + "/"
            + periods["end"].dt.strftime("%Y-%m-%d"),
            "Ndays": periods["n_steps"],
        }
    )
    for name, column in names.items():
        table[name] = periods[column] * to_kg_d
    table["share_extrapolated"] = periods["share_extrapolated"]
    table["status"], table["reason"] = periods["status"], periods["reason"]
    return table


def _with_egret_columns(annual: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Water years with EGRET's means beside LOADEST's figures."""
    date = days["Date"]
    water_year = date.dt.year + (date.dt.month >= 10)
    means = (
        days.assign(DecYear=midday_years(date.to_numpy()), WaterYear=water_year)
        .groupby("WaterYear", as_index=False)[["DecYear", "Flow", "ConcDay"]]
        .mean()
        .rename(columns={"Flow": "Q", "ConcDay": "Conc"})
    )
    table = pd.concat([means.reset_index(drop=True), annual.reset_index(drop=True)], axis=1)
    table["Period"] = [f"WY {year}" for year in table["WaterYear"]]
    table["PeriodLong"], table["PeriodStart"] = 12, 10
    table["Flux_1e6kg_yr"] = table["Flux"] * 365.25 / 1e6
    return table


def _crossval_table(fit: RegressionFit) -> pd.DataFrame:
    left_out = leave_one_out(fit)
    shift = np.log(fit.samples.discharge_m3_s) if fit.response == "load" else 0.0
    y_hat = left_out.y_hat - shift
    return pd.DataFrame(
        {
            "Date": fit.samples.time,
            "yHat": y_hat,
            "SE": left_out.s,
            "ConcHat": np.exp(y_hat + left_out.s**2 / 2),
            "status": left_out.status,
        }
    )


def _surface_table(fit: RegressionFit, discharge_m3_s: Values, years: Values) -> pd.DataFrame:
    """The fitted plane on EGRET's grid: 14 levels of ln Q within each 1/16 year."""
    names = ["LogQ", "DecYear", "yHat", "SE", "ConcHat"]
    q = discharge_m3_s[discharge_m3_s > 0]
    if not fit.is_fitted or not len(q) or fit.samples.columns:
        return pd.DataFrame({name: np.empty(0) for name in names})
    log_q = np.linspace(np.log(q.min()) - 0.05, np.log(q.max()) + 0.05, _GRID_LEVELS)
    first, last = np.floor(years.min()), np.ceil(years.max())
    year = first + np.arange(round((last - first) * _GRID_PER_YEAR) + 1) / _GRID_PER_YEAR
    grid_q, grid_year = np.tile(log_q, len(year)), np.repeat(year, _GRID_LEVELS)
    rows = fit.design.rows(_times_of(grid_year), np.exp(grid_q), {}, decimal_year=grid_year)
    y_hat = rows @ fit.coefficients - grid_q
    error = np.full(len(y_hat), np.sqrt(fit.variance))
    columns = (grid_q, grid_year, y_hat, error, np.exp(y_hat + fit.variance / 2))
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def _times_of(years: Values) -> npt.NDArray[np.datetime64]:
    """Instants of decimal years."""
    whole = np.floor(years).astype(np.int64)
    start = (whole - 1970).astype("datetime64[Y]").astype("datetime64[us]")
    stop = (whole - 1969).astype("datetime64[Y]").astype("datetime64[us]")
    elapsed = (years - whole) * (stop - start).astype(np.float64)
    return start + elapsed.astype("timedelta64[us]")


def _parameter_table(fit: RegressionFit, case: str) -> pd.DataFrame:
    """Coefficients of ln(kg/d): LOADEST's unit, and its names."""
    names = [_LOADEST_NAMES.get(name, name) for name in fit.design.names]
    if not fit.is_fitted:
        return pd.DataFrame({"case": case, "term": names, "status": fit.status})
    shift = np.zeros(len(names))
    shift[0] = np.log(_KG_D)
    z = fit.coefficients + shift
    p_value = 2 * stdtr(fit.degrees_of_freedom, -np.abs(z / fit.coefficient_standard_errors))
    return pd.DataFrame(
        {
            "case": case,
            "method": fit.method.upper(),
            "n": fit.n_samples,
            "npar": fit.n_parameters,
            "term": names,
            "parMLE": fit.mean_coefficients + shift,
            "parAMLE": z,
            "stddev": fit.coefficient_standard_errors,
            "pval": p_value,
        }
    )


def _summary_table(fit: RegressionFit, case: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "case": [case],
            "method": [fit.method.upper()],
            "s2_MLE": [fit.variance_likelihood],
            "s2_AMLE": [fit.variance],
            "RSQ": [100 * fit.r_squared],
            "LLR": [fit.log_likelihood],
            "LLR1": [fit.null_log_likelihood],
            "AIC": [fit.aic],
            "SPPC": [fit.spcc if fit.is_fitted else np.nan],
            "Qadj": [float(np.exp(fit.design.centre_ln_q))],
            "n_censored": [fit.n_censored],
            "status": [fit.status],
            "reason": [fit.reason],
            "notes": ["; ".join(fit.notes)],
        }
    )
