from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.load.jackknife import delete_one_means, jackknife_standard_error, t_interval

VALUES = st.lists(st.floats(0, 100, allow_nan=False), min_size=2, max_size=40)


def test_three_values_by_hand() -> None:
    # Without 1, 2, 6 in turn: 4, 3.5, 1.5, whose mean is 3. Squares 1 + 0.25 + 2.25 = 3.5, x 2/3.
    left = delete_one_means(np.array([1.0, 2.0, 6.0]))
    assert left.tolist() == [4.0, 3.5, 1.5]
    assert jackknife_standard_error(left) == pytest.approx(np.sqrt(7 / 3), rel=1e-15)


@given(values=VALUES)
def test_for_a_mean_it_is_s_over_root_n(values: list[float]) -> None:
    x = np.array(values)
    expected = x.std(ddof=1) / np.sqrt(len(x))
    got = jackknife_standard_error(delete_one_means(x))
    assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_rows_are_independent() -> None:
    both = np.array([[1.0, 2.0, 6.0], [5.0, 5.0, 5.0]])
    errors = jackknife_standard_error(delete_one_means(both))
    assert errors.tolist() == pytest.approx([np.sqrt(7 / 3), 0.0])


def test_one_value_has_no_jackknife_and_no_interval() -> None:
    with pytest.raises(ContractError, match="two values"):
        delete_one_means(np.array([1.0]))
    assert np.isnan(t_interval(3.0, 1.0, 1)).all()


@pytest.mark.parametrize(("n", "t"), [(2, 12.706), (6, 2.571), (31, 2.042)])
def test_the_printed_table_of_t(n: int, t: float) -> None:
    # Two-sided 95 % points of Student's t for 1, 5 and 30 degrees of freedom, any printed table.
    lower, upper = t_interval(100.0, 1.0, n)
    assert (lower, upper) == (pytest.approx(100 - t, abs=5e-4), pytest.approx(100 + t, abs=5e-4))


def test_a_load_is_not_below_zero() -> None:
    assert t_interval(1.0, 1.0, 3)[0] == 0.0
