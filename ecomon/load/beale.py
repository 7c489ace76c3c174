"""Beale's ratio estimator: load = mean discharge x ratio of mean flux to mean sampled discharge.

The ratio of two means is biased for few samples; Beale's factor takes the bias out to the order
1/n. Strata (by date or by discharge) are estimated apart and summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ecomon.errors import ContractError
from ecomon.load.flux import Floats

Theta = Literal["1/n", "1/n-1/N"]


@dataclass(frozen=True, slots=True)
class BealeMean:
    """Mean flux of strata by Beale's ratio; each field has the shape of the leading axes.

    Attributes
    ----------
    flux_g_s : ndarray of float64
        Mean flux over the stratum's time, bias taken out.
    ratio_flux_g_s : ndarray of float64
        The plain ratio estimate, bias left in.
    mse : ndarray of float64
        Mean square error, (g/s)^2; NaN from fewer than two samples.
    n_samples : int
    """

    flux_g_s: Floats
    ratio_flux_g_s: Floats
    mse: Floats
    n_samples: int


@dataclass(frozen=True, slots=True)
class BealeTotal:
    """Strata summed, t: load, standard error and Satterthwaite's degrees of freedom."""

    load_t: float
    standard_error_t: float
    degrees_of_freedom: float


def beale_mean_flux(
    concentration_mg_l: Floats,
    discharge_m3_s: Floats,
    mean_discharge_m3_s: Floats | float,
    *,
    n_steps: Floats | int,
    theta: Theta = "1/n",
) -> BealeMean:
    """Mean flux of one stratum from its samples and the mean of its discharge record.

    Parameters
    ----------
    concentration_mg_l, discharge_m3_s : ndarray of float64, shape (..., n)
        Samples of the stratum and the discharge at their times.
    mean_discharge_m3_s : float, or ndarray of shape (...)
        Mean of the stratum's whole record.
    n_steps : int
        Steps of the record (days where it is daily), N.
    theta : {"1/n", "1/n-1/N"}
        Weight of the correction: AutoBeale's, or with the finite population taken into account.

    Returns
    -------
    BealeMean
        From one sample the plain ratio, its error unknown (NaN). Where all sampled discharges are
        zero the flux is NaN.

    Raises
    ------
    ContractError
        if there is no sample, or samples and discharges do not pair.

    Source
    ------
    Beale 1962; Tin 1965 (J. Am. Stat. Assoc. 60), mean square error to second order as AutoBeale
    (Richards) has it; reference/loads.md 6.2.
    """
    n = concentration_mg_l.shape[-1]
    if concentration_mg_l.shape != discharge_m3_s.shape or not n:
        raise ContractError(
            f"samples and discharges do not pair: {concentration_mg_l.shape} and {discharge_m3_s.shape}"
        )
    flux = concentration_mg_l * discharge_m3_s
    mean_y, mean_q = flux.mean(axis=-1), discharge_m3_s.mean(axis=-1)
    mean_q = np.where(mean_q > 0, mean_q, np.nan)
    ratio = np.asarray(mean_discharge_m3_s) * mean_y / mean_q
    if n < 2:
        return BealeMean(ratio, ratio, np.full_like(ratio, np.nan), n)
    weight = 1 / n - (0.0 if theta == "1/n" else 1 / np.asarray(n_steps, dtype=float))
    # Where nothing of the determinand was found, the flux is zero without an error of its own.
    scaled_y = flux / np.where(mean_y > 0, mean_y, 1.0)[..., None] - (mean_y > 0)[..., None]
    scaled_q = discharge_m3_s / mean_q[..., None] - 1
    moment = _moments(scaled_q, scaled_y)
    corrected = ratio * (1 + weight * moment["qy"]) / (1 + weight * moment["qq"])
    a, b, c = moment["qq"], moment["yy"], moment["qy"]
    second = 2 * a**2 - 4 * a * c + c**2 + a * b
    third = moment["qqq"] - 2 * moment["qqy"] + moment["qyy"]
    mse = ratio**2 * (
        weight * (a + b - 2 * c) + weight**2 * second + 2 * weight / np.asarray(n_steps) * third
    )
    return BealeMean(corrected, ratio, np.maximum(mse, 0.0), n)


def _moments(q: Floats, y: Floats) -> dict[str, Floats]:
    """Second and third central moments over n - 1 of values already scaled by their means."""
    last = q.shape[-1] - 1
    products = {"qq": q * q, "yy": y * y, "qy": q * y}
    products |= {"qqq": q * q * q, "qqy": q * q * y, "qyy": q * y * y}
    return {name: product.sum(axis=-1) / last for name, product in products.items()}


def sum_strata(loads_t: Floats, variances_t2: Floats, n_samples: Floats) -> BealeTotal:
    """The load of all strata, its standard error and degrees of freedom.

    Parameters
    ----------
    loads_t, variances_t2, n_samples : ndarray, shape (H,)
        Load (t) and mean square error (t^2) of each stratum, and how many samples it rests on.

    Returns
    -------
    BealeTotal
        Degrees of freedom (sum V)^2 / sum(V^2 / (n - 1)); NaN error where a stratum has none.

    Source
    ------
    Satterthwaite 1946 (Biometrics Bulletin 2); reference/loads.md 6.2.
    """
    variance = float(np.sum(variances_t2))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(variances_t2 > 0, variances_t2**2 / (n_samples - 1), 0.0)
    below = float(np.sum(parts))
    df = variance**2 / below if below > 0 else float(np.sum(n_samples - 1))
    return BealeTotal(float(np.sum(loads_t)), float(np.sqrt(variance)), df)
