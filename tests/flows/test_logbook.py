"""What a flow leaves in the logbook of its installation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

WATER = (
    "# source: 手工监测\n# feed: local-lab\n# programme: local\n# statistic: value\n# duration_s: 0\n"
    "site,start,source_flag,PH,NH3N[mg/L]\n"
    "yaodu,2026-11-20T10:30,,8.1,0.25\n"
)


@pytest.mark.usefixtures("api")
def test_a_run_and_each_of_its_files_are_a_line(make_installation: Callable[..., Any]) -> None:
    installation = make_installation("real")
    installation.put(
        ("tabulated", "lab.csv", WATER.encode(), None), ("tabulated", "bad.csv", b"\0\1", None)
    )
    installation.run("ingest", feed="tabulated")
    lines = [
        json.loads(line)
        for line in (installation.home / "log" / "ecomon.jsonl").read_text("utf-8").splitlines()
    ]
    by_event = {line["event"]: line for line in lines}
    assert [line["event"] for line in lines] == [
        "run_started", "file_ingested", "file_refused", "run_succeeded",
    ]  # fmt: skip
    assert {(line["flow"], line["run_id"]) for line in lines} == {("ingest", 1)}
    stored = by_event["file_ingested"]
    assert (stored["file"], stored["n_new"], stored["n_rejected"]) == ("lab.csv", 2, 0)
    assert by_event["file_refused"]["file"] == "bad.csv"
    assert by_event["file_refused"]["reason"]
    assert by_event["run_succeeded"]["counts"]["n_new"] == 2
    assert by_event["run_succeeded"]["duration_s"] >= stored["duration_s"] > 0
