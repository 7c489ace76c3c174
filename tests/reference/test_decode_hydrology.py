"""The ``ST_RIVER_R`` sample of the reference data."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from ecomon.decode.hydrology import RAIN, RESERVOIR, RIVER, decode_st_river_r
from ecomon.model.observation import Batch, Rejected
from ecomon.model.pull import COLUMNS
from ecomon.registry import read_registry


def test_the_sample(shared: Path) -> None:
    octets = (shared / "data/formats/hydro/st_river_r_sample.csv").read_bytes()
    items = list(decode_st_river_r([octets], read_registry().determinands))
    (table,) = [item.observations for item in items if isinstance(item, Batch)]
    rejected = [item for item in items if isinstance(item, Rejected)]
    assert [(item.row, item.reason) for item in rejected] == [(1, "repeat of row 2")]
    assert set(table["site"]) == {"60701234", "00701235"}
    assert table["row"].unique().tolist() == [2, 3, 4, 5, 6]
    q = table[(table["site"] == "60701234") & (table["determinand"] == "DISCHARGE")]
    assert np.array_equal(q["value"], [1520.0, np.nan, np.nan, -35.0], equal_nan=True)
    assert q["start"].dt.hour.tolist() == [8, 9, 10, 11]
    z = table[(table["site"] == "00701235") & (table["determinand"] == "STAGE")]
    assert z["value"].tolist() == [9.991]
    # What the trend means differs between systems, so its letter is kept.
    assert set(table.loc[table["row"] == 6, "source_flag"]) == {"FLWCHRCD=<;WPTN=4"}


def test_every_column_of_the_list_is_read_kept_or_left_on_purpose(shared: Path) -> None:
    listed: dict[str, set[str]] = defaultdict(set)
    with (shared / "data/formats/hydro/sl323_columns.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            names = row["column"].replace("/", ",").split(",")
            listed[row["table"]] |= {name.strip() for name in names}
    for form, name in ((RIVER, "ST_RIVER_R"), (RESERVOIR, "ST_RSVR_R"), (RAIN, "ST_PPTN_R")):
        assert listed[name] <= form.known
        assert listed[name] <= set(COLUMNS[form.feed])
    assert listed["ST_ZQRL_B"] <= set(COLUMNS["st-zqrl-b"])
