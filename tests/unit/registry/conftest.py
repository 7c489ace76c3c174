"""The shipped registry, read once, and copies of its files that a test may break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ecomon.errors import Problem, RegistryError
from ecomon.registry import Registry, read_registry
from ecomon.registry.layout import shipped_folder


@pytest.fixture(scope="session")
def shipped() -> Registry:
    return read_registry()


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """A folder with copies of stations/ and thresholds/."""
    for root in ("stations", "thresholds"):
        shutil.copytree(shipped_folder(root), tmp_path / root)
    return tmp_path


Reread = Callable[[], Registry]


@pytest.fixture
def reread(facts: Path) -> Reread:
    return lambda: read_registry(stations=facts / "stations", thresholds=facts / "thresholds")


Break = Callable[[str, str, str], tuple[Problem, ...]]


@pytest.fixture
def break_file(facts: Path, reread: Reread) -> Break:
    """Put one text in the place of another in one file, and give the problems of reading that."""

    def broken(file: str, old: str, new: str) -> tuple[Problem, ...]:
        path = facts / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(RegistryError) as wrong:
            reread()
        return wrong.value.problems

    return broken


@pytest.fixture
def overlay(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """A site's own folder made of the files given by their path."""

    def made(files: dict[str, str]) -> Path:
        folder = tmp_path / "site"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return made
