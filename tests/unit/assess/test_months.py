from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.assess import grade_months, round_means
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.standard import Standard
from ecomon.model.tables import GRADES

Make = Callable[..., pd.DataFrame]
Determinands = dict[str, Determinand]
CLEAN = {"PH": "8.2", "DO": "9.1", "CODMN": "1.2", "NH3N": "0.06", "TP": "0.015"}


def month(site: str = "yaodu", **changes: str) -> dict[tuple[str, str], str]:
    return {(site, key): text for key, text in (CLEAN | changes).items()}


def test_the_worst_item_and_the_verdict(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means(month(TP="0.15"))
    table = grade_months(means, {"yaodu": river}, {"yaodu": 2}, determinands)
    GRADES.check(table)
    (row,) = table.to_dict("records")
    assert (row["grade"], row["worst"], row["verdict"]) == (3, "TP", "exceeding")
    assert (row["status"], row["target_grade"], row["n_items"]) == ("measured", 2, 5)
    assert row["missing_items"] == "COD,HG,PB"
    assert (row["period"], row["standard"]) == ("2021-04", "GB3838-2002.river")
    kept = grade_months(means, {"yaodu": river}, {"yaodu": 3}, determinands)
    assert kept["verdict"].tolist() == ["compliant"]


@pytest.mark.parametrize("targets", [{}, {"yaodu": None}])
def test_no_target_is_never_compliant(
    month_means: Make, river: Standard, determinands: Determinands, targets: dict[str, None]
) -> None:
    table = grade_months(month_means(month()), {"yaodu": river}, targets, determinands)
    assert table[["grade", "target_grade", "verdict"]].values.tolist() == [[1, 0, "no_target"]]


def test_few_items_are_insufficient_and_no_data_is_missing(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means(
        month("few", DO="insufficient", TP="missing")
        | {("none", key): "missing" for key in CLEAN}
        | {("gauge", "DISCHARGE"): "312.5"}
    )
    standards = {"few": river, "none": river}
    table = grade_months(means, standards, dict.fromkeys(standards, 2), determinands)
    assert table["site"].tolist() == ["few", "none"]
    assert table["status"].tolist() == ["insufficient", "missing"]
    assert table["grade"].tolist() == [0, 0]
    assert set(table["verdict"]) == {"insufficient"}
    assert table["n_items"].tolist() == [3, 0]
    assert table.loc[0, "missing_items"] == "DO,COD,HG,PB,TP"


def test_items_limit_what_is_assessed(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means(month(COD="35"))
    everything = grade_months(means, {"yaodu": river}, {}, determinands)
    feed = grade_months(means, {"yaodu": river}, {}, determinands, items=list(CLEAN))
    assert (everything["grade"].tolist(), feed["grade"].tolist()) == ([5], [1])
    assert feed["missing_items"].tolist() == [""]


def test_the_largest_factor_stands_first_among_equals(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means(month(CODMN="9.9", NH3N="1.1", DO="4", TP="0.29"))
    table = grade_months(means, {"yaodu": river}, {"yaodu": 2}, determinands)
    # 9.9/6 = 1.65, 0.29/0.2 = 1.45, 1.1/1.0 = 1.1, and oxygen has no factor
    assert table["worst"].tolist() == ["CODMN,TP,NH3N,DO"]


def test_the_exact_mean_is_rounded_and_not_its_float(
    month_means: Make, determinands: Determinands
) -> None:
    means = month_means({("a", "DO"): "4.95", ("a", "NH3N"): "0.505", ("a", "TP"): "insufficient"})
    assert round_means(means, determinands).tolist() == [Decimal("5.0"), Decimal("0.50"), None]
    means["exact"] = pd.Series([Fraction(4949, 1000), Fraction(507, 1000), None], dtype=object)
    assert round_means(means, determinands).tolist() == [Decimal("4.9"), Decimal("0.51"), None]


def test_contracts(month_means: Make, river: Standard, determinands: Determinands) -> None:
    means = month_means(month())
    with pytest.raises(UnitMismatch, match="PH in mg/L"):
        grade_months(means.assign(unit="mg/L"), {"yaodu": river}, {}, determinands)
    with pytest.raises(ContractError, match="stands twice"):
        doubled = pd.concat([means, means], ignore_index=True)
        grade_months(doubled, {"yaodu": river}, {}, determinands)
    with pytest.raises(ContractError, match="no standard given for yaodu"):
        grade_months(means, {}, {}, determinands)
    assert grade_months(means.iloc[:0], {}, {}, determinands).empty


@given(
    values=st.fixed_dictionaries(
        {
            "PH": st.decimals(5, 10, places=3),
            "DO": st.decimals(0, 12, places=3),
            "CODMN": st.decimals(0, 20, places=3),
            "NH3N": st.decimals(0, 3, places=4),
            "TP": st.decimals(0, 1, places=5),
        }
    ),
    worse=st.decimals(0, 5, places=3),
)
def test_the_grade_is_the_worst_item_and_worse_never_grades_better(
    month_means: Make,
    river: Standard,
    determinands: Determinands,
    values: dict[str, Decimal],
    worse: Decimal,
) -> None:
    def grade(chosen: dict[str, Decimal]) -> int:
        means = month_means({("a", key): str(value) for key, value in chosen.items()})
        table = grade_months(means, {"a": river}, {}, determinands, min_items=1)
        return int(table.loc[0, "grade"])

    whole = grade(values)
    assert whole == max(grade({key: value}) for key, value in values.items())
    assert grade(values | {"TP": values["TP"] + worse}) >= whole
    assert grade(values | {"DO": max(values["DO"] - worse, Decimal(0))}) >= whole
