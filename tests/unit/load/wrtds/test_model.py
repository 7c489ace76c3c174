"""WRTDS node by node, as the papers tell it, against the batched form; and its properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import ContractError
from ecomon.load.tobit import Responses, fit_tobit
from ecomon.load.wrtds import (
    WrtdsModel,
    WrtdsSettings,
    fit_record,
    fit_wrtds,
    normalise_flow,
    normalise_flow_in_windows,
    read_record,
    wrtds_tables,
)
from ecomon.load.wrtds.surfaces import record_bounds

Tables = tuple[pd.DataFrame, pd.DataFrame]
SETTINGS = WrtdsSettings(min_obs=60, min_uncensored=30)
Point = tuple[float, float]


def fit_node(
    model: WrtdsModel, at: Point, bounds: Point, settings: WrtdsSettings, without: int | None = None
) -> tuple[int, float, float]:
    """Level, ln C and its error at one node, by the loop of Hirsch, Moyer and Archfield 2010."""
    record = model.record
    t, q = record.sample_dec_year, record.log_q[record.sample_row]
    year, log_q = at
    d = min(year - bounds[0], bounds[1] - year)
    h_y = settings.window_y
    h_y = 2 * h_y - d if settings.edge_adjust and d <= h_y else h_y
    h_q, h_s = settings.window_q, settings.window_s
    level = 0
    while True:
        apart = np.abs(t - year)
        season = np.minimum(np.ceil(apart) - apart, apart - np.floor(apart))
        weights = np.ones(len(t))
        for distance, width in ((apart, h_y), (np.abs(q - log_q), h_q), (season, h_s)):
            weights *= np.where(distance < width, (1 - (distance / width) ** 3) ** 3, 0.0)
        if without is not None:
            weights[without] = 0.0
        has = weights > 0
        if (
            has.sum() >= settings.min_obs
            and (has & record.is_exact).sum() >= settings.min_uncensored
        ):
            break
        level += 1
        h_y, h_q, h_s = 1.1 * h_y, 1.1 * h_q, min(1.1 * h_s, 0.5)
    turn = 2 * np.pi
    rows = np.column_stack([np.ones_like(t), t, q, np.sin(turn * t), np.cos(turn * t)])
    with np.errstate(divide="ignore"):
        responses = Responses(np.log(record.lower), np.log(record.upper))
    fits = fit_tobit(rows, responses, weights=weights[None])
    x = np.array([1.0, year, log_q, np.sin(turn * year), np.cos(turn * year)])
    return level, float(x @ fits.coefficients[0]), float(fits.sigma[0])


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, WrtdsSettings(window_y=2, window_q=0.7, window_s=0.2, min_obs=60, min_uncensored=30, edge_adjust=False)],
    ids=["defaults", "narrow"],
)  # fmt: skip
def test_nodes_and_leave_one_out_against_the_loop(tables: Tables, settings: WrtdsSettings) -> None:
    model = fit_record(read_record(*tables), settings)
    fits, record = model.grid_fits, model.record
    bounds = record_bounds(record, settings)
    for i, j in ((0, 0), (6, 3), (13, 70), (4, 100), (9, 144)):
        at = float(fits.grid.dec_year[j]), float(fits.grid.log_q[i])
        level, y_hat, se = fit_node(model, at, bounds, settings)
        assert fits.level[i, j] == level
        assert fits.y_hat[i, j] == pytest.approx(y_hat, abs=1e-8)
        assert fits.se[i, j] == pytest.approx(se, rel=1e-8)
    days = float(record.dec_year[0]), float(record.dec_year[-1])
    for row in (0, 50, 100, record.n_samples - 1):
        at = float(record.sample_dec_year[row]), float(record.log_q[record.sample_row[row]])
        _, y_hat, se = fit_node(model, at, days, settings, without=row)
        assert model.validation.y_hat[row] == pytest.approx(y_hat, abs=1e-8)
        assert model.validation.se[row] == pytest.approx(se, rel=1e-8)


def test_widening_is_recorded_and_extrapolation_flagged(model: WrtdsModel) -> None:
    nodes = model.nodes
    assert set(nodes["status"]) == {"fitted"}
    assert nodes["level"].min() == 0 and nodes["level"].max() > 0
    sampled = model.record.log_q[model.record.sample_row]
    outside = nodes.loc[nodes["is_outside_sampled"], "LogQ"]
    inside = nodes.loc[~nodes["is_outside_sampled"], "LogQ"]
    assert outside.min() < sampled.min() and outside.max() > sampled.max()
    assert inside.between(sampled.min(), sampled.max()).all()
    assert 0 < model.estimates.is_outside_sampled.mean() < 0.2


def test_concentration_scales_with_its_unit(tables: Tables, model: WrtdsModel) -> None:
    daily, sample = tables
    thousand = sample.assign(ConcLow=sample["ConcLow"] * 1000, ConcHigh=sample["ConcHigh"] * 1000)
    other = fit_wrtds(daily, thousand, SETTINGS)
    for name in ("ConcDay", "FluxDay", "FNConc", "FNFlux", "GenConc", "GenFlux"):
        assert other.daily[name].to_numpy() == pytest.approx(
            1000 * model.daily[name].to_numpy(), rel=1e-7
        )


def test_flux_scales_with_discharge(tables: Tables, model: WrtdsModel) -> None:
    daily, sample = tables
    other = fit_wrtds(daily.assign(Q=daily["Q"] / 1000), sample, SETTINGS)
    assert other.daily["GenConc"].to_numpy() == pytest.approx(model.daily["GenConc"], rel=1e-7)
    assert other.daily["GenFlux"].to_numpy() == pytest.approx(
        model.daily["GenFlux"] / 1000, rel=1e-7
    )


def test_kalman_passes_through_exact_samples(model: WrtdsModel) -> None:
    record = model.record
    sampled = model.daily["GenConc"].to_numpy()[record.sample_row]
    exact = record.is_exact
    assert sampled[exact] == pytest.approx(record.lower[exact], rel=1e-12)
    assert (sampled[~exact] <= record.upper[~exact]).all()
    assert (sampled[~exact] >= record.lower[~exact]).all()


def test_discharge_that_repeats_every_year_is_its_own_normal(tables: Tables) -> None:
    daily, sample = tables
    calendar = daily["Date"].dt.strftime("%m-%d")
    pattern = daily["Q"].groupby(calendar).transform("first")
    pattern[calendar == "02-29"] = pattern[calendar == "02-28"].iloc[0]
    model = fit_wrtds(daily.assign(Q=pattern), sample, SETTINGS)
    assert model.normalised.conc == pytest.approx(model.estimates.conc, rel=1e-9)
    assert model.normalised.flux_kg_day == pytest.approx(model.estimates.flux_kg_day, rel=1e-9)


def test_windows_of_flow_normalisation(model: WrtdsModel) -> None:
    record, surfaces = model.record, model.grid_fits
    everything = normalise_flow_in_windows(record, surfaces, side_years=30)
    assert everything.conc == pytest.approx(normalise_flow(record, surfaces).conc, rel=1e-12)
    # The mean over one water year's own discharge is the day's own estimate (but 28/29 February).
    own = normalise_flow_in_windows(record, surfaces, side_years=0)
    month_day = record.day.astype(str)
    is_plain = np.array([not text.endswith(("02-28", "02-29")) for text in month_day])
    assert own.flux_kg_day[is_plain] == pytest.approx(
        model.estimates.flux_kg_day[is_plain], rel=1e-9
    )
    # Three years around 2013-07: by hand over the three discharges of that calendar day.
    three = normalise_flow_in_windows(record, surfaces, side_years=1)
    at = np.flatnonzero(month_day == "2013-07-09")[0]
    years = [np.flatnonzero(month_day == f"{year}-07-09")[0] for year in (2012, 2013, 2014)]
    j = np.searchsorted(surfaces.grid.dec_year, record.dec_year[at]) - 1
    share = (record.dec_year[at] - surfaces.grid.dec_year[j]) * 16
    today = surfaces.conc[:, j] * (1 - share) + surfaces.conc[:, j + 1] * share
    by_hand = np.mean([np.interp(record.log_q[row], surfaces.grid.log_q, today) for row in years])
    assert three.conc[at] == pytest.approx(by_hand, rel=1e-9)
    with pytest.raises(ContractError, match="side_years"):
        normalise_flow_in_windows(record, surfaces, side_years=-1)


def test_years_are_water_years_with_enough_days(tables: Tables) -> None:
    daily, sample = tables
    annual = wrtds_tables(daily, sample, SETTINGS)["annual"]
    # 2010 lacks its October to December, 2019 has nothing else.
    assert annual["WaterYear"].tolist() == list(range(2011, 2019))
    first = daily["Date"].between("2010-10-01", "2011-09-30")
    assert annual["Q"].iloc[0] == pytest.approx(daily.loc[first, "Q"].mean(), rel=1e-12)
    assert annual["Flux_1e6kg_yr"].iloc[0] == pytest.approx(annual["Flux"].iloc[0] * 365.25e-6)


@pytest.mark.parametrize(
    "wrong",
    [{"window_q": 0.0}, {"min_obs": 0}, {"min_uncensored": 101}, {"time_bounds": "calendar"}],
)
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        WrtdsSettings(**wrong)
