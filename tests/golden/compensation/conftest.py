"""Agreements and loads as the documents print them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest

from ecomon.model.agreement import Agreement, Factor, Party
from ecomon.model.tables import LOADS

SOURCE = {"source": "compensation.md F2", "confidence": "secondary"}


@pytest.fixture(scope="session")
def agreement_of() -> Callable[..., Agreement]:
    """``agreement_of({"TP": (target, price in CNY/t, decimals)}, decimals_load_t=6)``."""

    def build(factors: dict[str, tuple[str, str, int]], *, decimals_load_t: int) -> Agreement:
        return Agreement(
            id="printed", version="1", name_zh="算例", name_en="printed example", is_shadow=False,
            legal_basis="-", section="yaodu", family="F2", mode="one_sided",
            upstream=Party(jurisdiction="620000", name_zh="上游", name_en="upstream"),
            downstream=Party(jurisdiction="510000", name_zh="下游", name_en="downstream"),
            factors=tuple(
                Factor(determinand=key, target_mg_l=Decimal(target), price_cny_per_t=Decimal(price),
                       decimals_concentration=decimals, **SOURCE)
                for key, (target, price, decimals) in factors.items()
            ),
            min_days_per_month=1, min_coverage_discharge=0.5,
            decimals_load_t=decimals_load_t, decimals_money=2, **SOURCE,
        )  # fmt: skip

    return build


@pytest.fixture(scope="session")
def april_loads() -> Callable[..., pd.DataFrame]:
    """``april_loads({"TP": "0.24"}, "116640000")``: measured loads of April 2021 at yaodu."""

    def build(concentrations: dict[str, str], volume_m3: str) -> pd.DataFrame:
        n = len(concentrations)
        c = [Fraction(text) for text in concentrations.values()]
        v = Fraction(volume_m3)
        return LOADS.frame(
            {
                "section": ["yaodu"] * n, "determinand": list(concentrations),
                "period": ["2021-04"] * n, "start": [datetime(2021, 4, 1)] * n, "method": ["B"] * n,
                "concentration_mg_l": [float(x) for x in c],
                "concentration_exact": pd.Series(c, dtype="object"),
                "volume_m3": [float(v)] * n, "volume_exact": pd.Series([v] * n, dtype="object"),
                "load_t": [float(x * v / 10**6) for x in c],
                "lower_t": [0.0] * n, "upper_t": [1e9] * n, "standard_error_t": [0.0] * n,
                "n_days": [30] * n, "coverage_time": [1.0] * n, "coverage_volume": [1.0] * n,
                "censored_rule": ["zero"] * n, "censored_share": [0.0] * n, "share_estimated": [0.0] * n,
                "status": ["measured"] * n, "reason": [""] * n,
            }
        )  # fmt: skip

    return build
