from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.model.agreement import Agreement, Mode
from ecomon.settle.f2 import charge_excess_load
from ecomon.settle.line import Line
from ecomon.settle.month_load import Evidence, MonthLoad

CONCENTRATIONS = st.fractions(0, 20, max_denominator=10**6)
VOLUMES = st.fractions(1, 10**9, max_denominator=1000)


def charge(agreement: Agreement, mg_l: Fraction, m3: Fraction, mode: Mode) -> Line:
    """The line of the first factor, CODMN: target 4, 15 000 CNY/t, one decimal."""
    load = MonthLoad("CODMN", "2021-04", mg_l, m3, "", Evidence())
    return charge_excess_load(agreement, agreement.factors[0], load, mode=mode)


def test_a_line_by_hand(agreement: Agreement) -> None:
    # 4.26 is assessed as 4.3, 0.3 above 4; 12 345 678.5 m3 is 12 345 678 (even);
    # 0.3 x 12.345678 = 3.7037034 t, 3.704 t; x 15 000 = 55 560.00 CNY that upstream pays.
    line = charge(agreement, Fraction("4.26"), Fraction("12345678.5"), "two_sided")
    assert line.concentration_mg_l == Decimal("4.3") and line.difference_mg_l == Decimal("0.3")
    assert line.volume_m3 == 12_345_678
    assert str(line.excess_load_t) == str(line.charged_load_t) == "3.704"
    assert str(line.amount_cny) == "-55560.00"
    assert line.unrounded is not None
    assert line.unrounded.concentration_mg_l == "4.26"
    assert line.unrounded.volume_m3 == "12345678.5"
    assert line.unrounded.excess_load_t == "3.7037034"
    assert line.unrounded.amount_cny == "-55560"
    assert line.reference == "pair@2021/yaodu/2021-04/CODMN"


def test_below_target_the_mode_decides(agreement: Agreement) -> None:
    two = charge(agreement, Fraction("3.5"), Fraction(10**7), "two_sided")
    one = charge(agreement, Fraction("3.5"), Fraction(10**7), "one_sided")
    assert str(two.excess_load_t) == str(one.excess_load_t) == "-5.000"
    assert (str(two.charged_load_t), str(two.amount_cny)) == ("-5.000", "75000.00")
    assert (str(one.charged_load_t), str(one.amount_cny)) == ("0.000", "0.00")


def test_a_third_is_kept_unrounded_to_eighteen_places(agreement: Agreement) -> None:
    line = charge(agreement, Fraction(13, 3), Fraction(3), "two_sided")
    assert line.unrounded is not None
    assert line.unrounded.concentration_mg_l == "4.333333333333333333"


@pytest.mark.parametrize(("mg_l", "m3"), [(None, None), (Fraction(5), None), (None, Fraction(5))])
def test_half_a_figure_is_no_amount(
    agreement: Agreement, mg_l: Fraction | None, m3: Fraction | None
) -> None:
    load = MonthLoad("CODMN", "2021-04", mg_l, m3, "断流 / dry", Evidence())
    line = charge_excess_load(agreement, agreement.factors[0], load, mode="one_sided")
    assert line.status == "insufficient" and line.reason == "断流 / dry"
    assert line.amount_cny is None and line.excess_load_t is None and line.unrounded is None
    assert line.target_mg_l == 4


@given(mg_l=CONCENTRATIONS, m3=VOLUMES)
def test_one_sided_is_never_in_favour_of_upstream(
    agreement: Agreement, mg_l: Fraction, m3: Fraction
) -> None:
    line = charge(agreement, mg_l, m3, "one_sided")
    assert line.amount_cny is not None and line.amount_cny <= 0
    assert not line.amount_cny.is_signed() or line.amount_cny != 0  # no "-0.00" in print


@given(low=CONCENTRATIONS, high=CONCENTRATIONS, m3=VOLUMES, mode=st.sampled_from(["one_sided", "two_sided"]))  # fmt: skip
def test_dirtier_water_never_costs_downstream_more(
    agreement: Agreement, low: Fraction, high: Fraction, m3: Fraction, mode: Mode
) -> None:
    low, high = sorted((low, high))
    clean, dirty = charge(agreement, low, m3, mode), charge(agreement, high, m3, mode)
    assert clean.amount_cny is not None and dirty.amount_cny is not None
    assert dirty.amount_cny <= clean.amount_cny


@given(mg_l=CONCENTRATIONS, m3=VOLUMES)
def test_where_upstream_pays_both_modes_are_one(
    agreement: Agreement, mg_l: Fraction, m3: Fraction
) -> None:
    one, two = (charge(agreement, mg_l, m3, mode) for mode in ("one_sided", "two_sided"))
    assert one.amount_cny is not None and two.amount_cny is not None
    assert one.amount_cny == min(two.amount_cny, Decimal(0))
