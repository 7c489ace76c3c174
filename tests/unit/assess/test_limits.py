from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.assess import bounds_of, grade_values
from ecomon.errors import ContractError
from ecomon.model.standard import ClassLimits, SingleLimit, Standard


def classes(standard: Standard, name: str, *values: float) -> list[int]:
    limits = standard.of(name)
    assert isinstance(limits, ClassLimits)
    return grade_values(np.array(values), limits).tolist()


def test_an_upper_limit_by_hand(river: Standard) -> None:
    assert classes(river, "TP", 0.019, 0.05, 0.15, 0.25, 0.35, 0.45) == [1, 2, 3, 4, 5, 6]


def test_equality_is_compliance(river: Standard) -> None:
    assert classes(river, "TP", 0.02, 0.1, 0.2, 0.3, 0.4) == [1, 2, 3, 4, 5]
    assert classes(river, "DO", 7.5, 6.0, 5.0, 3.0, 2.0) == [1, 2, 3, 4, 5]


def test_oxygen_is_a_lower_limit(river: Standard) -> None:
    assert classes(river, "DO", 12, 7.49, 5.99, 4.99, 2.99, 1.99) == [1, 2, 3, 4, 5, 6]


def test_equal_limits_give_the_best_class(river: Standard) -> None:
    assert classes(river, "COD", 15, 15.1) == [1, 3]
    assert classes(river, "HG", 0.00005, 0.00006, 0.001, 0.0011) == [1, 3, 4, 6]


def test_ph_is_in_or_out(river: Standard) -> None:
    assert classes(river, "PH", 6, 9, 5.99, 9.01) == [1, 1, 6, 6]


def test_nan_has_no_class(river: Standard) -> None:
    for name in ("PH", "DO", "TP"):
        assert classes(river, name, math.nan) == [0]


@given(
    name=st.sampled_from(["CODMN", "NH3N", "TP", "HG", "PB", "COD"]),
    value=st.floats(0, 100),
    more=st.floats(0, 100),
)
def test_a_worse_value_never_grades_better(
    river: Standard, name: str, value: float, more: float
) -> None:
    better, worse = classes(river, name, value, value + more)
    assert worse >= better
    richer, poorer = classes(river, "DO", value + more, value)
    assert poorer >= richer


@given(value=st.floats(0, 50), grade=st.integers(1, 5))
def test_bounds_and_classes_agree(river: Standard, value: float, grade: int) -> None:
    for name in ("DO", "TP", "PH", "COD"):
        limits = river.of(name)
        assert limits is not None
        bounds = bounds_of(limits, grade)
        assert bounds is not None
        is_over = value > bounds.high or value < bounds.low
        assert is_over == (classes(river, name, value)[0] > grade)


def test_what_is_not_classed_has_no_bounds(river: Standard) -> None:
    nitrogen, phosphorus = river.of("TN"), river.of("TP")
    assert nitrogen is not None and phosphorus is not None
    assert bounds_of(nitrogen) is None
    assert bounds_of(phosphorus, 6) is None  # nothing is worse than 劣Ⅴ


def test_a_single_limit_cannot_be_a_range() -> None:
    with pytest.raises(ContractError, match="PH"):
        bounds_of(SingleLimit(determinand="PH", limit=9, direction="range"))  # pyright: ignore[reportArgumentType]
