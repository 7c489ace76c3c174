"""A fitted rating at work: stages to discharges, each with its outcome, and draws of its error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.flux import Floats, Times
from ecomon.load.flux_series import MEASURED, MISSING, DischargeSeries
from ecomon.load.rating_fit import RatingFit, rate_by_segments
from ecomon.model.fact import Confidence
from ecomon.model.rating import RatingCurve

RATED, DRY, BELOW_GAUGED, EXTRAPOLATED, ABOVE_LIMIT, NO_STAGE = range(6)
OUTCOMES = (
    "",
    "水位不高于断流水位，流量为零 at or below the stage of no flow: 0",
    "低于最低实测，外推 below the lowest gauging: extrapolated",
    "高于最高实测，外推 above the highest gauging: extrapolated",
    "超过外推上限，无流量 beyond the limit of extrapolation: none",
    "无水位 no stage",
)
"""What became of each stage, by code."""


@dataclass(frozen=True, slots=True)
class RatedStages:
    """Discharges of stages: value (m3/s, NaN where the outcome says none) and outcome, shape (N,)."""

    discharge_m3_s: Floats
    outcome: npt.NDArray[np.int8]

    @property
    def share_extrapolated(self) -> float:
        """Share of the water rated outside the gaugings, 0..1."""
        total = float(np.nansum(self.discharge_m3_s))
        outside = np.isin(self.outcome, (BELOW_GAUGED, EXTRAPOLATED))
        return float(np.nansum(self.discharge_m3_s[outside])) / total if total > 0 else 0.0


def rate_by_fit(fit: RatingFit, stage_m: Floats, *, max_extrapolation_m: float) -> RatedStages:
    """Discharge of each stage by a fitted curve, with its outcome.

    Parameters
    ----------
    fit : RatingFit
    stage_m : ndarray of float64, shape (N,)
        Above the datum of the gaugings; NaN where there is none.
    max_extrapolation_m : float
        How far above the highest gauging the curve is followed.

    Source
    ------
    reference/loads.md 6.9; no extrapolation without a word (6.11).
    """
    value = fit.discharge_m3_s(stage_m)
    outcome = np.full(len(stage_m), RATED, dtype=np.int8)
    outcome[stage_m < fit.lowest_m] = BELOW_GAUGED
    outcome[stage_m <= fit.parameters[2 * fit.n_segments]] = DRY
    outcome[stage_m > fit.highest_m] = EXTRAPOLATED
    outcome[stage_m > fit.highest_m + max_extrapolation_m] = ABOVE_LIMIT
    outcome[np.isnan(stage_m)] = NO_STAGE
    return RatedStages(np.where(outcome >= ABOVE_LIMIT, np.nan, value), outcome)


def draw_discharges(
    fit: RatingFit,
    stage_m: Floats,
    *,
    n_draws: int,
    seed: int,
    period_of_step: npt.NDArray[np.intp] | None = None,
    stage_error_m: float = 0.0,
) -> Floats:
    """Draws of the discharge of every stage, whose error is common to all steps of a period.

    A draw has one curve for all steps, and in each period one remnant and one error of the staff:
    none of them is averaged away by many steps.

    Parameters
    ----------
    fit : RatingFit
    stage_m : ndarray of float64, shape (N,)
    n_draws, seed : int
    period_of_step : ndarray of int, shape (N,), optional
        Number of the period each step belongs to, from 0; all one period where not given.
    stage_error_m : float
        Standard error of the stages common to a period, m.

    Returns
    -------
    ndarray of float64, shape (n_draws, N)
        m3/s, not below zero; NaN where the stage is.

    Source
    ------
    BaRatin's propagation (Le Coz et al. 2014; Horner et al. 2018 for stage errors), reference/loads.md
    6.9: rating draws common to all days of a period.
    """
    period = np.zeros(len(stage_m), dtype=np.intp) if period_of_step is None else period_of_step
    if len(period) != len(stage_m):
        raise ContractError(f"{len(period)} periods of {len(stage_m)} steps")
    generator = np.random.default_rng(seed)
    curves = draw_curves(fit, n_draws=n_draws, generator=generator)
    n_periods = int(period.max()) + 1 if len(period) else 1
    remnant = generator.standard_normal((n_draws, n_periods))
    staff = generator.standard_normal((n_draws, n_periods)) * stage_error_m
    drawn = np.empty((n_draws, len(stage_m)))
    g1, g2 = fit.remnant
    for row in range(n_draws):
        rated = rate_by_segments(stage_m + staff[row, period], curves[row])
        drawn[row] = np.where(rated > 0, rated + remnant[row, period] * (g1 + g2 * rated), rated)
    return np.maximum(drawn, 0.0)


def draw_curves(fit: RatingFit, *, n_draws: int, generator: np.random.Generator) -> Floats:
    """Parameters of curves drawn from the fit, shape (n_draws, 3 S).

    A draw whose activation stages do not rise, or with an exponent that is not above zero, is no
    curve and is drawn again.

    Source
    ------
    Laplace's normal approximation about the fit (reference/loads.md 6.9).
    """
    s = fit.n_segments
    root = np.linalg.cholesky(fit.covariance)
    kept = np.empty((0, 3 * s))
    for _ in range(100):
        z = generator.standard_normal((n_draws, 3 * s))
        curves = fit.parameters + z @ root.T
        is_curve = (curves[:, s : 2 * s] > 0).all(axis=1)
        is_curve &= (np.diff(curves[:, 2 * s :], axis=1) > 0).all(axis=1)
        kept = np.concatenate([kept, curves[is_curve]])
        if len(kept) >= n_draws:
            return kept[:n_draws]
    raise ContractError("hardly a draw of this rating is a curve: give narrower priors")


def rated_series(
    fit: RatingFit, time: Times, stage_m: Floats, *, step_s: float, link: str,
    max_extrapolation_m: float, n_draws: int, seed: int,
) -> DischargeSeries:  # fmt: skip
    """A record of discharge out of stages, with the rating's error carried as common to all steps.

    Returns
    -------
    DischargeSeries
        ``relative_error`` is the spread of the mean discharge over draws; ``caveat`` names the share
        of water outside the gaugings.

    Source
    ------
    As :func:`draw_discharges`.
    """
    rated = rate_by_fit(fit, stage_m, max_extrapolation_m=max_extrapolation_m)
    is_known = ~np.isnan(rated.discharge_m3_s)
    error = 0.0
    if is_known.any() and float(np.nansum(rated.discharge_m3_s)) > 0:
        drawn = draw_discharges(fit, stage_m[is_known], n_draws=n_draws, seed=seed).mean(axis=1)
        error = float(drawn.std(ddof=1) / rated.discharge_m3_s[is_known].mean())
    share = rated.share_extrapolated
    return DischargeSeries(
        time.astype("datetime64[us]"),
        rated.discharge_m3_s,
        step_s,
        np.zeros(len(time)),
        np.where(is_known, MEASURED, MISSING).astype(np.int8),
        relative_error=error,
        link=link,
        caveat=f"流量关系外推水量占 {share:.1%} / {share:.1%} of the water outside the gaugings"
        if share
        else "",
    )


def tabulate_rating(
    fit: RatingFit, *, id: str, gauge: str, version: str, begins_at: datetime, datum: str,
    source: str, confidence: Confidence, n_points: int, max_extrapolation_m: float = 0.0,
) -> RatingCurve:  # fmt: skip
    """The fitted curve as a table of points, for where a ``RatingCurve`` is wanted.

    Points stand evenly from the stage of no flow to the highest gauging (and the extrapolation
    allowed above it), and at every activation stage.

    Source
    ------
    Decision 0012: a rating is a fact with points, linear between them.
    """
    activation = fit.parameters[2 * fit.n_segments :]
    top = fit.highest_m + max_extrapolation_m
    inner = activation[(activation > activation[0]) & (activation < top)]
    stages = np.unique(np.concatenate([np.linspace(activation[0], top, n_points), inner]))
    rated = np.maximum.accumulate(fit.discharge_m3_s(stages))
    return RatingCurve(
        id=id,
        gauge=gauge,
        version=version,
        begins_at=begins_at,
        datum=datum,
        source=source,
        confidence=confidence,
        points=tuple((float(h), float(q)) for h, q in zip(stages, rated, strict=True)),
    )
