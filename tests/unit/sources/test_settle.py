"""Where files go when they are dealt with, also when a run was killed between two moves."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ecomon.errors import SourceRefused
from ecomon.sources.folder import list_inbox
from ecomon.sources.journal import append_record, read_records
from ecomon.sources.settle import repair, settle_file, settle_manifest

AT = datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC)
SHA = "a" * 64


def lay(inbox: Path, name: str, octets: bytes = b"x", *, stamp: int = 1) -> Path:
    path = inbox / name
    path.write_bytes(octets)
    os.utime(path, ns=(stamp, stamp * 1_000_000_000))
    return path


def everything(inbox: Path) -> set[str]:
    return {
        path.relative_to(inbox).as_posix()
        for path in inbox.rglob("*")
        if path.is_file() and path.name != "manifest.jsonl"
    }


def journal(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_a_file_and_what_stands_beside_it_go_to_done(tmp_path: Path) -> None:
    for name in ("a.csv", "a.csv.fetched", "a.csv.sha256", "b.csv.fetched"):
        lay(tmp_path, name)
    settle_file(tmp_path / "a.csv", "done", AT, facts={"sha256": SHA, "batches": [7]})
    assert everything(tmp_path) == {
        "done/a.csv", "done/a.csv.fetched", "done/a.csv.sha256", "b.csv.fetched",
    }  # fmt: skip
    (record,) = journal(tmp_path / "done")
    assert record["name"] == record["as"] == "a.csv"
    assert (record["sha256"], record["batches"], record["at"]) == (SHA, [7], AT.isoformat())


def test_a_refused_file_has_its_reason_beside_it(tmp_path: Path) -> None:
    settle_file(lay(tmp_path, "a.csv"), "failed", AT, reason="为什么", facts={})
    assert (tmp_path / "failed/a.csv.reason.txt").read_text("utf-8") == "为什么\n"
    assert journal(tmp_path / "failed")[0]["reason"] == "为什么"


def test_of_one_name_none_is_lost_and_equal_ones_are_kept_once(tmp_path: Path) -> None:
    for octets in (b"one", b"two", b"one"):
        settle_file(lay(tmp_path, "a.csv", octets), "done", AT, facts={})
    kept = {path.name: path.read_bytes() for path in (tmp_path / "done").glob("*.csv")}
    assert kept == {"a.csv": b"one", "20260203T040506000007-a.csv": b"two"}
    assert [one["as"] for one in journal(tmp_path / "done")] == [
        "a.csv", "20260203T040506000007-a.csv", "a.csv",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [b"\xd2\xa6\xb6\xc9.csv", "断".encode() * 83 + b".csv", b"a\nb"])
def test_any_name_is_moved_and_journaled(tmp_path: Path, name: bytes) -> None:
    text = os.fsdecode(name)
    for octets in (b"one", b"two"):
        settle_file(lay(tmp_path, text, octets), "failed", AT, reason="no", facts={})
    assert len([one for one in everything(tmp_path) if one.endswith(".reason.txt")]) == 2
    assert [one["name"] for one in read_records(tmp_path / "failed")] == [text, text]


def kill_after_move(inbox: Path, name: str) -> None:
    """What is left when a run ends after the file was moved and before its sidecars were."""
    settle_file(inbox / name, "done", AT, facts={})
    for beside in (inbox / "done").glob(f"{name}.*"):
        stamp = beside.stat().st_mtime_ns
        beside.rename(inbox / beside.name)
        os.utime(inbox / beside.name, ns=(stamp, stamp))


def test_a_killed_move_is_finished(tmp_path: Path) -> None:
    for name in ("a.csv", "a.csv.fetched", "a.csv.sha256"):
        lay(tmp_path, name)
    kill_after_move(tmp_path, "a.csv")
    assert "a.csv.fetched" in everything(tmp_path)
    assert repair(list_inbox(tmp_path), tmp_path) == []
    assert everything(tmp_path) == {"done/a.csv", "done/a.csv.fetched", "done/a.csv.sha256"}


def test_a_sidecar_sent_before_its_new_file_is_left_for_it(tmp_path: Path) -> None:
    lay(tmp_path, "a.csv")
    lay(tmp_path, "a.csv.fetched", stamp=1)
    settle_file(tmp_path / "a.csv", "done", AT, facts={})
    lay(tmp_path, "a.csv.fetched", stamp=2)
    assert repair(list_inbox(tmp_path), tmp_path) == [tmp_path / "a.csv.fetched"]
    assert "a.csv.fetched" in everything(tmp_path)


def test_a_line_half_written_costs_only_itself(tmp_path: Path) -> None:
    append_record(tmp_path, {"name": "a"})
    with (tmp_path / "manifest.jsonl").open("ab") as file:
        file.write(b'{"name": "b')
    append_record(tmp_path, {"name": "c"})
    assert [one["name"] for one in read_records(tmp_path)] == ["a", "c"]


def manifest(inbox: Path, *names: str) -> None:
    (inbox / "MANIFEST.sha256").write_text("".join(f"{SHA}  {name}\n" for name in names))


def settle(inbox: Path, *, is_old: bool) -> dict[str, str]:
    return settle_manifest(list_inbox(inbox), inbox, AT, is_old=is_old)


def test_a_manifest_stays_while_its_files_are_here_and_goes_when_they_are_done(
    tmp_path: Path,
) -> None:
    manifest(tmp_path, "a.csv", "b.csv")
    for name in ("a.csv", "b.csv"):
        lay(tmp_path, name)
    settle_file(tmp_path / "a.csv", "done", AT, facts={"sha256": SHA})
    assert settle(tmp_path, is_old=True) == {}
    assert (tmp_path / "MANIFEST.sha256").exists()
    settle_file(tmp_path / "b.csv", "failed", AT, reason="no", facts={})
    assert settle(tmp_path, is_old=False) == {}
    assert (tmp_path / "done/MANIFEST.sha256").exists()
    assert settle(tmp_path, is_old=True) == {}


def test_a_file_that_never_came_is_named(tmp_path: Path) -> None:
    manifest(tmp_path, "a.csv", "河.csv")
    settle_file(lay(tmp_path, "a.csv"), "done", AT, facts={"sha256": SHA})
    for is_old in (False, True):
        assert list(settle(tmp_path, is_old=is_old)) == ["河.csv"]
    reason = (tmp_path / "failed/MANIFEST.sha256.reason.txt").read_text("utf-8")
    assert "河.csv" in reason and "a.csv" not in reason


def test_a_manifest_that_is_none_is_refused_and_put_away_when_old(tmp_path: Path) -> None:
    for is_old in (False, True):
        lay(tmp_path, "MANIFEST.sha256", b"rubbish")
        with pytest.raises(SourceRefused, match="line 1"):
            settle(tmp_path, is_old=is_old)
        assert (tmp_path / "MANIFEST.sha256").exists() is not is_old
