"""``ecomon simulate``: the files, the manifest, the truth, and an installation that takes them in."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ecomon.journey.read_readings import feed_named
from ecomon.model.period import Period
from ecomon.settings import read_settings
from ecomon.store import Store
from flows.deliveries import ingest_file
from flows.installation import recorded_run

Ecomon = Callable[..., Any]
FEW = "bamiaogou,qingfengxia,xindianzi,bikou-shuiku,laocheng"
TINY = ("--period", "2024-06-03/2024-06-06", "--seed", 7, "--sites", FEW)
SPILL = "bamiaogou@2024-06-03T08:00:TL:40"


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_is_written_is_taken_in_by_an_installation(ecomon: Ecomon, tmp_path: Path) -> None:
    out = tmp_path / "basin"
    said = ecomon("simulate", "--out", out, *TINY, "--spill", SPILL, "--json")
    assert said.code == 0, said.err
    (told,) = said.records
    files = manifest(out)
    assert told["kind"] == "example" and "示例" in told["mark"]
    assert told["files"] == len(files) and told["rows"] == sum(int(one["n_rows"]) for one in files)
    for one in files:
        octets = (out / one["path"]).read_bytes()
        assert hashlib.sha256(octets).hexdigest() == one["sha256"]
    assert ecomon("store", "init", "--home", out, "--kind", "example").code == 0

    truth = pd.read_parquet(out / "truth" / "readings")
    assert len(truth) == told["readings"]
    n_new = 0
    with recorded_run(str(out), "ingest", {}) as run:
        for one in files:
            feed = feed_named(one["feed"], run.registry)
            report = ingest_file(run, feed, out / one["path"], None)
            assert report.n_rejected == 0, one["path"]
            n_new += report.n_new + report.n_revised
    sent = truth[truth["reported_value"].notna() | (truth["feed"] != "china-sites")]
    assert n_new == len(sent)
    with Store.open(read_settings(out).store_url) as store:
        stored = store.read_observations(Period.parse("2024-06-01/2024-06-30"))
    last = sent.drop_duplicates(["feed", "site", "determinand", "start"], keep="last")
    both = stored.merge(last, on=["site", "determinand", "start"])
    both = both[both["source"] == both["feed"]]
    keys = {"TL", "NH3N", "CU", "STAGE", "DISCHARGE", "RAINFALL", "PM25", "OUTFLOW", "STORAGE"}
    assert set(both["determinand"]) >= keys - (
        {"CU"} if "CU" not in set(sent["determinand"]) else set()
    )
    scaled = both["value"].where(both["determinand"] != "STORAGE", both["value"] / 1e6)
    pd.testing.assert_series_equal(
        scaled, both["reported_value"], check_names=False, check_dtype=False
    )

    check_truth(out / "truth")
    assert (out / "ratings").is_dir() and "示例" in (out / "示例.txt").read_text("utf-8")
    assert ecomon("registry", "check", "--home", out).code == 0


def check_truth(truth: Path) -> None:
    loads = pd.read_csv(truth / "loads.csv")
    assert set(loads["section"]) == {"bamiaogou", "qingfengxia"}
    assert set(loads["hours"]) == {96}
    arrivals = pd.read_csv(truth / "arrivals.csv", parse_dates=["arrives_at", "passed_at"])
    assert arrivals["place"].tolist()[:3] == ["bamiaogou", "datan", "qingfengxia"]
    assert (arrivals["arrives_at"] < arrivals["passed_at"]).all()


def test_one_seed_one_set_of_octets(ecomon: Ecomon, tmp_path: Path) -> None:
    for name in ("one", "again"):
        ecomon("simulate", "--out", tmp_path / name, *TINY, "--faults", "all")
    assert len(digests(tmp_path / "one")) > 10
    assert digests(tmp_path / "one") == digests(tmp_path / "again")


def test_border_sections_alone(ecomon: Ecomon, tmp_path: Path) -> None:
    out = tmp_path / "border"
    words = ("--period", "2024-06-03", "--sites", "border", "--feeds", "water,discharge", "--json")
    (told,) = ecomon("simulate", "--out", out, *words).records
    assert {one["feed"] for one in manifest(out)} == {"cnemc-water", "st-river-r"}
    assert pd.read_csv(out / "truth" / "loads.csv")["is_border"].all()
    assert json.loads((out / "manifest.json").read_text("utf-8"))["seed"] == told["seed"] == 2025


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--faults", "many"), "none, sensor, file, all"),
        (("--feeds", "wine"), "wine"),
        (("--sites", "atlantis"), "atlantis"),
        (("--spill", "yaodu"), "SECTION@TIME"),
        (("--spill", "yaodu@2024-06-03:WINE:4"), "WINE"),
    ],
)
def test_what_cannot_be_done_is_said(
    ecomon: Ecomon, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    said = ecomon("simulate", "--out", tmp_path / "new", "--period", "2024-06", *words)
    assert said.code == 2 and reason in said.err


def test_a_folder_that_holds_something_is_left_alone(ecomon: Ecomon, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("mine", "utf-8")
    said = ecomon("simulate", "--out", tmp_path / "mine", "--period", "2024-06")
    assert said.code == 2 and "not empty" in said.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["note.txt"]
