"""One WRTDS model from two tables, and its tables in EGRET's layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecomon.errors import ContractError
from ecomon.load.bridge import Bridge
from ecomon.load.bridge.memory import DEFAULT_RHO
from ecomon.load.bridge.path import Ends
from ecomon.load.wrtds.annual import tabulate_years
from ecomon.load.wrtds.crossval import CrossValidation, cross_validate
from ecomon.load.wrtds.kalman import estimated_days, kalman
from ecomon.load.wrtds.lookup import KG_PER_DAY, DailyEstimates, read_daily
from ecomon.load.wrtds.normalise import NormalisedDays, normalise_flow
from ecomon.load.wrtds.predictors import Predictors
from ecomon.load.wrtds.record import RecordNote, WrtdsRecord, find_obstacles, read_record
from ecomon.load.wrtds.settings import WrtdsSettings
from ecomon.load.wrtds.surfaces import Surfaces, fit_surfaces


@dataclass(frozen=True, slots=True)
class WrtdsModel:
    """Everything WRTDS says of a record, in arrays; the properties are tables in EGRET's layout.

    ``estimates``, ``normalised`` are one value a day, ``validation`` one a sample, ``bridge`` has a step
    for each day with an estimate (WRTDS-K). ``notes`` say what was left out, in words.
    """

    record: WrtdsRecord
    settings: WrtdsSettings
    grid_fits: Surfaces
    validation: CrossValidation
    estimates: DailyEstimates
    normalised: NormalisedDays
    bridge: Bridge
    notes: tuple[RecordNote, ...]

    @property
    def surfaces(self) -> pd.DataFrame:
        """``LogQ DecYear yHat SE ConcHat``: ln(m3/s), ln(mg/L), mg/L; LogQ varies fastest."""
        fits = self.grid_fits
        n_q, n_years = fits.conc.shape
        return pd.DataFrame(
            {
                "LogQ": np.tile(fits.grid.log_q, n_years),
                "DecYear": np.repeat(fits.grid.dec_year, n_q),
                "yHat": fits.y_hat.T.ravel(),
                "SE": fits.se.T.ravel(),
                "ConcHat": fits.conc.T.ravel(),
            }
        )

    @property
    def nodes(self) -> pd.DataFrame:
        """``LogQ DecYear level status is_outside_sampled``: how each node of ``surfaces`` came about."""
        fits = self.grid_fits
        n_years = fits.conc.shape[1]
        return self.surfaces[["LogQ", "DecYear"]].assign(
            level=fits.level.T.ravel(),
            status=fits.status.T.ravel(),
            is_outside_sampled=np.tile(fits.is_outside_sampled, n_years),
        )

    @property
    def crossval(self) -> pd.DataFrame:
        """``Date yHat SE ConcHat`` of each sample, not having seen it."""
        fits = self.validation
        date = self.record.day[self.record.sample_row].astype("datetime64[us]")
        return pd.DataFrame({"Date": date, "yHat": fits.y_hat, "SE": fits.se, "ConcHat": fits.conc})

    @property
    def daily(self) -> pd.DataFrame:
        """``Date yHat SE ConcDay FluxDay FNConc FNFlux GenConc GenFlux``: mg/L, kg/day.

        NaN on days without positive discharge, but that zero discharge has FluxDay and GenFlux 0.
        """
        discharge = self.record.discharge_m3_s
        conc = np.full(len(discharge), np.nan)
        conc[estimated_days(self.estimates)] = self.bridge.conc_mg_l
        dry = discharge == 0
        return pd.DataFrame(
            {
                "Date": self.record.day.astype("datetime64[us]"),
                "yHat": self.estimates.y_hat,
                "SE": self.estimates.se,
                "ConcDay": self.estimates.conc,
                "FluxDay": self.estimates.flux_kg_day,
                "FNConc": self.normalised.conc,
                "FNFlux": self.normalised.flux_kg_day,
                "GenConc": conc,
                "GenFlux": np.where(dry, 0.0, conc * discharge * KG_PER_DAY),
            }
        )

    @property
    def annual(self) -> pd.DataFrame:
        """Water-year means: :func:`ecomon.load.wrtds.annual.tabulate_years`."""
        record = pd.DataFrame({"Q": self.record.discharge_m3_s, "DecYear": self.record.dec_year})
        return tabulate_years(self.daily, record)


def fit_wrtds(
    daily: pd.DataFrame,
    sample: pd.DataFrame,
    settings: WrtdsSettings | None = None,
    *,
    rho: float = DEFAULT_RHO,
    ends: Ends = "decaying",
) -> WrtdsModel:
    """Surfaces, leave-one-out, daily values, flow normalisation and WRTDS-K of one record.

    Parameters
    ----------
    daily, sample : DataFrame
        As :func:`ecomon.load.wrtds.record.read_record` takes them.
    settings : WrtdsSettings, optional
        EGRET's defaults when absent.
    rho : float
        Correlation of residuals over one day, for WRTDS-K.
    ends : {"decaying", "forgotten"}
        Residuals outside the samples: :func:`ecomon.load.bridge.bridge_residuals`.

    Returns
    -------
    WrtdsModel

    Raises
    ------
    ContractError
        where a table is malformed, or the record carries no model: the message names every
        obstacle (``find_obstacles`` tells beforehand).

    Source
    ------
    Hirsch, Moyer and Archfield 2010, JAWRA 46; Zhang and Hirsch 2019, WRR 55; loads.md 5.
    """
    record = read_record(daily, sample)
    return fit_record(record, settings or WrtdsSettings(), rho=rho, ends=ends)


def fit_record(
    record: WrtdsRecord,
    settings: WrtdsSettings,
    *,
    rho: float = DEFAULT_RHO,
    ends: Ends = "decaying",
) -> WrtdsModel:
    """:func:`fit_wrtds` of a record that has been read.

    Raises
    ------
    ContractError
        where :func:`find_obstacles` finds one.

    Source
    ------
    As :func:`fit_wrtds`.
    """
    if obstacles := find_obstacles(record, settings):
        reasons = "; ".join(f"{note.code}: {note.reason}" for note in obstacles)
        raise ContractError(f"no WRTDS model: {reasons}")
    predictors = Predictors.of(record)
    surfaces = fit_surfaces(record, settings, predictors=predictors)
    validation = cross_validate(record, settings, predictors=predictors)
    estimates = read_daily(record, surfaces)
    return WrtdsModel(
        record,
        settings,
        surfaces,
        validation,
        estimates,
        normalise_flow(record, surfaces),
        kalman(record, estimates, validation, rho=rho, ends=ends),
        record.notes,
    )


def wrtds_tables(
    daily: pd.DataFrame, sample: pd.DataFrame, settings: WrtdsSettings | None = None
) -> dict[str, pd.DataFrame]:
    """The four tables EGRET users know: ``surfaces``, ``daily``, ``crossval``, ``annual``.

    Parameters
    ----------
    daily, sample, settings
        As :func:`fit_wrtds`.

    Returns
    -------
    dict of str to DataFrame
        With the columns of data/loads/egret. ``GenConc`` and ``GenFlux`` are the mean that EGRET's
        draws of WRTDS-K scatter around, its own first and last gap included.

    Raises
    ------
    ContractError
        as :func:`fit_wrtds`.

    Source
    ------
    EGRET 3.0.12 (data/loads/README).
    """
    model = fit_wrtds(daily, sample, settings, ends="forgotten")
    return {
        "surfaces": model.surfaces,
        "daily": model.daily,
        "crossval": model.crossval,
        "annual": model.annual,
    }
