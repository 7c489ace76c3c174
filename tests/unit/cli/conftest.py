"""The command line, called in this process as the ``ecomon`` script calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ecomon.cli import main


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def ecomon(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Said]:
    """Runs ``ecomon WORDS`` in an empty folder, with no settings but those given here."""
    for name in (
        "ECOMON_HOME",
        "ECOMON_STORE",
        "ECOMON_OVERLAY",
        "ECOMON_LANGUAGE",
        "ECOMON_CONTACT",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("ECOMON_TOKEN", raising=False)
    monkeypatch.setenv("ECOMON_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Said:
        monkeypatch.setattr("sys.argv", ["ecomon", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return Said(code, *capsys.readouterr())

    return run
