from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.quantity import (
    convert,
    exact,
    exact_mean,
    round_assessed,
    round_gbt8170,
    scaled_integers,
    unit_symbol,
)

DECIMALS = st.decimals(-(10**6), 10**6, allow_nan=False, allow_infinity=False, places=6)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        # compensation.md, "Guards every family needs": 0.205 -> 0.20 (even), 6.05 -> 6.0 (even)
        ("0.205", 2, "0.20"),
        ("6.05", 1, "6.0"),
        # GB/T 8170-2008 clause 3.2: 12.149 8 to one place is 12.1; 1 268 to hundreds is 13 x 10^2
        ("12.1498", 1, "12.1"),
        ("1268", -2, "1300"),
        # 3.2.4: a bare 5 goes to the even digit: 1.050 -> 1.0, 0.35 -> 0.4
        ("1.050", 1, "1.0"),
        ("0.35", 1, "0.4"),
        # standards.md 2.1: DO 4.95 rounds to 5.0 only with exact decimals
        ("4.95", 1, "5.0"),
        ("9.4", 0, "9"),
        ("-0.205", 2, "-0.20"),
    ],
)
def test_gbt8170_printed_cases(value: str, decimals: int, expected: str) -> None:
    assert round_gbt8170(Decimal(value), decimals) == Decimal(expected)


@given(DECIMALS, st.integers(-3, 6))
def test_gbt8170_is_decimal_half_even(value: Decimal, decimals: int) -> None:
    assert round_gbt8170(value, decimals) == value.quantize(
        Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN
    )


def test_a_float_is_never_rounded_silently() -> None:
    with pytest.raises(ContractError):
        round_gbt8170(0.205, 2)  # type: ignore[arg-type]


def test_a_positive_value_never_becomes_zero_in_assessment() -> None:
    assert round_assessed(Decimal("0.0004"), 2) == Decimal("0.0004")
    assert round_assessed(Decimal("0.00046"), 2) == Decimal("0.0005")
    assert round_assessed(Decimal(0), 2) == 0
    assert round_assessed(Decimal("0.014"), 2) == Decimal("0.01")


def test_a_mean_that_is_a_tie_is_exact() -> None:
    # 0.20 and 0.21 average to 0.205 exactly; in binary the mean is a hair off and rounds up.
    assert exact_mean([0.20, 0.21]) == Fraction(205, 1000)
    assert round_gbt8170(exact_mean([0.20, 0.21]), 2) == Decimal("0.20")
    assert round_gbt8170(exact_mean([1.0, 1.1]), 1) == Decimal("1.0")


@given(st.lists(st.floats(0, 1e5).map(lambda value: round(value, 4)), min_size=1, max_size=50))
def test_scaled_integers_sum_to_the_exact_mean(values: list[float]) -> None:
    whole = scaled_integers(np.array(values))
    assert Fraction(int(whole.sum()), len(values) * 10**9) == exact_mean(values)


def test_scaled_integers_refuse_what_does_not_fit() -> None:
    for bad in (np.nan, 1e12, -np.inf):
        with pytest.raises(ContractError):
            scaled_integers(np.array([1.0, bad]))


@pytest.mark.parametrize(
    ("value", "unit", "to_unit", "expected"),
    [
        (0.1, "ug/L", "mg/L", 0.0001),  # the thallium limit of GB 3838 Table 3
        (1.2, "ug/L", "mg/L", 0.0012),
        (75600.0, "ng/m3", "ug/m3", 75.6),  # a34004 of a real HJ 212 device
        (3.0, "mg/L", "mg/L", 3.0),
        (2500.0, "L/s", "m3/s", 2.5),
    ],
)
def test_convert(value: float, unit: str, to_unit: str, expected: float) -> None:
    assert convert(value, unit, to_unit) == expected


def test_units_are_never_guessed() -> None:
    with pytest.raises(UnitMismatch):
        convert(1.0, "mg/L", "m3/s")
    with pytest.raises(UnitMismatch):
        unit_symbol("ppm")


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("μS/cm", "uS/cm"),
        ("µg/L", "ug/L"),
        ("℃", "degC"),
        ("无量纲", "1"),
        ("mg/l", "mg/L"),
        ("m³/s", "m3/s"),
    ],
)
def test_unit_spellings(text: str, symbol: str) -> None:
    assert unit_symbol(text) == symbol


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_exact_round_trips(value: float) -> None:
    assert float(exact(value)) == value
