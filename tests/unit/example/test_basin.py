from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.example import Basin, simulate_basin
from ecomon.example.concentrations import saturation_mg_l
from ecomon.example.course import autoregression, hours_of, reservoir, shifted
from ecomon.example.profile import DETERMINANDS, GAUGE_PROFILES, SECTION_PROFILES
from ecomon.example.scenario import THALLIUM, Release, added_concentration
from ecomon.model.period import Period


def test_a_linear_reservoir_keeps_the_mass_that_enters_it() -> None:
    inflow = np.zeros(2000)
    inflow[0] = 7.0
    outflow = reservoir(inflow, 48.0)
    assert outflow.sum() == pytest.approx(7.0)
    assert outflow[48] / outflow[0] == pytest.approx(np.exp(-1.0))


def test_autoregression_has_unit_variance_and_forgets_in_its_memory() -> None:
    course = autoregression(np.random.default_rng(5).standard_normal(400_000), 24.0)
    assert course.std() == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(course[:-24], course[24:])[0, 1] == pytest.approx(np.exp(-1.0), abs=0.03)


def test_shifting_holds_the_ends() -> None:
    course = np.array([1.0, 2.0, 3.0, 4.0])
    assert shifted(course, 1).tolist() == [1.0, 1.0, 2.0, 3.0]
    assert shifted(course, -2).tolist() == [3.0, 4.0, 4.0, 4.0]


def test_oxygen_saturation_equals_the_printed_table() -> None:
    """Standard Methods 4500-O, table of solubility at 101.3 kPa: 0, 10, 20 and 30 degC."""
    printed = np.array([14.621, 11.288, 9.092, 7.559])
    found = saturation_mg_l(np.array([0.0, 10.0, 20.0, 30.0]))
    assert np.abs(found - printed).max() < 2e-3


def test_a_release_keeps_its_mass_and_arrives_after_distance_over_velocity() -> None:
    release = Release(
        "test", "TL", datetime(2025, 1, 2), 10.0, 2.0, {"below": 36.0}, velocity_m_s=1.0
    )
    hours = hours_of(Period(datetime(2025, 1, 1), datetime(2025, 1, 6)))
    added = added_concentration(release, "below", hours)
    # 36 km at 1 m/s are 10 h; a steady release of 10 h at 2.0 passes as 20 mg/L x h.
    assert added.sum() == pytest.approx(20.0, rel=0.02)
    assert (added[:25] == 0.0).all()
    centre = (np.arange(hours.size) * added).sum() / added.sum()
    assert centre == pytest.approx(24.0 + 10.0 + 5.0, abs=0.5)


def test_hours_run_from_midnight_to_midnight_only() -> None:
    assert hours_of(Period.day(2025, 1, 1)).size == 24
    with pytest.raises(ContractError, match="whole days"):
        hours_of(Period(datetime(2025, 1, 1, 6), datetime(2025, 1, 2)))


def test_the_same_seed_gives_the_same_basin_and_another_seed_another() -> None:
    quarter = Period.quarter(2025, 1)
    one, two = simulate_basin(quarter, seed=7), simulate_basin(quarter, seed=7)
    for name in ("truth", "readings", "gauges", "air", "release"):
        xr.testing.assert_identical(getattr(one, name), getattr(two, name))
    assert one.faults.equals(two.faults) and one.emergency.equals(two.emergency)
    other = simulate_basin(quarter, seed=8)
    assert not np.array_equal(one.truth["TP"], other.truth["TP"])


def test_what_happens_at_a_section_does_not_depend_on_the_others_kept(basin: Basin) -> None:
    part = simulate_basin(seed=2025, sites=["yaodu", "bamiaogou"])
    assert part.truth["section"].to_numpy().tolist() == ["bamiaogou", "yaodu"]
    for name in ("truth", "readings"):
        whole = getattr(basin, name).sel(section=["bamiaogou", "yaodu"])
        xr.testing.assert_identical(getattr(part, name), whole)
    assert set(part.faults["site"]) == {"bamiaogou", "yaodu"}


@pytest.mark.parametrize(
    ("changes", "said"), [({"seed": -1}, "seed"), ({"seed": 1, "sites": ["nowhere"]}, "nowhere")]
)
def test_wrong_arguments_are_told(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ContractError, match=said):
        simulate_basin(Period.day(2025, 1, 1), **changes)  # type: ignore[arg-type]


def test_the_truth_has_no_gaps_and_declares_its_units(basin: Basin) -> None:
    assert list(basin.truth.data_vars) == [*DETERMINANDS, "DISCHARGE"]
    assert basin.truth.sizes == {"section": 10, "time": 3 * 365 * 24 + 24}
    assert basin.readings.sizes == {"section": 10, "time": (3 * 365 + 1) * 6}
    for name, course in basin.truth.data_vars.items():
        assert np.isfinite(course.to_numpy()).all(), name
        assert (course.to_numpy() > 0.0).all(), name
        assert course.attrs["units"]
    assert basin.truth["time"].dtype == "datetime64[us]"


def test_discharge_keeps_the_regime_of_the_region(basin: Basin) -> None:
    discharge = basin.gauges["DISCHARGE"]
    summer = discharge.sel(time=discharge["time"].dt.month.isin([7, 8, 9])).mean("time")
    winter = discharge.sel(time=discharge["time"].dt.month.isin([12, 1, 2])).mean("time")
    for gauge, profile in GAUGE_PROFILES.items():
        assert float(discharge.sel(gauge=gauge).mean()) == pytest.approx(
            profile.mean_m3_s, rel=0.35
        )
        assert float(summer.sel(gauge=gauge)) > 2.0 * float(winter.sel(gauge=gauge))
    assert float(discharge.sel(gauge="xindianzi").max()) > 8 * 180.0
    july_flood = discharge.sel(gauge="xindianzi", time=slice("2024-07-05", "2024-07-12"))
    late_august = discharge.sel(gauge="xindianzi", time=slice("2024-08-25", "2024-09-05"))
    assert float(july_flood.max()) > 10.0 * float(late_august.mean())


def test_concentrations_answer_to_discharge_as_their_power_law_says(basin: Basin) -> None:
    log = np.log(basin.truth.sel(section="bamiaogou"))
    slope = {
        name: np.polyfit(log["DISCHARGE"].to_numpy(), log[name].to_numpy(), 1)[0]
        for name in ("TURB", "TP", "CODMN", "EC", "TN")
    }
    assert slope["TURB"] > slope["TP"] > slope["CODMN"] > 0.1 > abs(slope["TN"]) > slope["EC"]


def test_departures_travel_downstream(basin: Basin) -> None:
    """TN hardly answers to discharge: its departures at 八庙沟 reach 清风峡 nine hours later."""
    tn = np.log(basin.truth["TN"])
    above = tn.sel(section="bamiaogou").to_numpy()
    below = tn.sel(section="qingfengxia").to_numpy()
    lags = [
        np.corrcoef(above[50:-50], below[50 + lag : below.size - 50 + lag])[0, 1]
        for lag in range(-40, 41)
    ]
    assert abs(int(np.argmax(lags)) - 40 - SECTION_PROFILES["qingfengxia"].travel_h) <= 3
    assert max(lags) > 0.8


def test_thallium_passes_the_border_and_reaches_the_intake_a_day_later(basin: Basin) -> None:
    tl = basin.release["TL"]
    limit = 1e-4
    first = {
        site: tl["time"].to_numpy()[int((tl.sel(section=site) > limit).to_numpy().argmax())]
        for site in ("bamiaogou", "xiwan-intake")
    }
    travel = (first["xiwan-intake"] - first["bamiaogou"]) / np.timedelta64(1, "h")
    assert travel == pytest.approx(20.0, abs=1.0)
    assert float(tl.sel(section="xiwan-intake").max()) == pytest.approx(2 * limit, rel=0.02)
    assert first["bamiaogou"] >= np.datetime64(THALLIUM.start)
    seen = basin.emergency[basin.emergency["site"] == "xiwan-intake"]
    assert (seen["value"] > limit).sum() >= 20
    assert set(seen.loc[seen["is_censored"], "value"]) == {2e-5}


def test_a_period_without_the_release_holds_none_of_it() -> None:
    year = simulate_basin(Period.month(2023, 5), seed=3)
    assert year.release.sizes["time"] == 0
    assert year.emergency.empty


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**40), st.dates(datetime(2000, 1, 1).date(), datetime(2040, 1, 1).date()))
def test_any_seed_and_day_gives_physical_values(seed: int, day: object) -> None:
    one = simulate_basin(Period.parse(f"{day}"), seed=seed)
    for name in (*DETERMINANDS, "DISCHARGE"):
        course = one.truth[name].to_numpy()
        assert np.isfinite(course).all() and (course > 0).all()
    assert float(one.truth["PH"].max()) < 9.5 and float(one.truth["WT"].max()) < 40
    assert float((one.air["PM10"] - one.air["PM25"]).min()) >= 0
