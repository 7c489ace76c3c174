"""``ecomon receipts``: what should have come and what came, and what is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecomon.model.period import Period
from ecomon.model.tables import RECEIPTS
from ecomon.settings import read_settings
from ecomon.store import Store

Ecomon = Callable[..., Any]
DAY = "2025-10-01"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three stations on one day: one that sent all, one silent, one never heard of."""
    home = tmp_path / "home"
    at = ["2025-10-01T20:00", "2025-09-30T08:00", "NaT"]
    table = RECEIPTS.frame(
        {
            "source": ["cnemc-water"] * 3,
            "site": ["shaxi", "yaodu", "nandu"],
            "period": [DAY] * 3,
            "start": np.array([DAY] * 3, dtype="datetime64[us]"),
            "n_expected": [6] * 3,
            "n_received": [6, 0, 0],
            "share": [1.0, 0.0, 0.0],
            "last_at": np.array(at, dtype="datetime64[us]"),
            "status": ["complete", "silent", "silent"],
        }
    )
    alert = {
        "fingerprint": "silent_station/cnemc-water/yaodu", "state": "open",
        "opened_at": datetime(2025, 10, 1), "over_at": None, "evidence": 1, "what_zh": "站点 姚渡",
        "what_en": "station Yaodu", "why_zh": "最近数据", "why_en": "last reading",
    }  # fmt: skip
    with Store.create(read_settings(home).store_url, kind="example") as store:
        store.write_receipts(1, table, Period.parse(DAY))
        store.commit_operations_alerts([alert])
    return home


def test_a_day_in_lines(ecomon: Ecomon, home: Path) -> None:
    said = ecomon("receipts", "--home", home, "--period", DAY)
    assert said.code == 0
    assert f"{DAY}\tcnemc-water\t18\t6\t33.3%" in said.lines
    assert "  无数据 silent: 姚渡 yaodu" in said.lines
    assert "  从未到数 never heard: 南渡 nandu" in said.lines
    assert any("cnemc-air, st-river-r" in line for line in said.lines)
    assert said.lines[-1].endswith(": 1")


def test_the_same_for_a_machine(ecomon: Ecomon, home: Path) -> None:
    *receipts, alert = ecomon("receipts", "--home", home, "--period", DAY, "--json").records
    assert [(one["kind"], one["site"], one["status"]) for one in receipts] == [
        ("receipt", "nandu", "silent"), ("receipt", "shaxi", "complete"), ("receipt", "yaodu", "silent"),
    ]  # fmt: skip
    assert receipts[0]["last_at"] is None
    assert receipts[2]["last_at"] == "2025-09-30T08:00:00+08:00"
    assert (alert["kind"], alert["fingerprint"]) == (
        "operations_alert", "silent_station/cnemc-water/yaodu",
    )  # fmt: skip


def test_where_nothing_was_counted_it_says_what_to_run(ecomon: Ecomon, home: Path) -> None:
    said = ecomon("receipts", "--home", home)
    assert "ecomon run receipts" in said.lines[0]
