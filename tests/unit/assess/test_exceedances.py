from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.assess import find_exceedances, find_mean_exceedances
from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.standard import Standard
from ecomon.model.tables import EXCEEDANCES

Make = Callable[..., pd.DataFrame]
Determinands = dict[str, Determinand]


def test_target_and_class_three_are_two_bases(
    flagged: Make, river: Standard, determinands: Determinands
) -> None:
    """姚渡 2021-04-03 08:00, NH3N 2.880: 4.76 times over its target II, 1.88 over class III."""
    readings = flagged(
        ("yaodu", "NH3N", "2021-04-03T04:00", 0.04),
        ("yaodu", "NH3N", "2021-04-03T08:00", 2.88),
        revision=[41, 42],
        flag=[1, 3],
    )
    table = find_exceedances(readings, {"yaodu": river}, {"yaodu": 2}, determinands)
    EXCEEDANCES.check(table)
    assert table["basis"].tolist() == ["class_3", "target"]
    assert table["limit"].tolist() == [1.0, 0.5]
    assert table["factor"].tolist() == pytest.approx([1.88, 4.76])
    assert table[["revision", "flag"]].values.tolist() == [[42, 3], [42, 3]]


def test_the_press_convention(flagged: Make, intake: Standard, determinands: Determinands) -> None:
    """2015-11-30: antimony 0.024 mg/L is "超标 3.8 倍" of 0.005 (standards.md, incident 5.1)."""
    readings = flagged(
        ("xiwan-intake", "SB", "2015-11-30T12:00", 0.024),
        ("xiwan-intake", "SB", "2015-12-05T06:00", 0.01),
        ("xiwan-intake", "TL", "2021-01-21T00:00", 0.0001),
    )
    table = find_exceedances(
        readings, {}, {}, determinands, intake_standards={"xiwan-intake": intake}
    )
    assert table["factor"].tolist() == pytest.approx([3.8, 1.0])  # twice the limit is 1 倍
    assert set(table["basis"]) == {"table_3"}


def test_oxygen_and_ph_have_no_factor(
    flagged: Make, river: Standard, determinands: Determinands
) -> None:
    readings = flagged(
        ("a", "DO", "2021-04-03T08:00", 4.2),
        ("a", "PH", "2021-04-03T08:00", 9.2),
        ("a", "PH", "2021-04-03T12:00", 5.5),
    )
    table = find_exceedances(readings, {"a": river}, {}, determinands)
    assert table["limit"].tolist() == [5.0, 9.0, 6.0]
    assert table["factor"].isna().all()


def test_what_never_exceeds(flagged: Make, river: Standard, determinands: Determinands) -> None:
    readings = flagged(
        ("a", "TP", "2021-04-03T00:00", 0.2),  # equal to the limit
        ("a", "TP", "2021-04-03T04:00", math.nan),
        ("a", "TP", "2021-04-03T08:00", 0.5),  # not detected below 0.5
        ("a", "TP", "2021-04-03T12:00", 0.5),  # the interval's maximum beside its mean
        ("a", "TN", "2021-04-03T12:00", 9.0),  # not classed
        ("gauge", "DISCHARGE", "2021-04-03T12:00", 900.0),
        censor=["none", "none", "left", "none", "none", "none"],
        statistic=["value", "value", "value", "max", "value", "value"],
    )
    assert find_exceedances(readings, {"a": river}, {"a": 6}, determinands).empty
    assert find_exceedances(readings.iloc[:0], {"a": river}, {}, determinands).empty


def test_without_flags_a_reading_is_not_evaluated(
    flagged: Make, river: Standard, determinands: Determinands
) -> None:
    readings = flagged(("a", "TP", "2021-04-03T08:00", 0.5)).drop(columns="flag")
    assert find_exceedances(readings, {"a": river}, {}, determinands)["flag"].tolist() == [2]


def test_wrong_units_and_missing_standards_stop_the_run(
    flagged: Make, river: Standard, determinands: Determinands
) -> None:
    readings = flagged(("a", "TP", "2021-04-03T08:00", 500.0))
    with pytest.raises(UnitMismatch, match="TP in ug/L, not mg/L"):
        find_exceedances(readings.assign(unit="ug/L"), {"a": river}, {}, determinands)
    with pytest.raises(ContractError, match="no standard given for a"):
        find_exceedances(readings, {"b": river}, {}, determinands)


def test_means_are_rounded_first(
    month_means: Make, river: Standard, determinands: Determinands
) -> None:
    means = month_means(
        {
            ("a", "PH"): "9.4",  # 9, within
            ("a", "DO"): "4.95",  # 5.0, class III
            ("a", "NH3N"): "1.005",  # 1.00, half to even
            ("a", "TP"): "0.2051",  # 0.205
            ("a", "CODMN"): "insufficient",
        }
    )
    table = find_mean_exceedances(means, {"a": river}, {"a": 3}, determinands, bases=["target"])
    (row,) = table.to_dict("records")
    assert (row["determinand"], row["value"], row["limit"]) == ("TP", 0.205, 0.2)
    assert row["factor"] == pytest.approx(0.025)
    assert (row["duration_s"], row["revision"], row["flag"]) == (30 * 86400, 0, 1)


@given(value=st.floats(0.2000001, 100), more=st.floats(0, 100))
def test_a_worse_value_has_no_smaller_factor(
    flagged: Make, river: Standard, determinands: Determinands, value: float, more: float
) -> None:
    readings = flagged(
        ("a", "TP", "2021-04-03T08:00", value), ("a", "TP", "2021-04-03T12:00", value + more)
    )
    factors = find_exceedances(readings, {"a": river}, {}, determinands)["factor"].tolist()
    assert len(factors) == 2 and 0 < factors[0] <= factors[1]
