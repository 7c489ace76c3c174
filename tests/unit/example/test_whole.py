"""The whole basin: routes, loads, a spill's mass, labels of faults, and the same octets again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import ContractError
from ecomon.example.whole import Places, Plan, Simulated, find_arrivals, read_spill, simulate_whole
from ecomon.example.whole.chemistry import simulate_chemistry, true_loads
from ecomon.example.whole.discharge import Rainfall, simulate_waters, trace_terms
from ecomon.example.whole.draws import window_of
from ecomon.example.whole.gauging import curves_of
from ecomon.example.whole.sensors import differs
from ecomon.example.whole.spill import follow_spill, spill_flux_g_s
from ecomon.model.period import Period
from ecomon.registry import Registry

JUNE = Period.month(2024, 6)
FEEDS_BUT_AIR = ("water", "discharge", "reservoir", "rain", "samples")


def octets(months: list[Simulated]) -> dict[str, bytes]:
    return {f"{one.feed}/{one.name}": one.octets for month in months for one in month.deliveries}


def test_every_place_of_the_registry_is_on_the_water(places: Places, registry: Registry) -> None:
    expected = {*registry.sections, *registry.gauges, *registry.reservoirs}
    assert set(places.points) == expected
    order = list(places.points)
    for point in places.points.values():
        if point.downstream:
            assert order.index(point.id) < order.index(point.downstream)
            assert point.travel_h > 0 and point.wave_h >= 1


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("bamiaogou", "xiwan-intake"), ("yaodu", "juguocun"), ("juguocun", "zhaohua-guzhen"),
        ("nandu", "shangshipan"), ("guandu", "beiwenquan"), ("taihe", "beiwenquan"),
    ],
)  # fmt: skip
def test_water_runs_as_the_registry_links_it(places: Places, above: str, below: str) -> None:
    assert below in [one.id for one in places.path(above)]


def test_discharge_is_the_sum_of_all_above_and_storms_come_later_below(places: Places) -> None:
    for point in places.points.values():
        total = point.local_m3_s + sum(places.points[one].mean_m3_s for one in point.upstream)
        assert point.mean_m3_s == pytest.approx(total)
    window = window_of(Period.month(2024, 7))  # the storm of 2024-07-05 on the upper Jialing
    waters = simulate_waters(places, Rainfall(4), window, trace_terms(places))
    peaks = [
        int(waters.discharge[one][window.lead_h :].argmax()) for one in ("bamiaogou", "shangshipan")
    ]
    way = places.path("bamiaogou")
    names = [one.id for one in way]
    waves = sum(one.wave_h for one in way[: names.index("shangshipan")])
    assert 0 < peaks[1] - peaks[0] <= waves + 6


def test_a_drought_and_dry_headwaters(places: Places) -> None:
    traced, rainfall = trace_terms(places), Rainfall(5)
    dry = 0
    for month in (1, 2, 3):
        waters = simulate_waters(places, rainfall, window_of(Period.month(2024, month)), traced)
        assert all(course.min() >= 0.0 for course in waters.discharge.values())
        dry += sum(int(mask.sum()) for mask in waters.is_dry.values())
        assert all((waters.discharge[one][mask] == 0).all() for one, mask in waters.is_dry.items())
    assert dry > 0


def test_a_reservoir_keeps_what_it_does_not_let_out(places: Places) -> None:
    window = window_of(JUNE)
    waters = simulate_waters(places, Rainfall(5), window, trace_terms(places))
    name = "baozhusi-shuiku"
    # Without the day's peaking: means of whole days.
    shape = (-1, 24)
    out = waters.discharge[name].reshape(shape).mean(axis=1)
    into = waters.inflow[name].reshape(shape).mean(axis=1)
    gained = np.diff(waters.storage_hm3[name][::24])
    np.testing.assert_allclose(gained, ((into - out) * 86400e-6)[:-1], rtol=0.12, atol=0.35)


def test_the_true_load_is_the_integral_of_concentration_and_discharge(
    places: Places, simulate: Callable[..., list[Simulated]]
) -> None:
    window = window_of(JUNE)
    waters = simulate_waters(places, Rainfall(7), window, trace_terms(places))
    chemistry = simulate_chemistry(places, waters, window, 7)
    row = chemistry.sections.index("bamiaogou")
    total_t = 0.0
    for at in range(window.lead_h, window.hours.size):
        grams = chemistry.values["TN"][row, at] * chemistry.discharge[row, at] * 3600.0
        total_t += float(grams) / 1e6
    (month,) = simulate("2024-06", feeds=("samples",), sites=("bamiaogou",))
    told = month.loads.set_index("determinand").loc["TN"]
    assert told["load_t"] == pytest.approx(total_t, rel=1e-12)
    assert told["is_border"] and told["hours"] == 720
    days = [Period(datetime(2024, 6, day), datetime(2024, 6, day + 10)) for day in (1, 11)]
    parts = [float(true_loads(chemistry, window, one)["TN"][row]) for one in days]
    rest = float(true_loads(chemistry, window, Period(datetime(2024, 6, 21), JUNE.end))["TN"][row])
    assert sum(parts) + rest == pytest.approx(total_t, rel=1e-12)


def test_a_spill_keeps_its_mass_and_arrives_as_the_truth_says(places: Places) -> None:
    spill = read_spill("baishuijiang@2024-06-03T08:00:TL:40")
    hours = np.datetime64(spill.at, "h") + np.arange(60 * 24).astype("timedelta64[h]")
    arrivals = find_arrivals(places, spill).set_index("place")
    for passage in follow_spill(places, spill):
        if passage.place in ("baishuijiang", "bamiaogou", "xiwan-intake", "shangshipan"):
            flux = spill_flux_g_s(spill, passage, hours)
            passed_kg = np.cumsum(flux) * 3.6
            assert passed_kg[-1] == pytest.approx(40.0, rel=1e-9)
            told = arrivals.loc[passage.place]
            first = int(np.searchsorted(hours, np.datetime64(told["arrives_at"])))
            assert passed_kg[first] >= 0.4 > (passed_kg[first - 1] if first else 0.0)
    # Registry, thallium of January 2021: the front took about 20 h over the 58 km to the intake.
    taken = arrivals.loc["xiwan-intake", "peaks_at"] - arrivals.loc["bamiaogou", "peaks_at"]
    assert 18 <= taken / pd.Timedelta(1, "h") <= 24
    spread = (arrivals["passed_at"] - arrivals["arrives_at"]) / pd.Timedelta(1, "h")
    assert (np.diff(spread) >= -1.0).all() and (np.diff(arrivals["peak_flux_g_s"]) <= 1e-12).all()


def test_a_spill_of_ammonia_is_seen_by_the_stations_and_loses_mass(
    simulate: Callable[..., list[Simulated]],
) -> None:
    spill = "bamiaogou@2024-06-10T08:00:NH3N:20000"
    options = {
        "feeds": ("water",),
        "sites": ("bamiaogou", "shangshipan"),
        "has_sensor_faults": False,
    }
    (plain,) = simulate("2024-06", **options)
    (spilt,) = simulate("2024-06", spills=(read_spill(spill),), **options)
    key = ["file", "row", "site", "determinand", "start"]
    both = plain.readings.merge(spilt.readings, on=key)
    added = both[both["true_value_y"] != both["true_value_x"]]
    assert set(added["determinand"]) == {"NH3N"} and set(added["site"]) == {"bamiaogou", "shangshipan"}  # fmt: skip
    assert (added["true_value_y"] > added["true_value_x"]).all()


def test_labels_are_where_what_was_reported_differs(june: Simulated) -> None:
    readings = june.readings[
        june.readings["feed"].isin(["cnemc-water", "st-river-r", "china-sites"])
    ]
    assert {"spike", "flat_line", "provisional"} <= set(june.faults["kind"])
    moved = differs(readings["reported_value"].to_numpy(), readings["sound_value"].to_numpy())
    rated = readings["determinand"] == "DISCHARGE"  # true discharge has no sound instrument
    assert not moved[(readings["fault"] == "") & ~rated].any()
    sound = readings[~moved & (readings["fault"] != "") & ~rated]
    # Inside an interval a reading may happen to be right; its ends never are.
    faults = june.faults[june.faults["kind"] != "outage"]
    for fault in faults.itertuples():
        keys = readings["determinand"] == fault.determinand if fault.determinand else ~rated
        part = readings[keys & (readings["site"] == fault.site)]
        part = part[(part["start"] >= fault.start) & (part["start"] < fault.end)]
        part = part[~part["file"].str.contains("revised")]
        wrong = part[differs(part["reported_value"].to_numpy(), part["sound_value"].to_numpy())]
        assert wrong["start"].min() == fault.start and wrong["start"].max() == part["start"].max()
        assert (part["fault"] == fault.kind).all()
    assert len(sound) < 0.25 * (readings["fault"] != "").sum()


def test_fault_rows_name_file_and_lines(june: Simulated) -> None:
    assert set(june.fault_rows["fault_id"]) <= set(june.faults["fault_id"])
    for one in june.fault_rows.head(60).itertuples():
        part = june.readings[(june.readings["file"] == one.file) & (june.readings["fault"] != "")]
        assert {one.first_row, one.last_row} <= set(part["row"])


def test_without_faults_everything_is_sound(simulate: Callable[..., list[Simulated]]) -> None:
    (month,) = simulate("2024-06-01/2024-06-05", has_sensor_faults=False, is_late=False)
    assert month.faults.empty and (month.readings["fault"] == "").all()
    assert not any(".late" in one.name or ".revised" in one.name for one in month.deliveries)


def test_a_month_alone_is_that_month_of_the_whole(simulate: Callable[..., list[Simulated]]) -> None:
    whole = octets(simulate("2024-06/2024-07", feeds=FEEDS_BUT_AIR))
    alone = octets(simulate("2024-07", feeds=FEEDS_BUT_AIR))
    assert alone and all(whole[name] == one for name, one in alone.items())
    few = octets(
        simulate("2024-07", sites=("bamiaogou", "xindianzi"), feeds=("water", "discharge"))
    )
    line = next(one for one in few["cnemc-water/示例-water-2024-07.csv"].split(b"\r\n") if "八庙沟".encode() in one)  # fmt: skip
    assert line in whole["cnemc-water/示例-water-2024-07.csv"]


def test_a_day_of_air_alone_is_that_day_of_the_month(
    june: Simulated, simulate: Callable[..., list[Simulated]]
) -> None:
    alone = octets(
        simulate("2024-06-12/2024-06-13", feeds=("air",), sites=("laocheng", "heishipo"))
    )
    whole = octets([june])
    assert len(alone) == 2 and all(whole[name] == one for name, one in alone.items())


def test_the_same_seed_gives_the_same_octets_and_another_seed_others(
    simulate: Callable[..., list[Simulated]],
) -> None:
    one, again, other = (octets(simulate("2024-06-01/2024-06-10", seed=seed)) for seed in (7, 7, 8))
    assert one == again
    shared = [name for name in one if name in other]
    assert shared and all(one[name] != other[name] for name in shared)


def test_ratings_shift_with_floods_and_are_in_force_by_time(places: Places) -> None:
    curves = curves_of(places.points["xindianzi"], 7, datetime(2026, 1, 1))
    assert len(curves) > 3
    begins = [one.begins_at for one in curves]
    assert begins == sorted(begins)
    discharge = np.array([50.0, 180.0, 2000.0])
    for one in curves:
        np.testing.assert_allclose(one.discharge_m3_s(one.stage_m(discharge)), discharge)


def test_winter_freezes_the_headwater_and_brings_episodes(places: Places) -> None:
    kinds: set[str] = set()
    plan = Plan(Period.parse("2024-01"), 5, ("huangniupu", "laocheng"), ("water", "air"), False)
    for month in simulate_whole(places, plan):
        kinds |= set(month.events["kind"])
        frozen = month.events[month.events["kind"] == "frozen"]
        water = month.readings[month.readings["site"] == "huangniupu"]
        for one in frozen.itertuples():
            inside = water[(water["start"] >= one.start) & (water["start"] < one.end)]
            assert inside["reported_value"].isna().all()
    assert {"frozen", "air_episode"} <= kinds


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": -1}, "not negative"), ({"sites": ("atlantis",)}, "atlantis"),
        ({"feeds": ("wine",)}, "wine"), ({"period": Period.parse("2001-01")}, "begins in 2013"),
        ({"period": Period(datetime(2024, 1, 1, 5), datetime(2024, 1, 3))}, "whole days"),
        ({"spills": (read_spill("xindianzi@2024-06-03:TL:4"),)}, "begins at a section"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_said(
    places: Places, changes: dict[str, object], words: str
) -> None:
    plan = {"period": JUNE, "seed": 1, "sites": ("bamiaogou",), **changes}
    with pytest.raises(ContractError, match=words):
        next(simulate_whole(places, Plan(**plan)))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "text", ["", "yaodu", "yaodu@soon:TL:3", "yaodu@2024-06-03:TL:-3", "yaodu@2024-06-03:TL:0"]
)
def test_a_spill_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ContractError, match="spill"):
        read_spill(text)
