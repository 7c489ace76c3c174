"""What waits in an installation's folders and what was left there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecomon.host.folders import (
    find_stale_parts,
    is_open_to_others,
    read_folders,
    read_inboxes,
)


def put(path: Path, *, age_s: float = 0, now_s: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    if age_s:
        os.utime(path, (now_s - age_s, now_s - age_s))
    return path


def test_only_whole_files_of_data_wait(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox" / "cnemc-water"
    for name in (
        "a.csv", "b.csv", "b.csv.fetched", "b.csv.sha256", "c.csv.part", ".hidden",
        "MANIFEST.sha256", "done/old.csv", "failed/bad.csv", "failed/bad.csv.reason.txt",
        "failed/manifest.jsonl",
    ):  # fmt: skip
        put(inbox / name)
    (tmp_path / "inbox" / "tabulated").mkdir()
    water, tabulated = read_inboxes(tmp_path)
    assert (water.feed, water.n_waiting, water.n_failed) == ("cnemc-water", 2, 1)
    assert water.first_waiting_s == int((inbox / "a.csv").stat().st_ctime)
    assert (tabulated.n_waiting, tabulated.first_waiting_s) == (0, None)


def test_a_home_that_is_not_there(tmp_path: Path) -> None:
    home = tmp_path / "none"
    assert read_inboxes(home) == ()
    assert find_stale_parts(home, 0.0) == ()
    folders = {one.name: one for one in read_folders(home, home / "store" / "x.sqlite")}
    assert not folders["home"].is_there
    assert folders["store"].is_writable  # it can be made


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "documents").write_text("a file")
    folders = {one.name: one.is_writable for one in read_folders(tmp_path, None)}
    assert folders.pop("documents") is False
    assert all(folders.values())
    assert "store" not in folders


def test_parts_are_left_over_after_an_hour(tmp_path: Path) -> None:
    now_s = 2e9
    put(tmp_path / "inbox" / "a" / "old.csv.part", age_s=3700, now_s=now_s)
    put(tmp_path / "inbox" / "a" / "new.csv.part", age_s=60, now_s=now_s)
    put(tmp_path / "outbox" / "office" / ".n.txt.1.part", age_s=7200, now_s=now_s)
    put(tmp_path / "documents" / "whole.pdf", age_s=7200, now_s=now_s)
    assert find_stale_parts(tmp_path, now_s) == (
        "inbox/a/old.csv.part",
        "outbox/office/.n.txt.1.part",
    )


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_settings_that_others_may_read(tmp_path: Path) -> None:
    file = put(tmp_path / "ecomon.env")
    for mode, is_open in ((0o600, False), (0o640, True), (0o604, True)):
        file.chmod(mode)
        assert is_open_to_others(file) is is_open
    assert is_open_to_others(tmp_path / "none") is False
