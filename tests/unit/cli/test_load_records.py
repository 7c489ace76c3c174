"""``ecomon load wrtds`` and ``ecomon load loadest``: the form others check the product by."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Ecomon = Callable[..., Any]
SURFACES = ["LogQ", "DecYear", "yHat", "SE", "ConcHat"]
CROSSVAL = ["Date", "yHat", "SE", "ConcHat"]
ANNUAL = ["DecYear", "WaterYear", "Q", "Conc", "Flux"]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Four years of an invented river: daily discharge (gzipped) and a sample every ten days."""
    folder = tmp_path_factory.mktemp("record")
    day = np.arange("2001-10-01", "2005-10-01", dtype="datetime64[D]")
    season = 2 * np.pi * np.arange(len(day)) / 365.25
    log_q = 3 + 0.8 * np.sin(season) + 0.4 * np.sin(17.3 * np.sqrt(np.arange(len(day))))
    log_c = -1 + 0.3 * (log_q - 3) + 0.2 * np.cos(season) + 0.15 * np.cos(np.arange(len(day)) * 2.1)
    daily = folder / "D.csv.gz"
    rows = [f"{one},{q!r}" for one, q in zip(day, np.exp(log_q).tolist(), strict=True)]
    daily.write_bytes(gzip.compress("\n".join(["Date,Q", *rows, ""]).encode()))
    sample = folder / "S.csv"
    chosen = slice(4, None, 10)
    rows = [
        f"{one},{c!r},{c!r},1" if c > 0.25 else f"{one},,0.25,0"
        for one, c in zip(day[chosen], np.exp(log_c[chosen]).tolist(), strict=True)
    ]
    sample.write_text("\n".join(["Date,ConcLow,ConcHigh,Uncen", *rows, ""]), "utf-8")
    return daily, sample


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_wrtds_writes_the_four_tables(
    ecomon: Ecomon, record: tuple[Path, Path], tmp_path: Path
) -> None:
    daily, sample = record
    out = tmp_path / "out" / "w"
    done = ecomon(
        "load", "wrtds", "--daily", daily, "--sample", sample, "--out", out, "--window-y", 7,
        "--window-q", 2, "--window-s", 0.5, "--min-obs", 60, "--min-uncensored", 40, "--no-edge-adjust",
    )  # fmt: skip
    assert done.code == 0, done.err
    found = {name: table(out / f"{name}.csv") for name in ("surfaces", "daily", "crossval", "annual")}  # fmt: skip
    assert list(found["surfaces"][0])[:5] == SURFACES
    assert list(found["daily"][0])[:7] == ["Date", "yHat", "SE", "ConcDay", "FluxDay", "FNConc", "FNFlux"]  # fmt: skip
    assert list(found["crossval"][0])[:4] == CROSSVAL
    assert set(ANNUAL) <= set(found["annual"][0])
    assert len(found["daily"]) == 1461 and len(found["crossval"]) == 146
    assert found["daily"][0]["Date"] == "2001-10-01"
    for row in found["daily"][:5]:  # kg/day = mg/L x m3/s x 86.4
        discharge = float(row["FluxDay"]) / float(row["ConcDay"]) / 86.4
        assert 5 < discharge < 100
    assert [row["WaterYear"] for row in found["annual"]] == ["2002", "2003", "2004", "2005"]


def test_loadest_writes_the_four_tables_and_its_own(
    ecomon: Ecomon, record: tuple[Path, Path], tmp_path: Path
) -> None:
    daily, sample = record
    done = ecomon("load", "loadest", "--sample", sample, "--daily", daily, "--model", 9, "--out", tmp_path / "l")  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert len(done.lines) == 9
    assert list(table(tmp_path / "l/surfaces.csv")[0])[:5] == SURFACES
    assert list(table(tmp_path / "l/crossval.csv")[0])[:4] == CROSSVAL
    (summary,) = table(tmp_path / "l/summary.csv")
    assert (summary["status"], int(summary["n_censored"]) > 0) == ("fitted", True)
    days = table(tmp_path / "l/daily.csv")
    assert {"Date", "Flow", "Flux", "Std.Err", "SEP", "L95", "U95"} <= set(days[0])
    mean = np.mean([float(row["Flux"]) for row in days])
    (total,) = table(tmp_path / "l/total.csv")
    assert float(total["Flux"]) == pytest.approx(mean, rel=1e-12)


def test_what_is_wrong_in_a_file_is_said_by_row_and_field(ecomon: Ecomon, tmp_path: Path) -> None:
    (tmp_path / "D.csv").write_text("Date,Q\n2001-10-01,1\n2001-10-02,n/a\n", "utf-8")
    (tmp_path / "S.csv").write_text("Date,ConcLow,ConcHigh\n2001-10-01,0.1,0.1\n", "utf-8")
    for command, more in (("wrtds", ()), ("loadest", ("--model", 1))):
        refused = ecomon("load", command, "--daily", "D.csv", "--sample", "S.csv", "--out", "o", *more)  # fmt: skip
        assert refused.code == 2
        assert "D.csv: 第 3 行 row 3: Q: 须为数值" in refused.err
        assert not (tmp_path / "o").exists()


def test_too_few_samples_are_words_and_no_number(
    ecomon: Ecomon, record: tuple[Path, Path], tmp_path: Path
) -> None:
    daily, _ = record
    few = tmp_path / "few.csv"
    few.write_text("Date,ConcLow,ConcHigh\n2001-10-05,0.4,0.4\n2001-11-05,0.5,0.5\n", "utf-8")
    done = ecomon("load", "loadest", "--sample", few, "--daily", daily, "--out", tmp_path / "few")
    assert done.code == 1 and done.err.startswith("few.csv: ")
    assert {row["Flux"] for row in table(tmp_path / "few/daily.csv")} == {""}
    refused = ecomon("load", "wrtds", "--sample", few, "--daily", daily, "--out", tmp_path / "fw")
    assert refused.code in (1, 2) and "100" in refused.err


def test_a_model_that_is_none_is_refused(ecomon: Ecomon, record: tuple[Path, Path]) -> None:
    daily, sample = record
    refused = ecomon("load", "loadest", "--sample", sample, "--daily", daily, "--model", 12, "--out", "o")  # fmt: skip
    assert refused.code == 2 and "--model" in refused.err
