"""Given a mean, when the month is graded, then the printed value, class and verdict.

The cases are rows of ``monthly_grades.csv``, which a spreadsheet opens.
"""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from ecomon.assess import grade_months, round_means
from ecomon.model.determinand import Determinand
from ecomon.model.standard import ClassLimits, Standard
from ecomon.model.tables import MEANS

CASES = list(
    csv.DictReader(
        (Path(__file__).parent / "monthly_grades.csv").read_text(encoding="utf-8").splitlines()
    )
)
DECIMALS = {"PH": 0, "DO": 1, "COD": 1, "NH3N": 2, "TP": 3, "HG": 5}
LIMITS = {
    "DO": "7.5 6 5 3 2",
    "COD": "15 15 20 30 40",
    "NH3N": "0.15 0.5 1.0 1.5 2.0",
    "TP": "0.02 0.1 0.2 0.3 0.4",
    "HG": "0.00005 0.00005 0.0001 0.001 0.001",
}
LAKE = {"TP": "0.01 0.025 0.05 0.1 0.2"}


def table_1(water: str) -> Standard:
    limits = LIMITS | (LAKE if water == "lake" else {})
    return Standard(
        id=f"GB3838-2002.{water}", code="GB 3838-2002", title_zh="地表水环境质量标准",
        title_en="surface water", table="1", applies_to=water,  # pyright: ignore[reportArgumentType]
        effective_from=date(2002, 6, 1), source="test", confidence="verified",
        class_limits=(
            ClassLimits(determinand="PH", direction="range", low=Decimal(6), high=Decimal(9)),
            *(
                ClassLimits(
                    determinand=name, direction="ge" if name == "DO" else "le",
                    classes=tuple(Decimal(number) for number in text.split()),
                )
                for name, text in limits.items()
            ),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_monthly_grade(case: dict[str, str]) -> None:
    key = case["determinand"]
    unit = "1" if key == "PH" else "mg/L"
    determinand = Determinand(
        key=key, name_zh=key, name_en=key, unit=unit, medium="water", decimals_reading=3,
        decimals_assessed=DECIMALS[key], source="test", confidence="secondary",
    )  # fmt: skip
    means = MEANS.frame(
        {
            "site": ["a"], "determinand": [key], "period": ["2021-04"], "period_kind": ["month"],
            "start": [datetime(2021, 4, 1)], "value": [float(case["mean"])],
            "exact": pd.Series([Fraction(case["mean"])], dtype=object), "unit": [unit],
            "n_valid": [30], "n_expected": [30], "n_excluded": [0], "n_censored": [0],
            "coverage": [1.0], "status": ["measured"],
        }
    )  # fmt: skip
    target = int(case["target"]) if case["target"] else None
    standards = {"a": table_1(case["water"])}
    (row,) = grade_months(means, standards, {"a": target}, {key: determinand}, min_items=1).to_dict(
        "records"
    )
    assert format(round_means(means, {key: determinand})[0], "f") == case["then_value"]
    assert (str(row["grade"]), row["verdict"]) == (case["then_grade"], case["then_verdict"])
