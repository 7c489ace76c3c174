"""WRTDS-K in closed form: WRTDS, bent to its samples by the AR(1) bridge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.load.bridge import Bridge, BridgeSamples, bridge_residuals
from ecomon.load.bridge.memory import DEFAULT_RHO
from ecomon.load.bridge.path import Ends
from ecomon.load.wrtds.crossval import CrossValidation
from ecomon.load.wrtds.lookup import DailyEstimates
from ecomon.load.wrtds.record import WrtdsRecord

Values = npt.NDArray[np.float64]


def kalman(
    record: WrtdsRecord,
    daily: DailyEstimates,
    crossval: CrossValidation | None = None,
    *,
    rho: float = DEFAULT_RHO,
    ends: Ends = "decaying",
) -> Bridge:
    """Conditional mean of C on every day with an estimate, given every sample.

    Parameters
    ----------
    record : WrtdsRecord
    daily : DailyEstimates
    crossval : CrossValidation, optional
        What a censored sample is thought to be before its bounds; the day's own estimate when absent.
    rho : float
        Correlation of residuals over one day.
    ends : {"decaying", "forgotten"}
        ``forgotten`` is EGRET's way before the first and after the last sample.

    Returns
    -------
    Bridge
        Its steps are the days :func:`estimated_days` names, in days since 1970-01-01.

    Source
    ------
    Zhang and Hirsch 2019, Water Resources Research 55; closed form of loads.md 6.6.
    """
    rows = estimated_days(daily)
    time_d = record.day.astype(np.int64).astype(np.float64)
    samples = standardise_samples(record, daily, crossval)
    return bridge_residuals(
        time_d[rows], daily.y_hat[rows], daily.se[rows], samples, rho=rho, ends=ends
    )


def estimated_days(daily: DailyEstimates) -> npt.NDArray[np.int64]:
    """Rows of the record that have an estimate of ln C: the steps of the bridge.

    Parameters
    ----------
    daily : DailyEstimates

    Returns
    -------
    ndarray of int64, shape (K,)

    Source
    ------
    Project rule: a day without discharge is never guessed.
    """
    return np.flatnonzero(np.isfinite(daily.y_hat) & np.isfinite(daily.se))


def standardise_samples(
    record: WrtdsRecord, daily: DailyEstimates, crossval: CrossValidation | None = None
) -> BridgeSamples:
    """Samples as residuals in units of their day's standard error.

    Parameters
    ----------
    record : WrtdsRecord
    daily : DailyEstimates
    crossval : CrossValidation, optional

    Returns
    -------
    BridgeSamples
        In days since 1970-01-01; samples on days without an estimate are left out.

    Source
    ------
    loads.md 6.6. EGRET draws censored values from the leave-one-out distribution.
    """
    y_hat, se = daily.y_hat[record.sample_row], daily.se[record.sample_row]
    is_known = np.isfinite(y_hat) & (se > 0)
    centre, scale = np.zeros(len(y_hat)), np.ones(len(y_hat))
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = (np.log(record.lower) - y_hat) / se, (np.log(record.upper) - y_hat) / se
        if crossval is not None:
            seen = np.isfinite(crossval.y_hat) & (crossval.se > 0)
            centre = np.where(seen, (crossval.y_hat - y_hat) / se, 0.0)
            scale = np.where(seen, crossval.se / se, 1.0)
    time_d = record.day[record.sample_row].astype(np.int64).astype(np.float64)
    return BridgeSamples(
        time_d[is_known], lower[is_known], upper[is_known], centre[is_known], scale[is_known]
    )
