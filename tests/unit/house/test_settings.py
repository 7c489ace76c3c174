from __future__ import annotations

from pathlib import Path

import pytest

from ecomon.errors import RegistryError, StoreError
from ecomon.settings import read_settings
from ecomon.store import Store


@pytest.fixture(autouse=True)
def _no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ECOMON_HOME", "ECOMON_STORE", "ECOMON_OVERLAY", "ECOMON_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_comes_before_the_file_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ecomon.env").write_text("ECOMON_LANGUAGE=en\n", "utf-8")
    assert read_settings(tmp_path).language == "en"
    monkeypatch.setenv("ECOMON_LANGUAGE", "zh")
    assert read_settings(tmp_path).language == "zh"


def test_a_wrong_setting_names_itself_and_where_it_may_stand(tmp_path: Path) -> None:
    (tmp_path / "ecomon.env").write_text("ECOMON_LANGUAGE=xx\n", "utf-8")
    with pytest.raises(RegistryError, match=r"ecomon\.env: ECOMON_LANGUAGE: .*'xx'"):
        read_settings(tmp_path)


def test_a_database_without_its_driver_says_which_is_missing() -> None:
    with pytest.raises(StoreError, match="pymssql"):
        Store.open("mssql+pymssql://nobody@localhost/none")


@pytest.mark.parametrize("name", ["嘉陵江", "a?b", "50%20", "c#d", "e f&g=h"])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    settings = read_settings(tmp_path / name)
    Store.create(settings.store_url, kind="golden").close()
    assert settings.store_path.is_file()
    with Store.open(settings.store_url) as store:
        assert store.kind == "golden"
    assert [one.name for one in tmp_path.iterdir()] == [name]
