"""Standards and determinands by hand, enough of GB 3838-2002 for cases one can check by eye."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

from ecomon.model.determinand import Determinand
from ecomon.model.standard import ClassLimits, SingleLimit, Standard
from ecomon.model.tables import FLAGGED, MEANS

TABLE_1: dict[str, tuple[str, str]] = {
    "DO": ("ge", "7.5 6 5 3 2"),
    "CODMN": ("le", "2 4 6 10 15"),
    "COD": ("le", "15 15 20 30 40"),
    "NH3N": ("le", "0.15 0.5 1.0 1.5 2.0"),
    "TP": ("le", "0.02 0.1 0.2 0.3 0.4"),
    "HG": ("le", "0.00005 0.00005 0.0001 0.001 0.001"),
    "PB": ("le", "0.01 0.01 0.05 0.05 0.1"),
}
LAKE_TP = "0.01 0.025 0.05 0.1 0.2"
# key: (assessment decimals, unit, 中文, is toxic metal)
ITEMS: dict[str, tuple[int, str, str, bool]] = {
    "WT": (1, "degC", "水温", False),
    "PH": (0, "1", "pH", False),
    "DO": (1, "mg/L", "溶解氧", False),
    "CODMN": (1, "mg/L", "高锰酸盐指数", False),
    "COD": (1, "mg/L", "化学需氧量", False),
    "NH3N": (2, "mg/L", "氨氮", False),
    "TP": (3, "mg/L", "总磷", False),
    "TN": (2, "mg/L", "总氮", False),
    "HG": (5, "mg/L", "汞", True),
    "PB": (3, "mg/L", "铅", True),
    "TL": (5, "mg/L", "铊", True),
    "SB": (4, "mg/L", "锑", True),
    "DISCHARGE": (1, "m3/s", "流量", False),
}


def _limits(name: str, direction: str, text: str, *, is_classed: bool = True) -> ClassLimits:
    return ClassLimits(
        determinand=name, direction=direction, is_classed=is_classed,
        classes=tuple(Decimal(number) for number in text.split()),
    )  # fmt: skip


def _table(applies_to: str, **kwargs: Any) -> Standard:
    return Standard(
        id=f"GB3838-2002.{applies_to}", code="GB 3838-2002", title_zh="地表水环境质量标准",
        title_en="Environmental quality standards for surface water", table="1",
        applies_to=applies_to, effective_from=date(2002, 6, 1), source="test",
        confidence="verified", **kwargs,
    )  # fmt: skip


def _table_1(applies_to: str, tp: str) -> Standard:
    classed = [_limits(name, *rest) for name, rest in TABLE_1.items() if name != "TP"]
    ph = ClassLimits(determinand="PH", direction="range", low=Decimal(6), high=Decimal(9))
    nitrogen = _limits("TN", "le", "0.2 0.5 1.0 1.5 2.0", is_classed=False)
    return _table(applies_to, class_limits=(ph, *classed, _limits("TP", "le", tp), nitrogen))


@pytest.fixture(scope="session")
def river() -> Standard:
    return _table_1("river", TABLE_1["TP"][1])


@pytest.fixture(scope="session")
def lake() -> Standard:
    return _table_1("lake", LAKE_TP)


@pytest.fixture(scope="session")
def intake() -> Standard:
    limits = (("SB", "0.005"), ("TL", "0.0001"))
    return _table(
        "intake",
        single_limits=tuple(
            SingleLimit(determinand=name, limit=Decimal(text)) for name, text in limits
        ),
    )


@pytest.fixture(scope="session")
def determinands() -> dict[str, Determinand]:
    return {
        key: Determinand(
            key=key, name_zh=name_zh, name_en=key, unit=unit, medium="water", decimals_reading=4,
            decimals_assessed=decimals, is_toxic_metal=is_toxic, source="test",
            confidence="secondary",
        )
        for key, (decimals, unit, name_zh, is_toxic) in ITEMS.items()
    }  # fmt: skip


@pytest.fixture(scope="session")
def flagged() -> Callable[..., pd.DataFrame]:
    """A FLAGGED table of (site, determinand, start, value) rows; keywords set whole columns."""

    def make(*rows: tuple[str, str, str, float], **columns: Any) -> pd.DataFrame:
        count = len(rows)
        given: dict[str, Any] = {
            "site": [row[0] for row in rows],
            "determinand": [row[1] for row in rows],
            "start": [datetime.fromisoformat(row[2]) for row in rows],
            "value": [float(row[3]) for row in rows],
            "unit": [ITEMS[row[1]][1] for row in rows],
            "statistic": ["value"] * count, "duration_s": [0] * count,
            "programme": ["automatic"] * count, "source": ["cnemc-water"] * count,
            "replicate": [0] * count, "censor": ["none"] * count, "source_flag": [""] * count,
            "row": list(range(1, count + 1)), "revision": list(range(1, count + 1)),
            "flag": [1] * count,
        }  # fmt: skip
        return FLAGGED.frame(given | columns)

    return make


@pytest.fixture(scope="session")
def month_means() -> Callable[..., pd.DataFrame]:
    """A MEANS table for 2021-04 of {(site, determinand): text of the mean, or a status}."""

    def make(values: dict[tuple[str, str], str], **columns: Any) -> pd.DataFrame:
        count = len(values)
        means = [None if text.isalpha() else Fraction(text) for text in values.values()]
        is_measured = [mean is not None for mean in means]
        given: dict[str, Any] = {
            "site": [site for site, _ in values],
            "determinand": [key for _, key in values],
            "period": ["2021-04"] * count, "period_kind": ["month"] * count,
            "start": [datetime(2021, 4, 1)] * count,
            "value": [float("nan") if mean is None else float(mean) for mean in means],
            "exact": pd.Series(means, dtype=object),
            "unit": [ITEMS[key][1] for _, key in values],
            "n_valid": [28 if measured else 0 for measured in is_measured],
            "n_expected": [30] * count, "n_excluded": [0] * count, "n_censored": [0] * count,
            "coverage": [28 / 30 if measured else 0.0 for measured in is_measured],
            "status": ["measured" if text[0].isdigit() else text for text in values.values()],
        }  # fmt: skip
        return MEANS.frame(given | columns)

    return make
