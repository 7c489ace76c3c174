"""Scheduled flows by themselves: a second start on the same day finds nothing left to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flows.timetable import month_before, today


def test_a_month_closes_once(
    api: str, make_installation: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.schedule import monthly_close

    home = make_installation("example")
    # Whatever day this runs on: the first working day may still be to come.
    monkeypatch.setenv("ECOMON_CLOSE_WORKING_DAY", "1")
    done = monthly_close(str(home.home))
    with home.store() as store:
        closed = [run["arguments"]["period"] for run in store.read_runs(flow="monthly-close")]
    assert closed == list(done)
    assert len(closed) == 1 and closed[0] <= month_before(today()).label
    assert monthly_close(str(home.home)) == {}
    assert home.outcomes()["settle", "succeeded"] == 1


def test_a_night_adds_one_root_and_one_backup(
    api: str,
    make_installation: Callable[..., Any],
    basin_files: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    home = make_installation("example")
    monkeypatch.setenv("ECOMON_BACKUP_FOLDER", str(tmp_path / "backups"))
    monkeypatch.setenv("ECOMON_BACKUPS_KEPT", "2")
    old = [tmp_path / "backups" / f"ecomon-example-2020010{n}-023000.zip" for n in (1, 2)]
    old[0].parent.mkdir()
    for path in old:
        path.write_bytes(b"an older one")
    home.ingest(*(file for file in basin_files if file[1] == "thallium.csv"))
    first = home.run("keeping")
    assert first["root"] == 1 and first["backup"] is not None
    kept = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert kept == [old[1].name, first["backup"]]
    assert home.run("keeping") == {"root": 1, "backup": None, "pruned": 0}


def test_without_a_poll_switched_on_nothing_is_asked(
    api: str, make_installation: Callable[..., Any]
) -> None:
    from flows.schedule import air_hourly, water_every_4h

    home = make_installation("real")
    assert air_hourly(str(home.home)) == {
        "poll": {}, "inbox": {"ingest": {}, "alert": {}, "days_beyond": 0},
    }  # fmt: skip
    assert water_every_4h(str(home.home))["alert"]["exceedances"] == 0
    assert ("poll", "succeeded") not in home.outcomes()
