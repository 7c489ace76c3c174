from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ecomon.example import Basin
from ecomon.example.faults import SERIES_FAULTS, STATION_FAULTS
from ecomon.example.profile import BEHAVIOURS
from ecomon.example.scenario import AMMONIA


def _cut(basin: Basin, fault: object, source: str = "readings") -> np.ndarray:
    dataset = getattr(basin, source).sel(section=fault.site)[fault.determinand]  # type: ignore[attr-defined]
    inside = (dataset["time"] >= np.datetime64(fault.start)) & (  # type: ignore[attr-defined]
        dataset["time"] < np.datetime64(fault.end)  # type: ignore[attr-defined]
    )
    return dataset.to_numpy()[inside.to_numpy()]


def _of_kind(basin: Basin, kind: str) -> list[object]:
    table = basin.faults[basin.faults["kind"] == kind]
    assert len(table) > 5, kind
    return list(table.itertuples())


def test_every_kind_of_fault_occurs_and_is_labelled(basin: Basin) -> None:
    assert set(basin.faults["kind"]) == {*SERIES_FAULTS, *STATION_FAULTS}
    whole_station = basin.faults["determinand"] == ""
    assert set(basin.faults.loc[whole_station, "kind"]) == set(STATION_FAULTS)
    span = (basin.faults["end"] - basin.faults["start"]) / pd.Timedelta(4, "h")
    assert (span == basin.faults["n_readings"]).all()


def test_spikes_stand_far_above_the_truth(basin: Basin) -> None:
    for fault in _of_kind(basin, "spike"):
        true = _cut(basin, fault, "truth")[0]
        assert _cut(basin, fault)[0] > 1.25 * true - 10.0 ** -BEHAVIOURS[fault.determinand].decimals  # type: ignore[attr-defined]


def test_flat_lines_hold_one_value(basin: Basin) -> None:
    for fault in _of_kind(basin, "flat_line"):
        part = _cut(basin, fault)
        assert part.size >= 10 and np.unique(part).size == 1


def test_drifts_end_far_out(basin: Basin) -> None:
    for fault in _of_kind(basin, "drift"):
        last = _cut(basin, fault)[-1]
        assert last > 1.5 * np.max(_cut(basin, fault, "truth")[-4:])


def test_negative_readings_are_negative(basin: Basin) -> None:
    for fault in _of_kind(basin, "negative"):
        assert _cut(basin, fault)[0] < 0


def test_silent_stations_report_nothing(basin: Basin) -> None:
    for kind, mask in (("maintenance", "is_maintained"), ("outage", "is_reported")):
        labelled = sum(fault.n_readings for fault in _of_kind(basin, kind))  # type: ignore[attr-defined]
        counted = basin.readings[mask].to_numpy()
        counted = counted if kind == "maintenance" else ~counted
        assert counted.sum() == labelled
        assert np.isnan(basin.readings["TP"].to_numpy()[counted]).all()


def test_without_a_fault_a_reading_is_near_the_truth(basin: Basin) -> None:
    reading = basin.readings["CODMN"].sel(section="bamiaogou")
    faults = basin.faults
    mine = faults[(faults["site"] == "bamiaogou") & faults["determinand"].isin(["CODMN", ""])]
    sound = np.ones(reading.size, dtype=bool)
    times = reading["time"].to_numpy()
    for fault in mine.itertuples():
        sound &= ~((times >= np.datetime64(fault.start)) & (times < np.datetime64(fault.end)))
    true = basin.truth["CODMN"].sel(section="bamiaogou").to_numpy()[::4]
    ratio = reading.to_numpy()[sound] / true[sound]
    assert np.isfinite(ratio).all()
    assert np.abs(ratio - 1.0).max() < 0.25
    assert ratio.mean() == pytest.approx(1.0, abs=0.002)


def test_readings_below_detection_hold_the_limit(basin: Basin) -> None:
    for determinand, limit in (("NH3N", 0.025), ("TP", 0.005)):
        below = basin.readings[f"is_censored_{determinand}"].to_numpy()
        values = basin.readings[determinand].to_numpy()
        assert below.sum() > 100
        assert (values[below] == limit).all()
        assert not ((values[~below] >= 0) & (values[~below] < limit)).any()


def test_the_ammonia_release_is_seen_whole(basin: Basin) -> None:
    """A true event of about two days: at least ten readings in a row over class II (0.5 mg/L)."""
    start = np.datetime64(AMMONIA.start)
    reading = basin.readings["NH3N"].sel(section="yaodu")
    event = reading.sel(time=slice(start, start + np.timedelta64(72, "h"))).to_numpy()
    assert np.isfinite(event).all()
    assert (event > 0.5).sum() >= 10


def test_repeated_rows_are_rows_that_were_reported(basin: Basin) -> None:
    repeats = basin.readings["repeats"].to_numpy()
    assert 0.03 < (repeats > 0).mean() < 0.10 and repeats.max() <= 4
    assert basin.readings["is_reported"].to_numpy()[repeats > 0].all()
    assert (repeats[basin.readings["has_gap_copy"].to_numpy()] > 0).all()
