"""Mean, spread and quantiles of values below detection, by the method Helsel's table names.

Source: Helsel 2012, Statistics for Censored Environmental Data, 2nd ed., table 6.11; section 6.7 of
the project's load reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.censored.kaplan_meier import kaplan_meier_weights
from ecomon.load.censored.lognormal import fit_lognormal
from ecomon.load.censored.ros import fill_by_ros

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
SummaryMethod = Literal["auto", "ros", "km", "mle"]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_LARGE = 50
_HALF = 0.5
_MOST_CENSORED = 0.8


@dataclass(frozen=True, slots=True)
class CensoredSummary:
    """Summary of values some of which lie below limits; all in the unit of the values.

    Parameters
    ----------
    method : {"ros", "km", "mle", "none"}
        As used.
    status : {"estimated", "bound_only", "insufficient"}
        With ``reason`` in words, Chinese first.
    mean, sd, quantiles
        NaN unless ``estimated``; a quantile is also NaN where Kaplan-Meier cannot tell it from
        the lowest limit.
    lower, upper : float
        Mean with every censored value at 0, and at its limit: the truth lies between.
    """

    method: str
    status: str
    reason: str
    n: int
    n_censored: int
    mean: float
    sd: float
    quantiles: Mapping[float, float]
    lower: float
    upper: float

    @property
    def share_censored(self) -> float:
        return self.n_censored / self.n if self.n else float("nan")


def summarise_censored(
    values: Values,
    is_censored: Mask,
    method: SummaryMethod = "auto",
    *,
    quantiles: Sequence[float] = QUANTILES,
) -> CensoredSummary:
    """Summary of a set of values, none of them substituted.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The value, or the limit it lies below; positive. NaN is left aside.
    is_censored : ndarray of bool, shape (n,)
    method : {"auto", "ros", "km", "mle"}
        ``auto``: above 80 % censored a bound only; else below 50 values Kaplan-Meier up to 50 %
        censored and ROS beyond, from 50 values on the lognormal by maximum likelihood.
    quantiles : sequence of float
        Probabilities, 0..1.

    Returns
    -------
    CensoredSummary

    Raises
    ------
    ContractError
        for a value that is not positive, or lengths that differ.

    Source
    ------
    Helsel 2012, table 6.11. Above 80 % censored only proportions are reported, whatever the method.
    """
    if method not in get_args(SummaryMethod):
        raise ContractError(f"no summary by {method!r}")
    if values.shape != is_censored.shape:
        raise ContractError(f"values {values.shape} and flags {is_censored.shape} must pair")
    is_known = ~np.isnan(values)
    values, is_censored = values[is_known], is_censored[is_known]
    if (values <= 0).any():
        raise ContractError("a concentration or limit must be positive; give a limit, not zero")
    n, n_censored = len(values), int(is_censored.sum())
    empty = dict.fromkeys(quantiles, float("nan"))
    lower = float(np.where(is_censored, 0.0, values).mean()) if n else float("nan")
    upper = float(values.mean()) if n else float("nan")
    refusal = _refusal(values, is_censored)
    if refusal:
        status, reason = refusal
        nothing = float("nan")
        return CensoredSummary(
            "none", status, reason, n, n_censored, nothing, nothing, empty, lower, upper
        )
    used, reason = _choose(n, n_censored / n) if method == "auto" else (method, "")
    mean, sd, of = _SUMMARIES[used](values, is_censored, quantiles)
    return CensoredSummary(used, "estimated", reason, n, n_censored, mean, sd, of, lower, upper)


def _refusal(values: Values, is_censored: Mask) -> tuple[str, str] | None:
    n = len(values)
    if n < 3:
        return "insufficient", f"只有 {n} 个值 only {n} values"
    share = float(is_censored.mean())
    if share > _MOST_CENSORED:
        return "bound_only", f"{share:.0%} 低于检出限,仅给上下界 censored: bounds only"
    if len(np.unique(values[~is_censored])) < 2:
        return "bound_only", "检出值少于两个不同值 fewer than two different values seen"
    return None


def _choose(n: int, share: float) -> tuple[str, str]:
    """Method by Helsel's table, and the words for it."""
    words = f"n = {n}, {share:.0%} 删失 censored"
    if n >= _LARGE:
        return "mle", f"{words}: 对数正态极大似然 lognormal by maximum likelihood"
    if share <= _HALF:
        return "km", f"{words}: Kaplan-Meier"
    note = ",样品偏少,仅供参考 few samples, indicative only"
    return "ros", f"{words}: 稳健 ROS robust ROS{note}"


Figures = tuple[float, float, dict[float, float]]


def _by_ros(values: Values, is_censored: Mask, quantiles: Sequence[float]) -> Figures:
    filled = fill_by_ros(values, is_censored)
    of = {p: float(np.quantile(filled, p, method="weibull")) for p in quantiles}
    return float(filled.mean()), float(filled.std(ddof=1)), of


def _by_km(values: Values, is_censored: Mask, quantiles: Sequence[float]) -> Figures:
    weights = kaplan_meier_weights(values, is_censored)
    mean = float(values @ weights)
    n = len(values)
    sd = float(np.sqrt(weights @ (values - mean) ** 2 * n / (n - 1)))
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    # The mass at the lowest limit is known to lie below it, no more.
    unknown = float(weights[is_censored].sum())
    of = {}
    for p in quantiles:
        place = min(int(np.searchsorted(below, p - 1e-12)), n - 1)
        of[p] = float(values[order[place]]) if p > unknown else float("nan")
    return mean, sd, of


def _by_mle(values: Values, is_censored: Mask, quantiles: Sequence[float]) -> Figures:
    fitted = fit_lognormal(values, is_censored)
    return fitted.mean, fitted.sd, {p: fitted.quantile(p) for p in quantiles}


_SUMMARIES = {"ros": _by_ros, "km": _by_km, "mle": _by_mle}
