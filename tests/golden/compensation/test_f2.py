"""compensation.md F2: the Jiangsu and Henan examples and the rounding guard, transcribed again.

Sums are printed in 万元; 1 万元 is 10 000 CNY. A positive amount is paid by the downstream party.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pandas as pd
import pytest

from ecomon.model.agreement import Agreement, Mode
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.settle import Statement, settle_period

GOLDEN = Provenance(kind="golden", known_at=0, ruleset="-", code_version="-")
JIANGSU = {
    "CODMN": ("6.0", "15000", 1), "TP": ("0.20", "100000", 2), "NH3N": ("1.0", "100000", 2),
}  # fmt: skip
HENAN = {"COD": ("40", "2500", 0), "NH3N": ("2.0", "10000", 1)}
MEASURED = {"CODMN": "7.2", "TP": "0.24", "NH3N": "0.86"}
WAN = Decimal(10_000)


def settle(agreement: Agreement, loads: pd.DataFrame, mode: Mode) -> Statement:
    return settle_period(agreement, loads, Period.month(2021, 4), mode=mode, provenance=GOLDEN)


def excess_of(statement: Statement) -> dict[str, str]:
    return {line.determinand: f"{line.excess_load_t:f}" for line in statement.lines}


def wan_of(statement: Statement) -> dict[str, Decimal]:
    """Sums the upstream party pays, 万元."""
    amounts = {line.determinand: line.amount_cny for line in statement.lines}
    return {key: -amount / WAN for key, amount in amounts.items() if amount is not None}


def test_jiangsu_one_and_two_sided(
    agreement_of: Callable[..., Agreement], april_loads: Callable[..., pd.DataFrame]
) -> None:
    agreement = agreement_of(JIANGSU, decimals_load_t=4)
    loads = april_loads(MEASURED, "116640000")
    two = settle(agreement, loads, "two_sided")
    assert excess_of(two) == {"CODMN": "139.9680", "TP": "4.6656", "NH3N": "-16.3296"}
    assert wan_of(two) == {
        "CODMN": Decimal("209.952"), "TP": Decimal("46.656"), "NH3N": Decimal("-163.296"),
    }  # fmt: skip
    assert two.amount_cny == -Decimal("93.312") * WAN
    one = settle(agreement, loads, "one_sided")
    assert one.amount_cny == -Decimal("256.608") * WAN
    assert [total.amount_cny for total in one.totals] == [Decimal("-2566080.00"), Decimal("2566080.00")]  # fmt: skip
    assert round(one.amount_cny / two.amount_cny, 2) == Decimal("2.75")


def test_jiangsu_with_loads_to_a_kilogram(
    agreement_of: Callable[..., Agreement], april_loads: Callable[..., pd.DataFrame]
) -> None:
    # 4.6656 t becomes 4.666 t (+40 CNY) and 16.3296 t becomes 16.330 t (+40 CNY the other way),
    # so the one-sided bill moves and the two-sided one happens not to.
    agreement = agreement_of(JIANGSU, decimals_load_t=3)
    loads = april_loads(MEASURED, "116640000")
    two = settle(agreement, loads, "two_sided")
    assert excess_of(two) == {"CODMN": "139.968", "TP": "4.666", "NH3N": "-16.330"}
    assert two.amount_cny == Decimal("-933120.00")
    assert settle(agreement, loads, "one_sided").amount_cny == Decimal("-2566120.00")
    tp = two.lines[1]
    assert tp.unrounded is not None and tp.unrounded.excess_load_t == "4.6656"


def test_henan_2010_week(
    agreement_of: Callable[..., Agreement], april_loads: Callable[..., pd.DataFrame]
) -> None:
    # A weekly account in print; the reckoning of one line does not know its period's length.
    agreement = agreement_of(HENAN, decimals_load_t=5)
    statement = settle(agreement, april_loads({"COD": "48", "NH3N": "3.1"}, "7257600"), "one_sided")
    assert excess_of(statement) == {"COD": "58.06080", "NH3N": "7.98336"}
    assert statement.amount_cny == -Decimal("22.49856") * WAN


@pytest.mark.parametrize(
    ("determinand", "target", "decimals", "measured", "assessed", "amount"),
    [
        ("TP", "0.2", 2, "0.205", "0.20", "0.00"),
        ("TP", "0.2", 2, "0.2051", "0.21", "-1000.00"),
        ("CODMN", "6", 1, "6.05", "6.0", "0.00"),
        ("CODMN", "6", 1, "6.0500001", "6.1", "-10000.00"),
    ],
)
def test_rounding_guard(
    agreement_of: Callable[..., Agreement],
    april_loads: Callable[..., pd.DataFrame],
    determinand: str, target: str, decimals: int, measured: str, assessed: str, amount: str,
) -> None:  # fmt: skip
    # "TP 0.205 -> 0.20 (even) but 0.21 by half-up"; "6.05 -> 6.0 (even) vs 6.1: CODMn".
    agreement = agreement_of({determinand: (target, "100000", decimals)}, decimals_load_t=3)
    line = settle(agreement, april_loads({determinand: measured}, "1000000"), "one_sided").lines[0]
    assert (line.concentration_mg_l, line.amount_cny) == (Decimal(assessed), Decimal(amount))
    assert line.unrounded is not None and line.unrounded.concentration_mg_l == measured


def test_a_worked_example_is_never_payable(
    agreement_of: Callable[..., Agreement], april_loads: Callable[..., pd.DataFrame]
) -> None:
    statement = settle(
        agreement_of(JIANGSU, decimals_load_t=4), april_loads(MEASURED, "116640000"), "one_sided"
    )
    assert statement.status == "complete" and not statement.is_payable
    assert statement.labels[0].zh == "算例数据"
