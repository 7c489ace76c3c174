"""RiverLoad 1.0.3: period totals by its methods 1 to 5 (data/loads/riverload, README there)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecomon.load.averaging import (
    load_by_mean_flux,
    load_by_period_discharge,
    load_by_sampled_means,
    load_by_sub_periods,
    load_by_weighted_concentration,
)

SETS = [
    (1, "NOx", "NOx"),
    (1, "SRP", "SRP"),
    (2, "concentration", "TP"),
    (3, "concentration", "TN"),
]


def published(folder: Path, number: int, compound: str) -> dict[str, float]:
    table = pd.read_csv(folder / "results_long.csv")
    rows = table[
        (table["set"] == number) & (table["compound"] == compound) & (table["period"] == "total")
    ]
    return dict(zip(rows["method"], rows["load_g"], strict=True))


@pytest.mark.parametrize(("number", "column", "compound"), SETS)
def test_period_totals(shared: Path, number: int, column: str, compound: str) -> None:
    folder = shared / "data" / "loads" / "riverload"
    record = pd.read_csv(folder / f"set{number}_union.csv", parse_dates=["datetime"])
    duration_s = float((record["datetime"].iloc[-1] - record["datetime"].iloc[0]).total_seconds())
    discharge = record["flow"].to_numpy()
    sampled = np.flatnonzero(record[column].notna())
    c, q = record[column].to_numpy()[sampled], discharge[sampled]
    mean = float(discharge.mean())
    totals_t = {
        "method1": load_by_sampled_means(c, q, duration_s=duration_s),
        "method2": load_by_mean_flux(c, q, duration_s=duration_s),
        "method4": load_by_period_discharge(c, mean, duration_s=duration_s),
        "method5": load_by_weighted_concentration(c, q, mean, duration_s=duration_s),
    }
    if sampled[0] == 0:  # how RiverLoad treats discharge before a late first sample is not stated
        # Its sub-period runs from the previous sample to this one, both included.
        before = np.concatenate([[0], sampled[:-1]])
        own = [discharge[a : b + 1].mean() for a, b in zip(before, sampled, strict=True)]
        totals_t["method3"] = load_by_sub_periods(
            c, np.array(own), sub_period_s=duration_s / len(c)
        )
    expected = published(folder, number, compound)
    for method, load_t in totals_t.items():
        assert float(load_t) * 1e6 == pytest.approx(expected[method], rel=1e-11), method
