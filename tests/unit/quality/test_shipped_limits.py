"""The shipped limits of change and range: what is plausible keeps its flag, what is not is suspect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from ecomon.example import Basin, simulate_basin
from ecomon.model.flag import Flag
from ecomon.model.period import Period
from ecomon.model.tables import STORED
from ecomon.quality import evaluate
from ecomon.quality.rules import QualityRules

Stored = Callable[..., pd.DataFrame]
UNITS = {
    "WT": "degC", "PH": "1", "DO": "mg/L", "EC": "uS/cm", "TURB": "NTU", "CODMN": "mg/L",
    "NH3N": "mg/L", "TP": "mg/L", "TN": "mg/L",
}  # fmt: skip


@pytest.mark.parametrize(
    ("determinand", "values", "is_found"),
    [
        ("WT", [20.0, 21.9, 22.3], False),  # the fastest of the real readings: 0.475 an hour
        ("WT", [20.0, 25.1, 25.0], True),
        ("PH", [8.0, 8.24, 8.2], False),  # the fastest of the real readings: 0.06 an hour
        ("PH", [8.0, 6.4, 6.5], True),
        ("DO", [9.0, 10.2, 10.0], False),  # the fastest of the real readings: 0.29 an hour
        ("DO", [12.0, 3.9, 4.2], True),
        ("EC", [300.0, 329.0, 325.0], False),  # the fastest of the real readings: 7.2 an hour
        ("EC", [300.0, 610.0, 620.0], True),
    ],
)  # fmt: skip
def test_a_change_that_no_river_makes_is_suspect(
    stored: Stored, shipped: QualityRules, determinand: str, values: list[float], is_found: bool
) -> None:
    """Only the reading that the change arrives at; the level that stays is judged on its own."""
    found = evaluate(stored(values, determinand=determinand, unit=UNITS[determinand]), shipped)
    assert found["flag"].tolist() == [1, 3 if is_found else 1, 1]
    assert ("rate:3" in str(found["tests"][1])) == is_found


@pytest.mark.parametrize(
    ("determinand", "plausible", "suspect"),
    [
        ("PH", 4.0, 3.9), ("PH", 11.0, 11.1), ("EC", 2900.0, 3001.0), ("TURB", 4600.0, 10001.0),
        ("CODMN", 49.0, 51.0), ("NH3N", 19.0, 21.0), ("TP", 4.9, 5.1), ("TN", 29.0, 31.0),
    ],
)  # fmt: skip
def test_a_bad_pollution_is_not_muted_and_an_absurd_value_is_doubted(
    stored: Stored, shipped: QualityRules, determinand: str, plausible: float, suspect: float
) -> None:
    unit = UNITS[determinand]
    steady = [plausible, plausible * 1.001, plausible * 0.9999]
    if determinand == "PH":
        steady = [plausible] * 3
    assert evaluate(stored(steady, determinand=determinand, unit=unit), shipped)[
        "flag"
    ].tolist() == [1, 1, 1]
    found = evaluate(stored([suspect] * 2, determinand=determinand, unit=unit), shipped)
    assert found["flag"].tolist() == [3, 3]  # never failed: a person looks


def test_a_spike_of_phosphorus_half_its_target_high_is_found(
    stored: Stored, shipped: QualityRules
) -> None:
    lone = stored([0.031, 0.030, 0.032, 0.130, 0.031, 0.033], determinand="TP")
    assert evaluate(lone, shipped)["flag"].tolist() == [1, 1, 1, 3, 1, 1]
    flood = stored([0.031, 0.060, 0.110, 0.140, 0.090, 0.050], determinand="TP")
    assert evaluate(flood, shipped)["flag"].tolist() == [1] * 6


@pytest.fixture(scope="module")
def basin() -> Basin:
    return simulate_basin(Period.parse("2025"), seed=2025)


@pytest.fixture(scope="module")
def judged(basin: Basin, shipped: QualityRules) -> pd.DataFrame:
    """A year of the example, flagged; ``fault`` names what was done to a reading."""
    parts = [_series(basin, determinand) for determinand in UNITS]
    table = pd.concat(parts, ignore_index=True)
    table["revision"] = np.arange(len(table)) + 1
    fault = table.pop("fault")
    flags = evaluate(STORED.frame({name: table[name] for name in STORED.columns}), shipped)
    tests = flags.set_index("revision").loc[table["revision"]]
    return table.assign(fault=fault, flag=tests["flag"].to_numpy(), tests=tests["tests"].to_numpy())


def _series(basin: Basin, determinand: str) -> pd.DataFrame:
    frame = basin.readings[[determinand]].to_dataframe().reset_index().dropna()
    fault = pd.Series("", index=frame.index)
    for one in basin.faults.itertuples():
        if one.determinand in ("", determinand):
            is_hit = (frame["section"] == one.site) & frame["time"].between(
                one.start, one.end, inclusive="left"
            )
            fault[is_hit] = one.kind
    count = len(frame)
    return pd.DataFrame(
        {
            "site": frame["section"].astype("str"), "determinand": determinand,
            "statistic": "value", "start": frame["time"].astype("datetime64[us]"),
            "duration_s": np.zeros(count, dtype=np.int64), "programme": "automatic",
            "source": "cnemc-water", "replicate": np.zeros(count, dtype=np.int64),
            "value": frame[determinand], "unit": UNITS[determinand], "censor": "none",
            "source_flag": "正常", "row": np.zeros(count, dtype=np.int64), "fault": fault,
        }
    )  # fmt: skip


@pytest.mark.parametrize("determinand", ["WT", "PH", "DO", "EC"])
def test_hardly_a_clean_reading_is_too_fast(judged: pd.DataFrame, determinand: str) -> None:
    clean = judged[(judged["determinand"] == determinand) & (judged["fault"] == "")]
    assert len(clean) > 15_000
    assert clean["tests"].str.contains("rate:3").mean() < 0.001


def test_phosphorus_spikes_are_found_and_floods_are_none(judged: pd.DataFrame) -> None:
    phosphorus = judged[judged["determinand"] == "TP"]
    clean, spikes = (
        phosphorus[phosphorus["fault"] == ""],
        phosphorus[phosphorus["fault"] == "spike"],
    )
    assert clean["tests"].str.contains("spike").mean() < 0.001
    assert len(spikes) > 20
    assert (spikes["flag"] == int(Flag.SUSPECT)).mean() > 0.9


def test_no_clean_reading_is_out_of_range(judged: pd.DataFrame) -> None:
    clean = judged[judged["fault"] == ""]
    assert not clean["tests"].str.contains("range").any()
    assert clean["start"].max() > datetime(2025, 12, 31)
