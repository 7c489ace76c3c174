from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import ecomon
from ecomon.aggregate import AggregationRules
from ecomon.model.determinand import Determinand
from ecomon.model.tables import FLAGGED

FACTS = Path(ecomon.__file__).parent.parent / "thresholds"
Flagged = Callable[..., pd.DataFrame]
UNITS = {
    "NH3N": "mg/L",
    "TP": "mg/L",
    "PH": "1",
    "ALGAE": "cells/L",
    "DISCHARGE": "m3/s",
    "PM25": "ug/m3",
}


@pytest.fixture(scope="session")
def rules() -> AggregationRules:
    text = (FACTS / "aggregation" / "default.yaml").read_text(encoding="utf-8")
    return AggregationRules.model_validate(YAML(typ="safe").load(text))


@pytest.fixture(scope="session")
def determinands() -> dict[str, Determinand]:
    return {
        key: Determinand(
            key=key,
            name_zh=key,
            name_en=key,
            unit=unit,
            medium="water",
            decimals_reading=3,
            decimals_assessed=2,
            mean="hydrogen_ion" if key == "PH" else "arithmetic",
            source="test",
            confidence="unverified",
        )
        for key, unit in UNITS.items()
    }


@pytest.fixture(scope="session")
def flagged() -> Flagged:
    """A FLAGGED table of one series from 1 April 2021; all flags good unless given."""

    def make(
        values: list[float],
        *,
        hours: list[float] | None = None,
        step_h: float = 4,
        flags: list[int] | None = None,
        censor: list[str] | None = None,
        determinand: str = "NH3N",
        unit: str | None = None,
        first_revision: int = 1,
        start: str = "2021-04-01",
        **columns: object,
    ) -> pd.DataFrame:
        n = len(values)
        at = hours if hours is not None else [step_h * place for place in range(n)]
        seconds = np.array([round(3600 * hour) for hour in at], dtype="timedelta64[s]")
        texts = {
            "site": "yaodu", "statistic": "value", "programme": "automatic",
            "source": "cnemc-water", "source_flag": "正常",
        }  # fmt: skip
        numbers = {"duration_s": 0, "replicate": 0, "row": 0}
        return FLAGGED.frame(
            {
                "start": np.datetime64(start, "us") + seconds,
                "determinand": pd.array([determinand] * n, dtype="str"),
                "value": np.array(values, dtype=np.float64),
                "unit": pd.array([unit or UNITS[determinand]] * n, dtype="str"),
                "censor": pd.array(censor or ["none"] * n, dtype="str"),
                "revision": np.arange(n) + first_revision,
                "flag": np.array(flags or [1] * n, dtype=np.int64),
                **{
                    key: pd.array([columns.get(key, text)] * n, dtype="str")
                    for key, text in texts.items()
                },
                **{key: np.full(n, columns.get(key, zero)) for key, zero in numbers.items()},
            }
        )

    return make
