from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

from ecomon.errors import ContractError
from ecomon.model.agreement import Agreement
from ecomon.settle.month_load import month_loads

Row = Callable[..., pd.DataFrame]
FIGURES = ("2021-04", "0.12", "50000000")


def test_every_factor_of_every_month_in_order(agreement: Agreement, load_row: Row) -> None:
    table = pd.concat(
        [
            load_row("TP", *FIGURES),
            load_row("CODMN", "2021-05"),
            load_row("TP", "2021-04", "9", "9", section="bamiaogou"),
            load_row("TN", *FIGURES),
            load_row("TP", "2021-06", "9", "9"),
        ],
        ignore_index=True,
    )
    found = month_loads(table, agreement, ["2021-04", "2021-05"])
    assert [(load.month, load.determinand) for load in found] == [
        (month, factor) for month in ("2021-04", "2021-05") for factor in ("CODMN", "NH3N", "TP")
    ]
    tp = found[2]
    assert (tp.concentration_mg_l, tp.volume_m3) == (Fraction("0.12"), 50_000_000)
    assert tp.evidence.n_days == 28
    assert "no load for this month" in found[0].reason and found[0].evidence.n_days is None
    assert found[3].reason == "无流量数据 / no discharge data" and found[3].volume_m3 is None


def test_an_insufficient_month_keeps_no_half_figure(agreement: Agreement, load_row: Row) -> None:
    table = load_row("TP", "2021-04", "0.12", None, share_estimated=float("nan"), n_days=3)
    tp = month_loads(table, agreement, ["2021-04"])[2]
    assert tp.concentration_mg_l is None and tp.volume_m3 is None
    assert tp.evidence.n_days == 3 and tp.evidence.share_estimated is None


@pytest.mark.parametrize(
    ("others", "fault"),
    [
        ({"method": "E"}, "method E, not B"),
        ({"n_days": 19}, "19 days, 20 agreed"),
        ({"coverage_volume": 0.79}, "coverage 0.79, 0.8 agreed"),
        ({"concentration_exact": None}, "exact concentration"),
        ({"volume_exact": Fraction(0)}, "volume of water"),
        ({"censored_rule": "half_limit"}, "censored as half_limit, not zero"),
    ],
)
def test_a_load_not_formed_as_agreed_stops(
    agreement: Agreement, load_row: Row, others: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ContractError, match=fault):
        month_loads(load_row("TP", *FIGURES, **others), agreement, ["2021-04"])


def test_a_doubled_factor_month_stops(agreement: Agreement, load_row: Row) -> None:
    table = pd.concat([load_row("TP", *FIGURES)] * 2, ignore_index=True)
    with pytest.raises(ContractError, match="TP 2021-04 at yaodu stands twice"):
        month_loads(table, agreement, ["2021-04"])


def test_the_contract_of_loads_is_checked(agreement: Agreement, load_row: Row) -> None:
    with pytest.raises(ContractError, match="volume_exact"):
        month_loads(load_row("TP", *FIGURES).drop(columns="volume_exact"), agreement, ["2021-04"])
