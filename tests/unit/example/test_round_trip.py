"""The files of the example, read back by the decoders, are the readings that were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import ecomon
from ecomon.decode import cnemc_water, hydrology, tabulated
from ecomon.example import (
    Basin,
    air_csv,
    cnemc_archive_csv,
    emergency_csv,
    readings,
    st_river_r_csv,
)
from ecomon.example.profile import AIR_DETERMINANDS, DETERMINANDS, GAUGE_PROFILES, SECTION_PROFILES
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import Period

MONTH = Period.month(2025, 3)
FACTS = Path(ecomon.__file__).parent.parent / "thresholds" / "determinands"


@pytest.fixture(scope="module")
def determinands() -> dict[str, Determinand]:
    yaml = YAML(typ="safe")
    found: dict[str, Determinand] = {}
    for file in sorted(FACTS.glob("*.yaml")):
        content = yaml.load(file)
        for entry in content["determinands"]:
            facts = {**content.get("defaults", {}), **entry}
            known = {name: facts[name] for name in Determinand.model_fields if name in facts}
            found[entry["key"]] = Determinand(**known)
    return found


def _table(records: object) -> tuple[pd.DataFrame, list[Rejected]]:
    batches: list[pd.DataFrame] = []
    rejected: list[Rejected] = []
    for record in records:  # type: ignore[attr-defined]
        if isinstance(record, Batch):
            batches.append(record.observations)
        else:
            rejected.append(record)
    return pd.concat(batches, ignore_index=True), rejected


def _matrix(table: pd.DataFrame, determinand: str, column: str) -> pd.DataFrame:
    one = table[table["determinand"] == determinand]
    return one.pivot(index="start", columns="site", values=column)


def test_the_archive_comes_back_without_its_repeats(
    basin: Basin, determinands: dict[str, Determinand]
) -> None:
    octets = cnemc_archive_csv(basin, MONTH)
    table, rejected = _table(cnemc_water.decode([octets], determinands, year=2025))
    part = basin.readings.sel(time="2025-03")
    n_rows = octets.count(b"\r\n") - 1
    assert len(rejected) == n_rows - int(part["is_reported"].sum())
    for determinand in DETERMINANDS:
        values = _matrix(table, determinand, "value")
        for section, profile in SECTION_PROFILES.items():
            written = part[determinand].sel(section=section).to_series().dropna()
            read = values[f"{profile.province_zh}/{profile.name_zh}"].dropna()
            assert np.array_equal(read.index, written.index)
            assert np.array_equal(read.to_numpy(), written.to_numpy())
    censored = _matrix(table[table["censor"] == "left"], "NH3N", "value")
    assert censored.notna().sum().sum() == int(part["is_censored_NH3N"].sum())


def test_gauges_come_back(basin: Basin, determinands: dict[str, Determinand]) -> None:
    octets = st_river_r_csv(basin, MONTH)
    table, rejected = _table(hydrology.decode_st_river_r([octets], determinands))
    assert rejected == []
    for determinand in ("DISCHARGE", "STAGE"):
        values = _matrix(table, determinand, "value")
        for gauge, profile in GAUGE_PROFILES.items():
            written = (
                basin.gauges[determinand].sel(gauge=gauge, time="2025-03").to_series().dropna()
            )
            assert np.array_equal(values[profile.stcd].dropna().to_numpy(), written.to_numpy())


def test_air_and_emergency_samples_come_back(
    basin: Basin, determinands: dict[str, Determinand]
) -> None:
    january = Period.month(2025, 1)
    table, _ = _table(tabulated.decode([air_csv(basin, january)], determinands))
    assert set(table["statistic"]) == {"mean"} and set(table["duration_s"]) == {3600}
    for determinand in AIR_DETERMINANDS:
        values = _matrix(table, determinand, "value")
        for site in values.columns:
            written = basin.air[determinand].sel(site=site, time="2025-01").to_series()
            assert np.array_equal(values[site].to_numpy(), written.to_numpy(), equal_nan=True)
    samples, rejected = _table(tabulated.decode([emergency_csv(basin)], determinands))
    assert rejected == [] and set(samples["programme"]) == {"emergency"}
    assert samples["value"].to_numpy() == pytest.approx(basin.emergency["value"].to_numpy())
    assert ((samples["censor"] == "left") == basin.emergency["is_censored"]).all()


def test_packaged_readings_are_read(determinands: dict[str, Determinand]) -> None:
    for name, octets in readings().items():
        table, rejected = _table(tabulated.decode([octets], determinands))
        assert rejected == [], name
        assert set(table["source"]) == {"cnemc-water"} and set(table["programme"]) == {"automatic"}
    filtered = table[table["source_flag"] == "极值过滤"]
    assert len(filtered) == 10 and filtered["value"].isna().all()
    # TP and TN were never measured at 清风峡: no number may appear for them.
    assert table.loc[table["determinand"].isin(["TP", "TN"]), "value"].isna().all()
