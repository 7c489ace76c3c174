"""RiverLoad 1.0.3: period totals by methods 1 to 6 and Beale (data/loads/riverload, README there).

The results are printed with 12 significant digits, and ours are the same 12 digits. How RiverLoad
reckons where that is not what one would do: its period is last stamp - first stamp, a step short;
its method 3 takes the mean discharge from the previous sample to this one, both included (before a
late first sample: that of the steps before it), with equal weights; its method 6 interpolates by
row and not by time, and gives each row the time to the next one (local clock changes and all).
"""

from __future__ import annotations

from dataclasses import dataclass
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
from ecomon.load.beale import beale_mean_flux
from ecomon.load.flux import Floats
from ecomon.load.interpolation import weigh_samples

SETS = [
    (1, "NOx", "NOx"),
    (1, "SRP", "SRP"),
    (2, "concentration", "TP"),
    (3, "concentration", "TN"),
]


@dataclass(frozen=True)
class Case:
    time_s: Floats
    discharge: Floats
    sampled: np.ndarray
    c: Floats
    published: dict[str, float]

    @property
    def duration_s(self) -> float:
        return float(self.time_s[-1])

    @property
    def q(self) -> Floats:
        return self.discharge[self.sampled]


@pytest.fixture(scope="module", params=SETS, ids=[f"{one[0]}-{one[2]}" for one in SETS])
def case(request: pytest.FixtureRequest, shared: Path) -> Case:
    number, column, compound = request.param
    folder = shared / "data" / "loads" / "riverload"
    record = pd.read_csv(folder / f"set{number}_union.csv", parse_dates=["datetime"])
    table = pd.read_csv(folder / "results_long.csv")
    is_wanted = (table["set"] == number) & (table["compound"] == compound)
    rows = table[is_wanted & (table["period"] == "total")]
    sampled = np.flatnonzero(record[column].notna())
    since = record["datetime"] - record["datetime"].iloc[0]
    return Case(
        since.dt.total_seconds().to_numpy(),
        record["flow"].to_numpy(),
        sampled,
        record[column].to_numpy()[sampled],
        dict(zip(rows["method"], rows["load_g"], strict=True)),
    )


def assert_printed(load_t: float, case: Case, method: str) -> None:
    assert f"{float(load_t) * 1e6:.12g}" == f"{case.published[method]:.12g}", method


def test_averages(case: Case) -> None:
    mean, duration_s = float(case.discharge.mean()), case.duration_s
    loads_t = {
        "method1": load_by_sampled_means(case.c, case.q, duration_s=duration_s),
        "method2": load_by_mean_flux(case.c, case.q, duration_s=duration_s),
        "method4": load_by_period_discharge(case.c, mean, duration_s=duration_s),
        "method5": load_by_weighted_concentration(case.c, case.q, mean, duration_s=duration_s),
    }
    for method, load_t in loads_t.items():
        assert_printed(float(load_t), case, method)


def test_sub_periods(case: Case) -> None:
    before = [0, *case.sampled[:-1]]
    own = [case.discharge[a : b + 1].mean() for a, b in zip(before, case.sampled, strict=True)]
    if case.sampled[0] > 0:
        own[0] = case.discharge[: case.sampled[0]].mean()
    each_s = case.duration_s / len(case.c)
    load_t = load_by_sub_periods(case.c, np.array(own), sub_period_s=each_s)
    assert_printed(float(load_t), case, "method3")


def test_beale(case: Case) -> None:
    n_steps = len(case.discharge)
    found = beale_mean_flux(case.c, case.q, float(case.discharge.mean()), n_steps=n_steps)
    assert_printed(float(found.flux_g_s) * case.duration_s / 1e6, case, "beale.ratio")


def test_interpolation(case: Case) -> None:
    rows = np.arange(len(case.discharge), dtype=float)
    c = weigh_samples(case.sampled.astype(float), rows).apply(case.c)
    load_g = float((c * case.discharge)[:-1] @ np.diff(case.time_s))
    if len(case.c) and case.sampled[-1] == len(rows) - 1:
        assert_printed(load_g / 1e6, case, "method6")
    # Interpolating by time, as we do in earnest, is within 2e-5 of it.
    by_time = weigh_samples(case.time_s[case.sampled], case.time_s).apply(case.c)
    ours_g = float((by_time * case.discharge)[:-1] @ np.diff(case.time_s))
    assert ours_g == pytest.approx(case.published["method6"], rel=2e-5)
    assert load_g == pytest.approx(case.published["method6"], rel=2e-12)
