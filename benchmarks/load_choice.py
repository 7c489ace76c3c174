"""What each method of the table errs by, by density of samples, on the simulated basin whose truth is known.

    python benchmarks/load_choice.py [--seeds 3] [--year 2024] [--extrapolation warn|fall_back]

Four determinands at three sections over five years, by turns sampled every four hours to every
seventh week. Prints, for each density and each method that gives a load, the error of the year's load
(median and greatest, %) and how many truths lie in the 95 % interval; the same of the default, and
of those cases alone in which the guard of extrapolation trips.
"""

from __future__ import annotations

import argparse
import platform
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version

import numpy as np
import pandas as pd

from ecomon.example import simulate_basin, true_monthly_loads
from ecomon.load.choice.rules import METHOD_NAMES, EstimationRules, Method
from ecomon.load.estimate import LoadCase, estimate_series, with_common_error
from ecomon.load.estimate.models import MODELS, run_model
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period
from ecomon.registry import read_registry

SITES = ["bamiaogou", "yaodu", "shangshipan"]
DETERMINANDS = ["CODMN", "NH3N", "TP", "TN"]
DENSITIES = {
    "4 h": (4, 5), "daily": (24, 5), "2/week": (84, 5), "weekly": (168, 5), "fortnight": (336, 5),
    "monthly": (730, 5), "weekly, 1 y": (168, 1), "fortnight, 1 y": (336, 1), "monthly, 1 y": (730, 1),
    "7-weekly, 1 y": (1200, 1),
}  # fmt: skip
OTHERS: tuple[Method, ...] = (
    "A", "B", "C", "D", "E", "beale", "linear", "integration", "regression_7", "smearing_7", "composite",
    "bridge",
)  # fmt: skip


@dataclass
class Errors:
    """Errors of loads by one method, %, and whether the truth was in the interval."""

    percent: list[float] = field(default_factory=list)
    is_held: list[bool] = field(default_factory=list)

    def add(self, row: pd.Series, truth_t: float) -> None:
        if np.isfinite(row["load_t"]):
            self.percent.append(100 * (row["load_t"] / truth_t - 1))
            if np.isfinite(row["upper"]):
                self.is_held.append(bool(row["lower"] <= truth_t <= row["upper"]))

    def line(self) -> str:
        if not self.percent:
            return "—"
        size = np.abs(self.percent)
        held = f"{sum(self.is_held)}/{len(self.is_held)}"
        return f"n {len(size):3d}  median {np.median(size):5.1f}  max {size.max():5.1f}  mean {np.mean(self.percent):+5.1f}  in 95 % {held}"


def all_methods(rules: EstimationRules) -> EstimationRules:
    """The rules with every other method as a cross-check of every row."""
    rungs = [rung.model_copy(update={"cross_checks": OTHERS}) for rung in rules.rungs]
    return rules.model_copy(update={"rungs": tuple(rungs)})


def is_extrapolated(case: LoadCase) -> bool:
    """Whether the five-parameter regression carries more than the rules' share beyond the samples."""
    run = run_model("bridge", case)
    most = case.rules.guards.max_extrapolated_share
    return not run.lack and run.checks.extrapolated_share > most


def compare(
    seed: int, year: int, rules: EstimationRules, found: dict[tuple[str, str], Errors]
) -> None:
    """Errors of one simulated basin, added to what was found."""
    whole = Period(datetime(year - 3, 1, 1), datetime(year + 2, 1, 1))
    basin = simulate_basin(whole, seed=seed, sites=SITES)
    of_year = Period.year(year)
    truth = true_monthly_loads(basin)
    inside = (truth["start"] >= of_year.start) & (truth["start"] < of_year.end)
    truth_t = truth[inside].groupby(["section", "determinand"])["load_t"].sum()
    time = basin.truth["time"].to_numpy().astype("datetime64[us]")
    for section in SITES:
        known = basin.truth["DISCHARGE"].sel(section=section).to_numpy()
        exact = DischargeSeries.of(time, known, step_s=3600.0)
        discharge = with_common_error(replace(exact, relative_error=1e-6), rules)
        for determinand in DETERMINANDS:
            value = basin.truth[determinand].sel(section=section).to_numpy()
            for name, (every_h, years) in DENSITIES.items():
                taken = np.arange(10, len(time), every_h)
                samples = SampleSeries.of(time[taken], value[taken])
                if years == 1:
                    samples = samples.within(of_year)
                case = LoadCase(section, determinand, samples, discharge, of_year, rules)
                table = estimate_series(case).table
                kinds = [name, f"{name} *"] if is_extrapolated(case) else [name]
                for _, row in table[table["role"].isin(["best", "cross_check"])].iterrows():
                    methods = [row["method"], *(["default"] if row["role"] == "best" else [])]
                    for kind in kinds:
                        for method in methods:
                            found[kind, method].add(row, truth_t[section, determinand])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--year", type=int, default=2024)
    parser.add_argument("--extrapolation", choices=["warn", "fall_back"], default=None)
    asked = parser.parse_args()
    rules = read_registry().estimation
    if asked.extrapolation:
        guards = rules.guards.model_copy(update={"extrapolation": asked.extrapolation})
        rules = rules.model_copy(update={"guards": guards})
    rules = all_methods(rules)
    found: dict[tuple[str, str], Errors] = defaultdict(Errors)
    for seed in range(7, 7 + asked.seeds):
        compare(seed, asked.year, rules, found)
    print(
        f"{asked.seeds} basins, load of {asked.year}, extrapolation: {rules.guards.extrapolation}"
    )
    print(
        f"errors in %; * the cases in which more than {rules.guards.max_extrapolated_share:.0%} is extrapolated"
    )
    for kind in [one for name in DENSITIES for one in (name, f"{name} *")]:
        for method in ("default", *METHOD_NAMES):
            if found[kind, method].percent:
                print(f"{kind:16s} {method:13s} {found[kind, method].line()}")
    total = Errors()
    for (kind, method), errors in found.items():
        if method == "default" and not kind.endswith("*"):
            total.percent += errors.percent
            total.is_held += errors.is_held
    print(f"all densities    default       {total.line()}")
    print(f"models: {', '.join(MODELS)}")
    names = ("numpy", "scipy", "pandas", "xarray")
    print(f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in names))


if __name__ == "__main__":
    main()
