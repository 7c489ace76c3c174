"""Real answers and archives of the national air publication, row by row."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.decode.cnemc_air import decode
from ecomon.journey.read_readings import FEEDS, read_readings
from ecomon.model.observation import Batch, Rejected
from ecomon.registry import Registry, read_registry

LIVE = "data/cnemc/cnemc_air_live_2018-02-20T07_basin.csv"
HOURLY = "data/cnemc/cnemc_air_hourly_2022-01-05T20_basin.csv"
FIELDS = {
    "PM25": "pm2_5", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO_AIR": "co", "O3": "o3_24h",
}  # fmt: skip
"""The field each determinand stands in; ozone's labels are exchanged in both archives."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


def decoded(path: Path, registry: Registry) -> tuple[pd.DataFrame, list[Rejected], dict[str, int]]:
    items = list(decode([path.read_bytes()], registry.determinands))
    batches = [item for item in items if isinstance(item, Batch)]
    table = pd.concat([one.observations for one in batches], ignore_index=True)
    rejected = [item for item in items if isinstance(item, Rejected)]
    return table, rejected, batches[0].quirks


@pytest.mark.parametrize(
    ("name", "start"), [(LIVE, datetime(2018, 2, 20, 6)), (HOURLY, datetime(2022, 1, 5, 19))]
)
def test_an_archive_is_read_cell_by_cell(
    name: str, start: datetime, shared: Path, registry: Registry
) -> None:
    table, rejected, quirks = decoded(shared / name, registry)
    with (shared / name).open(encoding="utf-8-sig", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    values = {(one.row, one.determinand): one.value for one in table.itertuples()}
    for number, row in enumerate(rows, 1):
        for determinand, field in FIELDS.items():
            value = values.pop((number, determinand))
            text = row[field]
            assert np.isnan(value) if text in ("", "-;") else value == float(text)
    assert not values
    assert not rejected
    assert set(table["site"]) == {row["stationcode"] for row in rows}
    assert table["start"].unique().tolist() == [start]
    assert quirks["O3 and O3_24h exchanged"] == sum(
        float(row["o3"]) > float(row["o3_24h"]) for row in rows
        if row["o3"] not in ("", "-;") and row["o3_24h"] not in ("", "-;")
    )  # fmt: skip


def test_the_shapes_of_the_live_services(shared: Path, registry: Registry) -> None:
    folder = shared / "data/formats/cnemc_air"
    table, rejected, _ = decoded(folder / "history_point_shape.json", registry)
    values = dict(zip(table["determinand"], table["value"], strict=True))
    assert np.isnan(values.pop("PM25"))
    assert values == {"PM10": 60.0, "SO2": 3.0, "NO2": 21.0, "CO_AIR": 0.6, "O3": 92.0}
    assert table["start"].unique().tolist() == [datetime(2024, 10, 31, 23)]
    assert not rejected
    table, rejected, _ = decoded(folder / "station_object_provincial_real.json", registry)
    assert table["value"].tolist() == [5.0, 14.0, 9.0, 10.0, 1.131, 73.0]
    assert table["site"].unique().tolist() == ["1146A"]
    assert table["start"].unique().tolist() == [datetime(2017, 7, 8, 13)]
    assert not rejected


def test_our_own_stations_are_found_by_their_codes(shared: Path, registry: Registry) -> None:
    items = list(read_readings(FEEDS["cnemc-air"], [(shared / HOURLY).read_bytes()], registry))
    (batch,) = [item for item in items if isinstance(item, Batch)]
    sites = set(batch.observations["site"])
    assert len(sites) == 34  # every station of the basin's cities is registered
    assert {"heishipo", "laocheng", "jiancezhan"} <= sites <= registry.air_sites.keys()
    assert not [item for item in items if isinstance(item, Rejected)]
