"""Determinands a decoder is given, and what its output sums up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd
import pytest

from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected
from ecomon.model.tables import OBSERVATIONS

WATER = {
    "WT": ("水温", "degC"), "PH": ("pH值", "1"), "DO": ("溶解氧", "mg/L"),
    "EC": ("电导率", "uS/cm"), "TURB": ("浊度", "NTU"), "CODMN": ("高锰酸盐指数", "mg/L"),
    "NH3N": ("氨氮", "mg/L"), "TP": ("总磷", "mg/L"), "TN": ("总氮", "mg/L"),
    "CHLA": ("叶绿素a", "mg/L"), "ALGAE": ("藻密度", "cells/L"), "SB": ("锑", "mg/L"),
}  # fmt: skip
HYDROLOGY = {
    "STAGE": ("水位", "m"), "DISCHARGE": ("流量", "m3/s"), "RESERVOIR_STAGE": ("库水位", "m"),
    "TAILWATER_STAGE": ("库下水位", "m"), "INFLOW": ("入库流量", "m3/s"),
    "OUTFLOW": ("出库流量", "m3/s"), "STORAGE": ("蓄水量", "m3"), "RAINFALL": ("降水量", "mm"),
}  # fmt: skip


@dataclass
class Decoded:
    table: pd.DataFrame
    rejected: list[Rejected]
    quirks: Counter[str]
    sizes: list[int]

    def value(self, site: str, determinand: str, start: str | None = None) -> float:
        of = self.of(site, determinand, start)
        assert len(of) == 1
        return float(of["value"].iloc[0])

    def of(self, site: str, determinand: str, start: str | None = None) -> pd.DataFrame:
        table = self.table
        keep = (table["site"] == site) & (table["determinand"] == determinand)
        if start is not None:
            keep &= table["start"] == pd.Timestamp(start)
        return table[keep]

    def account(self, n_rows: int) -> None:
        """Every data row ends in observations or in exactly one record without a column."""
        observed = set(self.table["row"].tolist())
        lost = [item.row for item in self.rejected if item.column is None and item.row > 0]
        assert len(lost) == len(set(lost))
        assert not observed & set(lost)
        assert observed | set(lost) == set(range(1, n_rows + 1))


def collect(items: Iterable[Batch | Rejected]) -> Decoded:
    tables: list[pd.DataFrame] = [OBSERVATIONS.empty()]
    rejected: list[Rejected] = []
    quirks: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Rejected):
            rejected.append(item)
        else:
            tables.append(OBSERVATIONS.check(item.observations))
            quirks.update(item.quirks)
    sizes = [len(table) for table in tables[1:]]
    filled = [table for table in tables if len(table)] or tables[-1:]
    return Decoded(pd.concat(filled, ignore_index=True), rejected, quirks, sizes)


def _determinand(key: str, name: str, unit: str, medium: str) -> Determinand:
    return Determinand.model_validate(
        {
            "key": key, "name_zh": name, "name_en": key, "unit": unit, "medium": medium,
            "decimals_reading": 3, "decimals_assessed": 3, "source": "test", "confidence": "verified",
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def determinands() -> dict[str, Determinand]:
    water = {key: _determinand(key, *what, "water") for key, what in WATER.items()}
    hydrology = {key: _determinand(key, *what, "hydrology") for key, what in HYDROLOGY.items()}
    return water | hydrology


@pytest.fixture(scope="session")
def gather() -> Callable[[Iterable[Batch | Rejected]], Decoded]:
    return collect
