"""``ecomon store init | status``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
