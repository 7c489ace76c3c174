"""What a model of concentration gives over the days of a period, whichever model it is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.load.choice.guards import ModelChecks
from ecomon.load.wrtds.model import WrtdsModel

Values = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

FLOW_NORMALISED = {"start": "datetime64[us]", "load_t": "float64", "flow_normalised_t": "float64"}


def no_trend() -> pd.DataFrame:
    """A table of no years: ``start`` of the year, ``load_t``, ``flow_normalised_t``.

    Source
    ------
    Columns of EGRET's annual results, in tonnes.
    """
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in FLOW_NORMALISED.items()})


@dataclass(frozen=True, slots=True)
class ModelRun:
    """Daily results of one model, and how it does at its samples.

    Attributes
    ----------
    method : str
    load_t, standard_error_t : float
        Of the period; the error is that between the samples and, of a regression, of its
        coefficients; not of the rating of the discharge.
    model_error_t : float
        What the samples drawn again add (WRTDS-K, where it was asked for); 0 where it is in
        ``standard_error_t`` or was not asked for.
    day : ndarray of datetime64[D], shape (N,)
        Days of the period with a discharge above zero.
    discharge_m3_s, concentration_mg_l, day_load_t, lower_t, upper_t : ndarray of float64, shape (N,)
    is_sampled : ndarray of bool, shape (N,)
    sample_time : ndarray of datetime64[us], shape (n,)
        Of the record the model was fitted to.
    sampled_m3_s, fitted_mg_l, residual : ndarray of float64, shape (n,)
        ``residual`` is ln C - ln fitted; NaN where censored.
    curve_m3_s, curve_mg_l : ndarray of float64, shape (m,)
        The rating over discharge in the middle of the period.
    checks : ModelChecks
    trend : DataFrame
        ``start``, ``load_t``, ``flow_normalised_t`` by year; empty where the model gives none.
    wrtds : WrtdsModel or None
        To be fitted again to samples drawn again; only while the choice is being made.
    note : str
        What the model says of itself, in words.
    lack : str
        Why there is no result; then the arrays are empty and the numbers NaN.
    """

    method: str
    load_t: float = float("nan")
    standard_error_t: float = float("nan")
    model_error_t: float = 0.0
    day: Days = field(default_factory=lambda: np.empty(0, "datetime64[D]"))
    discharge_m3_s: Values = field(default_factory=lambda: np.empty(0))
    concentration_mg_l: Values = field(default_factory=lambda: np.empty(0))
    day_load_t: Values = field(default_factory=lambda: np.empty(0))
    lower_t: Values = field(default_factory=lambda: np.empty(0))
    upper_t: Values = field(default_factory=lambda: np.empty(0))
    is_sampled: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    sample_time: Days = field(default_factory=lambda: np.empty(0, "datetime64[us]"))
    sampled_m3_s: Values = field(default_factory=lambda: np.empty(0))
    fitted_mg_l: Values = field(default_factory=lambda: np.empty(0))
    residual: Values = field(default_factory=lambda: np.empty(0))
    curve_m3_s: Values = field(default_factory=lambda: np.empty(0))
    curve_mg_l: Values = field(default_factory=lambda: np.empty(0))
    checks: ModelChecks = field(default_factory=ModelChecks)
    trend: pd.DataFrame = field(default_factory=no_trend)
    wrtds: WrtdsModel | None = field(default=None, repr=False, compare=False)
    note: str = ""
    lack: str = ""
