"""AutoBeale: Rock Creek 1997, stratified by date (data/loads/autobeale, README there).

The original reckons in single precision, so that its last printed digit (RMSE, mean square error)
may be off by one or two, and finds its quantile of Student's t by an approximation (2.24955 where it is
2.24937 at 9.348 degrees of freedom). The table of strata has 658.3 kg/d for the first stratum, where
its own mean of the year (459 187.6 g/d) asks for 658.24: 365 x 0.4591876 less what the other four
carry, over 110 days. We are held to the total.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from ecomon.load.beale_estimate import AutomaticStrata, estimate_by_beale
from ecomon.load.flux_outcomes import EstimateRules
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period

M3_PER_CUBIC_FOOT = 0.028316846592
DAY_S = 86_400.0
RULES = EstimateRules(
    min_samples=2,
    max_censored_share=0.8,
    max_step_s=31 * DAY_S,
    censored_share_of_limit=0.5,
    max_discharge_ratio=2.0,
)


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "data" / "loads" / "autobeale"


@pytest.fixture(scope="module")
def series(folder: Path) -> tuple[SampleSeries, DischargeSeries]:
    flow = pd.read_csv(folder / "rock_flow_1997.csv", parse_dates=["date"])
    sample = pd.read_csv(folder / "rock_no23_1997.csv", parse_dates=["date"])
    return (
        SampleSeries.of(sample["date"].to_numpy(), sample["no23_mgL"].to_numpy()),
        DischargeSeries.of(
            flow["date"].to_numpy(),
            flow["discharge_cfs"].to_numpy() * M3_PER_CUBIC_FOOT,
            step_s=DAY_S,
        ),
    )


@pytest.fixture(scope="module")
def strata(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "published_strata.csv", dtype=str)


def test_each_stratum_to_the_printed_digit(
    series: tuple[SampleSeries, DischargeSeries], strata: pd.DataFrame
) -> None:
    columns = ["stratum", "start", "end", "n_days", "unbiased_kg_day", "rmse_kg_day"]
    for number, start, end, n_days, unbiased, rmse in strata[columns].to_numpy().tolist():
        period = Period.parse(f"{start}/{end}")
        assert period.n_days == int(n_days)
        found = estimate_by_beale(*series, period, rules=RULES)
        kg_day = found.load_t * 1000 / period.n_days
        printed = "658.2" if number == "1" else unbiased
        assert round(kg_day, len(printed.partition(".")[2])) == float(printed)
        in_kg_day = found.standard_error_t * 1000 / period.n_days
        assert in_kg_day == pytest.approx(float(rmse), rel=5e-7)


def test_the_year(
    series: tuple[SampleSeries, DischargeSeries], strata: pd.DataFrame, folder: Path
) -> None:
    published = pd.read_csv(folder / "published_total.csv").iloc[0]
    dates = [datetime.fromisoformat(start) for start in strata["start"].tolist()[1:]]
    found = estimate_by_beale(*series, Period.year(1997), rules=RULES, dates=dates)
    assert round(found.load_t * 1e6 / 365, 1) == published["mean_daily_g_day"]
    assert found.load_t * 1000 == pytest.approx(
        published["load_kg_year"], abs=0.1
    )  # cut, not rounded
    assert round(found.standard_error_t * 1000, 2) == published["rmse_kg_year"]
    assert round(found.degrees_of_freedom, 3) == published["df"]
    lower, upper = found.interval_t()
    half_width = (upper - lower) / 2 * 1000
    assert half_width == pytest.approx(published["ci95_halfwidth_kg_year"], rel=1e-4)


def test_strata_by_discharge_lower_the_error(
    series: tuple[SampleSeries, DischargeSeries],
) -> None:
    how = AutomaticStrata(min_samples=4, max_strata=3, least_gain=0.1)
    found = estimate_by_beale(*series, Period.year(1997), rules=RULES, discharges_m3_s=how)
    plain = estimate_by_beale(*series, Period.year(1997), rules=RULES)
    assert "按流量分层" in found.reason
    assert found.standard_error_t**2 < 0.9 * plain.standard_error_t**2
