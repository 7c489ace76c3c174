"""The shipped rules, three places, and tables made from a few readings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

import ecomon
from ecomon.alert import AlertPlace, AlertRules
from ecomon.model.determinand import Determinand
from ecomon.model.place import Office, Section, Target
from ecomon.model.tables import EXCEEDANCES, FLAGGED

RULES = Path(ecomon.__file__).parent.parent / "thresholds" / "alerts" / "default.yaml"
UNITS = {"NH3N": "mg/L", "TL": "mg/L", "SB": "mg/L", "DO": "mg/L", "PH": "1", "TP": "mg/L"}
NAMES = {"NH3N": "氨氮", "TL": "铊", "SB": "锑", "DO": "溶解氧", "PH": "pH", "TP": "总磷"}
FACTS: dict[str, Any] = {"source": "test", "confidence": "verified"}

Readings = list[tuple[str, float]]


@pytest.fixture(scope="session")
def rules() -> AlertRules:
    return AlertRules.model_validate(YAML(typ="safe").load(RULES.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def determinands() -> dict[str, Determinand]:
    return {
        key: Determinand(
            key=key, name_zh=NAMES[key], name_en=key, unit=unit, medium="water",
            decimals_reading=3, decimals_assessed=3, is_toxic_metal=key in {"TL", "SB"}, **FACTS,
        )
        for key, unit in UNITS.items()
    }  # fmt: skip


def office(name: str, kind: str) -> Office:
    return Office(
        id=name, name_zh=name, name_en=name, jurisdiction="510800",
        kind=kind, **FACTS,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


def section(name: str, name_zh: str, kind: str) -> Section:
    borders = {"upstream_jurisdiction": "621222", "downstream_jurisdiction": "510822"}
    return Section(
        id=name, name_zh=name_zh, name_en=name.title(), river="jialing", located_in="510802",
        kind=kind, **(borders if kind == "border" else {}), **FACTS,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


@pytest.fixture(scope="session")
def places() -> dict[str, AlertPlace]:
    bureau, plant = office("bureau", "ecology_bureau"), office("plant", "water_plant")
    target = Target(grade=2, source="test", confidence="unverified")
    return {
        "yaodu": AlertPlace(section("yaodu", "姚渡", "border"), target, (bureau,)),
        "xiwan-intake": AlertPlace(
            section("xiwan-intake", "西湾水厂取水口", "intake"), None, (plant, bureau)
        ),
        "qianfoya": AlertPlace(section("qianfoya", "千佛崖", "emergency"), None, (bureau,)),
    }


@pytest.fixture(scope="session")
def tables() -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    """Exceedances and observations of one series: [(time, value)] against one limit."""

    def make(
        readings: Readings,
        *,
        series: tuple[str, str] = ("yaodu", "NH3N"),
        limit: float = 0.5,
        basis: str = "target",
        is_upper: bool = True,
        flags: list[int] | None = None,
        first_revision: int = 1,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        site, key = series
        count = len(readings)
        values = [float(value) for _, value in readings]
        observations = FLAGGED.frame(
            {
                "site": [site] * count, "determinand": [key] * count,
                "statistic": ["value"] * count,
                "start": [datetime.fromisoformat(time) for time, _ in readings],
                "duration_s": [0] * count, "programme": ["automatic"] * count,
                "source": ["cnemc-water"] * count, "replicate": [0] * count, "value": values,
                "unit": [UNITS[key]] * count, "censor": ["none"] * count,
                "source_flag": [""] * count, "row": [0] * count,
                "revision": list(range(first_revision, first_revision + count)),
                "flag": flags or [1] * count,
            }
        )  # fmt: skip
        value = observations["value"]
        over = observations[(value > limit) if is_upper else (value < limit)]
        factor = over["value"] / limit - 1 if key not in {"DO", "PH"} else float("nan")
        exceedances = over.assign(limit=limit, factor=factor, basis=basis, standard="GB3838-2002")
        return EXCEEDANCES.frame({name: exceedances[name] for name in EXCEEDANCES.columns}), (
            observations
        )

    return make


@pytest.fixture(scope="session")
def four_hourly() -> Callable[..., Readings]:
    """Values at 4-hour steps from a first time."""

    def make(first: str, *values: float, step_h: float = 4) -> Readings:
        start = datetime.fromisoformat(first)
        return [
            ((start + timedelta(hours=step_h * step)).isoformat(), value)
            for step, value in enumerate(values)
        ]

    return make
