"""A surface-water station with the facts of its factors."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from ecomon.decode.hj212.station import Factor, Station, StationPlan, plan_station
from ecomon.model.determinand import Determinand

UNITS = {"PH": "1", "WT": "degC", "NH3N": "mg/L", "TP": "mg/L", "COD": "mg/L", "TL": "mg/L", "PM2_5": "ug/m3", "Q": "m3/s", "V": "m3"}  # fmt: skip
FACTORS = (
    Factor(code="w01001", determinand="PH", unit="1"),
    Factor(code="w01010", determinand="WT", unit="℃"),
    Factor(code="w21003", determinand="NH3N", unit="mg/L", aliases=("060",)),
    Factor(code="w21011", determinand="TP", unit="mg/L", zero_is_below=Decimal("0.01")),
    Factor(code="w01018", determinand="COD", unit="mg/L"),
    Factor(code="w20089", determinand="TL", unit="ng/L"),
    Factor(code="a34004", determinand="PM2_5", unit="ng/m3", aliases=("PM25",)),
    Factor(code="w00000", determinand="Q", unit="L/s", total_determinand="V", total_unit="m3"),
)
DETERMINANDS = {
    key: Determinand(
        key=key, name_zh=key, name_en=key, unit=unit, medium="water", decimals_reading=2,
        decimals_assessed=2, source="test", confidence="unverified",
    )
    for key, unit in UNITS.items()
}  # fmt: skip


@pytest.fixture
def plan() -> Callable[..., StationPlan]:
    def make(**facts: object) -> StationPlan:
        station = Station.model_validate(
            {"mn": "A110000_0001", "site": "test", "factors": FACTORS, **facts}
        )
        return plan_station(station, DETERMINANDS)

    return make
