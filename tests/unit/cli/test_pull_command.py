"""``ecomon pull status | test``, as far as it goes without a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecomon.settings import read_secret, read_settings
from ecomon.store import Store

Ecomon = Callable[..., Any]
VARIABLE = "ECOMON_HYDROLOGY_URL"


@pytest.fixture
def home(ecomon: Ecomon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    ecomon("store", "init", "--home", tmp_path / "home")
    return tmp_path / "home"


def test_the_state_of_pulls_that_were_never_made_too(ecomon: Ecomon, home: Path) -> None:
    records = ecomon("pull", "status", "--home", home, "--json").records
    assert {one["pull"] for one in records} >= {"sl323-river", "sl323-ratings"}
    assert not any(one["is_enabled"] or one["has_url"] for one in records)
    with Store.open(read_settings(home).store_url, clock=lambda: 1_700_000_000.0) as store:
        state = store.begin_poll("pull:sl323-river", source="sl323-river", lease_s=60)
        assert state is not None
        store.record_poll(state.failed(1_700_000_000, "缺少数据库驱动", 1800))
    (river,) = (
        one
        for one in ecomon("pull", "status", "--home", home, "--json").records
        if one["pull"] == "sl323-river"
    )
    assert (river["n_failures"], river["last_error"]) == (1, "缺少数据库驱动")
    assert river["read_to"] is None


def test_what_is_missing_is_said(ecomon: Ecomon, home: Path) -> None:
    assert "sl323-river" in ecomon("pull", "test", "nix", "--home", home).err
    assert VARIABLE in ecomon("pull", "test", "sl323-river", "--home", home).err
    (home / "ecomon.env").write_text(f"{VARIABLE}=nonsense+driver://u:hidden@h/x\n", "utf-8")
    said = ecomon("pull", "test", "sl323-river", "--home", home)
    assert said.code == 2
    assert "no such kind of database" in said.err
    assert "hidden" not in said.err


def test_the_environment_goes_before_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(home)
    assert read_secret(settings, VARIABLE) is None
    (home / "ecomon.env").write_text(f'{VARIABLE}="mysql+pymysql://a:b%40@h/x"\n', "utf-8")
    found = read_secret(settings, VARIABLE)
    assert found is not None
    assert found.get_secret_value() == "mysql+pymysql://a:b%40@h/x"
    assert "b%40" not in repr(found)
    monkeypatch.setenv(VARIABLE, "other")
    found = read_secret(settings, VARIABLE)
    assert found is not None
    assert found.get_secret_value() == "other"
