from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ecomon.assess import MAIN_POLLUTANTS, grade_months, main_pollutants, name_main_pollutants
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand
from ecomon.model.standard import Standard

Make = Callable[..., pd.DataFrame]
Determinands = dict[str, Determinand]


def named(
    means: pd.DataFrame, river: Standard, determinands: Determinands
) -> dict[tuple[str, str], str]:
    standards = dict.fromkeys(means["site"], river)
    grades = grade_months(means, standards, {}, determinands, min_items=1)
    pollutants = main_pollutants(means, grades, standards, determinands)
    MAIN_POLLUTANTS.check(pollutants)
    return name_main_pollutants(pollutants, determinands)


def test_a_good_section_names_none(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    assert named(month_means({("a", "TP"): "0.2"}), river, determinands) == {}


def test_class_then_factor_and_at_most_three(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means(
        {
            ("a", "DO"): "2.5",  # class V, no factor
            ("a", "CODMN"): "13.2",  # class V, 1.2 over III
            ("a", "NH3N"): "1.4",  # class IV, 0.4
            ("a", "TP"): "0.3",  # class IV, 0.5
        }
    )
    text = named(means, river, determinands)["a", "2021-04"]
    assert text == "高锰酸盐指数(1.2)、溶解氧、总磷(0.5)"


def test_a_heavy_metal_is_named_first(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means({("a", "CODMN"): "16", ("a", "PB"): "0.075"})
    assert named(means, river, determinands)["a", "2021-04"] == "铅(0.5)、高锰酸盐指数(1.7)"


def test_a_grade_needs_its_means(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means({("a", "TP"): "0.5"})
    grades = grade_months(means, {"a": river}, {}, determinands, min_items=1)
    with pytest.raises(ContractError, match="without its means"):
        main_pollutants(means.iloc[:0], grades, {"a": river}, determinands)
