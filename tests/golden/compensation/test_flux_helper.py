"""compensation.md, "Flux helper (methods A-E)" and the non-detect guard, transcribed again."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from ecomon.load import compute_monthly_loads
from ecomon.load.averaging import (
    load_by_mean_flux,
    load_by_period_discharge,
    load_by_sampled_means,
    load_by_sub_periods,
    load_by_weighted_concentration,
)
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.tables import MEANS

C = np.array([0.052, 0.061, 0.118, 0.174, 0.083, 0.058])
Q = np.array([180.0, 240, 910, 1420, 520, 260])
Q_SUB = np.array([175.0, 230, 760, 1180, 430, 250])
Q_PERIOD = 486.0
MONTH_S = 30 * 86_400.0


def test_the_five_methods_to_the_printed_digit() -> None:
    loads_t = {
        "A": load_by_sampled_means(C, Q, duration_s=MONTH_S),
        "B": load_by_period_discharge(C, Q_PERIOD, duration_s=MONTH_S),
        "C": load_by_mean_flux(C, Q, duration_s=MONTH_S),
        "D": load_by_sub_periods(C, Q_SUB, sub_period_s=MONTH_S / 6),
        "E": load_by_weighted_concentration(C, Q, Q_PERIOD, duration_s=MONTH_S),
    }
    printed = {"A": 138.771, "B": 114.634, "C": 188.654, "D": 159.114, "E": 155.840}
    assert {key: round(float(value), 3) for key, value in loads_t.items()} == printed
    assert round(max(loads_t.values()) / min(loads_t.values()), 3) == 1.646
    assert round(loads_t["E"] / loads_t["B"], 4) == 1.3595
    assert round(0.5 * loads_t["C"] + 0.5 * loads_t["D"], 3) == 173.884


def day_table(site: str, determinand: str, unit: str, texts: list[str]) -> pd.DataFrame:
    n = len(texts)
    starts = [datetime(2021, 4, 1) + timedelta(days=i) for i in range(n)]
    exact = [Fraction(text) for text in texts]
    return MEANS.frame(
        {
            "site": [site] * n, "determinand": [determinand] * n,
            "period": [f"{start:%Y-%m-%d}" for start in starts], "period_kind": ["day"] * n,
            "start": starts, "value": [float(x) for x in exact],
            "exact": pd.Series(exact, dtype="object"), "unit": [unit] * n,
            "n_valid": [1] * n, "n_expected": [1] * n, "n_excluded": [0] * n,
            "n_censored": [0] * n, "coverage": [1.0] * n, "status": ["measured"] * n,
        }
    )  # fmt: skip


def april_load_t(texts: list[str], determinand: str) -> float:
    link = DischargeLink(gauge="bikou", method="same_site", source="test", confidence="verified")
    table = compute_monthly_loads(
        day_table("yaodu", determinand, "mg/L", texts),
        day_table("bikou", "DISCHARGE", "m3/s", ["486"] * 30),
        Period.month(2021, 4), section="yaodu", link=link, factors=(determinand,),
        censored="zero", min_days=4, min_coverage_discharge=0.8,
    )  # fmt: skip
    return float(table["load_t"].iloc[0])


def test_the_monthly_load_is_the_printed_method_b() -> None:
    assert round(april_load_t([str(value) for value in C], "TP"), 3) == 114.634


@pytest.mark.parametrize(
    ("below", "printed"), [("0.0125", 33.07), ("0", 25.19)], ids=["half_limit", "zero"]
)
def test_non_detects_by_either_rule(below: str, printed: float) -> None:
    # Two of four below DL 0.025, the others .03 and .05; "the same month's 1.26e9 m3" is 486 m3/s.
    assert round(april_load_t([below, below, "0.03", "0.05"], "NH3N"), 2) == printed
