"""Exports say exactly what the store says, and are written only where it says something new."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr

from ecomon.errors import StoreError
from ecomon.model.cf import decode_dataset
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
NOW = datetime(2021, 6, 15)
ROWS = [
    ("安家沟", "TP", "2021-04-03T08:00", 0.1 + 0.2),
    ("安家沟", "TP", "2021-05-01T00:00", 1e-300),
    ("b", "TP", "2021-04-30T20:00", None),
    ("b", "NH3N", "2021-06-10T08:00", 2.0),
]


@pytest.fixture
def filled(store: Store, ingest: Ingest) -> Store:
    ingest(ROWS)
    return store


def export(store: Store, folder: Path, form: str = "parquet", **options: Any) -> dict[str, Any]:
    report = store.export_months(folder, form=form, **{"until": NOW, **options})
    return {name: getattr(report, name) for name in ("written", "unchanged", "removed")}


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def flag_all(store: Store, flag: int = 1) -> None:
    revision = store.read_observations(Period.year(2021))["revision"]
    flags = pd.DataFrame({"revision": revision, "flag": flag, "tests": ""})
    store.write_flags(flags.astype({"tests": "str"}), ruleset="r")


@pytest.mark.parametrize("form", ["parquet", "zarr"])
def test_closed_months_are_written_once(filled: Store, tmp_path: Path, form: str) -> None:
    assert export(filled, tmp_path, form) == {
        "written": ["2021-04", "2021-05"], "unchanged": [], "removed": [],
    }  # fmt: skip
    before = files(tmp_path)
    assert export(filled, tmp_path, form)["unchanged"] == ["2021-04", "2021-05"]
    assert files(tmp_path) == before
    assert not [name for name in before if ".part" in name or ".old" in name]


@pytest.mark.parametrize("form", ["parquet", "zarr"])
def test_another_run_makes_the_same_octets(filled: Store, tmp_path: Path, form: str) -> None:
    for name in ("a", "b"):
        export(filled, tmp_path / name, form)
    one, other = (
        {name: octets for name, (_, octets) in files(tmp_path / folder).items()}
        for folder in ("a", "b")
    )
    assert one == other


def test_parquet_says_what_the_store_says(filled: Store, tmp_path: Path) -> None:
    flag_all(filled, 3)
    export(filled, tmp_path)
    april = tmp_path / "parquet" / "month=2021-04" / "observations.parquet"
    told = pq.ParquetFile(april).read().to_pandas()
    known = filled.read_observations(Period.month(2021, 4))
    assert str(told["start"].dt.tz) == "Asia/Shanghai"
    told["start"] = told["start"].dt.tz_localize(None)
    for name in ("site", "determinand", "start", "unit", "flag", "revision", "approval"):
        assert told[name].tolist() == known[name].tolist()
    np.testing.assert_array_equal(told["value"], known["value"])
    facts = pq.read_schema(april).metadata
    assert facts[b"ecomon.kind"] == b"golden"
    assert facts[b"ecomon.rulesets"] == b"r"
    assert facts[b"ecomon.known_at"] == b"2"
    whole = pq.read_table(tmp_path / "parquet")
    assert whole.num_rows == 3


def test_zarr_says_what_the_store_says(filled: Store, tmp_path: Path) -> None:
    flag_all(filled)
    export(filled, tmp_path, "zarr")
    lazily = xr.open_zarr(
        tmp_path / "zarr" / "2021-04.zarr", group="automatic/value/0s/tabulated",
        consolidated=False,
    )  # fmt: skip
    assert lazily["TP"].chunks is not None
    told = lazily.compute()
    assert told["time"].to_numpy()[0] == np.datetime64("2021-04-03T00:00")  # 08:00 in Beijing
    assert (told["TP"].attrs["units"], told["TP"].attrs["unit_symbol"]) == ("mg L-1", "mg/L")
    known = filled.read_dataset(Period.month(2021, 4))
    told = decode_dataset(told)
    xr.testing.assert_equal(told, known)
    assert told["TP"].attrs["units"] == "mg/L"
    assert told["TP"].attrs["ancillary_variables"] == "TP_flag"
    assert told["TP_flag"].attrs["flag_meanings"] == "good not_evaluated suspect fail missing"
    assert (told.attrs["kind"], told.attrs["known_at"]) == ("golden", "2")


def test_a_late_reading_rewrites_its_month_only(
    filled: Store, tmp_path: Path, ingest: Ingest
) -> None:
    export(filled, tmp_path)
    ingest([("b", "TP", "2021-05-20", 3.0)])
    assert export(filled, tmp_path)["written"] == ["2021-05"]
    told = json.loads((tmp_path / "parquet" / "_manifest.json").read_text())
    assert {label: one["seq"] for label, one in told["months"].items()} == {
        "2021-04": 2, "2021-05": 2,
    }  # fmt: skip


def test_what_is_judged_otherwise_is_written_again(filled: Store, tmp_path: Path) -> None:
    export(filled, tmp_path)
    flag_all(filled)
    assert export(filled, tmp_path)["written"] == ["2021-04", "2021-05"]
    flag_all(filled)
    assert export(filled, tmp_path)["written"] == []
    april = filled.read_observations(Period.month(2021, 4))
    filled.open_reviews([])
    flags = april[["revision"]].assign(flag=4, tests="").astype({"tests": "str"})
    filled.write_flags(flags, ruleset="r")
    assert export(filled, tmp_path)["written"] == ["2021-04"]


def test_a_month_that_changed_to_the_same_is_left_alone(
    filled: Store, tmp_path: Path, ingest: Ingest
) -> None:
    export(filled, tmp_path)
    before = files(tmp_path / "parquet" / "month=2021-04")
    ingest([("b", "TP", "2021-05-20", 3.0), ("b", "TP", "2021-03-20", 3.0)])
    # its batch reaches from March to May, and April is none of it
    assert export(filled, tmp_path)["written"] == ["2021-03", "2021-05"]
    assert files(tmp_path / "parquet" / "month=2021-04") == before


def test_a_month_whose_readings_went_is_removed(
    filled: Store, tmp_path: Path, ingest: Ingest
) -> None:
    ingest([("c", "TP", "2021-03-03", 1.0)], b"c")
    export(filled, tmp_path)
    ingest([("c", "TP", "2021-04-03", 1.0)], b"c", decoder_version="2")
    assert export(filled, tmp_path, period=Period.parse("2021-03/2021-04")) == {
        "written": ["2021-04"], "unchanged": [], "removed": ["2021-03"],
    }  # fmt: skip
    assert not (tmp_path / "parquet" / "month=2021-03" / "observations.parquet").exists()


def test_a_lost_copy_is_made_again(filled: Store, tmp_path: Path) -> None:
    export(filled, tmp_path)
    (tmp_path / "parquet" / "month=2021-05" / "observations.parquet").unlink()
    assert export(filled, tmp_path)["written"] == ["2021-05"]


def test_a_period_can_be_named_and_open_months_wait(filled: Store, tmp_path: Path) -> None:
    assert export(filled, tmp_path, period=Period.month(2021, 5))["written"] == ["2021-05"]
    assert export(filled, tmp_path, period=Period.month(2021, 6))["written"] == []
    assert export(filled, tmp_path, until=datetime(2021, 7, 1))["written"] == [
        "2021-04", "2021-06",
    ]  # fmt: skip


def test_series_of_other_kinds_have_their_own_groups(
    store: Store, tmp_path: Path, readings: Callable[..., pd.DataFrame], ingest: Ingest
) -> None:
    from ecomon.model.observation import Batch

    daily = readings([ROWS[0]], statistic="mean", duration_s=86_400, replicate=1)
    store.ingest(
        [Batch(readings([ROWS[0]])), Batch(daily)], blob=b"x", file_name="f", source="s",
        decoder="d", decoder_version="1",
    )  # fmt: skip
    export(store, tmp_path, "zarr")
    path = tmp_path / "zarr" / "2021-04.zarr"
    group = "automatic/mean/86400s/tabulated/replicate_1"
    daily = xr.open_zarr(path, group=group, consolidated=False)
    assert daily.attrs["statistic"] == "mean"
    assert "time_bounds" in daily.coords


def test_an_empty_store_exports_nothing(store: Store, tmp_path: Path) -> None:
    assert export(store, tmp_path) == {"written": [], "unchanged": [], "removed": []}


def test_the_copies_of_another_store_are_not_believed(
    filled: Store, tmp_path: Path, ingest_rows: Ingest
) -> None:
    with Store.create(tmp_path / "other.sqlite", kind="golden") as other:
        ingest_rows(other, ROWS[:1])
        export(other, tmp_path / "e")
    assert export(filled, tmp_path / "e")["written"] == ["2021-04", "2021-05"]


def test_a_broken_manifest_says_what_to_do(filled: Store, tmp_path: Path) -> None:
    export(filled, tmp_path)
    (tmp_path / "parquet" / "_manifest.json").write_text("{")
    with pytest.raises(StoreError, match="delete the folder"):
        export(filled, tmp_path)


def test_an_unknown_form_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="parquet or zarr"):
        export(store, tmp_path, "csv")


def test_without_zarr_it_says_what_to_install(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(StoreError, match=r"ecomon\[cube\]"):
        export(store, tmp_path, "zarr")
