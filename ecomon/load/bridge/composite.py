"""The composite method: a regression corrected by its residuals, interpolated between samples."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError

Values = npt.NDArray[np.float64]
Shape = Literal["linear", "rectangular"]
Scale = Literal["log", "linear"]


def interpolate_residuals(
    step_d: Values, sample_d: Values, residual: Values, *, shape: Shape = "linear"
) -> Values:
    """Residuals at every step, from those at the samples.

    Parameters
    ----------
    step_d : ndarray of float64, shape (K,)
        Days.
    sample_d, residual : ndarray of float64, shape (n,), n >= 1
        ``sample_d`` ascends; samples at one time count with their mean.
    shape : {"linear", "rectangular"}
        Straight between samples, or that of the nearest sample. Constant beyond both ends.

    Returns
    -------
    ndarray of float64, shape (K,)

    Raises
    ------
    ContractError
        of no sample, of times that descend, or of a residual that is not finite.

    Source
    ------
    Aulenbach and Hooper 2006, Hydrological Processes 20; Appling, Leon and McDowell 2015,
    Ecosphere 6(12):269.
    """
    if not len(sample_d) or not (np.diff(sample_d) >= 0).all() or not np.isfinite(residual).all():
        raise ContractError("a composite takes finite residuals at one ascending time or more")
    times, group, count = np.unique(sample_d, return_inverse=True, return_counts=True)
    known = np.bincount(group, residual) / count
    if shape == "linear":
        return np.interp(step_d, times, known)
    if shape != "rectangular":
        raise ContractError(f"residuals are interpolated linear or rectangular, not {shape!r}")
    middles = (times[:-1] + times[1:]) / 2
    return known[np.searchsorted(middles, step_d, side="left")]


def correct_by_interpolation(
    step_d: Values,
    predicted: Values,
    residual: tuple[Values, Values],
    *,
    scale: Scale = "log",
    shape: Shape = "linear",
) -> Values:
    """Predictions corrected so that they pass through the samples.

    On the log scale the residual is ln C - ln C_hat and the correction a factor; on the linear
    scale it is C - C_hat and the correction is added, and may make a value negative.

    Parameters
    ----------
    step_d, predicted : ndarray of float64, shape (K,)
        Days; mg/L (or a flux), corrected for retransformation bias.
    residual : (sample_d, residual), each ndarray of float64, shape (n,)
    scale : {"log", "linear"}
    shape : {"linear", "rectangular"}

    Returns
    -------
    ndarray of float64, shape (K,), in the unit of ``predicted``

    Raises
    ------
    ContractError
        as :func:`interpolate_residuals`, or for an unknown scale.

    Source
    ------
    Appling, Leon and McDowell 2015, Ecosphere 6(12):269 (absolute residuals). On the log scale it is
    :func:`bridge_residuals` with rho -> 1, where the weights become linear in time and the
    variance vanishes.
    """
    correction = interpolate_residuals(step_d, *residual, shape=shape)
    if scale == "log":
        return predicted * np.exp(correction)
    if scale != "linear":
        raise ContractError(f"residuals are on the log or the linear scale, not {scale!r}")
    return predicted + correction
