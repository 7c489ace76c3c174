"""The five averaging methods A to E for the load of a period (富国 2003; Walling & Webb 1981, 1985).

All take samples along the last axis, so that leading axes (replicates, sections) run together,
and give tonnes: mg/L x m3/s is g/s, times seconds, over 1e6. A NaN among the samples makes the
load NaN: what is missing is dropped by the caller, who knows why it is missing.

The letters are those commonly used in Chinese papers on flux; an agreement that prescribes
"monthly concentration x monthly volume" means B.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError

Samples = npt.NDArray[np.float64]

_G_PER_T = 1e6


def load_by_sampled_means(
    concentration_mg_l: Samples, discharge_m3_s: Samples, *, duration_s: float
) -> Samples:
    """Method A: mean concentration x mean of the discharges *at the samples*.

    Parameters
    ----------
    concentration_mg_l, discharge_m3_s : ndarray of float64, shape (..., n)
        Samples and the discharge at the same instants.
    duration_s : float
        Length of the period, s.

    Returns
    -------
    load_t : ndarray of float64, shape (...)
        Load, t. Biased by whatever the sampler preferred: fair weather or floods.

    Source
    ------
    富国, 环境科学研究 2003, 16(1), method A; RiverLoad 1.0.3 ``method1``.
    """
    _check_pairs(concentration_mg_l, discharge_m3_s)
    return _tonnes(concentration_mg_l.mean(axis=-1) * discharge_m3_s.mean(axis=-1), duration_s)


def load_by_period_discharge(
    concentration_mg_l: Samples, period_discharge_m3_s: Samples | float, *, duration_s: float
) -> Samples:
    """Method B: mean concentration x mean discharge of the *period* (月均浓度 x 月水量).

    Parameters
    ----------
    concentration_mg_l : ndarray of float64, shape (..., n)
    period_discharge_m3_s : float, or ndarray of shape (...)
        Mean of the whole discharge record of the period, m3/s.
    duration_s : float

    Returns
    -------
    load_t : ndarray of float64, shape (...)
        Load, t. Leaves out how concentration and discharge vary together, hence low where
        floods carry more (总磷) and high where they dilute.

    Source
    ------
    富国 2003, method B; 镇江市太湖流域环境资源区域补偿方案 (C x monthly volume); RiverLoad ``method4``.
    """
    mean = concentration_mg_l.mean(axis=-1)
    return _tonnes(mean * np.asarray(period_discharge_m3_s), duration_s)


def load_by_mean_flux(
    concentration_mg_l: Samples, discharge_m3_s: Samples, *, duration_s: float
) -> Samples:
    """Method C: mean of the instant fluxes C x Q.

    Parameters and result as :func:`load_by_sampled_means`. Not for samples taken on purpose
    during floods.

    Source
    ------
    富国 2003, method C; RiverLoad 1.0.3 ``method2``.
    """
    _check_pairs(concentration_mg_l, discharge_m3_s)
    return _tonnes((concentration_mg_l * discharge_m3_s).mean(axis=-1), duration_s)


def load_by_sub_periods(
    concentration_mg_l: Samples,
    sub_period_discharge_m3_s: Samples,
    *,
    sub_period_s: Samples | float,
) -> Samples:
    """Method D: each sample stands for its own sub-period and that sub-period's mean discharge.

    Parameters
    ----------
    concentration_mg_l : ndarray of float64, shape (..., n)
    sub_period_discharge_m3_s : ndarray of float64, shape (..., n)
        Mean discharge of the sub-period of each sample, m3/s.
    sub_period_s : float, or ndarray of shape (n,)
        Lengths of the sub-periods, s; one number where all are equal.

    Returns
    -------
    load_t : ndarray of float64, shape (...)

    Source
    ------
    富国 2003, method D; RiverLoad 1.0.3 ``method3`` (equal sub-periods).
    """
    _check_pairs(concentration_mg_l, sub_period_discharge_m3_s)
    grams = concentration_mg_l * sub_period_discharge_m3_s * np.asarray(sub_period_s)
    return grams.sum(axis=-1) / _G_PER_T


def load_by_weighted_concentration(
    concentration_mg_l: Samples,
    discharge_m3_s: Samples,
    period_discharge_m3_s: Samples | float,
    *,
    duration_s: float,
) -> Samples:
    """Method E: discharge-weighted mean concentration x mean discharge of the period.

    Parameters as methods A and B together.

    Returns
    -------
    load_t : ndarray of float64, shape (...)
        Load, t; NaN where the sampled discharges sum to zero.

    Source
    ------
    富国 2003, method E; RiverLoad 1.0.3 ``method5``.
    """
    _check_pairs(concentration_mg_l, discharge_m3_s)
    weight = discharge_m3_s.sum(axis=-1)
    weight = np.where(weight > 0, weight, np.nan)
    mean = (concentration_mg_l * discharge_m3_s).sum(axis=-1) / weight
    return _tonnes(mean * np.asarray(period_discharge_m3_s), duration_s)


def _tonnes(flux_g_s: Samples, duration_s: float) -> Samples:
    return flux_g_s * duration_s / _G_PER_T


def _check_pairs(concentration_mg_l: Samples, discharge_m3_s: Samples) -> None:
    if concentration_mg_l.shape[-1:] != discharge_m3_s.shape[-1:] or not concentration_mg_l.size:
        raise ContractError(
            f"samples and discharges do not pair: {concentration_mg_l.shape} and {discharge_m3_s.shape}"
        )
