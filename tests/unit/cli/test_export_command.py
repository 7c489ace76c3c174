"""``ecomon export``: any slice, as known at any time, the same octets again."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flagged_tables import SMALL, flagged_table

from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.model.tables import OBSERVATIONS
from ecomon.publish.cf_netcdf import read_netcdf
from ecomon.publish.cf_table import read_table
from ecomon.publish.csvw_reader import read_observations_csv
from ecomon.settings import read_settings
from ecomon.store import Store
from ecomon.store.export_files import read_parquet

Ecomon = Callable[..., Any]
WALL_S = 1_700_000_000.0


def ingest(home: Path, table: pd.DataFrame, blob: bytes, at_s: float) -> None:
    with Store.open(read_settings(home).store_url, clock=lambda: at_s) as store:
        store.ingest(
            [Batch(OBSERVATIONS.frame({name: table[name] for name in OBSERVATIONS.columns}))],
            blob=blob, file_name="四月.csv", source="s", decoder="d", decoder_version="1",
        )  # fmt: skip


@pytest.fixture
def home(ecomon: Ecomon, tmp_path: Path) -> Path:
    """A store that learns SMALL at one time, and later another value for its first reading."""
    home = tmp_path / "home"
    ecomon("store", "init", "--home", home, "--kind", "example")
    table = flagged_table(SMALL)
    ingest(home, table, b"first", WALL_S)
    ingest(home, table.head(1).assign(value=0.7), b"second", WALL_S + 86_400)
    return home


def test_csv_comes_with_its_metadata(ecomon: Ecomon, home: Path, tmp_path: Path) -> None:
    said = ecomon("export", "out/a.csv", "--period", "2021-04", "--home", home)
    assert (said.code, said.lines[:2]) == (0, ["out/a.csv", "out/a.csv-metadata.json"])
    assert "readings 5" in said.lines[2]
    assert "example" in said.lines[2]
    table = read_observations_csv((tmp_path / "out" / "a.csv").read_bytes())
    with Store.open(read_settings(home).store_url) as store:
        known = store.read_observations(Period.month(2021, 4)).astype({"approval": "str"})
    pd.testing.assert_frame_equal(table, known)
    told = json.loads((tmp_path / "out" / "a.csv-metadata.json").read_text(encoding="utf-8"))
    assert told["dc:title"][1]["@value"].startswith("EXAMPLE DATA")


@pytest.mark.parametrize("name", ["a.csv", "a.nc", "a.parquet", "a.zarr"])
def test_the_same_slice_gives_the_same_octets(
    ecomon: Ecomon, home: Path, tmp_path: Path, name: str
) -> None:
    for folder in ("x", "y", "y"):
        said = ecomon("export", f"{folder}/{name}", "--period", "2021", "--as-known-at", 1, "--home", home)  # fmt: skip
        assert said.code == 0
        ingest(home, flagged_table([{"value": 5.0}]), folder.encode(), WALL_S + 90_000)
    one, other = (
        {str(file.relative_to(tmp_path / folder)): file.read_bytes() for file in sorted((tmp_path / folder).rglob("*")) if file.is_file()}
        for folder in ("x", "y")
    )  # fmt: skip
    assert one == other
    assert any(one.values())


@pytest.mark.parametrize(
    ("known_at", "value"),
    [(1, 0.1 + 0.2), (2, 0.7), ("2023-11-15T12:00", 0.1 + 0.2), ("2023-11-14T22:13:20+00:00", 0.1 + 0.2), ("2023-12-01T00:00", 0.7)],
)  # fmt: skip
def test_as_known_at_a_sequence_or_a_time(
    ecomon: Ecomon, home: Path, tmp_path: Path, known_at: Any, value: float
) -> None:
    options = ("--period", "2021-04", "--determinand", "TP", "--as-known-at", known_at, "--home", home)  # fmt: skip
    for name in ("a.parquet", "a.nc"):
        assert ecomon("export", name, *options).code == 0
    for table in (
        read_parquet((tmp_path / "a.parquet").read_bytes()),
        read_table(read_netcdf((tmp_path / "a.nc").read_bytes())),
    ):
        assert table["value"].iloc[0] == value
        assert set(table["determinand"]) == {"TP"}


def test_origins_and_json(ecomon: Ecomon, home: Path, tmp_path: Path) -> None:
    said = ecomon("export", "b", "--format", "csv", "--with-origins", "--site", "yaodu", "--period", "2021-04", "--home", home, "--json")  # fmt: skip
    (told,) = said.records
    assert (told["n_rows"], told["known_at"], told["kind"]) == (5, 2, "example")
    table = read_observations_csv((tmp_path / "b").read_bytes())
    assert set(table["file_name"]) == {"四月.csv"}
    assert np.unique(table["batch_id"]).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("a.txt", "--period", "2021-04"), "'a.txt' does not say which"),
        (("a.csv", "--period", "2022"), "nothing written"),
        (("a.csv", "--period", "2021-04", "--site", "yaodou"), "yaodou"),
        (("a.csv", "--period", "2021-04", "--determinand", "TPP"), "TPP"),
        (("a.csv", "--period", "2021-04", "--as-known-at", 9), "the last sequence is 2"),
        (("a.csv", "--period", "2021-04", "--as-known-at", "2021-05-03"), "neither a sequence nor a time"),
        (("home", "--format", "zarr", "--period", "2021-04"), "name another"),
        (("home", "--format", "csv", "--period", "2021-04"), "name another"),
        (("a.nc", "--with-origins", "--period", "2021-04"), "csv and parquet only"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    ecomon: Ecomon, home: Path, tmp_path: Path, words: tuple[Any, ...], reason: str
) -> None:
    said = ecomon("export", *words, "--home", home)
    assert said.code == 2
    assert reason in said.err
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


def test_without_the_extra_it_says_what_to_install(
    ecomon: Ecomon, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    said = ecomon("export", "a.nc", "--period", "2021-04", "--home", home)
    assert said.code == 2
    assert "ecomon[cube]" in said.err
