"""Given an agreement's factors and the months, when they are settled, then these lines and sums.

Each folder is one case: ``given_factors.csv``, ``given_loads.csv``, ``when.csv``,
``then_lines.csv``, ``then_statement.csv``; an empty cell is a figure that does not exist. The
expected figures were reckoned by hand: (assessed concentration - target) x volume / 1 000 000 is
the excess load, rounded; x price is the amount, rounded, negative where the upstream party pays.
"""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from ecomon.model.agreement import Agreement, Factor, Party
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOADS
from ecomon.settle import Line, Statement, settle_period

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/when.csv"))
FACT = {"source": "scenario", "confidence": "verified"}
REAL = Provenance(kind="real", known_at=1, ruleset="scenario", code_version="scenario")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def given_agreement(case: Path, when: dict[str, str]) -> Agreement:
    return Agreement(
        id="scenario", version="1", name_zh="协议", name_en="agreement", legal_basis="-",
        is_shadow=when["is_shadow"] == "yes", section="yaodu", family="F2", mode=when["mode"],
        upstream=Party(jurisdiction="621222", name_zh="上游", name_en="upstream"),
        downstream=Party(jurisdiction="510822", name_zh="下游", name_en="downstream"),
        factors=tuple(Factor(**row, **FACT) for row in rows_of(case / "given_factors.csv")),
        min_days_per_month=20, min_coverage_discharge=0.8,
        decimals_load_t=int(when["decimals_load_t"]), decimals_money=2, **FACT,
    )  # fmt: skip


def given_loads(case: Path) -> pd.DataFrame:
    rows = rows_of(case / "given_loads.csv")
    c = [Fraction(row["concentration_mg_l"]) for row in rows]
    v = [Fraction(row["volume_m3"]) if row["volume_m3"] else None for row in rows]
    nan = float("nan")
    load_t = [nan if y is None else float(x * y / 10**6) for x, y in zip(c, v, strict=True)]
    n = len(rows)
    return LOADS.frame(
        {
            "section": ["yaodu"] * n, "determinand": [row["determinand"] for row in rows],
            "period": [row["month"] for row in rows],
            "start": pd.Series([datetime.strptime(row["month"], "%Y-%m") for row in rows],
                               dtype="datetime64[us]"),
            "method": ["B"] * n, "concentration_mg_l": [float(x) for x in c],
            "concentration_exact": pd.Series(c, dtype="object"),
            "volume_m3": [nan if y is None else float(y) for y in v],
            "volume_exact": pd.Series(v, dtype="object"),
            "load_t": load_t, "lower_t": load_t, "upper_t": load_t, "standard_error_t": load_t,
            "n_days": [30] * n, "coverage_time": [1.0] * n,
            "coverage_volume": [0.0 if y is None else 1.0 for y in v],
            "censored_rule": ["zero"] * n, "censored_share": [0.0] * n, "share_estimated": [0.0] * n,
            "status": ["insufficient" if y is None else "measured" for y in v],
            "reason": [row["reason"] for row in rows],
        }
    )  # fmt: skip


def text_of(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")


def line_as_row(line: Line, columns: list[str]) -> dict[str, str]:
    values = {name: getattr(line, name) for name in columns}
    return {
        name: value if isinstance(value, str) else text_of(value) for name, value in values.items()
    }


def statement_as_row(statement: Statement) -> dict[str, str]:
    upstream, downstream = statement.totals
    return {
        "status": statement.status,
        "n_missing": str(statement.n_missing),
        "is_payable": "yes" if statement.is_payable else "no",
        "amount_cny": text_of(statement.amount_cny),
        "upstream_cny": text_of(upstream.amount_cny),
        "downstream_cny": text_of(downstream.amount_cny),
        "label": ";".join(label.zh for label in statement.labels),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scenario(case: Path) -> None:
    (when,) = rows_of(case / "when.csv")
    statement = settle_period(
        given_agreement(case, when), given_loads(case), Period.parse(when["period"]),
        run_type=when["run_type"], provenance=REAL, approval="approved",
    )  # fmt: skip
    then_lines = rows_of(case / "then_lines.csv")
    columns = list(then_lines[0])
    assert [line_as_row(line, columns) for line in statement.lines] == then_lines
    assert [statement_as_row(statement)] == rows_of(case / "then_statement.csv")
    reasons = {(row["month"], row["determinand"]): row["reason"]
               for row in rows_of(case / "given_loads.csv")}  # fmt: skip
    for line in statement.lines:
        assert line.reason == reasons.get((line.month, line.determinand), line.reason)


def test_there_are_cases() -> None:
    assert len(CASES) >= 6
