"""The wide archive of the air publication: the shapes that were found, and one hour told twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ecomon.decode import air_wide, cnemc_air
from ecomon.journey.read_readings import ELSEWHERE, FEEDS, read_readings
from ecomon.model.observation import Batch, Rejected
from ecomon.registry import Registry, read_registry

HOURLY = "data/cnemc/cnemc_air_hourly_2022-01-05T20_basin.csv"
WIDE = "data/cnemc/china_sites_layout_2022-01-05_h20_reshaped.csv"
KEY = ["site", "determinand", "start"]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


def decoded(items: list[Batch | Rejected]) -> pd.DataFrame:
    return pd.concat([one.observations for one in items if isinstance(one, Batch)])


def test_one_hour_says_the_same_in_both_layouts(shared: Path, registry: Registry) -> None:
    """Ozone's labels are exchanged in the one and set right in the other."""
    both = [
        decoded(list(read([(shared / name).read_bytes()], registry.determinands)))
        for read, name in ((cnemc_air.decode, HOURLY), (air_wide.decode, WIDE))
    ]
    hourly, wide = (
        table.drop(columns=["source", "row"]).sort_values(KEY, ignore_index=True) for table in both
    )
    assert len(wide) == 34 * 6
    pd.testing.assert_frame_equal(hourly, wide)


def test_the_shape_of_a_day(shared: Path, registry: Registry) -> None:
    octets = (shared / "data/formats/cnemc_air/china_sites_20241101_shape.csv").read_bytes()
    items = list(air_wide.decode([octets], registry.determinands))
    table = decoded(items)
    assert sorted(table["site"].unique()) == ["1001A", "3329A"]  # 2880A is empty all day
    assert table.groupby("start").size().to_dict() == {
        pd.Timestamp(text): 12 for text in ("2024-10-31 23:00", "2024-11-01 02:00", "2024-11-01 22:00")
    }  # fmt: skip
    rejected = [one for one in items if isinstance(one, Rejected)]
    assert [(one.row, one.reason) for one in rejected] == [
        (row, "no reading") for row in (17, 19, 21, 23, 25, 29)
    ]  # hour 1 is entirely empty
    quirks = next(one.quirks for one in items if isinstance(one, Batch))
    n_counted = quirks["AQI not read"] + quirks["running means and daily maxima not read"]
    assert len(set(table["row"])) + len(rejected) + n_counted == 60


def test_a_city_file(shared: Path, registry: Registry) -> None:
    octets = (shared / "data/formats/cnemc_air/beijing_all_excerpt_real.csv").read_bytes()
    table = decoded(list(air_wide.decode([octets], registry.determinands)))
    assert table[["site", "determinand", "value"]].to_numpy().tolist() == [
        ["东四", "PM25", 93.0], ["天坛", "PM25", 93.0], ["官园", "PM25", 63.0], ["万寿西宫", "PM25", 79.0],
        ["东四", "PM10", 103.0], ["天坛", "PM10", 124.0], ["官园", "PM10", 81.0], ["万寿西宫", "PM10", 107.0],
    ]  # fmt: skip


def test_our_stations_are_found_by_the_names_of_the_live_feed(
    shared: Path, registry: Registry
) -> None:
    (batch,) = read_readings(FEEDS["china-sites"], [(shared / WIDE).read_bytes()], registry)
    assert isinstance(batch, Batch)
    known = batch.observations["site"].unique().tolist()
    assert {"heishipo", "laocheng", "jiancezhan"} <= set(known)
    assert batch.quirks.get(ELSEWHERE, 0) == (34 - len(known)) * 6
