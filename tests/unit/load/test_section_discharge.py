from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ecomon.errors import ContractError
from ecomon.load.flux_series import LOG_LINEAR, MEASURED, MISSING, REVERSED, DischargeSeries
from ecomon.load.section_discharge import ERROR_NOT_STATED, move_discharge, transfer_discharge
from ecomon.load.volume import UNVERIFIED_LINK, monthly_volumes
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink, GaugeTerm

DAY_S = 86_400.0
FACT = {"source": "test", "confidence": "verified"}


def record(q: list[float], step_s: float = DAY_S, **fields: object) -> DischargeSeries:
    step = np.timedelta64(int(step_s), "s")
    time = np.datetime64("2021-04-01", "us") + np.arange(len(q)) * step
    of = DischargeSeries.of(time, np.array(q, dtype=float), step_s=step_s)
    known = {name: getattr(of, name) for name in of.__slots__}
    return DischargeSeries(**{**known, **fields})


def link(**fields: object) -> DischargeLink:
    return DischargeLink(**{"gauge": "bikou", "method": "same_site", **FACT, **fields})  # type: ignore[arg-type]


def test_the_same_site_is_the_record_itself() -> None:
    found = transfer_discharge({"bikou": record([1, 2, np.nan])}, link(name="yaodu-q", version="3"))
    assert found.discharge_m3_s[:2].tolist() == [1, 2]
    assert found.fill.tolist() == [MEASURED, MEASURED, MISSING]
    assert (found.link, found.caveat, found.relative_error) == ("yaodu-q@3", "", 0.0)


def test_an_area_ratio_with_its_exponent_and_error() -> None:
    # (2000/1000)^0.75 = 1.6818
    of = link(method="area_ratio", area_ratio=2.0, area_exponent=0.75, relative_error=0.08)
    found = transfer_discharge({"bikou": record([10, 20])}, of)
    assert found.discharge_m3_s == pytest.approx([16.818, 33.636], abs=1e-3)
    assert found.relative_error == pytest.approx(0.08)


def test_a_confluence_sums_and_differs_with_travel_times() -> None:
    # One gauge a day above, a branch of half that joins below and is taken away, half a day on.
    of = link(
        method="confluence",
        travel_time_h=24,
        also=[{"gauge": "wudu", "sign": -1, "factor": 0.5, "travel_time_h": 12}],
        confidence="unverified",
    )
    found = transfer_discharge({"bikou": record([10, 20, 30]), "wudu": record([4, 8, 12, 16])}, of)
    assert found.time[0] == np.datetime64("2021-04-02")
    # On 2 April the branch's water is half that of the 1st, half that of the 2nd: mean 6.
    assert found.discharge_m3_s == pytest.approx([10 - 3, 20 - 5, 30 - 7])
    assert found.link == "bikou+wudu@1"
    assert UNVERIFIED_LINK in found.caveat
    assert ERROR_NOT_STATED in found.caveat


def test_a_branch_larger_than_the_whole_is_reversed() -> None:
    of = link(method="confluence", also=[{"gauge": "wudu", "sign": -1}], relative_error=0.05)
    found = transfer_discharge({"bikou": record([10, 5]), "wudu": record([4, 9])}, of)
    assert found.discharge_m3_s.tolist() == [6, -4]
    assert found.fill.tolist() == [MEASURED, REVERSED]


def test_variances_and_common_errors_are_carried() -> None:
    of = link(method="confluence", also=[{"gauge": "wudu", "factor": 2.0}], relative_error=0.03)
    filled = np.array([MEASURED, LOG_LINEAR], dtype=np.int8)
    one = record([10, 10], variance=np.array([0.0, 9.0]), fill=filled, relative_error=0.04)
    two = record([5, 5], variance=np.array([0.0, 4.0]), relative_error=0.1)
    found = transfer_discharge({"bikou": one, "wudu": two}, of)
    assert found.variance == pytest.approx([0.0, 9 + 2**2 * 4])
    assert found.fill.tolist() == [MEASURED, LOG_LINEAR]
    # (10 x 0.04)^2 + (10 x 0.1)^2 over 20, and the link's own 3 %.
    assert found.relative_error == pytest.approx(np.hypot(np.hypot(0.4, 1.0) / 20, 0.03))


def test_a_gauge_without_a_record_stops() -> None:
    with pytest.raises(ContractError, match="no discharge record of bikou"):
        transfer_discharge({}, link())


def test_moving_keeps_the_water() -> None:
    hourly = record(list(np.arange(1.0, 73.0)), step_s=3600.0)
    time = np.datetime64("2021-04-02", "us") + np.arange(3) * np.timedelta64(1, "D")
    moved = move_discharge(hourly, 24.0, time, DAY_S)
    assert moved.discharge_m3_s == pytest.approx([12.5, 36.5, 60.5])
    early = move_discharge(hourly, 23.5, time, DAY_S)
    assert early.discharge_m3_s[:2] == pytest.approx([13.0, 37.0])
    assert early.fill.tolist() == [MEASURED, MEASURED, MISSING]  # half an hour short at the end


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"factor": 2.0, "area_ratio": 2.0}, "factor or area_ratio"),
        ({"area_exponent": 0.7}, "give both"),
        ({"also": [{"gauge": "wudu"}]}, "method confluence"),
        ({"method": "confluence"}, "method confluence"),
        ({"method": "confluence", "also": [{"gauge": "bikou"}]}, "names a gauge once"),
    ],
)
def test_a_link_that_cannot_be_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        link(**fields)


def test_a_settlement_takes_the_same_confluence(days: object) -> None:
    # Method B's volumes, exact: 30 days x (100 - 2 x 15) m3/s; the branch is a day away.
    of = link(
        method="confluence",
        also=[GaugeTerm(gauge="wudu", sign=-1, factor=2.0, travel_time_h=25)],
    )
    first = Period.month(2021, 4).start
    table = pd.concat(
        [
            days("bikou", "DISCHARGE", ["100"] * 30, unit="m3/s"),  # type: ignore[operator]
            days("wudu", "DISCHARGE", ["15"] * 30, unit="m3/s", first=first - timedelta(days=1)),  # type: ignore[operator]
        ],
        ignore_index=True,
    )
    (volume,) = monthly_volumes(table, [Period.month(2021, 4)], of, min_coverage=0.9)
    assert volume.volume_m3 == 70 * 30 * 86_400
    assert volume.coverage == 1
