"""``ecomon decode cnemc-water`` on the shared files: every data row is told of, by the command alone."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

AS_A_COMMAND = "from ecomon.cli import main; main()"
OBSERVATION = [
    "kind", "site", "determinand", "statistic", "start", "duration_s", "value", "unit", "censor",
    "source_flag",
]  # fmt: skip
REJECTED = ["kind", "row", "reason", "raw", "column"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cnemc_water_4h_2021-04-01_03_basin.csv", ["--year", "2021"]),
        ("cnemc_water_daily_qingfengxia_2020-05_2021-04.csv", []),
        ("cnemc_water_snapshot_2026-02-04_basin.csv", ["--year", "2026"]),
    ],
)
def test_every_row_of_the_file_is_told_of(shared: Path, name: str, words: list[str]) -> None:
    path = shared / "data/cnemc" / name
    answer = subprocess.run(
        [sys.executable, "-c", AS_A_COMMAND, "decode", "cnemc-water", path, *words, "--json"],
        capture_output=True,
        check=True,
    )
    records = [json.loads(line) for line in answer.stdout.decode("utf-8").splitlines()]
    for record in records:
        assert list(record) == (OBSERVATION if record["kind"] == "observation" else REJECTED)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        n_rows = sum(1 for _ in csv.DictReader(lines))
    told = {(one["site"], one["start"]) for one in records if one["kind"] == "observation"}
    lost = Counter(one["row"] for one in records if one["kind"] == "rejected" and not one["column"])
    assert len(told) + len(lost) == n_rows
    assert set(lost.values()) <= {1}
