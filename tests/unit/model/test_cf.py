"""Time, units and flags of files by CF."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.model.cf import beijing_times, decode_dataset, encode_dataset, unit_attrs, utc_seconds
from ecomon.model.period import from_epoch_s
from ecomon.model.quantity import UNITS, conversion_factor
from ecomon.model.unit_codes import QUDT, UCUM, UDUNITS


@given(st.integers(-2_000_000_000, 4_000_000_000))
def test_times_are_those_of_the_store(seconds: int) -> None:
    beijing = np.array([from_epoch_s(seconds)], dtype="datetime64[us]")
    assert utc_seconds(beijing).tolist() == [seconds]
    assert (beijing_times(np.array([seconds])) == beijing).all()


@pytest.mark.parametrize("moment", ["NaT", "2021-04-03T08:00:00.000001"])
def test_a_time_that_is_no_whole_second_is_refused(moment: str) -> None:
    with pytest.raises(ContractError, match="second"):
        utc_seconds(np.array([moment], dtype="datetime64[us]"))


def test_a_dataset_goes_into_a_file_and_back() -> None:
    times = np.array(["2021-04-03T08", "2021-04-03T12"], dtype="datetime64[us]")
    dataset = xr.Dataset(
        {"TP": ("time", [0.1, 0.2], {"units": "mg/L"})},
        coords={
            "time": times,
            "time_bounds": (("time", "bound"), np.stack([times, times], axis=1)),
        },
    )
    encoded = encode_dataset(dataset)
    assert encoded["time"].to_numpy()[0] == 1617408000
    assert encoded["TP"].attrs == {"units": "mg L-1", "unit_symbol": "mg/L"}
    assert dataset["TP"].attrs == {"units": "mg/L"}
    back = decode_dataset(xr.decode_cf(encoded))
    xr.testing.assert_equal(back, dataset)
    assert back["TP"].attrs["units"] == "mg/L"


def test_every_unit_has_a_spelling_that_udunits_reads() -> None:
    assert set(UDUNITS) == set(UNITS)
    assert set(UCUM) | set(QUDT) <= set(UNITS)
    with pytest.raises(ContractError, match="unit_codes"):
        unit_attrs("furlong")
    units = pytest.importorskip("cf_units")
    for symbol, unit in UNITS.items():
        if symbol in ("NTU", "CNY", "degC"):
            continue
        for other in (one.symbol for one in UNITS.values() if one.dimension == unit.dimension):
            factor = units.Unit(UDUNITS[symbol]).convert(1.0, units.Unit(UDUNITS[other]))
            assert factor == pytest.approx(conversion_factor(symbol, other), rel=1e-12)
