"""What a person did wrong is one clear line and exit code 2: no traceback, and nothing is begun."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecomon.journey.read_readings import FEEDS

Ecomon = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nosuch"], "unknown flow 'nosuch'; one of poll, "),
        (["run", "assess"], "the flow assess needs --period, e.g. 2021-04"),
        (["run", "assess", "--period", "2021-13"], "no such period: '2021-13'"),
        (["run", "assess", "--period", "2021-04"], "holds no store; make one with: ecomon store init"),
        (["run", "ingest", "--feed", "nosuch"], "unknown feed 'nosuch'; one of cnemc-water, "),
        (["run", "alert", "--period", "2021-04", "--tell", "none"], "one of recent, all"),
        (["run", "ingest", "--again"], "--again is for an ingest of named files: --file FILE"),
        (["serve"], "holds no store; make one with: ecomon store init"),
        (["store", "status"], "holds no store; make one with: ecomon store init"),
        (["store", "init", "--kind", "other"], "one of real, example, golden, not 'other'"),
        (["registry", "show", "nosuch"], "nothing is called 'nosuch'"),
    ],
)  # fmt: skip
def test_one_line_and_exit_code_2(
    ecomon: Ecomon, tmp_path: Path, words: list[str], said: str
) -> None:
    answer = ecomon(*words, "--home", tmp_path / "home")
    assert answer.code == 2
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    assert line.startswith("错误 error: ")
    assert said in line
    assert not (tmp_path / "home" / "prefect").exists()  # no server was started for it


def test_a_feed_that_decode_does_not_know(ecomon: Ecomon, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n")
    answer = ecomon("decode", "nosuch", tmp_path / "a.csv")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"错误 error: unknown feed 'nosuch'; one of {', '.join(FEEDS)}\n"


def test_a_file_that_is_none_of_its_feed(ecomon: Ecomon, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    answer = ecomon("decode", "cnemc-water", tmp_path / "a.csv", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "错误 error: the file is empty\n"


@pytest.mark.parametrize(
    "words", [["decode", "cnemc-water", "none.csv"], ["run", "ingest", "--file", "none.csv"]]
)
def test_a_file_that_is_not_there(ecomon: Ecomon, words: list[str]) -> None:
    answer = ecomon(*words)
    assert answer.code == 2
    assert "'none.csv' does not exist" in answer.err
    assert "Traceback" not in answer.err


def test_every_problem_of_a_local_file_is_said_at_once(ecomon: Ecomon, tmp_path: Path) -> None:
    stations = tmp_path / "home/site/stations"
    stations.mkdir(parents=True)
    (stations / "offices.yaml").write_text(
        "offices:\n  - {id: ours, name_zh: 本局, kindd: ecology}\n", "utf-8"
    )
    answer = ecomon("registry", "check", "--home", tmp_path / "home")
    assert answer.code == 2
    assert "offices.yaml" in answer.err and "kindd" in answer.err and "name_en" in answer.err
    assert "Traceback" not in answer.err


def test_as_a_process_of_its_own_it_ends_the_same_way(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "from ecomon.cli import main; main()", "run", "nosuch"],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert answer.returncode == 2
    (line,) = answer.stderr.decode("utf-8").splitlines()
    assert line.startswith("错误 error: unknown flow 'nosuch'")
    assert answer.stdout == b""
