"""Estimates as rows of the table of loads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from ecomon.load.estimate.case import LoadCase
from ecomon.load.flux import LoadEstimate
from ecomon.model.tables import LOAD_ERRORS

Role = Literal["best", "settlement", "cross_check", "spread"]
Shape = Literal["t", "lognormal"]
NAN = float("nan")
_COMMON_DISCHARGE = ("discharge_common", "rating")
_COMMON_CONCENTRATION = ("calibration", "cross_section")


def row_of(
    estimate: LoadEstimate,
    case: LoadCase,
    role: Role,
    *,
    shape: Shape = "t",
    reasons: Sequence[str] = (),
) -> dict[str, Any]:
    """One row of LOAD_ERRORS.

    Parameters
    ----------
    estimate : LoadEstimate
    case : LoadCase
    role : {"best", "settlement", "cross_check"}
    shape : {"t", "lognormal"}
        How the error is distributed; a lognormal interval never reaches zero.
    reasons : sequence of str
        Before those of the estimate.

    Source
    ------
    Contract ``LOAD_ERRORS``; lognormal interval Gilroy, Hirsch & Cohn 1990 (loads.md 6.5).
    """
    lower, upper = interval_of(estimate, shape)
    told = [*reasons, estimate.reason, *case.notes]
    return {
        **_cell(case),
        "method": estimate.method,
        "role": role,
        "load_t": estimate.load_t,
        "lower": lower,
        "upper": upper,
        "standard_error_t": estimate.standard_error_t,
        "load_censored_zero_t": estimate.load_censored_zero_t,
        "load_censored_limit_t": estimate.load_censored_limit_t,
        "coverage_time": estimate.coverage_time,
        "coverage_volume": estimate.coverage_volume,
        "share_estimated": estimate.share_estimated,
        "censored_share": estimate.censored_share,
        "n_samples": estimate.n_samples,
        "n_censored": estimate.n_censored,
        "status": estimate.status,
        "reason": "；".join(dict.fromkeys(one for one in told if one)),
        **split_error(estimate),
        "shape": shape,
        "gauge": case.gauge,
    }


def spread_row(
    estimates: Mapping[str, LoadEstimate], case: LoadCase, methods: Sequence[str]
) -> dict[str, Any]:
    """The line of the spread: least and greatest of the methods that give a load.

    Source
    ------
    compensation.md 4.1: report the agreement's method and the spread of A to E.
    """
    known = {name: one for name, one in estimates.items() if name in methods}
    loads = {name: one.load_t for name, one in known.items() if np.isfinite(one.load_t)}
    any_one = next(iter(known.values()))
    if loads:
        texts = "，".join(f"{name} {load:.4g}" for name, load in loads.items())
        status, reason = "estimated", f"各法：{texts} t / by method"
    else:
        status, reason = "insufficient", any_one.reason
    row = row_of(any_one, case, "spread")
    ends = (min(loads.values()), max(loads.values())) if loads else (NAN, NAN)
    empty = dict.fromkeys(("load_t", "standard_error_t", "sampling_error_t"), NAN)
    return {
        **row,
        **empty,
        "method": f"{methods[0]}-{methods[-1]}",
        "lower": ends[0],
        "upper": ends[1],
        "load_censored_zero_t": _extreme(min, [one.load_censored_zero_t for one in known.values()]),
        "load_censored_limit_t": _extreme(
            max, [one.load_censored_limit_t for one in known.values()]
        ),
        "status": status,
        "reason": reason,
    }


def _extreme(of: Callable[[list[float]], float], values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return of(known) if known else NAN


def rows_as_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows as LOAD_ERRORS, in their order.

    Source
    ------
    Contract ``LOAD_ERRORS``.
    """
    return LOAD_ERRORS.frame({name: [row[name] for row in rows] for name in LOAD_ERRORS.columns})


def interval_of(estimate: LoadEstimate, shape: Shape) -> tuple[float, float]:
    """95 % interval, t; NaN where there is no error.

    Source
    ------
    Student's t cut at zero, or exp(ln L - B2/2 -+ t B) with B2 = ln(1 + (SE/L)2) (Gilroy, Hirsch &
    Cohn 1990).
    """
    load, error = estimate.load_t, estimate.standard_error_t
    if shape == "t" or not load > 0 or not error >= 0:
        return estimate.interval_t()
    degrees = estimate.degrees_of_freedom
    quantile = float(stdtrit(degrees, 0.975) if np.isfinite(degrees) else ndtri(0.975))
    b = float(np.sqrt(np.log1p((error / load) ** 2)))
    middle = np.log(load) - b**2 / 2
    return float(np.exp(middle - quantile * b)), float(np.exp(middle + quantile * b))


def split_error(estimate: LoadEstimate) -> dict[str, float]:
    """The error of a load as its own part and the two it shares with others.

    Source
    ------
    Systematic parts kept apart (loads.md 6.8).
    """
    load = abs(estimate.load_t)
    if not np.isfinite(estimate.standard_error_t):
        own = NAN
    else:
        shared = (*_COMMON_DISCHARGE, *_COMMON_CONCENTRATION)
        common = sum(estimate.parts_t.get(name, 0.0) ** 2 for name in shared)
        own = float(np.sqrt(max(0.0, estimate.standard_error_t**2 - common)))
    return {
        "sampling_error_t": own,
        "degrees_of_freedom": estimate.degrees_of_freedom,
        "discharge_error": _relative(estimate, _COMMON_DISCHARGE, load),
        "concentration_error": _relative(estimate, _COMMON_CONCENTRATION, load),
    }


def _relative(estimate: LoadEstimate, names: Sequence[str], load: float) -> float:
    error = float(np.sqrt(sum(estimate.parts_t.get(name, 0.0) ** 2 for name in names)))
    return error / load if load > 0 else 0.0


def _cell(case: LoadCase) -> dict[str, Any]:
    return {
        "section": case.section,
        "determinand": case.determinand,
        "period": case.period.label,
        "start": case.period.start,
        "end": case.period.end,
    }
