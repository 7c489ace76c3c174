"""An agreement of three factors, and loads of months written down by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

from ecomon.model.agreement import Agreement, Factor, Party
from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOADS

FACT = {"source": "test", "confidence": "verified"}
UP, DOWN = "621222", "510822"


@pytest.fixture(scope="session")
def agreement() -> Agreement:
    def factor(key: str, target: str, price: str, decimals: int) -> Factor:
        return Factor(
            determinand=key, target_mg_l=Decimal(target), price_cny_per_t=Decimal(price),
            decimals_concentration=decimals, **FACT,
        )  # fmt: skip

    return Agreement(
        id="pair", version="2021", name_zh="协议", name_en="agreement", is_shadow=False,
        legal_basis="-", section="yaodu", family="F2", mode="two_sided",
        upstream=Party(jurisdiction=UP, name_zh="文县", name_en="Wenxian"),
        downstream=Party(jurisdiction=DOWN, name_zh="青川县", name_en="Qingchuan"),
        factors=(factor("CODMN", "4", "15000", 1), factor("NH3N", "0.5", "100000", 2),
                 factor("TP", "0.1", "100000", 2)),
        min_days_per_month=20, min_coverage_discharge=0.8, decimals_load_t=3, decimals_money=2,
        **FACT,
    )  # fmt: skip


@pytest.fixture(scope="session")
def real() -> Provenance:
    return Provenance(kind="real", known_at=12, ruleset="ab12", code_version="0.1.0")


@pytest.fixture(scope="session")
def load_row() -> Callable[..., pd.DataFrame]:
    """``load_row("TP", "2021-04", "0.12", "50000000")``; without a concentration: insufficient."""

    def build(
        determinand: str, month: str, mg_l: str | None = None, m3: str | None = None, **others: Any
    ) -> pd.DataFrame:
        c = None if mg_l is None else Fraction(mg_l)
        v = None if m3 is None else Fraction(m3)
        is_measured = c is not None and v is not None
        load_t = float(c * v / 10**6) if c is not None and v is not None else float("nan")
        columns = {
            "section": "yaodu", "determinand": determinand, "period": month,
            "start": datetime.strptime(month, "%Y-%m"), "method": "B",
            "concentration_mg_l": float("nan") if c is None else float(c), "concentration_exact": c,
            "volume_m3": float("nan") if v is None else float(v), "volume_exact": v,
            "load_t": load_t, "lower_t": load_t, "upper_t": load_t, "standard_error_t": load_t,
            "n_days": 28, "coverage_time": 28 / 30, "coverage_volume": 1.0, "censored_rule": "zero", "censored_share": 0.0,
            "share_estimated": 0.0, "status": "measured" if is_measured else "insufficient",
            "reason": "" if is_measured else "无流量数据 / no discharge data",
        }  # fmt: skip
        columns.update(others)
        objects = {"concentration_exact", "volume_exact"}
        return LOADS.frame(
            {
                name: pd.Series([value], dtype="object") if name in objects else [value]
                for name, value in columns.items()
            }
        )

    return build


@pytest.fixture(scope="session")
def april(load_row: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """CODMN above, NH3N below, TP at the target; 100 million m3."""
    return pd.concat(
        [
            load_row("CODMN", "2021-04", "4.26", "100000000"),
            load_row("NH3N", "2021-04", "0.415", "100000000"),
            load_row("TP", "2021-04", "0.105", "100000000"),
        ],
        ignore_index=True,
    )
