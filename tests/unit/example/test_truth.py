from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from ecomon.errors import ContractError
from ecomon.example import Basin, simulate_basin, true_exceedances, true_monthly_loads
from ecomon.example.profile import LOAD_DETERMINANDS
from ecomon.model.period import Period


def test_a_constant_river_carries_what_the_hand_computes() -> None:
    """2 mg/L in 100 m3/s through January: 2 x 100 x 31 x 86 400 / 1e6 = 535.68 t."""
    basin = simulate_basin(Period.month(2025, 1), seed=1, sites=["yaodu"])
    truth = xr.full_like(basin.truth, 2.0)
    truth["DISCHARGE"] = xr.full_like(truth["DISCHARGE"], 100.0)
    loads = true_monthly_loads(replace(basin, truth=truth))
    assert loads["load_t"].to_numpy() == pytest.approx(np.full(len(LOAD_DETERMINANDS), 535.68))
    assert loads["volume_m3"].to_numpy() == pytest.approx(np.full(4, 267_840_000.0))
    assert set(loads["period"]) == {"2025-01"}


def test_monthly_loads_sum_to_the_sum_over_all_hours(basin: Basin) -> None:
    loads = true_monthly_loads(basin)
    assert len(loads) == 10 * 4 * 36
    for determinand in LOAD_DETERMINANDS:
        hourly = basin.truth[determinand] * basin.truth["DISCHARGE"] * 3600.0 / 1e6
        whole = hourly.sum("time").to_series()
        mine = loads[loads["determinand"] == determinand].groupby("section")["load_t"].sum()
        assert mine.to_dict() == pytest.approx(whole.to_dict())
    one = loads.query("section == 'bamiaogou' and determinand == 'TP' and period == '2024-07'")
    july = basin.truth.sel(section="bamiaogou", time="2024-07")
    by_hand = sum(
        c * q * 3600 / 1e6
        for c, q in zip(july["TP"].to_numpy(), july["DISCHARGE"].to_numpy(), strict=True)
    )
    assert one["load_t"].item() == pytest.approx(by_hand)


@pytest.mark.parametrize("section", ["bamiaogou", "yaodu"])
@pytest.mark.parametrize("seed", [1, 2, 3, 2025])
def test_some_months_of_flood_exceed_class_ii_phosphorus_at_the_borders(
    section: str, seed: int
) -> None:
    basin = simulate_basin(seed=seed, sites=[section])
    loads = true_monthly_loads(basin)
    above = loads[(loads["determinand"] == "TP") & (loads["concentration_mg_l"] > 0.1)]
    assert 1 <= len(above) <= 18
    assert set(above["start"].dt.month) <= {5, 6, 7, 8, 9, 10}


def test_exceedances_are_the_releases_and_are_unbroken(basin: Basin) -> None:
    found = true_exceedances(basin, {"NH3N": 0.5, "TL": 1e-4})
    assert list(found["site"]) == ["yaodu", "bamiaogou", "xiwan-intake"]
    assert found["hours"].iloc[0] == pytest.approx(48, abs=6)
    assert (found["peak"] > found["limit"]).all()
    span = (found["end"] - found["start"]).dt.total_seconds() / 3600
    assert (span == found["hours"]).all()


def test_no_exceedance_is_an_empty_table_with_its_columns(basin: Basin) -> None:
    found = true_exceedances(basin, {"TP": 1e9})
    assert found.empty and "peak" in found.columns
    with pytest.raises(ContractError, match="HG"):
        true_exceedances(basin, {"HG": 1.0})
