"""Leave-one-out: what the model says of each sample when it has not seen it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.tobit import Moments, TobitFits, fit_moments
from ecomon.load.tobit.fits import TOO_FEW
from ecomon.load.tobit.moments import from_triangle
from ecomon.load.tobit.threads import one_blas_thread
from ecomon.load.wrtds.predictors import Predictors
from ecomon.load.wrtds.record import WrtdsRecord
from ecomon.load.wrtds.settings import WrtdsSettings
from ecomon.load.wrtds.weights import GROWTH, LEVELS_MAX, Distances, tricube

Values = npt.NDArray[np.float64]

# Nodes whose dense weights are held at once: nodes x samples of one batch.
_BATCH_NUMBERS = 1 << 22


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Leave-one-out estimates of n samples; NaN where ``status`` is not ``fitted``.

    Parameters
    ----------
    y_hat, se, conc : ndarray of float64, shape (n,)
        ln(mg/L), its standard error, mg/L.
    status : ndarray of str, shape (n,)
    """

    y_hat: Values
    se: Values
    conc: Values
    status: npt.NDArray[np.str_]


def cross_validate(
    record: WrtdsRecord, settings: WrtdsSettings, *, predictors: Predictors | None = None
) -> CrossValidation:
    """Fit each sample's own node from all the other samples.

    Parameters
    ----------
    record : WrtdsRecord
    settings : WrtdsSettings
        The ends of the record are its first and last day whatever ``time_bounds`` says.
    predictors : Predictors, optional
        Of all samples; formed when absent.

    Returns
    -------
    CrossValidation

    Source
    ------
    EGRET 3.0.12, estCrossVal (loads.md 5.1, 5.2): one weight matrix with an empty diagonal.
    """
    samples = predictors or Predictors.of(record)
    n = len(samples.log_q)
    bounds = float(record.dec_year[0]), float(record.dec_year[-1])
    fits = TobitFits.empty(n, samples.ready.design.shape[1])
    fits.status[:] = TOO_FEW
    size = max(1, _BATCH_NUMBERS // max(1, n))
    with one_blas_thread():
        for first in range(0, n, size):
            nodes = np.arange(first, min(n, first + size))
            _fit_nodes(nodes, samples, settings, bounds, fits)
    beta = samples.ready.restore(fits.coefficients)
    y_hat = np.einsum("mj,mj->m", samples.at(samples.dec_year, samples.log_q), beta)
    se = fits.sigma * samples.ready.scale
    return CrossValidation(y_hat, se, np.exp(y_hat + se**2 / 2), fits.status)


def _fit_nodes(
    nodes: npt.NDArray[np.int64],
    samples: Predictors,
    settings: WrtdsSettings,
    bounds: tuple[float, float],
    fits: TobitFits,
) -> None:
    """Widen and fit a batch of nodes, each without its own sample."""
    distances = Distances.between(samples.dec_year[nodes], samples.dec_year, settings, bounds)
    away = np.abs(samples.log_q[None, :] - samples.log_q[nodes, None])
    for level in range(LEVELS_MAX):
        weights = distances.weights(settings, level)
        weights *= tricube(away / (settings.window_q * GROWTH**level))
        weights[np.arange(len(nodes)), nodes] = 0.0
        has_weight = weights > 0
        n_used, n_exact = has_weight.sum(axis=1), has_weight[:, samples.is_exact].sum(axis=1)
        is_done = (n_used >= settings.min_obs) & (n_exact >= settings.min_uncensored)
        if is_done.any():
            _fit_rows(nodes[is_done], weights[is_done], samples, fits)
        nodes, away, distances = nodes[~is_done], away[~is_done], distances.take(~is_done)
        if not len(nodes):
            break


def _fit_rows(
    nodes: npt.NDArray[np.int64], weights: Values, samples: Predictors, fits: TobitFits
) -> None:
    order, k = samples.points.order, samples.ready.design.shape[1] + 1
    exact, censored = weights[:, samples.is_exact], weights[:, order]
    is_used = censored > 0
    moments = Moments(
        gram=from_triangle(exact @ samples.pairs, k),
        weight=exact.sum(axis=1),
        n_exact=(exact > 0).sum(axis=1),
        n_censored=is_used.sum(axis=1),
        n_between=is_used[:, samples.points.n_one_sided :].sum(axis=1),
    )
    part = fit_moments(moments, samples.points, censored)
    fits.coefficients[nodes] = part.coefficients
    fits.sigma[nodes] = part.sigma
    fits.status[nodes] = part.status
