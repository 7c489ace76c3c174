"""What a fitted model must not do, measured and put into words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.choice.rules import Guards

Values = npt.NDArray[np.float64]
NAN = float("nan")
_LEAST_PER_HALF = 4


@dataclass(frozen=True, slots=True)
class ModelChecks:
    """Figures by which a model is judged; NaN where they cannot be told, which trips nothing.

    Attributes
    ----------
    bias_percent : float
        Bp = 100 (sum of estimated / sum of observed fluxes - 1).
    extrapolated_share : float
        Share of the load at discharges outside those sampled, 0..1.
    residual_variance_ratio : float
        Variance of log residuals at the upper half of sampled discharges over that at the lower.
    """

    bias_percent: float = NAN
    extrapolated_share: float = NAN
    residual_variance_ratio: float = NAN


def check_model(
    fitted_mg_l: Values,
    observed_mg_l: Values,
    sampled_m3_s: Values,
    *,
    step_m3_s: Values,
    step_load: Values,
) -> ModelChecks:
    """Bias, extrapolation and unequal scatter of a model at its samples and over its period.

    Parameters
    ----------
    fitted_mg_l, observed_mg_l, sampled_m3_s : ndarray of float64, shape (n,)
        Of the uncensored samples: what the model gives (bias of going back from logarithms taken
        off), what was measured, and the discharge; all above zero.
    step_m3_s, step_load : ndarray of float64, shape (N,)
        Discharge and load of each step of the period; NaN where unknown. Any unit of load.

    Returns
    -------
    ModelChecks

    Raises
    ------
    ContractError
        if shapes differ.

    Source
    ------
    Bp: Runkel 2013 (LOADEST load bias in percent). Extrapolation and unequal variance as causes of
    severe bias: Hirsch 2014, JAWRA 50.
    """
    n = len(sampled_m3_s)
    if len(fitted_mg_l) != n or len(observed_mg_l) != n or len(step_m3_s) != len(step_load):
        raise ContractError("a model's checks need pairs of equal length")
    if not n:
        return ModelChecks()
    observed = float(observed_mg_l @ sampled_m3_s)
    bias = 100 * (float(fitted_mg_l @ sampled_m3_s) / observed - 1) if observed > 0 else NAN
    beyond = (step_m3_s > sampled_m3_s.max()) | (step_m3_s < sampled_m3_s.min())
    total = float(np.nansum(np.abs(step_load)))
    outside = float(np.nansum(np.abs(step_load[beyond])))
    return ModelChecks(
        bias_percent=bias,
        extrapolated_share=outside / total if total > 0 else NAN,
        residual_variance_ratio=_variance_ratio(fitted_mg_l, observed_mg_l, sampled_m3_s),
    )


def _variance_ratio(fitted: Values, observed: Values, discharge: Values) -> float:
    """Of log residuals, upper over lower half by discharge."""
    order = np.argsort(discharge, kind="stable")
    half = len(order) // 2
    if half < _LEAST_PER_HALF:
        return NAN
    residual = np.log(observed[order]) - np.log(fitted[order])
    low, high = residual[:half].var(ddof=1), residual[-half:].var(ddof=1)
    return float(high / low) if low > 0 else NAN


def find_tripped(checks: ModelChecks, guards: Guards) -> tuple[str, ...]:
    """Each guard that stops a model, in words with its figure and its limit.

    Extrapolation stops one only where the rules say ``fall_back``.

    Source
    ------
    loads.md 7, fallbacks; the limits are those of ``thresholds/loads``.
    """
    tripped: list[str] = []
    if abs(checks.bias_percent) > guards.max_bias_percent:
        most = guards.max_bias_percent
        tripped.append(
            f"偏差 Bp={checks.bias_percent:+.0f}%（限 ±{most:g}%）"
            f" / bias {checks.bias_percent:+.0f} % (limit {most:g})"
        )
    if guards.extrapolation == "fall_back":
        tripped += _extrapolation(checks, guards)
    ratio, most = checks.residual_variance_ratio, guards.max_residual_variance_ratio
    if ratio > most or ratio < 1 / most:
        tripped.append(
            f"高低流量残差方差比 {ratio:.2g}（限 {most:g}） / residual variance high to low {ratio:.2g}"
        )
    return tuple(tripped)


def find_warnings(checks: ModelChecks, guards: Guards) -> tuple[str, ...]:
    """What is said of a model that is kept all the same, in words.

    Parameters
    ----------
    checks : ModelChecks
    guards : Guards
        With ``extrapolation`` ``warn`` a model that extrapolates is kept with a wider interval.

    Source
    ------
    The 20 % of loads.md 7; that the model is kept: docs/decisions/0013.
    """
    if guards.extrapolation != "warn":
        return ()
    error = f"{guards.extrapolation_error:.0%}"
    return tuple(
        f"{told}；保留模型，外推部分按误差 {error} 放宽区间"
        f" / the model is kept, its interval widened by {error} of that part"
        for told in _extrapolation(checks, guards)
    )


def _extrapolation(checks: ModelChecks, guards: Guards) -> list[str]:
    if not checks.extrapolated_share > guards.max_extrapolated_share:
        return []
    share, most = f"{checks.extrapolated_share:.0%}", f"{guards.max_extrapolated_share:.0%}"
    return [
        f"外推流量占通量 {share}（限 {most}） / {share} of the load at discharges never sampled"
    ]
