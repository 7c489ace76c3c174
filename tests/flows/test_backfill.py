"""Backfill: steps in order, what is done is left out, one that fails stops no other."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ecomon.cli import app
from ecomon.cli.backfill import line_of
from ecomon.errors import ContractError
from ecomon.model.period import Period
from flows.backfill import (
    FILES_A_STEP,
    StepDone,
    archive_files,
    date_in,
    plan_backfill,
    run_backfill,
)
from flows.demo import put

MONTHS = "2024-12/2025-01"
STRICTER = "checks: {PH: {range: {suspect_high: 8, fail_high: 8.1}}}\n"

# --- planning, without Prefect ----------------------------------------------------------------------


def labels(home: Path, flow: str, **options: Any) -> list[str]:
    asked = {"period": None, "feed": "tabulated", "folder": None, **options}
    return [step.label for step in plan_backfill(flow, home=home, **asked).steps]


def test_steps_are_months_or_days_oldest_first(tmp_path: Path) -> None:
    assert labels(tmp_path, "assess", period="2024-11/2025-02") == [
        "2024-11", "2024-12", "2025-01", "2025-02",
    ]  # fmt: skip
    days = labels(tmp_path, "alert", period="2025-01-30/2025-02-01", every="day")
    assert days == ["2025-01-30", "2025-01-31", "2025-02-01"]


@pytest.mark.parametrize(
    ("flow", "options", "word"),
    [
        ("assess", {}, "--period"),
        ("assess", {"period": "2025", "every": "day"}, "whole months"),
        ("assess", {"period": "2025", "folder": Path()}, "no --folder"),
        ("ingest", {"period": "2025"}, "--folder"),
        ("keeping", {"period": "2025"}, "no backfill of 'keeping'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_runs(
    tmp_path: Path, flow: str, options: dict[str, Any], word: str
) -> None:
    with pytest.raises(ContractError, match=word):
        labels(tmp_path, flow, **options)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("water-2021-04.csv", "2021-04"), ("202104.csv", "2021-04"),
        ("water_20210403_08.csv", "2021-04-03"), ("2021.04.03.csv.gz", "2021-04-03"),
        ("2021-02-31.csv", None), ("water.csv", None), ("120210403.csv", None), ("2021-13.csv", None),
    ],
)  # fmt: skip
def test_the_date_a_name_carries(name: str, label: str | None) -> None:
    found = date_in(name)
    assert (found and found.label) == label


def test_the_files_of_an_archive_in_the_order_of_their_dates(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    for name in (
        "b/2020-01.csv", "a/2021-02.csv", "a/2020-12-05.csv", "notes.csv", "a/2021-02.csv.fetched",
        ".hidden.csv", "2021-03.csv.part", "MANIFEST.sha256",
    ):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    files, n_left_out = archive_files(folder, None)
    assert [path.name for path in files] == [
        "notes.csv", "2020-01.csv", "2020-12-05.csv", "2021-02.csv",
    ]  # fmt: skip
    assert n_left_out == 0
    files, n_left_out = archive_files(folder, Period.parse("2020-12/2021-01"))
    assert ([path.name for path in files], n_left_out) == (["2020-12-05.csv"], 1)


def test_many_files_are_cut_into_steps(tmp_path: Path) -> None:
    for number in range(FILES_A_STEP + 1):
        (tmp_path / f"2020-01-{number:03d}.csv").touch()
    (tmp_path / "2020-02.csv").touch()
    steps = plan_backfill("ingest", home=tmp_path, period=None, feed="tabulated", folder=tmp_path)
    assert [len(step.files) for step in steps.steps] == [FILES_A_STEP, 1, 1]


def test_a_line_says_how_far_how_fast_and_how_long_still() -> None:
    counts = {"refused": {"a.csv": "the file is empty"}}
    one = StepDone("2021-03", "succeeded", 3, 12, 2.0, 18.0, counts=counts)
    assert line_of(one) == (
        " 3/12  2021-03  完成 done  2.0 s  30.0/min  还需 ETA 0:00:18  a.csv: the file is empty"
    )


# --- running ----------------------------------------------------------------------------------------


def outcomes(home: Any, flow: str, **options: Any) -> list[str]:
    asked = {"period": None, "feed": "cnemc-water", "folder": None}
    is_from_start = options.pop("is_from_start", False)
    plan = plan_backfill(flow, home=home.home, **(asked | options))
    return [one.outcome for one in run_backfill(plan, is_from_start=is_from_start)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, basin_files: list[Any]) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for feed, name, octets, fetched_s in basin_files:
        if feed == "cnemc-water":
            put(folder / name, octets, fetched_s=fetched_s)
    # A run notes its start in whole seconds, and a file of that same second counts as changed.
    written_s = max(path.stat().st_ctime for path in folder.iterdir())
    while time.time() < int(written_s) + 1:
        time.sleep(0.02)
    return folder


@pytest.fixture(scope="module")
def home(api: str, make_installation: Callable[..., Any], archive: Path) -> Any:
    home = make_installation("example")
    assert outcomes(home, "ingest", folder=archive) == ["succeeded"] * 2
    return home


def test_an_archive_is_read_and_not_again_until_a_file_changes(home: Any, archive: Path) -> None:
    with home.store() as store:
        assert len(store.read_batches()) == 2
        assert store.status()["flags"] == store.status()["observations"] > 4000
    assert len(home.files("inbox")) == 0
    assert outcomes(home, "ingest", folder=archive) == ["skipped"] * 2
    (archive / "water-2025-01.csv").touch()
    assert outcomes(home, "ingest", folder=archive) == ["skipped", "succeeded"]


def test_what_is_done_is_left_out_until_its_input_or_its_rules_change(home: Any) -> None:
    assert outcomes(home, "assess", period=MONTHS) == ["succeeded"] * 2
    assert outcomes(home, "assess", period="2024-12/2025-02") == ["skipped", "skipped", "succeeded"]
    assert outcomes(home, "assess", period=MONTHS, is_from_start=True) == ["succeeded"] * 2
    rules = home.home / "site" / "thresholds" / "quality"
    rules.mkdir(parents=True)
    (rules / "surface-water.yaml").write_text(STRICTER, "utf-8")
    # Each step of the flag flow writes flags, and so moves the input of the steps before it.
    assert outcomes(home, "flag", period=MONTHS) == ["succeeded"] * 2
    with home.store() as store:
        assert store.read_runs(flow="flag")[0]["counts"]["flags"] > 0
    assert outcomes(home, "flag", period=MONTHS) == ["skipped"] * 2
    assert outcomes(home, "assess", period=MONTHS) == ["succeeded"] * 2


def test_a_step_that_fails_is_told_with_its_period_and_the_later_ones_go_on(home: Any) -> None:
    said = CliRunner().invoke(
        app, ["backfill", "load", "--home", str(home.home), "--period", "2024-12-15/2025-01", "--json"]
    )  # fmt: skip
    assert said.exit_code == 1
    *steps, last = [json.loads(line) for line in said.stdout.splitlines()]
    assert [one["outcome"] for one in steps] == ["failed", "succeeded"]
    assert "whole months" in steps[0]["error"] and steps[0]["step"] == "2024-12-15/2024-12-31"
    assert last == {"flow": "load", "steps": 2, "succeeded": 1, "skipped": 0, "failed": 1}


def test_refused_files_are_told_and_tried_again(home: Any, tmp_path: Path) -> None:
    (tmp_path / "2025-01.csv").write_bytes(b"")
    command = ["backfill", "ingest", "--home", str(home.home), "--folder", str(tmp_path)]
    for _ in range(2):
        said = CliRunner().invoke(app, command)
        assert said.exit_code == 1
        assert "1/1  2025-01.csv  完成 done" in said.stdout
        assert "2025-01.csv: the file is empty" in said.stdout
