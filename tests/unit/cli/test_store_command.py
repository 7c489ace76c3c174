"""``ecomon store``: making a store, asking, checking, copying and keeping it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecomon.model.observation import Batch
from ecomon.model.tables import OBSERVATIONS
from ecomon.settings import read_settings
from ecomon.store import Store

Ecomon = Callable[..., Any]


def test_init_makes_a_store_of_a_kind(ecomon: Ecomon, tmp_path: Path) -> None:
    home = tmp_path / "home"
    said = ecomon("store", "init", "--home", home, "--kind", "example")
    assert (said.code, len(said.lines)) == (0, 1)
    assert "(example)" in said.out
    with Store.open(read_settings(home).store_url) as store:
        assert store.kind == "example"


def test_without_a_word_the_data_are_real(ecomon: Ecomon, tmp_path: Path) -> None:
    ecomon("store", "init", "--home", tmp_path / "home")
    (status,) = ecomon("store", "status", "--home", tmp_path / "home", "--json").records
    assert status["kind"] == "real"


def test_status_of_an_empty_store(ecomon: Ecomon, tmp_path: Path) -> None:
    ecomon("store", "init", "--home", tmp_path / "home")
    (status,) = ecomon("store", "status", "--home", tmp_path / "home", "--json").records
    for name in ("observations", "flags", "batches", "dead_letters", "statements", "reviews"):
        assert status[name] == 0
    assert (status["alerts"], status["last_runs"], status["last_batch"]) == ({}, {}, None)
    text = ecomon("store", "status", "--home", tmp_path / "home")
    assert [line.split()[0] for line in text.lines] == list(status)


def test_a_store_is_never_made_over_another(ecomon: Ecomon, tmp_path: Path) -> None:
    ecomon("store", "init", "--home", tmp_path / "home", "--kind", "example")
    again = ecomon("store", "init", "--home", tmp_path / "home")
    assert again.code == 2
    assert "holds a store already" in again.err
    (status,) = ecomon("store", "status", "--home", tmp_path / "home", "--json").records
    assert status["kind"] == "example"


def fill(home: Path, blob: bytes = b"x") -> None:
    table = OBSERVATIONS.frame(
        {
            "site": ["a"], "determinand": ["TP"], "statistic": "value",
            "start": np.array(["2021-04-03T08"], dtype="datetime64[us]"), "duration_s": 0,
            "programme": "automatic", "source": "tabulated", "replicate": 0, "value": 0.1,
            "unit": "mg/L", "censor": "none", "source_flag": None, "row": 1,
        }
    )  # fmt: skip
    with Store.open(read_settings(home).store_url) as store:
        store.ingest(
            [Batch(table)], blob=blob, file_name="f", source="s", decoder="d", decoder_version="1"
        )


@pytest.fixture
def home(ecomon: Ecomon, tmp_path: Path) -> Path:
    ecomon("store", "init", "--home", tmp_path / "home")
    fill(tmp_path / "home")
    return tmp_path / "home"


def test_check_of_a_sound_store(ecomon: Ecomon, home: Path) -> None:
    said = ecomon("store", "check", "--deep", "--home", home)
    assert (said.code, said.lines) == (0, ["完好 OK"])


def test_check_of_a_damaged_store(ecomon: Ecomon, home: Path) -> None:
    with sqlite3.connect(read_settings(home).store_path) as conn:
        conn.execute("UPDATE observation SET batch_id = 9")
    conn.close()
    said = ecomon("store", "check", "--home", home)
    assert said.code == 1
    assert "nothing in batch has this batch_id" in said.lines[0]
    assert said.lines[-1].startswith("有 1 处不符")
    told = ecomon("store", "check", "--home", home, "--json")
    assert told.code == 1
    assert [one["check"] for one in told.records] == ["references"]


def test_root_closes_the_day_and_is_found_again(ecomon: Ecomon, home: Path) -> None:
    said = ecomon("store", "root", "--home", home)
    assert said.code == 0
    assert "抄到库外" in said.lines[-1]
    (head,) = ecomon("store", "root", "--home", home, "--json").records
    assert head["root"] == said.lines[1]
    assert ecomon("store", "root", "--home", home, "--against", head["root"][:12]).code == 0
    stranger = ecomon("store", "root", "--home", home, "--against", "0" * 12)
    assert stranger.code == 1
    assert "不在链上" in stranger.out


def test_backup_and_restore(ecomon: Ecomon, home: Path, tmp_path: Path) -> None:
    said = ecomon("store", "backup", "--home", home)
    assert said.code == 0
    (made,) = (home / "backups").iterdir()
    assert str(made) in said.lines[0]
    again = ecomon("store", "restore", made, "--home", home)
    assert again.code == 2
    assert "exists already" in again.err
    restored = ecomon("store", "restore", made, "--home", tmp_path / "other", "--json")
    assert restored.code == 0
    assert restored.records[0]["n_rows"]["observation"] == 1
    (status,) = ecomon("store", "status", "--home", tmp_path / "other", "--json").records
    assert status["observations"] == 1


def test_prune_asks_for_days_and_a_token(ecomon: Ecomon, home: Path) -> None:
    unsaid = ecomon("store", "prune", "--home", home)
    assert unsaid.code == 2
    assert "kept for ever" in unsaid.err
    dry = ecomon("store", "prune", "--home", home, "--days", 1, "--dry-run")
    assert (dry.code, "0 个文件" in dry.out) == (0, True)
    nobody = ecomon("store", "prune", "--home", home, "--days", 1)
    assert nobody.code == 2
    assert "令牌" in nobody.err


def test_export_writes_once(ecomon: Ecomon, home: Path, tmp_path: Path) -> None:
    first = ecomon("store", "export", "--home", home)
    assert first.code == 0
    assert first.lines[-1] == "已写 written: 2021-04"
    assert (home / "exports" / "parquet" / "month=2021-04" / "observations.parquet").is_file()
    (again,) = ecomon("store", "export", "--home", home, "--period", "2021-04", "--json").records
    assert (again["written"], again["unchanged"]) == ([], ["2021-04"])
    elsewhere = ecomon(
        "store", "export", "--home", home, "--format", "zarr", "--out", tmp_path / "out"
    )
    assert elsewhere.code == 0
    assert (tmp_path / "out" / "zarr" / "2021-04.zarr").is_dir()


def test_upgrade_of_a_store_that_needs_none(ecomon: Ecomon, home: Path) -> None:
    assert ecomon("store", "upgrade", "--home", home).out.startswith("无需升级")
