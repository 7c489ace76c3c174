"""``ecomon reviews`` and ``ecomon review accept|reject``: cases listed and decided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.model.observation import Batch
from ecomon.model.tables import FLAGS, OBSERVATIONS
from ecomon.settings import read_settings
from ecomon.store import Store

Ecomon = Callable[..., Any]


@pytest.fixture
def home(ecomon: Ecomon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a gauge's day of discharge, of which two readings are suspect."""
    where = tmp_path / "home"
    assert ecomon("store", "init", "--home", where, "--kind", "example").code == 0
    with Store.open(read_settings(where).store_url) as store:
        founder = store.authenticate(store.add_actor("admin", "administrator", by=None).text)
        monkeypatch.setenv("ECOMON_TOKEN", store.add_actor("王芳", "reviewer", by=founder).text)
        starts = np.array(["2021-04-03T08", "2021-04-03T09", "2021-04-03T10"], "datetime64[us]")
        table = pd.DataFrame(
            {
                "site": "guangyuan", "determinand": "DISCHARGE", "statistic": "value", "start": starts,
                "duration_s": 0, "programme": "automatic", "source": "st-river-r",
                "replicate": 0, "value": [80.0, 800.0, 820.0], "unit": "m3/s", "censor": "none",
                "source_flag": None, "row": [1, 2, 3],
            }
        )  # fmt: skip
        store.ingest(
            [Batch(OBSERVATIONS.frame({str(name): table[name] for name in table}))], blob=b"q", file_name="q.csv",
            source="st-river-r", decoder="tests", decoder_version="1",
        )  # fmt: skip
        flags = {"revision": [1, 2, 3], "flag": [1, 3, 3], "tests": ["", "rate:3", "rating:3"]}
        store.write_flags(FLAGS.frame(flags), ruleset="a")
    return where


def test_a_run_of_doubtful_discharge_is_listed_in_both_languages_and_decided(
    ecomon: Ecomon, home: Path
) -> None:
    line, total = ecomon("reviews", "--home", home).lines
    number, place, what, span, count, tests, reason = line.split("\t")
    assert (number, count, reason) == ("D1", "2 个 readings", "存疑 suspect_run")
    assert place.endswith("guangyuan")
    assert what == "流量 DISCHARGE"
    assert span == "2021-04-03 09:00 – 2021-04-03 10:00"
    assert tests == "变化过快 rate:3, 偏离水位流量关系 rating:3"
    assert total == "待审核 open reviews: 1"
    (case,) = ecomon("reviews", "--home", home, "--json").records
    assert (case["case"], case["site"], case["determinand"], case["n"]) == (
        "D1", "guangyuan", "DISCHARGE", 2,
    )  # fmt: skip
    assert (case["first"], case["tests"]) == ("2021-04-03T09:00:00+08:00", ["rate:3", "rating:3"])
    said = ecomon("review", "accept", "D1", "--reason", "洪峰", "--home", home)
    assert (
        said.out == "已记录 recorded: D1 guangyuan DISCHARGE 采用 accept，监测值 readings 2，王芳\n"
    )
    assert ecomon("reviews", "--home", home).lines == ["待审核 open reviews: 0"]
    again = ecomon("review", "reject", "D1", "--reason", "洪峰", "--home", home)
    assert (again.code, "D1 已办结" in again.err) == (2, True)


def test_a_machine_may_read_what_was_decided(ecomon: Ecomon, home: Path) -> None:
    words = ("review", "reject", "d1", "--reason", "探头", "--home", home, "--json")
    (done,) = ecomon(*words).records
    assert done == {
        "case": "D1", "site": "guangyuan", "determinand": "DISCHARGE", "n_readings": 2,
        "verdict": "reject", "by": "王芳",
    }  # fmt: skip
    (case,) = ecomon("review", "list", "--state", "decided", "--home", home, "--json").records
    assert (case["case"], case["state"]) == ("D1", "decided")
