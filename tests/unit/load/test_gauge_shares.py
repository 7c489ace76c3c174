from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import ContractError
from ecomon.load.draw_estimates import draw_one
from ecomon.load.flux_series import DischargeSeries
from ecomon.load.gauge_shares import read_shares, share_error, write_shares
from ecomon.load.section_discharge import transfer_discharge
from ecomon.model.place import DischargeLink, GaugeTerm

START = np.datetime64("2023-01-01", "us")


def row(section: str, gauge: str) -> dict[str, object]:
    return {
        "section": section, "determinand": "TP", "start": pd.Timestamp("2023-01-01"),
        "end": pd.Timestamp("2024-01-01"), "load_t": 100.0, "sampling_error_t": 0.0, "shape": "t",
        "degrees_of_freedom": np.inf, "gauge": gauge, "discharge_error": 0.1,
        "concentration_error": 0.0,
    }  # fmt: skip


def test_shares_by_hand() -> None:
    # 3 and 4 make 5 in quadrature.
    shares = share_error([("bikou", 3.0), ("wudu", -4.0)])
    assert dict(shares) == pytest.approx({"bikou": 0.6, "wudu": -0.8})
    assert write_shares(shares) == "bikou*0.6+wudu*-0.8"
    assert read_shares("bikou*0.6+wudu*-0.8") == dict(shares)
    assert write_shares(share_error([("bikou", 2.0)])) == "bikou"
    assert read_shares("bikou") == {"bikou": 1.0} and read_shares("") == {}
    assert read_shares("a+b") == pytest.approx({"a": 0.5**0.5, "b": 0.5**0.5})
    assert share_error([("bikou", 0.0)]) == ()
    with pytest.raises(ContractError, match="share"):
        read_shares("bikou*much")


def test_a_confluence_knows_its_gauges() -> None:
    link = DischargeLink(
        gauge="bikou", method="confluence", also=(GaugeTerm(gauge="wudu", factor=0.5),),
        source="test", confidence="verified",
    )  # fmt: skip
    time = START + np.arange(48) * np.timedelta64(1, "h")
    records = {
        "bikou": DischargeSeries.of(time, np.full(48, 30.0), step_s=3600.0),
        "wudu": DischargeSeries.of(time, np.full(48, 80.0), step_s=3600.0),
    }
    assert dict(transfer_discharge(records, link).shares) == pytest.approx(
        {"bikou": 0.6, "wudu": 0.8}
    )


def test_sections_move_together_by_the_gauge_they_have_in_common() -> None:
    one, both, other = (
        np.log(draw_one(row(section, gauge), n_draws=20_000, seed=4))
        for section, gauge in (("a", "bikou"), ("b", "bikou*0.6+wudu*0.8"), ("c", "wudu"))
    )
    assert both.std() == pytest.approx(0.1, rel=0.03)
    assert np.corrcoef(one, both)[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.corrcoef(both, other)[0, 1] == pytest.approx(0.8, abs=0.02)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
