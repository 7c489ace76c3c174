from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import ecomon
from ecomon.model.tables import STORED
from ecomon.quality.rules import Checks, MediumRules, QualityRules

FACTS = Path(ecomon.__file__).parent.parent / "thresholds"
Stored = Callable[..., pd.DataFrame]
MakeRules = Callable[..., QualityRules]


@pytest.fixture(scope="session")
def shipped() -> QualityRules:
    water, hydrology = (
        YAML(typ="safe").load((FACTS / "quality" / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("surface-water", "hydrology")
    )
    rules = QualityRules.model_validate(water)
    return rules.with_medium(MediumRules.model_validate(hydrology))


@pytest.fixture(scope="session")
def stored() -> Stored:
    """A STORED table of one series: values every ``step_h`` hours from the first of April."""

    def make(
        values: list[float],
        *,
        hours: list[float] | None = None,
        step_h: float = 4,
        site: str = "yaodu",
        determinand: str = "NH3N",
        unit: str = "mg/L",
        censor: list[str] | None = None,
        source_flag: str | list[str | None] | None = None,
        source: str = "cnemc-water",
        start: str = "2021-04-01",
        first_revision: int = 1,
    ) -> pd.DataFrame:
        n = len(values)
        at = hours if hours is not None else [step_h * place for place in range(n)]
        seconds = np.array([round(3600 * hour) for hour in at], dtype="timedelta64[s]")
        flags = source_flag if isinstance(source_flag, list) else [source_flag] * n
        return STORED.frame(
            {
                "site": pd.array([site] * n, dtype="str"),
                "determinand": pd.array([determinand] * n, dtype="str"),
                "statistic": pd.array(["value"] * n, dtype="str"),
                "start": np.datetime64(start, "us") + seconds,
                "duration_s": np.zeros(n, dtype=np.int64),
                "programme": pd.array(["automatic"] * n, dtype="str"),
                "source": pd.array([source] * n, dtype="str"),
                "replicate": np.zeros(n, dtype=np.int64),
                "value": np.array(values, dtype=np.float64),
                "unit": pd.array([unit] * n, dtype="str"),
                "censor": pd.array(censor or ["none"] * n, dtype="str"),
                "source_flag": pd.array(flags, dtype="str"),
                "row": np.zeros(n, dtype=np.int64),
                "revision": np.arange(n) + first_revision,
            }
        )

    return make


@pytest.fixture(scope="session")
def make_rules() -> MakeRules:
    """Rules whose one general entry holds what is given."""

    def make(*overrides: dict[str, object], **tests: object) -> QualityRules:
        fact = {"source": "test", "confidence": "unverified"}
        general = {"determinands": ("NH3N", "TN"), "unit": "mg/L", **fact, **tests}
        entries = [general, *({**fact, **one} for one in overrides)]
        return QualityRules(
            id="test",
            version="1",
            effective_from=date(2020, 1, 1),
            source_flags={"正常": 1, "维护": 3, "极值过滤": 4},
            unknown_source_flag=3,
            gap_h=12,
            cycle_h=4,
            checks={str(place): Checks.model_validate(one) for place, one in enumerate(entries)},
            source="test",
            confidence="unverified",
        )

    return make
