"""netCDF and Zarr by CF: a strict reader is right, the checker is content, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from flagged_tables import (
    RAIN,
    SMALL,
    TABLES,
    export_facts,
    flagged_table,
    sorted_by_key,
)
from hypothesis import given, settings

from ecomon.errors import ContractError, SourceRefused, UnitMismatch
from ecomon.model.unit_codes import UDUNITS
from ecomon.publish.cf import cf_dataset
from ecomon.publish.cf_netcdf import netcdf_octets, read_netcdf
from ecomon.publish.cf_table import read_table
from ecomon.publish.hdf5_root import lookup3, strip_times
from ecomon.registry import read_registry

FACTS = export_facts("example", institution="某局")

CHECK = """
import sys
from compliance_checker.runner import CheckSuite, ComplianceChecker
CheckSuite.load_all_available_checkers()
for path in sys.argv[1:]:
    ComplianceChecker.run_checker(path, ["cf:1.11"], 0, "strict")
"""
"""In a process of its own, for its libraries warn about themselves."""


def dataset_of(rows: list[dict[str, Any]]) -> xr.Dataset:
    return cf_dataset(flagged_table(rows), FACTS)


def test_a_dense_slice_is_an_array_over_series_and_time() -> None:
    dataset = dataset_of(SMALL)
    assert dict(dataset.sizes) == {"series": 1, "time": 2}
    np.testing.assert_equal(dataset["TURB"].to_numpy(), [[3000.0, np.nan]])
    np.testing.assert_equal(dataset["TURB_flag"].to_numpy(), [[1, -1]])  # the second is no reading
    np.testing.assert_equal(dataset["WT_flag"].to_numpy(), [[1, 9]])  # the second has no value
    np.testing.assert_equal(dataset["TP_censor"].to_numpy(), [[0, 1]])
    np.testing.assert_equal(dataset["TP_detection_minimum"].to_numpy(), [[np.nan, 0.01]])
    assert dataset["TP"].attrs["ancillary_variables"] == (
        "TP_flag TP_censor TP_detection_minimum TP_source_flag TP_revision TP_row TP_decision TP_approval"
    )
    assert (dataset["TURB"].attrs["units"], dataset["TURB"].attrs["unit_symbol"]) == ("1", "NTU")
    assert "bounds" not in dataset["time"].attrs


def test_a_sparse_slice_is_a_ragged_array() -> None:
    dataset = dataset_of(SMALL + RAIN)
    assert dict(dataset.sizes) == {"series": 2, "obs": 5, "bound": 2}
    assert dataset["row_size"].to_numpy().tolist() == [3, 2]
    assert dataset["row_size"].attrs["sample_dimension"] == "obs"
    bounds = dataset["time_bounds"].to_numpy()
    assert (bounds[:, 1] - bounds[:, 0]).tolist() == [3600] * 3 + [0] * 2
    assert dataset["RAINFALL_total"].attrs["cell_methods"] == "time: sum"
    assert (
        dataset["RAINFALL_total"].attrs["standard_name"] == "lwe_thickness_of_precipitation_amount"
    )
    assert np.isnan(dataset["lon"].to_numpy()[0])  # Bikou, of which no place is known


def test_a_strict_reader_reads_universal_time(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(netcdf_octets(dataset_of(SMALL)))
    with xr.open_dataset(tmp_path / "a.nc") as told:
        assert told["time"].to_numpy()[0] == np.datetime64("2021-04-03T00:00")  # 08:00 in Beijing
        assert told["site_name"].to_numpy().tolist() == ["姚渡"]
        assert (told["lon"].item(), told["position_error"].item()) == (105.4, 2.0)
        assert "EXAMPLE DATA" in told.attrs["title"]
        assert (told.attrs["known_at"], told.attrs["institution"]) == ("7", "某局")


@given(TABLES)
@settings(max_examples=12, deadline=None)
def test_nothing_is_lost_in_netcdf(table: pd.DataFrame) -> None:
    back = read_table(read_netcdf(netcdf_octets(cf_dataset(table, FACTS))))
    pd.testing.assert_frame_equal(back[list(table)], sorted_by_key(table), check_exact=True)


@pytest.mark.parametrize("rows", [SMALL, SMALL + RAIN], ids=["dense", "ragged"])
def test_zarr_holds_the_same(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    dataset_of(rows).to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False)
    raw = xr.open_zarr(tmp_path / "a.zarr", consolidated=False, decode_cf=False)
    pd.testing.assert_frame_equal(
        read_table(raw.load())[list(flagged_table(rows))], sorted_by_key(flagged_table(rows))
    )
    told = xr.open_zarr(tmp_path / "a.zarr", consolidated=False)
    assert told["time"].to_numpy().min() == np.datetime64("2021-04-02T16:00" if rows != SMALL else "2021-04-03")  # fmt: skip


def test_the_same_readings_give_the_same_octets() -> None:
    shuffled = flagged_table(SMALL + RAIN).sample(frac=1, random_state=1)
    assert netcdf_octets(cf_dataset(shuffled, FACTS)) == netcdf_octets(dataset_of(SMALL + RAIN))


def test_the_time_at_which_a_file_was_made_is_taken_out() -> None:
    file = netCDF4.Dataset("a.nc", "w", memory=1024)
    file.title = "a"
    raw = bytes(file.close())
    times = slice(54, 70)  # four of the root group, which stands at octet 48
    assert any(raw[times])
    later = raw[:54] + 4 * (1_900_000_000).to_bytes(4, "little") + raw[70:]
    assert strip_times(raw) == strip_times(later) == strip_times(strip_times(raw))
    assert not any(strip_times(raw)[times])
    with netCDF4.Dataset("a.nc", memory=strip_times(raw)) as read:  # HDF5 compares the checksum
        assert read.title == "a"
    with pytest.raises(OSError, match="HDF error"):
        netCDF4.Dataset("a.nc", memory=later)


def test_the_checksum_is_that_of_its_author() -> None:
    assert lookup3(b"Four score and seven years ago") == 0x17770551
    assert lookup3(b"") == 0xDEADBEEF
    with pytest.raises(ContractError, match="not an HDF5"):
        strip_times(b"CDF\x01" + bytes(60))


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([{}, {"row": 2}], ContractError, "one key"),
        ([{}, {"start": "2021-04-04", "unit": "ug/L"}], UnitMismatch, "mg/L and in ug/L"),
        ([{"censor": "<"}], ContractError, "none, left, right"),
        ([{"determinand": "总磷", "unit": "mg/L"}], ContractError, "name of a variable"),
        ([{"source_flag": "a\0b"}], ContractError, "NUL"),
        ([], ContractError, "no readings"),
    ],
)
def test_what_cannot_be_told_is_refused(
    rows: list[dict[str, Any]], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        netcdf_octets(dataset_of(rows))


def test_other_files_are_refused() -> None:
    with pytest.raises(SourceRefused, match="no netCDF"):
        read_netcdf(b"no such file")
    with pytest.raises(SourceRefused, match="of ours"):
        read_table(xr.Dataset({"time": ("time", [0])}))


def test_the_compliance_checker_is_content(tmp_path: Path) -> None:
    pytest.importorskip("compliance_checker")
    for name, rows in {"dense": SMALL, "ragged": SMALL + RAIN}.items():
        (tmp_path / f"{name}.nc").write_bytes(netcdf_octets(dataset_of(rows)))
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *sorted(map(str, tmp_path.glob("*.nc")))],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout.count("All tests passed!") == 2, done.stdout + done.stderr


def test_the_standard_names_are_those_of_the_table() -> None:
    checker = pytest.importorskip("compliance_checker")
    cf_units = pytest.importorskip("cf_units")
    table = Path(checker.__file__).parent / "data" / "cf-standard-name-table.xml"
    entries = ElementTree.parse(table).getroot().iter("entry")
    units = {entry.get("id"): entry.findtext("canonical_units") for entry in entries}
    named = [one for one in read_registry().determinands.values() if one.standard_name]
    assert len(named) >= 11
    for one in named:
        ours = cf_units.Unit(UDUNITS[one.unit])
        assert ours.is_convertible(cf_units.Unit(units[one.standard_name])), one.key
