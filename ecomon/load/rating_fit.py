"""A rating curve Q = a (h - b)^c by segments, fitted to gaugings under hydraulic priors.

Each segment is a hydraulic control (a weir, a channel, a flood plain) that takes over at its
activation stage; continuity there fixes its offset b. Priors come from hydraulics, the data from
gaugings with their own errors, and what neither explains is a remnant error that grows with the
discharge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares, minimize

from ecomon.errors import ContractError
from ecomon.load.flux import Floats

_GRAVITY_M_S2 = 9.81
_TINY_M = 1e-9
_ROUNDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPrior:
    """What hydraulics says of one control before any gauging.

    Attributes
    ----------
    coefficient, coefficient_factor : float
        a (m3/s at one metre above b), and the factor it is likely within: ln a has standard
        deviation ln(factor).
    exponent, exponent_sd : float
        c.
    activation_m, activation_sd_m : float
        Stage at which the control takes over; of the first, at which flow ceases (b).
    """

    coefficient: float
    coefficient_factor: float
    exponent: float
    exponent_sd: float
    activation_m: float
    activation_sd_m: float

    def __post_init__(self) -> None:
        if not (self.coefficient > 0 and self.coefficient_factor > 1 and self.exponent > 0):
            raise ContractError(
                "a control has a coefficient and an exponent above 0, a factor above 1"
            )
        if not (self.exponent_sd > 0 and self.activation_sd_m > 0):
            raise ContractError("the standard deviations of a prior are above 0")


@dataclass(frozen=True, slots=True)
class Gaugings:
    """Measured discharges: stage (m), discharge (m3/s) and its standard error (m3/s), shape (n,)."""

    stage_m: Floats
    discharge_m3_s: Floats
    standard_error_m3_s: Floats

    def __post_init__(self) -> None:
        if not len(self.stage_m) == len(self.discharge_m3_s) == len(self.standard_error_m3_s):
            raise ContractError("stages, discharges and errors of gaugings differ in number")
        table = np.array([self.stage_m, self.discharge_m3_s, self.standard_error_m3_s])
        if not np.isfinite(table).all() or (self.standard_error_m3_s <= 0).any():
            raise ContractError("gaugings are finite numbers, and each has an error above 0")


@dataclass(frozen=True, slots=True)
class RatingFit:
    """The curve of greatest posterior density, and the normal distribution about it.

    Attributes
    ----------
    parameters : ndarray of float64, shape (3 S,)
        ln a of each segment, then c, then activation stages.
    covariance : ndarray of float64, shape (3 S, 3 S)
        Laplace's, at the remnant found.
    remnant : (float, float)
        gamma1 (m3/s) and gamma2: standard deviation gamma1 + gamma2 Q of what the curve does not
        explain.
    log_evidence : float
        Laplace's approximation; of several fits to the same gaugings the largest is the likeliest.
    lowest_m, highest_m : float
        Stages of the lowest and the highest gauging.
    n_gaugings : int
    is_converged : bool
    """

    parameters: Floats
    covariance: Floats
    remnant: tuple[float, float]
    log_evidence: float
    lowest_m: float
    highest_m: float
    n_gaugings: int
    is_converged: bool

    @property
    def n_segments(self) -> int:
        return len(self.parameters) // 3

    def discharge_m3_s(self, stage_m: Floats) -> Floats:
        """Discharge of each stage by the fitted curve; 0 at and below the stage of no flow."""
        return rate_by_segments(stage_m, self.parameters)


def channel_control(
    *, width_m: float, slope: float, strickler: float, activation_m: float,
    relative_error: float, exponent_sd: float, activation_sd_m: float,
) -> ControlPrior:  # fmt: skip
    """Prior of a wide channel under uniform flow: a = K B sqrt(S), c = 5/3.

    Parameters
    ----------
    width_m, slope, strickler : float
        Width; slope, m/m; Strickler's roughness K = 1/n, m^(1/3)/s.
    relative_error : float
        Standard error of a as a share, of all three together.

    Source
    ------
    Manning & Strickler for a wide rectangular channel; BaRatin (Le Coz et al. 2014, J. Hydrol. 509).
    """
    return ControlPrior(
        coefficient=strickler * width_m * float(np.sqrt(slope)),
        coefficient_factor=1 + relative_error,
        exponent=5 / 3,
        exponent_sd=exponent_sd,
        activation_m=activation_m,
        activation_sd_m=activation_sd_m,
    )


def weir_control(
    *, width_m: float, coefficient: float, activation_m: float,
    relative_error: float, exponent_sd: float, activation_sd_m: float,
) -> ControlPrior:  # fmt: skip
    """Prior of a rectangular weir: a = C B sqrt(2 g), c = 3/2.

    Parameters
    ----------
    coefficient : float
        Discharge coefficient C, about 0.4 of a broad sill.

    Source
    ------
    BaRatin (Le Coz et al. 2014, J. Hydrol. 509); reference/loads.md 6.9.
    """
    return ControlPrior(
        coefficient=coefficient * width_m * float(np.sqrt(2 * _GRAVITY_M_S2)),
        coefficient_factor=1 + relative_error,
        exponent=3 / 2,
        exponent_sd=exponent_sd,
        activation_m=activation_m,
        activation_sd_m=activation_sd_m,
    )


def rate_by_segments(stage_m: Floats, parameters: Floats) -> Floats:
    """Discharge of stages by a segmented power law, m3/s.

    Parameters
    ----------
    stage_m : ndarray of float64, shape (N,)
        NaN gives NaN.
    parameters : ndarray of float64, shape (..., 3 S)
        ln a, c, activation stages, as in :class:`RatingFit`; leading axes are draws.

    Returns
    -------
    ndarray of float64, shape (..., N)

    Source
    ------
    Q = a_s (h - b_s)^c_s between activation stages, b_s by continuity: BaRatin (Le Coz et al. 2014),
    reference/loads.md 6.9.
    """
    log_a, c, activation = np.split(parameters, 3, axis=-1)
    offset = activation[..., 0]
    head = np.maximum(stage_m - offset[..., None], 0.0)
    rated = np.exp(log_a[..., :1]) * head ** c[..., :1]
    for s in range(1, log_a.shape[-1]):
        at = activation[..., s]
        before = np.maximum(at - offset, _TINY_M) ** c[..., s - 1] * np.exp(log_a[..., s - 1])
        offset = at - (before / np.exp(log_a[..., s])) ** (1 / c[..., s])
        head = np.maximum(stage_m - offset[..., None], 0.0)
        above = np.exp(log_a[..., s, None]) * head ** c[..., s, None]
        rated = np.where(stage_m > at[..., None], above, rated)
    return rated


def fit_rating(gaugings: Gaugings, controls: Sequence[ControlPrior]) -> RatingFit:
    """The likeliest curve under the priors, with the covariance of its parameters.

    Weighted Gauss-Newton on the curve and greatest likelihood of the remnant take turns until
    neither moves.

    Parameters
    ----------
    gaugings : Gaugings
    controls : sequence of ControlPrior
        One a segment, activation stages rising.

    Raises
    ------
    ContractError
        if there is no gauging or no control, or the activation stages do not rise.

    Source
    ------
    Le Coz et al. 2014; Mansanarez et al. 2019 (Water Resour. Res. 55) for the remnant error;
    maximum a posteriori and Laplace covariance in place of their sampler: reference/loads.md 6.9.
    """
    prior = _prior_of(controls)
    if not len(gaugings.stage_m):
        raise ContractError("no gauging to fit a rating to")
    values = prior.mean
    remnant = np.log([1e-6, 0.02]) + np.log([max(float(gaugings.discharge_m3_s.mean()), 1e-9), 1.0])
    is_converged = False
    for _ in range(_ROUNDS):
        sd = _spread(gaugings, rate_by_segments(gaugings.stage_m, values), remnant)
        found = least_squares(
            lambda one, sd=sd: _residuals(one, gaugings, sd, prior), values, x_scale=prior.sd
        )
        next_remnant = _fit_remnant(gaugings, rate_by_segments(gaugings.stage_m, found.x), remnant)
        step = np.abs(found.x - values) / prior.sd
        moved = float(np.abs(np.exp(next_remnant) - np.exp(remnant)).max())
        values, remnant = found.x, next_remnant
        if step.max() < 1e-8 and moved < 1e-8 * max(1.0, float(np.exp(remnant).max())):
            is_converged = True
            break
    sd = _spread(gaugings, rate_by_segments(gaugings.stage_m, values), remnant)
    final = least_squares(
        lambda one: _residuals(one, gaugings, sd, prior), values, x_scale=prior.sd
    )
    covariance = np.linalg.inv(final.jac.T @ final.jac)
    misfit = _residuals(values, gaugings, sd, prior)
    log_posterior = -0.5 * float(misfit @ misfit) - float(np.log(sd).sum() + np.log(prior.sd).sum())
    log_posterior -= 0.5 * len(misfit) * float(np.log(2 * np.pi))
    volume = 0.5 * (len(values) * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1])
    g1, g2 = np.exp(remnant)
    return RatingFit(
        parameters=values,
        covariance=covariance,
        remnant=(float(g1), float(g2)),
        log_evidence=log_posterior + float(volume),
        lowest_m=float(gaugings.stage_m.min()),
        highest_m=float(gaugings.stage_m.max()),
        n_gaugings=len(gaugings.stage_m),
        is_converged=is_converged,
    )


def choose_rating(
    gaugings: Gaugings, candidates: Sequence[Sequence[ControlPrior]]
) -> tuple[RatingFit, list[float]]:
    """Of several sets of controls the one with the largest evidence, and the evidence of all.

    Source
    ------
    Laplace's approximation of the marginal likelihood (Tierney & Kadane 1986); project rule for the
    choice of the number of segments.
    """
    if not candidates:
        raise ContractError("no set of controls to choose from")
    fits = [fit_rating(gaugings, controls) for controls in candidates]
    evidence = [fit.log_evidence for fit in fits]
    return fits[int(np.argmax(evidence))], evidence


@dataclass(frozen=True, slots=True)
class _Prior:
    mean: Floats
    sd: Floats


def _prior_of(controls: Sequence[ControlPrior]) -> _Prior:
    if not controls:
        raise ContractError("a rating has one control or more")
    stages = [one.activation_m for one in controls]
    if any(high <= low for low, high in pairwise(stages)):
        raise ContractError("activation stages rise from control to control")
    log_a = [float(np.log(one.coefficient)) for one in controls]
    log_sd = [float(np.log(one.coefficient_factor)) for one in controls]
    return _Prior(
        np.array([*log_a, *(one.exponent for one in controls), *stages]),
        np.array(
            [
                *log_sd,
                *(one.exponent_sd for one in controls),
                *(one.activation_sd_m for one in controls),
            ]
        ),
    )


def _residuals(values: Floats, gaugings: Gaugings, sd: Floats, prior: _Prior) -> Floats:
    """Misfit of gaugings and of priors, each over its standard deviation."""
    rated = rate_by_segments(gaugings.stage_m, values)
    return np.concatenate(
        [(gaugings.discharge_m3_s - rated) / sd, (values - prior.mean) / prior.sd]
    )


def _spread(gaugings: Gaugings, rated: Floats, remnant: Floats) -> Floats:
    g1, g2 = np.exp(remnant)
    return np.hypot(gaugings.standard_error_m3_s, g1 + g2 * rated)


def _fit_remnant(gaugings: Gaugings, rated: Floats, start: Floats) -> Floats:
    """ln gamma1 and ln gamma2 of greatest likelihood, each within wide bounds."""
    square = (gaugings.discharge_m3_s - rated) ** 2
    scale = float(np.log(max(float(np.abs(gaugings.discharge_m3_s).mean()), 1e-9)))

    def loss(one: Floats) -> float:
        sd = _spread(gaugings, rated, one)
        return float((0.5 * square / sd**2 + np.log(sd)).sum())

    bounds = [(scale - 16, scale + 1), (-16.0, 0.5)]
    best = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    return np.asarray(best.x, dtype=np.float64)
