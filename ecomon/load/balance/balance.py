"""The balance itself: net = out - what is left of what came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.load.balance.decay import REFERENCE_C, delivered_share, rate_at
from ecomon.load.balance.scope import BalanceScope, Inflow
from ecomon.load.choice.rules import DecayRate
from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.tables import LOAD_BALANCES, LOAD_ERRORS

if TYPE_CHECKING:
    import xarray as xr

NAN = float("nan")
_QUANTILES = (0.025, 0.975)
_LONG_TRAVEL = 0.1
"""Share of the period above which the travel itself moves load from one period to the next."""

CONSERVED = "未给出降解系数，按保守物质计 / no decay rate is given: taken as conserved"
NO_TRAVEL_TIME = (
    "传播时间未知，未计降解 / travel time not known, so that no decay is reckoned: {places}"
)
NO_TEMPERATURE = "水温未知，按20℃ / water temperature not known, 20 degC taken"
DECOUPLED = (
    "其间有水库调蓄（{pools}），上下游通量不对应，净值不可作为净贡献"
    " / water is stored between ({pools}): in and out do not belong together, the net is no contribution"
)
LONG_TRAVEL = "传播时间超过时段的十分之一 / travel takes more than a tenth of the period"


def balance_loads(
    estimates: pd.DataFrame,
    draws: xr.DataArray,
    scope: BalanceScope,
    *,
    decay: Mapping[str, DecayRate],
    water_temperature_c: float = NAN,
) -> pd.DataFrame:
    """Balance of each determinand and period of a reach or a jurisdiction, at several rates of decay.

    out = in + tributaries - decay + net, by construction: net is what closes it, so every error of
    the others is in it. The central run takes the rate of the rules, the others its sensitivity
    rates; a determinand without a rate is taken as conserved and run once.

    Parameters
    ----------
    estimates : LOAD_ERRORS
        Loads of all sections of the scope; rows of role ``best`` are used.
    draws : DataArray (section, determinand, time, draw), t
        Of :func:`ecomon.load.draw_estimates.draw_estimates`: sections that share a gauge share its
        draws, so that the error of the rating largely leaves the difference.
    scope : BalanceScope
    decay : mapping of DecayRate
        By determinand.
    water_temperature_c : float
        Mean of the water over the period; NaN: 20 degC is taken and said.

    Returns
    -------
    LOAD_BALANCES
        ``decoupled`` where a reservoir lies on the way of some inflow: the net closes the account
        but is nobody's contribution, and the reason names the pool. ``insufficient``, net NaN,
        where a load is missing, and the reason names the section.

    Source
    ------
    GB/T 25173-2010 (first-order decay); a K is entered with its citation and a sensitivity run
    because published values differ tenfold (project rule).
    """
    LOAD_ERRORS.check(estimates)
    sections = [*(one.section for one in scope.inflows), *scope.outlets]
    best = estimates[(estimates["role"] == "best") & estimates["section"].isin(sections)]
    keys = ["determinand", "period", "start", "end"]
    rows: list[dict[str, Any]] = []
    for cell, group in best.groupby(keys, sort=True, observed=True):
        determinand, period, start, end = cast("tuple[str, str, pd.Timestamp, pd.Timestamp]", cell)
        terms = _terms(group, draws, scope, determinand, start)
        days = (end - start) / pd.Timedelta(days=1)
        rate = decay.get(determinand)
        for run, rate_of_run in _runs(rate):
            rows.append(
                {
                    "scope": scope.name,
                    "determinand": determinand,
                    "period": period,
                    "start": start,
                    "end": end,
                    "run": run,
                    **_row(terms, scope, rate_of_run, water_temperature_c, days),
                }
            )
    return LOAD_BALANCES.frame(
        {name: [row[name] for row in rows] for name in LOAD_BALANCES.columns}
    )


def net_contribution_text(row: Mapping[str, Any]) -> str:
    """Net contribution of one row of LOAD_BALANCES in words: never the number without its mark.

    Source
    ------
    Project rule: a decoupled net is marked wherever it is shown.
    """
    if row["status"] == "insufficient":
        return f"— （{row['reason']}）"
    text = f"{row['net_t']:.4g} t [{row['lower']:.4g}, {row['upper']:.4g}]"
    return f"【水库调蓄，非净贡献 decoupled】{text}" if row["status"] == "decoupled" else text


@dataclass(frozen=True, slots=True)
class _Terms:
    """Loads of a cell and their draws by section; ``lacking`` names those without."""

    load_t: dict[str, float]
    drawn_t: dict[str, npt.NDArray[np.float64]]
    lacking: tuple[str, ...]


def _terms(
    group: pd.DataFrame,
    draws: xr.DataArray,
    scope: BalanceScope,
    determinand: str,
    start: pd.Timestamp,
) -> _Terms:
    known = dict(zip(group["section"], group["load_t"], strict=True))
    wanted = [*(one.section for one in scope.inflows), *scope.outlets]
    lacking = tuple(name for name in wanted if not np.isfinite(known.get(name, NAN)))
    held = [name for name in wanted if name in draws["section"].to_numpy().tolist()]
    at = {"determinand": determinand, "time": start.to_datetime64()}
    drawn = {name: draws.sel(section=name, **at).to_numpy() for name in held}
    return _Terms(known, drawn, lacking)


def _runs(rate: DecayRate | None) -> list[tuple[str, DecayRate | None]]:
    if rate is None:
        return [("central", None)]
    others = [rate.model_copy(update={"k_20_per_day": k}) for k in rate.sensitivity_per_day]
    return [("central", rate), *(("sensitivity", one) for one in others)]


def _row(
    terms: _Terms, scope: BalanceScope, rate: DecayRate | None, temperature_c: float, days: float
) -> dict[str, Any]:
    """The figures of one determinand, period and rate."""
    k_20 = rate.k_20_per_day if rate else 0.0
    is_warm = np.isfinite(temperature_c)
    k = rate_at(rate, temperature_c if is_warm else REFERENCE_C) if rate else 0.0
    left = {one.section: _left(one, k) for one in scope.inflows}
    entered = [terms.load_t.get(one.section, NAN) for one in scope.inflows]
    arrived = sum(terms.load_t.get(name, NAN) * share for name, share in left.items())
    out = sum(terms.load_t.get(name, NAN) for name in scope.outlets)
    figures = {
        "k_20_per_day": k_20,
        "k_per_day": k,
        "load_in_t": _sum_of(terms, scope.inflows, "border"),
        "load_tributary_t": _sum_of(terms, scope.inflows, "tributary"),
        "decay_t": sum(entered) - arrived,
        "net_t": out - arrived,
        "load_out_t": out,
    }
    reasons = _reasons(terms, scope, rate, is_warm=bool(is_warm), days=days)
    status = "decoupled" if scope.is_decoupled else "coupled"
    if terms.lacking:
        status, figures["net_t"], figures["decay_t"] = "insufficient", NAN, NAN
    spread = _spread(terms, left, scope.outlets) if not terms.lacking else _NO_SPREAD
    return {**figures, **spread, "status": status, "reason": "；".join(reasons)}


def _left(inflow: Inflow, k_per_day: float) -> float:
    return 1.0 if inflow.travel_time_d is None else delivered_share(k_per_day, inflow.travel_time_d)


def _sum_of(terms: _Terms, inflows: Sequence[Inflow], kind: str) -> float:
    return float(sum(terms.load_t.get(one.section, NAN) for one in inflows if one.kind == kind))


_NO_SPREAD = {"lower": NAN, "upper": NAN, "standard_error_t": NAN, "probability_positive": NAN}


def _spread(terms: _Terms, left: Mapping[str, float], outlets: Sequence[str]) -> dict[str, float]:
    """95 % of the net from the draws; NaN where some load has no draws."""
    shares = {**{name: -share for name, share in left.items()}, **dict.fromkeys(outlets, 1.0)}
    if not all(name in terms.drawn_t for name in shares):
        return _NO_SPREAD
    net = sum(share * terms.drawn_t[name] for name, share in shares.items())
    if not np.isfinite(net).all():
        return _NO_SPREAD
    lower, upper = np.quantile(net, _QUANTILES)
    return {
        "lower": float(lower),
        "upper": float(upper),
        "standard_error_t": float(np.std(net, ddof=1)),
        "probability_positive": float(np.mean(net > 0)),
    }


def _reasons(
    terms: _Terms, scope: BalanceScope, rate: DecayRate | None, *, is_warm: bool, days: float
) -> list[str]:
    reasons: list[str] = []
    if terms.lacking:
        places = ", ".join(terms.lacking)
        reasons.append(f"缺通量：{places} / no load at {places}")
    pools = "、".join(dict.fromkeys(pool for one in scope.inflows for pool in one.reservoirs))
    if pools:
        reasons.append(DECOUPLED.format(pools=pools))
    if rate is None:
        reasons.append(CONSERVED)
    else:
        doubt = f"（{CONFIDENCE_ZH['unverified']}）" if rate.is_unverified else ""
        reasons.append(
            f"K₂₀={rate.k_20_per_day:g}/d，θ={rate.theta:g}{doubt}；来源 source: {rate.source.strip()}"
        )
        unknown = [one.section for one in scope.inflows if one.travel_time_d is None]
        if unknown:
            reasons.append(NO_TRAVEL_TIME.format(places=", ".join(unknown)))
        if not is_warm:
            reasons.append(NO_TEMPERATURE)
    if any((one.travel_time_d or 0.0) > _LONG_TRAVEL * days for one in scope.inflows):
        reasons.append(LONG_TRAVEL)
    return [*reasons, scope.caveat] if scope.caveat else reasons
